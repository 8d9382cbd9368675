// PostgreSQL's hash functions, value for value: what hashtext() and its kin return, and what rows are
// partitioned by. Bob Jenkins' lookup3 (2006) with a 64-bit seed; the lower half of a hash with seed 0 is the
// 32-bit one.
#pragma once

#include <cstdint>
#include <string_view>

namespace varve::functions {

uint64_t hash_word(uint32_t word, uint64_t seed);
uint64_t hash_bytes(std::string_view bytes, uint64_t seed);
// One that fits an int4 hashes as that.
uint64_t hash_int8(int64_t value, uint64_t seed);
// A real hashes as the double of its value.
uint64_t hash_float8(double value, uint64_t seed);
// Without the blanks that fill it up.
uint64_t hash_bpchar(std::string_view text, uint64_t seed);

}  // namespace varve::functions
