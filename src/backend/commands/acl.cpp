// See commands/acl.h.
#include "commands/acl.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "catalog/catalog.h"

namespace varve::commands {

using catalog::KeyMatch;
using catalog::Row;
using catalog::system_table;
using types::Value;

namespace {

// The next name of an ACL entry, quoted or not, up to `end`.
std::string take_name(std::string_view& text, std::string_view ends) {
  std::string name;
  bool quoted = false;
  while (!text.empty()) {
    char c = text.front();
    if (c == '"') {
      text.remove_prefix(1);
      if (quoted && !text.empty() && text.front() == '"') {
        name += '"';
        text.remove_prefix(1);
      } else {
        quoted = !quoted;
      }
      continue;
    }
    if (!quoted && ends.find(c) != std::string_view::npos) break;
    name += c;
    text.remove_prefix(1);
  }
  return name;
}

std::string acl_name(std::string_view name) {
  bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (plain) return std::string(name);
  std::string out = "\"";
  for (char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string_view all_privileges(char letter) {
  switch (letter) {
    case 'r':
      return "arwdDxt";
    case 'S':
      return "rwU";
    case 'n':
      return "UC";
    case 'd':
      return "CTc";
    case 'f':
      return "X";
    case 'T':
    case 'l':
    case 'F':
    case 's':
      return "U";
    case 't':
      return "C";
    case 'L':
      return "rw";
    case 'P':
      return "sA";
    case 'c':
      return "arwx";
    default:
      return "";
  }
}

namespace {

constexpr std::pair<std::string_view, char> kPrivilegeNames[] = {
    {"insert", 'a'},     {"select", 'r'},  {"update", 'w'}, {"delete", 'd'}, {"truncate", 'D'},
    {"references", 'x'}, {"trigger", 't'}, {"usage", 'U'},  {"create", 'C'}, {"temporary", 'T'},
    {"temp", 'T'},       {"connect", 'c'}, {"execute", 'X'}};

}  // namespace

std::vector<AclItem> parse_acl(std::string_view text) {
  std::vector<AclItem> items;
  if (text.size() < 2) return items;
  text = text.substr(1, text.size() - 2);
  while (!text.empty()) {
    AclItem item;
    item.grantee = take_name(text, "=");
    if (!text.empty()) text.remove_prefix(1);
    item.privileges = take_name(text, "/");
    if (!text.empty()) text.remove_prefix(1);
    item.grantor = take_name(text, ",");
    if (!text.empty()) text.remove_prefix(1);
    items.push_back(std::move(item));
  }
  return items;
}

std::string acl_text(const std::vector<AclItem>& items) {
  std::string out = "{";
  for (const AclItem& item : items) {
    if (item.privileges.empty()) continue;
    out += fmt::format("{}{}={}/{}", out.size() > 1 ? "," : "",
                       item.grantee.empty() ? "" : acl_name(item.grantee), item.privileges,
                       acl_name(item.grantor));
  }
  return out + "}";
}

std::vector<AclItem> default_acl(char letter, std::string_view owner) {
  std::vector<AclItem> items;
  std::string_view everybody = letter == 'd'                    ? "Tc"
                               : letter == 'f'                  ? "X"
                               : letter == 'T' || letter == 'l' ? "U"
                                                                : "";
  if (!everybody.empty()) items.push_back({"", std::string(everybody), std::string(owner)});
  items.push_back({std::string(owner), std::string(all_privileges(letter)), std::string(owner)});
  return items;
}

std::string_view privilege_name(char letter) {
  switch (letter) {
    case 'a':
      return "INSERT";
    case 'r':
      return "SELECT";
    case 'w':
      return "UPDATE";
    case 'd':
      return "DELETE";
    case 'D':
      return "TRUNCATE";
    case 'x':
      return "REFERENCES";
    case 't':
      return "TRIGGER";
    case 'X':
      return "EXECUTE";
    case 'U':
      return "USAGE";
    case 'C':
      return "CREATE";
    case 'T':
      return "TEMPORARY";
    case 'c':
      return "CONNECT";
    default:
      return {};
  }
}

char privilege_of_name(std::string_view name) {
  for (const auto& [known, letter] : kPrivilegeNames) {
    bool same = known.size() == name.size() &&
                std::equal(known.begin(), known.end(), name.begin(),
                           [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
    if (same) return letter;
  }
  return 0;
}

// --- roles

namespace {

constexpr Oid kDatabaseOwnerRole{6171}, kReadAllData{6181}, kWriteAllData{6182};

// Roles whose rights come with `role`: through memberships, as far as roles inherit.
std::vector<Oid> inherited_roles(catalog::Catalog& catalog, Oid role) {
  std::vector<Oid> roles{role};
  auto database = catalog.database_info(catalog.database().oid());
  for (size_t i = 0; i < roles.size(); ++i) {
    if (database && database->owner == roles[i]) roles.push_back(kDatabaseOwnerRole);
    auto self = catalog.role(roles[i]);
    if (!self || !self->inherit) continue;
    const KeyMatch match[] = {{"member", Value::of_oid(roles[i].value())}};
    catalog.for_each(system_table("pg_auth_members"), match, [&](const Row& row) {
      Oid granted = row.oid("roleid");
      if (std::find(roles.begin(), roles.end(), granted) == roles.end()) roles.push_back(granted);
    });
  }
  return roles;
}

}  // namespace

RoleRights::RoleRights(catalog::Catalog& catalog, Oid role) : catalog_(&catalog), role_(role) {
  if (role == kInvalidOid) return;
  auto self = catalog.role(role);
  superuser_ = self && self->superuser;
  if (superuser_) return;
  roles_ = inherited_roles(catalog, role);
  for (Oid oid : roles_) {
    if (auto r = catalog.role(oid)) names_.push_back(r->name);
    reads_all_ |= oid == kReadAllData;
    writes_all_ |= oid == kWriteAllData;
  }
}

bool RoleRights::has_rights_of(Oid other) const {
  return superuser_ || std::find(roles_.begin(), roles_.end(), other) != roles_.end();
}

bool RoleRights::list_grants(std::string_view acl, char privilege, bool grantable) const {
  for (const AclItem& item : parse_acl(acl)) {
    size_t at = item.privileges.find(privilege);
    if (at == std::string::npos) continue;
    if (grantable && (at + 1 >= item.privileges.size() || item.privileges[at + 1] != '*')) continue;
    if (item.grantee.empty() || std::find(names_.begin(), names_.end(), item.grantee) != names_.end())
      return true;
  }
  return false;
}

bool RoleRights::allows(std::string_view acl, char object_letter, Oid owner, char privilege,
                        bool grantable) const {
  if (superuser_) return true;
  if (!acl.empty()) {
    // An owner may have taken a right from himself, but never that of granting it.
    if (grantable && has_rights_of(owner)) return true;
    return list_grants(acl, privilege, grantable);
  }
  if (has_rights_of(owner)) return all_privileges(object_letter).find(privilege) != std::string_view::npos;
  // Of the default list, PUBLIC's part is what a stranger has.
  if (grantable) return false;
  std::vector<AclItem> items = default_acl(object_letter, "owner");
  return items.size() > 1 && items.front().privileges.find(privilege) != std::string::npos;
}

bool RoleRights::table_allows(const catalog::Relation& r, char privilege, bool grantable) const {
  if (superuser_) return true;
  if (r.oid.value() < catalog::kFirstNormalOid && r.acl.empty()) {
    // Whoever can connect reads the system catalogs; secrets are in these alone.
    bool secret = r.name == "pg_authid" || r.name == "pg_shadow" || r.name == "pg_statistic" ||
                  r.name == "pg_user_mapping" || r.name == "pg_subscription" || r.name == "pg_largeobject" ||
                  r.name == "pg_statistic_ext_data";
    return privilege == 'r' && !grantable && !secret;
  }
  char letter = r.kind == catalog::RelationKind::kSequence ? 'S' : 'r';
  if (allows(r.acl, letter, r.owner, privilege, grantable)) return true;
  if (grantable) return false;
  if (privilege == 'r') return reads_all_;
  return writes_all_ && (privilege == 'a' || privilege == 'w' || privilege == 'd');
}

bool RoleRights::column_allows(const catalog::Relation& r, int16_t column, char privilege,
                               bool grantable) const {
  if (table_allows(r, privilege, grantable)) return true;
  std::string acl;
  const KeyMatch match[] = {{"attrelid", Value::of_oid(r.oid.value())}, {"attnum", Value::of_int16(column)}};
  catalog_->for_each(system_table("pg_attribute"), match,
                     [&](const Row& row) { acl = catalog::acl_column(row, "attacl"); });
  return !acl.empty() && list_grants(acl, privilege, grantable);
}

bool RoleRights::database_allows(char privilege) const {
  if (superuser_) return true;
  bool allowed = false;
  const KeyMatch match[] = {{"oid", Value::of_oid(catalog_->database().oid().value())}};
  catalog_->for_each(system_table("pg_database"), match, [&](const Row& row) {
    allowed = allows(catalog::acl_column(row, "datacl"), 'd', row.oid("datdba"), privilege);
  });
  return allowed;
}

bool RoleRights::schema_allows(Oid schema, char privilege) const {
  if (superuser_) return true;
  if (schema != kInvalidOid && schema == catalog_->temporary_schema())
    return privilege == 'U' || database_allows('T');
  bool allowed = false;
  const KeyMatch match[] = {{"oid", Value::of_oid(schema.value())}};
  catalog_->for_each(system_table("pg_namespace"), match, [&](const Row& row) {
    std::string acl = catalog::acl_column(row, "nspacl");
    // Everybody may use the built-in schemas.
    if (acl.empty() && schema.value() < catalog::kFirstNormalOid && privilege == 'U')
      allowed = true;
    else
      allowed = allows(acl, 'n', row.oid("nspowner"), privilege);
  });
  return allowed || (privilege == 'U' && (reads_all_ || writes_all_));
}

bool RoleRights::type_allows(Oid type, char privilege, bool grantable) const {
  if (superuser_) return true;
  bool allowed = false;
  Oid element;
  const KeyMatch match[] = {{"oid", Value::of_oid(type.value())}};
  catalog_->for_each(system_table("pg_type"), match, [&](const Row& row) {
    if (row.letter("typcategory") == 'A') element = row.oid("typelem");
    allowed = allows(catalog::acl_column(row, "typacl"), 'T', row.oid("typowner"), privilege, grantable);
  });
  return element == kInvalidOid ? allowed : type_allows(element, privilege, grantable);
}

bool RoleRights::language_allows(Oid language, char privilege) const {
  if (superuser_) return true;
  bool allowed = false;
  const KeyMatch match[] = {{"oid", Value::of_oid(language.value())}};
  catalog_->for_each(system_table("pg_language"), match, [&](const Row& row) {
    allowed = allows(catalog::acl_column(row, "lanacl"), 'l', row.oid("lanowner"), privilege);
  });
  return allowed;
}

}  // namespace varve::commands
