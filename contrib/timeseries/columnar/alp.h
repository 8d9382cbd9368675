// ALP's arithmetic, shared by encoder and decoder: both must compute the very same doubles.
#pragma once

#include <bit>
#include <cstdint>

namespace varve::columnar {

inline constexpr unsigned kMaxAlpExponent = 18;
inline constexpr double kPowersOfTen[kMaxAlpExponent + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
inline constexpr double kNegativePowersOfTen[kMaxAlpExponent + 1] = {
    1e0,   1e-1,  1e-2,  1e-3,  1e-4,  1e-5,  1e-6,  1e-7,  1e-8, 1e-9,
    1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17, 1e-18};

// 2^52 + 2^51: a double of this size counts in ones, so adding it rounds, and its low bits are an integer.
// Vectorises where no instruction turns 64-bit integers into doubles.
inline constexpr double kAlpMagic = 6755399441055744.0;
inline constexpr uint64_t kAlpMagicBits = 0x4338000000000000ULL;
static_assert(std::bit_cast<uint64_t>(kAlpMagic) == kAlpMagicBits);
inline constexpr int64_t kAlpLimit = 1LL << 51;  // |d| ≤ this

template <class F>
inline F alp_decode(uint64_t d, double factor, double exponent) {
  return static_cast<F>((std::bit_cast<double>(d + kAlpMagicBits) - kAlpMagic) * factor * exponent);
}

}  // namespace varve::columnar
