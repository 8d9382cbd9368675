// pg_extension_config_dump(): tables of an extension whose rows are the user's, so that dumps take them along.
#pragma once

#include <string_view>

#include "commands/command_context.h"

namespace varve::commands {

// `condition`: of the rows to be dumped ("WHERE …"), empty for all. 22023 unless the table or sequence is a
// member of an extension.
void add_extension_table(CommandContext& context, Oid table, std::string_view condition);

}  // namespace varve::commands
