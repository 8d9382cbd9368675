// Writing the rows that make up a relation in the system tables. No checks here: callers have made them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command_context.h"

namespace varve::commands {

using catalog::ColumnNumber;
using catalog::KeyMatch;
using catalog::Relation;
using catalog::RelationPtr;
using catalog::Row;
using catalog::RowDraft;
using catalog::system_table;
using types::Value;

// Oids of the system tables, as pg_depend names them.
inline constexpr Oid kClassClass{1259};
inline constexpr Oid kTypeClass{1247};
inline constexpr Oid kConstraintClass{2606};
inline constexpr Oid kDefaultClass{2604};
inline constexpr Oid kNamespaceClass{2615};
inline constexpr Oid kRewriteClass{2618};
inline constexpr Oid kProcClass{1255};
inline constexpr Oid kTriggerClass{2620};
inline constexpr Oid kPolicyClass{3256};
inline constexpr Oid kRoleClass{1260};
inline constexpr Oid kDatabaseClass{1262};
inline constexpr Oid kExtensionClass{3079};
inline constexpr Oid kLanguageClass{2612};

struct ObjectAddress {
  Oid class_oid;
  Oid object;
  int32_t sub = 0;  // column number
  bool operator==(const ObjectAddress&) const = default;
};
inline ObjectAddress relation_address(Oid oid) { return {kClassClass, oid, 0}; }
inline ObjectAddress column_address(Oid oid, ColumnNumber column) { return {kClassClass, oid, column}; }

// `type`: n normal, a auto, i internal, e extension, as in pg_depend.
void add_dependency(CommandContext& context, const ObjectAddress& dependent, const ObjectAddress& referenced,
                    char type);
// Makes a new object a member of the extension whose script is being run, if one is. What add_dependency()
// ties to a schema is one already.
void add_to_extension(CommandContext& context, const ObjectAddress& object);
// Membership in an extension stays.
void remove_dependencies_of(CommandContext& context, const ObjectAddress& dependent);

struct ClassRow {
  Oid oid;
  std::string name;
  Oid schema;
  char kind = 'r';
  Oid row_type;
  Oid access_method;  // 2 heap, 403 btree, 0 none
  PageId segment;
  int16_t columns = 0;
  int16_t checks = 0;
  char persistence = 'p';
  bool has_rules = false;
  bool is_partition = false;
  bool populated = true;
  std::string options;  // text[] literal; empty: none
  Oid owner;
};
void insert_class_row(CommandContext& context, const ClassRow& row);
// Applies `change(RowDraft&)` to the one row of a system table whose column `key` has that value.
template <class F>
void change_row_by(CommandContext& context, std::string_view table, std::string_view key, Oid value,
                   F&& change) {
  const KeyMatch match[] = {{key, Value::of_oid(value.value())}};
  context.catalog.for_each(system_table(table), match, [&](const Row& row) {
    RowDraft draft(system_table(table), row);
    change(draft);
    context.catalog.update(row, draft);
    return false;
  });
}
template <class F>
void change_row(CommandContext& context, std::string_view table, Oid oid, F&& change) {
  change_row_by(context, table, "oid", oid, change);
}
template <class F>
void change_class_row(CommandContext& context, Oid relation, F&& change) {
  change_row(context, "pg_class", relation, change);
}
// Snapshots from before do not read the index from then on.
template <class F>
void change_index_row(CommandContext& context, Oid index, F&& change) {
  change_row_by(context, "pg_index", "indexrelid", index, change);
}

struct AttributeRow {
  std::string name;
  Oid type;
  int32_t typmod = -1;
  Oid collation;
  int32_t dimensions = 0;
  bool not_null = false;
  bool has_default = false;
  char identity = 0;
  char generated = 0;
  bool local = true;      // written in its own table, not only inherited
  int32_t inherited = 0;  // from so many parents
};
void insert_attribute_row(CommandContext& context, Oid relation, ColumnNumber number,
                          const AttributeRow& column);
// tableoid, cmax … with negative numbers.
void insert_system_attributes(CommandContext& context, Oid relation);
template <class F>
void change_attribute_row(CommandContext& context, Oid relation, ColumnNumber number, F&& change) {
  const KeyMatch match[] = {{"attrelid", Value::of_oid(relation.value())},
                            {"attnum", Value::of_int16(number)}};
  context.catalog.for_each(system_table("pg_attribute"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_attribute"), row);
    change(draft);
    context.catalog.update(row, draft);
    return false;
  });
}

// The composite type of a relation's rows and its array type; returns the composite's oid.
Oid insert_row_type(CommandContext& context, Oid relation, std::string_view name, Oid schema, Oid owner);
// Replaces the default of a column; empty: none. Returns the pg_attrdef oid (0 if none).
Oid set_default_row(CommandContext& context, Oid relation, ColumnNumber number, std::string_view sql);

struct ConstraintRow {
  Oid oid;
  std::string name;
  Oid schema;
  char kind = 'c';  // c p u f
  Oid relation;
  Oid domain;  // instead of a relation
  Oid index;   // it is implemented by (p, u), or the one of the referenced table (f)
  std::vector<ColumnNumber> columns;
  std::string expression;
  bool no_inherit = false;
  bool validated = true;
  bool deferrable = false, deferred = false;
  Oid referenced;
  std::vector<ColumnNumber> referenced_columns, delete_set_columns;
  char on_update = 'a', on_delete = 'a', match = 's';
  bool local = true;
  int32_t inherited = 0;
  Oid parent;  // the partitioned table's constraint that this one is a part of
};
void insert_constraint_row(CommandContext& context, const ConstraintRow& row);

// "{1,2}" and "1 2".
std::string array_text(std::span<const ColumnNumber> numbers);
std::string vector_text(std::span<const ColumnNumber> numbers);
// "{a,\"b c\"}"
std::string text_array(std::span<const std::string> items);

}  // namespace varve::commands
