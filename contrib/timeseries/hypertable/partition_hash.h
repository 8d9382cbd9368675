// Hash dimensions. Private to the module.
#pragma once

#include <cstdint>

#include "functions/eval_context.h"
#include "types/value.h"

namespace varve::hypertable {

// From 0 to 2^31 - 1. Stored ranges depend on it: it must never change.
int32_t partition_hash(const types::Value& value, Oid type, functions::EvalContext& context);

}  // namespace varve::hypertable
