// The physical plan: what the executor runs. Plain data in an arena, built once, run many times (prepared
// statements), by many threads at once (parallel scans): the executor keeps its state elsewhere.
//
// Every node yields chunks whose columns are `output`. Expressions in a node refer to its child's output by
// kInput (joins: left columns first, then right columns; scans: the scanned columns in `columns` order).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/expression.h"
#include "catalog/relation.h"
#include "memory/arena.h"
#include "planner/modify_plan.h"
#include "planner/plan_node.h"
#include "txn/lock_manager.h"

namespace varve::planner {

using analyzer::Expr;
using analyzer::ExprList;
using analyzer::SortKey;

struct ResultPlan : Plan {  // children: none or one (a gate: run the child only if the condition is true)
  ExprList exprs;           // when no child
  Expr* condition = nullptr;
};
struct ValuesPlan : Plan {
  std::string_view alias;
  std::span<ExprList> rows_exprs;
};
struct BoundIndex;
struct PartitionPruning;  // planner/partition_pruning.h
// One table of a scan that reads several as one: those of a partitioned table or of a table and its children.
struct ScanMember {
  catalog::RelationPtr const* relation = nullptr;
  std::span<catalog::ColumnNumber> columns;  // ScanPlan::columns by the numbers they have here
  const catalog::Index* index = nullptr;     // kIndexScan: made like the plan's
  const BoundIndex* bound = nullptr;
};
// Reads `columns` (numbers; negative: system columns, kCtidColumn yields Tid::packed() as int8) of the
// visible rows that pass `filter` (over the scanned columns).
struct ScanPlan : Plan {                           // kSeqScan
  catalog::RelationPtr const* relation = nullptr;  // kept alive by PlannedStatement::relations
  std::string_view alias;
  std::span<catalog::ColumnNumber> columns;
  Expr* filter = nullptr;
  // TABLESAMPLE: float8 over params; null percent: none, null seed: another sample every time.
  bool sample_by_page = false;
  Expr* sample_percent = nullptr;
  Expr* sample_seed = nullptr;
  // Not empty: these are read one after the other in the place of `relation`, which gives names and types
  // alone.
  std::span<ScanMember> members;
  const PartitionPruning* pruning = nullptr;  // which of them a run reads; null: all
};
// Bounds of an index scan: equality on the first n keys, then at most one range.
struct IndexBound {
  Expr* value = nullptr;  // over params / exec params / constants only; null: open
  bool inclusive = true;
};
// What catalog::Index says in SQL, bound: over the table's not dropped columns in order. Only for indexes
// that have an expression or a predicate.
struct BoundIndex {
  const catalog::Index* index = nullptr;
  ExprList keys;  // one a key column; null: a plain column
  Expr* predicate = nullptr;
};
struct IndexScanPlan : ScanPlan {
  const catalog::Index* index = nullptr;
  const BoundIndex* bound = nullptr;  // null: plain columns only
  ExprList equal;                     // one a leading key; a NULL value finds nothing
  IndexBound lower, upper;            // of the key after those
  // Key `equal.size()` takes each of these values in turn (IN lists), in index order, deduplicated.
  ExprList any_of;
  Expr* array_any = nullptr;  // = ANY (array expression) in the same place
  bool backward = false;
  bool unique_match = false;  // all keys of a unique index are equal: at most one row
};
// What an inverted index is asked for: rows whose key `key` stands in `op` to `value`, or those of all or any
// of several such conditions.
struct InvertedCondition {
  enum class Kind : uint8_t { kOperator, kAnd, kOr } kind = Kind::kOperator;
  uint32_t key = 0;
  functions::InvertedOp op = functions::InvertedOp::kNone;
  Expr* value = nullptr;      // over params / exec params / constants only; of the type the operator takes
  Expr* condition = nullptr;  // the whole of it, over the scanned columns
  std::span<InvertedCondition> parts;
};
// The rows come in the order of their Tids. The index says which may fit: `recheck` is tested before
// `filter`.
struct InvertedScanPlan : ScanPlan {
  const catalog::Index* index = nullptr;
  const BoundIndex* bound = nullptr;  // null: plain columns only
  InvertedCondition condition;
  Expr* recheck = nullptr;
  double index_cost = 0, index_rows = 0;  // of what the index does alone
};
struct FunctionScanPlan : Plan {
  std::string_view alias;
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  bool with_ordinality = false;
};
struct CteScanPlan : Plan {  // also kWorkTableScan
  std::string_view alias;
  uint32_t cte = 0;  // index into PlannedStatement::ctes; work tables: the recursive union's slot
};
struct FilterPlan : Plan {
  Expr* condition = nullptr;
};
struct ProjectPlan : Plan {  // also kProjectSet (some exprs are kSetReturning)
  ExprList exprs;
};
struct LimitPlan : Plan {
  Expr* count = nullptr;  // int8 over params; null value: no limit
  Expr* offset = nullptr;
  bool with_ties = false;
  std::span<SortKey> ties;
};
struct SortPlan : Plan {
  std::span<SortKey> keys;
  Expr* limit = nullptr;   // count + offset when known to be pushed down: keep only so many
  uint32_t presorted = 0;  // kIncrementalSort
};
struct UniquePlan : Plan {
  std::span<uint32_t> columns;
};
struct AggregateCallPlan {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  Expr* filter = nullptr;
  bool distinct = false;
  std::span<SortKey> order_by;
};
// Output: group expressions, then aggregates (then the grouping-set number as int4 when sets has more than
// one).
struct AggregatePlan : Plan {
  ExprList groups;
  std::span<AggregateCallPlan> aggregates;
  std::span<std::span<uint32_t>> grouping_sets;  // empty: one set of all groups
  bool input_sorted = false;                     // by the groups: stream instead of hashing
};
enum class FrameMode : uint8_t { kRows, kRange, kGroups };
enum class FrameBoundKind : uint8_t {
  kUnboundedPreceding,
  kPreceding,
  kCurrentRow,
  kFollowing,
  kUnboundedFollowing
};
enum class FrameExclusion : uint8_t { kNone, kCurrentRow, kGroup, kTies };
struct WindowFrame {
  FrameMode mode = FrameMode::kRange;
  FrameBoundKind start = FrameBoundKind::kUnboundedPreceding;
  FrameBoundKind end = FrameBoundKind::kCurrentRow;
  Expr* start_offset = nullptr;
  Expr* end_offset = nullptr;
  FrameExclusion exclusion = FrameExclusion::kNone;
  // RANGE with offsets: value + offset and value - offset of the single order key.
  const functions::Function* range_add = nullptr;
  const functions::Function* range_subtract = nullptr;
};
struct WindowCallPlan {
  const functions::Function* function = nullptr;
  const functions::CallSite* site = nullptr;
  ExprList args;
  Expr* filter = nullptr;
};
// Input sorted by partition, then order keys. Output: input columns, then one column a call.
struct WindowPlan : Plan {
  std::span<SortKey> partition;
  std::span<SortKey> order;
  WindowFrame frame;
  std::span<WindowCallPlan> calls;
};
enum class JoinType : uint8_t {
  kInner,
  kLeft,
  kRight,
  kFull,
  kSemi,      // left rows that have a match
  kAnti,      // left rows that have none
  kNullAnti,  // NOT IN: as anti, but a NULL on either side makes the row not pass (unless the right side is
              // empty)
  kMark,      // every left row plus a boolean column: TRUE / FALSE / NULL as IN yields
  kSingle,    // scalar subquery: left join that errors (21000) on a second match
};
// kHashJoin, kMergeJoin, kNestedLoop. Output: `projection` columns of left ++ right (kMark: left ++ mark).
struct JoinPlan : Plan {
  JoinType join = JoinType::kInner;
  ExprList left_keys;   // over the left child's output
  ExprList right_keys;  // over the right child's output
  std::span<const functions::Function*> key_equality;
  std::span<bool> null_safe;  // key matches NULL with NULL (IS NOT DISTINCT FROM); empty: none
  Expr* condition = nullptr;  // over left ++ right, besides the keys
  bool build_left = false;    // hash the left side instead of the right
  // Columns of left ++ right that nothing reads: the node may leave NULLs in them. Empty: all are read.
  std::span<bool> unused;
  // kNestedLoop with a dependent right side: these left columns are put into these exec params for every left
  // row.
  std::span<uint32_t> param_slots;
  ExprList param_values;
};
// For each left row: equality lookup of `keys` (over the left output) in the index of `inner`.
struct IndexJoinPlan : JoinPlan {
  IndexScanPlan* inner = nullptr;  // columns, filter (over inner columns); its equal list is empty
  ExprList keys;
};
enum class SetOperationKind : uint8_t { kIntersect, kExcept };
struct SetOperationPlan : Plan {
  SetOperationKind operation = SetOperationKind::kIntersect;
  bool all = false;
};
class RowTransform;            // planner/row_transform.h
struct TransformPlan : Plan {  // kTransform; the child sorted as the step wants
  const RowTransform* transform = nullptr;
  ExprList once;  // over params
  ExprList lazy;  // over the child's output
};
struct RecursiveUnionPlan : Plan {  // children: start, recursive
  uint32_t work_table = 0;
  bool distinct = false;
};
// Child's column `tid_column` is the ctid of the row of `relation` to lock.
struct LockRowsPlan : Plan {
  struct Target {
    catalog::RelationPtr const* relation;
    uint32_t tid_column;
    txn::RowLock strength;
    txn::WaitPolicy policy;
    // READ COMMITTED re-check: the row's columns in the child's output, to be replaced by the newest
    // version's.
    std::span<uint32_t> row_columns;
    std::span<catalog::ColumnNumber> row_column_numbers;
    // Of several tables read as one: the column that names the row's, and the tables (columns:
    // row_column_numbers).
    int32_t table_column = -1;
    std::span<ScanMember> members;
  };
  std::span<Target> targets;
  Expr* recheck = nullptr;  // over the child's output; all quals of the query
  bool one_by_one = false;  // a row is locked when it is asked for, and goes on alone
  Expr* limit = nullptr;    // lock no more rows than LIMIT will take; null: all
};

// A statement ready to run. Owns everything its plans refer to.
struct PlannedStatement {
  Arena arena;
  Plan* root = nullptr;
  std::vector<Plan*> subplans;                 // by SubplanExpr::subplan
  std::vector<Plan*> ctes;                     // by CteScanPlan::cte
  std::vector<std::string_view> cte_names;     // the same
  std::deque<catalog::RelationPtr> relations;  // addresses are stable
  std::vector<Oid> param_types;
  uint32_t exec_param_count = 0;
  uint32_t node_count = 0;
  bool read_only = true;
  bool returns_rows = true;
  // The last columns of the root's output that are not the result's: ctids of these tables' rows (cursors).
  std::vector<Oid> row_id_tables;
  uint64_t catalog_epoch = 0;  // valid while the catalog's epoch is this
  Csn newest_index;            // commit that made the newest index it may use: for no snapshot from before
  // A single-row read or write by unique key: the executor runs it through the fused leaf operator.
  bool is_point_statement = false;
  PlannedStatement() = default;
  PlannedStatement(const PlannedStatement&) = delete;
  PlannedStatement& operator=(const PlannedStatement&) = delete;
};

}  // namespace varve::planner
