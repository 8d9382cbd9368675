// PostgreSQL's hash functions, value for value: what hashtext() and its kin return, and what rows are
// partitioned by. Bob Jenkins' lookup3 (2006) with a 64-bit seed; the lower half of a hash with seed 0 is the
// 32-bit one.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/strong_id.h"
#include "types/value.h"

namespace varve::functions {

uint64_t hash_word(uint32_t word, uint64_t seed);
uint64_t hash_bytes(std::string_view bytes, uint64_t seed);
// One that fits an int4 hashes as that.
uint64_t hash_int8(int64_t value, uint64_t seed);
// A real hashes as the double of its value.
uint64_t hash_float8(double value, uint64_t seed);
// Without the blanks that fill it up.
uint64_t hash_bpchar(std::string_view text, uint64_t seed);

// Whether PostgreSQL has a hash operator class for the type: what rows may be partitioned by. That of an
// array or a row may still find elements that have none.
bool has_hash_class(Oid type);
// What the class's support function returns for a value that is not NULL. An enum's label counts by its place
// in the type: PostgreSQL takes its oid, which no two databases agree about. 42883 where an element cannot be
// hashed.
uint64_t hash_class_value(Oid type, const types::Value& value, uint64_t seed);
// Joins the hash of one more key column to that of those before.
constexpr uint64_t combine_hashes(uint64_t row, uint64_t column) {
  return row ^ (column + 0x49a0f4dd15e5a8e3 + (row << 54) + (row >> 7));
}
// The seed that the keys of partitioned tables are hashed with.
inline constexpr uint64_t kHashPartitionSeed = 0x7A5B22367996DCFD;

}  // namespace varve::functions
