// Access control lists: what GRANT and REVOKE write, and the checks that commands themselves make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog_rows.h"
#include "parser/ast.h"

namespace varve::commands {

// One entry as it is printed: grantee=privileges/grantor. An empty grantee is PUBLIC.
struct AclItem {
  std::string grantee;
  std::string privileges;  // letters; a '*' after one: with grant option
  std::string grantor;
};
std::vector<AclItem> parse_acl(std::string_view text);
std::string acl_text(const std::vector<AclItem>& items);
// What a NULL list stands for: the owner's rights and PUBLIC's.
std::vector<AclItem> default_acl(char object_letter, std::string_view owner);
bool acl_allows(CommandContext& context, std::string_view acl, char object_letter, Oid owner, char privilege);

// 42501 permission denied for schema x.
void require_schema_create(CommandContext& context, Oid schema);
void require_table_privilege(CommandContext& context, Oid relation, char privilege, std::string_view kind);

std::string grant(CommandContext& context, const parser::GrantStmt& stmt);
std::string grant_role(CommandContext& context, const parser::GrantRoleStmt& stmt);

}  // namespace varve::commands
