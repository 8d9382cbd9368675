// Declarative partitioning: PARTITION BY, FOR VALUES, ATTACH and DETACH.
#pragma once

#include "catalog/partition.h"
#include "names.h"
#include "table_expression.h"

namespace varve::commands {

// PARTITION BY of a table that has just been made: its row in pg_partitioned_table.
void store_partition_key(CommandContext& context, Oid table, const parser::PartitionSpec& spec);
// 42P16 and its like where the strategy does not exist; before the table is made.
void check_partition_strategy(CommandContext& context, const parser::PartitionSpec& spec);

// FOR VALUES … or DEFAULT over the parent's key: values computed, everything checked that needs no other
// partition.
catalog::PartitionBound read_bound(CommandContext& context, const Relation& parent,
                                   const parser::PartitionBoundSpec& spec);
// 42P17 where the bound is empty or overlaps another's.
void check_bound_is_free(CommandContext& context, const Relation& parent, std::string_view name,
                         const catalog::PartitionBound& bound, const parser::PartitionBoundSpec& spec);
// Rows of the parent's default partition that the bound would take away: 23514.
void check_default_rows(CommandContext& context, const RelationPtr& parent,
                        const catalog::PartitionBound& bound);
// Makes `child` a partition: pg_class, pg_inherits.
void store_bound(CommandContext& context, const RelationPtr& parent, Oid child,
                 const catalog::PartitionBound& bound);
// What a new partition gets from its parent besides columns and checks: indexes, keys, triggers.
void clone_parent_parts(CommandContext& context, Oid parent, Oid child);

void attach_partition(CommandContext& context, const RelationPtr& parent, const parser::AlterTableCmd& cmd);
void detach_partition(CommandContext& context, const RelationPtr& parent, const parser::AlterTableCmd& cmd);
// ALTER INDEX … ATTACH PARTITION.
void attach_index(CommandContext& context, const RelationPtr& index, const parser::RangeVar& child);

// The columns that a partitioned table's key reads.
std::vector<ColumnNumber> partition_key_columns(CommandContext& context, const RelationPtr& table);
// 0A000 unless a unique key of a partitioned table holds its whole partition key. `what`: "PRIMARY KEY" or
// "UNIQUE".
void require_partition_key(const Relation& table, std::span<const ColumnNumber> columns,
                           std::string_view what);

// The values of a partitioned table's key in rows of a table below it (or to come below it).
class PartitionKeyOfRows {
 public:
  PartitionKeyOfRows(CommandContext& context, const RelationPtr& partitioned, const RelationPtr& rows);
  std::span<const Value> values(std::span<const Value> row);

 private:
  std::vector<int> ordinals_;  // -1: the next expression
  std::unique_ptr<RowExpressions> expressions_;
  std::vector<Value> values_;
};

}  // namespace varve::commands
