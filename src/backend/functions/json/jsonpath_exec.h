// Evaluation of a jsonpath on a jsonb value.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "functions/eval_context.h"
#include "jsonb.h"
#include "jsonpath.h"
#include "types/datetime.h"

namespace varve::functions {

struct PathOptions {
  std::string_view vars;  // a jsonb object; empty: none, every variable is null
  bool silent = false;    // errors of the data give no answer instead of being thrown
  bool use_zone = false;  // comparing times with and without a zone is allowed
};

enum class PathResult : uint8_t { kNothing, kFound, kError };

// Items found, as jsonb values in `context.memory`. kError only if silent.
PathResult run_json_path(const JsonPath& path, std::string_view json, const PathOptions& options,
                         EvalContext& context, std::vector<std::string_view>& found);
// Whether anything is found, without looking for all of it.
PathResult json_path_finds(const JsonPath& path, std::string_view json, const PathOptions& options,
                           EvalContext& context);

}  // namespace varve::functions
