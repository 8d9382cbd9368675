// How many rows: from statistics where there are some, else PostgreSQL's defaults.
#include <algorithm>
#include <cmath>

#include "access/heap.h"
#include "access/segment.h"
#include "functions/type_oids.h"
#include "query_planner.h"
#include "txn/txn_manager.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::ConstExpr;
using analyzer::FunctionExpr;
using analyzer::InListExpr;
using analyzer::NullTestExpr;

namespace {

constexpr double kEqualSelectivity = 0.005;
constexpr double kRangeSelectivity = 1.0 / 3;
constexpr double kMatchSelectivity = 0.02;

double row_width(const catalog::Relation& relation) {
  double width = 24;
  for (const catalog::Column& c : relation.columns) {
    const functions::TypeInfo* info = functions::type_by_oid(c.type);
    width += info == nullptr || info->length < 0 ? 20 : info->length;
  }
  return width;
}

}  // namespace

double QueryPlanner::relation_pages(const catalog::Relation& relation) {
  if (relation.segment == kInvalidPageId) return 0;
  auto pages = access::segment_page_count(state_.txns.pool(), relation.segment);
  return pages.ok() ? static_cast<double>(*pages) : std::max(relation.pages, 1.0);
}

double QueryPlanner::relation_rows(const catalog::Relation& relation) {
  double pages = relation_pages(relation);
  double density = relation.tuples >= 0 && relation.pages > 0 ? relation.tuples / relation.pages
                                                              : static_cast<double>(buffer::kPageBytes) / row_width(relation);
  return std::max(1.0, pages * density);
}

namespace {

const catalog::ColumnStatistics* statistics_of(const Query& query, const Expr* e) {
  while (e->kind == ExprKind::kRelabel) e = e->as<analyzer::CastExpr>().arg;
  if (e->kind != ExprKind::kColumn || e->as<ColumnExpr>().levels_up != 0 || e->as<ColumnExpr>().column <= 0) return nullptr;
  const Range& range = *query.ranges[e->as<ColumnExpr>().range];
  if (range.relation == nullptr) return nullptr;
  const auto& all = (*range.relation)->statistics;
  auto i = static_cast<size_t>(e->as<ColumnExpr>().column - 1);
  return i < all.size() ? all[i].get() : nullptr;
}

bool is_unique_column(const Query& query, const Expr* e) {
  if (e->kind != ExprKind::kColumn || e->as<ColumnExpr>().levels_up != 0) return false;
  const Range& range = *query.ranges[e->as<ColumnExpr>().range];
  if (range.relation == nullptr) return false;
  for (const catalog::Index& index : (*range.relation)->indexes) {
    if (index.unique && index.keys.size() == 1 && index.keys[0].column == e->as<ColumnExpr>().column && index.predicate_sql.empty()) return true;
  }
  return false;
}

// Share of the histogram below the value.
double histogram_fraction(const catalog::ColumnStatistics& s, Oid type, const types::Value& value) {
  functions::CompareFunction compare = functions::compare_function(type);
  if (compare == nullptr || s.histogram.size() < 2) return -1;
  auto below = [&](const types::Value& h) { return compare(h.bytes(), value.bytes(), nullptr) < 0; };
  auto it = std::partition_point(s.histogram.begin(), s.histogram.end(), below);
  double position = static_cast<double>(it - s.histogram.begin());
  return std::clamp((position - 0.5) / static_cast<double>(s.histogram.size() - 1), 0.0, 1.0);
}

}  // namespace

double QueryPlanner::distinct_values(const Expr* e, double rows) {
  if (e->kind == ExprKind::kConst) return 1;
  if (is_unique_column(query_, e)) {
    return std::max(1.0, relation_rows(**query_.ranges[e->as<ColumnExpr>().range]->relation));
  }
  if (const catalog::ColumnStatistics* s = statistics_of(query_, e)) {
    const auto& relation = **query_.ranges[ranges_of(e) == 0 ? 0 : static_cast<size_t>(__builtin_ctzll(ranges_of(e)))]->relation;
    double n = s->distinct >= 0 ? s->distinct : -s->distinct * relation_rows(relation);
    return std::max(1.0, n);
  }
  if (e->type == type_oid::kBool) return 2;
  return std::max(1.0, std::min(rows, 200.0));
}

double QueryPlanner::selectivity(const Expr* e) {
  switch (e->kind) {
    case ExprKind::kConst: {
      const types::Value& v = e->as<ConstExpr>().value;
      return !v.null && v.boolean != 0 ? 1.0 : 0.0;
    }
    case ExprKind::kAnd: {
      double s = 1;
      for (const Expr* arg : e->as<BoolExpr>().args) s *= selectivity(arg);
      return s;
    }
    case ExprKind::kOr: {
      double none = 1;
      for (const Expr* arg : e->as<BoolExpr>().args) none *= 1 - selectivity(arg);
      return 1 - none;
    }
    case ExprKind::kNot: return 1 - selectivity(e->as<BoolExpr>().args[0]);
    case ExprKind::kNullTest: {
      const auto& test = e->as<NullTestExpr>();
      const catalog::ColumnStatistics* s = statistics_of(query_, test.arg);
      double nulls = s == nullptr ? 0.005 : s->null_fraction;
      return test.is_not_null ? 1 - nulls : nulls;
    }
    case ExprKind::kInList: {
      const auto& in = e->as<InListExpr>();
      double one = 1 / distinct_values(in.arg, 200);
      if (is_unique_column(query_, in.arg) == false && statistics_of(query_, in.arg) == nullptr) one = kEqualSelectivity;
      double s = std::min(1.0, one * static_cast<double>(in.items.size()));
      return in.negated ? 1 - s : s;
    }
    case ExprKind::kFunction: break;
    default: return 0.5;
  }
  const auto& f = e->as<FunctionExpr>();
  if (f.op == nullptr || f.args.size() != 2) return 1.0 / 3;
  const Expr *column = f.args[0], *other = f.args[1];
  if (statistics_of(query_, column) == nullptr && !is_unique_column(query_, column)) std::swap(column, other);
  const catalog::ColumnStatistics* s = statistics_of(query_, column);
  std::string_view op = f.op->name;
  if (op == "=" || op == "<>") {
    double equal = kEqualSelectivity;
    if (is_unique_column(query_, column)) {
      equal = 1 / distinct_values(column, 1e9);
    } else if (s != nullptr) {
      double common = 0;
      bool found = false;
      for (size_t i = 0; i < s->common_values.size(); ++i) {
        common += s->common_frequencies[i];
        if (other->kind == ExprKind::kConst && types::values_identical(s->common_values[i], other->as<ConstExpr>().value)) {
          equal = s->common_frequencies[i];
          found = true;
        }
      }
      double rest = std::max(1.0, distinct_values(column, 1e9) - static_cast<double>(s->common_values.size()));
      if (!found) equal = std::max(0.0, 1 - common - s->null_fraction) / rest;
    }
    return op == "=" ? equal : 1 - equal;
  }
  if (op == "<" || op == "<=" || op == ">" || op == ">=") {
    if (s == nullptr || other->kind != ExprKind::kConst || other->as<ConstExpr>().value.null || other->type != column->type) return kRangeSelectivity;
    double below = histogram_fraction(*s, column->type, other->as<ConstExpr>().value);
    if (below < 0) return kRangeSelectivity;
    bool less = (op[0] == '<') == (column == f.args[0]);
    return std::max(1e-6, (less ? below : 1 - below) * (1 - s->null_fraction));
  }
  if (op == "~~" || op == "~~*" || op == "~" || op == "~*") return kMatchSelectivity;
  if (op == "!~~" || op == "!~~*" || op == "!~" || op == "!~*") return 1 - kMatchSelectivity;
  return 0.5;
}

}  // namespace varve::planner
