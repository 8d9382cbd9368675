// SQL values as JSON: what to_json(), json_build_object() and the aggregates make of an argument.
#pragma once

#include <string>

#include "functions/registry.h"

namespace varve::functions {

enum class JsonCategory : uint8_t {
  kBool,
  kNumber,
  kDate,
  kTimestamp,
  kTimestamptz,
  kJson,
  kJsonb,
  kArray,
  kComposite,
  kOther,
};
JsonCategory json_category(Oid type);

// Not NULL: the caller writes null. `line_feeds` puts the items of an array's first dimension on lines of
// their own.
void append_value_as_json(Oid type, const types::Value& v, std::string& out, EvalContext& context,
                          bool line_feeds = false);
void append_value_as_jsonb(Oid type, const types::Value& v, std::string& out, EvalContext& context);
// An object's key, unescaped. 22023 if the value is no scalar.
void append_value_as_key(Oid type, const types::Value& v, std::string& out, EvalContext& context);

}  // namespace varve::functions
