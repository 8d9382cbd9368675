// Access control lists: what GRANT and REVOKE write, and the checks that commands themselves make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/routine.h"
#include "catalog_rows.h"
#include "commands/acl.h"
#include "parser/ast.h"

namespace varve::commands {

bool acl_allows(CommandContext& context, std::string_view acl, char object_letter, Oid owner, char privilege);

// 42501 permission denied for schema x.
void require_schema_create(CommandContext& context, Oid schema);
void require_table_privilege(CommandContext& context, Oid relation, char privilege, std::string_view kind);
// EXECUTE: 42501 permission denied for function `shown`.
void require_execute(CommandContext& context, const catalog::Routine& function, std::string_view shown);
// USAGE: 42501 permission denied for type x. kInvalidOid is anybody's.
void require_type_usage(CommandContext& context, Oid type);

std::string grant(CommandContext& context, const parser::GrantStmt& stmt);
std::string grant_role(CommandContext& context, const parser::GrantRoleStmt& stmt);

}  // namespace varve::commands
