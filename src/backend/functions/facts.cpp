#include "facts.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "functions/leakproof.h"
#include "functions/registry.h"

namespace varve::functions {

namespace {

constexpr uint32_t kFirstUserOid = 16384;

// In order.
constexpr uint32_t kLeakproof[] = {
#include "facts/leakproof.inc"
};
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
constexpr RowShapeFact kRowShapes[] = {
#include "facts/row_shapes.inc"
};
constexpr OrderFact kOrders[] = {
#include "facts/orders.inc"
};

}  // namespace

std::span<const RowShapeFact> row_shape_facts() { return kRowShapes; }
std::span<const FunctionFact> function_facts() { return kFunctions; }
bool is_leakproof(Oid function) {
  return std::binary_search(std::begin(kLeakproof), std::end(kLeakproof), function.value());
}
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

namespace {

// By oid: whether input and output functions of the built-in type depend on nothing but the value.
std::vector<bool> make_immutable_text() {
  std::unordered_map<std::string_view, char> volatility;
  for (const FunctionFact& f : kFunctions) {
    char& worst = volatility.try_emplace(f.name, 'i').first->second;
    if (f.volatility != 'i') worst = f.volatility;
  }
  std::vector<bool> immutable(kFirstUserOid, false);
  for (const TypeInfo& type : all_types()) {
    if (type.oid.value() >= kFirstUserOid || type.element_type != kInvalidOid) continue;
    bool all = true;
    for (std::string_view suffix : {"in", "_in", "out", "_out"}) {
      auto it = volatility.find(std::string(type.name).append(suffix));
      all = all && (it == volatility.end() || it->second == 'i');
    }
    immutable[type.oid.value()] = all;
  }
  return immutable;
}

}  // namespace

bool has_immutable_text(Oid type) {
  static const std::vector<bool> immutable = make_immutable_text();
  return type.value() < kFirstUserOid && immutable[type.value()];
}

std::string_view internal_function_name(Oid oid) {
  for (const FunctionFact& f : kFunctions) {
    if (f.oid == oid.value()) return f.name;
  }
  return {};
}

}  // namespace varve::functions
