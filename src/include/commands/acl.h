// Access control lists as text: what relacl, nspacl and their like hold. Stateless.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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
// What a NULL list stands for: the owner's rights and PUBLIC's. Letters of kinds of objects are acldefault()'s: r table,
// s sequence (S inside), n schema, d database, f function, T type, l language, c column.
std::vector<AclItem> default_acl(char object_letter, std::string_view owner);

// 'r' -> "SELECT". Empty: no such privilege.
std::string_view privilege_name(char letter);
// "select" in any case -> 'r'. 0: no such privilege.
char privilege_of_name(std::string_view name);

}  // namespace varve::commands
