// A small evaluator of SQL expressions for tests: literals, casts, function calls and operators, resolved
// through the registry alone. Not a SQL analyzer: what it cannot resolve it says so.
#pragma once

#include <string>
#include <string_view>

namespace varve::functions {

struct Evaluated {
  bool resolved = true;  // false: `text` says why the evaluator gave up
  std::string type;
  std::string text;  // \N for NULL; "SQLSTATE: message" with type ERROR
};
Evaluated evaluate(std::string_view expression);

}  // namespace varve::functions
