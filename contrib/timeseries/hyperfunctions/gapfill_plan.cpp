// Finds gap filling in a grouped query and says what is to be filled.
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "gapfill.h"
#include "types/datetime.h"

namespace varve::hyperfunctions {

using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::FunctionExpr;
using planner::GroupedQuery;
using planner::GroupStep;

namespace {

constexpr std::string_view kGapFill = "time_bucket_gapfill", kLocf = "locf", kInterpolate = "interpolate";

bool is_call(const Expr& e, std::string_view name) {
  if (e.kind != ExprKind::kFunction) return false;
  const functions::Function& f = *e.as<FunctionExpr>().function;
  return f.name == name && f.routine != nullptr && f.routine->is_native;
}
bool is_marker(const Expr& e) { return is_call(e, kLocf) || is_call(e, kInterpolate); }

bool is_null_constant(const Expr& e) {
  return e.kind == ExprKind::kConst && e.as<analyzer::ConstExpr>().value.null;
}

// Needs no row: may be computed when the query starts.
bool is_rowless(const Expr* e) {
  return !analyzer::any_of(e, [](const Expr& x) {
    return x.kind == ExprKind::kColumn || x.kind == ExprKind::kSubquery || x.kind == ExprKind::kAggregate ||
           x.kind == ExprKind::kWindow || x.kind == ExprKind::kSetReturning;
  });
}

// A bare literal that was meant for the start is taken for a zone: said before anything else is missed.
void check_zone(const Expr& e) {
  if (e.kind != ExprKind::kConst || is_null_constant(e)) return;
  const types::Value& name = e.as<analyzer::ConstExpr>().value;
  types::zone_for_name(name.view());
}

SqlError unsupported(std::string message) {
  return SqlError(sqlstate::kFeatureNotSupported, std::move(message));
}

class GapFillBuilder {
 public:
  explicit GapFillBuilder(const GroupedQuery& grouped) : grouped_(grouped) {}

  bool build(GroupStep* step);

 private:
  template <class F>
  void for_each_top_expression(F&& f) const {
    for (const analyzer::Target& t : grouped_.query.targets) f(t.expr);
    for (const analyzer::Window& w : grouped_.query.windows) {
      for (const analyzer::SortKey& k : w.partition) f(k.expr);
      for (const analyzer::SortKey& k : w.order) f(k.expr);
    }
  }
  const FunctionExpr* find_bucket();
  void find_markers(Expr* top);
  void add_marker(Expr& call);
  void add_bounds(const FunctionExpr& bucket);
  void add_condition(const Expr& condition, const Expr& time, bool want_start, bool want_finish);
  int32_t add_once(Expr* e) {
    once_.push_back(e);
    return static_cast<int32_t>(once_.size()) - 1;
  }
  int32_t add_lazy(Expr* e) {
    lazy_.push_back(e);
    return static_cast<int32_t>(lazy_.size()) - 1;
  }
  bool has(bool start) const {
    return std::any_of(bounds_.begin(), bounds_.end(), [&](const Bound& b) { return b.is_start == start; });
  }

  const GroupedQuery& grouped_;
  std::vector<Expr*> once_, lazy_, inputs_, outputs_;
  std::vector<Bound> bounds_;
  std::vector<FillColumn> fills_;
  uint32_t time_column_ = 0;
};

// The call that the query groups by; null where there is none at all.
const FunctionExpr* GapFillBuilder::find_bucket() {
  const Expr* found = nullptr;
  bool any = false;
  auto look = [&](const Expr* top) {
    analyzer::any_of(top, [&](const Expr& x) {
      if (!is_call(x, kGapFill)) return false;
      any = true;
      if (found != nullptr && !analyzer::same_expression(found, &x))
        throw unsupported("multiple time_bucket_gapfill calls not allowed");
      found = &x;
      return false;
    });
  };
  for (size_t i = 0; i < grouped_.group_count; ++i) look(grouped_.columns[i]);
  for_each_top_expression([&](const Expr* e) { look(e); });
  if (!any) return nullptr;
  for (size_t i = 0; i < grouped_.group_count; ++i) {
    if (!is_call(*grouped_.columns[i], kGapFill)) continue;
    time_column_ = static_cast<uint32_t>(i);
    return &grouped_.columns[i]->as<FunctionExpr>();
  }
  throw unsupported("no top level time_bucket_gapfill in group by clause");
}

void GapFillBuilder::find_markers(Expr* top) {
  int count = 0;
  analyzer::any_of(top, [&](const Expr& x) {
    count += is_marker(x) ? 1 : 0;
    return false;
  });
  if (count == 0) return;
  // What a window function takes is not the result's column.
  bool inside_window = top->kind == ExprKind::kWindow;
  if (count > 1 && !inside_window)
    throw unsupported("multiple interpolate/locf function calls per resultset column not supported");
  if (is_marker(*top)) return add_marker(*top);
  auto collect = [&](auto&& self, Expr* e) -> void {
    if (is_marker(*e)) {
      if (!inside_window) {
        throw unsupported(
            fmt::format("{} must be toplevel function call", e->as<FunctionExpr>().function->name));
      }
      return add_marker(*e);
    }
    analyzer::visit_children(*e, [&](Expr*& child) { self(self, child); });
  };
  collect(collect, top);
}

void GapFillBuilder::add_marker(Expr& call) {
  for (const Expr* known : outputs_) {
    if (analyzer::same_expression(known, &call)) return;
  }
  auto& f = call.as<FunctionExpr>();
  FillColumn fill{};
  fill.kind = is_call(call, kLocf) ? FillKind::kLocf : FillKind::kInterpolate;
  fill.type = call.type;
  fill.input = static_cast<uint32_t>(grouped_.columns.size() + inputs_.size());
  inputs_.push_back(f.args[0]);
  if (!is_null_constant(*f.args[1])) fill.before = add_lazy(f.args[1]);
  if (fill.kind == FillKind::kLocf) {
    if (!is_rowless(f.args[2])) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "invalid locf argument: treat_null_as_missing must be a BOOL literal");
    }
    fill.null_is_missing = add_once(f.args[2]);
  } else if (!is_null_constant(*f.args[2])) {
    fill.after = add_lazy(f.args[2]);
  }
  fills_.push_back(fill);
  outputs_.push_back(&call);
}

// ts < finish, start <= ts, …, the column on either side.
void GapFillBuilder::add_condition(const Expr& condition, const Expr& time, bool want_start,
                                   bool want_finish) {
  if (condition.kind != ExprKind::kFunction) return;
  const auto& f = condition.as<FunctionExpr>();
  if (f.op == nullptr || f.args.size() != 2) return;
  std::string_view name = f.op->name;
  if (name != "<" && name != "<=" && name != ">" && name != ">=") return;
  bool left = analyzer::same_expression(f.args[0], &time);
  if (!left && !analyzer::same_expression(f.args[1], &time)) return;
  Expr* value = f.args[left ? 1 : 0];
  if (!is_rowless(value)) return;
  bool is_start = (name[0] == '>') == left, inclusive = name.size() == 2;
  if (is_start ? !want_start : !want_finish) return;
  Bound bound{};
  bound.once = static_cast<uint32_t>(add_once(value));
  bound.type = value->type;
  bound.is_start = is_start;
  bound.moves = is_start != inclusive;
  bounds_.push_back(bound);
}

void GapFillBuilder::add_bounds(const FunctionExpr& bucket) {
  size_t args = bucket.args.size();
  const Expr& time = *bucket.args[1];
  for (bool is_start : {true, false}) {
    Expr* given = bucket.args[args - (is_start ? 2 : 1)];
    if (is_null_constant(*given)) continue;
    if (!is_rowless(given)) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("invalid time_bucket_gapfill argument: {} must be a simple expression",
                                 is_start ? "start" : "finish"));
    }
    bounds_.push_back({static_cast<uint32_t>(add_once(given)), given->type, is_start});
  }
  bool want_start = !has(true), want_finish = !has(false);
  if (!want_start && !want_finish) return;
  if (time.kind != ExprKind::kColumn) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "invalid time_bucket_gapfill argument: ts needs to refer to a single column if no start "
                   "or finish is supplied")
        .hint("Specify start and finish as arguments or in the WHERE clause.");
  }
  for (const Expr* condition : grouped_.conditions) add_condition(*condition, time, want_start, want_finish);
  for (bool is_start : {true, false}) {
    if (has(is_start)) continue;
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("missing time_bucket_gapfill argument: could not infer {} from WHERE clause",
                               is_start ? "start" : "finish"))
        .hint("Specify start and finish as arguments or in the WHERE clause.");
  }
}

bool GapFillBuilder::build(GroupStep* step) {
  const FunctionExpr* bucket = find_bucket();
  if (bucket == nullptr) return false;
  if (!is_rowless(bucket->args[0])) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "invalid time_bucket_gapfill argument: bucket_width must be a simple expression");
  }
  Arena& arena = grouped_.arena;
  auto* fill = arena.make<GapFill>();
  add_once(bucket->args[0]);
  if (bucket->args.size() == 5) {
    if (!is_rowless(bucket->args[2])) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "invalid time_bucket_gapfill argument: timezone must be a simple expression");
    }
    check_zone(*bucket->args[2]);
    fill->zone = add_once(bucket->args[2]);
  }
  add_bounds(*bucket);
  for_each_top_expression([&](Expr* e) { find_markers(e); });
  fill->time_type = bucket->type;
  fill->column_count = static_cast<uint32_t>(grouped_.columns.size());
  fill->group_count = static_cast<uint32_t>(grouped_.group_count);
  fill->time_column = time_column_;
  fill->bounds = arena.copy(bounds_);
  fill->fills = arena.copy(fills_);
  std::vector<uint32_t> order;
  std::vector<functions::CompareFunction> compare;
  for (uint32_t i = 0; i < grouped_.group_count; ++i) {
    compare.push_back(functions::compare_function(grouped_.columns[i]->type));
    if (i != time_column_) order.push_back(i);
  }
  order.push_back(time_column_);
  fill->group_order = arena.copy(compare);
  step->order = arena.copy(order);
  step->inputs = arena.copy(inputs_);
  step->lazy = arena.copy(lazy_);
  step->once = arena.copy(once_);
  step->outputs = arena.copy(outputs_);
  step->transform = fill;
  return true;
}

}  // namespace

bool gapfill_hook(const GroupedQuery& grouped, GroupStep* step) {
  return GapFillBuilder(grouped).build(step);
}

}  // namespace varve::hyperfunctions
