// Letters of ASCII, whatever the locale; bytes of other characters stay.
#pragma once

#include <string>
#include <string_view>

namespace varve {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

}  // namespace varve
