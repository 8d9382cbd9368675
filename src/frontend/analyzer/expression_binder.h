// Binds one scalar expression in a scope. Private to the analyzer.
#pragma once

#include "binder.h"

namespace varve::analyzer {

// A class so that each kind of node is a short method: names in name_binder.cpp, the rest in
// expression_binder.cpp.
class ExpressionBinder {
 public:
  ExpressionBinder(Binder& binder, Scope& scope) : b_(binder), scope_(scope) {}

  Expr* bind(const parser::Node* node);

 private:
  Expr* literal(const parser::ConstExpr& c);
  Expr* column(const parser::ColumnRef& ref);
  Expr* system_column(const ScopeItem& item, std::string_view name);
  [[noreturn]] void column_not_found(const parser::ColumnRef& ref);
  Expr* whole_row(std::string_view schema, std::string_view name, int32_t location);
  SqlError missing_from_entry(std::string_view name, int32_t location);
  SqlError not_visible_here(std::string_view name, int32_t location);
  void check_grouping_level(const GroupingExpr& e);
  void add_column_hint(SqlError& error, std::string_view table, std::string_view name);
  Expr* parameter(const parser::ParamRef& ref);
  Expr* variable(const parser::ColumnRef& ref);
  Expr* operation(const parser::OperatorExpr& e);
  Expr* comparison(std::string_view name, Expr* left, Expr* right, int32_t location);
  // Fields of a row as written, t.* spread out.
  std::vector<Expr*> row_items(const parser::RowExpr& row);
  Expr* row_distinct(const std::vector<Expr*>& left, const std::vector<Expr*>& right, int32_t location);
  Expr* make_distinct(Expr* left, Expr* right, bool negated, int32_t location);
  Expr* in_list(const parser::OperatorExpr& e);
  Expr* array_operation(const parser::OperatorExpr& e, bool all);
  Expr* between(const parser::OperatorExpr& e);
  Expr* distinct_from(const parser::OperatorExpr& e);
  Expr* null_if(const parser::OperatorExpr& e);
  Expr* boolean(const parser::BoolExpr& e);
  Expr* coalesce(const parser::CoalesceExpr& e);
  Expr* case_when(const parser::CaseExpr& e);
  Expr* cast(const parser::TypeCast& e);
  Expr* collate(const parser::CollateExpr& e);
  Expr* sql_value(const parser::SqlValueFunction& e);
  Expr* sub_link(const parser::SubLink& e);
  Expr* array(const parser::ArrayExpr& e, Oid wanted);
  Expr* row(const parser::RowExpr& e);
  Expr* null_test(Expr* arg, bool is_not_null, int32_t location);
  std::vector<Expr*> bind_all(std::span<parser::Node* const> nodes) {
    std::vector<Expr*> result;
    for (const parser::Node* n : nodes) result.push_back(bind(n));
    return result;
  }
  std::vector<Expr*> to_common_type(std::vector<Expr*> items, std::string_view construct, Oid* type) {
    *type = b_.select_common_type(items, construct);
    for (Expr*& item : items) item = b_.coerce_to_common(item, *type, construct);
    return items;
  }
  template <class T>
  T* make(ExprKind kind, Oid type, int32_t location) {
    return b_.make<T>(kind, type, location);
  }
  SqlError error(SqlState state, std::string message, int32_t location) {
    return SqlError(state, std::move(message)).at(b_.position(location));
  }

  Binder& b_;
  Scope& scope_;
};

}  // namespace varve::analyzer
