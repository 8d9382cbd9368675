// Rows that must not share a stratum (access::SettleOrder::width): chunks of hypertables. Private to the
// module.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "access/column_store.h"

namespace varve::columnar_table {

// Which multiple of the width the value lies in; those without a value are in one of their own.
inline int64_t settle_group(const access::SettleOrder& order, const types::Value& value) {
  if (value.null) return std::numeric_limits<int64_t>::min();
  int64_t distance;
  const int64_t at = access::axis_value(value);
  if (__builtin_sub_overflow(at, order.origin, &distance))
    return at < 0 ? std::numeric_limits<int64_t>::min() + 1 : std::numeric_limits<int64_t>::max();
  return distance >= 0 ? distance / order.width : (distance + 1) / order.width - 1;
}

// Null: all rows may share a stratum.
inline const access::SettleOrder* find_grouping(std::span<const access::SettleOrder> order) {
  for (const access::SettleOrder& o : order) {
    if (o.width != 0) return &o;
  }
  return nullptr;
}

}  // namespace varve::columnar_table
