#include "column_filter.h"

#include "access/row_layout.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
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

bool is_integer(Oid type) {
  return type == type_oid::kInt2 || type == type_oid::kInt4 || type == type_oid::kInt8;
}
bool is_text(Oid type) { return type == type_oid::kText || type == type_oid::kVarchar; }

// Whether SQL's comparison of these types is the one that stores make.
bool compares_plainly(const analyzer::FunctionExpr& call, ColumnComparison op) {
  const Oid left = call.op->left, right = call.op->right;
  if (is_integer(left) && is_integer(right)) return true;
  if (left != right) return false;
  if (is_text(left)) {
    // No collation says that different strings are equal.
    return op == ColumnComparison::kEqual || op == ColumnComparison::kNotEqual || call.site == nullptr ||
           call.site->collation == nullptr;
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
  Term term{ExpressionEvaluator(filter, context_, memory_), {}, {}, 0, {}, {}};
  walk(filter, [&](const Expr& e) {
    if (e.kind == ExprKind::kInput) term.inputs.push_back(e.as<analyzer::InputExpr>().index);
  });
  read_comparison(filter, &term);
  terms_.push_back(std::move(term));
}

void ColumnFilter::read_comparison(const Expr& e, Term* term) {
  if (e.kind != ExprKind::kFunction) return;
  const auto& call = e.as<analyzer::FunctionExpr>();
  if (call.op == nullptr || call.args.size() != 2) return;
  std::optional<ColumnComparison> op = comparison_of(call.op->name);
  if (!op || !compares_plainly(call, *op)) return;
  const analyzer::InputExpr* column = column_of(*call.args[0]);
  const Expr* other = call.args[1];
  if (column == nullptr) {
    column = column_of(*call.args[1]);
    other = call.args[0];
    op = mirrored(*op);
  }
  if (column == nullptr || !is_constant(*other)) return;
  term->constant.emplace(*other, context_, constants_);
  term->column = column->index;
  term->op = *op;
}

void ColumnFilter::open() {
  constants_.reset();
  for (Term& term : terms_) {
    term.value = {};
    if (!term.constant) continue;
    try {
      term.value = types::copy_value(term.constant->scalar(), constants_);
    } catch (const SqlError&) {
      // It may be that no row ever asks for it: then it is no error.
      term.value = {};
    }
  }
}

void ColumnFilter::bind(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns,
                        const access::ColumnStore& store) {
  conditions_.clear();
  rest_.clear();
  rest_reads_.assign(columns.size(), false);
  for (size_t i = 0; i < terms_.size(); ++i) {
    const Term& term = terms_[i];
    if (term.constant && !term.value.null && columns[term.column] > 0) {
      const auto number = static_cast<uint32_t>(columns[term.column] - 1);
      if (store.can_test(relation.layout->column(number).type, term.value)) {
        conditions_.push_back({number, term.op, term.value});
        continue;
      }
    }
    rest_.push_back(i);
    for (uint32_t input : term.inputs) rest_reads_[input] = true;
  }
}

uint32_t ColumnFilter::select(const Chunk& input, Selection rows, uint16_t* out) {
  for (size_t i : rest_) {
    if (rows.count == 0) break;
    rows = {out, terms_[i].whole.select(input, rows, out)};
  }
  return rows.count;
}

}  // namespace varve::executor
