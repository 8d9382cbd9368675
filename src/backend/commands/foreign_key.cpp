#include "foreign_key.h"

#include <algorithm>
#include <fmt/format.h>

#include "catalog_rows.h"
#include "common/sql_error.h"
#include "constraints.h"
#include "drop.h"
#include "executor/row_disclosure.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "inheritance.h"
#include "parser/parser.h"
#include "privileges.h"

namespace varve::commands {

using catalog::ForeignKey;
using catalog::Index;
using catalog::RelationKind;
using parser::ForeignKeyAction;

namespace {

char action_letter(ForeignKeyAction action) {
  switch (action) {
    case ForeignKeyAction::kNoAction:
      return 'a';
    case ForeignKeyAction::kRestrict:
      return 'r';
    case ForeignKeyAction::kCascade:
      return 'c';
    case ForeignKeyAction::kSetNull:
      return 'n';
    case ForeignKeyAction::kSetDefault:
      return 'd';
  }
  return 'a';
}

std::vector<ColumnNumber> key_columns(const Relation& table, parser::NameList names) {
  std::vector<ColumnNumber> out;
  static constexpr std::string_view kSystem[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
  for (std::string_view name : names) {
    ColumnNumber number = table.find_column(name);
    if (number == 0 && std::find(std::begin(kSystem), std::end(kSystem), name) != std::end(kSystem)) {
      throw SqlError(sqlstate::kFeatureNotSupported, "system columns cannot be used in foreign keys");
    }
    if (number == 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" referenced in foreign key constraint does not exist", name));
    }
    if (out.size() >= 32)
      throw SqlError(sqlstate::kTooManyColumns, "cannot have more than 32 keys in a foreign key");
    out.push_back(number);
  }
  return out;
}

const Index& primary_key_of(const Relation& table, std::vector<ColumnNumber>* columns) {
  const Index* index = table.primary_key();
  if (index == nullptr) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("there is no primary key for referenced table \"{}\"", table.name));
  }
  if (!index->immediate) {
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        fmt::format("cannot use a deferrable primary key for referenced table \"{}\"", table.name));
  }
  for (const catalog::IndexColumn& key : index->keys) columns->push_back(key.column);
  return *index;
}

// The unique index over exactly these columns, in any order.
const Index& matching_index(const Relation& table, const std::vector<ColumnNumber>& columns) {
  std::vector<ColumnNumber> wanted = columns;
  std::sort(wanted.begin(), wanted.end());
  if (std::adjacent_find(wanted.begin(), wanted.end()) != wanted.end()) {
    throw SqlError(sqlstate::kInvalidForeignKey,
                   "foreign key referenced-columns list must not contain duplicates");
  }
  bool deferrable = false;
  for (const Index& index : table.indexes) {
    if (!index.can_be_referenced() || !index.valid) continue;
    std::vector<ColumnNumber> have;
    for (const catalog::IndexColumn& key : index.keys) have.push_back(key.column);
    std::sort(have.begin(), have.end());
    if (have != wanted) continue;
    if (index.immediate) return index;
    deferrable = true;
  }
  if (deferrable) {
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        fmt::format("cannot use a deferrable unique constraint for referenced table \"{}\"", table.name));
  }
  throw SqlError(sqlstate::kInvalidForeignKey,
                 fmt::format("there is no unique constraint matching given keys for referenced table \"{}\"",
                             table.name));
}

// --- comparing columns of two types

// Types that one B-tree operator family compares with one another.
int family_of(Oid type) {
  switch (type.value()) {
    case type_oid::kInt2.value():
    case type_oid::kInt4.value():
    case type_oid::kInt8.value():
      return 1;
    case type_oid::kFloat4.value():
    case type_oid::kFloat8.value():
      return 2;
    case type_oid::kDate.value():
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
      return 3;
    case type_oid::kText.value():
    case type_oid::kName.value():
      return 4;
    default:
      return 0;
  }
}

// What the type's default operator class takes.
Oid class_type(Oid type) { return type == type_oid::kVarchar ? type_oid::kText : type; }

Oid equality(Oid left, Oid right) {
  for (const functions::Operator* op : functions::operators_named("=")) {
    if (op->left == left && op->right == right) return op->oid;
  }
  return kInvalidOid;
}

bool implicit(Oid from, Oid to) {
  if (from == to) return true;
  const functions::Cast* cast = functions::find_cast(from, to);
  return cast != nullptr && cast->context == functions::CastContext::kImplicit;
}

struct KeyOperators {
  std::vector<Oid> pf, pp,
      ff;  // referenced = referencing, referenced = referenced, referencing = referencing
};

KeyOperators key_operators(const std::string& name, const Relation& table,
                           std::span<const ColumnNumber> columns, const Relation& referenced,
                           std::span<const ColumnNumber> referenced_columns) {
  KeyOperators out;
  for (size_t i = 0; i < columns.size(); ++i) {
    const catalog::Column& own = table.column(columns[i]);
    const catalog::Column& other = referenced.column(referenced_columns[i]);
    const functions::Operator* alike =
        own.type == other.type ? functions::equality_operator(own.type) : nullptr;
    if (alike != nullptr) {
      for (std::vector<Oid>* list : {&out.pf, &out.pp, &out.ff}) list->push_back(alike->oid);
      continue;
    }
    Oid key_type = class_type(other.type);
    Oid same = equality(key_type, key_type);
    Oid mixed =
        own.type == key_type || (family_of(own.type) != 0 && family_of(own.type) == family_of(key_type))
            ? equality(key_type, own.type)
            : kInvalidOid;
    Oid own_equal = equality(own.type, own.type);
    if (mixed == kInvalidOid) {
      if (!implicit(own.type, key_type) || !implicit(other.type, key_type)) {
        throw SqlError(sqlstate::kDatatypeMismatch,
                       fmt::format("foreign key constraint \"{}\" cannot be implemented", name))
            .detail(fmt::format("Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
                                own.name, other.name, functions::format_type(own.type, own.typmod),
                                functions::format_type(other.type, other.typmod)));
      }
      mixed = own_equal = same;
    }
    out.pf.push_back(mixed);
    out.pp.push_back(same);
    out.ff.push_back(own_equal);
  }
  return out;
}

std::string oid_array(const std::vector<Oid>& oids) {
  std::string out = "{";
  for (Oid oid : oids) out += fmt::format("{}{}", out.size() > 1 ? "," : "", oid.value());
  return out + "}";
}

void set_operators(RowDraft& row, const KeyOperators& operators) {
  row.text("conpfeqop", oid_array(operators.pf)).text("conppeqop", oid_array(operators.pp));
  row.text("conffeqop", oid_array(operators.ff));
}

// --- what may refer to what

RelationPtr referenced_table(CommandContext& context, const Relation& table,
                             const parser::Constraint& constraint) {
  parser::RangeVar name = *constraint.referenced;
  name.location = -1;  // PostgreSQL's message points nowhere
  RelationPtr referenced = find_relation(context, name, txn::LockMode::kShareRowExclusive);
  if (!referenced->is_table()) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("referenced relation \"{}\" is not a table", referenced->name));
  }
  if (referenced->is_system) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied: \"{}\" is a system catalog", referenced->name));
  }
  if (table.persistence == 'p' && referenced->persistence != 'p') {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   "constraints on permanent tables may reference only permanent tables");
  }
  if (table.persistence == 't' && referenced->persistence != 't') {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   "constraints on temporary tables may reference only temporary tables");
  }
  if (table.persistence == 'u' && referenced->persistence == 't') {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   "constraints on unlogged tables may reference only permanent or unlogged tables");
  }
  return referenced;
}

void refuse_generated(const Relation& table, std::span<const ColumnNumber> columns,
                      const parser::Constraint& constraint) {
  bool generated = std::any_of(columns.begin(), columns.end(),
                               [&](ColumnNumber c) { return table.column(c).generated != 0; });
  if (!generated) return;
  auto sets = [](ForeignKeyAction a) {
    return a == ForeignKeyAction::kSetNull || a == ForeignKeyAction::kSetDefault;
  };
  for (bool update : {true, false}) {
    ForeignKeyAction action = update ? constraint.on_update : constraint.on_delete;
    if (!sets(action) && !(update && action == ForeignKeyAction::kCascade)) continue;
    throw SqlError(sqlstate::kSyntaxError,
                   fmt::format("invalid ON {} action for foreign key constraint containing generated column",
                               update ? "UPDATE" : "DELETE"));
  }
}

std::vector<ColumnNumber> delete_set_columns(const Relation& table, std::span<const ColumnNumber> columns,
                                             const parser::Constraint& constraint) {
  std::vector<ColumnNumber> out = key_columns(table, constraint.on_delete_set_columns);
  for (size_t i = 0; i < out.size(); ++i) {
    if (std::find(columns.begin(), columns.end(), out[i]) != columns.end()) continue;
    throw SqlError(sqlstate::kInvalidColumnReference,
                   fmt::format("column \"{}\" referenced in ON DELETE SET action must be part of foreign key",
                               constraint.on_delete_set_columns[i]));
  }
  std::vector<ColumnNumber> once;
  for (ColumnNumber c : out) {
    if (std::find(once.begin(), once.end(), c) == once.end()) once.push_back(c);
  }
  return once;
}

std::string constraint_name(CommandContext& context, const Relation& table,
                            const parser::Constraint& constraint, std::span<const ColumnNumber> columns) {
  if (constraint.name.empty()) {
    std::vector<std::string> names;
    for (ColumnNumber c : columns) names.push_back(table.column(c).name);
    return choose_constraint_name(context, table.name, join_names(names), "fkey", table.schema, {});
  }
  if (constraint_name_exists(context, table.oid, constraint.name)) {
    throw SqlError(
        sqlstate::kDuplicateObject,
        fmt::format("constraint \"{}\" for relation \"{}\" already exists", constraint.name, table.name));
  }
  return std::string(constraint.name);
}

void add_key_dependencies(CommandContext& context, const ConstraintRow& row) {
  ObjectAddress self{kConstraintClass, row.oid};
  for (ColumnNumber c : row.columns) add_dependency(context, self, column_address(row.relation, c), 'a');
  for (ColumnNumber c : row.referenced_columns)
    add_dependency(context, self, column_address(row.referenced, c), 'n');
  add_dependency(context, self, relation_address(row.index), 'n');
}

const ForeignKey& find_key(const Relation& table, Oid oid) {
  for (const ForeignKey& key : table.foreign_keys) {
    if (key.oid == oid) return key;
  }
  throw SqlError(sqlstate::kInternalError, "the foreign key is not there");
}

std::string column_of(const Relation& table, ColumnNumber number, std::string_view alias) {
  return fmt::format("{}.{}", alias, parser::quote_identifier(table.column(number).name));
}

}  // namespace

void check_foreign_key_rows(CommandContext& context, const ForeignKey& key) {
  RelationPtr table = context.catalog.relation(key.table);
  if (table->is_partitioned()) return;  // its partitions have their own
  RelationPtr referenced = context.catalog.relation(key.referenced);
  bool is_whole = std::any_of(table->foreign_keys.begin(), table->foreign_keys.end(),
                              [&](const ForeignKey& k) { return k.oid == key.oid; });
  if (!is_whole) return;  // of one referenced partition: the key of the whole says what must be there
  std::string columns, join, present;
  for (size_t i = 0; i < key.columns.size(); ++i) {
    std::string own = column_of(*table, key.columns[i], "fk");
    std::string other = column_of(*referenced, key.referenced_columns[i], "pk");
    columns += (i == 0 ? "" : ", ") + own;
    join += fmt::format("{}{} OPERATOR(pg_catalog.=) {}", i == 0 ? "" : " AND ", other, own);
    present += fmt::format("{}{} IS NOT NULL", i == 0 ? "" : key.match == 'f' ? " OR " : " AND ", own);
  }
  std::vector<Value> row;
  std::string sql = fmt::format(
      "SELECT {} FROM ONLY {} fk WHERE ({}) AND NOT EXISTS (SELECT 1 FROM {}{} pk WHERE {}) LIMIT 1", columns,
      qualified_name(context, table->schema, table->name), present,
      referenced->is_partitioned() ? "" : "ONLY ",
      qualified_name(context, referenced->schema, referenced->name), join);
  if (!context.services.query_row(sql, context.arena, &row)) return;
  const bool null = std::any_of(row.begin(), row.end(), [](const Value& v) { return v.null; });
  std::string shown = executor::describe_key(*table, key.columns, row, context.eval);
  throw SqlError(sqlstate::kForeignKeyViolation,
                 fmt::format("insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                             table->name, key.name))
      .detail(null ? "MATCH FULL does not allow mixing of null and nonnull key values."
                   : fmt::format("{} is not present in table \"{}\".", shown, referenced->name))
      .schema(table->schema_name)
      .table(table->name)
      .constraint(key.name);
}

void add_foreign_key(CommandContext& context, Oid table_oid, const parser::Constraint& constraint,
                     std::string_view column) {
  RelationPtr table = context.catalog.relation(table_oid);
  RelationPtr referenced = referenced_table(context, *table, constraint);
  ConstraintRow row;
  std::string_view own_name[] = {column};
  row.columns = key_columns(*table, column.empty() ? constraint.columns : parser::NameList(own_name));
  row.delete_set_columns = delete_set_columns(*table, row.columns, constraint);
  const Index* index = nullptr;
  if (constraint.referenced_columns.empty()) {
    index = &primary_key_of(*referenced, &row.referenced_columns);
  } else {
    row.referenced_columns = key_columns(*referenced, constraint.referenced_columns);
    index = &matching_index(*referenced, row.referenced_columns);
  }
  require_table_privilege(context, referenced->oid, 'x', "table");
  refuse_generated(*table, row.columns, constraint);
  if (row.columns.size() != row.referenced_columns.size()) {
    throw SqlError(sqlstate::kInvalidForeignKey,
                   "number of referencing and referenced columns for foreign key disagree");
  }
  row.name = constraint_name(context, *table, constraint, row.columns);
  KeyOperators operators = key_operators(row.name, *table, row.columns, *referenced, row.referenced_columns);
  row.oid = catalog::Database::new_oid();
  row.schema = table->schema;
  row.kind = 'f';
  row.relation = table_oid;
  row.index = index->oid;
  row.validated = !constraint.not_valid;
  row.deferrable = constraint.deferrable;
  row.deferred = constraint.initially_deferred;
  row.referenced = referenced->oid;
  row.on_update = action_letter(constraint.on_update);
  row.on_delete = action_letter(constraint.on_delete);
  row.match = constraint.match == parser::ForeignKeyMatch::kFull ? 'f' : 's';
  row.no_inherit = !table->is_partitioned();
  insert_constraint_row(context, row);
  change_row(context, "pg_constraint", row.oid, [&](RowDraft& draft) { set_operators(draft, operators); });
  add_key_dependencies(context, row);
  for (Oid oid : {table_oid, referenced->oid}) {
    change_class_row(context, oid, [](RowDraft& draft) { draft.boolean("relhastriggers", true); });
  }
  table = context.catalog.relation(table_oid);
  const ForeignKey& key = find_key(*table, row.oid);
  for (Oid partition : table->is_partitioned() ? direct_children(context, table_oid) : std::vector<Oid>()) {
    clone_foreign_key(context, table, key, partition);
  }
  referenced = context.catalog.relation(referenced->oid);
  if (referenced->is_partitioned()) {
    for (Oid partition : direct_children(context, referenced->oid))
      clone_referenced_key(context, referenced, key, partition);
  }
  if (row.validated) check_foreign_key_rows(context, key);
}

void clone_foreign_key(CommandContext& context, const RelationPtr& parent, const ForeignKey& key,
                       Oid partition_oid) {
  RelationPtr partition = context.catalog.relation(partition_oid);
  ConstraintRow row;
  auto moved = [&](const std::vector<ColumnNumber>& columns) {
    std::vector<ColumnNumber> out;
    for (ColumnNumber c : columns) out.push_back(partition->find_column(parent->column(c).name));
    return out;
  };
  row.columns = moved(key.columns);
  row.delete_set_columns = moved(key.delete_set_columns);
  for (const ForeignKey& own : partition->foreign_keys) {
    bool same = own.referenced == key.referenced && own.columns == row.columns &&
                own.referenced_columns == key.referenced_columns && own.on_update == key.on_update &&
                own.on_delete == key.on_delete && own.match == key.match &&
                own.deferrable == key.deferrable && own.initially_deferred == key.initially_deferred &&
                own.validated && own.parent == kInvalidOid;
    if (!same) continue;
    change_row(context, "pg_constraint", own.oid, [&](RowDraft& draft) {
      draft.oid("conparentid", key.oid)
          .int4("coninhcount", 1)
          .boolean("conislocal", false)
          .boolean("connoinherit", false);
    });
    return add_dependency(context, {kConstraintClass, own.oid}, {kConstraintClass, key.oid}, 'P');
  }
  row.name = key.name;
  if (constraint_name_exists(context, partition_oid, row.name)) {
    std::vector<std::string> names;
    for (ColumnNumber c : row.columns) names.push_back(partition->column(c).name);
    row.name =
        choose_constraint_name(context, partition->name, join_names(names), "fkey", partition->schema, {});
  }
  RelationPtr referenced = context.catalog.relation(key.referenced);
  context.services.lock_relation(referenced->oid, txn::LockMode::kShareRowExclusive);
  KeyOperators operators =
      key_operators(row.name, *partition, row.columns, *referenced, key.referenced_columns);
  row.oid = catalog::Database::new_oid();
  row.schema = partition->schema;
  row.kind = 'f';
  row.relation = partition_oid;
  row.index = key.referenced_index;
  row.validated = key.validated;
  row.deferrable = key.deferrable;
  row.deferred = key.initially_deferred;
  row.referenced = key.referenced;
  row.referenced_columns = key.referenced_columns;
  row.on_update = key.on_update;
  row.on_delete = key.on_delete;
  row.match = key.match;
  row.local = false;
  row.inherited = 1;
  row.parent = key.oid;
  insert_constraint_row(context, row);
  change_row(context, "pg_constraint", row.oid, [&](RowDraft& draft) { set_operators(draft, operators); });
  add_key_dependencies(context, row);
  add_dependency(context, {kConstraintClass, row.oid}, {kConstraintClass, key.oid}, 'P');
  for (Oid oid : {partition_oid, referenced->oid}) {
    change_class_row(context, oid, [](RowDraft& draft) { draft.boolean("relhastriggers", true); });
  }
  partition = context.catalog.relation(partition_oid);
  const ForeignKey& own = find_key(*partition, row.oid);
  for (Oid below :
       partition->is_partitioned() ? direct_children(context, partition_oid) : std::vector<Oid>()) {
    clone_foreign_key(context, partition, own, below);
  }
  if (row.validated) check_foreign_key_rows(context, own);
}

void clone_referenced_key(CommandContext& context, const RelationPtr& parent, const ForeignKey& key,
                          Oid partition_oid) {
  RelationPtr partition = context.catalog.relation(partition_oid);
  RelationPtr table = context.catalog.relation(key.table);
  auto index = std::find_if(partition->indexes.begin(), partition->indexes.end(),
                            [&](const Index& i) { return i.parent == key.referenced_index; });
  if (index == partition->indexes.end())
    throw SqlError(sqlstate::kInternalError, "a partition has no part of the referenced index");
  ForeignKey own = key;
  own.oid = catalog::Database::new_oid();
  own.parent = key.oid;
  own.referenced = partition_oid;
  own.referenced_index = index->oid;
  for (ColumnNumber& c : own.referenced_columns) c = partition->find_column(parent->column(c).name);
  if (constraint_name_exists(context, table->oid, own.name)) {
    std::vector<std::string> names;
    for (ColumnNumber c : key.columns) names.push_back(table->column(c).name);
    own.name = choose_constraint_name(context, table->name, join_names(names), "fkey", table->schema, {});
  }
  ConstraintRow row;
  row.oid = own.oid;
  row.name = own.name;
  row.schema = table->schema;
  row.kind = 'f';
  row.relation = table->oid;
  row.columns = own.columns;
  row.delete_set_columns = own.delete_set_columns;
  row.index = own.referenced_index;
  row.validated = own.validated;
  row.deferrable = own.deferrable;
  row.deferred = own.initially_deferred;
  row.referenced = partition_oid;
  row.referenced_columns = own.referenced_columns;
  row.on_update = own.on_update;
  row.on_delete = own.on_delete;
  row.match = own.match;
  row.local = false;
  row.inherited = 1;
  row.parent = key.oid;
  insert_constraint_row(context, row);
  KeyOperators operators = key_operators(row.name, *table, row.columns, *partition, row.referenced_columns);
  change_row(context, "pg_constraint", row.oid, [&](RowDraft& draft) { set_operators(draft, operators); });
  add_key_dependencies(context, row);
  add_dependency(context, {kConstraintClass, row.oid}, {kConstraintClass, key.oid}, 'i');
  change_class_row(context, partition_oid, [](RowDraft& draft) { draft.boolean("relhastriggers", true); });
  partition = context.catalog.relation(partition_oid);
  if (!partition->is_partitioned()) return;
  for (Oid below : direct_children(context, partition_oid))
    clone_referenced_key(context, partition, own, below);
}

namespace {

// The first row of `table` that refers to one of the partition's.
void refuse_referenced_rows(CommandContext& context, const Relation& partition, const ForeignKey& key) {
  RelationPtr table = context.catalog.relation(key.table);
  std::string columns, join;
  for (size_t i = 0; i < key.columns.size(); ++i) {
    std::string own = column_of(*table, key.columns[i], "fk");
    columns += (i == 0 ? "" : ", ") + own;
    join += fmt::format("{}{} OPERATOR(pg_catalog.=) {}", i == 0 ? "" : " AND ",
                        column_of(partition, key.referenced_columns[i], "pk"), own);
  }
  std::string sql = fmt::format(
      "SELECT {} FROM {}{} fk JOIN {}{} pk ON {} LIMIT 1", columns, table->is_partitioned() ? "" : "ONLY ",
      qualified_name(context, table->schema, table->name), partition.is_partitioned() ? "" : "ONLY ",
      qualified_name(context, partition.schema, partition.name), join);
  std::vector<Value> row;
  if (!context.services.query_row(sql, context.arena, &row)) return;
  std::string shown = executor::describe_key(*table, key.columns, row, context.eval);
  throw SqlError(sqlstate::kForeignKeyViolation,
                 fmt::format("removing partition \"{}\" violates foreign key constraint \"{}\"",
                             partition.name, key.name))
      .detail(fmt::format("{} is still referenced from table \"{}\".", shown, table->name))
      .schema(table->schema_name)
      .table(table->name)
      .constraint(key.name);
}

}  // namespace

void release_referenced_keys(CommandContext& context, Oid table) {
  RelationPtr relation = context.catalog.relation(table);
  for (const ForeignKey& key : relation->referenced_by) {
    if (key.parent != kInvalidOid) refuse_referenced_rows(context, *relation, key);
  }
  for (const ForeignKey& key : relation->referenced_by) {
    if (key.parent == kInvalidOid) continue;
    const KeyMatch depend[] = {{"classid", Value::of_oid(kConstraintClass.value())},
                               {"objid", Value::of_oid(key.oid.value())}};
    context.catalog.for_each(system_table("pg_depend"), depend, [&](const Row& row) {
      if (row.letter("deptype") == 'i') context.catalog.remove(system_table("pg_depend"), row);
    });
    drop_objects(context, {{kConstraintClass, key.oid}}, parser::DropBehavior::kRestrict);
  }
}

void release_foreign_keys(CommandContext& context, Oid table) {
  RelationPtr relation = context.catalog.relation(table);
  for (const ForeignKey& key : relation->foreign_keys) {
    if (key.parent == kInvalidOid) continue;
    change_row(context, "pg_constraint", key.oid, [](RowDraft& draft) {
      draft.oid("conparentid", kInvalidOid).int4("coninhcount", 0).boolean("conislocal", true);
    });
    const KeyMatch depend[] = {{"classid", Value::of_oid(kConstraintClass.value())},
                               {"objid", Value::of_oid(key.oid.value())}};
    context.catalog.for_each(system_table("pg_depend"), depend, [&](const Row& row) {
      if (row.letter("deptype") == 'P') context.catalog.remove(system_table("pg_depend"), row);
    });
  }
}

void renew_foreign_keys(CommandContext& context, Oid table_oid, ColumnNumber column) {
  auto has = [&](const std::vector<ColumnNumber>& columns) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  RelationPtr table = context.catalog.relation(table_oid);
  std::vector<ForeignKey> keys;
  for (const ForeignKey& key : table->foreign_keys) {
    if (has(key.columns)) keys.push_back(key);
  }
  for (const ForeignKey& key : table->referenced_by) {
    if (has(key.referenced_columns)) keys.push_back(key);
  }
  for (const ForeignKey& key : keys) {
    context.services.lock_relation(key.table == table_oid ? key.referenced : key.table,
                                   txn::LockMode::kShareRowExclusive);
    RelationPtr own = context.catalog.relation(key.table), other = context.catalog.relation(key.referenced);
    KeyOperators operators = key_operators(key.name, *own, key.columns, *other, key.referenced_columns);
    change_row(context, "pg_constraint", key.oid, [&](RowDraft& draft) { set_operators(draft, operators); });
    if (key.validated) check_foreign_key_rows(context, key);
  }
}

void alter_constraint(CommandContext& context, Oid table_oid, const parser::Constraint& constraint) {
  RelationPtr table = context.catalog.relation(table_oid);
  for (const ForeignKey& key : table->foreign_keys) {
    if (key.name != constraint.name) continue;
    // With all that are parts of it.
    std::vector<Oid> keys{key.oid};
    for (size_t i = 0; i < keys.size(); ++i) {
      const KeyMatch parts[] = {{"conparentid", Value::of_oid(keys[i].value())}};
      context.catalog.for_each(system_table("pg_constraint"), parts,
                               [&](const Row& row) { keys.push_back(row.oid("oid")); });
      change_row(context, "pg_constraint", keys[i], [&](RowDraft& draft) {
        draft.boolean("condeferrable", constraint.deferrable)
            .boolean("condeferred", constraint.initially_deferred);
      });
    }
    return;
  }
  if (constraint_name_exists(context, table_oid, constraint.name)) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("constraint \"{}\" of relation \"{}\" is not a foreign key constraint",
                               constraint.name, table->name));
  }
  throw SqlError(
      sqlstate::kUndefinedObject,
      fmt::format("constraint \"{}\" of relation \"{}\" does not exist", constraint.name, table->name));
}

}  // namespace varve::commands
