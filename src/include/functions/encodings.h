// Names of character sets, with PostgreSQL's numbers.
#pragma once

#include <cstdint>
#include <string_view>

namespace varve::functions {

constexpr int32_t kSqlAsciiEncoding = 0;
constexpr int32_t kUtf8Encoding = 6;

// By its name or an alias; case and everything but letters and digits do not count. -1: there is none.
int32_t find_encoding(std::string_view name);

}  // namespace varve::functions
