#include "sort_key.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "functions/type_oids.h"

namespace varve::executor {

using types::PhysicalType;
using types::StringRef;

namespace {

template <class F>
void each_prefix(const SortColumn& key, const Vector& v, const Selection& rows, uint64_t* out,
                 F&& value_bits) {
  const uint64_t flip = key.descending ? (1ULL << 63) - 1 : 0;
  const uint64_t null_prefix = key.nulls_first ? 0 : ~0ULL;
  const uint64_t value_top = key.nulls_first ? 1ULL << 63 : 0;
  for (uint32_t i = 0; i < rows.count; ++i) {
    uint32_t row = rows[i];
    out[i] = v.is_null(row) ? null_prefix : ((value_bits(v.index(row)) ^ flip) | value_top);
  }
}

template <class T>
uint64_t integer_bits(T v) {  // 63 bits; all of them matter to integers of up to four bytes
  if constexpr (sizeof(T) == 8)
    return (static_cast<uint64_t>(v) ^ (1ULL << 63)) >> 1;
  else
    return static_cast<uint64_t>(static_cast<int64_t>(v) + (int64_t{1} << 40));
}

uint64_t string_bits(const StringRef& s) {
  char first[8] = {};
  std::memcpy(first, s.data(), std::min<uint32_t>(s.size(), 8));
  return load_be<uint64_t>(first) >> 1;
}

}  // namespace

uint64_t ordered_bits(double value) {
  if (std::isnan(value)) return ~0ULL;
  if (value == 0) value = 0;
  const auto bits = std::bit_cast<uint64_t>(value);
  return (bits >> 63) != 0 ? ~bits : bits | 1ULL << 63;
}

int64_t whole_part(const types::Numeric& v) {
  constexpr int64_t kMost = int64_t{1} << 61;
  if (!v.is_finite()) return v.kind() == types::Numeric::Kind::kNegativeInfinity ? -kMost : kMost;
  types::int128 whole = 0;
  if (v.is_inline()) {
    whole = v.significand();
    bool negative = whole < 0, rest = false;
    for (int scale = v.inline_scale(); scale > 0 && whole != 0;) {
      int step = std::min(scale, 18);
      int64_t power = 1;
      for (int i = 0; i < step; ++i) power *= 10;
      if (whole == static_cast<int64_t>(whole)) {
        auto narrow = static_cast<int64_t>(whole);
        rest = rest || narrow % power != 0;
        whole = narrow / power;
      } else {
        rest = rest || whole % power != 0;
        whole /= power;
      }
      scale -= step;
    }
    if (negative && rest) whole -= 1;
  } else {
    Arena scratch;
    types::Numeric floor = types::floor(v, scratch);
    if (floor.is_inline()) return whole_part(floor);
    return types::sign_of(floor) < 0 ? -kMost : kMost;
  }
  if (whole >= kMost) return kMost;
  return whole <= -kMost ? -kMost : static_cast<int64_t>(whole);
}

KeyOrder order_of(const KeyType& key) {
  switch (key.physical) {
    case PhysicalType::kBool:
      return KeyOrder::kUnsigned;
    case PhysicalType::kInt16:
      return KeyOrder::kSigned;
    case PhysicalType::kInt32:
      return key.type == type_oid::kOid || key.type == type_oid::kXid || key.type == type_oid::kRegproc
                 ? KeyOrder::kUnsigned
                 : KeyOrder::kSigned;
    case PhysicalType::kInt64:
      return key.type == type_oid::kInt8 || key.type == type_oid::kTimestamp ||
                     key.type == type_oid::kTimestamptz || key.type == type_oid::kTime
                 ? KeyOrder::kSigned
                 : KeyOrder::kByFunction;
    case PhysicalType::kFloat32:
    case PhysicalType::kFloat64:
      return KeyOrder::kFloat;
    case PhysicalType::kNumeric:
      return KeyOrder::kNumeric;
    case PhysicalType::kString:
      if (key.type == type_oid::kBytea) return KeyOrder::kBytes;
      if (key.collation == nullptr || !key.collation->is_c()) return KeyOrder::kByFunction;
      if (key.type == type_oid::kBpchar) return KeyOrder::kPadded;
      return key.type == type_oid::kText || key.type == type_oid::kVarchar || key.type == type_oid::kName
                 ? KeyOrder::kText
                 : KeyOrder::kByFunction;
    default:
      return KeyOrder::kByFunction;
  }
}

bool sort_prefixes(const SortColumn& key, const Vector& v, const Selection& rows, uint64_t* out) {
  switch (order_of(key.key)) {
    case KeyOrder::kUnsigned:
      if (v.type() == PhysicalType::kBool) {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return uint64_t{v.data<uint8_t>()[i]}; });
      } else {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return uint64_t{v.data<uint32_t>()[i]}; });
      }
      return true;
    case KeyOrder::kSigned:
      if (v.type() == PhysicalType::kInt16) {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return integer_bits(v.data<int16_t>()[i]); });
      } else if (v.type() == PhysicalType::kInt32) {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return integer_bits(v.data<int32_t>()[i]); });
      } else {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return integer_bits(v.data<int64_t>()[i]); });
        return false;
      }
      return true;
    case KeyOrder::kFloat:
      if (v.type() == PhysicalType::kFloat32) {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return ordered_bits(v.data<float>()[i]) >> 1; });
      } else {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return ordered_bits(v.data<double>()[i]) >> 1; });
      }
      return false;
    case KeyOrder::kNumeric:
      each_prefix(key, v, rows, out,
                  [&](uint32_t i) { return integer_bits(whole_part(v.data<types::Numeric>()[i])); });
      return false;
    case KeyOrder::kText:
    case KeyOrder::kBytes:
      each_prefix(key, v, rows, out, [&](uint32_t i) { return string_bits(v.data<StringRef>()[i]); });
      return false;
    case KeyOrder::kPadded:
    case KeyOrder::kByFunction:
      break;
  }
  each_prefix(key, v, rows, out, [](uint32_t) { return uint64_t{0}; });
  return false;
}

}  // namespace varve::executor
