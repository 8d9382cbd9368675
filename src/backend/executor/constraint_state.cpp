#include "constraint_state.h"

#include <algorithm>
#include <fmt/format.h>

#include "functions/registry.h"
#include "table_reader.h"

namespace varve::executor {

using catalog::ColumnNumber;
using catalog::ForeignKey;
using catalog::Relation;

namespace {

std::vector<uint16_t> ordinals_of(const Relation& table, std::span<const ColumnNumber> columns) {
  std::vector<ColumnNumber> live = live_columns(table);
  std::vector<uint16_t> out;
  for (ColumnNumber c : columns) {
    out.push_back(static_cast<uint16_t>(std::find(live.begin(), live.end(), c) - live.begin()));
  }
  return out;
}

std::vector<Oid> types_of(const Relation& table, std::span<const ColumnNumber> columns) {
  std::vector<Oid> out;
  for (ColumnNumber c : columns) out.push_back(table.column(c).type);
  return out;
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// "$1 OPERATOR(pg_catalog.=) "a" AND …", numbered from `first`.
std::string condition(const Relation& referencing, const ForeignKey& key, size_t first) {
  std::string out;
  for (size_t i = 0; i < key.columns.size(); ++i) {
    out += fmt::format("{}${} OPERATOR(pg_catalog.=) {}", i == 0 ? " WHERE " : " AND ", first + i,
                       quoted(referencing.column(key.columns[i]).name));
  }
  return out;
}

std::string action_sql(const Relation& referencing, const ForeignKey& key, char action, bool deletion) {
  std::string table = quoted(referencing.schema_name) + "." + quoted(referencing.name);
  if (!referencing.is_partitioned()) table = "ONLY " + table;
  if (action == 'c' && deletion) return "DELETE FROM " + table + condition(referencing, key, 1);
  if (action != 'c' && action != 'n' && action != 'd') return {};
  const auto& columns = deletion && !key.delete_set_columns.empty() ? key.delete_set_columns : key.columns;
  std::string sql = "UPDATE " + table + " SET";
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string value = action == 'n' ? "NULL" : action == 'd' ? "DEFAULT" : fmt::format("${}", i + 1);
    sql += fmt::format("{} {} = {}", i == 0 ? "" : ",", quoted(referencing.column(columns[i]).name), value);
  }
  return sql + condition(referencing, key, action == 'c' ? columns.size() + 1 : 1);
}

}  // namespace

ReferenceCheck::ReferenceCheck(const ForeignKey& foreign_key, const Relation& table)
    : key(foreign_key),
      ordinals(ordinals_of(table, key.columns)),
      referenced(key, types_of(table, key.columns)) {}

ReferenceAction::ReferenceAction(const ForeignKey& foreign_key, const Relation& referenced_table,
                                 const Relation& referencing, std::span<const ColumnNumber> key_columns)
    : key(foreign_key),
      schema(referencing.schema_name),
      table(referencing.name),
      on_delete(action_sql(referencing, key, key.on_delete, true)),
      on_update(action_sql(referencing, key, key.on_update, false)),
      own(key, types_of(referenced_table, key.referenced_columns)) {
  std::vector<Oid> from = types_of(referenced_table, key.referenced_columns),
                   to = types_of(referencing, key.columns);
  for (size_t i = 0; i < from.size(); ++i) {
    KeyConversion conversion(from[i], to[i]);
    types.push_back(conversion.is_simple() ? to[i] : from[i]);
    conversions.emplace_back(from[i], types.back());
  }
  for (ColumnNumber c : key.referenced_columns) {
    places.push_back(
        static_cast<uint16_t>(std::find(key_columns.begin(), key_columns.end(), c) - key_columns.begin()));
  }
  find = fmt::format("SELECT 1 FROM {}{}.{} x{} LIMIT 1 FOR KEY SHARE OF x",
                     referencing.is_partitioned() ? "" : "ONLY ", quoted(schema), quoted(table),
                     condition(referencing, key, 1));
  if (key.on_update == 'c') update_types = from;
  update_types.insert(update_types.end(), types.begin(), types.end());
}

namespace {

// The table that the key names, of a part that one of its partitions has.
Oid referenced_whole(catalog::Catalog& catalog, const ForeignKey& key) {
  Oid table = key.referenced;
  for (Oid parent = key.parent; parent != kInvalidOid;) {
    const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(parent.value())}};
    parent = kInvalidOid;
    catalog.for_each(catalog::system_table("pg_constraint"), match, [&](const catalog::Row& row) {
      table = row.oid("confrelid");
      parent = row.oid("conparentid");
    });
  }
  return table;
}

}  // namespace

TableConstraints::TableConstraints(ConstraintHost& host, catalog::RelationPtr picture)
    : relation(std::move(picture)) {
  for (const ForeignKey& key : relation->foreign_keys) {
    checks.push_back(std::make_unique<ReferenceCheck>(key, *relation));
  }
  for (const ForeignKey& key : relation->referenced_by) {
    for (ColumnNumber c : key.referenced_columns) {
      if (std::find(key_columns.begin(), key_columns.end(), c) == key_columns.end()) key_columns.push_back(c);
    }
  }
  key_ordinals = ordinals_of(*relation, key_columns);
  for (const ForeignKey& key : relation->referenced_by) {
    catalog::RelationPtr referencing =
        key.table == relation->oid ? relation : host.catalog().relation(key.table);
    if (referencing == nullptr) continue;
    actions.push_back(std::make_unique<ReferenceAction>(key, *relation, *referencing, key_columns));
    actions.back()->whole = referenced_whole(host.catalog(), key);
  }
  auto by_oid = [](const auto& a, const auto& b) { return a->key.oid < b->key.oid; };
  std::sort(checks.begin(), checks.end(), by_oid);
  std::sort(actions.begin(), actions.end(), by_oid);
}

}  // namespace varve::executor
