// money: an int64 of cents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace varve::functions {

// As in the "C" locale, where PostgreSQL takes the dollar.
int64_t parse_money(std::string_view text);
void append_money(std::string& out, int64_t v);

}  // namespace varve::functions
