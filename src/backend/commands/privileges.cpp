#include "privileges.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/acl_column.h"
#include "common/sql_error.h"
#include "names.h"
#include "parser/parser.h"
#include "routine.h"

namespace varve::commands {

using parser::ObjectType;

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

// Rights that exist for a kind of object, in the order they are printed.
std::string_view all_privileges(char letter) {
  switch (letter) {
    case 'r': return "arwdDxt";
    case 'S': return "rwU";
    case 'n': return "UC";
    case 'd': return "CTc";
    case 'f': return "X";
    case 'T':
    case 'l': return "U";
    case 'c': return "arwx";
    default: return "";
  }
}

constexpr std::pair<std::string_view, char> kPrivilegeNames[] = {
    {"insert", 'a'}, {"select", 'r'}, {"update", 'w'}, {"delete", 'd'}, {"truncate", 'D'}, {"references", 'x'},
    {"trigger", 't'}, {"usage", 'U'}, {"create", 'C'}, {"temporary", 'T'}, {"temp", 'T'}, {"connect", 'c'},
    {"execute", 'X'}};

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
    out += fmt::format("{}{}={}/{}", out.size() > 1 ? "," : "", item.grantee.empty() ? "" : acl_name(item.grantee),
                       item.privileges, acl_name(item.grantor));
  }
  return out + "}";
}

std::vector<AclItem> default_acl(char letter, std::string_view owner) {
  std::vector<AclItem> items;
  std::string_view everybody = letter == 'd' ? "Tc" : letter == 'f' ? "X" : letter == 'T' || letter == 'l' ? "U" : "";
  if (!everybody.empty()) items.push_back({"", std::string(everybody), std::string(owner)});
  items.push_back({std::string(owner), std::string(all_privileges(letter)), std::string(owner)});
  return items;
}

std::string_view privilege_name(char letter) {
  switch (letter) {
    case 'a': return "INSERT";
    case 'r': return "SELECT";
    case 'w': return "UPDATE";
    case 'd': return "DELETE";
    case 'D': return "TRUNCATE";
    case 'x': return "REFERENCES";
    case 't': return "TRIGGER";
    case 'X': return "EXECUTE";
    case 'U': return "USAGE";
    case 'C': return "CREATE";
    case 'T': return "TEMPORARY";
    case 'c': return "CONNECT";
    default: return {};
  }
}

char privilege_of_name(std::string_view name) {
  for (const auto& [known, letter] : kPrivilegeNames) {
    bool same = known.size() == name.size() && std::equal(known.begin(), known.end(), name.begin(), [](char a, char b) {
                  return a == (b >= 'A' && b <= 'Z' ? b + 32 : b);
                });
    if (same) return letter;
  }
  return 0;
}

bool acl_allows(CommandContext& context, std::string_view acl, char letter, Oid owner, char privilege) {
  if (context.is_superuser || has_privileges_of(context, owner)) return true;
  std::vector<AclItem> items = acl.empty() ? default_acl(letter, role_name(context, owner)) : parse_acl(acl);
  std::vector<std::string> mine;
  for (Oid role : context.catalog.roles_of(context.role)) mine.push_back(role_name(context, role));
  return std::any_of(items.begin(), items.end(), [&](const AclItem& item) {
    if (item.privileges.find(privilege) == std::string::npos) return false;
    return item.grantee.empty() || std::find(mine.begin(), mine.end(), item.grantee) != mine.end();
  });
}

void require_schema_create(CommandContext& context, Oid schema) {
  if (context.is_superuser) return;
  bool allowed = false;
  std::string name;
  const KeyMatch match[] = {{"oid", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_namespace"), match, [&](const Row& row) {
    name = row.text("nspname");
    std::string acl = catalog::acl_column(row, "nspacl");
    allowed = acl_allows(context, acl, 'n', row.oid("nspowner"), 'C');
  });
  if (!allowed) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for schema {}", name));
  }
}

void require_table_privilege(CommandContext& context, Oid oid, char privilege, std::string_view kind) {
  if (context.is_superuser) return;
  RelationPtr relation = context.catalog.relation(oid);
  if (!acl_allows(context, relation->acl, 'r', relation->owner, privilege)) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for {} {}", kind, relation->name));
  }
}

namespace {

struct AclTarget {
  std::string_view table, key_column, acl_column, owner_column;
  Oid oid;
  char letter;
  std::string what, name;
};

char privilege_letter(const parser::AccessPrivilege& privilege, const AclTarget& target) {
  for (const auto& [name, letter] : kPrivilegeNames) {
    if (name != privilege.name) continue;
    if (all_privileges(target.letter).find(letter) == std::string_view::npos) {
      throw SqlError(sqlstate::kInvalidGrantOperation,
                     fmt::format("invalid privilege type {} for {}", [&] {
                       std::string upper(name);
                       std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return char(c - 32); });
                       return upper;
                     }(), target.what));
    }
    return letter;
  }
  throw SqlError(sqlstate::kSyntaxError, fmt::format("unrecognized privilege type \"{}\"", privilege.name));
}

std::string wanted_letters(const parser::GrantStmt& stmt, const AclTarget& target) {
  if (stmt.privileges.empty()) return std::string(all_privileges(target.letter));
  std::string letters;
  for (const parser::AccessPrivilege* p : stmt.privileges) {
    if (!p->columns.empty()) throw_not_supported("column privileges");
    if (p->name.empty()) letters += all_privileges(target.letter);
    else letters += privilege_letter(*p, target);
  }
  return letters;
}

// Rights in printing order; those in `options` with a star.
std::string print_letters(char letter, std::string_view rights, std::string_view options) {
  std::string out;
  for (char c : all_privileges(letter)) {
    if (rights.find(c) == std::string_view::npos) continue;
    out += c;
    if (options.find(c) != std::string_view::npos) out += '*';
  }
  return out;
}

void split_letters(std::string_view printed, std::string* rights, std::string* options) {
  for (size_t i = 0; i < printed.size(); ++i) {
    if (printed[i] == '*') continue;
    *rights += printed[i];
    if (i + 1 < printed.size() && printed[i + 1] == '*') *options += printed[i];
  }
}

void change_item(std::vector<AclItem>& items, const AclTarget& target, const std::string& grantee,
                 const std::string& grantor, std::string_view letters, const parser::GrantStmt& stmt) {
  auto it = std::find_if(items.begin(), items.end(), [&](const AclItem& i) {
    return i.grantee == grantee && i.grantor == grantor;
  });
  if (it == items.end()) {
    if (!stmt.is_grant) return;
    items.push_back({grantee, "", grantor});
    it = items.end() - 1;
  }
  std::string rights, options;
  split_letters(it->privileges, &rights, &options);
  for (char c : letters) {
    if (stmt.is_grant) {
      if (rights.find(c) == std::string::npos) rights += c;
      if (stmt.grant_option && options.find(c) == std::string::npos) options += c;
    } else {
      std::erase(options, c);
      if (!stmt.grant_option) std::erase(rights, c);
    }
  }
  it->privileges = print_letters(target.letter, rights, options);
  if (it->privileges.empty()) items.erase(it);
}

void change_acl(CommandContext& context, const AclTarget& target, const parser::GrantStmt& stmt) {
  const KeyMatch match[] = {{target.key_column, Value::of_oid(target.oid.value())}};
  std::string letters = wanted_letters(stmt, target);
  context.catalog.for_each(system_table(target.table), match, [&](const Row& row) {
    Oid owner = row.oid(target.owner_column);
    if (!has_privileges_of(context, owner)) {
      throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("permission denied for {} {}", target.what, target.name));
    }
    std::string grantor = role_name(context, owner);
    std::vector<AclItem> items = row.is_null(target.acl_column) ? default_acl(target.letter, grantor)
                                                               : parse_acl(catalog::acl_column(row, target.acl_column));
    for (const parser::RoleSpec* role : stmt.grantees) {
      bool everybody = role->role == parser::RoleSpecKind::kPublic;
      if (everybody && stmt.is_grant && stmt.grant_option) {
        throw SqlError(sqlstate::kInvalidGrantOperation, "grant options can only be granted to roles");
      }
      std::string grantee = everybody ? std::string() : role_name(context, require_role(context, *role));
      change_item(items, target, grantee, grantor, letters, stmt);
    }
    RowDraft draft(system_table(target.table), row);
    draft.text(target.acl_column, acl_text(items));
    context.catalog.update(row, draft);
    return false;
  });
}

AclTarget relation_target(const Relation& relation) {
  bool sequence = relation.kind == catalog::RelationKind::kSequence;
  return {"pg_class", "oid", "relacl", "relowner", relation.oid, sequence ? 'S' : 'r', sequence ? "sequence" : "table",
          relation.name};
}

std::vector<AclTarget> object_targets(CommandContext& context, const parser::GrantStmt& stmt) {
  std::vector<AclTarget> targets;
  for (const parser::Node* node : stmt.objects) {
    if (stmt.object_type == ObjectType::kTable || stmt.object_type == ObjectType::kSequence) {
      RelationPtr relation = find_relation(context, *parser::as<parser::RangeVar>(node), txn::LockMode::kAccessShare);
      if (stmt.object_type == ObjectType::kSequence && relation->kind != catalog::RelationKind::kSequence) {
        throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a sequence", relation->name));
      }
      targets.push_back(relation_target(*relation));
      continue;
    }
    if (parser::is<parser::RoutineRef>(node)) {
      catalog::RoutinePtr r = find_routine(context, *parser::as<parser::RoutineRef>(node), stmt.object_type);
      targets.push_back({"pg_proc", "oid", "proacl", "proowner", r->oid, 'f', r->kind == 'p' ? "procedure" : "function", r->name});
      continue;
    }
    if (!parser::is<parser::QualifiedName>(node)) throw_not_supported("privileges on objects of this kind");
    std::string name(parser::as<parser::QualifiedName>(node)->names.back());
    if (stmt.object_type == ObjectType::kSchema) {
      targets.push_back({"pg_namespace", "oid", "nspacl", "nspowner", require_schema(context, name), 'n', "schema", name});
    } else if (stmt.object_type == ObjectType::kDatabase) {
      auto database = context.catalog.find_database(name);
      if (!database.has_value()) {
        throw SqlError(sqlstate::kInvalidCatalogName, fmt::format("database \"{}\" does not exist", name));
      }
      targets.push_back({"pg_database", "oid", "datacl", "datdba", database->oid, 'd', "database", name});
    } else {
      throw_not_supported("privileges on objects of this kind");
    }
  }
  return targets;
}

std::vector<AclTarget> schema_targets(CommandContext& context, const parser::GrantStmt& stmt) {
  if (stmt.object_type != ObjectType::kTable && stmt.object_type != ObjectType::kSequence) {
    throw_not_supported("privileges on objects of this kind");
  }
  std::vector<Oid> found;
  for (const parser::Node* node : stmt.objects) {
    Oid schema = require_schema(context, parser::as<parser::QualifiedName>(node)->names.back());
    context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
      char kind = row.letter("relkind");
      bool fits = stmt.object_type == ObjectType::kSequence ? kind == 'S' : kind == 'r' || kind == 'v' || kind == 'm';
      if (fits && row.oid("relnamespace") == schema) found.push_back(row.oid("oid"));
    });
  }
  std::vector<AclTarget> targets;
  for (Oid oid : found) targets.push_back(relation_target(*context.catalog.relation(oid)));
  return targets;
}

}  // namespace

std::string grant(CommandContext& context, const parser::GrantStmt& stmt) {
  std::vector<AclTarget> targets;
  switch (stmt.target) {
    case parser::GrantTarget::kObject: targets = object_targets(context, stmt); break;
    case parser::GrantTarget::kAllInSchema: targets = schema_targets(context, stmt); break;
    case parser::GrantTarget::kDefaults: throw_not_supported("ALTER DEFAULT PRIVILEGES");
  }
  for (const AclTarget& target : targets) change_acl(context, target, stmt);
  return stmt.is_grant ? "GRANT" : "REVOKE";
}

std::string grant_role(CommandContext& context, const parser::GrantRoleStmt& stmt) {
  for (const parser::AccessPrivilege* granted : stmt.granted_roles) {
    parser::RoleSpec spec;
    spec.name = granted->name;
    Oid role = require_role(context, spec);
    auto self = context.catalog.role(context.role);
    bool admin = context.is_superuser || (self.has_value() && self->create_role);
    for (const parser::RoleSpec* grantee : stmt.grantees) {
      Oid member = require_role(context, *grantee);
      const KeyMatch match[] = {{"roleid", Value::of_oid(role.value())}, {"member", Value::of_oid(member.value())}};
      const KeyMatch own[] = {{"roleid", Value::of_oid(role.value())}, {"member", Value::of_oid(context.role.value())}};
      context.catalog.for_each(system_table("pg_auth_members"), own, [&](const Row& row) {
        admin = admin || row.boolean("admin_option");
      });
      if (!admin) {
        throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("must have admin option on role \"{}\"", granted->name));
      }
      bool exists = false;
      context.catalog.for_each(system_table("pg_auth_members"), match, [&](const Row&) { exists = true; });
      std::string member_name = role_name(context, member);
      if (!stmt.is_grant) {
        if (!exists) {
          context.services.notice("WARNING", sqlstate::kWarning,
                                  fmt::format("role \"{}\" is not a member of role \"{}\"", member_name, granted->name));
          continue;
        }
        if (!stmt.admin_option) {
          context.catalog.remove_where(system_table("pg_auth_members"), match);
          continue;
        }
      } else {
        std::vector<Oid> above = context.catalog.roles_of(role);
        if (std::find(above.begin(), above.end(), member) != above.end()) {
          throw SqlError(sqlstate::kInvalidGrantOperation,
                         fmt::format("role \"{}\" is a member of role \"{}\"", granted->name, member_name));
        }
        if (exists && !stmt.admin_option) {
          context.services.notice("NOTICE", sqlstate::kSuccessfulCompletion,
                                  fmt::format("role \"{}\" is already a member of role \"{}\"", member_name, granted->name));
          continue;
        }
      }
      context.catalog.remove_where(system_table("pg_auth_members"), match);
      RowDraft row(system_table("pg_auth_members"));
      row.oid("roleid", role).oid("member", member).oid("grantor", context.role);
      row.boolean("admin_option", stmt.is_grant && stmt.admin_option);
      context.catalog.insert(row);
    }
  }
  return stmt.is_grant ? "GRANT ROLE" : "REVOKE ROLE";
}

}  // namespace varve::commands
