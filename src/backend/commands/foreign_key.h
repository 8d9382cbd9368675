// Foreign keys of tables that exist: checking what is there, following what the tables become.
#pragma once

#include "names.h"

namespace varve::commands {

// 23503 unless every row of the referencing table has its row in the referenced one. One query over both.
void check_foreign_key_rows(CommandContext& context, const catalog::ForeignKey& key);
// A column of a foreign key, on either side, has another type now: 42804 if its columns cannot be compared
// any more.
void renew_foreign_keys(CommandContext& context, Oid table, ColumnNumber column);
// ALTER TABLE … ALTER CONSTRAINT: when it is checked.
void alter_constraint(CommandContext& context, Oid table, const parser::Constraint& constraint);

// A partition's own of a partitioned table's key: one that is there and says the same, or a new one.
void clone_foreign_key(CommandContext& context, const RelationPtr& parent, const catalog::ForeignKey& key,
                       Oid partition);
// The part of a key to a partitioned table that one of its partitions has.
void clone_referenced_key(CommandContext& context, const RelationPtr& parent, const catalog::ForeignKey& key,
                          Oid partition);
// Before DETACH: those parts go. 23503 where a row refers to one of the partition's.
void release_referenced_keys(CommandContext& context, Oid table);
// After DETACH they are the table's own.
void release_foreign_keys(CommandContext& context, Oid table);

}  // namespace varve::commands
