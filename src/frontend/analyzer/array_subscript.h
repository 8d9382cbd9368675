// The function behind a[i].
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

inline constexpr size_t kMaxArrayDimensions = 6;

// (array, int4 × dimensions) -> element, strict; NULL outside of the bounds.
const functions::Function& array_subscript_function(size_t dimensions);

}  // namespace varve::analyzer
