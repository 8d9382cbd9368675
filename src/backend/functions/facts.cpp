#include "facts.h"

#include "functions/registry.h"

namespace varve::functions {

namespace {

constexpr FunctionFact kFunctions[] = {
#include "facts/functions.inc"
};
constexpr OperatorFact kOperators[] = {
#include "facts/operators.inc"
};
constexpr CastFact kCasts[] = {
#include "facts/casts.inc"
};
constexpr OrderFact kOrders[] = {
#include "facts/orders.inc"
};

}  // namespace

std::span<const FunctionFact> function_facts() { return kFunctions; }
std::span<const OperatorFact> operator_facts() { return kOperators; }
std::span<const CastFact> cast_facts() { return kCasts; }
std::span<const OrderFact> order_facts() { return kOrders; }

Oid internal_function_oid(std::string_view name) {
  const FunctionFact* found = nullptr;
  for (const FunctionFact& f : kFunctions) {
    if (f.name != name) continue;
    if (found != nullptr) return kInvalidOid;
    found = &f;
  }
  return found == nullptr ? kInvalidOid : Oid{found->oid};
}

std::string_view internal_function_name(Oid oid) {
  for (const FunctionFact& f : kFunctions) {
    if (f.oid == oid.value()) return f.name;
  }
  return {};
}

}  // namespace varve::functions
