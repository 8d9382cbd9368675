// The orders of types as C++ comparisons, shared by operators, sorting and min/max.
#pragma once

#include <cmath>
#include <string_view>

#include "types/collation.h"
#include "types/datetime.h"
#include "types/string_ref.h"
#include "types/text_codec.h"

namespace varve::functions {

template <class T>
inline int three_way(T a, T b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// NaN equals NaN and is greater than anything else.
template <class T>
inline int compare_floats(T a, T b) {
  if (std::isnan(a) || std::isnan(b))
    return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return three_way(a, b);
}

inline int compare_text(std::string_view a, std::string_view b, const types::Collation* collation) {
  if (collation != nullptr && !collation->is_c()) return collation->compare(a, b);
  int c = a.compare(b);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

// bit and varbit: the bits, then the length. The stored form has the length first.
inline int compare_bits(std::string_view a, std::string_view b) {
  int c = a.substr(4).compare(b.substr(4));
  if (c != 0) return c < 0 ? -1 : 1;
  return three_way(load_raw<uint32_t>(a.data()), load_raw<uint32_t>(b.data()));
}

}  // namespace varve::functions
