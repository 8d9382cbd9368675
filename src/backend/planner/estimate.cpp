// How many rows: from statistics where there are some, else PostgreSQL's defaults.
#include <algorithm>
#include <cmath>

#include "access/heap.h"
#include "access/segment.h"
#include "column_statistics.h"
#include "functions/leakproof.h"
#include "functions/type_oids.h"
#include "query_planner.h"
#include "txn/txn_manager.h"

namespace varve::planner {

using analyzer::ArrayOpExpr;
using analyzer::BooleanTest;
using analyzer::BooleanTestExpr;
using analyzer::BoolExpr;
using analyzer::ConstExpr;
using analyzer::FunctionExpr;
using analyzer::InListExpr;
using analyzer::NullTestExpr;

namespace {

constexpr double kEqualSelectivity = 0.005;
constexpr double kRangeSelectivity = 1.0 / 3;
constexpr double kBothEndsSelectivity = 0.005;  // x > a AND x < b
constexpr double kMatchSelectivity = 0.02;
constexpr double kContainSelectivity = 0.005, kOverlapSelectivity = 0.01;
constexpr double kLeast = 1e-7;

double row_width(const catalog::Relation& relation) {
  double width = 24;
  for (const catalog::Column& c : relation.columns) {
    const functions::TypeInfo* info = functions::type_by_oid(c.type);
    width += info == nullptr || info->length < 0 ? 20 : info->length;
  }
  return width;
}

// Of a boolean.
double true_share(const catalog::ColumnStatistics& s) {
  for (size_t i = 0; i < s.common_values.size(); ++i) {
    if (s.common_values[i].boolean != 0) return std::max<double>(kLeast, s.common_frequencies[i]);
  }
  return s.common_values.empty() ? 0.5 : kLeast;
}

bool is_order_operator(std::string_view op) { return op == "<" || op == "<=" || op == ">" || op == ">="; }

}  // namespace

const ConstExpr* QueryPlanner::constant_of(const Expr* e) {
  if (e->kind == ExprKind::kConst) return &e->as<ConstExpr>();
  if (!state_.settings.enable_constant_folding) return nullptr;
  auto [known, is_new] = estimated_values_.try_emplace(e);
  if (is_new) known->second = estimated_value(e, arena_, state_.eval);
  return known->second;
}

QueryPlanner::Comparison QueryPlanner::comparison_of(const Expr* e) {
  Comparison c;
  if (e->kind != ExprKind::kFunction) return c;
  const auto& f = e->as<FunctionExpr>();
  if (f.op == nullptr || f.args.size() != 2) return c;
  c = {f.args[0], f.args[1], f.op->name};
  bool left_is_column = origin_of(c.column).relation != nullptr;
  bool right_is_column = origin_of(c.other).relation != nullptr;
  if (!left_is_column && right_is_column) {
    std::swap(c.column, c.other);
    if (c.op == "<")
      c.op = ">";
    else if (c.op == "<=")
      c.op = ">=";
    else if (c.op == ">")
      c.op = "<";
    else if (c.op == ">=")
      c.op = "<=";
  }
  return c;
}

double QueryPlanner::relation_pages(const catalog::Relation& relation) {
  auto family = state_.family_sizes.find(&relation);
  return family != state_.family_sizes.end() ? family->second.pages : segment_pages(relation);
}

double QueryPlanner::segment_pages(const catalog::Relation& relation) {
  if (relation.segment == kInvalidPageId) return 0;
  auto pages = access::segment_page_count(state_.txns.pool(), relation.segment);
  return pages.ok() ? static_cast<double>(*pages) : std::max(relation.pages, 1.0);
}

double QueryPlanner::relation_rows(const catalog::Relation& relation) {
  auto family = state_.family_sizes.find(&relation);
  if (family != state_.family_sizes.end()) return std::max(1.0, family->second.rows);
  return rows_of_pages(relation, segment_pages(relation));
}

double QueryPlanner::rows_of_pages(const catalog::Relation& relation, double pages) const {
  double density = relation.tuples >= 0 && relation.pages > 0
                       ? relation.tuples / relation.pages
                       : static_cast<double>(buffer::kPageBytes) / row_width(relation);
  return std::max(1.0, pages * density);
}

// How many different values the expression has in its table (not: among the rows that a filter leaves).
// `rows`: of the input, when nothing is known.
double QueryPlanner::distinct_values(const Expr* e, double rows) {
  if (e->kind == ExprKind::kConst || e->kind == ExprKind::kParam || e->kind == ExprKind::kExecParam) return 1;
  ColumnOrigin origin = origin_of(e);
  if (origin.relation != nullptr) {
    if (origin.unique) return relation_rows(*origin.relation);
    if (const catalog::ColumnStatistics* s = origin.statistics) {
      double n = s->distinct >= 0 ? s->distinct : -s->distinct * relation_rows(*origin.relation);
      return std::max(1.0, n);
    }
  } else if (origin.unique) {
    return std::max(1.0, rows);  // the key of a grouped subquery
  }
  if (e->type == type_oid::kBool) return 2;
  // A function of columns has at most as many values as they have.
  if (e->kind != ExprKind::kColumn && e->kind != ExprKind::kInput) {
    double product = 1;
    bool known = false;
    analyzer::any_of(e, [&](const Expr& x) {
      if (x.kind != ExprKind::kColumn || &x == e) return false;
      known = true;
      product *= distinct_values(&x, rows);
      return false;
    });
    if (known) return std::max(1.0, std::min(product, std::max(200.0, rows / 10)));
  }
  return std::max(1.0, std::min(rows, 200.0));
}

double QueryPlanner::equality_selectivity(const Expr* column, const Expr* other) {
  ColumnOrigin origin = origin_of(column);
  const catalog::ColumnStatistics* s = origin.statistics;
  const ConstExpr* constant = constant_of(other);
  if (constant != nullptr && constant->value.null) return 0;
  if (origin.unique && origin.relation != nullptr) return 1 / relation_rows(*origin.relation);
  if (s == nullptr) {
    if (origin.relation == nullptr) return kEqualSelectivity;
    return std::max(kEqualSelectivity, 1 / relation_rows(*origin.relation));
  }
  double distinct = distinct_values(column, 1e9);
  double present = 1 - s->null_fraction;
  if (constant == nullptr || constant->type != column->type) return std::max(kLeast, present / distinct);
  double common = 0, least = 1;
  functions::CompareFunction compare = functions::compare_function(column->type);
  for (size_t i = 0; i < s->common_values.size(); ++i) {
    double frequency = s->common_frequencies[i];
    common += frequency;
    least = std::min(least, frequency);
    if (compare != nullptr && compare(s->common_values[i].bytes(), constant->value.bytes(), nullptr) == 0)
      return frequency;
  }
  double rest = distinct - static_cast<double>(s->common_values.size());
  if (rest < 1)
    return s->common_values.empty()
               ? present / distinct
               : std::max(kLeast, std::min(least, 0.5 / relation_rows(*origin.relation)));
  return std::clamp((present - common) / rest, kLeast, least);
}

// Share of all rows whose value is below the constant.
double QueryPlanner::share_below(const Expr* column, const Expr* other, bool inclusive) {
  ColumnOrigin origin = origin_of(column);
  const ConstExpr* constant = constant_of(other);
  if (origin.statistics == nullptr || constant == nullptr || constant->value.null ||
      constant->type != column->type)
    return -1;
  return share_of_values_below(*origin.statistics, column->type, constant->value, inclusive,
                               distinct_values(column, 1e9));
}

double QueryPlanner::operator_selectivity(const FunctionExpr& f) {
  Comparison c = comparison_of(&f);
  if (c.op == "=") {
    if (origin_of(c.other).relation != nullptr) {  // two columns of one row
      return 1 / std::max({distinct_values(c.column, 1e9), distinct_values(c.other, 1e9), 1.0});
    }
    return equality_selectivity(c.column, c.other);
  }
  if (c.op == "<>") {
    ColumnOrigin origin = origin_of(c.column);
    double nulls = origin.statistics == nullptr ? 0 : origin.statistics->null_fraction;
    return std::max(kLeast, 1 - nulls - equality_selectivity(c.column, c.other));
  }
  if (is_order_operator(c.op)) {
    double below = share_below(c.column, c.other, c.op == "<=" || c.op == ">");
    if (below < 0) return kRangeSelectivity;
    double present = 1 - origin_of(c.column).statistics->null_fraction;
    return std::clamp(c.op[0] == '<' ? below : present - below, kLeast, 1.0);
  }
  // Any other operator with a constant is tried on the values that the statistics hold.
  ColumnOrigin origin = origin_of(c.column);
  bool may_try = !state_.settings.has_row_security || functions::is_leakproof(f.function->oid);
  if (may_try && origin.statistics != nullptr && constant_of(c.other) != nullptr && c.column == f.args[0]) {
    double share = share_that_passes(*origin.statistics, f, constant_of(c.other)->value, state_.eval);
    if (share >= 0) return std::clamp(share, kLeast, 1.0);
  }
  if (c.op == "~~" || c.op == "~~*" || c.op == "~" || c.op == "~*") return kMatchSelectivity;
  if (c.op == "!~~" || c.op == "!~~*" || c.op == "!~" || c.op == "!~*") return 1 - kMatchSelectivity;
  if (c.op == "@>" || c.op == "<@" || c.op == "@@" || c.op == "@@@") return kContainSelectivity;
  if (c.op == "&&" || c.op == "?" || c.op == "?|" || c.op == "?&" || c.op == "@?") return kOverlapSelectivity;
  return 0.5;
}

double QueryPlanner::selectivity(const Expr* e) {
  if (auto known = known_selectivity_.find(e); known != known_selectivity_.end()) return known->second;
  switch (e->kind) {
    case ExprKind::kConst: {
      const types::Value& v = e->as<ConstExpr>().value;
      return !v.null && v.boolean != 0 ? 1.0 : 0.0;
    }
    case ExprKind::kAnd: {
      std::vector<Expr*> parts(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end());
      return conjunction_selectivity(parts);
    }
    case ExprKind::kOr: {
      std::vector<Expr*> rest(e->as<BoolExpr>().args.begin(), e->as<BoolExpr>().args.end());
      double none = has_statistics_objects() ? 1 - extended_selectivity(&rest, true) : 1;
      for (const Expr* arg : rest) none *= 1 - selectivity(arg);
      return 1 - none;
    }
    case ExprKind::kNot:
      return std::max(kLeast, 1 - selectivity(e->as<BoolExpr>().args[0]));
    case ExprKind::kNullTest: {
      const auto& test = e->as<NullTestExpr>();
      const catalog::ColumnStatistics* s = origin_of(test.arg).statistics;
      double nulls = s == nullptr ? 0.005 : s->null_fraction;
      return std::max(kLeast, test.is_not_null ? 1 - nulls : nulls);
    }
    case ExprKind::kBooleanTest: {
      const auto& test = e->as<BooleanTestExpr>();
      double s = selectivity(test.arg);
      switch (test.test) {
        case BooleanTest::kTrue:
        case BooleanTest::kNotFalse:
          return s;
        case BooleanTest::kFalse:
        case BooleanTest::kNotTrue:
          return std::max(kLeast, 1 - s);
        case BooleanTest::kUnknown:
          return 0.005;
        case BooleanTest::kNotUnknown:
          return 0.995;
      }
      return 0.5;
    }
    case ExprKind::kInList: {
      const auto& in = e->as<InListExpr>();
      double s = 0;
      for (const Expr* item : in.items) s += equality_selectivity(in.arg, item);
      s = std::min(s, 1.0);
      return std::max(kLeast, in.negated ? 1 - s : s);
    }
    case ExprKind::kArrayOp: {
      const auto& a = e->as<ArrayOpExpr>();
      bool equal = a.op != nullptr && a.op->name == "=";
      double one = equal ? equality_selectivity(a.arg, a.array) : 0.5;  // ten elements, as PostgreSQL guesses
      return a.all ? std::pow(one, 10) : std::min(1.0, one * 10);
    }
    case ExprKind::kColumn: {
      const catalog::ColumnStatistics* s = origin_of(e).statistics;
      return s == nullptr ? 0.5 : true_share(*s);
    }
    case ExprKind::kFunction:
      break;
    default:
      return 0.5;
  }
  const auto& f = e->as<FunctionExpr>();
  if (const catalog::ColumnStatistics* s = origin_of(e).statistics; s != nullptr && f.op == nullptr)
    return true_share(*s);
  if (f.op == nullptr || f.args.size() != 2) return kRangeSelectivity;
  return operator_selectivity(f);
}

double QueryPlanner::conjunction_selectivity(std::span<Expr* const> conjuncts) {
  if (!use_extended_ || !has_statistics_objects()) return separate_selectivity(conjuncts);
  std::vector<Expr*> rest(conjuncts.begin(), conjuncts.end());
  const double known_together = extended_selectivity(&rest, false);
  return known_together * separate_selectivity(rest);
}

// Of all as far as they have nothing to do with each other; the two ends of a range on one column do.
double QueryPlanner::separate_selectivity(std::span<Expr* const> conjuncts) {
  struct Ends {
    const Expr* column;
    double lower = -1, upper = -1, present = 1;  // share below the upper end, share above the lower
  };
  std::vector<Ends> ranges;
  double s = 1;
  for (const Expr* e : conjuncts) {
    Comparison c = known_selectivity_.count(e) == 0 ? comparison_of(e) : Comparison{};
    if (c.column == nullptr || !is_order_operator(c.op) || origin_of(c.column).relation == nullptr) {
      s *= selectivity(e);
      continue;
    }
    auto it = std::find_if(ranges.begin(), ranges.end(),
                           [&](const Ends& r) { return analyzer::same_expression(r.column, c.column); });
    if (it == ranges.end()) {
      ranges.push_back({c.column});
      it = ranges.end() - 1;
      const catalog::ColumnStatistics* statistics = origin_of(c.column).statistics;
      if (statistics != nullptr) it->present = 1 - statistics->null_fraction;
    }
    double& end = c.op[0] == '<' ? it->upper : it->lower;
    double one = selectivity(e);
    end = end < 0 ? one : std::min(end, one);
  }
  for (const Ends& r : ranges) {
    if (r.lower < 0 || r.upper < 0) {
      s *= std::max(r.lower, r.upper);
    } else if (r.lower == kRangeSelectivity && r.upper == kRangeSelectivity) {
      s *= kBothEndsSelectivity;
    } else {
      s *= std::max(r.lower + r.upper - r.present, std::min({r.lower, r.upper, 0.0005}));
    }
  }
  return std::max(s, 0.0);
}

// Of an equality between two tables: common values that meet, the rest evenly spread (PostgreSQL's
// eqjoinsel).
double QueryPlanner::join_selectivity(const Expr* e) {
  if (auto known = known_selectivity_.find(e); known != known_selectivity_.end()) return known->second;
  if (e->kind != ExprKind::kFunction) return selectivity(e);
  const auto& f = e->as<FunctionExpr>();
  if (f.op == nullptr || f.args.size() != 2 || f.op->name != "=") return selectivity(e);
  double left = distinct_values(f.args[0], 1e9), right = distinct_values(f.args[1], 1e9);
  if (left >= 1e9) left = 200;
  if (right >= 1e9) right = 200;
  const catalog::ColumnStatistics* a = origin_of(f.args[0]).statistics;
  const catalog::ColumnStatistics* b = origin_of(f.args[1]).statistics;
  double present = (1 - (a == nullptr ? 0 : a->null_fraction)) * (1 - (b == nullptr ? 0 : b->null_fraction));
  if (a != nullptr && b != nullptr && !a->common_values.empty() && !b->common_values.empty() &&
      f.args[0]->type == f.args[1]->type) {
    double s = common_values_join(*a, *b, f.args[0]->type, left, right);
    if (s >= 0) return std::max(s, 1e-12);
  }
  return present / std::max({left, right, 1.0});
}

}  // namespace varve::planner
