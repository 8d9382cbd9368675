// The methods that turn raw nodes into bound ones.
// Private to the analyzer. One Binder a statement.
#pragma once

#include <fmt/format.h>
#include <memory>
#include <string_view>
#include <vector>

#include "analyzer/analyzer.h"
#include "analyzer/query.h"
#include "catalog/partition.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "routine_call.h"
#include "scope.h"

namespace varve::catalog {
struct UserType;
struct UserOperations;
struct UserCast;
}  // namespace varve::catalog

namespace varve::analyzer {

class Binder {
 public:
  explicit Binder(AnalyzerContext& context) : context_(context), arena_(context.arena) {}

  Query* bind_statement(const parser::Node* statement);
  // `keep_unknown`: bare literals of the select list stay without type, for whoever uses the columns.
  Query* bind_select(const parser::SelectStmt& select, Scope* parent, bool keep_unknown = false);
  // A subquery within an expression of `around`.
  Query* bind_expression_query(const parser::SelectStmt& select, Scope& around);

  // --- expressions (expression_binder.cpp)
  Expr* bind_expr(Scope& scope, const parser::Node* node);
  Expr* bind_clause(Scope& scope, const parser::Node* node, Clause clause);
  Expr* bind_condition(Scope& scope, const parser::Node* node, Clause clause);  // coerced to boolean

  // --- coercion (coercion.cpp)
  bool can_coerce(Oid from, Oid to, functions::CastContext context);
  // Null when there is no way.
  Expr* try_coerce(Expr* e, Oid to, int32_t typmod, functions::CastContext context, int32_t location = -1);
  Expr* coerce_to_boolean(Expr* e, std::string_view construct);
  Expr* coerce_to_specific(Expr* e, Oid type, std::string_view construct);
  Expr* coerce_to_common(Expr* e, Oid type, std::string_view construct);
  Oid select_common_type(std::span<Expr* const> exprs, std::string_view construct);
  Expr* apply_typmod(Expr* e, int32_t typmod, bool explicit_cast);
  bool coerces_elements(Oid from, Oid to);
  Expr* coerce_elements(Expr* e, Oid to, int32_t typmod, functions::CastContext context, int32_t location);
  // kCaseInput for an element of the array; the array of type `to` of what `element`, over it, makes of each.
  Expr* element_input(const Expr& array, int32_t location);
  Expr* over_elements(Expr* e, Expr* element, Oid to, functions::CastContext context, int32_t location);
  Expr* resolve_unknown(Expr* e);  // unknown literals become text
  Expr* coerce_for_assignment(Expr* e, Oid type, int32_t typmod, std::string_view column);
  TypeReference resolve_type(const parser::TypeName& name);
  // --- enums and domains (user_types.cpp)
  Oid find_user_type(const parser::TypeName& name);
  TypeReference user_type_reference(const parser::TypeName& name, Oid type);
  Oid base_of(Oid type);  // under a domain
  const functions::TypeInfo* find_named_type(const parser::TypeName& name);
  TypeReference column_type(const parser::TypeName& name);  // %TYPE

  // --- functions and operators (function_binder.cpp)
  void add_ordered_arguments(Scope& scope, const parser::FuncCall& call, bool is_aggregate,
                             CallArguments* written);
  void check_within_group(const parser::FuncCall& call, const functions::Function& function);
  Expr* bind_function_call(Scope& scope, const parser::FuncCall& call);
  Expr* call_on_row(Scope& scope, const parser::ColumnRef& ref);  // t.f as f(t); null: there is no f
  Expr* field_by_call(Scope& scope, const parser::FuncCall& call, const CallArguments& written);
  Expr* bind_xml(Scope& scope, const parser::Node* node);  // XmlExpr, XmlSerialize (xml_binder.cpp)
  // Finds the query that an aggregate belongs to, and whether it may stand where it does.
  Expr* place_aggregate(Scope& scope, AggregateExpr* aggregate);
  void check_set_returning(const Scope& scope, int32_t location);
  Expr* make_operator(std::string_view name, Expr* left, Expr* right, int32_t location,
                      std::string_view schema = {});
  const functions::Operator* find_operator(std::string_view name, Oid left, Oid right, int32_t location,
                                           std::string_view schema = {});
  // --- operators and casts that SQL made (user_operators.cpp)
  const catalog::UserOperations& user_operations();
  void add_user_operators(std::string_view schema, std::string_view name,
                          std::vector<const functions::Operator*>* out);
  void set_site_routine(const functions::Function& function, const functions::CallSite** site);
  const catalog::UserCast* find_user_cast(Oid from, Oid to);
  Expr* apply_user_cast(const catalog::UserCast& cast, Expr* e, int32_t typmod,
                        functions::CastContext context, int32_t location);
  Expr* make_function(const functions::Function& function, std::span<Expr* const> args, int32_t location,
                      const functions::Operator* op = nullptr, char form = 'f');
  const functions::CallSite* make_site(const functions::Function& function, std::span<Expr* const> args,
                                       Oid result_type, Oid collation);
  // To the declared types; the result's type. `array_given`: the last argument is VARIADIC's array itself.
  Oid coerce_arguments(const functions::Function& function, std::vector<Expr*>& args,
                       bool array_given = false);
  void spread_last_argument(FunctionExpr& call);
  Expr* call_by_name(std::string_view function, std::vector<Expr*> args, int32_t location);
  // Built-in functions whose arguments are given by name (named_arguments.cpp); null: none fits.
  Expr* call_builtin_by_name(const CallArguments& call);
  std::vector<Expr*> named_arguments(const functions::Function& function, const CallArguments& call);
  bool add_default_arguments(const functions::Function& function, std::vector<Expr*>& args);
  Expr* call_function(const CallArguments& call);
  [[noreturn]] void throw_no_function(const CallArguments& call, bool ambiguous);
  Expr* bind_procedure_call(Scope& scope, const parser::FuncCall& call);
  CallArguments call_arguments(Scope& scope, const parser::FuncCall& call);

  // --- functions that SQL made (routine_binder.cpp)
  const functions::Function* routine_function(const catalog::Routine& routine, bool visible);
  void bind_native(const catalog::Routine& routine, functions::Function* f, functions::RoutineInfo* info);
  const functions::Function* function_by_oid(Oid oid);  // built in or made by SQL; 42883
  const functions::Function* sql_aggregate(const catalog::Routine& routine,
                                           const functions::Function& function, std::span<Expr* const> args,
                                           Oid* result);
  RoutineKinds routine_kinds(const parser::FuncCall& call);
  void refuse_nested_aggregate(const FunctionExpr& call);
  const functions::TableFunctionImpl* routine_table(const functions::RoutineInfo* columns);
  // The function as it is read in FROM: a row where it returns one value.
  const functions::Function* as_table_function(const functions::Function& function);
  void add_routines(const CallArguments& call, std::vector<RoutineCandidate>* out);
  std::vector<Expr*> arrange_arguments(const RoutineCandidate& chosen, const CallArguments& call);
  std::vector<Expr*> routine_defaults(const catalog::Routine& routine);
  Expr* make_routine_call(const RoutineCandidate& chosen, const CallArguments& call);
  const functions::Function* with_actual_columns(const functions::Function& function,
                                                 std::span<Expr* const> args, Oid result);
  bool takes_types(std::span<const Oid> declared, std::span<const Oid> actual);
  bool polymorphic_types_agree(std::span<const Oid> declared, std::span<const Oid> actual);
  const types::Collation* collation_object(Oid oid);
  // --- collations (collation.cpp): 42P21 where two explicit ones differ, or the parts of a key that is to be
  // sorted, grouped or made distinct; 42P22 where a function needs to know and its arguments disagree.
  void derive_collation(Expr* result, std::span<Expr* const> args);
  Oid common_collation(std::span<Expr* const> args);
  std::string collation_name(Oid collation);
  void require_collation(const functions::Function& function, Oid collation);
  void refuse_conflict(const Expr& key);
  [[noreturn]] static void throw_no_collation(std::string_view use);
  [[noreturn]] void throw_collation_conflict(Oid one, Oid other, int32_t location);

  // --- rows and parts of containers (record_binder.cpp)
  ListExpr* make_row(const std::vector<ScopeColumn>& fields, Oid type, int32_t location);
  Expr* whole_row(Scope& scope, const ScopeItem& item, int32_t location);
  // Fields of a row-valued expression of the scope; empty when nothing is known of them.
  std::vector<RangeColumn> row_fields(const Expr* e, Scope* scope);
  // The type may have been altered since it was made known.
  void refresh_row_type(Oid type);
  Expr* make_field(Expr* row, uint32_t index, const RangeColumn& field, int32_t location);
  Expr* select_field(Scope& scope, Expr* row, std::string_view name, int32_t location);
  std::vector<ScopeColumn> expand_row(Scope& scope, Expr* row, int32_t location);
  Expr* coerce_row(ListExpr& row, Oid to, functions::CastContext context, int32_t location);
  Subscripts bind_subscripts(Scope& scope, Oid container, std::span<parser::Node* const> steps,
                             int32_t location);
  Expr* make_subscript(Expr* container, const Subscripts& subscripts, int32_t location);
  Expr* bind_json_subscripts(Scope& scope, Expr* json, std::span<parser::Node* const> steps, int32_t at);
  std::vector<Expr*> json_path(Scope& scope, std::span<parser::Node* const> steps, int32_t at, bool* number);
  Expr* bind_indirection(Scope& scope, const parser::IndirectionExpr& e);
  // (r).* : the columns it stands for.
  std::vector<ScopeColumn> bind_row_star(Scope& scope, const parser::IndirectionExpr& e);
  // Type of the part of a column that the steps of an assignment lead to.
  std::pair<Oid, int32_t> part_type(const catalog::Column& column, std::span<parser::Node* const> steps,
                                    int32_t location);
  const functions::CompositeField* composite_field(Oid type, std::string_view name, std::string_view column,
                                                   int32_t location);
  Expr* assign_part(Scope& scope, Expr* current, std::string_view column,
                    std::span<parser::Node* const> steps, Expr* value, int32_t location);
  void assign_variable_part(Query& query, const parser::SelectStmt& source);
  Expr* coerce_for_part(Expr* e, Oid type, int32_t typmod, std::string_view column,
                        std::span<parser::Node* const> steps, int32_t location);
  Expr* compare_rows(std::string_view op, const std::vector<Expr*>& left, const std::vector<Expr*>& right,
                     int32_t location);
  SubqueryExpr* row_subquery(Scope& scope, const parser::SubLink& link);
  Expr* compare_with_subquery(Scope& scope, std::string_view op, const std::vector<Expr*>& left,
                              const parser::SubLink& link, int32_t location);

  // --- FROM (from_binder.cpp)
  void bind_from(Scope& scope, std::span<parser::Node* const> from, std::vector<FromItem*>* items);
  FromItem* bind_from_item(Scope& scope, const parser::Node* node, size_t first_item);
  uint32_t add_relation(Scope& scope, const catalog::RelationPtr& relation, std::string_view alias,
                        std::span<const std::string_view> column_aliases, txn::LockMode lock);
  FromItem* bind_join(Scope& scope, const parser::JoinExpr& join, size_t first_item);
  FromItem* bind_subquery(Scope& scope, const parser::RangeSubselect& item);
  Expr* json_records(const functions::Function& f, const functions::CallSite& site, ExprList args,
                     Expr* bound, parser::List<parser::ColumnDef> definitions, int position_of_call);
  Expr* table_function(Expr* bound, const parser::Node* call, parser::List<parser::ColumnDef> definitions);
  FromItem* bind_range_function(Scope& scope, const parser::RangeFunction& item);
  Range* function_range(Scope& scope, const parser::Node* call, bool with_ordinality, std::string_view alias,
                        parser::List<parser::ColumnDef> definitions);
  Range* xml_table_range(Scope& scope, const parser::RangeTableFunc& item);  // xml_binder.cpp
  FromItem* bind_rows_from(Scope& scope, const std::vector<const parser::Node*>& calls,
                           const parser::RangeFunction& item);
  FromItem* bind_table_sample(Scope& scope, const parser::RangeTableSample& sample);
  FromItem* bind_range_variable(Scope& scope, const parser::RangeVar& item);
  FromItem* bind_local_table(Scope& scope, const parser::RangeVar& item, const functions::Function& function);
  FromItem* bind_cte_reference(Scope& scope, const parser::RangeVar& item, Cte* cte, uint32_t index,
                               uint32_t levels);
  FromItem* bind_sequence(Scope& scope, const catalog::Relation& sequence, const parser::RangeVar& item);
  // 42P17 if its definition is being read already.
  AnalyzerContext::OpenView open_view(const catalog::Relation& view);
  AnalyzerContext view_context(const catalog::Relation& view, std::string_view sql,
                               const AnalyzerContext::OpenView& open);
  FromItem* bind_view(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& item);
  uint32_t add_range(Scope& scope, Range* range, std::string_view schema,
                     std::span<const std::string_view> aliases);
  // The names that both sides have.
  std::span<const std::string_view> merge_columns(Scope& scope, const parser::JoinExpr& join,
                                                  size_t first_left, size_t first_right,
                                                  std::vector<Expr*>* conditions);
  void bind_with(Scope& scope, const parser::WithClause& with);
  void bind_cte(Scope& scope, const parser::CommonTableExpr& definition, bool recursive);
  void bind_recursive_cte(Scope& scope, const parser::CommonTableExpr& definition, Cte* cte);
  Query* bind_cte_query(Scope& scope, const parser::CommonTableExpr& definition);
  std::span<RangeColumn> output_columns(const Query& query, parser::NameList aliases, std::string_view name,
                                        int32_t location = -1);

  // --- SEARCH and CYCLE (cte_search.cpp): the columns they add to the query
  void declare_search_and_cycle(const parser::CommonTableExpr& definition, Cte* cte);
  std::vector<Expr*> cycle_marks(const parser::CteCycleClause& cycle);
  // What computes them: further targets of the start and of the recursive term.
  void add_search_and_cycle(const parser::CommonTableExpr& definition, const Cte& cte, Query& start,
                            Query& step);

  // --- select list and what hangs on it (select_binder.cpp)
  Query* bind_plain_select(const parser::SelectStmt& select, Scope& scope, bool keep_unknown);
  Query* bind_values(const parser::SelectStmt& select, Scope& scope);
  Query* bind_set_operation(const parser::SelectStmt& select, Scope& scope, bool keep_unknown);
  void bind_group_by(Scope& scope, const parser::SelectStmt& select, Query& query,
                     std::vector<Target>& targets);
  void bind_order_and_limit(Scope& scope, const parser::SelectStmt& select, Query& query,
                            std::vector<Target>& targets);
  void bind_distinct(Scope& scope, const parser::SelectStmt& select, Query& query,
                     std::vector<Target>& targets);
  static void add_lock(std::vector<RowLocking>& locks, const RowLocking& lock);
  void lock_within(Query& query, RowLocking lock, std::string_view name);
  void bind_locking(Scope& scope, const parser::SelectStmt& select, Query& query);
  Query* with_column_types(Query* query, std::span<const Oid> types, std::string_view construct);
  void finish_query(Scope& scope, Query& query, const std::vector<Target>& targets);
  std::vector<Target> bind_targets(Scope& scope, parser::List<parser::TargetEntry> entries, Clause clause);
  void expand_star(Scope& scope, const parser::ColumnRef& ref, std::vector<Target>* targets);
  bool expand_outer_star(Scope& scope, const parser::ColumnRef& ref, std::vector<Target>* targets);
  // ORDER BY / GROUP BY / DISTINCT ON item by output name, position or expression.
  uint32_t bind_sort_target(Scope& scope, const parser::Node* node, std::vector<Target>& targets,
                            Clause clause, bool sql99);
  TargetKey make_sort_key(Scope& scope, const parser::SortBy& sort, std::vector<Target>& targets);
  void apply_sort_options(const parser::SortBy& sort, Expr* expr, bool* descending, bool* nulls_first);
  // 42P10 if it reads columns of its own query.
  void refuse_variables(const Expr* e, std::string_view construct);
  Expr* bind_limit(Scope& scope, const parser::Node* node, Clause clause, std::string_view construct);
  void check_grouping(Scope& scope, Query& query, std::vector<Target>& targets);
  Expr* range_offset(Expr* offset, SortKey* key, int32_t location);
  uint32_t bind_window(Scope& scope, const parser::WindowDef& definition);

  // --- INSERT, UPDATE, DELETE (modify_binder.cpp)
  Query* bind_insert(const parser::InsertStmt& insert, Scope* parent);
  Query* bind_update(const parser::UpdateStmt& update, Scope* parent);
  Query* bind_delete(const parser::DeleteStmt& del, Scope* parent);
  catalog::RelationPtr named_target(const parser::RangeVar& name);
  ModifyTarget bind_target(Scope& scope, const parser::RangeVar& name, std::string_view verb);
  void add_target_family(Range& range, bool inherit, std::string_view verb);
  std::vector<InsertColumn> insert_columns(const ModifyTarget& target,
                                           parser::List<parser::TargetEntry> entries);
  catalog::ColumnNumber target_column(const ModifyTarget& target, std::string_view name,
                                      std::string_view verb, int32_t location);
  std::vector<catalog::ColumnNumber> all_target_columns(const ModifyTarget& target);
  Expr* target_default(const ModifyTarget& target, catalog::ColumnNumber number);
  std::vector<Expr*> insert_row(Scope& scope, const ModifyTarget& target,
                                std::span<const InsertColumn> columns, parser::NodeList nodes,
                                parser::Overriding overriding, bool listed);
  Query* insert_values(Scope& scope, const ModifyTarget& target, const parser::InsertStmt& insert,
                       std::span<const InsertColumn> columns, std::vector<Expr*>* single_row);
  std::vector<Target> insert_targets(Scope& scope, const ModifyTarget& target,
                                     std::span<const InsertColumn> columns, std::span<Expr* const> values);
  void check_identity(const ModifyTarget& target, const parser::InsertStmt& insert,
                      std::span<const InsertColumn> columns);
  Expr* multi_assign_value(Scope& scope, const parser::MultiAssignRef& ref, MultiAssign* last,
                           int32_t location, const parser::Node** plain);
  void bind_assignments(Scope& scope, const ModifyTarget& target, parser::List<parser::TargetEntry> entries,
                        std::vector<Target>* targets);
  Expr* modify_condition(Scope& scope, const ModifyTarget& target, const parser::Node* where);
  Expr* current_of(Scope& scope, const parser::CurrentOfExpr& where);
  std::vector<const catalog::Index*> infer_arbiters(Scope& scope, const ModifyTarget& target,
                                                    const parser::OnConflictClause& clause);
  void bind_on_conflict(Scope& scope, const ModifyTarget& target, const parser::InsertStmt& insert,
                        Query& query);
  void bind_returning(Scope& scope, parser::List<parser::TargetEntry> returning, Query& query);

  // --- writing through views (view_target.cpp)
  ModifyTarget bind_view_target(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& name,
                                std::string_view verb);
  // Range 0 of the scope for a view that INSTEAD OF triggers write.
  void add_instead_target(Scope& scope, const catalog::RelationPtr& view, const parser::RangeVar& name,
                          std::string_view verb);
  int view_events(const catalog::RelationPtr& view, bool with_triggers, catalog::ColumnNumber column);
  // Constraints, generated columns and index expressions of the table that is written.
  void add_target_rules(Query& query, Scope& scope, const ModifyTarget& target);
  void describe_view_target(const catalog::RelationPtr& view, std::string_view verb, bool cascaded,
                            Scope& base, ModifyTarget* target);
  // The item's columns become the view's, over the table's columns as `range`.
  void name_view_columns(const ModifyTarget& target, ScopeItem& item, uint32_t range);
  // What the check of privileges must know of the views that are written through.
  void set_rights(const ModifyTarget& target, Query& query);

  // --- MERGE (merge_binder.cpp)
  Query* bind_merge(const parser::MergeStmt& merge, Scope* parent);
  MergeAction bind_merge_action(Scope& scope, const ModifyTarget& target,
                                const parser::MergeWhenClause& when);
  std::vector<Expr*> insert_row_variables(Scope& scope, const ModifyTarget& target,
                                          const parser::ListNode& row, std::span<const InsertColumn> columns);
  // The column's default, coerced; a NULL constant when it has none.
  Expr* column_default(const catalog::RelationPtr& relation, catalog::ColumnNumber column);
  void add_constraints(Query& query, const catalog::RelationPtr& relation);
  // --- partitions and children (family_binder.cpp)
  friend class FamilyBinder;
  friend class PolicyBinder;
  void add_family(Range& range, bool inherit, bool writes, txn::LockMode lock);
  void add_partition_checks(Query& query, const catalog::RelationPtr& relation);
  // --- row security (row_security_binder.cpp)
  // The range's rows must pass the policies for this command, before those it must pass already.
  void secure_range(Scope& scope, uint32_t range, char command);
  void secure_locked_range(Query& query, uint32_t range);  // those for UPDATE, too
  // The same for what a statement changes, once everything else of it is bound.
  void secure_target(Scope& scope, const ModifyTarget& target, Query& query);
  ExprList bind_partition_keys(const catalog::Relation& partitioned, const catalog::RelationPtr& rows);
  std::span<IndexExpressions> bind_index_expressions(const catalog::RelationPtr& relation);
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
  int position(int32_t location) const;  // 1-based character position of a byte offset
  std::string type_text(Oid type);       // domains by their names
  std::string type_text(const Expr& e) { return type_text(e.domain != kInvalidOid ? e.domain : e.type); }
  AnalyzerContext& context() { return context_; }
  Arena& arena() { return arena_; }

 private:
  friend class ExpressionBinder;
  AnalyzerContext& context_;
  Arena& arena_;
  std::shared_ptr<const catalog::UserOperations> user_operations_;  // null: not asked for yet
  uint32_t expression_depth_ = 0;       // subqueries in expressions that are being bound
  std::string_view recursion_context_;  // where a recursive reference may not stand: "within EXCEPT"
  Scope* with_scope_ = nullptr;         // of the modifying statement in work, for its WITH
};

}  // namespace varve::analyzer
