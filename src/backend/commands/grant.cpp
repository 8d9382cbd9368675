#include "grant.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "catalog/acl_column.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "names.h"
#include "parser/parser.h"
#include "routine.h"

namespace varve::commands {

using parser::ObjectType;

namespace {

constexpr std::string_view kColumnRights = "arwx";

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return out;
}

// "ar*w" as rights "arw" and options "r".
void split_letters(std::string_view printed, std::string* rights, std::string* options) {
  for (size_t i = 0; i < printed.size(); ++i) {
    if (printed[i] == '*') continue;
    *rights += printed[i];
    if (i + 1 < printed.size() && printed[i + 1] == '*') *options += printed[i];
  }
}

std::string print_letters(char object_letter, std::string_view rights, std::string_view options) {
  std::string out;
  for (char c : all_privileges(object_letter)) {
    if (rights.find(c) == std::string_view::npos) continue;
    out += c;
    if (options.find(c) != std::string_view::npos) out += '*';
  }
  return out;
}

std::string common_letters(std::string_view a, std::string_view b) {
  std::string out;
  for (char c : a) {
    if (b.find(c) != std::string_view::npos) out += c;
  }
  return out;
}

bool is_relation(ObjectType type) { return type == ObjectType::kTable || type == ObjectType::kSequence; }

template <class F>
void with_target(CommandContext& context, const AclTarget& target, F&& f) {
  std::vector<KeyMatch> match{
      {target.key_column, Value::of_oid((target.letter == 'c' ? target.relation : target.oid).value())}};
  if (target.letter == 'c') match.push_back({"attnum", Value::of_int16(target.column)});
  context.catalog.for_each(system_table(target.table), match, [&](const Row& row) {
    f(row);
    return false;
  });
}

}  // namespace

AclTarget relation_target(const Relation& relation) {
  AclTarget t{"pg_class", "oid",         "relacl", "relowner",     relation.oid, 'r',
              "table",    relation.name, 0,        relation.owner, relation.oid};
  if (relation.kind == catalog::RelationKind::kSequence) t.letter = 'S';
  t.what = kind_word(relation.kind);
  return t;
}

std::string best_grantor(CommandContext& context, const std::vector<AclItem>& items, Oid owner,
                         std::string_view letters, std::string* grantable) {
  RoleRights rights(context.catalog, context.role);
  if (rights.has_rights_of(owner)) {
    *grantable = letters;
    return role_name(context, owner);
  }
  std::string best = role_name(context, context.role);
  grantable->clear();
  for (const AclItem& item : items) {
    auto role = item.grantee.empty() ? std::nullopt : context.catalog.find_role(item.grantee);
    if (!role || !rights.has_rights_of(role->oid)) continue;
    std::string own_rights, options;
    split_letters(item.privileges, &own_rights, &options);
    std::string usable = common_letters(letters, options);
    if (usable.size() <= grantable->size()) continue;
    best = item.grantee;
    *grantable = usable;
  }
  return best;
}

std::string Granting::run() {
  if (stmt_.grantor != nullptr && require_role(context_, *stmt_.grantor) != context_.role) {
    throw SqlError(sqlstate::kFeatureNotSupported, "grantor must be current user");
  }
  if (stmt_.target == parser::GrantTarget::kAllInSchema)
    schema_targets();
  else
    object_targets();
  for (const AclTarget& target : targets_) {
    std::string letters;
    bool whole = stmt_.privileges.empty();
    bool columns = false;
    for (const parser::AccessPrivilege* p : stmt_.privileges) {
      if (!p->columns.empty()) {
        if (!is_relation(stmt_.object_type)) {
          throw SqlError(sqlstate::kInvalidGrantOperation, "column privileges are only valid for relations");
        }
        columns = true;
        continue;
      }
      letters += letter_of(p->name, stmt_.object_type == ObjectType::kTable ? 'r' : target.letter,
                           is_relation(stmt_.object_type)
                               ? (stmt_.object_type == ObjectType::kTable ? "relation" : "sequence")
                               : std::string_view(target.what));
    }
    if (whole) letters = all_privileges(target.letter);
    if (!letters.empty()) apply(target, letters, whole);
    if (columns) apply_columns(target);
  }
  return stmt_.is_grant ? "GRANT" : "REVOKE";
}

char Granting::letter_of(std::string_view name, char object_letter, std::string_view what) const {
  char letter = privilege_of_name(name);
  if (letter == 0)
    throw SqlError(sqlstate::kSyntaxError, fmt::format("unrecognized privilege type \"{}\"", name));
  bool known = all_privileges(object_letter).find(letter) != std::string_view::npos;
  // GRANT … ON t may mean a sequence.
  if (object_letter == 'r' && stmt_.object_type == ObjectType::kTable) known = known || letter == 'U';
  if (!known) {
    throw SqlError(sqlstate::kInvalidGrantOperation,
                   fmt::format("invalid privilege type {} for {}", upper(name), what));
  }
  return letter;
}

// --- which objects

AclTarget Granting::named_target(std::string_view name) {
  AclTarget t{};
  t.name = name;
  auto by_name = [&](std::string_view table, std::string_view prefix, char letter, std::string_view what) {
    static constexpr std::pair<std::string_view, std::array<std::string_view, 3>> kColumns[] = {
        {"lan", {"lanname", "lanacl", "lanowner"}}, {"spc", {"spcname", "spcacl", "spcowner"}}};
    for (const auto& [known, columns] : kColumns) {
      if (known != prefix) continue;
      const KeyMatch match[] = {{columns[0], Value::of_string(name)}};
      context_.catalog.for_each(system_table(table), match, [&](const Row& row) { t.oid = row.oid("oid"); });
      t.table = table;
      t.key_column = "oid";
      t.acl_column = columns[1];
      t.owner_column = columns[2];
    }
    if (t.oid == kInvalidOid)
      throw SqlError(sqlstate::kUndefinedObject, fmt::format("{} \"{}\" does not exist", what, name));
    t.letter = letter;
    t.what = what;
  };
  switch (stmt_.object_type) {
    case ObjectType::kSchema:
      return {"pg_namespace",    "oid", "nspacl", "nspowner", require_schema(context_, name), 'n', "schema",
              std::string(name), 0,     {},       {}};
    case ObjectType::kDatabase: {
      auto database = context_.catalog.find_database(name);
      if (!database.has_value()) {
        throw SqlError(sqlstate::kInvalidCatalogName, fmt::format("database \"{}\" does not exist", name));
      }
      return {"pg_database",     "oid", "datacl", "datdba", database->oid, 'd', "database",
              std::string(name), 0,     {},       {}};
    }
    case ObjectType::kLanguage:
      by_name("pg_language", "lan", 'l', "language");
      return t;
    case ObjectType::kTablespace:
      by_name("pg_tablespace", "spc", 't', "tablespace");
      return t;
    default:
      throw_not_supported("privileges on objects of this kind");
  }
}

AclTarget Granting::type_target(const parser::Node* node) {
  parser::TypeName name;
  if (parser::is<parser::TypeName>(node))
    name = *parser::as<parser::TypeName>(node);
  else if (parser::is<parser::QualifiedName>(node))
    name.names = parser::as<parser::QualifiedName>(node)->names;
  else
    throw_not_supported("privileges on objects of this kind");
  analyzer::AnalyzerContext inner = context_.analyzer_context();
  Oid type = analyzer::resolve_type_name(inner, name).type;
  const functions::TypeInfo* info = functions::type_by_oid(type);
  if (info != nullptr && info->category == 'A') {
    throw SqlError(sqlstate::kInvalidGrantOperation, "cannot set privileges of array types")
        .hint("Set the privileges of the element type instead.");
  }
  return {"pg_type", "oid", "typacl", "typowner", type, 'T', "type", std::string(name.names.back()),
          0,         {},    {}};
}

void Granting::object_targets() {
  for (const parser::Node* node : stmt_.objects) {
    if (is_relation(stmt_.object_type)) {
      RelationPtr relation =
          find_relation(context_, *parser::as<parser::RangeVar>(node), txn::LockMode::kAccessShare);
      if (relation->kind == catalog::RelationKind::kIndex) {
        throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is an index", relation->name));
      }
      if (stmt_.object_type == ObjectType::kSequence && relation->kind != catalog::RelationKind::kSequence) {
        throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a sequence", relation->name));
      }
      targets_.push_back(relation_target(*relation));
    } else if (stmt_.object_type == ObjectType::kType || stmt_.object_type == ObjectType::kDomain) {
      targets_.push_back(type_target(node));
    } else if (parser::is<parser::RoutineRef>(node)) {
      const auto& ref = *parser::as<parser::RoutineRef>(node);
      catalog::RoutinePtr r;
      if (stmt_.object_type == ObjectType::kFunction && !ref.args_unspecified)
        r = find_routine(context_, ref, ObjectType::kRoutine, true);
      // Aggregates are functions here.
      if (r == nullptr || r->kind != 'a') r = find_routine(context_, ref, stmt_.object_type);
      targets_.push_back({"pg_proc",
                          "oid",
                          "proacl",
                          "proowner",
                          r->oid,
                          'f',
                          r->kind == 'p' ? "procedure" : "function",
                          r->name,
                          0,
                          {},
                          {}});
    } else if (parser::is<parser::QualifiedName>(node)) {
      targets_.push_back(named_target(parser::as<parser::QualifiedName>(node)->names.back()));
    } else {
      throw_not_supported("privileges on objects of this kind");
    }
  }
}

void Granting::routine_targets_of(Oid schema) {
  context_.catalog.for_each(system_table("pg_proc"), {}, [&](const Row& row) {
    if (row.oid("pronamespace") != schema) return;
    targets_.push_back({"pg_proc",
                        "oid",
                        "proacl",
                        "proowner",
                        row.oid("oid"),
                        'f',
                        "function",
                        std::string(row.text("proname")),
                        0,
                        {},
                        {}});
  });
}

void Granting::schema_targets() {
  for (const parser::Node* node : stmt_.objects) {
    Oid schema = require_schema(context_, parser::as<parser::QualifiedName>(node)->names.back());
    if (!is_relation(stmt_.object_type)) {
      routine_targets_of(schema);
      continue;
    }
    std::vector<Oid> found;
    context_.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
      char kind = row.letter("relkind");
      bool fits = stmt_.object_type == ObjectType::kSequence
                      ? kind == 'S'
                      : std::string_view("rvmfp").find(kind) != std::string_view::npos;
      if (fits && row.oid("relnamespace") == schema) found.push_back(row.oid("oid"));
    });
    for (Oid oid : found) targets_.push_back(relation_target(*context_.catalog.relation(oid)));
  }
}

// --- changing one list

std::vector<std::string> Granting::grantees() const {
  std::vector<std::string> names;
  for (const parser::RoleSpec* role : stmt_.grantees) {
    bool everybody = role->role == parser::RoleSpecKind::kPublic;
    if (everybody && stmt_.is_grant && stmt_.grant_option) {
      throw SqlError(sqlstate::kInvalidGrantOperation, "grant options can only be granted to roles");
    }
    names.push_back(everybody ? std::string() : role_name(context_, require_role(context_, *role)));
  }
  return names;
}

void Granting::revoke_dependents(std::vector<AclItem>& items, const AclTarget& target,
                                 const std::string& grantee, std::string_view lost) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].grantor != grantee) continue;
    std::string rights, options;
    split_letters(items[i].privileges, &rights, &options);
    std::string gone = common_letters(rights, lost);
    if (gone.empty()) continue;
    if (stmt_.behavior == parser::DropBehavior::kRestrict) {
      throw SqlError(sqlstate::kDependentObjectsStillExist, "dependent privileges exist")
          .hint("Use CASCADE to revoke them too.");
    }
    std::string gone_options = common_letters(options, lost), next = items[i].grantee;
    for (char c : gone) {
      std::erase(rights, c);
      std::erase(options, c);
    }
    items[i].privileges = print_letters(target.letter, rights, options);
    if (!gone_options.empty() && !next.empty()) revoke_dependents(items, target, next, gone_options);
  }
}

void Granting::change(std::vector<AclItem>& items, const AclTarget& target, const std::string& grantor,
                      std::string_view letters) {
  std::string owner = role_name(context_, target.owner);
  for (const std::string& grantee : grantees()) {
    auto it = std::find_if(items.begin(), items.end(),
                           [&](const AclItem& i) { return i.grantee == grantee && i.grantor == grantor; });
    if (it == items.end()) {
      if (!stmt_.is_grant) continue;
      items.push_back({grantee, "", grantor});
      it = items.end() - 1;
    }
    std::string rights, options, lost;
    split_letters(it->privileges, &rights, &options);
    for (char c : letters) {
      if (stmt_.is_grant) {
        if (rights.find(c) == std::string::npos) rights += c;
        if (stmt_.grant_option && options.find(c) == std::string::npos) options += c;
      } else {
        if (options.find(c) != std::string::npos) lost += c;
        std::erase(options, c);
        if (!stmt_.grant_option) std::erase(rights, c);
      }
    }
    it->privileges = print_letters(target.letter, rights, options);
    // The owner grants by being the owner.
    if (!lost.empty() && grantee != owner) revoke_dependents(items, target, grantee, lost);
  }
  std::erase_if(items, [](const AclItem& i) { return i.privileges.empty(); });
}

void Granting::apply(const AclTarget& target, std::string letters, bool all) {
  if (target.letter == 'r' && letters.find('U') != std::string::npos) {
    throw SqlError(sqlstate::kInvalidGrantOperation, "invalid privilege type USAGE for table");
  }
  if (target.letter == 'S' && !all && common_letters(letters, all_privileges('S')).size() != letters.size()) {
    if (stmt_.object_type == ObjectType::kSequence) {
      throw SqlError(sqlstate::kInvalidGrantOperation, "invalid privilege type for sequence");
    }
    context_.services.notice(
        "WARNING", sqlstate::kInvalidGrantOperation,
        fmt::format("sequence \"{}\" only supports USAGE, SELECT, and UPDATE privileges", target.name));
    letters = common_letters(letters, all_privileges('S'));
  }
  with_target(context_, target, [&](const Row& row) {
    AclTarget whole = target;
    if (target.letter != 'c') whole.owner = row.oid(target.owner_column);
    std::string owner = role_name(context_, whole.owner);
    std::vector<AclItem> items = !row.is_null(target.acl_column)
                                     ? parse_acl(catalog::acl_column(row, target.acl_column))
                                 : target.letter == 'c' ? std::vector<AclItem>()
                                                        : default_acl(target.letter, owner);
    // A right on the table's list lets one grant on its columns as well.
    std::vector<AclItem> granting = items;
    if (target.letter == 'c') {
      RelationPtr table = context_.catalog.relation(target.relation);
      for (AclItem& item : table->acl.empty() ? default_acl('r', owner) : parse_acl(table->acl))
        granting.push_back(std::move(item));
    }
    std::string grantable, grantor = best_grantor(context_, granting, whole.owner, letters, &grantable);
    if (grantable.empty()) {
      RoleRights rights(context_.catalog, context_.role);
      std::string_view every = all_privileges(target.letter);
      bool any = std::any_of(every.begin(), every.end(),
                             [&](char c) { return rights.list_grants(acl_text(granting), c, false); });
      if (!any) {
        throw SqlError(sqlstate::kInsufficientPrivilege,
                       fmt::format("permission denied for {} {}", target.what, target.name));
      }
    }
    if (grantable.size() != letters.size() && (grantable.empty() || !all)) {
      SqlState state =
          stmt_.is_grant ? sqlstate::kWarningPrivilegeNotGranted : sqlstate::kWarningPrivilegeNotRevoked;
      context_.services.notice(
          "WARNING", state,
          fmt::format("{} privileges {} for \"{}\"", grantable.empty() ? "no" : "not all",
                      stmt_.is_grant ? "were granted" : "could be revoked", target.name));
    }
    change(items, whole, grantor, grantable);
    RowDraft draft(system_table(target.table), row);
    if (target.letter == 'c' && items.empty())
      draft.null(target.acl_column);
    else
      draft.text(target.acl_column, acl_text(items));
    context_.catalog.update(row, draft);
    if (!stmt_.is_grant && target.letter == 'r') revoke_from_columns(whole, letters);
  });
}

namespace {

AclTarget column_target(const AclTarget& table, int16_t column) {
  return {"pg_attribute", "attrelid", "attacl", "",          table.oid, 'c',
          table.what,     table.name, column,   table.owner, table.oid};
}

}  // namespace

void Granting::apply_columns(const AclTarget& table) {
  if (table.letter != 'r') {
    throw SqlError(sqlstate::kInvalidGrantOperation,
                   fmt::format("sequence \"{}\" only supports SELECT column privileges", table.name));
  }
  RelationPtr relation = context_.catalog.relation(table.oid);
  for (const parser::AccessPrivilege* p : stmt_.privileges) {
    if (p->columns.empty()) continue;
    std::string letters =
        p->name.empty() ? std::string(kColumnRights) : std::string(1, letter_of(p->name, 'c', "column"));
    for (std::string_view name : p->columns) {
      ColumnNumber number = relation->find_column(name);
      if (number == 0) {
        throw SqlError(sqlstate::kUndefinedColumn,
                       fmt::format("column \"{}\" of relation \"{}\" does not exist", name, relation->name));
      }
      AclTarget target = column_target(table, number);
      target.owner = relation->owner;
      apply(target, letters, p->name.empty());
    }
  }
}

// What is taken from the table is taken from its columns.
void Granting::revoke_from_columns(const AclTarget& table, std::string_view letters) {
  std::string wanted = common_letters(kColumnRights, letters);
  if (wanted.empty()) return;
  std::vector<int16_t> columns;
  const KeyMatch match[] = {{"attrelid", Value::of_oid(table.oid.value())}};
  context_.catalog.for_each(system_table("pg_attribute"), match, [&](const Row& row) {
    if (!row.is_null("attacl")) columns.push_back(row.int2("attnum"));
  });
  for (int16_t number : columns) {
    AclTarget target = column_target(table, number);
    with_target(context_, target, [&](const Row& row) {
      std::vector<AclItem> items = parse_acl(catalog::acl_column(row, "attacl"));
      std::string grantable, grantor = best_grantor(context_, items, table.owner, wanted, &grantable);
      change(items, target, grantor, grantable);
      RowDraft draft(system_table("pg_attribute"), row);
      if (items.empty())
        draft.null("attacl");
      else
        draft.text("attacl", acl_text(items));
      context_.catalog.update(row, draft);
    });
  }
}

}  // namespace varve::commands
