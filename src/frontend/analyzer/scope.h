// Scopes of names while a statement is bound, and what a modifying statement writes. Private to the analyzer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analyzer/query.h"
#include "parser/ast.h"

namespace varve::analyzer {

// Where an expression stands: decides what it may contain and how an error names it.
enum class Clause : uint8_t {
  kSelect,
  kWhere,
  kJoinOn,
  kFromFunction,
  kGroupBy,
  kHaving,
  kOrderBy,
  kDistinctOn,
  kLimit,
  kOffset,
  kValues,
  kValuesSingle,  // the one row of INSERT … VALUES
  kReturning,
  kUpdateSource,
  kInsertSource,
  kCheck,
  kDefault,
  kIndexExpression,
  kStatistics,
  kIndexPredicate,
  kGenerated,
  kWindowPartition,
  kWindowOrder,
  kWindowFrame,
  kFilter,
  kAggregateArgument,
  kMergeWhen,
  kPolicy,
  kFromSubquery,
  kOther,
};

struct ScopeColumn {
  std::string_view name;
  Expr* expr = nullptr;
};

// A name that FROM brought in.
struct ScopeItem {
  std::string_view schema;  // of tables without alias
  std::string_view name;
  uint32_t range = UINT32_MAX;  // joins with an alias have none
  Oid table;
  std::vector<ScopeColumn> columns;
  bool name_visible = true;     // alias.column
  bool columns_visible = true;  // column
  bool lateral_only = false;    // may be used only by LATERAL items while FROM is being bound
  bool lateral_ok = true;       // false: right of an outer join that forbids it
  bool is_target = false;       // of UPDATE, DELETE, MERGE: not lateral_ok while FROM is bound
};

struct NamedCte {
  std::string_view name;
  uint32_t index;
  Cte* cte;
};

// One query level.
struct Scope {
  Scope* parent = nullptr;
  std::vector<ScopeItem> items;
  std::vector<Range*> ranges;
  std::vector<NamedCte> named_ctes;
  std::vector<Cte*> ctes;
  std::vector<Window> windows;
  std::vector<const parser::WindowDef*> window_definitions;
  Clause clause = Clause::kOther;
  std::string_view clause_name;  // of kOther, for messages
  bool has_aggregates = false;
  bool has_windows = false;
  bool has_set_returning = false;
  bool in_aggregate = false;
  bool hide_items = false;  // while an item of FROM that is not LATERAL is bound
  bool correlated = false;
  // Deepest outer level that anything inside referred to.
  uint32_t max_levels_up = 0;
  size_t first_named = 0;      // of the items: names of those before are out of sight of a join with an alias
  std::vector<bool> nullable;  // by range: an outer join may leave its row out
  // WITH items whose names stand further right, for messages.
  std::vector<std::string_view> future_ctes;
  std::string_view case_name;  // within CASE or COALESCE: where no set may be returned
};

// record or a composite type.
bool is_row_type(Oid type);

// A column of a view that is written: the table's column it is, or why it cannot be written.
struct ViewColumn {
  catalog::ColumnNumber base = 0;
  Expr* expr = nullptr;  // over range 0
  std::string_view reason;
};

// What INSERT, UPDATE, DELETE and MERGE write.
struct ModifyTarget {
  catalog::RelationPtr relation;    // the table
  catalog::RelationPtr named;       // the table, or the view that the statement names
  std::vector<ViewColumn> columns;  // of the view
  std::vector<Expr*> quals;         // of the views, over range 0
  std::vector<WrittenView> views;   // the one that the statement names first
  std::vector<ViewCondition> conditions;
  std::vector<ViewCheck> checks;
  Oid acts_as;           // whose policies hold for the table: of a view its owner; 0: who runs the statement
  bool instead = false;  // `relation` is a view whose INSTEAD OF triggers do the work
  bool is_view() const { return named != relation; }
};

// One item of INSERT's column list: a column or a part of one.
struct InsertColumn {
  catalog::ColumnNumber number = 0;
  std::span<parser::Node* const> steps;
  Oid type;  // of the part
  int32_t typmod = -1;
  int32_t location = -1;
};

// a[i], a[l:u].
struct Subscripts {
  bool slice = false;
  std::vector<Expr*> bounds;  // of a slice: flags, then lower and upper of each dimension
  size_t dimensions = 0;
};

// SET (a, b) = …: the source is bound once for all of them.
struct MultiAssign {
  const parser::Node* source = nullptr;
  Expr* row = nullptr;
  std::vector<RangeColumn> fields;
};

// The relation a RangeVar names, locked.
catalog::RelationPtr lookup_relation(AnalyzerContext& context, std::string_view schema, std::string_view name,
                                     txn::LockMode lock, bool missing_ok, int position);

// x.* as an expression.
inline bool is_star(const parser::Node* node) {
  return parser::is<parser::ColumnRef>(node) && parser::as<parser::ColumnRef>(node)->star;
}

// "WHERE", "JOIN conditions" … as PostgreSQL's messages say it.
std::string_view clause_text(Clause clause);

}  // namespace varve::analyzer
