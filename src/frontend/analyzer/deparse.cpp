// Bound expressions as SQL text, in the words PostgreSQL's own deparser chooses: every operation in
// parentheses, constants with their types, implicit casts left out.
#include <algorithm>
#include <utility>

#include "analyzer/analyzer.h"
#include "analyzer/expression_walk.h"
#include "catalog/catalog.h"
#include "common/sql_error.h"
#include "deparser.h"
#include "domain_check.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "user_operators.h"

namespace varve::analyzer {

void Deparser::quoted(std::string_view text) {
  // Strings conform to the standard: a backslash is itself.
  out_ += '\'';
  for (char c : text) {
    if (c == '\'') out_ += c;
    out_ += c;
  }
  out_ += '\'';
}

namespace {

// Functions that SQL writes as a word.
std::string_view sql_word(std::string_view function) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"current_user", "CURRENT_USER"},           {"session_user", "SESSION_USER"},
      {"current_date", "CURRENT_DATE"},           {"current_time", "CURRENT_TIME"},
      {"current_timestamp", "CURRENT_TIMESTAMP"}, {"localtime", "LOCALTIME"},
      {"localtimestamp", "LOCALTIMESTAMP"},       {"current_role", "CURRENT_ROLE"},
      {"current_catalog", "CURRENT_CATALOG"}};
  for (const auto& [name, word] : kWords) {
    if (name == function) return word;
  }
  return {};
}

}  // namespace

void Deparser::constant(const ConstExpr& e, bool label_wanted) {
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
  if (label && label_wanted && e.type != type_oid::kUnknown)
    out_ += "::" + functions::format_type(e.type, e.typmod);
}

void Deparser::column(const ColumnExpr& e) {
  if (query_ != nullptr) return query_->column(e, false, out_);
  if (table_ == nullptr || e.range != 0 || e.levels_up != 0)
    throw_not_supported("a stored expression over several tables");
  if (e.column == 0) throw_not_supported("a stored expression over the whole row");
  switch (e.column) {
    case catalog::kCtidColumn:
      out_ += "ctid";
      return;
    case catalog::kXminColumn:
      out_ += "xmin";
      return;
    case catalog::kXmaxColumn:
      out_ += "xmax";
      return;
    case catalog::kTableOidColumn:
      out_ += "tableoid";
      return;
    default:
      out_ += parser::quote_identifier(table_->column(e.column).name);
  }
}

void Deparser::cast(const Expr& arg, const Expr& parent, Oid type, int32_t typmod) {
  // A length is applied to a value of the type: the cast to the type itself goes without saying.
  if (typmod >= 0 && arg.type == type && arg.typmod == -1) {
    const Expr* inner = nullptr;
    if (arg.kind == ExprKind::kRelabel || arg.kind == ExprKind::kCoerceViaIo) inner = arg.as<CastExpr>().arg;
    if (arg.kind == ExprKind::kFunction &&
        (arg.as<FunctionExpr>().form == 'c' || arg.as<FunctionExpr>().form == 'i')) {
      inner = arg.as<FunctionExpr>().args[0];
    }
    if (inner != nullptr && inner->type != type) return cast(*inner, parent, type, typmod);
  }
  bool same_constant = arg.kind == ExprKind::kConst && arg.type == type && arg.typmod == -1;
  cast_to(arg, parent, same_constant, functions::format_type(type, typmod));
}

void Deparser::cast_to(const Expr& arg, const Expr& parent, bool as_written, const std::string& name) {
  if (as_written) {
    constant(arg.as<ConstExpr>(), false);
  } else {
    open();
    operand(arg, parent, false);
    close();
  }
  out_ += "::" + name;
}

namespace {

std::string domain_name(const FunctionExpr& call) {
  std::string_view schema = call.args[2]->as<ConstExpr>().value.view();
  return (schema == "public" ? std::string() : parser::quote_identifier(schema) + ".") +
         parser::quote_identifier(call.args[1]->as<ConstExpr>().value.view());
}

// Of a cast to an array of a domain, the domain's function; else null.
const FunctionExpr* element_domain(const Expr& e) {
  if (e.kind != ExprKind::kArrayCoerce) return nullptr;
  const Expr* element = e.as<ArrayCoerceExpr>().element;
  if (element->kind != ExprKind::kFunction) return nullptr;
  const auto& call = element->as<FunctionExpr>();
  return is_domain_function(*call.function) ? &call : nullptr;
}

}  // namespace

void Deparser::collation(Oid oid) {
  if (oid == catalog::kCCollation) {
    out_ += "\"C\"";
  } else if (oid == catalog::kDefaultCollation) {
    out_ += "\"default\"";
  } else {
    if (eval_.session == nullptr) throw_not_supported("printing this collation");
    eval_.session->append_reg(type_oid::kRegcollation, oid.value(), out_);
  }
}

// Calls that SQL has words for.
bool Deparser::sql_syntax(const FunctionExpr& e) {
  if (e.function->name == "extract" && e.args.size() == 2 && e.args[0]->kind == ExprKind::kConst) {
    out_ += "EXTRACT(" + std::string(e.args[0]->as<ConstExpr>().value.view()) + " FROM ";
    print(*e.args[1], false);
    out_ += ')';
    return true;
  }
  if (e.form != 's') return false;
  if (e.function->name == "timezone" && e.args.size() == 2) {
    out_ += '(';
    operand(*e.args[1], e, false);
    out_ += " AT TIME ZONE ";
    operand(*e.args[0], e, false);
    out_ += ')';
    return true;
  }
  if (e.function->name == "position" && e.args.size() == 2) {
    out_ += "POSITION((";
    print(*e.args[1], false);
    out_ += ") IN (";
    print(*e.args[0], false);
    out_ += "))";
    return true;
  }
  if (e.function->name == "substring" && (e.args.size() == 2 || e.args.size() == 3)) {
    out_ += "SUBSTRING(";
    print(*e.args[0], false);
    out_ += " FROM ";
    print(*e.args[1], false);
    if (e.args.size() == 3) {
      out_ += " FOR ";
      print(*e.args[2], false);
    }
    out_ += ')';
    return true;
  }
  if (e.function->name == "overlay" && (e.args.size() == 3 || e.args.size() == 4)) {
    static constexpr std::string_view kWords[] = {"OVERLAY(", " PLACING ", " FROM ", " FOR "};
    for (size_t i = 0; i < e.args.size(); ++i) {
      out_ += kWords[i];
      print(*e.args[i], false);
    }
    out_ += ')';
    return true;
  }
  std::string_view side = e.function->name == "btrim"   ? "BOTH"
                          : e.function->name == "ltrim" ? "LEADING"
                          : e.function->name == "rtrim" ? "TRAILING"
                                                        : "";
  if (side.empty()) return false;
  out_ += "TRIM(";
  out_ += side;
  if (e.args.size() == 2) {
    out_ += ' ';
    print(*e.args[1], false);
  }
  out_ += " FROM ";
  print(*e.args[0], false);
  out_ += ')';
  return true;
}

// CURRENT_DATE and its like are calls of now() underneath.
bool Deparser::sql_value(const FunctionExpr& e) {
  if (e.form != 'v') return false;
  switch (e.type.value()) {
    case type_oid::kDate.value():
      out_ += "CURRENT_DATE";
      break;
    case type_oid::kTimetz.value():
      out_ += "CURRENT_TIME";
      break;
    case type_oid::kTime.value():
      out_ += "LOCALTIME";
      break;
    case type_oid::kTimestamp.value():
      out_ += "LOCALTIMESTAMP";
      break;
    default:
      out_ += "CURRENT_TIMESTAMP";
  }
  if (e.typmod >= 0) out_ += '(' + std::to_string(e.typmod) + ')';
  return true;
}

void Deparser::function(const FunctionExpr& e, bool show_implicit) {
  if (is_domain_function(*e.function)) {
    return cast_to(*e.args[0], e, false, domain_name(e));
  }
  if (sql_value(e)) return;
  if (e.form == 'i' && !show_implicit && !e.args.empty()) return operand(*e.args[0], e, false);
  if ((e.form == 'c' || e.form == 'i') && !e.args.empty()) return cast(*e.args[0], e, e.type, e.typmod);
  if (e.op != nullptr) {
    open();
    if (e.args.size() == 2) {
      argument(*e.args[0], e, e.op->left);
      out_ += ' ';
    }
    operator_name(*e.op);
    out_ += ' ';
    argument(*e.args.back(), e, e.op->right);
    close();
    return;
  }
  if (std::string_view word = sql_word(e.function->name); !word.empty() && e.args.empty()) {
    out_ += word;
    return;
  }
  if (sql_syntax(e)) return;
  if (e.function->oid == kInvalidOid && (xml(e) || container_part(e))) return;
  if (e.function->name == "array_subscript" && e.function->oid == kInvalidOid) {
    bool bare = e.args[0]->kind == ExprKind::kColumn || e.args[0]->kind == ExprKind::kParam;
    if (!bare) out_ += '(';
    print(*e.args[0], true);
    if (!bare) out_ += ')';
    for (const Expr* subscript : e.args.subspan(1)) {
      out_ += '[';
      print(*subscript, false);
      out_ += ']';
    }
    return;
  }
  const std::string name =
      query_ != nullptr ? query_->function(*e.function) : visible_function_name(*e.function);
  std::span<const Oid> declared = e.function->args;
  const bool plain = e.args.size() <= declared.size();
  out_ += name;
  out_ += '(';
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (i != 0) out_ += ", ";
    if (plain && leaves_domain(*e.args[i], declared[i]))
      argument(*e.args[i], e, declared[i]);
    else
      print(*e.args[i], true);
  }
  out_ += ')';
}

// OPERATOR(schema.@) where the search path does not find it, as functions are named.
void Deparser::operator_name(const functions::Operator& op) {
  if (!is_user_operator(op)) {
    out_ += op.name;
    return;
  }
  const auto& own = static_cast<const BoundUserOperator&>(op);
  functions::RoutineInfo info;
  info.schema = own.schema;
  info.visible = own.visible;
  functions::Function named{};
  named.name = "x";
  named.routine = &info;
  std::string as_function = query_ != nullptr ? query_->function(named) : visible_function_name(named);
  if (as_function == "x")
    out_ += own.written;
  else
    out_ += fmt::format("OPERATOR({}.{})", parser::quote_identifier(own.schema), own.written);
}

bool Deparser::container_part(const FunctionExpr& e) {
  std::string_view name = e.function->name;
  auto base = [&] {
    out_ += '(';
    print(*e.args[0], true);
    out_ += ')';
  };
  if (name == "array_slice") {
    base();
    int32_t flags = e.args[1]->as<ConstExpr>().value.int32;
    for (size_t i = 2, n = 0; i + 1 < e.args.size(); i += 2, ++n) {
      out_ += '[';
      if ((flags >> (2 * n) & 1) != 0) print(*e.args[i], false);
      out_ += ':';
      if ((flags >> (2 * n + 1) & 1) != 0) print(*e.args[i + 1], false);
      out_ += ']';
    }
    return true;
  }
  if (name == "record_field") {
    base();
    auto field = static_cast<size_t>(e.args[1]->as<ConstExpr>().value.int32);
    const functions::TypeInfo* info = functions::type_by_oid(e.args[0]->type);
    std::string_view written;
    if (info != nullptr && field < info->fields.size()) written = info->fields[field].name;
    if (e.args[0]->kind == ExprKind::kRow && field < e.args[0]->as<ListExpr>().names.size())
      written = e.args[0]->as<ListExpr>().names[field];
    out_ += '.' + (written.empty() ? "f" + std::to_string(field + 1) : parser::quote_identifier(written));
    return true;
  }
  if (name == "record_is_null" || name == "record_is_not_null") {
    open();
    print(*e.args[0], true);
    out_ += name == "record_is_null" ? " IS NULL" : " IS NOT NULL";
    close();
    return true;
  }
  return false;
}

// t.*, of a row that has the columns of a table one by one. By itself, where it would be taken for all the
// columns, with its type.
bool Deparser::whole_row(const ListExpr& e, bool is_part) {
  const functions::TypeInfo* info = functions::type_by_oid(e.type);
  if (query_ == nullptr || info == nullptr || info->kind != 'c' || e.args.empty() ||
      e.args.size() != info->fields.size())
    return false;
  int16_t last = 0;
  for (const Expr* arg : e.args) {
    if (arg->kind != ExprKind::kColumn) return false;
    const auto& c = arg->as<ColumnExpr>();
    const auto& first = e.args[0]->as<ColumnExpr>();
    if (c.range != first.range || c.levels_up != first.levels_up || c.column <= last) return false;
    last = c.column;
  }
  ColumnExpr row = e.args[0]->as<ColumnExpr>();
  row.column = 0;
  row.type = e.type;
  row.typmod = -1;
  query_->column(row, !is_part, out_);
  return true;
}

void Deparser::boolean(const BoolExpr& e, std::string_view word) {
  open();
  for (size_t i = 0; i < e.args.size(); ++i) {
    if (i != 0) {
      out_ += ' ';
      out_ += word;
      out_ += ' ';
    }
    operand(*e.args[i], e, false);
  }
  close();
}

// --- parentheses

// A value of a domain shows that it is taken as one of the type underneath.
bool Deparser::leaves_domain(const Expr& e, Oid declared) {
  return e.domain != kInvalidOid && declared != type_oid::kAny && declared != type_oid::kAnyelement &&
         declared != type_oid::kAnynonarray && declared != type_oid::kAnycompatible &&
         declared != type_oid::kAnycompatiblenonarray;
}

void Deparser::argument(const Expr& e, const Expr& parent, Oid declared) {
  if (leaves_domain(e, declared)) return cast_to(e, parent, false, functions::format_type(e.type, -1));
  operand(e, parent, true);
}

void Deparser::operand(const Expr& e, const Expr& parent, bool show_implicit) {
  bool paren = pretty_ && !is_simple(e, parent);
  if (paren) out_ += '(';
  print(e, show_implicit);
  if (paren) out_ += ')';
}

namespace {

// '+' for + and -, '*' for *, / and %, 0 for any other operator.
char operator_class(const Expr& e) {
  if (e.kind != ExprKind::kFunction) return 0;
  const auto& f = e.as<FunctionExpr>();
  if (f.op == nullptr || f.form != 'f' || f.args.size() != 2 || f.op->name.size() != 1) return 0;
  char c = f.op->name[0];
  return c == '+' || c == '-' ? '+' : c == '*' || c == '/' || c == '%' ? '*' : 0;
}

bool is_operator(const Expr& e) {
  return e.kind == ExprKind::kFunction && e.as<FunctionExpr>().op != nullptr &&
         e.as<FunctionExpr>().form == 'f';
}

// Its syntax encloses its operands.
bool encloses(const Expr& parent) {
  switch (parent.kind) {
    case ExprKind::kArray:
    case ExprKind::kRow:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
    case ExprKind::kNullIf:
    case ExprKind::kAggregate:
    case ExprKind::kGrouping:
    case ExprKind::kWindow:
    case ExprKind::kCase:
      return true;
    case ExprKind::kFunction:
      return parent.as<FunctionExpr>().op == nullptr && parent.as<FunctionExpr>().form == 'f';
    default:
      return false;
  }
}

bool is_boolean(const Expr& e) {
  return e.kind == ExprKind::kAnd || e.kind == ExprKind::kOr || e.kind == ExprKind::kNot;
}

}  // namespace

bool Deparser::is_simple_operator(const FunctionExpr& e, const Expr& parent) const {
  if (!is_operator(parent)) return is_boolean(parent) || encloses(parent);
  char own = operator_class(e), outer = operator_class(parent);
  if (own == 0 || outer == 0) return false;
  if (own != outer) return own == '*';
  return parent.as<FunctionExpr>().args[0] == &e;
}

bool Deparser::is_simple(const Expr& e, const Expr& parent) const {
  switch (e.kind) {
    case ExprKind::kConst:
    case ExprKind::kParam:
    case ExprKind::kColumn:
    case ExprKind::kInput:
    case ExprKind::kExecParam:
    case ExprKind::kCaseInput:
    case ExprKind::kArray:
    case ExprKind::kRow:
    case ExprKind::kCoalesce:
    case ExprKind::kMinMax:
    case ExprKind::kNullIf:
    case ExprKind::kAggregate:
    case ExprKind::kGrouping:
    case ExprKind::kWindow:
    case ExprKind::kSetReturning:
    case ExprKind::kCase:
      return true;
    case ExprKind::kCoerceViaIo:
    case ExprKind::kArrayCoerce:
    case ExprKind::kRelabel:
      return is_simple(*e.as<CastExpr>().arg, e);
    case ExprKind::kFunction:
      return is_operator(e) ? is_simple_operator(e.as<FunctionExpr>(), parent) : true;
    case ExprKind::kSubquery:
    case ExprKind::kNullTest:
    case ExprKind::kBooleanTest:
    case ExprKind::kDistinct:
      return is_boolean(parent) || encloses(parent);
    case ExprKind::kAnd:
    case ExprKind::kNot:
      return parent.kind == ExprKind::kAnd || parent.kind == ExprKind::kOr || encloses(parent);
    case ExprKind::kOr:
      return parent.kind == ExprKind::kOr || encloses(parent);
    default:
      return false;
  }
}

// In CASE x WHEN y the condition is the comparison of the case's input with y.
void Deparser::case_condition(const Expr& condition, bool simple) {
  if (simple && condition.kind == ExprKind::kFunction && condition.as<FunctionExpr>().args.size() == 2) {
    return print(*condition.as<FunctionExpr>().args[1], false);
  }
  print(condition, false);
}

void begin_line(std::string_view text, int before, int after, int plus, int& indent, std::string& out) {
  constexpr int kLimit = 40;  // deeper levels begin again at the left
  indent += before;
  while (!out.empty() && out.back() == ' ') out.pop_back();
  out += '\n';
  int amount = std::max(indent, 0);
  if (amount >= kLimit) amount = (kLimit + (amount - kLimit) / 4) % kLimit;
  out.append(static_cast<size_t>(amount + plus), ' ');
  out += text;
  indent = std::max(indent + after, 0);
}

void Deparser::case_line(std::string_view word, int before, int after) {
  if (indent_ != nullptr) return begin_line(word, before, after, 0, *indent_, out_);
  if (before == 0 && after != 0) {
    out_ += word;
    return;
  }
  out_ += ' ';
  out_ += word;
}

void Deparser::case_expression(const CaseExpr& e) {
  constexpr int kStep = 4;
  case_line("CASE", 0, kStep);
  if (e.arg != nullptr) {
    out_ += ' ';
    print(*e.arg, true);
  }
  for (size_t i = 0; i < e.conditions.size(); ++i) {
    case_line("WHEN ", 0, 0);
    case_condition(*e.conditions[i], e.arg != nullptr);
    out_ += " THEN ";
    print(*e.results[i], true);
  }
  case_line("ELSE ", 0, 0);
  print(*e.otherwise, true);
  case_line("END", -kStep, 0);
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
  out_ += "::" + functions::format_type(info->array_type, -1) + ')';
  close();
  return true;
}

void Deparser::in_list(const InListExpr& e) {
  // One element compares as it is.
  if (e.items.size() == 1 && names_ == nullptr) {
    open();
    operand(*e.arg, e, true);
    out_ += e.negated ? " <> " : " = ";
    operand(*e.items[0], e, true);
    close();
    return;
  }
  open();
  operand(*e.arg, e, true);
  if (constant_array(e)) return;
  out_ += e.negated ? " <> ALL (ARRAY[" : " = ANY (ARRAY[";
  list(e.items);
  out_ += "])";
  close();
}

void Deparser::print(const Expr& e, bool show_implicit) {
  switch (e.kind) {
    case ExprKind::kConst:
      return constant(e.as<ConstExpr>());
    case ExprKind::kColumn:
      return column(e.as<ColumnExpr>());
    case ExprKind::kFunction:
      return function(e.as<FunctionExpr>(), show_implicit);
    case ExprKind::kAnd:
      return boolean(e.as<BoolExpr>(), "AND");
    case ExprKind::kOr:
      return boolean(e.as<BoolExpr>(), "OR");
    case ExprKind::kNot:
      open();
      out_ += "NOT ";
      operand(*e.as<BoolExpr>().args[0], e, false);
      return close();
    case ExprKind::kCase:
      return case_expression(e.as<CaseExpr>());
    case ExprKind::kCoalesce:
      if (query_ != nullptr && query_->merged_column(e.as<CoalesceExpr>(), out_)) return;
      return call("COALESCE", e.as<CoalesceExpr>().args);
    case ExprKind::kMinMax:
      return call(e.as<MinMaxExpr>().greatest ? "GREATEST" : "LEAST", e.as<MinMaxExpr>().args);
    case ExprKind::kNullTest:
      open();
      operand(*e.as<NullTestExpr>().arg, e, true);
      out_ += e.as<NullTestExpr>().is_not_null ? " IS NOT NULL" : " IS NULL";
      return close();
    case ExprKind::kBooleanTest: {
      static constexpr std::string_view kTests[] = {" IS TRUE",      " IS NOT TRUE", " IS FALSE",
                                                    " IS NOT FALSE", " IS UNKNOWN",  " IS NOT UNKNOWN"};
      open();
      operand(*e.as<BooleanTestExpr>().arg, e, false);
      out_ += kTests[static_cast<size_t>(e.as<BooleanTestExpr>().test)];
      return close();
    }
    case ExprKind::kDistinct: {
      const auto& d = e.as<EqualityExpr>();
      if (d.negated) {
        open();
        out_ += "NOT ";
        if (pretty_) out_ += '(';
      }
      open();
      operand(*d.left, e, true);
      out_ += " IS DISTINCT FROM ";
      operand(*d.right, e, true);
      close();
      if (d.negated) {
        if (pretty_) out_ += ')';
        close();
      }
      return;
    }
    case ExprKind::kNullIf:
      out_ += "NULLIF(";
      print(*e.as<EqualityExpr>().left, true);
      out_ += ", ";
      print(*e.as<EqualityExpr>().right, true);
      out_ += ')';
      return;
    case ExprKind::kInList:
      return in_list(e.as<InListExpr>());
    case ExprKind::kArrayOp: {
      const auto& a = e.as<ArrayOpExpr>();
      open();
      operand(*a.arg, e, true);
      out_ += ' ';
      operator_name(*a.op);
      out_ += a.all ? " ALL (" : " ANY (";
      operand(*a.array, e, true);
      // A subquery that yields an array, not the rows to compare with.
      if (a.array->kind == ExprKind::kSubquery &&
          a.array->as<SubqueryExpr>().subquery == SubqueryKind::kScalar) {
        out_ += "::" + functions::format_type(a.array->type, a.array->typmod);
      }
      out_ += ')';
      return close();
    }
    case ExprKind::kRelabel:
      if (const auto& c = e.as<CastExpr>();
          c.arg->type == e.type && c.arg->collation != e.collation && c.arg->typmod == e.typmod) {
        open();
        operand(*c.arg, e, true);
        out_ += " COLLATE ";
        collation(e.collation);
        return close();
      }
      [[fallthrough]];
    case ExprKind::kCoerceViaIo:
    case ExprKind::kArrayCoerce:
      if (const FunctionExpr* domain = element_domain(e))
        return cast_to(*e.as<CastExpr>().arg, e, e.as<CastExpr>().arg->kind == ExprKind::kConst,
                       domain_name(*domain) + "[]");
      if (e.as<CastExpr>().implicit && !show_implicit) return operand(*e.as<CastExpr>().arg, e, false);
      return cast(*e.as<CastExpr>().arg, e, e.type, e.typmod);
    case ExprKind::kRow:
      if (whole_row(e.as<ListExpr>(), show_implicit)) return;
      call("ROW", e.as<ListExpr>().args);
      if (e.type != type_oid::kRecord) out_ += "::" + functions::format_type(e.type, -1);
      return;
    case ExprKind::kArray:
      out_ += "ARRAY[";
      list(e.as<ListExpr>().args);
      out_ += ']';
      if (e.as<ListExpr>().args.empty()) out_ += "::" + functions::format_type(e.type, -1);
      return;
    default:
      return leaf(e);
  }
}

void Deparser::leaf(const Expr& e) {
  if (query_ != nullptr && query_->query_expression(e, out_)) return;
  if (e.kind == ExprKind::kSubquery) {
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot use subquery in a stored expression");
  }
  if (names_ == nullptr) throw_not_supported("storing an expression of this kind");
  switch (e.kind) {
    case ExprKind::kParam:
      if (!names_->param(e.as<ParamExpr>().index, out_))
        out_ += '$' + std::to_string(e.as<ParamExpr>().index + 1);
      return;
    case ExprKind::kInput:
      return names_->input(e.as<InputExpr>().index, out_);
    case ExprKind::kExecParam:
      return names_->exec_param(e.as<ExecParamExpr>().index, out_);
    case ExprKind::kSubplan:
      return names_->subplan(e.as<SubplanExpr>(), out_);
    case ExprKind::kCaseInput:
      out_ += "CASE_TEST_EXPR";
      return;
    case ExprKind::kSetReturning:
      return call(parser::quote_identifier(e.as<SetReturningExpr>().function->name),
                  e.as<SetReturningExpr>().args);
    default:
      throw SqlError(sqlstate::kInternalError, "an expression of this kind in a plan");
  }
}

std::string deparse_expression(const Expr& expr, const catalog::Relation* table, functions::EvalContext& eval,
                               bool pretty, bool lines) {
  int indent = 0;
  Deparser deparser(table, nullptr, eval, pretty, lines ? &indent : nullptr);
  deparser.print(expr, false);
  return deparser.take();
}

std::string deparse_expression(const Expr& expr, PlanNames& names, functions::EvalContext& eval) {
  Deparser deparser(nullptr, &names, eval);
  deparser.print(expr, false);
  return deparser.take();
}

}  // namespace varve::analyzer
