#include "common/append_format.h"

#include <fmt/format.h>
#include <iterator>

namespace varve {

void append_format_args(std::string& out, fmt::string_view format, fmt::format_args args) {
  fmt::vformat_to(std::back_inserter(out), format, args);
}

}  // namespace varve
