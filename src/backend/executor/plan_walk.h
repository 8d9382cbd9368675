// Visits the expressions of plan nodes.
#pragma once

#include "planner/plan.h"

namespace varve::executor {

// Direct parts of an expression.
void for_each_part(const analyzer::Expr& e, void (*f)(const analyzer::Expr&, void*), void* user);
// Top-level expressions of one node (its children's not).
void for_each_expression(const planner::Plan& plan, void (*f)(const analyzer::Expr&, void*), void* user);

// Every expression of one node and all their parts.
template <class F>
void walk_expressions(const planner::Plan& plan, F&& f) {
  struct Walk {
    F& visit;
    static void step(const analyzer::Expr& e, void* user) {
      static_cast<Walk*>(user)->visit(e);
      for_each_part(e, step, user);
    }
  } walk{f};
  for_each_expression(plan, Walk::step, &walk);
}

}  // namespace varve::executor
