// The numbers that random() yields in one session: xoroshiro128** (Blackman, Vigna: Scrambled Linear Pseudorandom Number
// Generators, 2018) seeded through SplitMix64, so that setseed() leads to the numbers PostgreSQL 15 gives.
#pragma once

#include <bit>
#include <cstdint>

namespace varve::session {

class RandomSequence {
 public:
  explicit RandomSequence(uint64_t seed) { start(seed); }

  // setseed(): from -1 to 1.
  void set_seed(double seed) {
    start(static_cast<uint64_t>(static_cast<int64_t>(static_cast<double>((int64_t{1} << 52) - 1) * seed)));
  }

  // 0 <= x < 1, a multiple of 2^-52.
  double next() { return static_cast<double>(bits() >> 12) * 0x1p-52; }

 private:
  void start(uint64_t seed) {
    a_ = split_mix(seed);
    b_ = split_mix(seed);
  }

  static uint64_t split_mix(uint64_t& state) {
    uint64_t x = state += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
  }

  uint64_t bits() {
    uint64_t x = a_ ^ b_, result = std::rotl(a_ * 5, 7) * 9;
    a_ = std::rotl(a_, 24) ^ x ^ x << 16;
    b_ = std::rotl(x, 37);
    return result;
  }

  uint64_t a_, b_;
};

}  // namespace varve::session
