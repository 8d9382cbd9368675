#include "planner/row_transform.h"

#include <algorithm>

#include "query_planner.h"

namespace varve::planner {

namespace {

std::vector<GroupingHook>& hooks() {
  static std::vector<GroupingHook> all;
  return all;
}

}  // namespace

void register_grouping_hook(GroupingHook hook) { hooks().push_back(hook); }
std::span<const GroupingHook> grouping_hooks() { return hooks(); }

Node QueryPlanner::plan_group_steps(Node node, size_t group_count) {
  for (GroupingHook hook : grouping_hooks()) {
    GroupedQuery grouped{query_, node.layout, group_count, where_conjuncts_, arena_};
    GroupStep step;
    if (hook(grouped, &step)) node = add_group_step(std::move(node), step);
  }
  return node;
}

Node QueryPlanner::add_group_step(Node node, const GroupStep& step) {
  std::vector<Expr*> columns = node.layout;
  std::vector<Expr*> with_inputs = columns;
  with_inputs.insert(with_inputs.end(), step.inputs.begin(), step.inputs.end());
  node = project(std::move(node), with_inputs);
  std::vector<SortKey> keys;
  for (uint32_t column : step.order) {
    SortKey key;
    key.expr = make_input(columns[column], column);
    keys.push_back(key);
  }
  if (!keys.empty()) node = sort(std::move(node), keys, nullptr);
  auto* plan = state_.make<TransformPlan>(PlanKind::kTransform);
  plan->transform = step.transform;
  Node nothing;
  plan->once = resolve_all(step.once, nothing);
  plan->lazy = resolve_all(step.lazy, node);
  Plan* child = node.plan;
  Plan** children = arena_.make_array<Plan*>(1);
  children[0] = child;
  plan->children = {children, 1};
  plan->rows = child->rows;
  plan->startup_cost = child->startup_cost;
  plan->total_cost = child->total_cost + child->rows * state_.settings.cpu_tuple_cost;
  node.layout = std::move(columns);
  node.layout.insert(node.layout.end(), step.outputs.begin(), step.outputs.end());
  plan->output = output_of(node.layout);
  node.plan = plan;
  node.order.clear();
  return node;
}

}  // namespace varve::planner
