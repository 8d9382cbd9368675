// Row security and security barriers: a condition that might tell of the rows it sees must not see those that
// the reader may not. Functions marked leakproof tell nothing, so conditions made of them may come first and
// use indexes.
#include <algorithm>

#include "query_planner.h"

namespace varve::planner {

bool QueryPlanner::is_leakproof(const Expr* e) const {
  return analyzer::is_leakproof(e, state_.settings.leakproof_routines);
}

std::vector<Expr*> QueryPlanner::security_of(uint32_t range) {
  std::vector<Expr*> conditions;
  for (Expr* e : query_.ranges[range]->security) split_conjuncts(fold(e), &conditions);
  return conditions;
}

QueryPlanner::SecuredConditions QueryPlanner::secure(uint32_t range, const std::vector<Expr*>& conjuncts) {
  SecuredConditions out;
  for (Expr* c : security_of(range)) {
    // Subqueries are kept out of the scan, which may be planned in several ways. Who stands behind one must
    // not overtake it: it may be another's condition, that of a view over the table.
    const bool now = !has_sublink(c) && (out.policies.empty() || is_leakproof(c));
    (now ? out.scan : out.policies).push_back(c);
  }
  for (Expr* c : conjuncts) (is_leakproof(c) ? out.scan : out.others).push_back(c);
  return out;
}

Node QueryPlanner::plan_relation(uint32_t range, std::vector<Expr*> conjuncts) {
  if (query_.ranges[range]->security.empty()) return plan_table(range, std::move(conjuncts));
  SecuredConditions conditions = secure(range, conjuncts);
  Node node = plan_table(range, std::move(conditions.scan));
  node = filter(std::move(node), conditions.policies);
  return filter(std::move(node), conditions.others);
}

// May rows be looked up in the range's indexes, by these conditions, before its policies have seen them?
bool QueryPlanner::may_look_up(uint32_t range, const std::vector<Expr*>& conditions) {
  if (query_.ranges[range]->security.empty()) return true;
  for (const Expr* c : query_.ranges[range]->security) {
    if (has_sublink(c)) return false;
  }
  return std::all_of(conditions.begin(), conditions.end(), [&](const Expr* c) { return is_leakproof(c); });
}

// All that a row of the statement must still be, once it has changed since it was read: the policies first.
std::vector<Expr*> QueryPlanner::recheck_conditions(std::span<const uint32_t> ranges,
                                                    const std::vector<Expr*>& conjuncts) {
  std::vector<Expr*> conditions;
  for (uint32_t range : ranges) {
    for (Expr* c : security_of(range)) conditions.push_back(c);
  }
  for (Expr* c : conjuncts) {
    if (!has_sublink(c)) conditions.push_back(c);
  }
  return conditions;
}

}  // namespace varve::planner
