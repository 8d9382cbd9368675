#include "ownership.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "common/sql_error.h"
#include "drop.h"
#include "extended_statistics.h"
#include "grant.h"
#include "policy.h"
#include "txn/txn_manager.h"

namespace varve::commands {
namespace {

// Tables whose rows have an owner or a list.
struct Secured {
  std::string_view table, owner, acl, key;
  bool shared;
};
constexpr Secured kSecured[] = {{"pg_class", "relowner", "relacl", "oid", false},
                                {"pg_attribute", "", "attacl", "", false},
                                {"pg_namespace", "nspowner", "nspacl", "oid", false},
                                {"pg_proc", "proowner", "proacl", "oid", false},
                                {"pg_type", "typowner", "typacl", "oid", false},
                                {"pg_language", "lanowner", "lanacl", "oid", false},
                                {"pg_statistic_ext", "stxowner", "", "oid", false},
                                {"pg_default_acl", "defaclrole", "defaclacl", "oid", false},
                                {"pg_database", "datdba", "datacl", "oid", true},
                                {"pg_tablespace", "spcowner", "spcacl", "oid", true}};

const Secured& secured(std::string_view table) {
  return *std::find_if(std::begin(kSecured), std::end(kSecured),
                       [&](const Secured& s) { return s.table == table; });
}

// Built-in functions and types have no rows of anybody else's.
bool may_be_users(const Secured& s, const Row& row) {
  return s.key.empty() || row.oid("oid").value() >= catalog::kFirstNormalOid || s.table == "pg_namespace" ||
         s.table == "pg_database" || s.table == "pg_tablespace" || s.table == "pg_class" ||
         s.table == "pg_language";
}

bool names_role(const std::vector<AclItem>& items, std::string_view role) {
  return std::any_of(items.begin(), items.end(),
                     [&](const AclItem& i) { return i.grantee == role || i.grantor == role; });
}

// Rows whose list names the role get another one: change(items) -> what is to be written.
template <class F>
void change_lists(catalog::Catalog& catalog, bool shared, std::string_view role, F&& change) {
  for (const Secured& s : kSecured) {
    if (s.shared != shared || s.acl.empty()) continue;
    catalog.for_each(system_table(s.table), {}, [&](const Row& row) {
      if (row.is_null(s.acl)) return;
      std::vector<AclItem> items = parse_acl(catalog::acl_column(row, s.acl));
      if (!names_role(items, role)) return;
      change(items);
      RowDraft draft(system_table(s.table), row);
      if (items.empty() && s.table == "pg_attribute")
        draft.null(s.acl);
      else
        draft.text(s.acl, acl_text(items));
      catalog.update(row, draft);
    });
  }
}

// Two entries of one grantee by one grantor become one.
void merge_entries(std::vector<AclItem>& items, char letter) {
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t j = i + 1; j < items.size();) {
      if (items[j].grantee != items[i].grantee || items[j].grantor != items[i].grantor) {
        ++j;
        continue;
      }
      std::string printed;
      auto has = [](const std::string& p, char c) { return p.find(c) != std::string::npos; };
      auto option = [&](const std::string& p, char c) {
        size_t at = p.find(c);
        return at != std::string::npos && at + 1 < p.size() && p[at + 1] == '*';
      };
      for (char c : all_privileges(letter)) {
        if (!has(items[i].privileges, c) && !has(items[j].privileges, c)) continue;
        printed += c;
        if (option(items[i].privileges, c) || option(items[j].privileges, c)) printed += '*';
      }
      items[i].privileges = printed;
      items.erase(items.begin() + static_cast<ptrdiff_t>(j));
    }
  }
}

char letter_of(const Secured& s, const Row& row) {
  if (s.table == "pg_class") return row.letter("relkind") == 'S' ? 'S' : 'r';
  if (s.table == "pg_namespace") return 'n';
  if (s.table == "pg_proc") return 'f';
  if (s.table == "pg_type") return 'T';
  if (s.table == "pg_language") return 'l';
  if (s.table == "pg_database") return 'd';
  return s.table == "pg_tablespace" ? 't' : 'r';
}

void give_row(CommandContext& context, const Secured& s, const Row& row, Oid owner) {
  RowDraft draft(system_table(s.table), row);
  if (!s.acl.empty() && !row.is_null(s.acl)) {
    std::string from = role_name(context, row.oid(s.owner)), to = role_name(context, owner);
    std::vector<AclItem> items = parse_acl(catalog::acl_column(row, s.acl));
    for (AclItem& item : items) {
      if (item.grantee == from) item.grantee = to;
      if (item.grantor == from) item.grantor = to;
    }
    merge_entries(items, letter_of(s, row));
    draft.text(s.acl, acl_text(items));
  }
  draft.oid(s.owner, owner);
  context.catalog.update(row, draft);
}

}  // namespace

void change_owner(CommandContext& context, std::string_view table, Oid oid, Oid owner) {
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table(table), match, [&](const Row& row) {
    give_row(context, secured(table), row, owner);
    return false;
  });
}

std::string reassign_owned(CommandContext& context, const parser::ReassignOwnedStmt& stmt) {
  std::vector<Oid> roles;
  for (const parser::RoleSpec* spec : stmt.roles) {
    roles.push_back(require_role(context, *spec));
    if (!has_privileges_of(context, roles.back())) {
      throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied to reassign objects");
    }
  }
  Oid owner = require_role(context, *stmt.new_role);
  if (!has_privileges_of(context, owner)) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied to reassign objects");
  }
  for (Oid role : roles) {
    if (role.value() < catalog::kFirstNormalOid) {
      throw SqlError(sqlstate::kDependentObjectsStillExist,
                     fmt::format("cannot reassign ownership of objects owned by role {} because they are "
                                 "required by the database system",
                                 role_name(context, role)));
    }
    for (const Secured& s : kSecured) {
      if (s.owner.empty() || s.table == "pg_default_acl") continue;
      context.catalog.for_each(system_table(s.table), {}, [&](const Row& row) {
        if (may_be_users(s, row) && row.oid(s.owner) == role) give_row(context, s, row, owner);
      });
    }
  }
  return "REASSIGN OWNED";
}

std::string drop_owned(CommandContext& context, const parser::DropOwnedStmt& stmt) {
  std::vector<catalog::Role> roles;
  for (const parser::RoleSpec* spec : stmt.roles) {
    Oid oid = require_role(context, *spec);
    if (!has_privileges_of(context, oid)) {
      throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied to drop objects");
    }
    roles.push_back(*context.catalog.role(oid));
  }
  for (const catalog::Role& role : roles) {
    if (role.oid.value() < catalog::kFirstNormalOid) {
      throw SqlError(
          sqlstate::kDependentObjectsStillExist,
          fmt::format("cannot drop objects owned by role {} because they are required by the database system",
                      role.name));
    }
    const KeyMatch defaults[] = {{"defaclrole", Value::of_oid(role.oid.value())}};
    context.catalog.remove_where(system_table("pg_default_acl"), defaults);
    for (bool shared : {false, true}) {
      change_lists(context.catalog, shared, role.name, [&](std::vector<AclItem>& items) {
        std::erase_if(items,
                      [&](const AclItem& i) { return i.grantee == role.name && i.grantor != role.name; });
      });
    }
    forget_role_of_policies(context, role.oid);
    std::vector<ObjectAddress> objects;
    context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
      char kind = row.letter("relkind");
      if (row.oid("relowner") == role.oid && kind != 'i' && kind != 't' && kind != 'c')
        objects.push_back(relation_address(row.oid("oid")));
    });
    context.catalog.for_each(system_table("pg_namespace"), {}, [&](const Row& row) {
      if (row.oid("nspowner") == role.oid) objects.push_back({kNamespaceClass, row.oid("oid")});
    });
    context.catalog.for_each(system_table("pg_proc"), {}, [&](const Row& row) {
      if (row.oid("proowner") == role.oid) objects.push_back({Oid{1255}, row.oid("oid")});
    });
    context.catalog.for_each(system_table("pg_type"), {}, [&](const Row& row) {
      bool own =
          row.oid("typowner") == role.oid && row.letter("typtype") != 'c' && row.letter("typcategory") != 'A';
      if (own) objects.push_back({kTypeClass, row.oid("oid")});
    });
    context.catalog.for_each(system_table("pg_statistic_ext"), {}, [&](const Row& row) {
      if (row.oid("stxowner") == role.oid) objects.push_back({kStatisticsClass, row.oid("oid")});
    });
    // What goes with something else of the role's (a serial's sequence) is not named twice.
    std::erase_if(objects, [&](const ObjectAddress& o) {
      bool goes_along = false;
      const KeyMatch match[] = {{"classid", Value::of_oid(o.class_oid.value())},
                                {"objid", Value::of_oid(o.object.value())}};
      context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
        char kind = row.letter("deptype");
        goes_along |= kind == 'a' || kind == 'i';
      });
      return goes_along;
    });
    if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
  }
  return "DROP OWNED";
}

// --- names of roles

void rename_role(CommandContext& context, const parser::RenameStmt& stmt) {
  auto role = context.catalog.find_role(stmt.name);
  if (!role) throw SqlError(sqlstate::kUndefinedObject, fmt::format("role \"{}\" does not exist", stmt.name));
  auto self = context.catalog.role(context.role);
  if (role->oid == context.role)
    throw SqlError(sqlstate::kFeatureNotSupported, "current user cannot be renamed");
  for (std::string_view name : {stmt.name, stmt.new_name}) {
    if (!name.starts_with("pg_")) continue;
    throw SqlError(sqlstate::kReservedName, fmt::format("role name \"{}\" is reserved", name))
        .detail("Role names starting with \"pg_\" are reserved.");
  }
  if (context.catalog.find_role(stmt.new_name).has_value()) {
    throw SqlError(sqlstate::kDuplicateObject, fmt::format("role \"{}\" already exists", stmt.new_name));
  }
  if (role->superuser && !context.is_superuser) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "must be superuser to rename superusers");
  }
  if (!context.is_superuser && !(self && self->create_role)) {
    throw SqlError(sqlstate::kInsufficientPrivilege, "permission denied to rename role");
  }
  const KeyMatch match[] = {{"oid", Value::of_oid(role->oid.value())}};
  context.catalog.for_each(system_table("pg_authid"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_authid"), row);
    draft.text("rolname", stmt.new_name);
    if (role->secret.starts_with("md5")) {  // made from the name
      draft.null("rolpassword");
      context.services.notice("MD5 password cleared because of role rename");
    }
    context.catalog.update(row, draft);
    return false;
  });
  auto rename = [&](std::vector<AclItem>& items) {
    for (AclItem& item : items) {
      if (item.grantee == stmt.name) item.grantee = stmt.new_name;
      if (item.grantor == stmt.name) item.grantor = stmt.new_name;
    }
  };
  change_lists(context.catalog, true, stmt.name, rename);
  std::vector<Oid> databases;
  context.catalog.for_each(system_table("pg_database"), {},
                           [&](const Row& row) { databases.push_back(row.oid("oid")); });
  for (Oid oid : databases) {
    if (oid == context.catalog.database().oid()) {
      change_lists(context.catalog, false, stmt.name, rename);
      continue;
    }
    catalog::Database other(context.txn.manager(), oid);
    catalog::Catalog inside(other, context.txn);
    change_lists(inside, false, stmt.name, rename);
  }
}

int objects_elsewhere(CommandContext& context, Oid database, const catalog::Role& role) {
  catalog::Database other(context.txn.manager(), database);
  catalog::Catalog inside(other, context.txn);
  int count = 0;
  for (const Secured& s : kSecured) {
    if (s.shared) continue;
    inside.for_each(system_table(s.table), {}, [&](const Row& row) {
      if (s.table == "pg_class" && row.letter("relkind") == 'i') return;
      if (s.table == "pg_type" && row.letter("typtype") == 'c') return;
      bool owns = !s.owner.empty() && row.oid(s.owner) == role.oid;
      bool named = !s.acl.empty() && !row.is_null(s.acl) &&
                   names_role(parse_acl(catalog::acl_column(row, s.acl)), role.name);
      count += owns || named;
    });
  }
  return count;
}

}  // namespace varve::commands
