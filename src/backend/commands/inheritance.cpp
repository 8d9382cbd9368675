#include "inheritance.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/registry.h"

namespace varve::commands {

using catalog::RelationKind;

// --- pg_inherits

void add_inheritance(CommandContext& context, Oid child, Oid parent, int32_t sequence, char dependency) {
  RowDraft row(system_table("pg_inherits"));
  row.oid("inhrelid", child).oid("inhparent", parent).int4("inhseqno", sequence);
  context.catalog.insert(row);
  add_dependency(context, relation_address(child), relation_address(parent), dependency);
  change_class_row(context, parent, [](RowDraft& draft) { draft.boolean("relhassubclass", true); });
}

void remove_inheritance(CommandContext& context, Oid child, Oid parent) {
  const KeyMatch row[] = {{"inhrelid", Value::of_oid(child.value())},
                          {"inhparent", Value::of_oid(parent.value())}};
  context.catalog.remove_where(system_table("pg_inherits"), row);
  const KeyMatch depend[] = {{"classid", Value::of_oid(kClassClass.value())},
                             {"objid", Value::of_oid(child.value())},
                             {"refclassid", Value::of_oid(kClassClass.value())},
                             {"refobjid", Value::of_oid(parent.value())}};
  context.catalog.for_each(system_table("pg_depend"), depend, [&](const Row& r) {
    if (r.int4("objsubid") == 0 && r.int4("refobjsubid") == 0)
      context.catalog.remove(system_table("pg_depend"), r);
  });
}

std::vector<Oid> direct_children(CommandContext& context, Oid table) {
  std::vector<Oid> children;
  const KeyMatch match[] = {{"inhparent", Value::of_oid(table.value())}};
  context.catalog.for_each(system_table("pg_inherits"), match,
                           [&](const Row& row) { children.push_back(row.oid("inhrelid")); });
  std::sort(children.begin(), children.end());
  return children;
}

std::vector<Oid> all_children(CommandContext& context, Oid table) {
  std::vector<Oid> found;
  std::vector<Oid> next = direct_children(context, table);
  while (!next.empty()) {
    std::vector<Oid> below;
    for (Oid child : next) {
      if (std::find(found.begin(), found.end(), child) != found.end()) continue;
      found.push_back(child);
      for (Oid grandchild : direct_children(context, child)) below.push_back(grandchild);
    }
    next = std::move(below);
  }
  return found;
}

std::vector<RelationPtr> tables_with_rows(CommandContext& context, const RelationPtr& table) {
  std::vector<RelationPtr> tables;
  if (table->heap != nullptr) tables.push_back(table);
  for (Oid oid : all_children(context, table->oid)) {
    RelationPtr child = context.catalog.relation(oid);
    if (child != nullptr && child->heap != nullptr) tables.push_back(child);
  }
  return tables;
}

void lock_children(CommandContext& context, Oid table, txn::LockMode mode) {
  for (Oid oid : all_children(context, table)) context.services.lock_relation(oid, mode);
}

InheritedState column_state(CommandContext& context, Oid table, ColumnNumber column) {
  InheritedState state;
  const KeyMatch match[] = {{"attrelid", Value::of_oid(table.value())}, {"attnum", Value::of_int16(column)}};
  context.catalog.for_each(system_table("pg_attribute"), match, [&](const Row& row) {
    state = {row.int4("attinhcount"), row.boolean("attislocal")};
  });
  return state;
}

void set_column_state(CommandContext& context, Oid table, ColumnNumber column, InheritedState state) {
  change_attribute_row(context, table, column, [&](RowDraft& draft) {
    draft.int4("attinhcount", state.count).boolean("attislocal", state.local);
  });
}

InheritedState constraint_state(CommandContext& context, Oid constraint) {
  InheritedState state;
  const KeyMatch match[] = {{"oid", Value::of_oid(constraint.value())}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
    state = {row.int4("coninhcount"), row.boolean("conislocal")};
  });
  return state;
}

void set_constraint_state(CommandContext& context, Oid constraint, InheritedState state) {
  const KeyMatch match[] = {{"oid", Value::of_oid(constraint.value())}};
  context.catalog.for_each(system_table("pg_constraint"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_constraint"), row);
    draft.int4("coninhcount", state.count).boolean("conislocal", state.local);
    context.catalog.update(row, draft);
    return false;
  });
}

// --- CREATE TABLE

std::vector<RelationPtr> find_parents(CommandContext& context, const parser::CreateTableStmt& stmt,
                                      const NewTable& table) {
  std::vector<RelationPtr> parents;
  for (const parser::RangeVar* name : stmt.inherits) {
    txn::LockMode lock =
        stmt.is_partition ? txn::LockMode::kAccessExclusive : txn::LockMode::kShareUpdateExclusive;
    RelationPtr parent = find_relation(context, *name, lock);
    if (!parent->is_table()) {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("inherited relation \"{}\" is not a table or foreign table", parent->name));
    }
    if (stmt.is_partition && !parent->is_partitioned()) {
      throw SqlError(sqlstate::kInvalidObjectDefinition,
                     fmt::format("\"{}\" is not partitioned", parent->name));
    }
    if (!stmt.is_partition && parent->is_partitioned()) {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("cannot inherit from partitioned table \"{}\"", parent->name));
    }
    if (!stmt.is_partition && parent->is_partition) {
      throw SqlError(sqlstate::kWrongObjectType,
                     fmt::format("cannot inherit from partition \"{}\"", parent->name));
    }
    require_owner(context, *parent);
    if (table.persistence != 't' && parent->persistence == 't') {
      throw SqlError(
          sqlstate::kWrongObjectType,
          stmt.is_partition
              ? fmt::format("cannot create a permanent relation as partition of temporary relation \"{}\"",
                            parent->name)
              : fmt::format("cannot inherit from temporary relation \"{}\"", parent->name));
    }
    if (stmt.is_partition && table.persistence == 't' && parent->persistence != 't') {
      throw SqlError(
          sqlstate::kWrongObjectType,
          fmt::format("cannot create a temporary relation as partition of permanent relation \"{}\"",
                      parent->name));
    }
    for (const RelationPtr& other : parents) {
      if (other->oid != parent->oid) continue;
      throw SqlError(sqlstate::kDuplicateTable,
                     fmt::format("relation \"{}\" would be inherited from more than once", parent->name));
    }
    parents.push_back(std::move(parent));
  }
  return parents;
}

namespace {

class Merger {
 public:
  Merger(CommandContext& context, bool partition, NewTable* table)
      : context_(context), partition_(partition), table_(*table) {}

  void parent(const Relation& parent) {
    for (const catalog::Column& c : parent.columns) {
      if (!c.dropped) column(c);
    }
  }

  void own_columns() {
    int position = 0;
    for (ColumnDefinition& own : table_.columns) {
      ++position;
      ColumnDefinition* there = find(own.attribute.name);
      if (there == nullptr) {
        columns_.push_back(std::move(own));
        continue;
      }
      if (!partition_)
        say_merging(own.attribute.name, position, static_cast<int>(there - columns_.data()) + 1);
      AttributeRow& a = there->attribute;
      if (own.attribute.type != a.type || own.attribute.typmod != a.typmod) {
        type_conflict("column", own.attribute.name, a, own.attribute.type, own.attribute.typmod);
      }
      if (own.attribute.collation != a.collation) {
        throw SqlError(sqlstate::kCollationMismatch,
                       fmt::format("column \"{}\" has a collation conflict", a.name));
      }
      if (!partition_) a.local = true;
      a.not_null |= own.attribute.not_null;
      if (a.generated != 0 && (own.attribute.has_default || own.attribute.identity != 0) &&
          own.attribute.generated == 0) {
        throw SqlError(sqlstate::kInvalidColumnDefinition,
                       fmt::format("column \"{}\" inherits from generated column but specifies {}", a.name,
                                   own.attribute.identity != 0 ? "identity" : "default"));
      }
      if (own.attribute.generated != 0) {
        throw SqlError(sqlstate::kInvalidColumnDefinition,
                       fmt::format("child column \"{}\" specifies generation expression", a.name))
            .hint(
                "Omit the generation expression in the definition of the child table column to inherit the "
                "generation expression from the parent table.");
      }
      a.identity = own.attribute.identity;
      there->sequence_options = own.sequence_options;
      if (own.attribute.has_default || own.attribute.identity != 0 || own.default_expression != nullptr) {
        a.has_default = true;
        there->default_expression = own.default_expression;
        there->default_sql = own.default_sql;
        there->serial = own.serial;
        settle(a.name);
      }
    }
    if (!conflicts_.empty()) {
      throw SqlError(sqlstate::kInvalidColumnDefinition,
                     fmt::format("column \"{}\" inherits conflicting default values", conflicts_[0]))
          .hint("To resolve the conflict, specify a default explicitly.");
    }
    table_.columns = std::move(columns_);
  }

 private:
  ColumnDefinition* find(std::string_view name) {
    for (ColumnDefinition& c : columns_) {
      if (c.attribute.name == name) return &c;
    }
    return nullptr;
  }
  void settle(std::string_view name) { std::erase(conflicts_, name); }
  void say(std::string message, std::string_view detail = {}) { context_.services.notice(message, detail); }
  void say_merging(std::string_view name, int position, int inherited) {
    if (position == inherited)
      return say(fmt::format("merging column \"{}\" with inherited definition", name));
    say(fmt::format("moving and merging column \"{}\" with inherited definition", name),
        "User-specified column moved to the position of the inherited column.");
  }
  [[noreturn]] void type_conflict(std::string_view what, std::string_view name, const AttributeRow& a,
                                  Oid type, int32_t typmod) {
    throw SqlError(sqlstate::kDatatypeMismatch, fmt::format("{} \"{}\" has a type conflict", what, name))
        .detail(fmt::format("{} versus {}", functions::format_type(a.type, a.typmod),
                            functions::format_type(type, typmod)));
  }

  void column(const catalog::Column& c) {
    Oid type = c.domain != kInvalidOid ? c.domain : c.type;
    int32_t typmod = c.domain != kInvalidOid ? -1 : c.typmod;
    bool has_default = c.has_default && c.identity == 0;
    if (ColumnDefinition* there = find(c.name)) {
      say(fmt::format("merging multiple inherited definitions of column \"{}\"", c.name));
      AttributeRow& a = there->attribute;
      if (a.type != type || a.typmod != typmod) type_conflict("inherited column", c.name, a, type, typmod);
      if (a.collation != c.collation) {
        throw SqlError(sqlstate::kCollationMismatch,
                       fmt::format("inherited column \"{}\" has a collation conflict", c.name));
      }
      if (a.generated != c.generated) {
        throw SqlError(sqlstate::kDatatypeMismatch,
                       fmt::format("inherited column \"{}\" has a generation conflict", c.name));
      }
      ++a.inherited;
      a.not_null |= c.not_null;
      if (!has_default) return;
      if (there->default_sql.empty()) {
        there->default_sql = c.default_sql;
        a.has_default = true;
      } else if (there->default_sql != c.default_sql) {
        settle(c.name);
        conflicts_.push_back(c.name);
      }
      return;
    }
    ColumnDefinition column;
    AttributeRow& a = column.attribute;
    a.name = c.name;
    a.type = type;
    a.typmod = typmod;
    a.collation = c.collation;
    a.not_null = c.not_null;
    a.generated = c.generated;
    a.local = false;
    a.inherited = 1;
    if (has_default) {
      a.has_default = true;
      column.default_sql = c.default_sql;
    }
    columns_.push_back(std::move(column));
  }

  CommandContext& context_;
  bool partition_;
  NewTable& table_;
  std::vector<ColumnDefinition> columns_;
  std::vector<std::string> conflicts_;
};

}  // namespace

void merge_parents(CommandContext& context, const std::vector<RelationPtr>& parents, bool partition,
                   NewTable* table, std::vector<InheritedCheck>* checks) {
  Merger merger(context, partition, table);
  for (const RelationPtr& parent : parents) {
    merger.parent(*parent);
    for (const catalog::CheckConstraint& check : parent->checks) {
      if (check.no_inherit) continue;
      auto there = std::find_if(checks->begin(), checks->end(),
                                [&](const InheritedCheck& c) { return c.name == check.name; });
      if (there == checks->end()) {
        checks->push_back({check.name, check.expression_sql});
      } else if (there->sql == check.expression_sql) {
        ++there->count;
      } else {
        throw SqlError(
            sqlstate::kDuplicateObject,
            fmt::format("check constraint name \"{}\" appears multiple times but with different expressions",
                        check.name));
      }
    }
  }
  merger.own_columns();
}

// --- INHERIT, NO INHERIT

void adopt_columns(CommandContext& context, const Relation& child, const Relation& parent, bool partition) {
  for (const catalog::Column& c : parent.columns) {
    if (c.dropped) continue;
    ColumnNumber number = child.find_column(c.name);
    if (number == 0) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("child table is missing column \"{}\"", c.name));
    }
    const catalog::Column& own = child.column(number);
    if (own.type != c.type || own.typmod != c.typmod || own.domain != c.domain) {
      throw SqlError(
          sqlstate::kDatatypeMismatch,
          fmt::format("child table \"{}\" has different type for column \"{}\"", child.name, c.name));
    }
    if (own.collation != c.collation) {
      throw SqlError(
          sqlstate::kCollationMismatch,
          fmt::format("child table \"{}\" has different collation for column \"{}\"", child.name, c.name));
    }
    if (c.not_null && !own.not_null) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("column \"{}\" in child table must be marked NOT NULL", c.name));
    }
    if ((c.generated != 0) != (own.generated != 0)) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("column \"{}\" in child table must {}be a generated column", c.name,
                                 c.generated != 0 ? "" : "not "));
    }
    if (c.generated != 0 && c.default_sql != own.default_sql) {
      throw SqlError(
          sqlstate::kDatatypeMismatch,
          fmt::format("column \"{}\" in child table has a conflicting generation expression", c.name));
    }
    InheritedState state = column_state(context, child.oid, number);
    ++state.count;
    if (partition) state.local = false;
    set_column_state(context, child.oid, number, state);
  }
}

void adopt_checks(CommandContext& context, const Relation& child, const Relation& parent) {
  for (const catalog::CheckConstraint& check : parent.checks) {
    if (check.no_inherit) continue;
    auto own = std::find_if(child.checks.begin(), child.checks.end(),
                            [&](const catalog::CheckConstraint& c) { return c.name == check.name; });
    if (own == child.checks.end()) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("child table is missing constraint \"{}\"", check.name));
    }
    if (own->expression_sql != check.expression_sql) {
      throw SqlError(sqlstate::kDatatypeMismatch,
                     fmt::format("child table \"{}\" has different definition for check constraint \"{}\"",
                                 child.name, check.name));
    }
    if (own->no_inherit) {
      throw SqlError(
          sqlstate::kInvalidObjectDefinition,
          fmt::format("constraint \"{}\" conflicts with non-inherited constraint on child table \"{}\"",
                      check.name, child.name));
    }
    if (check.validated && !own->validated) {
      throw SqlError(
          sqlstate::kInvalidObjectDefinition,
          fmt::format("constraint \"{}\" conflicts with NOT VALID constraint on child table \"{}\"",
                      check.name, child.name));
    }
    InheritedState state = constraint_state(context, own->oid);
    ++state.count;
    if (parent.is_partitioned()) state.local = false;
    set_constraint_state(context, own->oid, state);
  }
}

void release_columns_and_checks(CommandContext& context, const Relation& child, const Relation& parent) {
  for (const catalog::Column& c : parent.columns) {
    ColumnNumber number = c.dropped ? 0 : child.find_column(c.name);
    if (number == 0) continue;
    InheritedState state = column_state(context, child.oid, number);
    if (state.count == 0) continue;
    if (--state.count == 0) state.local = true;
    set_column_state(context, child.oid, number, state);
  }
  for (const catalog::CheckConstraint& check : parent.checks) {
    for (const catalog::CheckConstraint& own : child.checks) {
      if (own.name != check.name || check.no_inherit) continue;
      InheritedState state = constraint_state(context, own.oid);
      if (state.count == 0) continue;
      if (--state.count == 0) state.local = true;
      set_constraint_state(context, own.oid, state);
    }
  }
}

void add_parent(CommandContext& context, Oid child_oid, const parser::RangeVar& name) {
  RelationPtr child = context.catalog.relation(child_oid);
  if (child->is_partition)
    throw SqlError(sqlstate::kWrongObjectType, "cannot change inheritance of a partition");
  if (child->is_partitioned()) {
    throw SqlError(sqlstate::kWrongObjectType, "cannot change inheritance of partitioned table");
  }
  RelationPtr parent = find_relation(context, name, txn::LockMode::kShareUpdateExclusive);
  if (!parent->is_table()) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("\"{}\" is not a table or foreign table", parent->name));
  }
  require_owner(context, *parent);
  if (child->persistence == 'p' && parent->persistence == 't') {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("cannot inherit from temporary relation \"{}\"", parent->name));
  }
  if (parent->is_partitioned()) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("cannot inherit from partitioned table \"{}\"", parent->name));
  }
  if (parent->is_partition) throw SqlError(sqlstate::kWrongObjectType, "cannot inherit from a partition");
  std::vector<Oid> below = all_children(context, child_oid);
  if (parent->oid == child_oid || std::find(below.begin(), below.end(), parent->oid) != below.end()) {
    throw SqlError(sqlstate::kDuplicateTable, "circular inheritance not allowed")
        .detail(fmt::format("\"{}\" is already a child of \"{}\".", parent->name, child->name));
  }
  int32_t sequence = 1;
  const KeyMatch match[] = {{"inhrelid", Value::of_oid(child_oid.value())}};
  context.catalog.for_each(system_table("pg_inherits"), match, [&](const Row& row) {
    if (row.oid("inhparent") == parent->oid) {
      throw SqlError(sqlstate::kDuplicateTable,
                     fmt::format("relation \"{}\" would be inherited from more than once", parent->name));
    }
    sequence = std::max(sequence, row.int4("inhseqno") + 1);
  });
  adopt_columns(context, *child, *parent, false);
  adopt_checks(context, *child, *parent);
  add_inheritance(context, child_oid, parent->oid, sequence, 'n');
}

void drop_parent(CommandContext& context, Oid child_oid, const parser::RangeVar& name) {
  RelationPtr child = context.catalog.relation(child_oid);
  if (child->is_partition)
    throw SqlError(sqlstate::kWrongObjectType, "cannot change inheritance of a partition");
  RelationPtr parent = find_relation(context, name, txn::LockMode::kAccessShare);
  if (std::find(child->parents.begin(), child->parents.end(), parent->oid) == child->parents.end()) {
    throw SqlError(
        sqlstate::kUndefinedTable,
        fmt::format("relation \"{}\" is not a parent of relation \"{}\"", parent->name, child->name));
  }
  release_columns_and_checks(context, *child, *parent);
  remove_inheritance(context, child_oid, parent->oid);
}

}  // namespace varve::commands
