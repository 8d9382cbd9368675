// Bound expressions as SQL text, in the words PostgreSQL's own deparser chooses: every operation in parentheses,
// constants with their types, implicit casts left out.
#include <algorithm>
#include <utility>

#include "analyzer/analyzer.h"
#include "analyzer/expression_walk.h"
#include "catalog/relation.h"
#include "common/sql_error.h"
#include "domain_check.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"

namespace varve::analyzer {
namespace {

class Deparser {
 public:
  Deparser(const catalog::Relation* table, PlanNames* names, functions::EvalContext& eval)
      : table_(table), names_(names), eval_(eval) {}

  // Implicit casts are left out at the top only: below it they say which operator was meant.
  void print(const Expr& e) {
    bool top = std::exchange(top_, false);
    print(e, top);
  }
  std::string take() { return std::move(out_); }

 private:
  void print(const Expr& e, bool top);
  void constant(const ConstExpr& e);
  void column(const ColumnExpr& e);
  void function(const FunctionExpr& e, bool top);
  void cast(const Expr& arg, Oid type, int32_t typmod);
  void boolean(const BoolExpr& e, std::string_view word);
  void case_expression(const CaseExpr& e);
  void case_condition(const Expr& condition, bool simple);
  void in_list(const InListExpr& e);
  bool constant_array(const InListExpr& e);
  void plan_leaf(const Expr& e);
  void list(ExprList items) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_ += ", ";
      print(*items[i]);
    }
  }
  void call(std::string_view name, ExprList args) {
    out_ += name;
    out_ += '(';
    list(args);
    out_ += ')';
  }
  void quoted(std::string_view text) {
    if (text.find('\\') != std::string_view::npos) out_ += 'E';
    out_ += '\'';
    for (char c : text) {
      if (c == '\'' || c == '\\') out_ += c;
      out_ += c;
    }
    out_ += '\'';
  }

  const catalog::Relation* table_;
  PlanNames* names_;  // null: of the catalog, not of a plan
  functions::EvalContext& eval_;
  bool top_ = true;
  std::string out_;
};

// Functions that SQL writes as a word.
std::string_view sql_word(std::string_view function) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"current_user", "CURRENT_USER"}, {"session_user", "SESSION_USER"}, {"current_date", "CURRENT_DATE"},
      {"current_time", "CURRENT_TIME"}, {"current_timestamp", "CURRENT_TIMESTAMP"}, {"localtime", "LOCALTIME"},
      {"localtimestamp", "LOCALTIMESTAMP"}, {"current_role", "CURRENT_ROLE"}, {"current_catalog", "CURRENT_CATALOG"}};
  for (const auto& [name, word] : kWords) {
    if (name == function) return word;
  }
  return {};
}

void Deparser::constant(const ConstExpr& e) {
  bool label = e.type != type_oid::kInt4 && e.type != type_oid::kBool && e.type != type_oid::kUnknown;
  if (e.value.null) {
    out_ += "NULL";
    label = true;
  } else {
    std::string text;
    functions::append_value(e.type, e.value, text, eval_);
    bool digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
    if (e.type == type_oid::kBool) {
      out_ += e.value.boolean != 0 ? "true" : "false";
    } else if (e.type == type_oid::kInt4 && digit) {
      out_ += text;
    } else if (e.type == type_oid::kNumeric && digit && text.find_first_of("eE.") != std::string::npos) {
      out_ += text;
      label = e.typmod >= 0;
    } else {
      quoted(text);
      if (e.type == type_oid::kInt4) label = true;
    }
  }
  if (label && e.type != type_oid::kUnknown) out_ += "::" + functions::format_type(e.type, e.typmod);
}

void Deparser::column(const ColumnExpr& e) {
  if (table_ == nullptr || e.range != 0 || e.levels_up != 0) throw_not_supported("a stored expression over several tables");
  if (e.column == 0) throw_not_supported("a stored expression over the whole row");
  switch (e.column) {
    case catalog::kCtidColumn: out_ += "ctid"; return;
    case catalog::kXminColumn: out_ += "xmin"; return;
    case catalog::kTableOidColumn: out_ += "tableoid"; return;
    default: out_ += parser::quote_identifier(table_->column(e.column).name);
  }
}

void Deparser::cast(const Expr& arg, Oid type, int32_t typmod) {
  out_ += '(';
  print(arg);
  out_ += ")::" + functions::format_type(type, typmod);
}

void Deparser::function(const FunctionExpr& e, bool top) {
  if (e.form == 'i' && top && !e.args.empty()) return print(*e.args[0], top);
  if (is_domain_function(*e.function)) {
    out_ += '(';
    print(*e.args[0], true);
    out_ += ")::" + parser::quote_identifier(e.args[1]->as<ConstExpr>().value.view());
    return;
  }
  if ((e.form == 'c' || e.form == 'i') && !e.args.empty()) return cast(*e.args[0], e.type, e.typmod);
  if (e.op != nullptr) {
    out_ += '(';
    if (e.args.size() == 2) {
      print(*e.args[0]);
      out_ += ' ';
    }
    out_ += e.op->name;
    out_ += ' ';
    print(*e.args.back());
    out_ += ')';
    return;
  }
  if (std::string_view word = sql_word(e.function->name); !word.empty() && e.args.empty()) {
    out_ += word;
    return;
  }
  if (e.function->name == "extract" && e.args.size() == 2 && e.args[0]->kind == ExprKind::kConst) {
    out_ += "EXTRACT(" + std::string(e.args[0]->as<ConstExpr>().value.view()) + " FROM ";
    print(*e.args[1]);
    out_ += ')';
    return;
  }
  call(parser::quote_identifier(e.function->name), e.args);
}

void Deparser::boolean(const BoolExpr& e, std::string_view word) {
  out_ += '(';
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (i != 0) {
      out_ += ' ';
      out_ += word;
      out_ += ' ';
    }
    print(*e.args[i]);
  }
  out_ += ')';
}

// In CASE x WHEN y the condition is the comparison of the case's input with y.
void Deparser::case_condition(const Expr& condition, bool simple) {
  if (simple && condition.kind == ExprKind::kFunction && condition.as<FunctionExpr>().args.size() == 2) {
    return print(*condition.as<FunctionExpr>().args[1]);
  }
  print(condition);
}

void Deparser::case_expression(const CaseExpr& e) {
  out_ += "CASE";
  if (e.arg != nullptr) {
    out_ += ' ';
    print(*e.arg);
  }
  for (size_t i = 0; i < e.conditions.size(); ++i) {
    out_ += " WHEN ";
    case_condition(*e.conditions[i], e.arg != nullptr);
    out_ += " THEN ";
    print(*e.results[i]);
  }
  out_ += " ELSE ";
  print(*e.otherwise);
  out_ += " END";
}

// A list of constants in a plan is one array constant.
bool Deparser::constant_array(const InListExpr& e) {
  const functions::TypeInfo* info = e.items.empty() ? nullptr : functions::type_by_oid(e.items[0]->type);
  if (names_ == nullptr || info == nullptr || info->array_type == kInvalidOid) return false;
  std::string text = "{", item;
  for (const Expr* x : e.items) {
    if (x->kind != ExprKind::kConst) return false;
    if (text.size() > 1) text += ',';
    const types::Value& value = x->as<ConstExpr>().value;
    if (value.null) {
      text += "NULL";
      continue;
    }
    item.clear();
    functions::append_value(x->type, value, item, eval_);
    bool quote = item.empty() || item == "NULL" || item == "null" ||
                 item.find_first_of("{},\"\\ \t\n\r\v\f") != std::string::npos;
    if (!quote) {
      text += item;
      continue;
    }
    text += '"';
    for (char c : item) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  out_ += e.negated ? " <> ALL (" : " = ANY (";
  quoted(text + "}");
  out_ += "::" + functions::format_type(info->array_type, -1) + "))";
  return true;
}

void Deparser::in_list(const InListExpr& e) {
  out_ += '(';
  print(*e.arg);
  if (constant_array(e)) return;
  out_ += e.negated ? " <> ALL (ARRAY[" : " = ANY (ARRAY[";
  list(e.items);
  out_ += "]))";
}

void Deparser::print(const Expr& e, bool top) {
  switch (e.kind) {
    case ExprKind::kConst: return constant(e.as<ConstExpr>());
    case ExprKind::kColumn: return column(e.as<ColumnExpr>());
    case ExprKind::kFunction: return function(e.as<FunctionExpr>(), top);
    case ExprKind::kAnd: return boolean(e.as<BoolExpr>(), "AND");
    case ExprKind::kOr: return boolean(e.as<BoolExpr>(), "OR");
    case ExprKind::kNot:
      out_ += "(NOT ";
      print(*e.as<BoolExpr>().args[0]);
      out_ += ')';
      return;
    case ExprKind::kCase: return case_expression(e.as<CaseExpr>());
    case ExprKind::kCoalesce: return call("COALESCE", e.as<CoalesceExpr>().args);
    case ExprKind::kMinMax:
      return call(e.as<MinMaxExpr>().greatest ? "GREATEST" : "LEAST", e.as<MinMaxExpr>().args);
    case ExprKind::kNullTest:
      out_ += '(';
      print(*e.as<NullTestExpr>().arg);
      out_ += e.as<NullTestExpr>().is_not_null ? " IS NOT NULL)" : " IS NULL)";
      return;
    case ExprKind::kBooleanTest: {
      static constexpr std::string_view kTests[] = {" IS TRUE)", " IS NOT TRUE)", " IS FALSE)", " IS NOT FALSE)",
                                                    " IS UNKNOWN)", " IS NOT UNKNOWN)"};
      out_ += '(';
      print(*e.as<BooleanTestExpr>().arg);
      out_ += kTests[static_cast<size_t>(e.as<BooleanTestExpr>().test)];
      return;
    }
    case ExprKind::kDistinct: {
      const auto& d = e.as<EqualityExpr>();
      if (d.negated) out_ += "(NOT ";
      out_ += '(';
      print(*d.left);
      out_ += " IS DISTINCT FROM ";
      print(*d.right);
      out_ += d.negated ? "))" : ")";
      return;
    }
    case ExprKind::kNullIf:
      out_ += "NULLIF(";
      print(*e.as<EqualityExpr>().left);
      out_ += ", ";
      print(*e.as<EqualityExpr>().right);
      out_ += ')';
      return;
    case ExprKind::kInList: return in_list(e.as<InListExpr>());
    case ExprKind::kArrayOp: {
      const auto& a = e.as<ArrayOpExpr>();
      out_ += '(';
      print(*a.arg);
      out_ += ' ';
      out_ += a.op->name;
      out_ += a.all ? " ALL (" : " ANY (";
      print(*a.array);
      out_ += "))";
      return;
    }
    case ExprKind::kCoerceViaIo:
    case ExprKind::kRelabel:
      if (e.as<CastExpr>().implicit && top) return print(*e.as<CastExpr>().arg, top);
      return cast(*e.as<CastExpr>().arg, e.type, e.typmod);
    case ExprKind::kRow: return call("ROW", e.as<ListExpr>().args);
    case ExprKind::kArray:
      out_ += "ARRAY[";
      list(e.as<ListExpr>().args);
      out_ += ']';
      if (e.as<ListExpr>().args.empty()) out_ += "::" + functions::format_type(e.type, -1);
      return;
    case ExprKind::kSubquery: throw SqlError(sqlstate::kFeatureNotSupported, "cannot use subquery in a stored expression");
    default: return plan_leaf(e);
  }
}

void Deparser::plan_leaf(const Expr& e) {
  if (names_ == nullptr) throw_not_supported("storing an expression of this kind");
  switch (e.kind) {
    case ExprKind::kParam: out_ += '$' + std::to_string(e.as<ParamExpr>().index + 1); return;
    case ExprKind::kInput: return names_->input(e.as<InputExpr>().index, out_);
    case ExprKind::kExecParam: return names_->exec_param(e.as<ExecParamExpr>().index, out_);
    case ExprKind::kSubplan: return names_->subplan(e.as<SubplanExpr>(), out_);
    case ExprKind::kCaseInput: out_ += "CASE_TEST_EXPR"; return;
    case ExprKind::kSetReturning:
      return call(parser::quote_identifier(e.as<SetReturningExpr>().function->name), e.as<SetReturningExpr>().args);
    default: throw SqlError(sqlstate::kInternalError, "an expression of this kind in a plan");
  }
}

}  // namespace

std::string deparse_expression(const Expr& expr, const catalog::Relation* table, functions::EvalContext& eval) {
  Deparser deparser(table, nullptr, eval);
  deparser.print(expr);
  return deparser.take();
}

std::string deparse_expression(const Expr& expr, PlanNames& names, functions::EvalContext& eval) {
  Deparser deparser(nullptr, &names, eval);
  deparser.print(expr);
  return deparser.take();
}

}  // namespace varve::analyzer
