// Places of expressions in the statement's text, for messages.
#pragma once

#include "analyzer/expression_walk.h"

namespace varve::analyzer {

// Where the expression's text begins: an operator's own place is behind its left argument.
inline int32_t first_location(const Expr* e) {
  int32_t first = e->location;
  any_of(e, [&](const Expr& x) {
    if (x.location >= 0 && x.location < first) first = x.location;
    return false;
  });
  return first;
}

}  // namespace varve::analyzer
