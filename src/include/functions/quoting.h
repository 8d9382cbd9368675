// Identifiers and literals as SQL source.
#pragma once

#include <string>
#include <string_view>

namespace varve::functions {

void append_quoted_identifier(std::string& out, std::string_view name);
void append_quoted_literal(std::string& out, std::string_view text);
inline std::string quoted_literal(std::string_view text) {
  std::string out;
  append_quoted_literal(out, text);
  return out;
}

}  // namespace varve::functions
