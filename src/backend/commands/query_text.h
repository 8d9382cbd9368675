// The text of a query inside a command, for commands that keep it (views) or hand it on (CREATE TABLE AS).
#pragma once

#include <string>
#include <string_view>

#include "names.h"

namespace varve::commands {

// What follows the command's AS, up to its end; WITH [NO] DATA and WITH … CHECK OPTION left out. `statement`:
// any byte offset inside the command.
std::string_view text_after_as(std::string_view sql, int32_t statement);
// `query`, which starts at `text` within context.sql, with every table named by its schema, so that it means
// the same under any search path. 0A000 for a * whose meaning would change when a table gets a new column.
std::string with_qualified_tables(CommandContext& context, const parser::SelectStmt& query,
                                  std::string_view text);

}  // namespace varve::commands
