// What EXPLAIN calls columns and expressions: by their names where they come from a table, by what was
// computed where a node below has computed it.
#include <algorithm>
#include <fmt/format.h>

#include "explainer.h"
#include "functions/registry.h"
#include "parser/parser.h"

namespace varve::session {

using analyzer::ExprKind;
using planner::JoinType;

std::string_view scan_alias(const planner::ScanPlan& scan) {
  return scan.alias.empty() ? std::string_view((*scan.relation)->name) : scan.alias;
}

std::string Explainer::cte_column(const planner::CteScanPlan& scan, uint32_t i) {
  std::string_view name = scan.output[i].name;
  for (const Plan* p = statement_.ctes[scan.cte]; name.empty() && p != nullptr && i < p->output.size();
       p = p->children.empty() ? nullptr : p->children[0]) {
    name = p->output[i].name;
  }
  return qualified(scan.alias, name.empty() ? fmt::format("column{}", i + 1) : std::string(name));
}

std::string Explainer::cte_name(uint32_t number) const {
  return number < statement_.cte_names.size() ? parser::quote_identifier(statement_.cte_names[number])
                                              : fmt::format("cte{}", number + 1);
}

std::string Explainer::scan_column(const planner::ScanPlan& scan, size_t i) {
  catalog::ColumnNumber number = scan.columns[i];
  std::string_view name = number == catalog::kCtidColumn       ? "ctid"
                          : number == catalog::kXminColumn     ? "xmin"
                          : number == catalog::kXmaxColumn     ? "xmax"
                          : number == catalog::kTableOidColumn ? "tableoid"
                          : number > 0 ? std::string_view((*scan.relation)->column(number).name)
                                       : "?";
  return qualified(scan_alias(scan), name);
}

std::string Explainer::column_text(const Plan& p, uint32_t i) {
  switch (p.kind) {
    case PlanKind::kSeqScan:
    case PlanKind::kIndexScan:
    case PlanKind::kInvertedScan:
      return scan_column(p.as<planner::ScanPlan>(), i);
    case PlanKind::kFunctionScan:
      return qualified(p.as<planner::FunctionScanPlan>().alias, p.output[i].name);
    case PlanKind::kValues:
      return qualified("*VALUES*", fmt::format("column{}", i + 1));
    case PlanKind::kCteScan:
    case PlanKind::kWorkTableScan:
      return cte_column(p.as<planner::CteScanPlan>(), i);
    case PlanKind::kProject:
    case PlanKind::kProjectSet: {
      const Expr& e = *p.as<planner::ProjectPlan>().exprs[i];
      return computed(p, e.kind == ExprKind::kInput, text(e, *p.children[0]));
    }
    case PlanKind::kResult:
      if (p.children.empty()) {
        const Expr& e = *p.as<planner::ResultPlan>().exprs[i];
        return computed(p, false, text(e, std::span<const Plan* const>()));
      }
      return column(*p.children[0], i);
    case PlanKind::kAggregate: {
      const auto& a = p.as<planner::AggregatePlan>();
      if (i < a.groups.size()) {
        const Expr& e = *a.groups[i];
        return computed(p, e.kind == ExprKind::kInput, text(e, *p.children[0]));
      }
      i -= static_cast<uint32_t>(a.groups.size());
      return i < a.aggregates.size() ? computed(p, false, aggregate_text(a.aggregates[i], *p.children[0]))
                                     : "GROUPING";
    }
    case PlanKind::kWindow: {
      auto width = static_cast<uint32_t>(p.children[0]->output.size());
      if (i < width) return column(*p.children[0], i);
      return computed(p, false, window_text(p.as<planner::WindowPlan>().calls[i - width], *p.children[0]));
    }
    case PlanKind::kHashJoin:
    case PlanKind::kMergeJoin:
    case PlanKind::kNestedLoop: {
      auto left = static_cast<uint32_t>(p.children[0]->output.size());
      if (i < left) return column(*p.children[0], i);
      if (p.as<planner::JoinPlan>().join == JoinType::kMark) return "(mark)";
      return column(*p.children[1], i - left);
    }
    case PlanKind::kIndexJoin: {
      auto left = static_cast<uint32_t>(p.children[0]->output.size());
      if (i < left) return column(*p.children[0], i);
      if (p.as<planner::JoinPlan>().join == JoinType::kMark) return "(mark)";
      return scan_column(*p.as<planner::IndexJoinPlan>().inner, i - left);
    }
    case PlanKind::kInsert:
    case PlanKind::kUpdate:
    case PlanKind::kDelete:
    case PlanKind::kMerge:
      return parser::quote_identifier(p.output[i].name);
    default:
      return p.children.empty() ? parser::quote_identifier(p.output[i].name) : column(*p.children[0], i);
  }
}

std::string Explainer::arguments(analyzer::ExprList args, const Plan& child) {
  std::string out;
  for (const Expr* e : args) out += (out.empty() ? "" : ", ") + text(*e, child);
  return out;
}

std::string Explainer::aggregate_text(const planner::AggregateCallPlan& call, const Plan& child) {
  std::string args = call.args.empty() ? "*" : arguments(call.args, child);
  std::string out = fmt::format("{}({}{}", call.function->name, call.distinct ? "DISTINCT " : "", args);
  if (!call.order_by.empty()) {
    std::string keys;
    for (const std::string& key : sort_keys(call.order_by, child)) keys += (keys.empty() ? "" : ", ") + key;
    out += " ORDER BY " + keys;
  }
  out += ")";
  if (call.filter != nullptr) out += fmt::format(" FILTER (WHERE {})", text(*call.filter, child));
  return out;
}

std::string Explainer::window_text(const planner::WindowCallPlan& call, const Plan& child) {
  bool star = call.args.empty() && call.function->kind == functions::FunctionKind::kAggregate;
  std::string out = fmt::format("{}({})", call.function->name, star ? "*" : arguments(call.args, child));
  if (call.filter != nullptr) out += fmt::format(" FILTER (WHERE {})", text(*call.filter, child));
  return out + " OVER (?)";
}

std::vector<std::string> Explainer::sort_keys(std::span<const analyzer::SortKey> keys, const Plan& child) {
  std::vector<std::string> out;
  for (const analyzer::SortKey& key : keys) {
    std::string item = text(*key.expr, child);
    if (key.expr->kind != ExprKind::kInput && (item.empty() || item[0] != '(')) item = "(" + item + ")";
    if (key.descending) item += " DESC";
    if (key.nulls_first != key.descending) item += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    out.push_back(std::move(item));
  }
  return out;
}

void Explainer::subplan_text(const analyzer::SubplanExpr& e, Names& names, std::string& out) {
  bool init = e.param_slots.empty() && e.left.empty();
  Qualify outer(*this, true);
  for (size_t i = 0; i < e.param_slots.size(); ++i) {
    param_text_[e.param_slots[i]] = analyzer::deparse_expression(*e.args[i], names, eval_);
  }
  std::string output = fmt::format("${}", e.subplan);
  if (below_) {
    out += init ? output : fmt::format("(SubPlan {})", e.subplan + 1);
    return;
  }
  bool known =
      std::any_of(used_.begin(), used_.end(), [&](const UsedSubplan& u) { return u.number == e.subplan; });
  if (!known && shown_.insert(e.subplan).second) used_.push_back({e.subplan, init, output});
  if (init) {
    out += output;
    return;
  }
  bool hashed = e.param_slots.empty() && (e.subquery == analyzer::SubqueryKind::kAny);
  out += fmt::format("({}SubPlan {})", hashed ? "hashed " : "", e.subplan + 1);
}

}  // namespace varve::session
