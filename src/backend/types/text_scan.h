// Small pieces of text input: blanks, digits, case, the common errors.
#pragma once

#include <string>
#include <string_view>

namespace varve::types {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }  // C's isspace
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr std::string_view trim_blanks(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

// `lower_case` is in lower case already.
constexpr bool equals_ignoring_case(std::string_view s, std::string_view lower_case) {
  if (s.size() != lower_case.size()) return false;
  for (size_t i = 0; i < s.size(); ++i) {
    if (lower(s[i]) != lower_case[i]) return false;
  }
  return true;
}

// 22P02 `invalid input syntax for type X: "text"`.
[[noreturn]] void throw_invalid_syntax(const char* type, std::string_view text);
// 22003 `value "text" is out of range for type X`.
[[noreturn]] void throw_value_out_of_range(const char* type, std::string_view text);
// 22P03 `incorrect binary data format`.
[[noreturn]] void throw_bad_binary();
// 08P01 `insufficient data left in message`: a binary value is too short.
[[noreturn]] void throw_short_binary();
// Throws unless a binary value has exactly this size, as PostgreSQL would.
void check_binary_size(std::string_view bytes, size_t size);

}  // namespace varve::types
