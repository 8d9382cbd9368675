// Tables that inherit from others, partitions among them: rows of pg_inherits, and what a child takes from
// its parents.
#pragma once

#include "create_table.h"

namespace varve::commands {

// `dependency`: n for inheritance, a for partitions.
void add_inheritance(CommandContext& context, Oid child, Oid parent, int32_t sequence, char dependency);
void remove_inheritance(CommandContext& context, Oid child, Oid parent);
// Ascending.
std::vector<Oid> direct_children(CommandContext& context, Oid table);
// The children, their children and so on, each once, parents before what inherits from them.
std::vector<Oid> all_children(CommandContext& context, Oid table);
// The table and all below it that hold rows.
std::vector<RelationPtr> tables_with_rows(CommandContext& context, const RelationPtr& table);
// Locks all below the table, as ALTER TABLE must.
void lock_children(CommandContext& context, Oid table, txn::LockMode mode);

// How often a column is inherited (attinhcount), and whether it was also written for the table itself.
struct InheritedState {
  int32_t count = 0;
  bool local = true;
};
InheritedState column_state(CommandContext& context, Oid table, ColumnNumber column);
void set_column_state(CommandContext& context, Oid table, ColumnNumber column, InheritedState state);
InheritedState constraint_state(CommandContext& context, Oid constraint);
void set_constraint_state(CommandContext& context, Oid constraint, InheritedState state);

struct InheritedCheck {
  std::string name, sql;
  int32_t count = 1;
};
// CREATE TABLE … INHERITS and PARTITION OF: the parents' columns go before and into those of the new table;
// their CHECK constraints to `checks`.
void merge_parents(CommandContext& context, const std::vector<RelationPtr>& parents, bool partition,
                   NewTable* table, std::vector<InheritedCheck>* checks);
// The parents that the statement names, locked and fit to be inherited from.
std::vector<RelationPtr> find_parents(CommandContext& context, const parser::CreateTableStmt& stmt,
                                      const NewTable& table);

// ALTER TABLE … INHERIT and NO INHERIT.
void add_parent(CommandContext& context, Oid child, const parser::RangeVar& parent);
void drop_parent(CommandContext& context, Oid child, const parser::RangeVar& parent);
// What INHERIT and ATTACH PARTITION demand of the child, and count as inherited in it.
void adopt_columns(CommandContext& context, const Relation& child, const Relation& parent, bool partition);
void adopt_checks(CommandContext& context, const Relation& child, const Relation& parent);
// The reverse.
void release_columns_and_checks(CommandContext& context, const Relation& child, const Relation& parent);

}  // namespace varve::commands
