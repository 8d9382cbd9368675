// Values as text inside of functions.
#pragma once

#include <string>
#include <string_view>

#include "kernel.h"

namespace varve::functions {

// What `value::text` gives: the output function, but booleans are spelt out and character(n) loses its
// padding.
void append_as_text(Oid type, const Value& value, std::string& out, EvalContext& context);

// The language whose rules upper(), lower() and initcap() follow; empty for "C".
const char* case_locale(const Env& env);

}  // namespace varve::functions
