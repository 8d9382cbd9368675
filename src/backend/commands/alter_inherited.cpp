#include "alter_inherited.h"

#include <algorithm>
#include <fmt/format.h>

#include "alter_table.h"
#include "common/sql_error.h"
#include "constraints.h"
#include "functions/type_oids.h"
#include "inheritance.h"
#include "parser/parser.h"
#include "partition.h"
#include "table_expression.h"

namespace varve::commands {

using parser::AlterTableAction;
using parser::AlterTableCmd;
using parser::Constraint;
using parser::ConstraintKind;

namespace {

SqlError invalid_definition(std::string message) {
  return SqlError(sqlstate::kInvalidTableDefinition, std::move(message));
}

bool in_partition_key(CommandContext& context, const RelationPtr& table, ColumnNumber column) {
  std::vector<ColumnNumber> key = partition_key_columns(context, table);
  return std::find(key.begin(), key.end(), column) != key.end();
}

void refuse_key_column(CommandContext& context, const RelationPtr& table, ColumnNumber column,
                       std::string_view verb) {
  if (!in_partition_key(context, table, column)) return;
  throw invalid_definition(
      fmt::format("cannot {} column \"{}\" because it is part of the partition key of relation \"{}\"", verb,
                  table->column(column).name, table->name));
}

// --- ADD COLUMN

bool makes_constraint(const Constraint& c) {
  return c.type == ConstraintKind::kCheck || c.type == ConstraintKind::kPrimaryKey ||
         c.type == ConstraintKind::kUnique || c.type == ConstraintKind::kForeignKey ||
         c.type == ConstraintKind::kExclusion;
}

void add_column_to_child(CommandContext& context, Oid oid, const AlterTableCmd& cmd,
                         const catalog::Column& added) {
  RelationPtr child = context.catalog.relation(oid);
  ColumnNumber there = child->find_column(added.name);
  if (there == 0) {
    run_alter_command(context, oid, cmd);
    there = context.catalog.relation(oid)->find_column(added.name);
    set_column_state(context, oid, there, {1, false});
    for (Oid below : direct_children(context, oid)) add_column_to_child(context, below, cmd, added);
    return;
  }
  const catalog::Column& own = child->column(there);
  if (own.type != added.type || own.typmod != added.typmod) {
    throw SqlError(
        sqlstate::kDatatypeMismatch,
        fmt::format("child table \"{}\" has different type for column \"{}\"", child->name, added.name));
  }
  InheritedState state = column_state(context, oid, there);
  ++state.count;
  set_column_state(context, oid, there, state);
  context.services.notice(
      fmt::format("merging definition of column \"{}\" for child \"{}\"", added.name, child->name));
}

bool is_serial(const parser::TypeName& type) {
  static constexpr std::string_view kWords[] = {"serial",  "serial4",     "bigserial",
                                                "serial8", "smallserial", "serial2"};
  return std::find(std::begin(kWords), std::end(kWords), type.names.back()) != std::end(kWords);
}

// A serial column's children have its type and draw from its sequence.
void draw_from_parent(CommandContext& context, const catalog::Column& added,
                      const std::vector<Constraint*>& constraints, parser::ColumnDef* definition) {
  auto* type = context.arena.make<parser::TypeName>(*definition->type);
  std::string_view name[] = {added.type == type_oid::kInt2   ? "int2"
                             : added.type == type_oid::kInt4 ? "int4"
                                                             : "int8"};
  type->names = context.arena.copy(std::span<const std::string_view>(name));
  definition->type = type;
  auto* value = context.arena.make<Constraint>();
  value->type = ConstraintKind::kDefault;
  value->expression = parser::parse_expression(context.arena.copy(added.default_sql), context.arena);
  auto* present = context.arena.make<Constraint>();
  present->type = ConstraintKind::kNotNull;
  std::vector<Constraint*> all = constraints;
  all.push_back(value);
  all.push_back(present);
  definition->constraints = context.arena.copy(all);
}

void add_column(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  RelationPtr table = context.catalog.relation(oid);
  const auto& source = *parser::as<parser::ColumnDef>(cmd.definition);
  if (table->is_partition) throw SqlError(sqlstate::kWrongObjectType, "cannot add column to a partition");
  std::vector<Oid> children = direct_children(context, oid);
  if (children.empty()) return run_alter_command(context, oid, cmd);
  if (cmd.missing_ok && table->find_column(source.name) != 0) return run_alter_command(context, oid, cmd);
  if (!recurse) throw invalid_definition("column must be added to child tables too");
  // The column first, everywhere; then its constraints, which find their own way down.
  parser::ColumnDef plain = source;
  std::vector<Constraint*> kept, later;
  for (Constraint* c : source.constraints) {
    if (c->type == ConstraintKind::kIdentity)
      throw invalid_definition("cannot recursively add identity column to table that has child tables");
    (makes_constraint(*c) ? later : kept).push_back(c);
  }
  plain.constraints = kept;
  AlterTableCmd first = cmd;
  first.definition = &plain;
  run_alter_command(context, oid, first);
  RelationPtr fresh = context.catalog.relation(oid);
  const catalog::Column& added = fresh->column(fresh->find_column(source.name));
  parser::ColumnDef of_child = plain;
  if (is_serial(*source.type)) draw_from_parent(context, added, kept, &of_child);
  first.definition = &of_child;
  for (Oid child : children) add_column_to_child(context, child, first, added);
  std::string_view names[] = {source.name};
  for (Constraint* c : later) {
    Constraint copy = *c;
    if (copy.type != ConstraintKind::kCheck && copy.columns.empty()) copy.columns = names;
    AlterTableCmd then = cmd;
    then.action = AlterTableAction::kAddConstraint;
    then.definition = &copy;
    alter_with_children(context, oid, then, recurse);
  }
}

// --- DROP COLUMN

void drop_column(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse, bool from_parent) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = table->find_column(cmd.name);
  if (number == 0) return run_alter_command(context, oid, cmd);
  if (!from_parent && column_state(context, oid, number).count > 0) {
    throw invalid_definition(fmt::format("cannot drop inherited column \"{}\"", cmd.name));
  }
  refuse_key_column(context, table, number, "drop");
  std::vector<Oid> children = direct_children(context, oid);
  if (!recurse && !children.empty() && table->is_partitioned()) {
    throw invalid_definition("cannot drop column from only the partitioned table when partitions exist")
        .hint("Do not specify the ONLY keyword.");
  }
  for (Oid child : children) {
    ColumnNumber theirs = context.catalog.relation(child)->find_column(cmd.name);
    if (theirs == 0) continue;
    InheritedState state = column_state(context, child, theirs);
    if (recurse && state.count == 1 && !state.local) {
      drop_column(context, child, cmd, true, true);
      continue;
    }
    --state.count;
    if (!recurse) state.local = true;
    set_column_state(context, child, theirs, state);
  }
  run_alter_command(context, oid, cmd);
}

// --- ALTER COLUMN

analyzer::Expr* bind_stored_check(CommandContext& context, std::string_view sql, const RelationPtr& table) {
  std::string_view text = context.arena.copy(sql);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  inner.sql = text;
  return analyzer::analyze_table_expression(inner, parser::parse_expression(text, context.arena), &table,
                                            "check constraints");
}

// A child that is reached a second time has the check already.
void tell_of_merged_check(CommandContext& context, Oid table, std::string_view name, std::vector<Oid>* seen) {
  for (Oid child : direct_children(context, table)) {
    if (std::find(seen->begin(), seen->end(), child) != seen->end()) {
      context.services.notice(fmt::format("merging constraint \"{}\" with inherited definition", name));
      continue;
    }
    seen->push_back(child);
    tell_of_merged_check(context, child, name, seen);
  }
}

void alter_type(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = table->find_column(cmd.name);
  if (number == 0) return run_alter_command(context, oid, cmd);
  if (column_state(context, oid, number).count > 0) {
    throw invalid_definition(fmt::format("cannot alter inherited column \"{}\"", cmd.name));
  }
  refuse_key_column(context, table, number, "alter");
  std::vector<Oid> children = all_children(context, oid);
  if (!recurse && !children.empty()) {
    throw invalid_definition(
        fmt::format("type of inherited column \"{}\" must be changed in child tables too", cmd.name));
  }
  for (Oid child : children) {
    RelationPtr c = context.catalog.relation(child);
    int32_t expected = 0;
    for (Oid parent : c->parents)
      expected += parent == oid || std::find(children.begin(), children.end(), parent) != children.end();
    if (column_state(context, child, c->find_column(cmd.name)).count > expected) {
      throw invalid_definition(
          fmt::format("cannot alter inherited column \"{}\" of relation \"{}\"", cmd.name, c->name));
    }
    refuse_key_column(context, c, c->find_column(cmd.name), "alter");
  }
  run_alter_command(context, oid, cmd);
  for (Oid child : children) run_alter_command(context, child, cmd);
  // The checks that read the column are made anew, down every line of inheritance.
  for (const catalog::CheckConstraint& check : table->checks) {
    analyzer::Expr* bound = bind_stored_check(context, check.expression_sql, table);
    std::vector<ColumnNumber> read = columns_of(bound);
    if (check.no_inherit || std::find(read.begin(), read.end(), number) == read.end()) continue;
    std::vector<Oid> seen;
    tell_of_merged_check(context, oid, check.name, &seen);
  }
}

void drop_not_null(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  RelationPtr table = context.catalog.relation(oid);
  ColumnNumber number = table->find_column(cmd.name);
  if (number != 0 && table->is_partition) {
    RelationPtr parent = context.catalog.relation(table->parents.at(0));
    ColumnNumber theirs = parent->find_column(cmd.name);
    if (theirs != 0 && parent->column(theirs).not_null) {
      throw invalid_definition(fmt::format("column \"{}\" is marked NOT NULL in parent table", cmd.name));
    }
  }
  std::vector<Oid> children = all_children(context, oid);
  if (!recurse && table->is_partitioned() && !children.empty()) {
    throw invalid_definition("cannot remove constraint from only the partitioned table when partitions exist")
        .hint("Do not specify the ONLY keyword.");
  }
  run_alter_command(context, oid, cmd);
  for (Oid child : recurse ? children : std::vector<Oid>()) run_alter_command(context, child, cmd);
}

// --- constraints

// `added`: the tables whose rows have yet to be looked at.
void add_check_to_child(CommandContext& context, Oid oid, const catalog::CheckConstraint& check,
                        std::vector<Oid>* added) {
  RelationPtr child = context.catalog.relation(oid);
  bool merged = false;
  for (const catalog::CheckConstraint& own : child->checks) {
    if (own.name != check.name) continue;
    if (own.expression_sql != check.expression_sql) {
      throw SqlError(
          sqlstate::kDuplicateObject,
          fmt::format("constraint \"{}\" for relation \"{}\" already exists", check.name, child->name));
    }
    InheritedState state = constraint_state(context, own.oid);
    ++state.count;
    if (child->is_partition) state.local = false;
    set_constraint_state(context, own.oid, state);
    context.services.notice(fmt::format("merging constraint \"{}\" with inherited definition", check.name));
    merged = true;
  }
  if (merged) return;
  add_inherited_check(context, oid, check.name, check.expression_sql, 1, false, check.validated);
  added->push_back(oid);
  for (Oid below : direct_children(context, oid)) add_check_to_child(context, below, check, added);
}

void add_constraint(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  const auto& constraint = *parser::as<Constraint>(cmd.definition);
  std::vector<Oid> children = direct_children(context, oid);
  RelationPtr before = context.catalog.relation(oid);
  bool whole = before->is_partitioned() &&
               (constraint.type == ConstraintKind::kPrimaryKey ||
                constraint.type == ConstraintKind::kUnique || constraint.type == ConstraintKind::kForeignKey);
  if (whole && !recurse && constraint.type == ConstraintKind::kForeignKey) {
    throw SqlError(
        sqlstate::kWrongObjectType,
        fmt::format("cannot use ONLY for foreign key on partitioned table \"{}\" referencing relation \"{}\"",
                    before->name, constraint.referenced->name));
  }
  if (whole && !recurse && !children.empty()) {
    throw invalid_definition("constraint must be added to child tables too")
        .hint("Do not specify the ONLY keyword.");
  }
  if (whole && constraint.not_valid && constraint.type == ConstraintKind::kForeignKey) {
    throw SqlError(
        sqlstate::kWrongObjectType,
        fmt::format(
            "cannot add NOT VALID foreign key on partitioned table \"{}\" referencing relation \"{}\"",
            before->name, constraint.referenced->name))
        .detail("This feature is not yet supported on partitioned tables.");
  }
  if (constraint.type == ConstraintKind::kCheck && !constraint.no_inherit && !recurse && !children.empty()) {
    throw invalid_definition("constraint must be added to child tables too");
  }
  run_alter_command(context, oid, cmd);
  if (constraint.type != ConstraintKind::kCheck || constraint.no_inherit || children.empty()) return;
  RelationPtr after = context.catalog.relation(oid);
  for (const catalog::CheckConstraint& check : after->checks) {
    bool old = std::any_of(before->checks.begin(), before->checks.end(),
                           [&](const auto& c) { return c.oid == check.oid; });
    if (old) continue;
    std::vector<Oid> added;
    for (Oid child : children) add_check_to_child(context, child, check, &added);
    AlterTableCmd look;
    look.action = AlterTableAction::kValidateConstraint;
    look.name = check.name;
    for (Oid child : constraint.not_valid ? std::vector<Oid>() : added) {
      if (context.catalog.relation(child)->heap != nullptr) run_alter_command(context, child, look);
    }
  }
}

void drop_check(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse, bool from_parent) {
  RelationPtr table = context.catalog.relation(oid);
  auto named = [&](const Relation& r) -> const catalog::CheckConstraint* {
    for (const catalog::CheckConstraint& c : r.checks) {
      if (c.name == cmd.name) return &c;
    }
    return nullptr;
  };
  const catalog::CheckConstraint* check = named(*table);
  if (!from_parent) {
    Oid constraint = check != nullptr ? check->oid : kInvalidOid;
    for (const catalog::Index& i : table->indexes) {
      if (i.constraint != kInvalidOid && i.name == cmd.name) constraint = i.constraint;
    }
    for (const catalog::ForeignKey& k : table->foreign_keys) {
      if (k.name == cmd.name) constraint = k.oid;
    }
    if (constraint != kInvalidOid && constraint_state(context, constraint).count > 0) {
      throw invalid_definition(
          fmt::format("cannot drop inherited constraint \"{}\" of relation \"{}\"", cmd.name, table->name));
    }
  }
  if (check == nullptr || check->no_inherit) return run_alter_command(context, oid, cmd);
  std::vector<Oid> children = direct_children(context, oid);
  if (!recurse && table->is_partitioned() && !children.empty()) {
    throw invalid_definition("cannot remove constraint from only the partitioned table when partitions exist")
        .hint("Do not specify the ONLY keyword.");
  }
  for (Oid child : children) {
    RelationPtr c = context.catalog.relation(child);
    const catalog::CheckConstraint* theirs = named(*c);
    if (theirs == nullptr) continue;
    InheritedState state = constraint_state(context, theirs->oid);
    if (recurse && state.count == 1 && !state.local) {
      drop_check(context, child, cmd, true, true);
      continue;
    }
    --state.count;
    if (!recurse) state.local = true;
    set_constraint_state(context, theirs->oid, state);
  }
  run_alter_command(context, oid, cmd);
}

void validate(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  std::vector<Oid> children = all_children(context, oid);
  for (Oid child : recurse ? children : std::vector<Oid>()) {
    RelationPtr c = context.catalog.relation(child);
    bool there = std::any_of(c->checks.begin(), c->checks.end(),
                             [&](const auto& check) { return check.name == cmd.name; }) ||
                 std::any_of(c->foreign_keys.begin(), c->foreign_keys.end(),
                             [&](const auto& k) { return k.name == cmd.name && k.parent != kInvalidOid; });
    if (there) run_alter_command(context, child, cmd);
  }
  run_alter_command(context, oid, cmd);
}

// The children do as the table does.
void alter_all(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  run_alter_command(context, oid, cmd);
  for (Oid child : recurse ? all_children(context, oid) : std::vector<Oid>())
    run_alter_command(context, child, cmd);
}

void alter_triggers(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  run_alter_command(context, oid, cmd);
  if (!recurse || !context.catalog.relation(oid)->is_partitioned()) return;
  for (Oid child : all_children(context, oid)) {
    RelationPtr c = context.catalog.relation(child);
    bool named = std::any_of(c->triggers.begin(), c->triggers.end(),
                             [&](const auto& t) { return t.name == cmd.name; });
    if (named || cmd.name.empty()) run_alter_command(context, child, cmd);
  }
}

// --- DROP EXPRESSION

void drop_expression(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  RelationPtr table = context.catalog.relation(oid);
  std::vector<Oid> children = all_children(context, oid);
  if (!recurse && !children.empty())
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "ALTER TABLE / DROP EXPRESSION must be applied to child tables too");
  ColumnNumber number = table->find_column(cmd.name);
  if (number != 0 && column_state(context, oid, number).count > 0)
    throw invalid_definition("cannot drop generation expression from inherited column");
  run_alter_command(context, oid, cmd);
  for (Oid child : children) run_alter_command(context, child, cmd);
}

}  // namespace

void alter_with_children(CommandContext& context, Oid oid, const AlterTableCmd& cmd, bool recurse) {
  RelationPtr table = context.catalog.relation(oid);
  if (!table->is_table()) return run_alter_command(context, oid, cmd);
  switch (cmd.action) {
    case AlterTableAction::kAddInherit:
      return add_parent(context, oid, *parser::as<parser::RangeVar>(cmd.definition));
    case AlterTableAction::kDropInherit:
      return drop_parent(context, oid, *parser::as<parser::RangeVar>(cmd.definition));
    case AlterTableAction::kAttachPartition:
      return attach_partition(context, table, cmd);
    case AlterTableAction::kDetachPartition:
    case AlterTableAction::kDetachPartitionFinalize:
      return detach_partition(context, table, cmd);
    default:
      break;
  }
  if (!table->is_partition && !table->is_partitioned() && table->children.empty() && table->parents.empty()) {
    return run_alter_command(context, oid, cmd);
  }
  if (recurse) lock_children(context, oid, txn::LockMode::kAccessExclusive);
  switch (cmd.action) {
    case AlterTableAction::kAddColumn:
      return add_column(context, oid, cmd, recurse);
    case AlterTableAction::kDropColumn:
      return drop_column(context, oid, cmd, recurse, false);
    case AlterTableAction::kAlterColumnType:
      return alter_type(context, oid, cmd, recurse);
    case AlterTableAction::kSetNotNull:
      if (!recurse && table->is_partitioned() && !table->partitioning->partitions.empty()) {
        throw invalid_definition("constraint must be added to child tables too")
            .hint("Do not specify the ONLY keyword.");
      }
      return alter_all(context, oid, cmd, recurse);
    case AlterTableAction::kDropNotNull:
      return drop_not_null(context, oid, cmd, recurse);
    case AlterTableAction::kColumnDefault:
    case AlterTableAction::kSetStatistics:
    case AlterTableAction::kSetStorage:
      return alter_all(context, oid, cmd, recurse);
    case AlterTableAction::kAddConstraint:
      return add_constraint(context, oid, cmd, recurse);
    case AlterTableAction::kDropConstraint:
      return drop_check(context, oid, cmd, recurse, false);
    case AlterTableAction::kValidateConstraint:
      return validate(context, oid, cmd, recurse);
    case AlterTableAction::kEnableTrigger:
    case AlterTableAction::kEnableAlwaysTrigger:
    case AlterTableAction::kEnableReplicaTrigger:
    case AlterTableAction::kDisableTrigger:
    case AlterTableAction::kEnableTriggerAll:
    case AlterTableAction::kDisableTriggerAll:
    case AlterTableAction::kEnableTriggerUser:
    case AlterTableAction::kDisableTriggerUser:
      return alter_triggers(context, oid, cmd, recurse);
    case AlterTableAction::kDropExpression:
      return drop_expression(context, oid, cmd, recurse);
    case AlterTableAction::kSetRelOptions:
      if (table->is_partitioned()) {
        throw SqlError(sqlstate::kInvalidParameterValue,
                       fmt::format("unrecognized parameter \"{}\"", cmd.options[0]->name));
      }
      return run_alter_command(context, oid, cmd);
    default:
      return run_alter_command(context, oid, cmd);
  }
}

std::vector<Oid> children_to_rename(CommandContext& context, const Relation& table, std::string_view column,
                                    bool recurse) {
  if (!table.is_table()) return {};
  ColumnNumber number = table.find_column(column);
  if (number == 0) return {};
  if (column_state(context, table.oid, number).count > 0) {
    throw invalid_definition(fmt::format("cannot rename inherited column \"{}\"", column));
  }
  std::vector<Oid> children = all_children(context, table.oid);
  if (!recurse && !children.empty()) {
    throw invalid_definition(
        fmt::format("inherited column \"{}\" must be renamed in child tables too", column));
  }
  std::vector<Oid> all = children;
  all.push_back(table.oid);
  for (Oid oid : all) {
    context.services.lock_relation(oid, txn::LockMode::kAccessExclusive);
    RelationPtr r = context.catalog.relation(oid);
    if (oid == table.oid) continue;
    int32_t expected = 0;
    for (Oid parent : r->parents) expected += std::find(all.begin(), all.end(), parent) != all.end();
    if (column_state(context, oid, r->find_column(column)).count > expected) {
      throw invalid_definition(fmt::format("cannot rename inherited column \"{}\"", column));
    }
  }
  return children;
}

std::vector<Oid> children_to_rename_constraint(CommandContext& context, const Relation& table,
                                               std::string_view name, bool recurse) {
  for (const catalog::CheckConstraint& check : table.checks) {
    if (check.name != name) continue;
    if (constraint_state(context, check.oid).count > 0) {
      throw invalid_definition(fmt::format("cannot rename inherited constraint \"{}\"", name));
    }
    if (check.no_inherit) return {};
    std::vector<Oid> children = all_children(context, table.oid);
    if (!recurse && !children.empty()) {
      throw invalid_definition(
          fmt::format("inherited constraint \"{}\" must be renamed in child tables too", name));
    }
    for (Oid child : children) context.services.lock_relation(child, txn::LockMode::kAccessExclusive);
    return children;
  }
  return {};
}

}  // namespace varve::commands
