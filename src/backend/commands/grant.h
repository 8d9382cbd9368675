// GRANT and REVOKE on objects: lists found, changed and written back. Private to the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog_rows.h"
#include "commands/acl.h"
#include "parser/ast.h"

namespace varve::commands {

// An object that has an access control list: a row of `table`, by `key_column` (and `sub`, of pg_attribute).
struct AclTarget {
  std::string_view table, key_column, acl_column, owner_column;
  Oid oid;
  char letter;       // kind as in acldefault()
  std::string what;  // "table", "schema" …
  std::string name;
  int16_t column = 0;  // of pg_attribute
  Oid owner;           // of a column: its table's
  Oid relation;        // of a column
};
AclTarget relation_target(const Relation& relation);

class Granting {
 public:
  Granting(CommandContext& context, const parser::GrantStmt& stmt) : context_(context), stmt_(stmt) {}
  std::string run();

 private:
  // Rights for the whole object, and for single columns: (letters, columns).
  struct ColumnRights {
    std::string letters;
    parser::NameList columns;
  };
  void read_privileges();
  char letter_of(std::string_view name, char object_letter, std::string_view what) const;
  void object_targets();
  void schema_targets();
  void routine_targets_of(Oid schema);
  AclTarget named_target(std::string_view name);
  AclTarget type_target(const parser::Node* node);
  void apply(const AclTarget& target, std::string letters, bool all);
  void apply_columns(const AclTarget& table);
  void revoke_from_columns(const AclTarget& table, std::string_view letters);
  void change(std::vector<AclItem>& items, const AclTarget& target, const std::string& grantor,
              std::string_view letters);
  void revoke_dependents(std::vector<AclItem>& items, const AclTarget& target, const std::string& grantee,
                         std::string_view lost);
  std::vector<std::string> grantees() const;

  CommandContext& context_;
  const parser::GrantStmt& stmt_;
  std::vector<AclTarget> targets_;
};

// Who grants: the owner where the role has his rights, else the role (of those it belongs to) that may grant
// most of `letters`; `grantable` gets what it may grant.
std::string best_grantor(CommandContext& context, const std::vector<AclItem>& items, Oid owner,
                         std::string_view letters, std::string* grantable);

// A default list of a kind of new objects as ALTER DEFAULT PRIVILEGES left it; empty: the built-in one.
// `schema`: where the object goes.
std::string default_acl_text(CommandContext& context, char object_letter, Oid owner, Oid schema);
std::string alter_default_privileges(CommandContext& context, const parser::AlterDefaultPrivilegesStmt& stmt);

}  // namespace varve::commands
