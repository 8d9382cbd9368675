// Operators, casts and aggregates made by CREATE OPERATOR, CAST and AGGREGATE. Built-in ones are in
// functions/registry.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/strong_id.h"

namespace varve::catalog {

class Catalog;

struct UserOperator {
  Oid oid;
  std::string name;
  Oid schema;
  std::string schema_name;
  Oid left;  // 0: prefix operator
  Oid right, result, function;
};

struct UserCast {
  Oid oid, source, target;
  Oid function;  // 0: binary-coercible, or through the text
  char context;  // e explicit, a assignment, i implicit
  char method;   // f function, b binary, i input and output
};

struct UserOperations {
  std::vector<UserOperator> operators;
  std::vector<UserCast> casts;
};
using UserOperationsPtr = std::shared_ptr<const UserOperations>;

// Kept for as long as the epoch of the catalog stays.
UserOperationsPtr user_operations(Catalog& catalog);

// A row of pg_aggregate.
struct AggregateDefinition {
  // As it works on a frame that moves, the inverse transition takes rows out again; no transition: it cannot.
  struct Support {
    Oid transition, inverse, final_function, state_type;
    bool final_extra = false;
    std::optional<std::string> initial;
  };
  Support plain, moving;
  char kind = 'n';           // n normal, o ordered-set, h hypothetical-set
  uint16_t direct_args = 0;  // of the latter two
};
AggregateDefinition aggregate_definition(Catalog& catalog, Oid aggregate);

}  // namespace varve::catalog
