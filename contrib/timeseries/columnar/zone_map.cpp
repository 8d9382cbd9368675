#include "columnar/zone_map.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "column_value.h"
#include "common/bytes.h"
#include "float_codec.h"

namespace varve::columnar {
namespace {

using types::PhysicalType;
using types::Value;

// Of a bound against the constant.
enum class Order : int8_t { kLess = -1, kEqual = 0, kGreater = 1, kUnknown = 2 };

Order order_of(int c) { return c < 0 ? Order::kLess : c > 0 ? Order::kGreater : Order::kEqual; }

// `bound` is the value, or when truncated the beginning of a longer one.
Order compare_prefix(std::string_view bound, bool truncated, std::string_view constant) {
  size_t n = std::min(bound.size(), constant.size());
  int c = std::memcmp(bound.data(), constant.data(), n);
  if (c != 0) return order_of(c);
  if (constant.size() < bound.size()) return Order::kGreater;
  if (!truncated) return constant.size() == bound.size() ? Order::kEqual : Order::kLess;
  return constant.size() == bound.size() ? Order::kGreater : Order::kUnknown;
}

struct Orders {
  Order min, max;
};

Orders orders_of(const ZoneMap& zone, const Value& constant) {
  const DiskBounds& b = zone.bounds;
  switch (zone.type) {
    case ValueType::kFloat32:
    case ValueType::kFloat64: {
      double c = constant.type == PhysicalType::kFloat32 ? constant.float32 : constant.float64;
      return {order_of(compare_floats(load_raw<double>(b.min), c)),
              order_of(compare_floats(load_raw<double>(b.max), c))};
    }
    case ValueType::kNumeric:
    case ValueType::kUuid:
    case ValueType::kFixed16:
    case ValueType::kBytes: {
      std::string key;
      std::string_view c;
      if (zone.type == ValueType::kBytes) {
        c = constant.view();
      } else if (zone.type == ValueType::kNumeric) {
        types::append_numeric_key(key, constant.numeric);
        c = key;
      } else {
        c = {reinterpret_cast<const char*>(constant.bytes()), 16};
      }
      std::string_view min(reinterpret_cast<const char*>(b.min), b.min_bytes);
      std::string_view max(reinterpret_cast<const char*>(b.max), b.max_bytes);
      return {compare_prefix(min, (b.flags & DiskBounds::kMinTruncated) != 0, c),
              compare_prefix(max, (b.flags & DiskBounds::kMaxTruncated) != 0, c)};
    }
    default: {
      int64_t c = constant_as_int(zone.type, constant), min = load_raw<int64_t>(b.min),
              max = load_raw<int64_t>(b.max);
      return {order_of(min < c ? -1 : min > c), order_of(max < c ? -1 : max > c)};
    }
  }
}

bool all_pass(Comparison op, Orders o) {
  switch (op) {
    case Comparison::kEqual:
      return o.min == Order::kEqual && o.max == Order::kEqual;
    case Comparison::kNotEqual:
      return o.min == Order::kGreater || o.max == Order::kLess;
    case Comparison::kLess:
      return o.max == Order::kLess;
    case Comparison::kLessEqual:
      return o.max == Order::kLess || o.max == Order::kEqual;
    case Comparison::kGreater:
      return o.min == Order::kGreater;
    default:
      return o.min == Order::kGreater || o.min == Order::kEqual;
  }
}

constexpr Comparison negated(Comparison op) {
  switch (op) {
    case Comparison::kEqual:
      return Comparison::kNotEqual;
    case Comparison::kNotEqual:
      return Comparison::kEqual;
    case Comparison::kLess:
      return Comparison::kGreaterEqual;
    case Comparison::kLessEqual:
      return Comparison::kGreater;
    case Comparison::kGreater:
      return Comparison::kLessEqual;
    default:
      return Comparison::kLess;
  }
}

Value bound_value(ValueType type, const uint8_t* bound) {
  switch (type) {
    case ValueType::kBool:
      return Value::of_bool(load_raw<int64_t>(bound) != 0);
    case ValueType::kInt8:
    case ValueType::kInt16:
      return Value::of_int16(static_cast<int16_t>(load_raw<int64_t>(bound)));
    case ValueType::kInt32:
    case ValueType::kUint32:
      return Value::of_int32(static_cast<int32_t>(load_raw<int64_t>(bound)));
    case ValueType::kFloat32:
      return Value::of_float32(static_cast<float>(load_raw<double>(bound)));
    case ValueType::kFloat64:
      return Value::of_float64(load_raw<double>(bound));
    case ValueType::kUuid:
      return Value::of_uuid(load_raw<types::Uuid>(bound));
    default:
      return Value::of_int64(load_raw<int64_t>(bound));
  }
}

}  // namespace

Value ZoneMap::min() const { return bound_value(type, bounds.min); }
Value ZoneMap::max() const { return bound_value(type, bounds.max); }

ZoneVerdict ZoneMap::check(Comparison op, const Value& constant) const {
  if (nulls == rows) return ZoneVerdict::kNone;
  if (!has_bounds() || constant.null || !is_comparable(type, constant)) return ZoneVerdict::kSome;
  Orders orders = orders_of(*this, constant);
  if (all_pass(negated(op), orders)) return ZoneVerdict::kNone;
  return nulls == 0 && all_pass(op, orders) ? ZoneVerdict::kAll : ZoneVerdict::kSome;
}

bool is_comparable(ValueType type, const Value& constant) {
  switch (type) {
    case ValueType::kFloat32:
      return constant.type == PhysicalType::kFloat32;
    case ValueType::kFloat64:
      return constant.type == PhysicalType::kFloat64;
    case ValueType::kNumeric:
      return constant.type == PhysicalType::kNumeric;
    case ValueType::kUuid:
      return constant.type == PhysicalType::kUuid;
    case ValueType::kFixed16:
      return false;
    case ValueType::kBytes:
      return constant.type == PhysicalType::kString;
    default:
      return constant.type <= PhysicalType::kInt64;
  }
}

}  // namespace varve::columnar
