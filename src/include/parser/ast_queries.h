// SELECT, INSERT, UPDATE, DELETE, MERGE and what they are made of.
#pragma once

#include "parser/ast_expressions.h"

namespace varve::parser {

struct Option;

struct Alias : NodeOf<NodeKind::kAlias> {
  std::string_view name;
  NameList columns;
};

enum class Persistence : uint8_t { kPermanent, kUnlogged, kTemporary };

// A table name. `inherit` is false for ONLY t.
struct RangeVar : NodeOf<NodeKind::kRangeVar> {
  std::string_view catalog, schema, name;
  bool inherit = true;
  Persistence persistence = Persistence::kPermanent;
  Alias* alias = nullptr;
};

struct RangeSubselect : NodeOf<NodeKind::kRangeSubselect> {
  bool lateral = false;
  Node* query = nullptr;  // SelectStmt
  Alias* alias = nullptr;
};

struct ColumnDef;
struct RangeFunctionItem {
  Node* call = nullptr;                // FuncCall or another function-like expression
  List<ColumnDef> column_definitions;  // f(…) AS (a int, …) inside ROWS FROM
};
struct RangeFunction : NodeOf<NodeKind::kRangeFunction> {
  bool lateral = false;
  bool with_ordinality = false;
  bool rows_from = false;
  std::span<RangeFunctionItem> functions;
  Alias* alias = nullptr;
  List<ColumnDef> column_definitions;
};

struct XmlTableColumn {
  std::string_view name;
  TypeName* type = nullptr;
  bool for_ordinality = false;
  bool not_null = false;
  Node* path = nullptr;
  Node* default_value = nullptr;
  int32_t location = -1;
};
// XMLTABLE
struct RangeTableFunc : NodeOf<NodeKind::kRangeTableFunc> {
  bool lateral = false;
  Node* document = nullptr;
  Node* row = nullptr;
  NodeList namespaces;  // TargetEntry; the default namespace has no name
  std::span<XmlTableColumn> columns;
  Alias* alias = nullptr;
};

struct RangeTableSample : NodeOf<NodeKind::kRangeTableSample> {
  Node* relation = nullptr;
  NameList method;
  NodeList args;
  Node* repeatable = nullptr;
};

enum class JoinType : uint8_t { kInner, kLeft, kFull, kRight };
struct JoinExpr : NodeOf<NodeKind::kJoinExpr> {
  JoinType type = JoinType::kInner;
  bool natural = false;
  Node* left = nullptr;
  Node* right = nullptr;
  NameList using_columns;
  Alias* using_alias = nullptr;  // USING (…) AS a
  Node* on = nullptr;            // null with neither USING nor NATURAL: CROSS JOIN
  Alias* alias = nullptr;
};

// One output column of a SELECT or RETURNING, one assignment of UPDATE, one column of INSERT's column list.
struct TargetEntry : NodeOf<NodeKind::kTargetEntry> {
  std::string_view name;  // output name or column; empty if none was given
  NodeList indirection;   // of an assignment target: .field and [subscript] steps
  Node* value = nullptr;  // null in INSERT column lists
};

enum class SortDirection : uint8_t { kDefault, kAscending, kDescending, kUsing };
enum class NullsOrder : uint8_t { kDefault, kFirst, kLast };
struct SortBy : NodeOf<NodeKind::kSortBy> {
  Node* expression = nullptr;
  SortDirection direction = SortDirection::kDefault;
  NullsOrder nulls = NullsOrder::kDefault;
  NameList using_operator;
};

enum class FrameMode : uint8_t { kRange, kRows, kGroups };
enum class FrameBound : uint8_t {
  kUnboundedPreceding,
  kOffsetPreceding,
  kCurrentRow,
  kOffsetFollowing,
  kUnboundedFollowing,
};
enum class FrameExclusion : uint8_t { kNone, kCurrentRow, kGroup, kTies };
struct WindowDef : NodeOf<NodeKind::kWindowDef> {
  std::string_view name;        // WINDOW name AS (…), or OVER name
  std::string_view references;  // OVER (name …)
  NodeList partition_by;
  List<SortBy> order_by;
  bool has_frame = false;
  bool has_between = false;
  FrameMode mode = FrameMode::kRange;
  FrameBound start = FrameBound::kUnboundedPreceding;
  FrameBound end = FrameBound::kCurrentRow;
  Node* start_offset = nullptr;
  Node* end_offset = nullptr;
  FrameExclusion exclusion = FrameExclusion::kNone;
};

enum class GroupingSetKind : uint8_t { kEmpty, kRollup, kCube, kSets };
struct GroupingSet : NodeOf<NodeKind::kGroupingSet> {
  GroupingSetKind type = GroupingSetKind::kEmpty;
  NodeList content;
};

enum class LockStrength : uint8_t { kKeyShare, kShare, kNoKeyUpdate, kUpdate };
enum class LockWait : uint8_t { kBlock, kSkipLocked, kNoWait };
struct LockingClause : NodeOf<NodeKind::kLockingClause> {
  List<RangeVar> relations;  // empty = all
  LockStrength strength = LockStrength::kUpdate;
  LockWait wait = LockWait::kBlock;
};

enum class CteMaterialize : uint8_t { kDefault, kAlways, kNever };
struct CteSearchClause {
  NameList columns;
  bool breadth_first = false;
  std::string_view sequence_column;
  int32_t location = -1;
};
struct CteCycleClause {
  NameList columns;
  std::string_view mark_column;
  Node* mark_value = nullptr;    // TRUE unless given
  Node* mark_default = nullptr;  // FALSE unless given
  std::string_view path_column;
  int32_t location = -1;
};
struct CommonTableExpr : NodeOf<NodeKind::kCommonTableExpr> {
  std::string_view name;
  NameList columns;
  CteMaterialize materialize = CteMaterialize::kDefault;
  Node* query = nullptr;  // SelectStmt, InsertStmt, UpdateStmt or DeleteStmt
  CteSearchClause* search = nullptr;
  CteCycleClause* cycle = nullptr;
};
struct WithClause : NodeOf<NodeKind::kWithClause> {
  bool recursive = false;
  List<CommonTableExpr> ctes;
};

enum class OnCommit : uint8_t { kNone, kPreserveRows, kDeleteRows, kDrop };
// SELECT INTO and CREATE TABLE AS: the table to be made.
struct IntoClause : NodeOf<NodeKind::kIntoClause> {
  RangeVar* relation = nullptr;
  NameList columns;
  std::string_view access_method;
  List<Option> options;
  OnCommit on_commit = OnCommit::kNone;
  std::string_view tablespace;
  bool skip_data = false;  // WITH NO DATA
};

enum class SetOperation : uint8_t { kNone, kUnion, kIntersect, kExcept };
enum class LimitOption : uint8_t { kCount, kWithTies };

// A plain SELECT, a VALUES list (`values` not empty) or a set operation (`set_operation` != kNone, with left
// and right). ORDER BY, LIMIT, locking and WITH may be on any of the three. TABLE t is SELECT * FROM t.
struct SelectStmt : NodeOf<NodeKind::kSelectStmt> {
  bool distinct = false;
  NodeList distinct_on;  // DISTINCT ON (…)
  List<TargetEntry> targets;
  IntoClause* into = nullptr;
  NodeList from;
  Node* where = nullptr;
  NodeList group_by;  // expressions and GroupingSet
  bool group_distinct = false;
  Node* having = nullptr;
  List<WindowDef> windows;
  List<ListNode> values;

  List<SortBy> order_by;
  Node* limit_offset = nullptr;
  Node* limit_count = nullptr;  // LIMIT ALL is a NULL constant
  LimitOption limit_option = LimitOption::kCount;
  List<LockingClause> locking;
  WithClause* with = nullptr;

  SetOperation set_operation = SetOperation::kNone;
  bool set_all = false;
  SelectStmt* left = nullptr;
  SelectStmt* right = nullptr;

  // Of a PL/pgSQL assignment: the variable, and the part of it that the query's one value goes to.
  TargetEntry* assigns_to = nullptr;
};

enum class OnConflictAction : uint8_t { kNothing, kUpdate };
struct IndexElem;
struct OnConflictClause : NodeOf<NodeKind::kOnConflictClause> {
  OnConflictAction action = OnConflictAction::kNothing;
  List<IndexElem> inference;
  Node* inference_where = nullptr;
  std::string_view constraint;  // ON CONSTRAINT name
  List<TargetEntry> assignments;
  Node* where = nullptr;
};

enum class Overriding : uint8_t { kNone, kUserValue, kSystemValue };
struct InsertStmt : NodeOf<NodeKind::kInsertStmt> {
  RangeVar* relation = nullptr;
  List<TargetEntry> columns;
  SelectStmt* source = nullptr;  // null = DEFAULT VALUES
  OnConflictClause* on_conflict = nullptr;
  List<TargetEntry> returning;
  WithClause* with = nullptr;
  Overriding overriding = Overriding::kNone;
};

struct UpdateStmt : NodeOf<NodeKind::kUpdateStmt> {
  RangeVar* relation = nullptr;
  List<TargetEntry> assignments;
  NodeList from;
  Node* where = nullptr;
  List<TargetEntry> returning;
  WithClause* with = nullptr;
};

struct DeleteStmt : NodeOf<NodeKind::kDeleteStmt> {
  RangeVar* relation = nullptr;
  NodeList using_list;
  Node* where = nullptr;
  List<TargetEntry> returning;
  WithClause* with = nullptr;
};

enum class MergeAction : uint8_t { kInsert, kUpdate, kDelete, kDoNothing };
struct MergeWhenClause : NodeOf<NodeKind::kMergeWhenClause> {
  bool matched = false;
  MergeAction action = MergeAction::kDoNothing;
  Overriding overriding = Overriding::kNone;
  Node* condition = nullptr;
  List<TargetEntry> targets;  // INSERT's columns or UPDATE's assignments
  NodeList values;            // INSERT's values; empty = DEFAULT VALUES
};
struct MergeStmt : NodeOf<NodeKind::kMergeStmt> {
  RangeVar* relation = nullptr;
  Node* source = nullptr;
  Node* join_condition = nullptr;
  List<MergeWhenClause> whens;
  WithClause* with = nullptr;
};

}  // namespace varve::parser
