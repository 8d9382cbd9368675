// Splitting the embedded tab-separated files.
#pragma once

#include <string_view>
#include <vector>

namespace varve::catalog {

// Takes the next line off `text`; false at the end.
inline bool next_line(std::string_view& text, std::string_view* line) {
  if (text.empty()) return false;
  size_t end = text.find('\n');
  *line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

inline std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    size_t end = line.find(separator);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

}  // namespace varve::catalog
