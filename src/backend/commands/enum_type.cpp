// Enums, and what enums and domains have in common.
#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "catalog_rows.h"
#include "common/sql_error.h"
#include "txn/txn_manager.h"
#include "type.h"

namespace varve::commands {

using catalog::EnumLabel;
using catalog::UserType;
using catalog::UserTypePtr;

namespace {

bool type_name_taken(CommandContext& context, Oid schema, std::string_view name) {
  bool taken = false;
  const KeyMatch match[] = {{"typname", Value::of_string(name)},
                            {"typnamespace", Value::of_oid(schema.value())}};
  context.catalog.for_each(system_table("pg_type"), match, [&](const Row&) { taken = true; });
  return taken;
}

std::string array_name(CommandContext& context, const NewType& element) {
  std::string name = "_" + element.name.substr(0, kMaxNameBytes - 1);
  while (type_name_taken(context, element.schema, name)) name = "_" + name.substr(0, kMaxNameBytes - 1);
  return name;
}

void check_label(std::string_view label) {
  if (label.size() <= kMaxNameBytes) return;
  throw SqlError(sqlstate::kInvalidName, fmt::format("invalid enum label \"{}\"", label))
      .detail(fmt::format("Labels must be {} bytes or less.", kMaxNameBytes));
}

void insert_label(CommandContext& context, Oid type, std::string_view label, float order) {
  RowDraft row(system_table("pg_enum"));
  row.oid("oid", catalog::Database::new_oid()).oid("enumtypid", type).float4("enumsortorder", order);
  row.text("enumlabel", label);
  context.catalog.insert(row);
}

// A value is its place in the order, and stored, so places are not given anew as PostgreSQL does when a gap
// is used up.
float place_for(const UserType& type, const parser::AlterEnumStmt& stmt) {
  const std::vector<EnumLabel>& labels = type.labels;
  if (!stmt.has_neighbour) return labels.empty() ? 1 : labels.back().order + 1;
  auto neighbour = std::find_if(labels.begin(), labels.end(),
                                [&](const EnumLabel& l) { return l.label == stmt.neighbour; });
  if (neighbour == labels.end()) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("\"{}\" is not an existing enum label", stmt.neighbour));
  }
  if (stmt.after && neighbour + 1 == labels.end()) return neighbour->order + 1;
  if (!stmt.after && neighbour == labels.begin()) return neighbour->order - 1;
  float low = stmt.after ? neighbour->order : (neighbour - 1)->order;
  float high = stmt.after ? (neighbour + 1)->order : neighbour->order;
  float middle = low + (high - low) / 2;
  if (middle == low || middle == high) {
    throw_not_supported(
        fmt::format("another value between two of enum {}, as it would need more than the precision of "
                    "enumsortorder,",
                    type.name));
  }
  return middle;
}

UserTypePtr require_enum(CommandContext& context, parser::NameList names) {
  UserTypePtr type = find_type(context, names);
  if (type->kind != 'e')
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("{} is not an enum", dotted(names)));
  require_owner_of(context, type->owner, "type", type->name);
  return type;
}

bool ends_name(const std::string& text, size_t at) {
  if (at >= text.size()) return true;
  auto c = static_cast<unsigned char>(text[at]);
  return std::isalnum(c) == 0 && c != '_' && c != '$' && c != '"' && c != '.' && c < 0x80;
}

// Stored expressions name the type in casts: they follow when it gets another name.
void renew_expressions(CommandContext& context, const std::string& old_text, const std::string& new_text) {
  static constexpr std::pair<std::string_view, std::string_view> kPlaces[] = {
      {"pg_attrdef", "adbin"},    {"pg_constraint", "conbin"},  {"pg_index", "indexprs"},
      {"pg_index", "indpred"},    {"pg_type", "typdefaultbin"}, {"pg_type", "typdefault"},
      {"pg_rewrite", "ev_action"}};
  const std::string old_cast = "::" + old_text, new_cast = "::" + new_text;
  for (const auto& [table, column] : kPlaces) {
    context.catalog.for_each(system_table(table), {}, [&](const Row& row) {
      if (row.is_null(column)) return;
      std::string text(row.text(column));
      bool changed = false;
      for (size_t at = 0; (at = text.find(old_cast, at)) != std::string::npos; at += new_cast.size()) {
        if (!ends_name(text, at + old_cast.size())) continue;
        text.replace(at, old_cast.size(), new_cast);
        changed = true;
      }
      if (!changed) return;
      RowDraft draft(system_table(table), row);
      draft.text(column, text);
      context.catalog.update(row, draft);
    });
  }
}

}  // namespace

UserTypePtr find_type(CommandContext& context, parser::NameList names, bool missing_ok) {
  catalog::Catalog& catalog = context.catalog;
  Oid found;
  if (names.size() > 1) {
    Oid schema = catalog.find_schema(names[names.size() - 2]);
    if (schema == kInvalidOid && !missing_ok) require_schema(context, names[names.size() - 2]);
    if (schema != kInvalidOid) found = catalog::find_user_type(catalog, schema, names.back());
  } else {
    for (size_t i = 0; i < context.search_path.size() && found == kInvalidOid; ++i) {
      found = catalog::find_user_type(catalog, context.search_path[i], names.back());
    }
  }
  UserTypePtr type = found == kInvalidOid ? nullptr : catalog::user_type(catalog, found);
  if (type == nullptr && !missing_ok) {
    for (Oid schema : context.search_path) {
      if (catalog.find_type(schema, names.back()) != kInvalidOid)
        throw_not_supported("this change of a composite type");
    }
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("type \"{}\" does not exist", dotted(names)));
  }
  return type;
}

NewType name_new_type(CommandContext& context, parser::NameList names) {
  NewType type;
  type.name = names.back();
  type.schema = creation_schema(context, names.size() > 1 ? names[names.size() - 2] : std::string_view());
  if (type_name_taken(context, type.schema, type.name)) {
    throw SqlError(sqlstate::kDuplicateObject, fmt::format("type \"{}\" already exists", type.name));
  }
  return type;
}

Oid insert_array_type(CommandContext& context, const NewType& element, Oid element_oid, char alignment,
                      Oid collation) {
  Oid oid = catalog::Database::new_oid();
  RowDraft row(system_table("pg_type"));
  row.oid("oid", oid).text("typname", array_name(context, element)).oid("typnamespace", element.schema);
  row.oid("typowner", context.role).int2("typlen", -1).text("typtype", "b").text("typcategory", "A");
  row.boolean("typisdefined", true).text("typdelim", ",").oid("typelem", element_oid);
  row.text("typsubscript", "array_subscript_handler")
      .text("typinput", "array_in")
      .text("typoutput", "array_out");
  row.text("typreceive", "array_recv").text("typsend", "array_send").text("typanalyze", "array_typanalyze");
  row.text("typalign", std::string(1, alignment == 'd' ? 'd' : 'i'))
      .text("typstorage", "x")
      .int4("typtypmod", -1)
      .oid("typcollation", collation);
  context.catalog.insert(row);
  add_dependency(context, {kTypeClass, oid}, {kTypeClass, element_oid}, 'i');
  return oid;
}

void depend_on_type(CommandContext& context, const ObjectAddress& dependent, Oid type) {
  add_dependency(context, dependent, {kTypeClass, type}, 'n');
}

std::string create_enum(CommandContext& context, const parser::CreateEnumStmt& stmt) {
  NewType name = name_new_type(context, stmt.names);
  for (std::string_view value : stmt.values) check_label(value);
  context.txn.assign_xid();
  Oid oid = catalog::Database::new_oid();
  Oid array = insert_array_type(context, name, oid, 'i');
  RowDraft row(system_table("pg_type"));
  row.oid("oid", oid)
      .text("typname", name.name)
      .oid("typnamespace", name.schema)
      .oid("typowner", context.role);
  row.int2("typlen", 4).boolean("typbyval", true).text("typtype", "e").text("typcategory", "E");
  row.boolean("typisdefined", true).text("typdelim", ",").oid("typarray", array);
  row.text("typinput", "enum_in")
      .text("typoutput", "enum_out")
      .text("typreceive", "enum_recv")
      .text("typsend", "enum_send");
  row.text("typalign", "i").text("typstorage", "p").int4("typtypmod", -1);
  context.catalog.insert(row);
  add_dependency(context, {kTypeClass, oid}, {kNamespaceClass, name.schema}, 'n');
  float order = 0;
  for (std::string_view value : stmt.values) insert_label(context, oid, value, ++order);
  (void)catalog::user_type(context.catalog, oid);  // from here on the engine knows it
  return "CREATE TYPE";
}

std::string alter_enum(CommandContext& context, const parser::AlterEnumStmt& stmt) {
  UserTypePtr type = require_enum(context, stmt.names);
  check_label(stmt.new_value);
  auto label = [&](std::string_view name) {
    return std::find_if(type->labels.begin(), type->labels.end(),
                        [&](const EnumLabel& l) { return l.label == name; });
  };
  bool taken = label(stmt.new_value) != type->labels.end();
  if (!stmt.is_rename) {
    if (taken && stmt.if_not_exists) {
      context.services.notice("NOTICE", sqlstate::kDuplicateObject,
                              fmt::format("enum label \"{}\" already exists, skipping", stmt.new_value));
      return "ALTER TYPE";
    }
    if (taken) {
      throw SqlError(sqlstate::kDuplicateObject,
                     fmt::format("enum label \"{}\" already exists", stmt.new_value));
    }
    insert_label(context, type->oid, stmt.new_value, place_for(*type, stmt));
    return "ALTER TYPE";
  }
  auto old = label(stmt.old_value);
  if (old == type->labels.end()) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("\"{}\" is not an existing enum label", stmt.old_value));
  }
  if (taken)
    throw SqlError(sqlstate::kDuplicateObject,
                   fmt::format("enum label \"{}\" already exists", stmt.new_value));
  const KeyMatch match[] = {{"oid", Value::of_oid(old->oid.value())}};
  context.catalog.for_each(system_table("pg_enum"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_enum"), row);
    draft.text("enumlabel", stmt.new_value);
    context.catalog.update(row, draft);
    return false;
  });
  return "ALTER TYPE";
}

void rename_type(CommandContext& context, const UserType& type, std::string_view name) {
  require_owner_of(context, type.owner, "type", type.name);
  if (type_name_taken(context, type.schema, name)) {
    throw SqlError(sqlstate::kDuplicateObject, fmt::format("type \"{}\" already exists", name));
  }
  change_row(context, "pg_type", type.oid, [&](RowDraft& draft) { draft.text("typname", name); });
  std::string array = array_name(context, {std::string(name), type.schema});
  if (type.array != kInvalidOid)
    change_row(context, "pg_type", type.array, [&](RowDraft& draft) { draft.text("typname", array); });
  UserTypePtr renamed = catalog::user_type(context.catalog, type.oid);
  renew_expressions(context, catalog::type_text(type), catalog::type_text(*renamed));
}

void change_type_owner(CommandContext& context, const UserType& type, Oid owner) {
  require_owner_of(context, type.owner, "type", type.name);
  for (Oid oid : {type.oid, type.array}) {
    change_row(context, "pg_type", oid, [&](RowDraft& draft) { draft.oid("typowner", owner); });
  }
}

void move_type(CommandContext& context, const UserType& type, Oid schema) {
  require_owner_of(context, type.owner, "type", type.name);
  if (schema == type.schema) return;
  if (type_name_taken(context, schema, type.name)) {
    throw SqlError(sqlstate::kDuplicateObject, fmt::format("type \"{}\" already exists in schema \"{}\"",
                                                           type.name, context.catalog.schema_name(schema)));
  }
  for (Oid oid : {type.oid, type.array}) {
    change_row(context, "pg_type", oid, [&](RowDraft& draft) { draft.oid("typnamespace", schema); });
  }
  const KeyMatch depend[] = {{"classid", Value::of_oid(kTypeClass.value())},
                             {"objid", Value::of_oid(type.oid.value())},
                             {"refclassid", Value::of_oid(kNamespaceClass.value())}};
  context.catalog.remove_where(system_table("pg_depend"), depend);
  add_dependency(context, {kTypeClass, type.oid}, {kNamespaceClass, schema}, 'n');
  UserTypePtr moved = catalog::user_type(context.catalog, type.oid);
  renew_expressions(context, catalog::type_text(type), catalog::type_text(*moved));
}

}  // namespace varve::commands
