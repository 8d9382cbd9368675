// Error conditions by name. Private to the module.
#pragma once

#include <string_view>
#include <vector>

#include "common/sqlstate.h"

namespace varve::pl {

// Codes of a condition's name; empty: there is no such condition.
std::vector<SqlState> states_of_condition(std::string_view name);
// Five digits and upper-case letters.
bool parse_sqlstate(std::string_view text, SqlState* state);
// Is the error one that a handler for `condition` catches?
bool matches_condition(SqlState thrown, SqlState condition);

}  // namespace varve::pl
