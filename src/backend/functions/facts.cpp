#include "facts.h"

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

}  // namespace varve::functions
