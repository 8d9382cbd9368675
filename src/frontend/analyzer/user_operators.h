// How an operator that CREATE OPERATOR made stands in a bound expression. Its Operator::name is none that the
// planner knows anything of, whatever it is called in SQL. Private to the analyzer.
#pragma once

#include "catalog/operators.h"
#include "functions/registry.h"

namespace varve::analyzer {

struct BoundUserOperator : functions::Operator {
  std::string_view schema, written;
  bool visible = true;
};

inline constexpr uint32_t kFirstUserOperator = 16384;
inline bool is_user_operator(const functions::Operator& op) { return op.oid.value() >= kFirstUserOperator; }

inline bool user_cast_allowed(const catalog::UserCast& cast, functions::CastContext context) {
  if (cast.context == 'i') return true;
  return cast.context == 'a' ? context >= functions::CastContext::kAssignment
                             : context == functions::CastContext::kExplicit;
}

}  // namespace varve::analyzer
