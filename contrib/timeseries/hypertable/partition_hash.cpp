#include "partition_hash.h"

#include <string>

#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::hypertable {
namespace {

uint64_t mix(uint64_t h) {
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdULL;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53ULL;
  return h ^ h >> 33;
}

uint64_t hash_bytes(std::string_view bytes) {
  uint64_t h = 0xcbf29ce484222325ULL;
  for (char c : bytes) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return mix(h);
}

}  // namespace

// Integers of any width hash alike, so that ALTER TYPE between them leaves rows where they are.
int32_t partition_hash(const types::Value& value, Oid type, functions::EvalContext& context) {
  constexpr uint64_t kMask = 0x7fffffff;
  uint64_t hash = 0;
  if (type == type_oid::kInt2) {
    hash = mix(static_cast<uint64_t>(int64_t{value.int16}));
  } else if (type == type_oid::kInt4 || type == type_oid::kDate) {
    hash = mix(static_cast<uint64_t>(int64_t{value.int32}));
  } else if (type == type_oid::kInt8 || type == type_oid::kTimestamp || type == type_oid::kTimestamptz) {
    hash = mix(static_cast<uint64_t>(value.int64));
  } else if (value.type == types::PhysicalType::kString) {
    hash = hash_bytes(value.view());
  } else {
    std::string text;
    functions::append_value(type, value, text, context);
    hash = hash_bytes(text);
  }
  return static_cast<int32_t>(hash & kMask);
}

}  // namespace varve::hypertable
