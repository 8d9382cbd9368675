// Powers of ten and digit counts of 128-bit integers.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "types/numeric.h"

namespace varve::types {

inline constexpr auto kPow10 = [] {
  std::array<uint128, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// A magnitude up to kAlignLimit[d] can be multiplied by 10^d and stays below 2^126.
inline constexpr auto kAlignLimit = [] {
  std::array<uint128, 39> limits{};
  for (size_t i = 0; i < limits.size(); ++i) limits[i] = (static_cast<uint128>(1) << 126) / kPow10[i];
  return limits;
}();

constexpr uint128 magnitude(int128 v) { return v < 0 ? -static_cast<uint128>(v) : static_cast<uint128>(v); }

inline int bit_width128(uint128 v) {
  auto high = static_cast<uint64_t>(v >> 64);
  return high != 0 ? 64 + std::bit_width(high) : std::bit_width(static_cast<uint64_t>(v));
}

// Decimal digits of v; 0 for 0.
inline int count_digits(uint128 v) {
  int estimate = bit_width128(v) * 1233 >> 12;
  return estimate + (estimate < 39 && v >= kPow10[static_cast<size_t>(estimate)] ? 1 : 0);
}

// v / d, rounded half away from zero; d <= 10^38.
inline uint128 divide_rounded(uint128 v, uint128 d) {
  uint128 quotient, remainder;
  if ((v | d) >> 64 == 0) {
    auto v64 = static_cast<uint64_t>(v), d64 = static_cast<uint64_t>(d);
    quotient = v64 / d64;
    remainder = v64 % d64;
  } else {
    quotient = v / d;
    remainder = v - quotient * d;
  }
  return quotient + (remainder >= d - remainder ? 1 : 0);
}

}  // namespace varve::types
