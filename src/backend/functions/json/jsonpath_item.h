// What a jsonpath works on: values of jsonb, and the dates and times that .datetime() makes.
#pragma once

#include <optional>
#include <string_view>

#include "common/strong_id.h"
#include "functions/eval_context.h"
#include "jsonb.h"
#include "types/value.h"

namespace varve::functions {

struct PathItem {
  std::string_view bytes;  // jsonb; empty: a datetime
  Oid type = kInvalidOid;  // of a datetime
  types::Value moment;
  int32_t zone_seconds_east = 0;

  bool is_datetime() const { return type != kInvalidOid; }
  JsonbView view() const { return JsonbView(bytes); }
};

// By the template, or by the ISO formats if there is none. Empty: no format fits (without a template), or
// `silent` and the text does not match.
std::optional<PathItem> parse_path_datetime(std::string_view text, std::optional<std::string_view> format,
                                            bool silent, EvalContext& context);
void append_path_datetime(std::string& out, const PathItem& item, EvalContext& context);
// -1, 0, 1; empty if they cannot be compared. 0A000 where a zone would be needed and may not be used.
std::optional<int> compare_path_datetimes(const PathItem& a, const PathItem& b, bool use_zone,
                                          EvalContext& context);

// Where a nested container lies in PostgreSQL's own binary form of `root`: .keyvalue() shows it as "id".
int64_t postgres_offset(std::string_view root, std::string_view part);

}  // namespace varve::functions
