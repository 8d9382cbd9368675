// Oids, signatures and properties of PostgreSQL's built-in objects, as generated into facts/*.inc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace varve::functions {

struct FunctionFact {
  uint32_t oid;
  std::string_view name;
  uint32_t result;
  char kind;        // f function, a aggregate, w window, p procedure
  char volatility;  // i, s, v
  bool strict;
  bool set;
  uint32_t variadic;
  uint8_t defaults;
  uint8_t arg_count;
  uint16_t args[8];
};

struct OperatorFact {
  uint32_t oid;
  std::string_view name;
  uint32_t left, right, result, function, commutator, negator;
};

struct CastFact {
  uint32_t source, target, function;
  char context;  // i, a, e
};

struct OrderFact {
  uint32_t type, less, equal, greater;
};

// The columns of a function that returns records (its OUT arguments).
struct RowShapeFact {
  uint32_t oid;
  std::string_view function;
  uint8_t count;
  uint16_t types[32];
  std::string_view names[32];
};

std::span<const RowShapeFact> row_shape_facts();
std::span<const FunctionFact> function_facts();
std::span<const OperatorFact> operator_facts();
std::span<const CastFact> cast_facts();
std::span<const OrderFact> order_facts();

}  // namespace varve::functions
