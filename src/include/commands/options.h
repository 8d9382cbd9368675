// Options of utility statements: (name = value, …).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace varve::parser {
struct Option;
}

namespace varve::commands {

// Text, number or word of an option's value; "true" when it has none. Empty: it is something else.
std::optional<std::string> find_option_text(const parser::Option& option);
// on, off, true, false, yes, no, 1, 0 in any case. Empty: none of them.
std::optional<bool> parse_switch(std::string_view text);

}  // namespace varve::commands
