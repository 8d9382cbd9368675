// Access control lists as text (what relacl, nspacl and their like hold), and what they allow a role.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace varve::catalog {
class Catalog;
struct Relation;
}  // namespace varve::catalog

namespace varve::commands {

// One entry as it is printed: grantee=privileges/grantor. An empty grantee is PUBLIC.
struct AclItem {
  std::string grantee;
  std::string privileges;  // letters; a '*' after one: with grant option
  std::string grantor;
};
// Of an aclitem[] as text: "{alice=r/bob,=U/bob}".
std::vector<AclItem> parse_acl(std::string_view text);
std::string acl_text(const std::vector<AclItem>& items);
// What a NULL list stands for: the owner's rights and PUBLIC's. Letters of kinds of objects are
// acldefault()'s: r table, s sequence (S inside), n schema, d database, f function, T type, l language, c
// column.
std::vector<AclItem> default_acl(char object_letter, std::string_view owner);

// 'r' -> "SELECT". Empty: no such privilege.
std::string_view privilege_name(char letter);
// "select" in any case -> 'r'. 0: no such privilege.
char privilege_of_name(std::string_view name);

// Rights in the order they are printed; those of a kind of object.
std::string_view all_privileges(char object_letter);

// What one role may do, its memberships looked up once. Valid while the catalog it was made from is; one
// thread.
class RoleRights {
 public:
  // Role 0: PUBLIC.
  RoleRights(catalog::Catalog& catalog, Oid role);

  Oid role() const { return role_; }
  bool is_superuser() const { return superuser_; }
  // Itself, or a role whose rights it has by inheritance; superusers have everybody's.
  bool has_rights_of(Oid other) const;
  // Of an object with this list (empty: the default one). Owners and superusers have all.
  bool allows(std::string_view acl, char object_letter, Oid owner, char privilege,
              bool grantable = false) const;
  // Of the list alone, without ownership.
  bool list_grants(std::string_view acl, char privilege, bool grantable) const;
  // With the rules for system catalogs and the predefined roles.
  bool table_allows(const catalog::Relation& relation, char privilege, bool grantable = false) const;
  bool column_allows(const catalog::Relation& relation, int16_t column, char privilege,
                     bool grantable = false) const;
  bool schema_allows(Oid schema, char privilege) const;
  // Of the database that the catalog is.
  bool database_allows(char privilege) const;
  // An array type has the rights of its elements' type.
  bool type_allows(Oid type, char privilege, bool grantable = false) const;
  bool language_allows(Oid language, char privilege) const;

 private:
  catalog::Catalog* catalog_;
  Oid role_;
  bool superuser_ = false;
  bool reads_all_ = false, writes_all_ = false;
  std::vector<Oid> roles_;
  std::vector<std::string> names_;
};

}  // namespace varve::commands
