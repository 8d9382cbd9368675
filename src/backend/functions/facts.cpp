#include "facts.h"

#include "functions/registry.h"

namespace varve::functions {

namespace {

constexpr FunctionFact kFunctions[] = {
#include "facts/functions.inc"
// Those that PostgreSQL has not.
#include "facts/own_functions.inc"
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

bool has_immutable_text(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  if (info == nullptr || type.value() >= 16384 || info->element_type != kInvalidOid) return false;
  for (const FunctionFact& f : kFunctions) {
    if (!f.name.starts_with(info->name)) continue;
    std::string_view rest = f.name.substr(info->name.size());
    bool is_io = rest == "in" || rest == "_in" || rest == "out" || rest == "_out";
    if (is_io && f.volatility != 'i') return false;
  }
  return true;
}

std::string_view internal_function_name(Oid oid) {
  for (const FunctionFact& f : kFunctions) {
    if (f.oid == oid.value()) return f.name;
  }
  return {};
}

}  // namespace varve::functions
