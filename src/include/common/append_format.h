// fmt::format() at the end of a string. Not fmt::format_to(): with an iterator that is a template of its own,
// and every file that calls it compiles the whole formatting of numbers again.
#pragma once

#include <fmt/core.h>
#include <string>

namespace varve {

void append_format_args(std::string& out, fmt::string_view format, fmt::format_args args);

template <class... T>
void append_format(std::string& out, fmt::format_string<T...> format, T&&... args) {
  append_format_args(out, format, fmt::make_format_args(args...));
}

}  // namespace varve
