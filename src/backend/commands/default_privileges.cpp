// ALTER DEFAULT PRIVILEGES: lists that new objects begin with.
#include <algorithm>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "common/sql_error.h"
#include "grant.h"
#include "names.h"

namespace varve::commands {

using parser::ObjectType;

namespace {

struct DefaultKind {
  ObjectType type;
  char catalog_letter;  // pg_default_acl.defaclobjtype
  char object_letter;
  std::string_view name;
};
constexpr DefaultKind kDefaultKinds[] = {
    {ObjectType::kTable, 'r', 'r', "relation"},    {ObjectType::kSequence, 'S', 'S', "sequence"},
    {ObjectType::kFunction, 'f', 'f', "function"}, {ObjectType::kRoutine, 'f', 'f', "function"},
    {ObjectType::kType, 'T', 'T', "type"},         {ObjectType::kSchema, 'n', 'n', "schema"}};

std::vector<AclItem> read_list(CommandContext& context, Oid owner, Oid schema, char letter, bool* exists) {
  std::vector<AclItem> items;
  *exists = false;
  const KeyMatch match[] = {{"defaclrole", Value::of_oid(owner.value())},
                            {"defaclnamespace", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_default_acl"), match, [&](const Row& row) {
    if (row.letter("defaclobjtype") != letter) return;
    items = parse_acl(catalog::acl_column(row, "defaclacl"));
    *exists = true;
  });
  return items;
}

void write_list(CommandContext& context, Oid owner, Oid schema, char letter,
                const std::vector<AclItem>& items, bool is_default) {
  const KeyMatch match[] = {{"defaclrole", Value::of_oid(owner.value())},
                            {"defaclnamespace", Value::of_oid(schema.value())}};
  Oid oid;
  context.catalog.for_each(system_table("pg_default_acl"), match, [&](const Row& row) {
    if (row.letter("defaclobjtype") != letter) return;
    oid = row.oid("oid");
    context.catalog.remove(system_table("pg_default_acl"), row);
  });
  if (is_default) return;
  RowDraft row(system_table("pg_default_acl"));
  row.oid("oid", oid != kInvalidOid ? oid : catalog::Database::new_oid())
      .oid("defaclrole", owner)
      .oid("defaclnamespace", schema);
  row.text("defaclobjtype", std::string(1, letter)).text("defaclacl", acl_text(items));
  context.catalog.insert(row);
}

bool same_lists(std::vector<AclItem> a, std::vector<AclItem> b) {
  auto order = [](const AclItem& x, const AclItem& y) {
    return std::tie(x.grantee, x.grantor) < std::tie(y.grantee, y.grantor);
  };
  std::sort(a.begin(), a.end(), order);
  std::sort(b.begin(), b.end(), order);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const AclItem& x, const AclItem& y) {
    return x.grantee == y.grantee && x.grantor == y.grantor && x.privileges == y.privileges;
  });
}

std::string wanted_letters(const parser::GrantStmt& stmt, const DefaultKind& kind) {
  if (stmt.privileges.empty()) return std::string(all_privileges(kind.object_letter));
  std::string letters;
  for (const parser::AccessPrivilege* p : stmt.privileges) {
    if (!p->columns.empty()) {
      throw SqlError(sqlstate::kInvalidGrantOperation, "default privileges cannot be set for columns");
    }
    char letter = privilege_of_name(p->name);
    if (letter == 0 || all_privileges(kind.object_letter).find(letter) == std::string_view::npos) {
      std::string upper(p->name);
      std::transform(upper.begin(), upper.end(), upper.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
      throw SqlError(sqlstate::kInvalidGrantOperation,
                     fmt::format("invalid privilege type {} for {}", upper, kind.name));
    }
    letters += letter;
  }
  return letters;
}

// PUBLIC first, then in order of the roles' oids.
void sort_items(CommandContext& context, std::vector<AclItem>& items) {
  auto number = [&](const std::string& name) {
    auto role = name.empty() ? std::nullopt : context.catalog.find_role(name);
    return role ? role->oid.value() : 0U;
  };
  std::stable_sort(items.begin(), items.end(), [&](const AclItem& a, const AclItem& b) {
    return std::pair(number(a.grantee), number(a.grantor)) < std::pair(number(b.grantee), number(b.grantor));
  });
}

void change(std::vector<AclItem>& items, const parser::GrantStmt& stmt, char object_letter,
            std::string_view letters, const std::string& grantee, const std::string& grantor) {
  auto it = std::find_if(items.begin(), items.end(),
                         [&](const AclItem& i) { return i.grantee == grantee && i.grantor == grantor; });
  if (it == items.end()) {
    if (!stmt.is_grant) return;
    items.push_back({grantee, "", grantor});
    it = items.end() - 1;
  }
  std::string printed;
  for (char c : all_privileges(object_letter)) {
    size_t at = it->privileges.find(c);
    bool has = at != std::string::npos;
    bool option = has && at + 1 < it->privileges.size() && it->privileges[at + 1] == '*';
    if (letters.find(c) != std::string_view::npos) {
      if (stmt.is_grant) {
        has = true;
        option |= stmt.grant_option;
      } else {
        option = false;
        has = has && stmt.grant_option;
      }
    }
    if (has) printed += c;
    if (has && option) printed += '*';
  }
  it->privileges = printed;
  if (printed.empty()) items.erase(it);
}

void change_defaults(CommandContext& context, const parser::GrantStmt& stmt, Oid owner, Oid schema) {
  const DefaultKind* kind = std::find_if(std::begin(kDefaultKinds), std::end(kDefaultKinds),
                                         [&](const DefaultKind& k) { return k.type == stmt.object_type; });
  if (kind == std::end(kDefaultKinds)) throw_not_supported("default privileges of objects of this kind");
  if (schema != kInvalidOid && kind->type == ObjectType::kSchema) {
    throw SqlError(sqlstate::kInvalidGrantOperation,
                   "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS");
  }
  std::string letters = wanted_letters(stmt, *kind), grantor = role_name(context, owner);
  bool exists = false;
  std::vector<AclItem> items = read_list(context, owner, schema, kind->catalog_letter, &exists);
  // A list for all schemas replaces the built-in one, a list for one schema adds to it.
  std::vector<AclItem> built_in =
      schema == kInvalidOid ? default_acl(kind->object_letter, grantor) : std::vector<AclItem>();
  if (!exists) items = built_in;
  for (const parser::RoleSpec* role : stmt.grantees) {
    bool everybody = role->role == parser::RoleSpecKind::kPublic;
    if (everybody && stmt.is_grant && stmt.grant_option) {
      throw SqlError(sqlstate::kInvalidGrantOperation, "grant options can only be granted to roles");
    }
    std::string grantee = everybody ? std::string() : role_name(context, require_role(context, *role));
    change(items, stmt, kind->object_letter, letters, grantee, grantor);
  }
  sort_items(context, items);
  write_list(context, owner, schema, kind->catalog_letter, items, same_lists(items, built_in));
}

}  // namespace

std::string alter_default_privileges(CommandContext& context,
                                     const parser::AlterDefaultPrivilegesStmt& stmt) {
  std::vector<Oid> roles, schemas;
  for (const parser::Option* option : stmt.options) {
    for (const parser::Node* node : parser::as<parser::ListNode>(option->value)->items) {
      if (option->name == "schemas") {
        std::string_view name = parser::is<parser::QualifiedName>(node)
                                    ? parser::as<parser::QualifiedName>(node)->names.back()
                                    : parser::as<parser::ConstExpr>(node)->text;
        schemas.push_back(require_schema(context, name));
      } else {
        Oid role = require_role(context, *parser::as<parser::RoleSpec>(node));
        if (!has_privileges_of(context, role)) {
          throw SqlError(sqlstate::kInsufficientPrivilege,
                         fmt::format("must be member of role \"{}\"", role_name(context, role)));
        }
        roles.push_back(role);
      }
    }
  }
  if (roles.empty()) roles.push_back(context.role);
  if (schemas.empty()) schemas.push_back(kInvalidOid);
  for (Oid role : roles) {
    for (Oid schema : schemas) change_defaults(context, *stmt.action, role, schema);
  }
  return "ALTER DEFAULT PRIVILEGES";
}

std::string default_acl_text(CommandContext& context, char object_letter, Oid owner, Oid schema) {
  bool global = false, local = false;
  std::vector<AclItem> items = read_list(context, owner, kInvalidOid, object_letter, &global);
  std::vector<AclItem> more = schema == kInvalidOid
                                  ? std::vector<AclItem>()
                                  : read_list(context, owner, schema, object_letter, &local);
  if (!global && !local) return {};
  std::string name = role_name(context, owner);
  if (!global) items = default_acl(object_letter, name);
  for (const AclItem& add : more) {
    auto it = std::find_if(items.begin(), items.end(), [&](const AclItem& i) {
      return i.grantee == add.grantee && i.grantor == add.grantor;
    });
    if (it == items.end()) {
      items.push_back(add);
      continue;
    }
    std::string printed;
    auto option = [](const std::string& p, char c) {
      size_t at = p.find(c);
      return at != std::string::npos && at + 1 < p.size() && p[at + 1] == '*';
    };
    for (char c : all_privileges(object_letter)) {
      if (it->privileges.find(c) == std::string::npos && add.privileges.find(c) == std::string::npos)
        continue;
      printed += c;
      if (option(it->privileges, c) || option(add.privileges, c)) printed += '*';
    }
    it->privileges = printed;
  }
  if (same_lists(items, default_acl(object_letter, name))) return {};
  sort_items(context, items);
  return acl_text(items);
}

}  // namespace varve::commands
