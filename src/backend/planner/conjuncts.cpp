// What can be read out of a condition's form: common factors of OR.
#include <algorithm>

#include "functions/type_oids.h"
#include "rewrite.h"

namespace varve::planner {

using analyzer::BoolExpr;

namespace {

void conjuncts_of(Expr* e, std::vector<Expr*>* out) {
  if (e->kind != ExprKind::kAnd) {
    out->push_back(e);
    return;
  }
  for (Expr* arg : e->as<BoolExpr>().args) conjuncts_of(arg, out);
}

void arms_of(Expr* e, std::vector<Expr*>* out) {
  if (e->kind != ExprKind::kOr) {
    out->push_back(e);
    return;
  }
  for (Expr* arg : e->as<BoolExpr>().args) arms_of(arg, out);
}

bool contains(const std::vector<Expr*>& list, const Expr* e) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Expr* x) { return analyzer::same_expression(x, e); });
}

Expr* combine(Arena& arena, ExprKind kind, const std::vector<Expr*>& parts) {
  if (parts.size() == 1) return parts[0];
  auto* e = arena.make<BoolExpr>();
  e->kind = kind;
  e->type = type_oid::kBool;
  e->args = arena.copy(parts);
  return e;
}

}  // namespace

void factor_or(PlannerState& state, Expr* e, std::vector<Expr*>* out) {
  if (e->kind != ExprKind::kOr || !state.settings.enable_or_factoring || analyzer::is_volatile(e)) {
    out->push_back(e);
    return;
  }
  Arena& arena = state.statement.arena;
  std::vector<Expr*> arms;
  arms_of(e, &arms);
  std::vector<std::vector<Expr*>> parts(arms.size());
  for (size_t i = 0; i < arms.size(); ++i) conjuncts_of(arms[i], &parts[i]);
  std::vector<Expr*> common;
  for (Expr* p : parts[0]) {
    bool everywhere =
        std::all_of(parts.begin() + 1, parts.end(), [&](const auto& arm) { return contains(arm, p); });
    if (everywhere && !contains(common, p)) common.push_back(p);
  }
  if (common.empty()) {
    out->push_back(e);
    return;
  }
  std::vector<Expr*> rest;
  bool absorbed = false;  // an arm that is only the common part makes the others idle
  for (auto& arm : parts) {
    std::erase_if(arm, [&](const Expr* p) { return contains(common, p); });
    absorbed = absorbed || arm.empty();
    if (!arm.empty()) rest.push_back(combine(arena, ExprKind::kAnd, arm));
  }
  out->insert(out->end(), common.begin(), common.end());
  if (!absorbed) out->push_back(combine(arena, ExprKind::kOr, rest));
}

// Every arm of an OR says something about one table: then the table's rows must pass one of these parts. The
// new condition is implied, so the old one's selectivity is what remains.
void QueryPlanner::extract_from_or(std::vector<Expr*>& conjuncts) {
  if (!state_.settings.enable_or_factoring) return;
  std::vector<Expr*> implied;
  for (Expr* e : conjuncts) {
    if (e->kind != ExprKind::kOr || has_sublink(e) || analyzer::is_volatile(e)) continue;
    RangeSet all = ranges_of(e);
    if ((all & (all - 1)) == 0) continue;
    std::vector<Expr*> arms;
    arms_of(e, &arms);
    double whole = selectivity(e), share = 1;
    for (uint32_t range = 0; range < query_.ranges.size(); ++range) {
      RangeSet bit = RangeSet{1} << range;
      if ((all & bit) == 0) continue;
      std::vector<Expr*> alternatives;
      for (Expr* arm : arms) {
        std::vector<Expr*> parts, own;
        conjuncts_of(arm, &parts);
        for (Expr* p : parts) {
          if (ranges_of(p) == bit) own.push_back(p);
        }
        if (own.empty()) break;
        alternatives.push_back(combine(arena_, ExprKind::kAnd, own));
      }
      if (alternatives.size() != arms.size()) continue;
      implied.push_back(combine(arena_, ExprKind::kOr, alternatives));
      share *= selectivity(implied.back());
    }
    if (share < 1 && share > 0) known_selectivity_[e] = std::min(1.0, whole / share);
  }
  conjuncts.insert(conjuncts.end(), implied.begin(), implied.end());
}

}  // namespace varve::planner
