#include "column_statistics.h"

#include <algorithm>
#include <optional>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "rewrite.h"
#include "vector/vector.h"

namespace varve::planner {

using analyzer::ColumnExpr;
using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::Query;
using analyzer::Range;
using analyzer::RangeKind;
using types::PhysicalType;
using types::Value;

namespace {

bool is_unique_column(const catalog::Relation& relation, catalog::ColumnNumber column) {
  return std::any_of(relation.indexes.begin(), relation.indexes.end(), [&](const catalog::Index& i) {
    return i.unique && i.valid && i.keys.size() == 1 && i.keys[0].column == column && i.predicate_sql.empty();
  });
}

}  // namespace

ColumnOrigin column_of(const Query& query, const Expr* e) {
  while (e->kind == ExprKind::kRelabel) e = e->as<analyzer::CastExpr>().arg;
  if (e->kind != ExprKind::kColumn) return {};
  const auto& c = e->as<ColumnExpr>();
  if (c.levels_up != 0 || c.column <= 0) return {};
  const Range& range = *query.ranges[c.range];
  if (range.kind == RangeKind::kRelation && range.relation != nullptr) {
    ColumnOrigin origin;
    origin.relation = range.relation->get();
    auto i = static_cast<size_t>(c.column - 1);
    if (i < origin.relation->statistics.size()) origin.statistics = origin.relation->statistics[i].get();
    origin.unique = is_unique_column(*origin.relation, c.column);
    if (range.family == nullptr) return origin;
    // Each child's keys are unique for themselves alone.
    if (range.family->tables.empty()) origin.unique = false;
    for (const analyzer::Member& m : range.family->members) {
      if (origin.statistics != nullptr) break;
      const catalog::Relation& own = **m.relation;
      size_t number = m.columns.empty() ? i : static_cast<size_t>(m.columns[i] - 1);
      if (number < own.statistics.size()) origin.statistics = own.statistics[number].get();
    }
    return origin;
  }
  const Query* inner = range.kind == RangeKind::kSubquery ? range.query : nullptr;
  if (range.kind == RangeKind::kCte && range.cte_levels_up == 0 && !query.ctes[range.cte]->recursive)
    inner = query.ctes[range.cte]->query;
  if (inner == nullptr || inner->set_op != nullptr || inner->command != analyzer::CommandType::kSelect)
    return {};
  const Expr* target = visible_target(*inner, c.column);
  if (target == nullptr) return {};
  bool grouped = inner->has_group_clause && inner->grouping_sets.empty();
  if (grouped && inner->group_by.size() == 1) {
    if (!analyzer::same_expression(inner->group_by[0], target)) return {};
    ColumnOrigin origin;  // every value once: as many as the subquery has rows
    origin.unique = true;
    return origin;
  }
  ColumnOrigin origin = column_of(*inner, target);
  if (inner->from.size() != 1 || inner->from[0]->kind != analyzer::FromKind::kRange) origin.unique = false;
  return origin;
}

namespace {

// A number that grows with the value, for interpolation; none for types without distance.
std::optional<double> position_of(Oid type, const Value& v) {
  switch (v.type) {
    case PhysicalType::kInt16:
      return v.int16;
    case PhysicalType::kInt32:
      return v.int32;
    case PhysicalType::kInt64:
      return static_cast<double>(v.int64);
    case PhysicalType::kFloat32:
      return v.float32;
    case PhysicalType::kFloat64:
      return v.float64;
    case PhysicalType::kNumeric:
      if (!v.numeric.is_inline()) return std::nullopt;  // perhaps beyond a double
      return types::to_float8(v.numeric);
    case PhysicalType::kString: {
      if (type == type_oid::kBytea) return std::nullopt;
      double p = 0, unit = 1;
      std::string_view s = v.view();
      for (size_t i = 0; i < 8; ++i) {
        unit /= 256;
        p += unit * (i < s.size() ? static_cast<uint8_t>(s[i]) : 0);
      }
      return p;
    }
    default:
      return std::nullopt;
  }
}

// Share of the histogram's rows below the value, with those equal to it if `inclusive`; `equal`: how many
// those are. A sample does not hold the extreme values, and rows come after it was taken: never none and
// never all.
double histogram_share(const catalog::ColumnStatistics& s, Oid type, const Value& value,
                       functions::CompareFunction compare, bool inclusive, double equal) {
  auto below = [&](const Value& h) {
    return compare(h.bytes(), value.bytes(), nullptr) < (inclusive ? 1 : 0);
  };
  auto it = std::partition_point(s.histogram.begin(), s.histogram.end(), below);
  const auto bins = static_cast<double>(s.histogram.size() - 1);
  const double least = 0.01 / bins;
  if (it == s.histogram.begin()) return least;
  if (it == s.histogram.end()) return 1 - least;
  double step = 0.5;
  auto low = position_of(type, *(it - 1)), high = position_of(type, *it), at = position_of(type, value);
  if (low && high && at && *high > *low) step = std::clamp((*at - *low) / (*high - *low), 0.0, 1.0);
  const auto bin = static_cast<double>(it - s.histogram.begin() - 1);
  double share = (bin + step) / bins;
  // A bin holds the rows above its lower end up to the upper one; the first has both ends.
  if (bin == 0) share += equal * (1 - step);
  if (!inclusive) share -= equal;
  return std::clamp(share, least, 1 - least);
}

double total(const std::vector<float>& frequencies) {
  double sum = 0;
  for (float f : frequencies) sum += f;
  return sum;
}

}  // namespace

double share_of_values_below(const catalog::ColumnStatistics& s, Oid type, const Value& value, bool inclusive,
                             double distinct) {
  functions::CompareFunction compare = functions::compare_function(type);
  if (compare == nullptr || (s.histogram.size() < 2 && s.common_values.empty())) return -1;
  double share = 0, common = total(s.common_frequencies);
  for (size_t i = 0; i < s.common_values.size(); ++i) {
    int c = compare(s.common_values[i].bytes(), value.bytes(), nullptr);
    if (c < 0 || (c == 0 && inclusive)) share += s.common_frequencies[i];
  }
  double rest = std::max(0.0, 1 - common - s.null_fraction);
  const double others = distinct - static_cast<double>(s.common_values.size());
  if (s.histogram.size() >= 2)
    share += rest * histogram_share(s, type, value, compare, inclusive, others > 1 ? 1 / others : 0);
  else
    share += rest * 0.5;
  return std::clamp(share, 0.0, 1.0);
}

double share_that_passes(const catalog::ColumnStatistics& s, const analyzer::FunctionExpr& call,
                         const Value& constant, functions::EvalContext& eval) {
  const functions::Function& f = *call.function;
  bool usable = f.kernel != nullptr && f.strict && f.volatility == functions::Volatility::kImmutable &&
                call.type == type_oid::kBool && !constant.null;
  double common = total(s.common_frequencies), rest = std::max(0.0, 1 - common - s.null_fraction);
  if (!usable || (s.histogram.size() < 10 && rest > 0.05)) return -1;
  std::vector<Value> values(s.common_values.begin(), s.common_values.end());
  values.insert(values.end(), s.histogram.begin(), s.histogram.end());
  if (values.empty() || values.size() > vector::kChunkRows || values[0].type == PhysicalType::kBool)
    return -1;
  auto n = static_cast<uint32_t>(values.size());
  Arena scratch;
  vector::Vector left(values[0].type, scratch, n), right(constant.type, scratch, 1),
      result(PhysicalType::kBool, scratch, n);
  for (uint32_t i = 0; i < n; ++i) left.set_value(i, values[i]);
  right.fill_constant(constant);
  const vector::Vector* args[] = {&left, &right};
  functions::EvalContext context{&scratch, eval.format, eval.session};
  functions::KernelCall kernel{args, {nullptr, n}, result, context, *call.site};
  try {
    f.kernel(kernel);
  } catch (const SqlError&) {
    return -1;
  }
  auto passes = [&](size_t i) {
    return !result.is_null(static_cast<uint32_t>(i)) && result.at<uint8_t>(static_cast<uint32_t>(i)) != 0;
  };
  double share = 0, hits = 0;
  for (size_t i = 0; i < s.common_values.size(); ++i)
    share += passes(i) ? static_cast<double>(s.common_frequencies[i]) : 0.0;
  for (size_t i = s.common_values.size(); i < values.size(); ++i) hits += passes(i) ? 1 : 0;
  if (!s.histogram.empty()) {
    auto size = static_cast<double>(s.histogram.size());
    share += rest * std::clamp(hits / size, 0.2 / size, 1 - 0.2 / size);
  }
  return share;
}

double common_values_join(const catalog::ColumnStatistics& a, const catalog::ColumnStatistics& b, Oid type,
                          double distinct_a, double distinct_b) {
  functions::CompareFunction compare = functions::compare_function(type);
  if (compare == nullptr) return -1;
  auto sorted = [&](const catalog::ColumnStatistics& s) {
    std::vector<size_t> order(s.common_values.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t x, size_t y) {
      return compare(s.common_values[x].bytes(), s.common_values[y].bytes(), nullptr) < 0;
    });
    return order;
  };
  std::vector<size_t> of_a = sorted(a), of_b = sorted(b);
  double both = 0, met_a = 0, met_b = 0;
  size_t met = 0;
  for (size_t i = 0, j = 0; i < of_a.size() && j < of_b.size();) {
    int c = compare(a.common_values[of_a[i]].bytes(), b.common_values[of_b[j]].bytes(), nullptr);
    if (c == 0) {
      double fa = a.common_frequencies[of_a[i++]], fb = b.common_frequencies[of_b[j++]];
      both += fa * fb;
      met_a += fa;
      met_b += fb;
      ++met;
    } else {
      ++(c < 0 ? i : j);
    }
  }
  double common_a = total(a.common_frequencies), common_b = total(b.common_frequencies);
  double rest_a = std::max(0.0, 1 - common_a - a.null_fraction),
         rest_b = std::max(0.0, 1 - common_b - b.null_fraction);
  double lone_a = common_a - met_a, lone_b = common_b - met_b;
  auto count_a = static_cast<double>(a.common_values.size()),
       count_b = static_cast<double>(b.common_values.size());
  auto one_way = [&](double lone, double rest, double other_rest, double other_lone, double other_distinct,
                     double other_count) {
    double s = both;
    if (other_distinct > other_count) s += lone * other_rest / (other_distinct - other_count);
    if (other_distinct > static_cast<double>(met))
      s += rest * (other_rest + other_lone) / (other_distinct - static_cast<double>(met));
    return s;
  };
  return std::min(one_way(lone_a, rest_a, rest_b, lone_b, distinct_b, count_b),
                  one_way(lone_b, rest_b, rest_a, lone_a, distinct_a, count_a));
}

}  // namespace varve::planner
