// Functions of single values: what a kernel over vectors is made of, for callers that have one row at a time.
#pragma once

#include "functions/registry.h"

namespace varve::functions {

// A ScalarFunction may throw SqlError, as the kernel does. Results that do not fit the value lie in the
// context's memory or in an argument's.
struct ScalarCall {
  const types::Value* const* args;  // none is NULL if the function is strict
  types::Value& result;  // its type is set, it is not NULL, and its words are the function's to fill
  EvalContext& context;
  const CallSite& site;
};

// Null: it has none. Thread-safe.
ScalarFunction scalar_function(const Function& function);

}  // namespace varve::functions
