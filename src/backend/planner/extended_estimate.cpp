// Estimates from statistics objects, as PostgreSQL makes them: common combinations of values first, then
// functional dependencies for what is left, each condition for itself at last.
#include "extended_estimate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/leakproof.h"
#include "functions/type_oids.h"
#include "vector/vector.h"

namespace varve::planner {

using analyzer::ArrayOpExpr;
using analyzer::BoolExpr;
using analyzer::ConstExpr;
using analyzer::FunctionExpr;
using analyzer::InListExpr;
using analyzer::NullTestExpr;
using catalog::ExtendedStatistics;
using types::Value;

namespace {

// Whatever its collation: what is counted are values.
const Expr* strip_any_relabel(const Expr* e) {
  while (e->kind == ExprKind::kRelabel) e = e->as<analyzer::CastExpr>().arg;
  return e;
}

bool is_comparison(std::string_view op) {
  return op == "=" || op == "<>" || op == "<" || op == "<=" || op == ">" || op == ">=";
}

bool is_constant(const Expr* e) { return e->kind == ExprKind::kConst; }

// column op constant or constant op column.
bool is_tried_comparison(const Expr* e) {
  if (e->kind != ExprKind::kFunction) return false;
  const auto& f = e->as<FunctionExpr>();
  return f.op != nullptr && f.args.size() == 2 && is_comparison(f.op->name) &&
         f.function->kernel != nullptr && is_constant(f.args[0]) != is_constant(f.args[1]);
}

// ARRAY[…] of constants is one too.
bool is_constant_array(const Expr* e) {
  if (e->kind != ExprKind::kArray) return is_constant(e);
  const auto& items = e->as<analyzer::ListExpr>().args;
  return std::all_of(items.begin(), items.end(), is_constant);
}

// Of such an array; false: it is NULL.
bool array_elements(const Expr* e, Arena& arena, std::vector<Value>* elements) {
  if (e->kind == ExprKind::kArray) {
    for (const Expr* item : e->as<analyzer::ListExpr>().args)
      elements->push_back(item->as<ConstExpr>().value);
    return true;
  }
  const Value& array = e->as<ConstExpr>().value;
  if (array.null) return false;
  const functions::ArrayView view(array.view());
  for (uint32_t i = 0; i < view.count(); ++i) elements->push_back(view.at(i, arena));
  return true;
}

double clamp_share(double s) { return std::clamp(s, 0.0, 1.0); }

}  // namespace

int RangeStatistics::dimension_of(uint32_t range, const Expr* e) const {
  const Expr* bare = strip_any_relabel(e);
  if (bare->kind == ExprKind::kColumn) {
    const auto& c = bare->as<ColumnExpr>();
    if (c.levels_up != 0 || c.range != range) return -1;
    if (int d = object->dimension_of(c.column); d >= 0) return d;
  }
  for (size_t i = 0; i < expressions.size(); ++i) {
    if (analyzer::same_expression(expressions[i], e) || analyzer::same_expression(expressions[i], bare))
      return static_cast<int>(object->columns.size() + i);
  }
  return -1;
}

bool QueryPlanner::has_statistics_objects() const {
  return std::any_of(query_.ranges.begin(), query_.ranges.end(), [](const Range* r) {
    return r->relation != nullptr && !(*r->relation)->extended_statistics.empty();
  });
}

const std::vector<RangeStatistics>& QueryPlanner::statistics_of(uint32_t range) {
  auto [it, made] = statistics_.try_emplace(range);
  const Range& r = *query_.ranges[range];
  if (!made || r.kind != analyzer::RangeKind::kRelation || r.relation == nullptr) return it->second;
  const auto& objects = (*r.relation)->extended_statistics;
  for (size_t i = 0; i < objects.size(); ++i) {
    RangeStatistics& s = it->second.emplace_back();
    s.object = objects[i].get();
    s.found = r.family == nullptr ? &s.object->own : &s.object->with_family;
    if (r.statistics_expressions.empty()) continue;
    for (Expr* e : r.statistics_expressions[i]) s.expressions.push_back(fold(at_range(e, range)));
  }
  return it->second;
}

ColumnOrigin QueryPlanner::origin_of(const Expr* e) {
  ColumnOrigin origin = column_of(query_, e);
  if (origin.relation != nullptr || e->kind == ExprKind::kConst) return origin;
  if (!has_statistics_objects()) return origin;
  const RangeSet set = ranges_of(e);
  if (set == 0 || (set & (set - 1)) != 0) return origin;
  const auto range = static_cast<uint32_t>(__builtin_ctzll(set));
  for (const RangeStatistics& s : statistics_of(range)) {
    const int d = s.dimension_of(range, e) - static_cast<int>(s.object->columns.size());
    if (d < 0 || static_cast<size_t>(d) >= s.found->expressions.size()) continue;
    if (s.found->expressions[static_cast<size_t>(d)] == nullptr) continue;
    origin.relation = query_.ranges[range]->relation->get();
    origin.statistics = s.found->expressions[static_cast<size_t>(d)].get();
    return origin;
  }
  return origin;
}

double QueryPlanner::extended_selectivity(std::vector<Expr*>* conditions, bool alternatives) {
  const double nothing = alternatives ? 0 : 1;
  if (!use_extended_ || conditions->size() < 2) return nothing;
  RangeSet set = 0;
  for (const Expr* e : *conditions) set |= ranges_of(e);
  if (set == 0 || (set & (set - 1)) != 0) return nothing;
  const auto range = static_cast<uint32_t>(__builtin_ctzll(set));
  if (statistics_of(range).empty()) return nothing;
  ExtendedEstimate estimate(*this, range, *conditions);
  double s = estimate.by_common_combinations(alternatives);
  if (!alternatives) s *= estimate.by_dependencies();
  std::vector<Expr*> rest;
  for (size_t i = 0; i < conditions->size(); ++i) {
    if (!estimate.is_estimated(i)) rest.push_back((*conditions)[i]);
  }
  *conditions = std::move(rest);
  return s;
}

// --- ExtendedEstimate

ExtendedEstimate::ExtendedEstimate(QueryPlanner& planner, uint32_t range, std::span<Expr* const> conditions)
    : planner_(planner),
      range_(range),
      conditions_(conditions),
      statistics_(planner.statistics_of(range)),
      estimated_(conditions.size()) {}

bool ExtendedEstimate::may_try(const functions::Function& function) const {
  return !planner_.state_.settings.has_row_security || functions::is_leakproof(function.oid);
}

bool ExtendedEstimate::collect_terms(const Expr* e, Terms* terms) const {
  e = strip_any_relabel(e);
  switch (e->kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot: {
      const auto& args = e->as<BoolExpr>().args;
      return std::all_of(args.begin(), args.end(), [&](const Expr* a) { return collect_terms(a, terms); });
    }
    case ExprKind::kNullTest:
      terms->push_back(e->as<NullTestExpr>().arg);
      return true;
    case ExprKind::kInList: {
      const auto& in = e->as<InListExpr>();
      if (in.equal == nullptr || in.equal->kernel == nullptr || !may_try(*in.equal) ||
          !std::all_of(in.items.begin(), in.items.end(), is_constant))
        return false;
      terms->push_back(in.arg);
      return true;
    }
    case ExprKind::kArrayOp: {
      const auto& a = e->as<ArrayOpExpr>();
      if (a.op == nullptr || !is_comparison(a.op->name) || a.function->kernel == nullptr ||
          !may_try(*a.function) || !is_constant_array(a.array))
        return false;
      terms->push_back(a.arg);
      return true;
    }
    case ExprKind::kFunction: {
      const auto& f = e->as<FunctionExpr>();
      if (f.op != nullptr && f.args.size() == 2) {
        if (!is_tried_comparison(e) || !may_try(*f.function)) return false;
        terms->push_back(is_constant(f.args[0]) ? f.args[1] : f.args[0]);
        return true;
      }
      break;
    }
    default:
      break;
  }
  terms->push_back(e);  // a boolean by itself
  return true;
}

bool ExtendedEstimate::covers(const RangeStatistics& s, size_t condition) const {
  if (estimated_[condition] || !terms_[condition].has_value()) return false;
  const Terms& terms = *terms_[condition];
  return std::all_of(terms.begin(), terms.end(),
                     [&](const Expr* t) { return s.dimension_of(range_, t) >= 0; });
}

// The object that knows most of the columns, of several the one with the fewest others.
const RangeStatistics* ExtendedEstimate::best_common() const {
  const RangeStatistics* best = nullptr;
  size_t best_matched = 2, best_dimensions = ExtendedStatistics::kMaxDimensions + 1;
  for (const RangeStatistics& s : statistics_) {
    if (s.found->common == nullptr) continue;
    std::set<int> matched;
    for (size_t i = 0; i < conditions_.size(); ++i) {
      if (!covers(s, i)) continue;
      for (const Expr* t : *terms_[i]) matched.insert(s.dimension_of(range_, t));
    }
    const size_t dimensions = s.object->dimensions();
    if (matched.size() < best_matched || (matched.size() == best_matched && dimensions >= best_dimensions))
      continue;
    best = &s;
    best_matched = matched.size();
    best_dimensions = dimensions;
  }
  return best;
}

// About one column or one expression.
bool ExtendedEstimate::is_simple(size_t condition) const {
  const Terms& terms = *terms_[condition];
  auto is_column = [](const Expr* e) { return strip_any_relabel(e)->kind == ExprKind::kColumn; };
  if (!is_column(terms[0])) return terms.size() == 1;
  return std::all_of(terms.begin(), terms.end(), [&](const Expr* t) {
    return is_column(t) && analyzer::same_expression(strip_any_relabel(t), strip_any_relabel(terms[0]));
  });
}

double ExtendedEstimate::separately(std::span<Expr* const> conditions) {
  const bool before = planner_.use_extended_;
  planner_.use_extended_ = false;
  const double s = planner_.separate_selectivity(conditions);
  planner_.use_extended_ = before;
  return s;
}

double ExtendedEstimate::by_common_combinations(bool alternatives) {
  double s = alternatives ? 0 : 1;
  if (std::none_of(statistics_.begin(), statistics_.end(),
                   [](const RangeStatistics& r) { return r.found->common != nullptr; }))
    return s;
  for (const Expr* e : conditions_) {
    Terms terms;
    const bool usable = planner_.known_selectivity_.count(e) == 0 && !planner_.has_sublink(e) &&
                        !analyzer::is_volatile(e) && planner_.ranges_of(e) != 0 && collect_terms(e, &terms);
    terms_.push_back(usable ? std::optional(std::move(terms)) : std::nullopt);
  }
  while (const RangeStatistics* best = best_common()) {
    std::vector<size_t> covered;
    for (size_t i = 0; i < conditions_.size(); ++i) {
      if (covers(*best, i)) covered.push_back(i);
    }
    const double one = alternatives ? any_of(*best, covered) : all_of(*best, covered);
    for (size_t i : covered) estimated_[i] = true;
    s = alternatives ? s + one - s * one : s * one;
  }
  return s;
}

namespace {

// Shares of the rows: of all common combinations, of those that pass, and what the latter would be if the
// columns had nothing to do with each other.
struct CommonShares {
  double total = 0, passing = 0, base = 0;
};

CommonShares shares_of(const functions::CommonCombinations& common, const CommonMatcher::Matches& matches) {
  CommonShares shares;
  for (size_t i = 0; i < common.size(); ++i) {
    shares.total += common.frequencies[i];
    if (matches[i] == 0) continue;
    shares.passing += common.frequencies[i];
    shares.base += common.base_frequencies[i];
  }
  return shares;
}

// `separate` is the estimate for all rows; what it says of the common combinations is known better.
double combine(double separate, const CommonShares& shares) {
  const double others = std::min(clamp_share(separate - shares.base), 1 - shares.total);
  return clamp_share(shares.passing + others);
}

}  // namespace

double ExtendedEstimate::all_of(const RangeStatistics& statistics, std::span<const size_t> conditions) {
  const CommonMatcher matcher(statistics, range_, planner_.state_.eval);
  CommonMatcher::Matches matches(statistics.found->common->size(), 1);
  std::vector<Expr*> covered;
  for (size_t i : conditions) {
    covered.push_back(conditions_[i]);
    const CommonMatcher::Matches one = matcher.matches(conditions_[i]);
    for (size_t item = 0; item < one.size(); ++item) matches[item] = matches[item] != 0 && one[item] != 0;
  }
  return combine(separately(covered), shares_of(*statistics.found->common, matches));
}

// P(A or B) = P(A) + P(B) - P(A and B), one alternative after the other.
double ExtendedEstimate::any_of(const RangeStatistics& statistics, std::span<const size_t> conditions) {
  const functions::CommonCombinations& common = *statistics.found->common;
  const CommonMatcher matcher(statistics, range_, planner_.state_.eval);
  CommonMatcher::Matches before(common.size(), 0);
  double s = 0, separate_before = 0;
  for (size_t i : conditions) {
    Expr* const one[] = {conditions_[i]};
    const double separate = separately(one), separate_overlap = separate_before * separate;
    separate_before = clamp_share(separate_before + separate - separate_overlap);
    const CommonMatcher::Matches matches = matcher.matches(conditions_[i]);
    CommonMatcher::Matches overlap(common.size());
    for (size_t item = 0; item < common.size(); ++item) {
      overlap[item] = matches[item] != 0 && before[item] != 0;
      before[item] = matches[item] != 0 || before[item] != 0;
    }
    // One column's own statistics know it at least as well.
    const double alone = is_simple(i) ? separate : combine(separate, shares_of(common, matches));
    s = clamp_share(s + alone - combine(separate_overlap, shares_of(common, overlap)));
  }
  return s;
}

// --- functional dependencies

int ExtendedEstimate::attribute_of(const Expr* term) {
  const Expr* bare = strip_any_relabel(term);
  if (bare->kind == ExprKind::kColumn) {
    const auto& c = bare->as<ColumnExpr>();
    if (c.levels_up == 0 && c.range == range_ && c.column > 0) return c.column;
  }
  auto known = std::find_if(equal_expressions_.begin(), equal_expressions_.end(),
                            [&](const Expr* e) { return analyzer::same_expression(e, bare); });
  if (known != equal_expressions_.end()) return -1 - static_cast<int>(known - equal_expressions_.begin());
  for (const RangeStatistics& s : statistics_) {
    for (const Expr* e : s.expressions) {
      if (s.found->dependencies.empty() || !analyzer::same_expression(e, bare)) continue;
      equal_expressions_.push_back(bare);
      return -static_cast<int>(equal_expressions_.size());
    }
  }
  return 0;
}

int ExtendedEstimate::equality_attribute(const Expr* e) {
  auto is_fixed = [&](const Expr* x) {
    return planner_.ranges_of(x) == 0 && !analyzer::is_volatile(x) && !planner_.has_sublink(x);
  };
  switch (e->kind) {
    case ExprKind::kFunction: {
      const auto& f = e->as<FunctionExpr>();
      if (f.op == nullptr || f.args.size() != 2) break;
      if (f.op->name != "=") return 0;
      if (is_fixed(f.args[1])) return attribute_of(f.args[0]);
      return is_fixed(f.args[0]) ? attribute_of(f.args[1]) : 0;
    }
    case ExprKind::kInList: {
      const auto& in = e->as<InListExpr>();
      const bool fits = !in.negated && std::all_of(in.items.begin(), in.items.end(), is_fixed);
      return fits ? attribute_of(in.arg) : 0;
    }
    case ExprKind::kArrayOp: {
      const auto& a = e->as<ArrayOpExpr>();
      const bool fits = !a.all && a.op != nullptr && a.op->name == "=" && is_fixed(a.array);
      return fits ? attribute_of(a.arg) : 0;
    }
    case ExprKind::kOr: {
      int all = 0;
      for (const Expr* arg : e->as<BoolExpr>().args) {
        const int one = equality_attribute(arg);
        if (one == 0 || (all != 0 && one != all)) return 0;
        all = one;
      }
      return all;
    }
    case ExprKind::kNot:  // NOT x is x = false
      return attribute_of(e->as<BoolExpr>().args[0]);
    default:
      break;
  }
  return attribute_of(e);  // x is x = true
}

std::vector<ExtendedEstimate::Dependency> ExtendedEstimate::dependencies_among(
    std::span<const int> attributes) {
  auto is_there = [&](int a) {
    return std::find(attributes.begin(), attributes.end(), a) != attributes.end();
  };
  std::vector<Dependency> found;
  for (const RangeStatistics& s : statistics_) {
    for (const functions::AttributeGroup& g : s.found->dependencies) {
      std::vector<int> members;
      for (int16_t a : g.attributes) {
        if (a < 0 && static_cast<size_t>(-1 - a) >= s.expressions.size()) break;
        const int member = a > 0 ? a : attribute_of(s.expressions[static_cast<size_t>(-1 - a)]);
        if (member == 0 || !is_there(member)) break;
        members.push_back(member);
      }
      if (members.size() != g.attributes.size()) continue;
      const int decided = members.back();
      members.pop_back();
      found.push_back({std::move(members), decided, g.number});
    }
  }
  return found;
}

// P(b given a) = f min(P(a), P(b)) / P(a) + (1 - f) P(b), the weakest dependency first, so that chains work.
double ExtendedEstimate::apply(const std::vector<Dependency>& dependencies, std::span<const int> attributes) {
  std::map<int, double> shares;
  for (const Dependency& d : dependencies) {
    shares[d.decided] = 1;
    for (int a : d.deciding) shares[a] = 1;
  }
  for (auto& [attribute, share] : shares) {
    std::vector<Expr*> about;
    for (size_t i = 0; i < conditions_.size(); ++i) {
      if (attributes[i] != attribute) continue;
      about.push_back(conditions_[i]);
      estimated_[i] = true;
    }
    share = separately(about);
  }
  for (auto d = dependencies.rbegin(); d != dependencies.rend(); ++d) {
    double deciding = 1;
    for (int a : d->deciding) deciding *= shares[a];
    double& decided = shares[d->decided];
    const double f = d->degree;
    decided = deciding <= decided ? f + (1 - f) * decided : f * decided / deciding + (1 - f) * decided;
  }
  double s = 1;
  for (const auto& [attribute, share] : shares) s *= share;
  return clamp_share(s);
}

double ExtendedEstimate::by_dependencies() {
  if (std::none_of(statistics_.begin(), statistics_.end(),
                   [](const RangeStatistics& s) { return !s.found->dependencies.empty(); }))
    return 1;
  std::vector<int> attributes;
  for (size_t i = 0; i < conditions_.size(); ++i) {
    const bool usable = !estimated_[i] && planner_.known_selectivity_.count(conditions_[i]) == 0 &&
                        !planner_.has_sublink(conditions_[i]) && planner_.ranges_of(conditions_[i]) != 0;
    attributes.push_back(usable ? equality_attribute(conditions_[i]) : 0);
  }
  std::set<int> left(attributes.begin(), attributes.end());
  left.erase(0);
  if (left.size() < 2) return 1;
  const std::vector<Dependency> all = dependencies_among(attributes);
  std::vector<Dependency> chosen;
  for (;;) {
    // The widest, of those the strongest, among what has not been decided yet.
    const Dependency* strongest = nullptr;
    for (const Dependency& d : all) {
      if (strongest != nullptr &&
          (d.deciding.size() < strongest->deciding.size() ||
           (d.deciding.size() == strongest->deciding.size() && strongest->degree > d.degree)))
        continue;
      const bool matched =
          left.count(d.decided) != 0 &&
          std::all_of(d.deciding.begin(), d.deciding.end(), [&](int a) { return left.count(a) != 0; });
      if (matched) strongest = &d;
    }
    if (strongest == nullptr) break;
    chosen.push_back(*strongest);
    left.erase(strongest->decided);
  }
  return chosen.empty() ? 1 : apply(chosen, attributes);
}

// --- CommonMatcher

const functions::CommonCombinations::Dimension& CommonMatcher::dimension(const Expr* term) const {
  return common_.dimensions[static_cast<size_t>(statistics_.dimension_of(range_, term))];
}

CommonMatcher::Matches CommonMatcher::compare(const functions::Function& function,
                                              const functions::CallSite& site, const Expr* term,
                                              const Value& constant, bool constant_is_left) const {
  Matches matches(common_.size(), 0);
  if (constant.null) return matches;
  const std::vector<Value>& values = dimension(term).values;
  std::vector<uint32_t> present;
  for (uint32_t i = 0; i < values.size(); ++i) {
    if (!values[i].null) present.push_back(i);
  }
  for (size_t first = 0; first < present.size(); first += vector::kChunkRows) {
    const auto n = static_cast<uint32_t>(std::min<size_t>(vector::kChunkRows, present.size() - first));
    Arena scratch;
    vector::Vector items(values[present[first]].type, scratch, n), other(constant.type, scratch, 1),
        result(types::PhysicalType::kBool, scratch, n);
    for (uint32_t i = 0; i < n; ++i) items.set_value(i, values[present[first + i]]);
    other.fill_constant(constant);
    const vector::Vector* args[] = {constant_is_left ? &other : &items, constant_is_left ? &items : &other};
    functions::EvalContext context{&scratch, eval_.format, eval_.session};
    functions::KernelCall kernel{args, {nullptr, n}, result, context, site};
    try {
      function.kernel(kernel);
    } catch (const SqlError&) {
      return matches;
    }
    for (uint32_t i = 0; i < n; ++i)
      matches[present[first + i]] = !result.is_null(i) && result.at<uint8_t>(i) != 0;
  }
  return matches;
}

CommonMatcher::Matches CommonMatcher::any_of(const InListExpr& in) const {
  Matches any(common_.size(), 0);
  bool null = false;
  for (const Expr* item : in.items) {
    const Value& value = item->as<ConstExpr>().value;
    null |= value.null;
    const Matches one = compare(*in.equal, *in.site, in.arg, value, false);
    for (size_t i = 0; i < any.size(); ++i) any[i] = any[i] != 0 || one[i] != 0;
  }
  if (!in.negated) return any;
  const std::vector<Value>& values = dimension(in.arg).values;
  for (size_t i = 0; i < any.size(); ++i) any[i] = any[i] == 0 && !null && !values[i].null;
  return any;
}

CommonMatcher::Matches CommonMatcher::any_or_all(const ArrayOpExpr& op) const {
  Matches matches(common_.size(), 0);
  Arena arena;
  std::vector<Value> elements;
  if (!array_elements(op.array, arena, &elements)) return matches;
  const std::vector<Value>& values = dimension(op.arg).values;
  for (size_t i = 0; i < matches.size(); ++i) matches[i] = op.all && !values[i].null;
  for (const Value& element : elements) {
    const Matches one = compare(*op.function, *op.site, op.arg, element, false);
    for (size_t i = 0; i < matches.size(); ++i)
      matches[i] = op.all ? matches[i] != 0 && one[i] != 0 : matches[i] != 0 || one[i] != 0;
  }
  return matches;
}

CommonMatcher::Matches CommonMatcher::matches(const Expr* e) const {
  e = strip_any_relabel(e);
  Matches result(common_.size(), 0);
  switch (e->kind) {
    case ExprKind::kAnd:
    case ExprKind::kOr: {
      const bool all = e->kind == ExprKind::kAnd;
      std::fill(result.begin(), result.end(), all);
      for (const Expr* arg : e->as<BoolExpr>().args) {
        const Matches one = matches(arg);
        for (size_t i = 0; i < result.size(); ++i)
          result[i] = all ? result[i] != 0 && one[i] != 0 : result[i] != 0 || one[i] != 0;
      }
      return result;
    }
    case ExprKind::kNot: {
      const Matches one = matches(e->as<BoolExpr>().args[0]);
      for (size_t i = 0; i < result.size(); ++i) result[i] = one[i] == 0;
      return result;
    }
    case ExprKind::kNullTest: {
      const auto& test = e->as<NullTestExpr>();
      const std::vector<Value>& values = dimension(test.arg).values;
      for (size_t i = 0; i < result.size(); ++i) result[i] = values[i].null != test.is_not_null;
      return result;
    }
    case ExprKind::kInList:
      return any_of(e->as<InListExpr>());
    case ExprKind::kArrayOp:
      return any_or_all(e->as<ArrayOpExpr>());
    default:
      break;
  }
  if (is_tried_comparison(e)) {
    const auto& f = e->as<FunctionExpr>();
    const bool left = is_constant(f.args[0]);
    return compare(*f.function, *f.site, left ? f.args[1] : f.args[0],
                   f.args[left ? 0 : 1]->as<ConstExpr>().value, left);
  }
  const std::vector<Value>& values = dimension(e).values;
  for (size_t i = 0; i < result.size(); ++i) result[i] = !values[i].null && values[i].boolean != 0;
  return result;
}

// --- groups

namespace {

// The object that knows most of the terms, expressions before columns; null: none knows two.
const RangeStatistics* best_for_groups(const std::vector<RangeStatistics>& all, uint32_t range,
                                       const std::vector<const Expr*>& terms) {
  const RangeStatistics* best = nullptr;
  size_t best_columns = 0, best_expressions = 0;
  for (const RangeStatistics& s : all) {
    if (s.found->ndistinct.empty()) continue;
    size_t columns = 0, expressions = 0;
    for (const Expr* t : terms) {
      const int d = s.dimension_of(range, t);
      if (d >= 0) ++(static_cast<size_t>(d) < s.object->columns.size() ? columns : expressions);
    }
    if (columns + expressions < 2) continue;
    if (expressions < best_expressions || (expressions == best_expressions && columns <= best_columns))
      continue;
    best = &s;
    best_columns = columns;
    best_expressions = expressions;
  }
  return best;
}

// The number of combinations of these dimensions; < 0: not known.
double ndistinct_of(const RangeStatistics& s, const std::set<int>& dimensions) {
  std::set<int16_t> attributes;
  for (int d : dimensions) attributes.insert(s.object->attribute(static_cast<size_t>(d)));
  for (const functions::AttributeGroup& g : s.found->ndistinct) {
    if (std::set<int16_t>(g.attributes.begin(), g.attributes.end()) == attributes) return g.number;
  }
  return -1;
}

}  // namespace

// `range_rows`: how many of the table's rows are left.
double QueryPlanner::distinct_combinations(uint32_t range, std::vector<const Expr*> terms,
                                           double range_rows) {
  const double table_rows = relation_rows(**query_.ranges[range]->relation);
  double product = 1, largest = 1;
  size_t factors = 0;
  auto multiply = [&](double n) {
    product *= n;
    largest = std::max(largest, n);
    ++factors;
  };
  while (const RangeStatistics* best = best_for_groups(statistics_of(range), range, terms)) {
    std::set<int> dimensions;
    std::vector<const Expr*> rest;
    for (const Expr* t : terms) {
      const int d = best->dimension_of(range, t);
      if (d >= 0)
        dimensions.insert(d);
      else
        rest.push_back(t);
    }
    const double n = ndistinct_of(*best, dimensions);
    if (n < 0) break;
    multiply(n);
    terms = std::move(rest);
  }
  for (const Expr* t : terms) multiply(distinct_values(t, range_rows));
  // Of columns that nothing is known of together, it is unlikely that every combination is there.
  double most = table_rows;
  if (factors > 1) most = std::min(table_rows, std::max(table_rows * 0.1, largest));
  product = std::min(product, most);
  // Yao 1977: how many of n values are among some of the rows.
  if (range_rows < table_rows && product > 0)
    product *= 1 - std::pow((table_rows - range_rows) / table_rows, table_rows / product);
  return std::max(1.0, std::round(product));
}

double QueryPlanner::group_count(std::span<Expr* const> groups, double input_rows) {
  double count = 1;
  std::map<uint32_t, std::vector<const Expr*>> by_range;  // of ranges with statistics objects
  auto note = [](std::vector<const Expr*>& terms, const Expr* e) {
    if (std::none_of(terms.begin(), terms.end(),
                     [&](const Expr* t) { return analyzer::same_expression(t, e); }))
      terms.push_back(e);
  };
  for (const Expr* g : groups) {
    const RangeSet set = ranges_of(g);
    const bool one_range = set != 0 && (set & (set - 1)) == 0;
    const auto range = static_cast<uint32_t>(one_range ? __builtin_ctzll(set) : 0);
    if (!one_range || g->type == type_oid::kBool || statistics_of(range).empty()) {
      count *= distinct_values(g, input_rows);
      continue;
    }
    std::vector<const Expr*>& terms = by_range[range];
    if (origin_of(g).relation != nullptr) {
      note(terms, g);
      continue;
    }
    analyzer::any_of(g, [&](const Expr& x) {
      if (x.kind == ExprKind::kColumn && x.as<ColumnExpr>().levels_up == 0) note(terms, &x);
      return false;
    });
  }
  for (auto& [range, terms] : by_range) {
    const bool alone = query_.ranges.size() == 1;
    const double rows = relation_rows(**query_.ranges[range]->relation);
    count *= distinct_combinations(range, std::move(terms), alone ? std::min(rows, input_rows) : rows);
  }
  return std::max(1.0, std::min(count, input_rows));
}

}  // namespace varve::planner
