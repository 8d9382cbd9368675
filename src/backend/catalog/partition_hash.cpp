// The hash functions that PostgreSQL partitions by, bit for bit: what each type gives its hash.
#include "catalog/partition.h"
#include "common/sql_error.h"
#include "functions/postgres_hash.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::catalog {

using types::Value;

namespace {

constexpr uint64_t kSeed = 0x7A5B22367996DCFD;

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
  return functions::hash_bytes(bytes, kSeed) ^ static_cast<uint64_t>(static_cast<int64_t>(weight));
}

uint64_t hash_value(Oid type, const Value& v) {
  switch (type.value()) {
    case type_oid::kInt2.value():
      return functions::hash_word(static_cast<uint32_t>(int32_t{v.int16}), kSeed);
    case type_oid::kInt4.value():
    case type_oid::kDate.value():
    case type_oid::kOid.value():
      return functions::hash_word(static_cast<uint32_t>(v.int32), kSeed);
    case type_oid::kInt8.value():
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
    case type_oid::kTime.value():
      return functions::hash_int8(v.int64, kSeed);
    case type_oid::kBool.value():
      return functions::hash_word(v.boolean != 0 ? 1 : 0, kSeed);
    case type_oid::kFloat4.value():
      return functions::hash_float8(static_cast<double>(v.float32), kSeed);
    case type_oid::kFloat8.value():
      return functions::hash_float8(v.float64, kSeed);
    case type_oid::kNumeric.value():
      return hash_numeric(v);
    case type_oid::kText.value():
    case type_oid::kVarchar.value():
    case type_oid::kBytea.value():
    case type_oid::kName.value():
      return functions::hash_bytes(v.view(), kSeed);
    case type_oid::kBpchar.value():
      return functions::hash_bpchar(v.view(), kSeed);
    case type_oid::kUuid.value():
      return functions::hash_bytes({reinterpret_cast<const char*>(v.bytes()), 16}, kSeed);
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
