// The hash functions that PostgreSQL partitions by, bit for bit: Bob Jenkins' lookup3 with a 64-bit seed
// (hash_bytes_extended), and what each type gives it.
#include <bit>
#include <cmath>
#include <cstring>

#include "catalog/partition.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::catalog {

using types::Value;

namespace {

constexpr uint64_t kSeed = 0x7A5B22367996DCFD;

struct State {
  uint32_t a, b, c;

  State(size_t length, uint64_t seed) {
    a = b = c = 0x9e3779b9U + static_cast<uint32_t>(length) + 3923095U;
    a += static_cast<uint32_t>(seed >> 32);
    b += static_cast<uint32_t>(seed);
    mix();
  }
  void mix() {
    a -= c, a ^= std::rotl(c, 4), c += b;
    b -= a, b ^= std::rotl(a, 6), a += c;
    c -= b, c ^= std::rotl(b, 8), b += a;
    a -= c, a ^= std::rotl(c, 16), c += b;
    b -= a, b ^= std::rotl(a, 19), a += c;
    c -= b, c ^= std::rotl(b, 4), b += a;
  }
  uint64_t finish() {
    c ^= b, c -= std::rotl(b, 14);
    a ^= c, a -= std::rotl(c, 11);
    b ^= a, b -= std::rotl(a, 25);
    c ^= b, c -= std::rotl(b, 16);
    a ^= c, a -= std::rotl(c, 4);
    b ^= a, b -= std::rotl(a, 14);
    c ^= b, c -= std::rotl(b, 24);
    return uint64_t{b} << 32 | c;
  }
};

uint32_t word(const uint8_t* p) {
  uint32_t w;
  std::memcpy(&w, p, 4);
  return w;
}

uint64_t hash_word(uint32_t k) {
  State s(4, kSeed);
  s.a += k;
  return s.finish();
}

uint64_t hash_bytes(std::string_view bytes) {
  const auto* k = reinterpret_cast<const uint8_t*>(bytes.data());
  size_t n = bytes.size();
  State s(n, kSeed);
  for (; n >= 12; n -= 12, k += 12) {
    s.a += word(k);
    s.b += word(k + 4);
    s.c += word(k + 8);
    s.mix();
  }
  // The lowest byte of c is the length's.
  uint8_t tail[12] = {};
  std::memcpy(tail, k, n);
  s.a += word(tail);
  s.b += word(tail + 4);
  s.c += word(tail + 8) << 8;
  return s.finish();
}

uint64_t hash_int64(int64_t v) {
  auto low = static_cast<uint32_t>(v), high = static_cast<uint32_t>(static_cast<uint64_t>(v) >> 32);
  return hash_word(low ^ (v >= 0 ? high : ~high));
}

uint64_t hash_double(double v) {
  if (v == 0) return kSeed;
  if (std::isnan(v)) v = std::numeric_limits<double>::quiet_NaN();
  char bytes[8];
  std::memcpy(bytes, &v, 8);
  return hash_bytes({bytes, 8});
}

// Its digits to the base 10000 without zeros at either end, and the weight of the first.
uint64_t hash_numeric(const Value& v) {
  Arena memory;
  functions::EvalContext context{&memory, nullptr, nullptr};
  std::string wire;
  functions::send_value(type_oid::kNumeric, v, wire, context);
  auto field = [&](size_t i) {
    return static_cast<uint16_t>(static_cast<uint8_t>(wire[2 * i]) << 8 |
                                 static_cast<uint8_t>(wire[2 * i + 1]));
  };
  size_t digits = field(0);
  auto weight = static_cast<int16_t>(field(1));
  if ((field(2) & 0xC000) == 0xC000) return kSeed;  // NaN, infinity
  size_t first = 0;
  while (first < digits && field(4 + first) == 0) ++first, --weight;
  if (first == digits) return kSeed - 1;
  while (field(4 + digits - 1) == 0) --digits;
  std::string bytes;
  for (size_t i = first; i < digits; ++i) {
    uint16_t d = field(4 + i);
    bytes.append(reinterpret_cast<const char*>(&d), 2);
  }
  return hash_bytes(bytes) ^ static_cast<uint64_t>(static_cast<int64_t>(weight));
}

uint64_t hash_value(Oid type, const Value& v) {
  switch (type.value()) {
    case type_oid::kInt2.value():
      return hash_word(static_cast<uint32_t>(int32_t{v.int16}));
    case type_oid::kInt4.value():
    case type_oid::kDate.value():
    case type_oid::kOid.value():
      return hash_word(static_cast<uint32_t>(v.int32));
    case type_oid::kInt8.value():
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
    case type_oid::kTime.value():
      return hash_int64(v.int64);
    case type_oid::kBool.value():
      return hash_word(v.boolean != 0 ? 1 : 0);
    case type_oid::kFloat4.value():
      return hash_double(static_cast<double>(v.float32));
    case type_oid::kFloat8.value():
      return hash_double(v.float64);
    case type_oid::kNumeric.value():
      return hash_numeric(v);
    case type_oid::kText.value():
    case type_oid::kVarchar.value():
    case type_oid::kBytea.value():
    case type_oid::kName.value():
      return hash_bytes(v.view());
    case type_oid::kBpchar.value(): {
      std::string_view s = v.view();
      while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
      return hash_bytes(s);
    }
    case type_oid::kUuid.value():
      return hash_bytes({reinterpret_cast<const char*>(v.bytes()), 16});
    default:
      throw_not_supported("hash partitioning by this type");
  }
}

}  // namespace

bool can_hash_partition(Oid type) {
  static constexpr Oid kTypes[] = {
      type_oid::kInt2,      type_oid::kInt4,        type_oid::kInt8, type_oid::kDate,    type_oid::kOid,
      type_oid::kTimestamp, type_oid::kTimestamptz, type_oid::kTime, type_oid::kBool,    type_oid::kFloat4,
      type_oid::kFloat8,    type_oid::kNumeric,     type_oid::kText, type_oid::kVarchar, type_oid::kBytea,
      type_oid::kName,      type_oid::kBpchar,      type_oid::kUuid};
  for (Oid t : kTypes) {
    if (t == type) return true;
  }
  return false;
}

uint64_t partition_hash(std::span<const PartitionKeyColumn> keys, std::span<const Value> values) {
  uint64_t row = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (values[i].null) continue;
    row ^= hash_value(keys[i].type, values[i]) + 0x49a0f4dd15e5a8e3 + (row << 54) + (row >> 7);
  }
  return row;
}

}  // namespace varve::catalog
