// What a condition on a small table leaves is looked up while planning. "The keyword is called murder" says
// nothing of how often it is used; its number does, by the statistics of the column that refers to it.
#include <algorithm>

#include "join_problem.h"

namespace varve::planner {

namespace {

constexpr double kMostPages = 128;        // of a table that is read
constexpr size_t kMostRows = 512;         // that its conditions may leave
constexpr double kWorthwhileRows = 5000;  // of another table, or reading is not worth the while

}  // namespace

// Only what would be read at the start of the join anyway, and calls nothing that has effects.
bool QueryPlanner::may_read_early(const JoinLeaf& leaf) {
  if (leaf.special() || leaf.range == UINT32_MAX || leaf.filters.empty() || leaf.node.plan == nullptr)
    return false;
  const Range& range = *query_.ranges[leaf.range];
  if (range.kind != analyzer::RangeKind::kRelation || range.family != nullptr || !range.security.empty() ||
      range.sample_percent != nullptr || segment_pages(**range.relation) > kMostPages)
    return false;
  return std::none_of(leaf.filters.begin(), leaf.filters.end(), [&](const Expr* e) {
    return has_sublink(e) || analyzer::any_of(e, [](const Expr& x) {
             if (x.kind == ExprKind::kParam || x.kind == ExprKind::kExecParam) return true;
             if (x.kind == ExprKind::kColumn) return x.as<ColumnExpr>().levels_up > 0;
             if (x.kind != ExprKind::kFunction) return false;
             const functions::Function* f = x.as<analyzer::FunctionExpr>().function;
             return f != nullptr &&
                    (f->volatility != functions::Volatility::kImmutable || f->routine != nullptr);
           });
  });
}

// The rows of the leaf, as its layout has them. False: not read.
bool QueryPlanner::read_early(JoinLeaf& leaf, const std::vector<JoinLeaf>& others,
                              std::vector<types::Value>* values) {
  if (state_.settings.reader == nullptr || !may_read_early(leaf)) return false;
  double rows = std::max(kWorthwhileRows, 2 * relation_rows(**query_.ranges[leaf.range]->relation));
  bool worthwhile = std::any_of(others.begin(), others.end(), [&](const JoinLeaf& other) {
    return &other != &leaf && other.node.plan != nullptr && other.node.plan->rows >= rows;
  });
  if (!worthwhile) return false;
  PlannedStatement alone;
  alone.root = leaf.node.plan;
  alone.node_count = state_.statement.node_count;
  alone.exec_param_count = state_.statement.exec_param_count;
  if (!state_.settings.reader->read(alone, kMostRows, arena_, values)) return false;
  leaf.node.plan->rows =
      std::max(1.0, static_cast<double>(values->size() / std::max<size_t>(1, leaf.node.layout.size())));
  return true;
}

// Share of the pairs of a leaf's rows and another table's whose keys are equal; -1: not known. `values` as of
// read_early().
double QueryPlanner::early_selectivity(const JoinLeaf& leaf, const std::vector<types::Value>& values,
                                       const Expr* own, const Expr* other) {
  size_t width = leaf.node.layout.size(), at = 0;
  while (at < width && !analyzer::same_expression(leaf.node.layout[at], own)) ++at;
  if (at == width || values.empty() || own->type != other->type) return -1;
  double sum = 0;
  for (size_t i = at; i < values.size(); i += width) {
    analyzer::ConstExpr key;
    static_cast<Expr&>(key) = *own;
    key.kind = ExprKind::kConst;
    key.value = values[i];
    sum += equality_selectivity(other, &key);
  }
  return sum / (static_cast<double>(values.size()) / static_cast<double>(width));
}

}  // namespace varve::planner
