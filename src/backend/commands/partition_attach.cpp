// ATTACH and DETACH PARTITION, and what a new partition takes over from its parent.
#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "drop.h"
#include "foreign_key.h"
#include "index.h"
#include "inheritance.h"
#include "partition.h"
#include "trigger.h"

namespace varve::commands {

using catalog::Index;

void clone_parent_parts(CommandContext& context, Oid parent_oid, Oid child) {
  RelationPtr parent = context.catalog.relation(parent_oid);
  for (const Index& index : parent->indexes) {
    ensure_partition_index(context, parent, spec_of(context, parent, index), {index.oid, index.constraint},
                           child);
  }
  for (const catalog::ForeignKey& key : parent->foreign_keys) clone_foreign_key(context, parent, key, child);
  for (const catalog::ForeignKey& key : parent->referenced_by)
    clone_referenced_key(context, parent, key, child);
  for (const catalog::Trigger& trigger : parent->triggers) {
    if (trigger.is_row()) clone_trigger(context, parent, trigger, child);
  }
}

namespace {

// Rows that belong elsewhere among the partitions of the parent, or of one above it.
void check_rows_fit(CommandContext& context, const Relation& child) {
  RelationPtr self = context.catalog.relation(child.oid);
  for (const RelationPtr& table : tables_with_rows(context, self)) {
    RelationPtr below = self;
    while (below->is_partition) {
      RelationPtr parent = context.catalog.relation(below->parents.at(0));
      int own = parent->partitioning->find_oid(below->oid);
      PartitionKeyOfRows keys(context, parent, table);
      scan_table(context, *table, {}, [&](Tid, std::span<const Value> row) {
        if (parent->partitioning->find(keys.values(row)) == own) return;
        throw SqlError(
            sqlstate::kCheckViolation,
            fmt::format("partition constraint of relation \"{}\" is violated by some row", table->name))
            .schema(table->schema_name)
            .table(table->name);
      });
      below = parent;
    }
  }
}

void check_attachable(CommandContext& context, const Relation& parent, const Relation& child) {
  auto wrong = [](std::string message) { throw SqlError(sqlstate::kWrongObjectType, std::move(message)); };
  if (child.is_partition) wrong(fmt::format("\"{}\" is already a partition", child.name));
  if (child.of_type != kInvalidOid) wrong("cannot attach a typed table as partition");
  if (!child.parents.empty()) wrong("cannot attach inheritance child as partition");
  if (!child.children.empty()) wrong("cannot attach inheritance parent as partition");
  std::vector<Oid> below = all_children(context, child.oid);
  if (child.oid == parent.oid || std::find(below.begin(), below.end(), parent.oid) != below.end()) {
    throw SqlError(sqlstate::kDuplicateTable, "circular inheritance not allowed")
        .detail(fmt::format("\"{}\" is already a child of \"{}\".", parent.name, child.name));
  }
  if (parent.persistence != 't' && child.persistence == 't') {
    wrong(fmt::format("cannot attach a temporary relation as partition of permanent relation \"{}\"",
                      parent.name));
  }
  if (parent.persistence == 't' && child.persistence != 't') {
    wrong(fmt::format("cannot attach a permanent relation as partition of temporary relation \"{}\"",
                      parent.name));
  }
  for (const catalog::Column& c : child.columns) {
    if (c.dropped || parent.find_column(c.name) != 0) continue;
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("table \"{}\" contains column \"{}\" not found in parent \"{}\"", child.name,
                               c.name, parent.name))
        .detail("The new partition may contain only the columns present in parent.");
  }
  for (const catalog::Trigger& t : child.triggers) {
    if (!t.is_row() || (t.old_table.empty() && t.new_table.empty())) continue;
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        fmt::format("trigger \"{}\" prevents table \"{}\" from becoming a partition", t.name, child.name))
        .detail("ROW triggers with transition tables are not supported on partitions.");
  }
}

}  // namespace

void attach_partition(CommandContext& context, const RelationPtr& parent, const parser::AlterTableCmd& cmd) {
  if (!parent->is_partitioned()) {
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   fmt::format("table \"{}\" is not partitioned", parent->name));
  }
  RelationPtr child =
      find_relation(context, *parser::as<parser::RangeVar>(cmd.definition), txn::LockMode::kAccessExclusive);
  if (!child->is_table()) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("\"{}\" is not a table, foreign table, or partition", child->name));
  }
  require_owner(context, *child);
  lock_children(context, child->oid, txn::LockMode::kAccessExclusive);
  check_attachable(context, *parent, *child);
  catalog::PartitionBound bound = read_bound(context, *parent, *cmd.partition_bound);
  check_bound_is_free(context, *parent, child->name, bound, *cmd.partition_bound);
  adopt_columns(context, *child, *parent, true);
  adopt_checks(context, *child, *parent);
  store_bound(context, parent, child->oid, bound);
  clone_parent_parts(context, parent->oid, child->oid);
  check_rows_fit(context, *child);
  check_default_rows(context, parent, bound);
}

void detach_partition(CommandContext& context, const RelationPtr& parent, const parser::AlterTableCmd& cmd) {
  if (!parent->is_partitioned()) {
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   fmt::format("table \"{}\" is not partitioned", parent->name));
  }
  // Like CREATE INDEX CONCURRENTLY it does what it says, but in one transaction and with the usual lock:
  // there is never one that is half done.
  if (cmd.concurrently && parent->partitioning->default_partition >= 0) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   "cannot detach partitions concurrently when a default partition exists");
  }
  RelationPtr child =
      find_relation(context, *parser::as<parser::RangeVar>(cmd.definition), txn::LockMode::kAccessExclusive);
  if (!child->is_partition || child->parents.at(0) != parent->oid) {
    throw SqlError(
        sqlstate::kUndefinedTable,
        fmt::format("relation \"{}\" is not a partition of relation \"{}\"", child->name, parent->name));
  }
  if (cmd.action == parser::AlterTableAction::kDetachPartitionFinalize) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   fmt::format("cannot complete detaching partition \"{}\"", child->name))
        .detail("There's no pending concurrent detach.");
  }
  lock_children(context, child->oid, txn::LockMode::kAccessExclusive);
  release_referenced_keys(context, child->oid);
  release_columns_and_checks(context, *child, *parent);
  for (const Index& index : child->indexes) {
    if (index.parent != kInvalidOid) unlink_partition_index(context, index.oid);
  }
  release_foreign_keys(context, child->oid);
  drop_cloned_triggers(context, child->oid);
  remove_inheritance(context, child->oid, parent->oid);
  change_class_row(context, child->oid,
                   [](RowDraft& draft) { draft.boolean("relispartition", false).null("relpartbound"); });
  const KeyMatch match[] = {{"partrelid", Value::of_oid(parent->oid.value())}};
  context.catalog.for_each(system_table("pg_partitioned_table"), match, [&](const Row& row) {
    if (row.oid("partdefid") != child->oid) return;
    RowDraft draft(system_table("pg_partitioned_table"), row);
    draft.oid("partdefid", kInvalidOid);
    context.catalog.update(row, draft);
  });
}

}  // namespace varve::commands
