// The binder's working state: scopes of names, and the methods that turn raw nodes into bound ones.
// Private to the analyzer. One Binder a statement.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "analyzer/analyzer.h"
#include "analyzer/query.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "routine_call.h"

namespace varve::analyzer {

// Where an expression stands: decides what it may contain and how an error names it.
enum class Clause : uint8_t {
  kSelect, kWhere, kJoinOn, kFromFunction, kGroupBy, kHaving, kOrderBy, kDistinctOn, kLimit, kOffset, kValues,
  kReturning, kUpdateSource, kInsertSource, kCheck, kDefault, kIndexExpression, kIndexPredicate, kGenerated,
  kWindowPartition, kWindowOrder, kWindowFrame, kFilter, kAggregateArgument, kOther,
};

struct ScopeColumn {
  std::string_view name;
  Expr* expr;
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
};

class Binder {
 public:
  explicit Binder(AnalyzerContext& context) : context_(context), arena_(context.arena) {}

  Query* bind_statement(const parser::Node* statement);
  // `keep_unknown`: bare literals of the select list stay without type, for the one who uses the columns to decide.
  Query* bind_select(const parser::SelectStmt& select, Scope* parent, bool keep_unknown = false);

  // --- expressions (expression_binder.cpp)
  Expr* bind_expr(Scope& scope, const parser::Node* node);
  Expr* bind_clause(Scope& scope, const parser::Node* node, Clause clause);
  // A condition: coerced to boolean.
  Expr* bind_condition(Scope& scope, const parser::Node* node, Clause clause);

  // --- coercion (coercion.cpp)
  bool can_coerce(Oid from, Oid to, functions::CastContext context);
  // Null when there is no way.
  Expr* try_coerce(Expr* e, Oid to, int32_t typmod, functions::CastContext context, int32_t location = -1);
  Expr* coerce_to_boolean(Expr* e, std::string_view construct);
  Expr* coerce_to_specific(Expr* e, Oid type, std::string_view construct);
  Expr* coerce_to_common(Expr* e, Oid type, std::string_view construct);
  Oid select_common_type(std::span<Expr* const> exprs, std::string_view construct);
  Expr* apply_typmod(Expr* e, int32_t typmod, bool explicit_cast);
  Expr* resolve_unknown(Expr* e);  // unknown literals become text
  Expr* coerce_for_assignment(Expr* e, Oid type, int32_t typmod, std::string_view column);
  TypeReference resolve_type(const parser::TypeName& name);
  TypeReference column_type(const parser::TypeName& name);  // %TYPE

  // --- functions and operators (function_binder.cpp)
  Expr* bind_function_call(Scope& scope, const parser::FuncCall& call);
  Expr* make_operator(std::string_view name, Expr* left, Expr* right, int32_t location);
  const functions::Operator* find_operator(std::string_view name, Oid left, Oid right, int32_t location);
  Expr* make_function(const functions::Function& function, std::span<Expr* const> args, int32_t location,
                      const functions::Operator* op = nullptr, char form = 'f');
  const functions::CallSite* make_site(const functions::Function& function, std::span<Expr* const> args,
                                       Oid result_type, Oid collation);
  // Coerces to the function's declared types and works out polymorphic ones; returns the result type.
  Oid coerce_arguments(const functions::Function& function, std::vector<Expr*>& args);
  Expr* call_by_name(std::string_view function, std::vector<Expr*> args, int32_t location);
  Expr* call_function(const CallArguments& call);
  [[noreturn]] void throw_no_function(const CallArguments& call, bool ambiguous);
  Expr* bind_procedure_call(Scope& scope, const parser::FuncCall& call);
  CallArguments call_arguments(Scope& scope, const parser::FuncCall& call);

  // --- functions that SQL made (routine_binder.cpp)
  const functions::Function* routine_function(const catalog::Routine& routine, bool visible);
  const functions::TableFunctionImpl* routine_table(const functions::RoutineInfo* columns);
  // The function as it is read in FROM: a row where it returns one value.
  const functions::Function* as_table_function(const functions::Function& function);
  void add_routines(const CallArguments& call, std::vector<RoutineCandidate>* out);
  std::vector<Expr*> arrange_arguments(const RoutineCandidate& chosen, const CallArguments& call);
  std::vector<Expr*> routine_defaults(const catalog::Routine& routine);
  Expr* make_routine_call(const RoutineCandidate& chosen, const CallArguments& call);
  const functions::Function* with_actual_columns(const functions::Function& function, std::span<Expr* const> args,
                                                 Oid result);
  bool polymorphic_types_agree(std::span<const Oid> declared, std::span<const Oid> actual);
  const types::Collation* collation_object(Oid oid);
  Oid common_collation(std::span<Expr* const> args);

  // --- FROM (from_binder.cpp)
  void bind_from(Scope& scope, std::span<parser::Node* const> from, std::vector<FromItem*>* items);
  FromItem* bind_from_item(Scope& scope, const parser::Node* node, size_t first_item);
  uint32_t add_relation(Scope& scope, const catalog::RelationPtr& relation, std::string_view alias,
                        std::span<const std::string_view> column_aliases, txn::LockMode lock);
  FromItem* bind_join(Scope& scope, const parser::JoinExpr& join, size_t first_item);
  FromItem* bind_subquery(Scope& scope, const parser::RangeSubselect& item);
  Expr* table_function(Expr* bound, const parser::RangeFunction& item);
  FromItem* bind_range_function(Scope& scope, const parser::RangeFunction& item);
  FromItem* bind_range_variable(Scope& scope, const parser::RangeVar& item);
  FromItem* bind_local_table(Scope& scope, const parser::RangeVar& item, const functions::Function& function);
  FromItem* bind_cte_reference(Scope& scope, const parser::RangeVar& item, Cte* cte, uint32_t index, uint32_t levels);
  FromItem* bind_sequence(Scope& scope, const catalog::Relation& sequence, const parser::RangeVar& item);
  FromItem* bind_view(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& item);
  uint32_t add_range(Scope& scope, Range* range, std::string_view schema, std::span<const std::string_view> aliases);
  // The names that both sides have.
  std::span<const std::string_view> merge_columns(Scope& scope, const parser::JoinExpr& join, size_t first_left,
                                                  size_t first_right, std::vector<Expr*>* conditions);
  void bind_with(Scope& scope, const parser::WithClause& with);
  void bind_cte(Scope& scope, const parser::CommonTableExpr& definition, bool recursive);
  void bind_recursive_cte(Scope& scope, const parser::CommonTableExpr& definition, Cte* cte);
  std::span<RangeColumn> output_columns(const Query& query, parser::NameList aliases, std::string_view name);

  // --- select list and what hangs on it (select_binder.cpp)
  Query* bind_plain_select(const parser::SelectStmt& select, Scope& scope, bool keep_unknown);
  Query* bind_values(const parser::SelectStmt& select, Scope& scope);
  Query* bind_set_operation(const parser::SelectStmt& select, Scope& scope, bool keep_unknown);
  void bind_group_by(Scope& scope, const parser::SelectStmt& select, Query& query, std::vector<Target>& targets);
  void bind_order_and_limit(Scope& scope, const parser::SelectStmt& select, Query& query, std::vector<Target>& targets);
  void bind_distinct(Scope& scope, const parser::SelectStmt& select, Query& query, std::vector<Target>& targets);
  void bind_locking(Scope& scope, const parser::SelectStmt& select, Query& query);
  Query* with_column_types(Query* query, std::span<const Oid> types, std::string_view construct);
  void finish_query(Scope& scope, Query& query, const std::vector<Target>& targets);
  std::vector<Target> bind_targets(Scope& scope, parser::List<parser::TargetEntry> entries, Clause clause);
  void expand_star(Scope& scope, const parser::ColumnRef& ref, std::vector<Target>* targets);
  // ORDER BY / GROUP BY / DISTINCT ON item by output name, position or expression.
  uint32_t bind_sort_target(Scope& scope, const parser::Node* node, std::vector<Target>& targets, Clause clause,
                            bool sql99);
  TargetKey make_sort_key(Scope& scope, const parser::SortBy& sort, std::vector<Target>& targets);
  void apply_sort_options(const parser::SortBy& sort, Expr* expr, bool* descending, bool* nulls_first);
  Expr* bind_limit(Scope& scope, const parser::Node* node, Clause clause, std::string_view construct);
  void check_grouping(Scope& scope, Query& query, std::vector<Target>& targets);
  uint32_t bind_window(Scope& scope, const parser::WindowDef& definition);

  // --- INSERT, UPDATE, DELETE (modify_binder.cpp)
  Query* bind_insert(const parser::InsertStmt& insert, Scope* parent);
  Query* bind_update(const parser::UpdateStmt& update, Scope* parent);
  Query* bind_delete(const parser::DeleteStmt& del, Scope* parent);
  catalog::RelationPtr target_relation(const parser::RangeVar& name, std::string_view verb);
  std::vector<catalog::ColumnNumber> insert_columns(const catalog::Relation& relation, const parser::InsertStmt& insert);
  Query* insert_values(Scope& scope, const catalog::RelationPtr& relation, const parser::InsertStmt& insert,
                       std::span<const catalog::ColumnNumber> columns, std::vector<Expr*>* single_row);
  void insert_row_variables(Scope& scope, const catalog::RelationPtr& relation, const parser::ListNode& row,
                            std::span<const catalog::ColumnNumber> columns, std::vector<Expr*>* out);
  void check_identity(const catalog::Relation& relation, const parser::InsertStmt& insert,
                      std::span<const catalog::ColumnNumber> columns);
  void bind_assignments(Scope& scope, const catalog::RelationPtr& relation,
                        parser::List<parser::TargetEntry> entries, std::vector<Target>* targets);
  void bind_on_conflict(Scope& scope, const catalog::RelationPtr& relation, const parser::InsertStmt& insert, Query& query);
  // The column's default, coerced; a NULL constant when it has none.
  Expr* column_default(const catalog::RelationPtr& relation, catalog::ColumnNumber column);
  void add_constraints(Query& query, const catalog::RelationPtr& relation);
  void add_index_expressions(Query& query, const catalog::RelationPtr& relation);
  Expr* bind_sql_expression(std::string_view sql, const catalog::RelationPtr* relation, Clause clause);

  // The fields of the record that x.* or x.y.* names, as targets; false if it is none.
  bool expand_variable(const parser::ColumnRef& ref, std::vector<Target>* targets);
  Expr* make_variable(const Variables::Variable& variable, int32_t location);

  // --- nodes
  Expr* make_const(Oid type, const types::Value& value, int32_t typmod = -1);
  Expr* make_null(Oid type);
  Expr* make_bool(bool value);
  Expr* make_not(Expr* e);
  Expr* make_and(std::vector<Expr*> args);
  ColumnExpr* make_column(const Range& range, uint32_t index, int16_t column);
  template <class T>
  T* make(ExprKind kind, Oid type, int32_t location = -1) {
    T* e = arena_.make<T>();
    e->kind = kind;
    e->type = type;
    e->location = location;
    return e;
  }
  ExprList list(const std::vector<Expr*>& items) { return arena_.copy(items); }
  // 1-based character position of a byte offset.
  int position(int32_t location) const;
  std::string type_text(Oid type) const { return functions::format_type(type, -1); }

  AnalyzerContext& context() { return context_; }
  Arena& arena() { return arena_; }

 private:
  friend class ExpressionBinder;
  AnalyzerContext& context_;
  Arena& arena_;
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
