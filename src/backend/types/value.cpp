#include "types/value.h"

#include "types/datetime.h"

namespace varve::types {

Value copy_value(const Value& v, Arena& arena) {
  if (v.null) return v;
  if (v.type == PhysicalType::kString && !v.string.is_inline()) return Value::of_string(arena.copy(v.view()));
  if (v.type == PhysicalType::kNumeric) return Value::of_numeric(copy(v.numeric, arena));
  return v;
}

bool values_identical(const Value& a, const Value& b) {
  if (a.type != b.type || a.null != b.null) return false;
  if (a.null) return true;
  if (a.type == PhysicalType::kString) return a.string == b.string;
  if (a.type == PhysicalType::kNumeric) return a.numeric == b.numeric && scale(a.numeric) == scale(b.numeric);
  return std::memcmp(a.words, b.words, physical_width(a.type)) == 0;
}

}  // namespace varve::types
