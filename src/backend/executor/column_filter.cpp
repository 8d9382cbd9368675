#include "column_filter.h"

#include "access/row_layout.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "key_ops.h"
#include "plan_walk.h"

namespace varve::executor {

using access::ColumnComparison;
using analyzer::Expr;
using analyzer::ExprKind;

namespace {

// Every part of an expression, itself first.
template <class F>
void walk(const Expr& e, F&& f) {
  f(e);
  struct Step {
    F& visit;
    static void call(const Expr& part, void* user) { walk(part, static_cast<Step*>(user)->visit); }
  } step{f};
  for_each_part(e, Step::call, &step);
}

std::optional<ColumnComparison> comparison_of(std::string_view op) {
  if (op == "=") return ColumnComparison::kEqual;
  if (op == "<>") return ColumnComparison::kNotEqual;
  if (op == "<") return ColumnComparison::kLess;
  if (op == "<=") return ColumnComparison::kLessEqual;
  if (op == ">") return ColumnComparison::kGreater;
  if (op == ">=") return ColumnComparison::kGreaterEqual;
  return std::nullopt;
}

ColumnComparison mirrored(ColumnComparison op) {
  switch (op) {
    case ColumnComparison::kLess:
      return ColumnComparison::kGreater;
    case ColumnComparison::kLessEqual:
      return ColumnComparison::kGreaterEqual;
    case ColumnComparison::kGreater:
      return ColumnComparison::kLess;
    case ColumnComparison::kGreaterEqual:
      return ColumnComparison::kLessEqual;
    default:
      return op;
  }
}

bool is_text(Oid type) { return type == type_oid::kText || type == type_oid::kVarchar; }

// Whether SQL's comparison of these types is the one that stores make.
bool compares_plainly(Oid left, Oid right, const functions::CallSite* site, ColumnComparison op) {
  if (is_integer_type(left) && is_integer_type(right)) return true;
  if (left != right) return false;
  if (is_text(left)) {
    // No collation says that different strings are equal.
    return op == ColumnComparison::kEqual || op == ColumnComparison::kNotEqual || site == nullptr ||
           site->collation == nullptr;
  }
  for (Oid type :
       {type_oid::kBool, type_oid::kFloat4, type_oid::kFloat8, type_oid::kNumeric, type_oid::kDate,
        type_oid::kTime, type_oid::kTimestamp, type_oid::kTimestamptz, type_oid::kUuid, type_oid::kBytea}) {
    if (left == type) return true;
  }
  return false;
}

// The column itself, or as text what lies in the same bytes.
const analyzer::InputExpr* column_of(const Expr& e) {
  const Expr* at = &e;
  if (at->kind == ExprKind::kRelabel && is_text(at->type)) {
    at = at->as<analyzer::CastExpr>().arg;
    if (!is_text(at->type)) return nullptr;
  }
  return at->kind == ExprKind::kInput ? &at->as<analyzer::InputExpr>() : nullptr;
}

// The same for every row of a scan.
bool is_constant(const Expr& e) {
  bool constant = true;
  walk(e, [&](const Expr& part) {
    switch (part.kind) {
      case ExprKind::kConst:
      case ExprKind::kParam:
      case ExprKind::kExecParam:
      case ExprKind::kRelabel:
      case ExprKind::kCoerceViaIo:
        break;
      case ExprKind::kFunction: {
        const functions::Function* f = part.as<analyzer::FunctionExpr>().function;
        constant = constant && f != nullptr && f->volatility != functions::Volatility::kVolatile &&
                   f->routine == nullptr;
        break;
      }
      default:
        constant = false;
    }
  });
  return constant;
}

}  // namespace

ColumnFilter::ColumnFilter(const planner::ScanPlan& plan, ExecutionContext& context, Arena& memory)
    : context_(context), memory_(memory), rest_reads_(plan.columns.size()) {
  if (plan.filter != nullptr) add_terms(*plan.filter);
}

void ColumnFilter::add_terms(const Expr& filter) {
  if (filter.kind == ExprKind::kAnd) {
    for (const Expr* arg : filter.as<analyzer::BoolExpr>().args) add_terms(*arg);
    return;
  }
  Term term{ExpressionEvaluator(filter, context_, memory_), {}};
  walk(filter, [&](const Expr& e) {
    if (e.kind == ExprKind::kInput) term.inputs.push_back(e.as<analyzer::InputExpr>().index);
  });
  read_comparison(filter, &term);
  terms_.push_back(std::move(term));
}

void ColumnFilter::read_comparison(const Expr& e, Term* term) {
  if (e.kind == ExprKind::kInList) return read_list(e.as<analyzer::InListExpr>(), term);
  if (e.kind == ExprKind::kNullTest) return read_null_test(e.as<analyzer::NullTestExpr>(), term);
  if (e.kind != ExprKind::kFunction) return;
  const auto& call = e.as<analyzer::FunctionExpr>();
  if (call.op == nullptr || call.args.size() != 2) return;
  std::optional<ColumnComparison> op = comparison_of(call.op->name);
  if (!op) return;
  const bool equality = op == ColumnComparison::kEqual || op == ColumnComparison::kNotEqual;
  const bool days = call.op->left == type_oid::kDate && call.op->right == type_oid::kTimestamp;
  const bool padded = equality && call.op->left == type_oid::kBpchar && call.op->right == type_oid::kBpchar;
  if (!padded && !(days && !equality) && !compares_plainly(call.op->left, call.op->right, call.site, *op))
    return;
  const analyzer::InputExpr* column = column_of(*call.args[0]);
  const Expr* other = call.args[1];
  if (days && column == nullptr) return;
  const Expr* rounded = call.args[0];
  if (column == nullptr && is_constant(*rounded)) {
    column = column_of(*call.args[1]);
    rounded = call.args[1];
    other = call.args[0];
    op = mirrored(*op);
  }
  if (!is_constant(*other)) return;
  term->constants.emplace_back(*other, context_, constants_);
  term->op = term->written_op = *op;
  if (column == nullptr) {
    term->is_condition = op != ColumnComparison::kNotEqual && read_rounding(*rounded, term);
    return;
  }
  term->is_condition = true;
  term->column = column->index;
  term->blank_padded = padded;
  term->days = days;
}

// A column that a function rounds; its other arguments become constants.
bool ColumnFilter::read_rounding(const Expr& e, Term* term) {
  if (e.kind != ExprKind::kFunction) return false;
  const auto& call = e.as<analyzer::FunctionExpr>();
  term->rounding = call.function == nullptr ? nullptr : functions::find_rounding(*call.function);
  if (term->rounding == nullptr) return false;
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i != term->rounding->argument) {
      if (!is_constant(*call.args[i])) return false;
      term->constants.emplace_back(*call.args[i], context_, constants_);
      continue;
    }
    const analyzer::InputExpr* column = column_of(*call.args[i]);
    if (column == nullptr) return false;
    term->column = column->index;
  }
  return true;
}

void ColumnFilter::read_list(const analyzer::InListExpr& e, Term* term) {
  constexpr size_t kMostItems = 64;
  const analyzer::InputExpr* column = column_of(*e.arg);
  if (e.negated || column == nullptr || e.items.size() > kMostItems) return;
  const bool padded = e.arg->type == type_oid::kBpchar;
  if (!padded && !compares_plainly(e.arg->type, e.arg->type, e.site, ColumnComparison::kEqual)) return;
  for (const Expr* item : e.items) {
    if (item->type != e.arg->type || !is_constant(*item)) return;
  }
  for (const Expr* item : e.items) term->constants.emplace_back(*item, context_, constants_);
  term->is_condition = true;
  term->column = column->index;
  term->op = ColumnComparison::kAnyOf;
  term->blank_padded = padded;
}

void ColumnFilter::read_null_test(const analyzer::NullTestExpr& e, Term* term) {
  if (e.arg->kind != ExprKind::kInput) return;
  const functions::TypeInfo* type = functions::type_by_oid(e.arg->type);
  if (type == nullptr || type->kind == 'c' || type->kind == 'p' || type->kind == 'd')
    return;  // a row of NULLs is NULL, too
  term->is_condition = true;
  term->column = e.arg->as<analyzer::InputExpr>().index;
  term->op = e.is_not_null ? ColumnComparison::kIsNotNull : ColumnComparison::kIsNull;
}

void ColumnFilter::read_constants(Term* term) {
  term->values.clear();
  term->known = false;
  try {
    for (ExpressionEvaluator& constant : term->constants) {
      const types::Value value = constant.scalar();
      if (term->rounding != nullptr) {
        term->values.push_back(types::copy_value(value, constants_));
        continue;
      }
      if (!value.null) term->values.push_back(types::copy_value(value, constants_));
      // What is compared with NULL is not true for any row; nor is it an error to ask.
      if (value.null && term->op != ColumnComparison::kAnyOf) return;
    }
    if (term->rounding != nullptr) find_bounds(term);
  } catch (const SqlError&) {
    // It may be that no row ever asks for it: then it is no error.
    return;
  }
  term->known = true;
  if (term->days) term->known = round_to_day(term);
}

namespace {

std::optional<int64_t> integer_of(const types::Value& v) {
  if (v.null) return std::nullopt;
  switch (v.type) {
    case types::PhysicalType::kInt16:
      return v.int16;
    case types::PhysicalType::kInt32:  // the ends are infinite dates
      return v.int32 == INT32_MIN || v.int32 == INT32_MAX ? std::nullopt : std::optional<int64_t>(v.int32);
    case types::PhysicalType::kInt64:
      return v.int64 == INT64_MIN || v.int64 == INT64_MAX ? std::nullopt : std::optional<int64_t>(v.int64);
    default:
      return std::nullopt;
  }
}

std::optional<types::Value> value_of(int64_t v, types::PhysicalType type) {
  switch (type) {
    case types::PhysicalType::kInt16:
      if (v <= INT16_MIN || v >= INT16_MAX) return std::nullopt;
      return types::Value::of_int16(static_cast<int16_t>(v));
    case types::PhysicalType::kInt32:
      if (v <= INT32_MIN || v >= INT32_MAX) return std::nullopt;
      return types::Value::of_int32(static_cast<int32_t>(v));
    case types::PhysicalType::kInt64:
      if (v == INT64_MIN || v == INT64_MAX) return std::nullopt;
      return types::Value::of_int64(v);
    default:
      return std::nullopt;
  }
}

}  // namespace

// What the comparison of the rounded column says of the column.
void ColumnFilter::find_bounds(Term* term) {
  const std::optional<int64_t> result = integer_of(term->values[0]);
  // The function's arguments, that which is rounded as a NULL among them.
  std::vector<types::Value> args(term->values.begin() + 1, term->values.end());
  args.insert(args.begin() + term->rounding->argument, types::Value::null_of(types::PhysicalType::kInt64));
  term->bounds[0] = term->bounds[1] = std::nullopt;
  functions::RoundingReach reach;
  int64_t middle = 0, bound = 0;
  if (!result || !term->rounding->reach(args, *context_.format, &reach) ||
      __builtin_mul_overflow(*result, term->rounding->unit, &middle))
    return;
  const bool equal = term->op == ColumnComparison::kEqual;
  const bool least = term->op == ColumnComparison::kGreater || term->op == ColumnComparison::kGreaterEqual;
  if ((equal || least) && !__builtin_sub_overflow(middle, reach.above, &bound)) term->bounds[0] = bound;
  if ((equal || !least) && !__builtin_add_overflow(middle, reach.below, &bound)) term->bounds[1] = bound;
}

void ColumnFilter::add_bounds(const Term& term, const catalog::Relation& relation,
                              catalog::ColumnNumber column, const access::ColumnStore& store) {
  if (!term.known || column <= 0) return;
  const auto number = static_cast<uint32_t>(column - 1);
  const types::PhysicalType type = relation.layout->column(number).type;
  for (int side = 0; side < 2; ++side) {
    if (!term.bounds[side]) continue;
    const std::optional<types::Value> value = value_of(*term.bounds[side], type);
    if (!value || !store.can_test(type, *value)) continue;
    const auto op = side == 0 ? ColumnComparison::kGreaterEqual : ColumnComparison::kLessEqual;
    conditions_.push_back({number, op, *value, {}});
  }
}

// A date before, or not after, a moment is one before, or not after, a day.
bool ColumnFilter::round_to_day(Term* term) {
  constexpr int64_t kDayUs = 86'400'000'000;
  constexpr int64_t kFarthest = int64_t{1} << 58;  // infinity is for those who know it
  const int64_t moment = term->values[0].int64;
  if (moment > kFarthest || moment < -kFarthest) return false;
  int64_t day = moment / kDayUs;
  if (moment % kDayUs < 0) --day;
  const bool midnight = day * kDayUs == moment;
  term->values[0] = types::Value::of_int32(static_cast<int32_t>(day));
  term->op = term->written_op;
  if (!midnight && term->op == ColumnComparison::kLess) term->op = ColumnComparison::kLessEqual;
  if (!midnight && term->op == ColumnComparison::kGreaterEqual) term->op = ColumnComparison::kGreater;
  return true;
}

void ColumnFilter::open() {
  constants_.reset();
  for (Term& term : terms_) {
    if (term.is_condition) read_constants(&term);
  }
}

namespace {

// The value as a column of so many characters has it, if it can.
types::Value padded_value(const types::Value& value, uint32_t characters, Arena& memory) {
  std::string_view text = value.view();
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  uint32_t have = 0;
  for (char c : text) have += (static_cast<uint8_t>(c) & 0xC0) != 0x80;
  const size_t blanks = have < characters ? characters - have : 0;
  char* bytes = memory.make_array<char>(text.size() + blanks + 1);
  std::copy(text.begin(), text.end(), bytes);
  std::fill_n(bytes + text.size(), blanks, ' ');
  return types::Value::of_string(std::string_view(bytes, text.size() + blanks));
}

}  // namespace

bool ColumnFilter::bind_term(Term& term, const catalog::Relation& relation, catalog::ColumnNumber column,
                             const access::ColumnStore& store) {
  if (!term.known || column <= 0) return false;
  const auto number = static_cast<uint32_t>(column - 1);
  access::ColumnCondition condition{number, term.op, {}, {}};
  const std::vector<types::Value>* values = &term.values;
  if (term.blank_padded) {
    constexpr int32_t kTypmodHeader = 4;
    const int32_t typmod = relation.column(column).typmod;
    if (relation.column(column).type != type_oid::kBpchar || typmod <= kTypmodHeader) return false;
    term.padded.clear();
    for (const types::Value& v : term.values)
      term.padded.push_back(padded_value(v, static_cast<uint32_t>(typmod - kTypmodHeader), constants_));
    values = &term.padded;
  }
  for (const types::Value& v : *values) {
    if (!store.can_test(relation.layout->column(number).type, v)) return false;
  }
  if (term.op == ColumnComparison::kAnyOf)
    condition.any_of = *values;
  else if (!values->empty())
    condition.constant = values->front();
  conditions_.push_back(condition);
  return true;
}

void ColumnFilter::bind(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns,
                        const access::ColumnStore& store, const std::vector<RuntimeFilters::Entry>* keys) {
  conditions_.clear();
  rest_.clear();
  rest_reads_.assign(columns.size(), false);
  for (size_t i = 0; i < terms_.size(); ++i) {
    Term& term = terms_[i];
    if (term.rounding != nullptr && term.is_condition)
      add_bounds(term, relation, columns[term.column], store);
    else if (term.is_condition && bind_term(term, relation, columns[term.column], store))
      continue;
    rest_.push_back(i);
    for (uint32_t input : terms_[i].inputs) rest_reads_[input] = true;
  }
  if (keys == nullptr) return;
  for (const RuntimeFilters::Entry& e : *keys) {
    if (columns[e.column] > 0)
      add_keys(*e.filter, static_cast<uint32_t>(columns[e.column] - 1), relation, store);
  }
}

// Vectors in which none of a join's keys can be.
void ColumnFilter::add_keys(const KeyFilter& keys, uint32_t column, const catalog::Relation& relation,
                            const access::ColumnStore& store) {
  if (keys.least() == nullptr) return;
  const types::PhysicalType type = relation.layout->column(column).type;
  if (keys.least()->type != type || !store.can_test(type, *keys.least())) return;
  conditions_.push_back({column, ColumnComparison::kGreaterEqual, *keys.least(), {}, true});
  conditions_.push_back({column, ColumnComparison::kLessEqual, *keys.greatest(), {}, true});
  constexpr size_t kFewEnough = 64;
  if (keys.values() != nullptr && keys.values()->size() <= kFewEnough)
    conditions_.push_back({column, ColumnComparison::kAnyOf, {}, *keys.values(), true});
}

uint32_t ColumnFilter::select(const Chunk& input, Selection rows, uint16_t* out) {
  for (size_t i : rest_) {
    if (rows.count == 0) break;
    rows = {out, terms_[i].whole.select(input, rows, out)};
  }
  return rows.count;
}

}  // namespace varve::executor
