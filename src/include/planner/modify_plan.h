// The nodes that write: INSERT, UPDATE, DELETE, MERGE.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "analyzer/query.h"
#include "catalog/relation.h"
#include "planner/plan_node.h"

namespace varve::planner {

using analyzer::Expr;
using analyzer::ExprList;
using analyzer::SortKey;

struct BoundIndex;  // planner/plan.h

// What INSERT, UPDATE and DELETE share. Child output of INSERT: the full new row (one column for each not
// dropped column of the table in order). UPDATE: ctid, old row's columns, then the new value of each assigned
// column. DELETE: ctid, old row's columns. RETURNING and ON CONFLICT expressions are over: new row columns
// (INSERT: columns; UPDATE: new row; DELETE: old row) followed by extra child columns.
struct ModifyPlan : Plan {
  catalog::RelationPtr const* relation = nullptr;
  std::span<catalog::ColumnNumber> assigned;  // UPDATE: column of each new value
  // What the statement itself says values of, whoever may read them.
  std::span<const catalog::ColumnNumber> provided;
  ExprList returning;  // empty: no RETURNING
  ExprList checks;     // CHECK constraints and NOT NULL are tested by the node; over the new row
  std::span<std::string_view> check_names;
  std::span<BoundIndex> bound_indexes;  // of the relation's indexes, those with expressions or a predicate
  // Stored generated columns: expression over the new row, by column.
  std::span<catalog::ColumnNumber> generated;
  ExprList generated_exprs;
  // ON CONFLICT: arbiter indexes; empty with do_nothing: any unique index.
  bool on_conflict = false;
  bool do_nothing = false;
  std::span<const catalog::Index*> arbiters;
  std::span<catalog::ColumnNumber> conflict_assigned;
  ExprList conflict_values;        // over existing row ++ excluded row
  Expr* conflict_where = nullptr;  // over existing row ++ excluded row
  // READ COMMITTED: condition to re-check on the newest version (over the child's output with ctid and old
  // row replaced), and the new values as expressions over the same, so that they can be computed again.
  Expr* recheck = nullptr;
  ExprList recompute;
  // WITH CHECK OPTION and row security: over a row; must be true (44000, 42501).
  ExprList view_checks;
  std::span<const analyzer::ViewCheck> view_check_rules;  // of each: its name and kind
  // MERGE. Child output: ctid (NULL: not matched), the target's row, then the source's columns; conditions
  // and values are over that.
  struct MergeAction {
    bool matched;
    PlanKind action;  // kInsert, kUpdate, kDelete; kResult: do nothing
    Expr* condition;
    std::span<catalog::ColumnNumber>
        columns;  // kUpdate: of each value; kInsert: empty, the values are the whole row
    ExprList values;
  };
  std::span<MergeAction> merge_actions;
  // A partitioned table or a table with children: the tables that hold the rows. What is said above is over
  // the row as `relation` has it; each member has its own checks, over its own row.
  struct Member {
    catalog::RelationPtr const* relation = nullptr;
    std::span<int32_t>
        ordinals;  // by live column: its place among those of `relation`, -1: none; empty: the same
    ExprList checks;
    std::span<std::string_view> check_names;
    std::span<BoundIndex> bound_indexes;
    std::span<catalog::ColumnNumber> generated;
    ExprList generated_exprs;
    ExprList view_checks;
    std::span<const catalog::Index*> arbiters;  // its parts of ModifyPlan::arbiters
  };
  // A partitioned table: where a row goes. `slots`: by partition, the member (>= 0) or the next level (-1 -
  // level).
  struct Route {
    catalog::RelationPtr const* relation = nullptr;
    ExprList keys;  // over the row
    std::span<int32_t> slots;
    int32_t partition = -1;  // of a partition check: where the row must go
  };
  std::span<Member> members;
  std::span<Route> routes;            // the first is that of `relation`
  std::span<Route> partition_checks;  // `relation` is itself a partition: of its parents, from the nearest
  // System columns that RETURNING reads and the node knows, after those of the row.
  std::span<const catalog::ColumnNumber> returned_system;
  int32_t table_column = -1;  // a change of members: the child's column that names the row's table
  int32_t xmin_column = -1;   // … that has the row's transaction, where that is asked for
  bool can_set_tag = true;    // false: of a WITH query, not counted in the statement's tag
};

}  // namespace varve::planner
