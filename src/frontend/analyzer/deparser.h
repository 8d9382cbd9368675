// Expressions as text: deparse.cpp. Queries use it for their expressions, and give it what only they know
// through DeparseNames.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/analyzer.h"
#include "analyzer/expression.h"
#include "catalog/relation.h"

namespace varve::analyzer {

// What is not a scalar expression over one table: columns of a query, aggregates, subqueries. Null where
// there is none.
class DeparseNames {
 public:
  virtual ~DeparseNames() = default;
  virtual void column(const ColumnExpr& e, bool is_target, std::string& out) = 0;
  // False: it is not of the query's own kinds.
  virtual bool query_expression(const Expr& e, std::string& out) = 0;
  // The merged column of FULL JOIN USING; false if it is an ordinary COALESCE.
  virtual bool merged_column(const CoalesceExpr& e, std::string& out) = 0;
  virtual std::string function(const functions::Function& f) = 0;
};

// Begins a line with `text`: `before` and `after` change the indentation around it, `plus` is for this line
// alone.
void begin_line(std::string_view text, int before, int after, int plus, int& indent, std::string& out);

// Its name, with the schema if the search path does not find it.
std::string visible_function_name(const functions::Function& f);

class Deparser {
 public:
  // `indent`: of the query around; null: text without line breaks.
  Deparser(const catalog::Relation* table, PlanNames* names, functions::EvalContext& eval,
           bool pretty = false, int* indent = nullptr, DeparseNames* query = nullptr)
      : table_(table), names_(names), query_(query), eval_(eval), pretty_(pretty), indent_(indent) {}

  // With `show_implicit` an implicit cast is printed: below the top it says which operator was meant.
  void print(const Expr& e, bool show_implicit);
  std::string take() { return std::move(out_); }
  std::string& out() { return out_; }
  bool pretty() const { return pretty_; }

 private:
  void constant(const ConstExpr& e, bool label_wanted = true);
  void column(const ColumnExpr& e);
  void function(const FunctionExpr& e, bool show_implicit);
  bool whole_row(const ListExpr& e, bool is_part);
  void operator_name(const functions::Operator& op);
  bool sql_syntax(const FunctionExpr& e);
  bool xml(const FunctionExpr& e);  // XMLELEMENT and its kin (deparse_xml.cpp)
  // a[l:u], (r).f and row tests, which only the analyzer makes.
  bool container_part(const FunctionExpr& e);
  void cast(const Expr& arg, const Expr& parent, Oid type, int32_t typmod);
  // `as_written`: a constant, which needs no parentheses and shows no type of its own.
  void cast_to(const Expr& arg, const Expr& parent, bool as_written, const std::string& name);
  void boolean(const BoolExpr& e, std::string_view word);
  void case_expression(const CaseExpr& e);
  void case_condition(const Expr& condition, bool simple);
  void in_list(const InListExpr& e);
  bool constant_array(const InListExpr& e);
  void collation(Oid oid);
  void leaf(const Expr& e);
  // An operand of `parent`: in parentheses where a pretty text cannot go without.
  void operand(const Expr& e, const Expr& parent, bool show_implicit);
  void argument(const Expr& e, const Expr& parent, Oid declared);
  static bool leaves_domain(const Expr& e, Oid declared);
  bool is_simple(const Expr& e, const Expr& parent) const;
  bool is_simple_operator(const FunctionExpr& e, const Expr& parent) const;
  void open() {
    if (!pretty_) out_ += '(';
  }
  void close() {
    if (!pretty_) out_ += ')';
  }
  void list(ExprList items) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_ += ", ";
      print(*items[i], true);
    }
  }
  void call(std::string_view name, ExprList args) {
    out_ += name;
    out_ += '(';
    list(args);
    out_ += ')';
  }
  void quoted(std::string_view text);
  void case_line(std::string_view word, int before, int after);
  bool sql_value(const FunctionExpr& e);

  const catalog::Relation* table_;
  PlanNames* names_;     // null: of the catalog, not of a plan
  DeparseNames* query_;  // null: not of a query
  functions::EvalContext& eval_;
  bool pretty_;
  int* indent_;
  std::string out_;
};

}  // namespace varve::analyzer
