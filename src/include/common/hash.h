// Hashing for in-memory tables. Not stable across versions: never write a hash to disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace varve {

// Finalizer of 64 bits (Murmur3's constants): every input bit reaches every output bit.
constexpr uint64_t hash_int(uint64_t x) {
  x ^= x >> 33;
  x *= 0xFF51AFD7ED558CCDULL;
  x ^= x >> 33;
  x *= 0xC4CEB9FE1A85EC53ULL;
  x ^= x >> 33;
  return x;
}

constexpr uint64_t hash_combine(uint64_t a, uint64_t b) {
  return hash_int(a ^ (b + 0x9E3779B97F4A7C15ULL + (a << 6) + (a >> 2)));
}

uint64_t hash_bytes(const void* data, size_t size, uint64_t seed = 0);
inline uint64_t hash_bytes(std::string_view s, uint64_t seed = 0) {
  return hash_bytes(s.data(), s.size(), seed);
}

}  // namespace varve
