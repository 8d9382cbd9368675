// Identifiers and literals as SQL source.
#pragma once

#include <string>
#include <string_view>

namespace varve::functions {

void append_quoted_identifier(std::string& out, std::string_view name);
void append_quoted_literal(std::string& out, std::string_view text);

}  // namespace varve::functions
