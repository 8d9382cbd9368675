// Columns of every type with NULLs, as the tests build segments of them and check what comes back.
#pragma once

#include <cmath>
#include <deque>
#include <gtest/gtest.h>
#include <vector>

#include "columnar/segment_builder.h"
#include "columnar/segment_reader.h"
#include "common/bytes.h"
#include "float_codec.h"
#include "stream.h"
#include "test_shapes.h"

namespace varve::columnar::shapes {

using types::Numeric;
using types::PhysicalType;
using types::StringRef;
using types::Value;

inline constexpr ValueType kAllTypes[] = {ValueType::kBool,    ValueType::kInt8,    ValueType::kInt16,
                                          ValueType::kInt32,   ValueType::kInt64,   ValueType::kUint32,
                                          ValueType::kFloat32, ValueType::kFloat64, ValueType::kNumeric,
                                          ValueType::kUuid,    ValueType::kFixed16, ValueType::kBytes};

// Memory-form values; owns what they point to.
struct TestColumn {
  ValueType type;
  std::vector<uint8_t> values;
  std::vector<uint64_t> validity;
  std::deque<std::string> strings;
  Arena arena;
  size_t count = 0;
  bool has_nulls = false;

  bool is_null(size_t i) const { return has_nulls && (validity[i / 64] >> (i % 64) & 1) == 0; }
  const uint8_t* at(size_t i) const { return values.data() + i * value_width(type); }
  // A part of the rows, for the builder. `from` is a multiple of 64.
  ColumnValues input(size_t from = 0) const {
    return {at(from), has_nulls ? validity.data() + from / 64 : nullptr};
  }
};

inline void put_ints(TestColumn& c, Rng& rng, int shape) {
  static const struct {
    int64_t low, high;
  } kRanges[] = {{0, 0},
                 {0, 1},
                 {INT8_MIN, INT8_MAX},
                 {INT16_MIN, INT16_MAX},
                 {INT32_MIN, INT32_MAX},
                 {INT64_MIN, INT64_MAX},
                 {0, UINT32_MAX}};
  auto range = kRanges[static_cast<size_t>(c.type)];
  std::vector<int64_t> v = ints(rng, shape % kIntShapes, c.count, range.low, range.high);
  size_t width = value_width(c.type);
  for (size_t i = 0; i < c.count; ++i) std::memcpy(c.values.data() + i * width, &v[i], width);
}

inline Numeric a_numeric(Rng& rng, int shape, TestColumn& c) {
  auto value = bounded(rng, -1000000, 1000000);
  switch (shape % 7) {
    case 0:
      return Numeric(static_cast<types::int128>(value), 2);
    case 1:
      return Numeric(static_cast<types::int128>(value), static_cast<int>(rng() % 6));
    case 2:
      return Numeric(static_cast<types::int128>(rng()) << 40, 4);
    case 3:
      return rng() % 8   ? Numeric(static_cast<types::int128>(value), 1)
             : rng() % 2 ? Numeric::nan()
                         : Numeric::infinity();
    case 4:
      return types::parse_numeric(rng() % 20 ? std::to_string(value) : std::string(60, '7') + ".25", c.arena);
    case 5:
      return Numeric(static_cast<types::int128>(value % 5), 3);
    default:
      return rng() % 9 ? Numeric(-static_cast<types::int128>(rng() >> 1), 0) : Numeric::negative_infinity();
  }
}

inline void put_wide(TestColumn& c, Rng& rng, int shape) {
  uint64_t high = rng();
  for (size_t i = 0; i < c.count; ++i) {
    uint8_t* p = c.values.data() + 16 * i;
    if (c.type == ValueType::kNumeric) {
      store_raw(p, a_numeric(rng, shape, c));
    } else {
      store_raw(p, shape % 3 == 0 ? high : shape % 3 == 1 ? rng() : static_cast<uint64_t>(i * 1000000));
      store_raw(p + 8, shape % 2 ? rng() : rng() % 30);
    }
  }
}

inline void put_strings(TestColumn& c, Rng& rng, int shape) {
  for (std::string& s : strings(rng, shape % kStringShapes, c.count)) c.strings.push_back(std::move(s));
  for (size_t i = 0; i < c.count; ++i)
    store_raw(c.values.data() + 16 * i, StringRef(std::string_view(c.strings[i])));
}

// nulls: 0 none, 1 some, 2 all, 3 whole vectors and some, 4 the first ones.
inline void make_column(TestColumn& c, ValueType type, size_t count, Rng& rng, int shape, int nulls) {
  c.type = type;
  c.count = count;
  c.values.assign(count * value_width(type), 0);
  switch (type) {
    case ValueType::kFloat32: {
      std::vector<float> v = floats<float>(rng, shape % kFloatShapes, count);
      std::memcpy(c.values.data(), v.data(), count * sizeof(float));
      break;
    }
    case ValueType::kFloat64: {
      std::vector<double> v = floats<double>(rng, shape % kFloatShapes, count);
      std::memcpy(c.values.data(), v.data(), count * sizeof(double));
      break;
    }
    case ValueType::kNumeric:
    case ValueType::kUuid:
    case ValueType::kFixed16:
      put_wide(c, rng, shape);
      break;
    case ValueType::kBytes:
      put_strings(c, rng, shape);
      break;
    default:
      put_ints(c, rng, shape);
      break;
  }
  c.has_nulls = nulls != 0;
  c.validity.assign((count + 63) / 64, ~0ULL);
  if (!c.has_nulls) return;
  for (size_t i = 0; i < count; ++i) {
    bool null = nulls == 1   ? rng() % 5 == 0
                : nulls == 2 ? true
                : nulls == 3 ? i / kVectorRows % 2 == 0 || rng() % 50 == 0
                             : i < 100;
    if (null) c.validity[i / 64] &= ~(1ULL << (i % 64));
  }
}

// Bit for bit; numerics by value and scale.
inline bool identical(ValueType type, const uint8_t* a, const uint8_t* b) {
  if (type == ValueType::kBytes) return load_raw<StringRef>(a) == load_raw<StringRef>(b);
  if (type != ValueType::kNumeric) return std::memcmp(a, b, value_width(type)) == 0;
  std::string x, y;
  types::append_numeric_row(x, load_raw<Numeric>(a));
  types::append_numeric_row(y, load_raw<Numeric>(b));
  return x == y;
}

inline Value value_of(ValueType type, const uint8_t* p) {
  switch (type) {
    case ValueType::kBool:
      return Value::of_bool(*p != 0);
    case ValueType::kInt8:
      return Value::of_int16(load_raw<int8_t>(p));
    case ValueType::kInt16:
      return Value::of_int16(load_raw<int16_t>(p));
    case ValueType::kInt32:
      return Value::of_int32(load_raw<int32_t>(p));
    case ValueType::kUint32:
      return Value::of_oid(load_raw<uint32_t>(p));
    case ValueType::kInt64:
      return Value::of_int64(load_raw<int64_t>(p));
    case ValueType::kFloat32:
      return Value::of_float32(load_raw<float>(p));
    case ValueType::kFloat64:
      return Value::of_float64(load_raw<double>(p));
    case ValueType::kNumeric:
      return Value::of_numeric(load_raw<Numeric>(p));
    case ValueType::kUuid:
      return Value::of_uuid(load_raw<types::Uuid>(p));
    case ValueType::kFixed16:
      return Value::of_interval(load_raw<types::Interval>(p));
    default:
      return Value::of_string(load_raw<StringRef>(p));
  }
}

// The order by its definition, apart from the code under test.
template <class T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}
template <class F>
int float_order(F a, F b) {
  if (std::isnan(a) || std::isnan(b))
    return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return three_way(a, b);
}
inline int order(ValueType type, const uint8_t* a, const uint8_t* b) {
  switch (type) {
    case ValueType::kBool:
      return three_way(*a, *b);
    case ValueType::kInt8:
      return three_way(load_raw<int8_t>(a), load_raw<int8_t>(b));
    case ValueType::kInt16:
      return three_way(load_raw<int16_t>(a), load_raw<int16_t>(b));
    case ValueType::kInt32:
      return three_way(load_raw<int32_t>(a), load_raw<int32_t>(b));
    case ValueType::kUint32:
      return three_way(load_raw<uint32_t>(a), load_raw<uint32_t>(b));
    case ValueType::kInt64:
      return three_way(load_raw<int64_t>(a), load_raw<int64_t>(b));
    case ValueType::kFloat32:
      return float_order(load_raw<float>(a), load_raw<float>(b));
    case ValueType::kFloat64:
      return float_order(load_raw<double>(a), load_raw<double>(b));
    case ValueType::kNumeric:
      return types::compare(load_raw<Numeric>(a), load_raw<Numeric>(b));
    case ValueType::kUuid:
      return three_way(std::memcmp(a, b, 16), 0);
    default: {
      auto x = load_raw<StringRef>(a), y = load_raw<StringRef>(b);
      return three_way(std::string(x.view()), std::string(y.view()));
    }
  }
}

}  // namespace varve::columnar::shapes
