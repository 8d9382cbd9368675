// A bound query: what a statement means. Built by the analyzer, rewritten and planned by the planner.
// Everything lies in the statement's arena.
#pragma once

#include <span>
#include <string_view>

#include "analyzer/expression.h"
#include "catalog/relation.h"
#include "txn/lock_manager.h"

namespace varve::analyzer {

enum class CommandType : uint8_t { kSelect, kInsert, kUpdate, kDelete, kMerge };

struct RangeColumn {
  std::string_view name;
  Oid type;
  int32_t typmod = -1;
  Oid collation;
  Oid domain = kInvalidOid;  // see Expr
};

// An index with expressions or a predicate, bound over range 0, as if its table were the only one.
struct IndexExpressions {
  const catalog::Index* index = nullptr;
  ExprList keys;  // one a key column; null: a plain column
  Expr* predicate = nullptr;
};

// A table that stands, with others, for a partitioned table or for a table with children (Family).
struct Member {
  const catalog::RelationPtr* relation = nullptr;
  std::span<const int16_t>
      columns;  // [column of the range - 1]: the number of the same column here; empty: the same
  std::span<IndexExpressions> index_expressions;  // of its indexes, over range 0 with its own column numbers
  // Of a table that is written, likewise: see Query.
  ExprList checks;
  std::span<std::string_view> check_names;
  std::span<int16_t> generated;
  ExprList generated_exprs;
};
// One level of a partition tree.
struct PartitionedTable {
  struct Slot {
    int32_t member = -1;  // of the family, or
    int32_t table = -1;   // the next level's
  };
  const catalog::RelationPtr* relation = nullptr;
  ExprList keys;          // over range 0, as if the range's table were the only one
  std::span<Slot> slots;  // by the partition's number in Relation::partitioning
};
// What a partitioned table, or a table with children, is read and written as.
struct Family {
  std::span<Member> members;           // tables that hold rows, in the order of their bounds
  std::span<PartitionedTable> tables;  // the first is the range's; empty: inheritance without partitions
};
// Of a partition that is written by its own name: its rows must be its own among its parent's.
struct PartitionCheck {
  const catalog::RelationPtr* parent = nullptr;
  ExprList keys;  // over range 0
  int32_t partition = -1;
};

enum class RangeKind : uint8_t { kRelation, kSubquery, kFunction, kValues, kCte };

// One item that FROM made: a table, subquery, function, VALUES list or CTE reference.
struct Range {
  RangeKind kind;
  std::string_view alias;
  std::span<RangeColumn> columns;  // [column - 1]; dropped table columns have an empty name
  int32_t location = -1;           // where FROM names it
  bool lateral = false;            // may refer to ranges left of it

  const catalog::RelationPtr* relation = nullptr;
  // TABLESAMPLE: both of type float8; null percent: the whole table, null seed: another sample every time.
  bool sample_by_page = false;
  Expr* sample_percent = nullptr;
  Expr* sample_seed = nullptr;
  std::span<IndexExpressions> index_expressions;  // of the relation's indexes that have any
  // Of each of its statistics objects, in their order, over range 0.
  std::span<ExprList> statistics_expressions;
  bool only = false;         // written ONLY
  Family* family = nullptr;  // null: the relation alone (ONLY, or nothing belongs to it)

  // Row security: what a row of the relation must pass before any condition sees it that might tell of it (is
  // not leakproof). Tested in this order. `acts_as`: with whose rights the conditions' tables are read.
  ExprList security;
  Oid acts_as;

  bool barrier = false;                        // kSubquery: of a security_barrier view, the same for its rows
  Query* query = nullptr;                      // kSubquery
  const catalog::RelationPtr* view = nullptr;  // kSubquery: the view whose query it is

  // How FROM said it, for printing.
  bool has_alias = false;
  bool has_column_aliases = false;
  bool written_lateral = false;

  const functions::Function* function = nullptr;  // kFunction; null: the scalar `args[0]` as one row
  const functions::CallSite* site = nullptr;
  ExprList args;
  bool with_ordinality = false;

  std::span<ExprList> rows;  // kValues

  uint32_t cte = 0;  // index into the CTEs of the query `cte_levels_up` levels out
  uint32_t cte_levels_up = 0;
  bool work_table = false;  // the recursive reference inside the CTE itself
};

enum class FromKind : uint8_t { kRange, kJoin };
enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull };

struct FromItem {
  FromKind kind;
  uint32_t range = 0;  // kRange
  JoinKind join = JoinKind::kInner;
  FromItem* left = nullptr;
  FromItem* right = nullptr;
  Expr* condition = nullptr;  // null: true
  std::span<const std::string_view>
      using_columns;  // USING or NATURAL, for printing; the condition says the same
  std::string_view alias;
};

struct Target {
  Expr* expr = nullptr;
  std::string_view name;
  bool junk = false;  // computed for ORDER BY or DISTINCT, not part of the result
  Oid origin_table;   // for RowDescription
  int16_t origin_column = 0;
  int16_t assigned_column = 0;  // INSERT / UPDATE
};

// ORDER BY, DISTINCT ON, GROUP BY: by number of the target.
struct TargetKey {
  uint32_t target = 0;
  bool descending = false;
  bool nulls_first = false;
  const types::Collation* collation = nullptr;
};

struct WindowBound {
  uint8_t kind = 0;  // planner::FrameBoundKind
  Expr* offset = nullptr;
};
struct Window {
  std::string_view name;
  std::span<SortKey> partition;
  std::span<SortKey> order;
  uint8_t mode = 1;   // planner::FrameMode: rows, range, groups
  uint8_t start = 0;  // planner::FrameBoundKind
  uint8_t end = 2;
  Expr* start_offset = nullptr;
  Expr* end_offset = nullptr;
  uint8_t exclusion = 0;  // planner::FrameExclusion
  const functions::Function* range_add = nullptr;
  const functions::Function* range_subtract = nullptr;
};

enum class SetOpKind : uint8_t { kUnion, kIntersect, kExcept };
// A tree over the query's ranges (all kSubquery).
struct SetOp {
  bool leaf = false;
  uint32_t range = 0;
  SetOpKind op = SetOpKind::kUnion;
  bool all = false;
  SetOp* left = nullptr;
  SetOp* right = nullptr;
};

struct Cte {
  std::string_view name;
  Query* query = nullptr;  // null while recursive parts are being bound
  bool recursive = false;  // query is a UNION [ALL] whose right side reads the work table
  uint32_t references = 0;
  bool materialize = false;  // AS MATERIALIZED, or more than one reference, or volatile
  bool never_materialize = false;
  bool written_materialized = false;
  bool has_column_aliases = false;
  uint32_t expression_depth = 0;  // subqueries in expressions around the WITH
  bool is_starting = false;       // the non-recursive term is being bound
  bool is_read = false;           // by its recursive term, so far
  std::span<RangeColumn> columns;
};

struct RowLocking {
  uint32_t range = 0;
  bool from_outside = false;  // FOR UPDATE of the query around: conditions on its rows may come first
  txn::RowLock strength = txn::RowLock::kUpdate;
  txn::WaitPolicy policy = txn::WaitPolicy::kWait;
};

// A view that a statement writes through.
struct WrittenView {
  const catalog::RelationPtr* view = nullptr;
  Oid acts_as;                                  // whose right on it is asked for; 0: who runs the statement
  std::span<const catalog::ColumnNumber> base;  // of each of its columns the table's, or 0
};
// A condition of such a view, part of `where`, and with whose rights it reads.
struct ViewCondition {
  const Expr* condition = nullptr;
  Oid acts_as;
};

struct OnConflict {
  bool do_nothing = true;
  std::span<const catalog::Index*> arbiters;  // empty: any unique index (DO NOTHING only)
  // DO UPDATE: ranges 0 (the existing row) and `excluded_range` can be named.
  uint32_t excluded_range = 0;
  std::span<Target> assignments;
  Expr* where = nullptr;
};

// When a condition over a row (range 0) must be true: WITH CHECK OPTION's and row security's.
enum class RowCheck : uint8_t {
  kView,         // a new row, written through the view
  kInsert,       // a new row by INSERT
  kUpdate,       // a new row by UPDATE
  kConflict,     // the existing row that ON CONFLICT DO UPDATE found
  kMergeUpdate,  // the existing row that MERGE updates
  kMergeDelete,  // and deletes
};
struct ViewCheck {
  Expr* condition = nullptr;
  std::string_view view;  // or the policy; empty: of all that permit
  RowCheck kind = RowCheck::kView;
  std::string_view table = {};  // of a policy
};

// One WHEN of MERGE. `condition` and the targets' values are over the target (range 0) and the source.
struct MergeAction {
  bool matched = false;
  CommandType command = CommandType::kSelect;  // kSelect: DO NOTHING
  Expr* condition = nullptr;                   // null: true
  std::span<Target> targets;                   // kUpdate: assignments; kInsert: the whole row in column order
  std::span<const catalog::ColumnNumber> supplied;  // kInsert: those that are not left to defaults
};

struct Query {
  CommandType command = CommandType::kSelect;
  std::span<Range*> ranges;
  std::span<FromItem*> from;  // joined without conditions; `where` holds those
  Expr* where = nullptr;
  std::span<Target> targets;
  ExprList group_by;
  std::span<std::span<uint32_t>> grouping_sets;  // over group_by; empty: one set of all
  bool has_group_clause = false;
  std::span<Oid> primary_keys;    // constraints that make columns depend on those of group_by
  uint32_t dependent_groups = 0;  // those columns: the last so many of group_by, in all grouping sets
  Expr* having = nullptr;
  bool has_aggregates = false;
  std::span<Window> windows;
  bool has_windows = false;
  bool has_set_returning = false;
  bool distinct = false;
  std::span<TargetKey> distinct_on;
  std::span<TargetKey> order_by;
  Expr* limit = nullptr;
  Expr* offset = nullptr;
  bool with_ties = false;
  // Of ranges that are subqueries: what their own locking says besides (`from_outside`).
  std::span<const RowLocking> locked_within;
  bool locks_one_by_one = false;  // the query around has a LIMIT: no row is locked before it is asked for
  std::span<RowLocking> locking;
  SetOp* set_op = nullptr;
  std::span<Cte*> ctes;

  // INSERT, UPDATE, DELETE: range 0 is the target table. INSERT's source is `source` (null: DEFAULT VALUES,
  // the targets alone); its targets are over range 1, the source.
  uint32_t result_range = 0;
  Query* source = nullptr;
  std::span<Target> returning;
  OnConflict* on_conflict = nullptr;
  // INSERT and UPDATE: CHECK constraints and stored generated columns of the target, over range 0.
  ExprList checks;
  std::span<std::string_view> check_names;
  std::span<int16_t> generated;
  ExprList generated_exprs;
  std::span<IndexExpressions> index_expressions;  // INSERT, UPDATE and DELETE
  // Of INSERT: the columns that it gives values for; the others get defaults.
  std::span<const catalog::ColumnNumber> supplied;
  std::span<const WrittenView> written_views;  // the one that the statement names first
  std::span<const ViewCondition> view_conditions;
  Oid target_acts_as;  // who writes the table: the owner of the last view; 0: who runs the statement
  std::span<ViewCheck> view_checks;  // of views written through, and of row security
  std::span<PartitionCheck>
      partition_checks;                  // INSERT and UPDATE of a partition, the outermost parent's last
  std::span<MergeAction> merge_actions;  // of MERGE, whose FROM is the join of source and target

  // Filled while binding: does it refer to an outer query?
  bool is_correlated = false;
};

}  // namespace varve::analyzer
