// What the arguments of built-in functions are called, for calls like make_interval(days => 3).
#pragma once

#include <string_view>

#include "common/strong_id.h"

namespace varve::functions {

struct ArgumentNames {
  std::string_view names;     // of the input arguments, with commas between
  std::string_view defaults;  // of the last ones, SQL expressions with commas between
};
// Null when the function's arguments have no names.
const ArgumentNames* argument_names(Oid function);

}  // namespace varve::functions
