#include "types/value.h"

#include "types/datetime.h"

namespace varve::types {

Value copy_value(const Value& v, Arena& arena) {
  if (v.is_null) return v;
  if (v.type == PhysicalType::kString && !v.string_ref().is_inline()) {
    return Value::of_string(arena.copy(v.string()));
  }
  if (v.type == PhysicalType::kNumeric) return {PhysicalType::kNumeric, copy(v.get<Numeric>(), arena)};
  return v;
}

bool values_identical(const Value& a, const Value& b) {
  if (a.type != b.type || a.is_null != b.is_null) return false;
  if (a.is_null) return true;
  if (a.type == PhysicalType::kString) return a.string_ref() == b.string_ref();
  if (a.type == PhysicalType::kNumeric) {
    return a.get<Numeric>() == b.get<Numeric>() && scale(a.get<Numeric>()) == scale(b.get<Numeric>());
  }
  return std::memcmp(a.bytes, b.bytes, physical_width(a.type)) == 0;
}

}  // namespace varve::types
