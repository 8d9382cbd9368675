// float4 and float8 as text: the shortest digits that read back to the same value (extra_float_digits > 0),
// or %g with 15 + n (6 + n) digits (extra_float_digits <= 0), as PostgreSQL prints them.
#pragma once

#include <string>
#include <string_view>

namespace varve::types {

void append_float4(std::string& out, float value, int extra_float_digits = 1);
void append_float8(std::string& out, double value, int extra_float_digits = 1);

// Leading and trailing blanks, NaN, Infinity, inf, hexadecimal and any case accepted. Throws 22P02
// `invalid input syntax for type real: "x"`, 22003 `"x" is out of range for type double precision`.
float parse_float4(std::string_view text);
double parse_float8(std::string_view text);

}  // namespace varve::types
