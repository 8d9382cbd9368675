// Where a row lies in the dimensions behind the first. Private to the module.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "functions/eval_context.h"
#include "hypertable/hypertable.h"
#include "types/value.h"

namespace varve::hypertable {

// One dimension of one hypertable, for one user: a statement, a call.
class PartitionPlace {
 public:
  // `number`: the dimension's among all of the hypertable, from 0.
  PartitionPlace(DimensionKind kind, Oid type, int32_t hypertable, size_t number)
      : kind_(kind), type_(type), hypertable_(hypertable), number_(number) {}

  // Among the slices: a hash, internal time, or what the user's function says. A row without a value is in
  // the first slice.
  int64_t of(const types::Value& value, functions::EvalContext& context);

 private:
  int64_t by_function(const types::Value& value, functions::EvalContext& context);

  const DimensionKind kind_;
  const Oid type_;
  const int32_t hypertable_;
  const size_t number_;
  // A call is a query. The function is immutable, and there are fewer devices than rows.
  std::string function_, type_name_;
  std::unordered_map<std::string, int64_t> known_;
};

}  // namespace varve::hypertable
