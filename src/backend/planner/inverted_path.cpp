// Inverted indexes: which conditions on a range they answer, and the scan that asks them.
#include <algorithm>

#include "catalog/partition.h"
#include "functions/type_oids.h"
#include "query_planner.h"

namespace varve::planner {

using analyzer::BoolExpr;
using analyzer::ConstExpr;
using analyzer::FunctionExpr;
using functions::InvertedOp;
using functions::KeyQuery;

namespace {

constexpr uint32_t kFirstUserOid = 16384;

// Values of the one have the same keys as those of the other: arrays of strings, seen as arrays of text.
bool same_parts(Oid type, Oid key) {
  if (type == key) return true;
  auto is_text = [](Oid array) {
    const functions::TypeInfo* info = functions::type_by_oid(array);
    const Oid element = info == nullptr ? kInvalidOid : info->element_type;
    return element == type_oid::kText || element == type_oid::kVarchar;
  };
  return is_text(type) && is_text(key);
}

double count_keys(const KeyQuery& query) {
  if (query.parts.empty()) return 1;
  double keys = 0;
  for (const KeyQuery& part : query.parts) keys += count_keys(part);
  return keys;
}

}  // namespace

// `key op value`, or the same the other way round.
bool QueryPlanner::match_inverted_operator(uint32_t range, const RangeIndex& index, Expr* condition,
                                           RangeSet available, InvertedTerm* out) {
  const auto& f = condition->as<FunctionExpr>();
  if (f.op == nullptr || f.args.size() != 2 || f.op->oid.value() >= kFirstUserOid) return false;
  for (size_t side = 0; side < 2; ++side) {
    Expr *indexed = f.args[side], *value = f.args[1 - side];
    const functions::Operator* op = side == 0 ? f.op : functions::operator_by_oid(f.op->commutator);
    if (op == nullptr || (ranges_of(value) & ~available) != 0 || analyzer::is_volatile(value) ||
        has_sublink(value))
      continue;
    for (uint32_t k = 0; k < index.index->keys.size(); ++k) {
      const catalog::IndexColumn& key = index.index->keys[k];
      if (!is_index_key(range, index, k, indexed) || !same_parts(indexed->type, key.type)) continue;
      const InvertedOp kind = functions::inverted_operator(key.inverted, op->name, value->type);
      if (kind == InvertedOp::kNone) continue;
      out->kind = InvertedCondition::Kind::kOperator;
      out->key = k;
      out->op = kind;
      out->value = value;
      out->condition = condition;
      if (side == 1) {  // as the index is asked, and EXPLAIN shows it
        auto* turned = arena_.make<FunctionExpr>(f);
        turned->op = op;
        turned->function = functions::function_by_oid(op->function);
        turned->args = arena_.copy(std::vector<Expr*>{indexed, value});
        out->condition = turned;
      }
      if (value->kind == ExprKind::kConst) {
        const KeyQuery query = functions::inverted_query(key.inverted, kind, value->as<ConstExpr>().value,
                                                         catalog::append_inverted_element);
        if (query.kind == KeyQuery::Kind::kAll) continue;  // it says nothing
        out->lookups = count_keys(query);
      }
      return true;
    }
  }
  return false;
}

// What of the condition the index answers: of AND what it can, of OR all or nothing.
bool QueryPlanner::match_inverted(uint32_t range, const RangeIndex& index, Expr* condition,
                                  RangeSet available, InvertedTerm* out) {
  if (condition->kind == ExprKind::kFunction)
    return match_inverted_operator(range, index, condition, available, out);
  if (condition->kind != ExprKind::kAnd && condition->kind != ExprKind::kOr) return false;
  const bool all = condition->kind == ExprKind::kOr;
  std::vector<InvertedTerm> parts;
  double lookups = 0;
  for (Expr* arg : condition->as<BoolExpr>().args) {
    InvertedTerm part;
    if (match_inverted(range, index, arg, available, &part)) {
      lookups += part.lookups;
      parts.push_back(std::move(part));
    } else if (all) {
      return false;
    }
  }
  if (parts.empty()) return false;
  out->kind = all ? InvertedCondition::Kind::kOr : InvertedCondition::Kind::kAnd;
  out->condition = condition;
  out->lookups = lookups;
  out->parts = std::move(parts);
  return true;
}

InvertedCondition QueryPlanner::resolve_inverted(const InvertedTerm& term, const Node& node) {
  InvertedCondition out;
  out.kind = term.kind;
  out.key = term.key;
  out.op = term.op;
  Node nothing;
  if (term.value != nullptr) out.value = resolve(term.value, nothing);
  if (term.condition != nullptr) out.condition = resolve(term.condition, node);
  std::vector<InvertedCondition> parts;
  for (const InvertedTerm& part : term.parts) parts.push_back(resolve_inverted(part, node));
  out.parts = arena_.copy(parts);
  return out;
}

Node QueryPlanner::inverted_scan(uint32_t range, const RangeIndex& index,
                                 const std::vector<Expr*>& conjuncts) {
  std::vector<InvertedTerm> terms;
  std::vector<Expr*> used, rest;
  double selected = 1;
  for (Expr* c : conjuncts) {
    InvertedTerm term;
    const bool fits = match_inverted(range, index, c, 0, &term);
    // What a partial index has is what its predicate says: of rows that have changed it is tested with the
    // rest.
    const bool is_predicate = std::any_of(index.predicate.begin(), index.predicate.end(),
                                          [&](const Expr* p) { return analyzer::same_expression(p, c); });
    (fits || is_predicate ? used : rest).push_back(c);
    if (fits || is_predicate) selected *= selectivity(c);
    if (fits) terms.push_back(std::move(term));
  }
  if (terms.empty()) return {};
  InvertedTerm all;
  all.kind = InvertedCondition::Kind::kAnd;
  all.lookups = 0;
  for (const InvertedTerm& term : terms) all.lookups += term.lookups;
  all.parts = std::move(terms);
  const Range& r = *query_.ranges[range];
  const catalog::Relation& relation = **r.relation;
  auto* plan = state_.make<InvertedScanPlan>(PlanKind::kInvertedScan);
  Node node = scan_node(range, plan);
  plan->index = index.index;
  plan->bound = bound_index(range, index);
  if (r.family != nullptr && !set_members(range, plan, index.index)) return {};
  plan->condition = resolve_inverted(all.parts.size() == 1 ? all.parts[0] : all, node);
  plan->recheck = resolve(conjunction(used), node);
  if (!rest.empty()) plan->filter = resolve(conjunction(rest), node);
  const PlannerSettings& s = state_.settings;
  const double found = std::max(1.0, relation_rows(relation) * selected), pages = relation_pages(relation);
  plan->index_rows = found;
  plan->index_cost = s.cpu_index_lookup_cost * all.lookups + s.cpu_operator_cost * found * all.lookups;
  plan->rows = std::max(1.0, found * conjunction_selectivity(rest));
  plan->startup_cost = plan->index_cost;
  plan->total_cost = plan->index_cost +
                     found * (s.cpu_index_fetch_cost +
                              s.cpu_operator_cost * static_cast<double>(used.size() + rest.size())) +
                     std::min(found, pages) * (found < 50 ? 0.01 : s.random_page_cost * 0.1);
  if (plan->filter != nullptr) plan->total_cost += subplan_cost(plan->filter, found);
  node.plan = plan;
  return node;
}

}  // namespace varve::planner
