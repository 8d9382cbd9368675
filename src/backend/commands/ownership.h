// Who owns what: OWNER TO, REASSIGN OWNED, DROP OWNED, and the names of roles in access lists. Private to the
// module.
#pragma once

#include "names.h"

namespace varve::commands {

// The row's owner becomes `owner`; rights that the old one had or granted become the new one's.
void change_owner(CommandContext& context, std::string_view table, Oid oid, Oid owner);
std::string reassign_owned(CommandContext& context, const parser::ReassignOwnedStmt& stmt);
std::string drop_owned(CommandContext& context, const parser::DropOwnedStmt& stmt);
// Access lists hold names: they follow when a role gets another, in every database.
void rename_role(CommandContext& context, const parser::RenameStmt& stmt);
// How many objects of another database the role owns or may use.
int objects_elsewhere(CommandContext& context, Oid database, const catalog::Role& role);

}  // namespace varve::commands
