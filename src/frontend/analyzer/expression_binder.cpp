// Scalar expressions: from what was written to what it means.
#include "expression_binder.h"

#include <algorithm>
#include <charconv>

#include "analyzer/expression_walk.h"
#include "container_functions.h"
#include "domain_binder.h"
#include "parser/parser.h"
#include "polymorphic.h"
#include "routine_call.h"
#include "user_operators.h"

namespace varve::analyzer {

using functions::CastContext;
using types::Value;

Expr* Binder::bind_expr(Scope& scope, const parser::Node* node) {
  return ExpressionBinder(*this, scope).bind(node);
}

Expr* ExpressionBinder::bind(const parser::Node* node) {
  using parser::NodeKind;
  switch (node->kind) {
    case NodeKind::kConstExpr:
      return literal(*parser::as<parser::ConstExpr>(node));
    case NodeKind::kColumnRef:
      return column(*parser::as<parser::ColumnRef>(node));
    case NodeKind::kParamRef:
      return parameter(*parser::as<parser::ParamRef>(node));
    case NodeKind::kOperatorExpr:
      return operation(*parser::as<parser::OperatorExpr>(node));
    case NodeKind::kBoolExpr:
      return boolean(*parser::as<parser::BoolExpr>(node));
    case NodeKind::kFuncCall: {
      const auto& call = *parser::as<parser::FuncCall>(node);
      Expr* e = b_.bind_function_call(scope_, call);
      bool in_words = call.syntax == parser::CallSyntax::kSqlSyntax && e->kind == ExprKind::kFunction;
      if (in_words && e->as<FunctionExpr>().form == 'f') e->as<FunctionExpr>().form = 's';
      return e;
    }
    case NodeKind::kTypeCast:
      return cast(*parser::as<parser::TypeCast>(node));
    case NodeKind::kCollateExpr:
      return collate(*parser::as<parser::CollateExpr>(node));
    case NodeKind::kCaseExpr:
      return case_when(*parser::as<parser::CaseExpr>(node));
    case NodeKind::kSqlValueFunction:
      return sql_value(*parser::as<parser::SqlValueFunction>(node));
    case NodeKind::kSubLink:
      return sub_link(*parser::as<parser::SubLink>(node));
    case NodeKind::kArrayExpr:
      return array(*parser::as<parser::ArrayExpr>(node), kInvalidOid);
    case NodeKind::kRowExpr:
      return row(*parser::as<parser::RowExpr>(node));
    case NodeKind::kIndirectionExpr:
      return b_.bind_indirection(scope_, *parser::as<parser::IndirectionExpr>(node));
    case NodeKind::kNullTest: {
      const auto& t = *parser::as<parser::NullTest>(node);
      return null_test(bind(t.arg), t.is_not_null, t.location);
    }
    case NodeKind::kBooleanTest: {
      const auto& t = *parser::as<parser::BooleanTest>(node);
      auto* e = make<BooleanTestExpr>(ExprKind::kBooleanTest, type_oid::kBool, t.location);
      static constexpr std::string_view kNames[] = {"IS TRUE",      "IS NOT TRUE", "IS FALSE",
                                                    "IS NOT FALSE", "IS UNKNOWN",  "IS NOT UNKNOWN"};
      auto which = static_cast<size_t>(t.test);
      e->arg = b_.coerce_to_boolean(bind(t.arg), kNames[which]);
      e->test = static_cast<BooleanTest>(which);
      return e;
    }
    case NodeKind::kCoalesceExpr:
      return coalesce(*parser::as<parser::CoalesceExpr>(node));
    case NodeKind::kMinMaxExpr: {
      const auto& m = *parser::as<parser::MinMaxExpr>(node);
      auto* e = make<MinMaxExpr>(ExprKind::kMinMax, kInvalidOid, node->location);
      e->greatest = m.greatest;
      e->args = b_.list(to_common_type(bind_all(m.args), m.greatest ? "GREATEST" : "LEAST", &e->type));
      b_.derive_collation(e, e->args);
      if (e->collation == kNoCollation) Binder::throw_no_collation("string comparison");
      return e;
    }
    case NodeKind::kGroupingFunc: {
      auto* e = make<GroupingExpr>(ExprKind::kGrouping, type_oid::kInt4, node->location);
      e->args = b_.list(bind_all(parser::as<parser::GroupingFunc>(node)->args));
      check_grouping_level(*e);
      return e;
    }
    case NodeKind::kXmlExpr:
    case NodeKind::kXmlSerialize:
      return b_.bind_xml(scope_, node);
    case NodeKind::kDefaultExpr:
      throw error(sqlstate::kSyntaxError, "DEFAULT is not allowed in this context", node->location);
    default:
      throw_not_supported(parser::kind_name(node->kind), b_.position(node->location));
  }
}

Expr* ExpressionBinder::literal(const parser::ConstExpr& c) {
  Expr* e = nullptr;
  switch (c.type) {
    case parser::ConstKind::kNull:
      e = b_.make_const(type_oid::kUnknown, Value::null_of(types::PhysicalType::kString));
      break;
    case parser::ConstKind::kBoolean:
      e = b_.make_bool(c.boolean);
      break;
    case parser::ConstKind::kInteger:
      e = b_.make_const(type_oid::kInt4, Value::of_int32(c.integer));
      break;
    case parser::ConstKind::kFloat: {
      int64_t n = 0;
      auto [end, failed] = std::from_chars(c.text.data(), c.text.data() + c.text.size(), n);
      if (failed == std::errc() && end == c.text.data() + c.text.size()) {
        // What the parser could not hold as an int4 may be one with the minus sign before it.
        bool is_int4 = n == std::numeric_limits<int32_t>::min();
        e = is_int4 ? b_.make_const(type_oid::kInt4, Value::of_int32(static_cast<int32_t>(n)))
                    : b_.make_const(type_oid::kInt8, Value::of_int64(n));
      } else {
        e = b_.make_const(type_oid::kNumeric, Value::of_numeric(types::parse_numeric(c.text, b_.arena())));
      }
      break;
    }
    case parser::ConstKind::kString:
      e = b_.make_const(type_oid::kUnknown, Value::of_string(b_.arena().copy(c.text)));
      e->collation = kInvalidOid;
      break;
    case parser::ConstKind::kBitString:
    case parser::ConstKind::kHexString: {
      std::string text = (c.type == parser::ConstKind::kHexString ? "x" : "b") + std::string(c.text);
      try {
        Value v = functions::parse_value(type_oid::kBit, -1, text, b_.context().eval);
        e = b_.make_const(type_oid::kBit, types::copy_value(v, b_.arena()));
      } catch (SqlError& failed) {
        failed.at(b_.position(c.location));
        throw;
      }
      break;
    }
  }
  e->location = c.location;
  return e;
}

Expr* ExpressionBinder::comparison(std::string_view name, Expr* left, Expr* right, int32_t location) {
  return b_.make_operator(name, left, right, location);
}

std::vector<Expr*> ExpressionBinder::row_items(const parser::RowExpr& row) {
  std::vector<Expr*> items;
  for (const parser::Node* arg : row.args) {
    const parser::ColumnRef* ref =
        parser::is<parser::ColumnRef>(arg) ? parser::as<parser::ColumnRef>(arg) : nullptr;
    const parser::IndirectionExpr* steps =
        parser::is<parser::IndirectionExpr>(arg) ? parser::as<parser::IndirectionExpr>(arg) : nullptr;
    if (ref != nullptr && ref->star) {
      std::vector<Target> targets;
      b_.expand_star(scope_, *ref, &targets);
      for (const Target& t : targets) items.push_back(t.expr);
    } else if (steps != nullptr && parser::is<parser::StarStep>(steps->steps.back())) {
      for (const ScopeColumn& c : b_.bind_row_star(scope_, *steps)) items.push_back(c.expr);
    } else {
      items.push_back(bind(arg));
    }
  }
  return items;
}

namespace {

bool is_row(const parser::Node* node) {
  return node != nullptr && parser::is<parser::RowExpr>(node) &&
         (parser::as<parser::RowExpr>(node)->explicit_row ||
          parser::as<parser::RowExpr>(node)->args.size() != 1);
}

}  // namespace

Expr* ExpressionBinder::operation(const parser::OperatorExpr& e) {
  using parser::OperatorForm;
  std::string_view schema = e.name.size() > 1 ? e.name[e.name.size() - 2] : std::string_view();
  bool plain = e.form == OperatorForm::kOperator && !is_row(e.left) && !is_row(e.right);
  if (!schema.empty() && schema != "pg_catalog" && !plain)
    throw_not_supported("this use of an operator with a schema", b_.position(e.location));
  switch (e.form) {
    case OperatorForm::kOperator:
    case OperatorForm::kLike:
    case OperatorForm::kILike:
    case OperatorForm::kSimilar: {
      if (is_row(e.left) && is_row(e.right)) {
        return b_.compare_rows(e.name.back(), row_items(*parser::as<parser::RowExpr>(e.left)),
                               row_items(*parser::as<parser::RowExpr>(e.right)), e.location);
      }
      if (is_row(e.left) && parser::is<parser::SubLink>(e.right) &&
          parser::as<parser::SubLink>(e.right)->link == parser::SubLinkKind::kScalar) {
        return b_.compare_with_subquery(scope_, e.name.back(),
                                        row_items(*parser::as<parser::RowExpr>(e.left)),
                                        *parser::as<parser::SubLink>(e.right), e.location);
      }
      Expr* left = e.left == nullptr ? nullptr : bind(e.left);
      return b_.make_operator(e.name.back(), left, bind(e.right), e.location, schema);
    }
    case OperatorForm::kAny:
      return array_operation(e, false);
    case OperatorForm::kAll:
      return array_operation(e, true);
    case OperatorForm::kDistinct:
    case OperatorForm::kNotDistinct:
      return distinct_from(e);
    case OperatorForm::kNullIf:
      return null_if(e);
    case OperatorForm::kIn:
      return in_list(e);
    default:
      return between(e);
  }
}

Expr* ExpressionBinder::in_list(const parser::OperatorExpr& e) {
  bool negated = e.name.back() == "<>";
  const auto& items = parser::as<parser::ListNode>(e.right)->items;
  auto any_of_these = [&](std::vector<Expr*> tests) -> Expr* {
    auto* any = make<BoolExpr>(negated ? ExprKind::kAnd : ExprKind::kOr, type_oid::kBool, e.location);
    any->args = b_.list(tests);
    return tests.size() == 1 ? tests[0] : any;
  };
  std::string_view op = negated ? "<>" : "=";
  if (is_row(e.left)) {
    std::vector<Expr*> tests;
    for (const parser::Node* item : items) {
      std::vector<Expr*> left = row_items(*parser::as<parser::RowExpr>(e.left));
      if (is_row(item)) {
        tests.push_back(b_.compare_rows(op, left, row_items(*parser::as<parser::RowExpr>(item)), e.location));
      } else {
        tests.push_back(b_.make_operator(op, bind(e.left), bind(item), e.location));
      }
    }
    return any_of_these(tests);
  }
  Expr* arg = bind(e.left);
  std::vector<Expr*> values = bind_all(items);
  std::vector<Expr*> all{arg};
  all.insert(all.end(), values.begin(), values.end());
  Oid common = kInvalidOid;
  try {
    common = b_.select_common_type(all, "IN");
  } catch (const SqlError&) {
    // No common type: each item by its own operator.
  }
  const functions::Operator* equal =
      common == kInvalidOid || is_row_type(common) ? nullptr : functions::equality_operator(common);
  if (equal == nullptr) {
    std::vector<Expr*> tests;
    for (Expr* v : values) tests.push_back(b_.make_operator(op, arg, v, e.location));
    return any_of_these(tests);
  }
  auto* in = make<InListExpr>(ExprKind::kInList, type_oid::kBool, e.location);
  in->negated = negated;
  in->arg = b_.coerce_to_common(arg, common, "IN");
  for (Expr*& v : values) v = b_.coerce_to_common(v, common, "IN");
  in->items = b_.list(values);
  in->equal = functions::function_by_oid(equal->function);
  Expr* pair[] = {in->arg, values[0]};
  in->site = b_.make_site(*in->equal, pair, type_oid::kBool, b_.common_collation(pair));
  return in;
}

Expr* ExpressionBinder::array_operation(const parser::OperatorExpr& e, bool all) {
  Expr* arg = bind(e.left);
  Expr* array_value = parser::is<parser::ArrayExpr>(e.right)
                          ? array(*parser::as<parser::ArrayExpr>(e.right), kInvalidOid)
                          : bind(e.right);
  if (array_value->type == type_oid::kUnknown) {
    const functions::TypeInfo* info =
        functions::type_by_oid(arg->type == type_oid::kUnknown ? type_oid::kText : arg->type);
    if (info != nullptr && info->array_type != kInvalidOid) {
      array_value = b_.try_coerce(array_value, info->array_type, -1, CastContext::kImplicit);
    }
  }
  const functions::TypeInfo* array_info = functions::type_by_oid(array_value->type);
  if (array_info == nullptr || array_info->element_type == kInvalidOid) {
    throw error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires array on right side", e.location);
  }
  const functions::Operator* op =
      b_.find_operator(e.name.back(), arg->type, array_info->element_type, e.location);
  if (op->result != type_oid::kBool) {
    throw error(sqlstate::kWrongObjectType, "op ANY/ALL (array) requires operator to yield boolean",
                e.location);
  }
  auto* result = make<ArrayOpExpr>(ExprKind::kArrayOp, type_oid::kBool, e.location);
  result->op = op;
  result->function =
      is_user_operator(*op) ? b_.function_by_oid(op->function) : functions::function_by_oid(op->function);
  bool of_element = is_polymorphic_type(op->right);  // enums
  result->arg = b_.coerce_to_common(arg, of_element ? array_info->element_type : op->left, "ANY");
  if (!of_element && op->right != array_info->element_type) {
    const functions::TypeInfo* right = functions::type_by_oid(op->right);
    Expr* coerced = right == nullptr
                        ? nullptr
                        : b_.try_coerce(array_value, right->array_type, -1, CastContext::kImplicit);
    if (coerced == nullptr) throw_not_supported("this array comparison", b_.position(e.location));
    array_value = coerced;
  }
  result->array = array_value;
  result->all = all;
  auto* element = make<CaseInputExpr>(ExprKind::kCaseInput, of_element ? array_info->element_type : op->right,
                                      e.location);
  Expr* pair[] = {result->arg, element};
  result->site = b_.make_site(*result->function, pair, type_oid::kBool, b_.common_collation(pair));
  b_.set_site_routine(*result->function, &result->site);
  return result;
}

Expr* ExpressionBinder::between(const parser::OperatorExpr& e) {
  using parser::OperatorForm;
  const auto& bounds = parser::as<parser::ListNode>(e.right)->items;
  bool negated = e.form == OperatorForm::kNotBetween || e.form == OperatorForm::kNotBetweenSymmetric;
  bool symmetric = e.form == OperatorForm::kBetweenSymmetric || e.form == OperatorForm::kNotBetweenSymmetric;
  auto range = [&](const parser::Node* low, const parser::Node* high) -> Expr* {
    Expr* a = comparison(negated ? "<" : ">=", bind(e.left), bind(low), e.location);
    Expr* b = comparison(negated ? ">" : "<=", bind(e.left), bind(high), e.location);
    auto* both = make<BoolExpr>(negated ? ExprKind::kOr : ExprKind::kAnd, type_oid::kBool, e.location);
    both->args = b_.list({a, b});
    return both;
  };
  Expr* first = range(bounds[0], bounds[1]);
  if (!symmetric) return first;
  auto* either = make<BoolExpr>(negated ? ExprKind::kAnd : ExprKind::kOr, type_oid::kBool, e.location);
  either->args = b_.list({first, range(bounds[1], bounds[0])});
  return either;
}

Expr* ExpressionBinder::distinct_from(const parser::OperatorExpr& e) {
  bool negated = e.form == parser::OperatorForm::kNotDistinct;
  if (is_row(e.left) && is_row(e.right)) {
    Expr* distinct = row_distinct(row_items(*parser::as<parser::RowExpr>(e.left)),
                                  row_items(*parser::as<parser::RowExpr>(e.right)), e.location);
    return negated ? b_.make_not(distinct) : distinct;
  }
  return make_distinct(bind(e.left), bind(e.right), negated, e.location);
}

// Rows differ when a pair of their fields does.
Expr* ExpressionBinder::row_distinct(const std::vector<Expr*>& left, const std::vector<Expr*>& right,
                                     int32_t location) {
  if (left.size() != right.size())
    throw error(sqlstate::kSyntaxError, "unequal number of entries in row expressions", location);
  std::vector<Expr*> pairs;
  for (size_t i = 0; i < left.size(); ++i) pairs.push_back(make_distinct(left[i], right[i], false, location));
  if (pairs.empty()) return b_.make_bool(false);
  if (pairs.size() == 1) return pairs[0];
  auto* any = make<BoolExpr>(ExprKind::kOr, type_oid::kBool, location);
  any->args = b_.list(pairs);
  return any;
}

Expr* ExpressionBinder::make_distinct(Expr* left, Expr* right, bool negated, int32_t location) {
  auto is_null_literal = [](const Expr* x) {
    return x->kind == ExprKind::kConst && x->type == type_oid::kUnknown && x->as<ConstExpr>().value.null;
  };
  if (is_null_literal(right)) return null_test(left, !negated, location);
  if (is_null_literal(left)) return null_test(right, !negated, location);
  Expr* equal = b_.make_operator("=", left, right, location);
  const auto& call = equal->as<FunctionExpr>();
  auto* result = make<EqualityExpr>(ExprKind::kDistinct, type_oid::kBool, location);
  result->equal = call.function;
  result->site = call.site;
  result->left = call.args[0];
  result->right = call.args[1];
  result->negated = negated;
  return result;
}

Expr* ExpressionBinder::null_if(const parser::OperatorExpr& e) {
  Expr* left = bind(e.left);
  Expr* equal = b_.make_operator("=", left, bind(e.right), e.location);
  const auto& call = equal->as<FunctionExpr>();
  auto* result = make<EqualityExpr>(ExprKind::kNullIf, call.args[0]->type, e.location);
  result->equal = call.function;
  result->site = call.site;
  result->left = call.args[0];
  result->right = call.args[1];
  b_.derive_collation(result, call.args);
  return result;
}

Expr* ExpressionBinder::null_test(Expr* arg, bool is_not_null, int32_t location) {
  if (arg->kind == ExprKind::kRow) {
    // Of ROW(…): every field's own test.
    std::vector<Expr*> tests;
    for (Expr* field : arg->as<ListExpr>().args) {
      auto* test = make<NullTestExpr>(ExprKind::kNullTest, type_oid::kBool, location);
      test->arg = b_.resolve_unknown(field);
      test->is_not_null = is_not_null;
      tests.push_back(test);
    }
    return tests.empty() ? b_.make_bool(true) : b_.make_and(tests);
  }
  if (is_row_type(arg->type)) {
    auto* call = make<FunctionExpr>(ExprKind::kFunction, type_oid::kBool, location);
    call->function = &record_null_test_function(is_not_null);
    call->args = b_.list({arg});
    call->site = b_.make_site(*call->function, call->args, type_oid::kBool, kInvalidOid);
    return call;
  }
  auto* e = make<NullTestExpr>(ExprKind::kNullTest, type_oid::kBool, location);
  e->arg = b_.resolve_unknown(arg);
  e->is_not_null = is_not_null;
  return e;
}

Expr* ExpressionBinder::boolean(const parser::BoolExpr& e) {
  static constexpr std::string_view kNames[] = {"AND", "OR", "NOT"};
  static constexpr ExprKind kKinds[] = {ExprKind::kAnd, ExprKind::kOr, ExprKind::kNot};
  auto which = static_cast<size_t>(e.op);
  auto* result = make<BoolExpr>(kKinds[which], type_oid::kBool, e.location);
  std::vector<Expr*> args;
  for (const parser::Node* arg : e.args) args.push_back(b_.coerce_to_boolean(bind(arg), kNames[which]));
  result->args = b_.list(args);
  return result;
}

namespace {

// While CASE or COALESCE is bound: no sets within.
class WithinCase {
 public:
  WithinCase(Scope& scope, std::string_view name) : scope_(scope), outer_(scope.case_name) {
    scope.case_name = name;
  }
  ~WithinCase() { scope_.case_name = outer_; }

 private:
  Scope& scope_;
  std::string_view outer_;
};

}  // namespace

Expr* ExpressionBinder::coalesce(const parser::CoalesceExpr& c) {
  WithinCase within(scope_, "COALESCE");
  auto* e = make<CoalesceExpr>(ExprKind::kCoalesce, kInvalidOid, c.location);
  e->args = b_.list(to_common_type(bind_all(c.args), "COALESCE", &e->type));
  b_.derive_collation(e, e->args);
  e->domain = DomainBinder::common(e->args);
  return e;
}

Expr* ExpressionBinder::case_when(const parser::CaseExpr& e) {
  WithinCase within(scope_, "CASE");
  auto* result = make<CaseExpr>(ExprKind::kCase, kInvalidOid, e.location);
  if (e.arg != nullptr) result->arg = b_.resolve_unknown(bind(e.arg));
  std::vector<Expr*> conditions, results;
  for (const parser::CaseWhen* when : e.whens) {
    Expr* condition = bind(when->condition);
    if (result->arg != nullptr) {
      auto* input = make<CaseInputExpr>(ExprKind::kCaseInput, result->arg->type, result->arg->location);
      input->typmod = result->arg->typmod;
      keep_collation(input, *result->arg);
      condition = b_.make_operator("=", input, condition, when->location);
    }
    conditions.push_back(b_.coerce_to_boolean(condition, "CASE/WHEN"));
    results.push_back(bind(when->result));
  }
  // PostgreSQL looks at ELSE first.
  std::vector<Expr*> all;
  all.push_back(e.otherwise != nullptr
                    ? bind(e.otherwise)
                    : b_.make_const(type_oid::kUnknown, Value::null_of(types::PhysicalType::kString)));
  all.insert(all.end(), results.begin(), results.end());
  result->type = b_.select_common_type(all, "CASE");
  for (Expr*& r : results) r = b_.coerce_to_common(r, result->type, "CASE/WHEN");
  result->otherwise = b_.coerce_to_common(all[0], result->type, "CASE/ELSE");
  result->conditions = b_.list(conditions);
  result->results = b_.list(results);
  all = results;
  all.push_back(result->otherwise);
  b_.derive_collation(result, all);
  result->domain = DomainBinder::common(all);
  return result;
}

Expr* ExpressionBinder::cast(const parser::TypeCast& e) {
  TypeReference target = b_.resolve_type(*e.type);
  Expr* arg = parser::is<parser::ArrayExpr>(e.arg) ? array(*parser::as<parser::ArrayExpr>(e.arg), target.type)
                                                   : bind(e.arg);
  Oid from = arg->type;
  Expr* result = b_.try_coerce(arg, target.type, target.typmod, CastContext::kExplicit, e.location);
  if (result == nullptr) {
    throw error(sqlstate::kCannotCoerce,
                fmt::format("cannot cast type {} to {}", b_.type_text(from), b_.type_text(target.type)),
                e.location);
  }
  if (result == arg && arg->domain != kInvalidOid && arg->domain != target.type) {
    auto* base = make<CastExpr>(ExprKind::kRelabel, arg->type, e.location);  // no longer one of the domain
    base->arg = arg;
    base->typmod = arg->typmod;
    keep_collation(base, *arg);
    return base;
  }
  return result;
}

Expr* ExpressionBinder::collate(const parser::CollateExpr& e) {
  Expr* arg = b_.resolve_unknown(bind(e.arg));
  const functions::TypeInfo* info = functions::type_by_oid(arg->type);
  if (info == nullptr || !info->collatable) {
    throw error(sqlstate::kDatatypeMismatch,
                fmt::format("collations are not supported by type {}", b_.type_text(arg->type)), e.location);
  }
  std::string_view name = e.collation.back();
  Oid found = kInvalidOid;
  const catalog::KeyMatch match[] = {{"collname", Value::of_string(name)}};
  b_.context().catalog.for_each(catalog::system_table("pg_collation"), match,
                                [&](const catalog::Row& row) { found = row.oid("oid"); });
  if (found == kInvalidOid) {
    throw error(sqlstate::kUndefinedObject,
                fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", name), e.location);
  }
  auto* result = make<CastExpr>(ExprKind::kRelabel, arg->type, e.location);
  result->arg = arg;
  result->typmod = arg->typmod;
  result->collation = found;
  result->explicit_collation = true;
  return result;
}

Expr* ExpressionBinder::sql_value(const parser::SqlValueFunction& e) {
  using parser::SqlValueFunctionKind;
  auto call = [&](std::string_view name) { return b_.call_by_name(name, {}, e.location); };
  auto now_as = [&](Oid type) {
    Expr* value = b_.try_coerce(call("now"), type, -1, CastContext::kExplicit, e.location);
    if (e.precision >= 0) value = b_.apply_typmod(value, std::min(e.precision, 6), true);
    if (value->kind == ExprKind::kFunction) value->as<FunctionExpr>().form = 'v';
    return value;
  };
  switch (e.function) {
    case SqlValueFunctionKind::kCurrentDate:
      return now_as(type_oid::kDate);
    case SqlValueFunctionKind::kCurrentTime:
      return now_as(type_oid::kTimetz);
    case SqlValueFunctionKind::kCurrentTimestamp:
      return now_as(type_oid::kTimestamptz);
    case SqlValueFunctionKind::kLocalTime:
      return now_as(type_oid::kTime);
    case SqlValueFunctionKind::kLocalTimestamp:
      return now_as(type_oid::kTimestamp);
    case SqlValueFunctionKind::kCurrentRole:
    case SqlValueFunctionKind::kCurrentUser:
    case SqlValueFunctionKind::kUser:
      return call("current_user");
    case SqlValueFunctionKind::kSessionUser:
      return call("session_user");
    case SqlValueFunctionKind::kCurrentCatalog:
      return call("current_database");
    case SqlValueFunctionKind::kCurrentSchema:
      return call("current_schema");
  }
  return nullptr;
}

Expr* ExpressionBinder::sub_link(const parser::SubLink& e) {
  Query* query = b_.bind_expression_query(*parser::as<parser::SelectStmt>(e.query), scope_);
  auto* result = make<SubqueryExpr>(ExprKind::kSubquery, type_oid::kBool, e.location);
  result->query = query;
  result->subquery =
      static_cast<SubqueryKind>(e.link == parser::SubLinkKind::kExists   ? SubqueryKind::kExists
                                : e.link == parser::SubLinkKind::kAny    ? SubqueryKind::kAny
                                : e.link == parser::SubLinkKind::kAll    ? SubqueryKind::kAll
                                : e.link == parser::SubLinkKind::kScalar ? SubqueryKind::kScalar
                                                                         : SubqueryKind::kArray);
  std::vector<Target*> columns;
  for (Target& t : query->targets) {
    if (!t.junk) columns.push_back(&t);
  }
  if (result->subquery == SubqueryKind::kExists) return result;
  if (result->subquery == SubqueryKind::kScalar || result->subquery == SubqueryKind::kArray) {
    if (columns.size() != 1)
      throw error(sqlstate::kSyntaxError, "subquery must return only one column", e.location);
    result->type = columns[0]->expr->type;
    result->typmod = columns[0]->expr->typmod;
    result->collation = columns[0]->expr->collation;
    if (result->subquery == SubqueryKind::kArray) {
      const functions::TypeInfo* info = functions::type_by_oid(result->type);
      if (info == nullptr || info->array_type == kInvalidOid) {
        throw error(sqlstate::kUndefinedObject,
                    fmt::format("could not find array type for data type {}", b_.type_text(result->type)),
                    e.location);
      }
      result->type = info->array_type;
    }
    return result;
  }
  std::vector<Expr*> left;
  if (is_row(e.test))
    left = row_items(*parser::as<parser::RowExpr>(e.test));
  else
    left.push_back(bind(e.test));
  if (left.size() < columns.size())
    throw error(sqlstate::kSyntaxError, "subquery has too many columns", e.location);
  if (left.size() > columns.size())
    throw error(sqlstate::kSyntaxError, "subquery has too few columns", e.location);
  std::string_view op = e.operator_name.empty() ? "=" : e.operator_name.back();
  std::vector<Expr*> comparisons, inputs[2];
  // "=" is field by field, so that the planner can join by each; what else there is compares rows as a whole.
  const bool whole = left.size() > 1 && op != "=";
  for (size_t i = 0; i < left.size(); ++i) {
    // The left value's unknown literal takes the column's type; the comparison sees both as inputs.
    if (left[i]->type == type_oid::kUnknown) {
      left[i] = b_.coerce_to_common(left[i], columns[i]->expr->type, "ANY");
    }
    auto input = [&](size_t index, const Expr* like) {
      auto* in = make<InputExpr>(ExprKind::kInput, like->type, e.location);
      in->index = static_cast<uint32_t>(index);
      in->typmod = like->typmod;
      keep_collation(in, *like);
      return in;
    };
    inputs[0].push_back(input(i, left[i]));
    inputs[1].push_back(input(left.size() + i, columns[i]->expr));
    if (!whole) comparisons.push_back(comparison(op, inputs[0][i], inputs[1][i], e.location));
  }
  if (whole) comparisons.push_back(b_.compare_rows(op, inputs[0], inputs[1], e.location));
  result->left = b_.list(left);
  result->comparisons = b_.list(comparisons);
  return result;
}

Expr* ExpressionBinder::array(const parser::ArrayExpr& e, Oid wanted) {
  const functions::TypeInfo* info = wanted == kInvalidOid ? nullptr : functions::type_by_oid(wanted);
  Oid element = info == nullptr ? kInvalidOid : info->element_type;
  std::vector<Expr*> items;
  bool nested = false;
  for (const parser::Node* item : e.elements) {
    if (parser::is<parser::ArrayExpr>(item)) {
      items.push_back(array(*parser::as<parser::ArrayExpr>(item), wanted));
      nested = true;
    } else {
      items.push_back(bind(item));
      const functions::TypeInfo* own =
          functions::type_by_oid(items.back()->type);  // under a domain: an element
      nested = nested || (own != nullptr && own->category == 'A' && own->length == -1 &&
                          items.back()->domain == kInvalidOid);
    }
  }
  auto* result = make<ListExpr>(ExprKind::kArray, kInvalidOid, e.location);
  if (items.empty() && element == kInvalidOid) {
    throw error(sqlstate::kIndeterminateDatatype, "cannot determine type of empty array", e.location)
        .hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].");
  }
  if (nested) {
    result->type = element != kInvalidOid ? wanted : b_.select_common_type(items, "ARRAY");
    for (Expr*& item : items) {
      item = element != kInvalidOid ? b_.try_coerce(item, wanted, -1, CastContext::kExplicit)
                                    : b_.coerce_to_common(item, result->type, "ARRAY");
      if (item == nullptr) throw error(sqlstate::kCannotCoerce, "ARRAY elements cannot be cast", e.location);
    }
  } else {
    Oid common = element != kInvalidOid ? element : b_.select_common_type(items, "ARRAY");
    for (Expr*& item : items) {
      item = element != kInvalidOid ? b_.try_coerce(item, common, -1, CastContext::kExplicit)
                                    : b_.coerce_to_common(item, common, "ARRAY");
      if (item == nullptr) throw error(sqlstate::kCannotCoerce, "ARRAY elements cannot be cast", e.location);
    }
    const functions::TypeInfo* element_info = functions::type_by_oid(common);
    if (element == kInvalidOid) result->domain = DomainBinder(b_).array_of(DomainBinder::common(items));
    result->type = wanted != kInvalidOid && element != kInvalidOid ? wanted
                   : result->domain != kInvalidOid                 ? b_.base_of(result->domain)
                   : element_info == nullptr                       ? kInvalidOid
                                                                   : element_info->array_type;
    if (result->type == kInvalidOid) {
      throw error(sqlstate::kUndefinedObject,
                  fmt::format("could not find array type for data type {}", b_.type_text(common)),
                  e.location);
    }
  }
  result->args = b_.list(items);
  return result;
}

Expr* ExpressionBinder::row(const parser::RowExpr& e) {
  if (e.args.size() == 1 && !e.explicit_row) return bind(e.args[0]);
  std::vector<ScopeColumn> fields;
  for (Expr* item : row_items(e)) {
    fields.push_back({b_.arena().copy(fmt::format("f{}", fields.size() + 1)), item});
  }
  return b_.make_row(fields, type_oid::kRecord, e.location);
}

}  // namespace varve::analyzer
