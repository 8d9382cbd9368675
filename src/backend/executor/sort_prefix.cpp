#include <algorithm>
#include <bit>
#include <cmath>

#include "functions/type_oids.h"
#include "sorter.h"

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

uint64_t double_bits(double d) {
  if (std::isnan(d)) return (1ULL << 63) - 1;
  if (d == 0) d = 0;
  auto u = std::bit_cast<uint64_t>(d);
  u = (u >> 63) != 0 ? ~u : u | 1ULL << 63;
  return u >> 1;
}

uint64_t string_bits(const StringRef& s) {
  char first[8] = {};
  std::memcpy(first, s.data(), std::min<uint32_t>(s.size(), 8));
  return load_be<uint64_t>(first) >> 1;
}

// The greatest whole number not above the value, kept within 62 bits: equal values have the same whatever
// their scale.
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

bool orders_by_bytes(const KeyType& key) {
  return (key.type == type_oid::kText || key.type == type_oid::kVarchar || key.type == type_oid::kName ||
          key.type == type_oid::kBytea) &&
         key.collation->is_c();
}

}  // namespace

bool sort_prefixes(const SortColumn& key, const Vector& v, const Selection& rows, uint64_t* out) {
  Oid type = key.key.type;
  bool is_unsigned = type == type_oid::kOid || type == type_oid::kXid || type == type_oid::kRegproc;
  switch (v.type()) {
    case PhysicalType::kBool:
      each_prefix(key, v, rows, out, [&](uint32_t i) { return uint64_t{v.data<uint8_t>()[i]}; });
      return true;
    case PhysicalType::kInt16:
      each_prefix(key, v, rows, out, [&](uint32_t i) { return integer_bits(v.data<int16_t>()[i]); });
      return true;
    case PhysicalType::kInt32:
      if (is_unsigned) {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return uint64_t{v.data<uint32_t>()[i]}; });
      } else {
        each_prefix(key, v, rows, out, [&](uint32_t i) { return integer_bits(v.data<int32_t>()[i]); });
      }
      return true;
    case PhysicalType::kInt64:
      if (type != type_oid::kInt8 && type != type_oid::kTimestamp && type != type_oid::kTimestamptz &&
          type != type_oid::kTime) {
        break;
      }
      each_prefix(key, v, rows, out, [&](uint32_t i) { return integer_bits(v.data<int64_t>()[i]); });
      return false;
    case PhysicalType::kFloat32:
      each_prefix(key, v, rows, out, [&](uint32_t i) { return double_bits(v.data<float>()[i]); });
      return false;
    case PhysicalType::kFloat64:
      each_prefix(key, v, rows, out, [&](uint32_t i) { return double_bits(v.data<double>()[i]); });
      return false;
    case PhysicalType::kNumeric:
      each_prefix(key, v, rows, out,
                  [&](uint32_t i) { return integer_bits(whole_part(v.data<types::Numeric>()[i])); });
      return false;
    case PhysicalType::kString:
      if (!orders_by_bytes(key.key)) break;
      each_prefix(key, v, rows, out, [&](uint32_t i) { return string_bits(v.data<StringRef>()[i]); });
      return false;
    default:
      break;
  }
  each_prefix(key, v, rows, out, [](uint32_t) { return uint64_t{0}; });
  return false;
}

}  // namespace varve::executor
