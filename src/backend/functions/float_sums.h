// Sums of columns of floats. Values are added in their order, so that the result is the one of adding them
// one by one; the chains of several columns overlap, since each addition waits for the one before it.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "functions/kernel.h"

namespace varve::functions {

template <class T>
struct FloatChain {
  const T* values;
  T sum;
};

// Values whose exponents do not have these upper bits are numbers below 2^257 (float4: 2^65). As many as a
// vector has neither overflow nor become NaN, if what they are added to is not greater than kModestSum.
template <class T>
inline constexpr T kModestSum = sizeof(T) == 8 ? static_cast<T>(1e300) : static_cast<T>(1e37);

inline uint64_t great_bits(uint64_t bits) { return bits << 1 & (bits << 2 | bits << 3); }
inline uint32_t great_bits(uint32_t bits) { return bits << 1 & bits << 2; }

template <class T>
bool all_modest(const T* values, const Selection& rows) {
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  constexpr Bits kTop = Bits{1} << (8 * sizeof(Bits) - 1);
  Bits great = 0;
  uint32_t row = 0;
  if constexpr (sizeof(T) == 8) {
    // The upper halves without their signs order like the exponents; where those of the lower halves go is
    // not looked at.
    constexpr uint32_t kLeastGreat = 0xA0000000;
    using Halves = uint32_t __attribute__((vector_size(16)));
    Halves most{}, also{};
    for (; rows.is_dense() && row + 4 <= rows.count; row += 4) {
      Halves a, b;
      std::memcpy(&a, values + row, sizeof(a));
      std::memcpy(&b, values + row + 2, sizeof(b));
      a <<= 1;
      b <<= 1;
      most = a > most ? a : most;
      also = b > also ? b : also;
    }
    constexpr int kUpper = std::endian::native == std::endian::little ? 1 : 0;
    for (const Halves& m : {most, also}) {
      if (m[kUpper] >= kLeastGreat || m[kUpper + 2] >= kLeastGreat) return false;
    }
  }
  for (; row < rows.count; ++row) great |= great_bits(std::bit_cast<Bits>(values[rows[row]]));
  return (great & kTop) == 0;
}

template <size_t kChains, class T>
void add_chains(FloatChain<T>* chains, const Selection& rows) {
  const T* values[kChains];
  T sums[kChains];
  for (size_t c = 0; c < kChains; ++c) {
    values[c] = chains[c].values;
    sums[c] = chains[c].sum;
  }
  for_each_row(rows, [&](uint32_t row) {
  // Unrolled, or else the sums would lie in memory.
#pragma GCC unroll 8
    for (size_t c = 0; c < kChains; ++c) sums[c] += values[c][row];
  });
  for (size_t c = 0; c < kChains; ++c) chains[c].sum = sums[c];
}

inline constexpr size_t kMostChains = 5;

template <class T>
void add_abreast(FloatChain<T>* chains, size_t count, const Selection& rows) {
  switch (count) {
    case 0:
      return;
    case 1:
      return add_chains<1>(chains, rows);
    case 2:
      return add_chains<2>(chains, rows);
    case 3:
      return add_chains<3>(chains, rows);
    case 4:
      return add_chains<4>(chains, rows);
    default:
      return add_chains<kMostChains>(chains, rows);
  }
}

// For aggregates D that add up: D::may_chain(state) whether so great a sum is left, D::sum_before(state),
// D::set_sum(state, sum, rows added).
template <class D>
void sum_abreast(std::span<const Vector* const> values, const Selection& rows, std::span<void* const> states,
                 Arena& memory) {
  using State = typename D::State;
  using T = typename D::Arg;
  FloatChain<T> chains[kMostChains];
  State* of_chain[kMostChains];
  size_t count = 0;
  auto flush = [&] {
    add_abreast(chains, count, rows);
    for (size_t c = 0; c < count; ++c) D::set_sum(*of_chain[c], chains[c].sum, rows.count);
    count = 0;
  };
  for (size_t i = 0; i < values.size(); ++i) {
    auto& state = *static_cast<State*>(states[i]);
    const Vector& v = *values[i];
    if (v.is_constant() || !D::may_chain(state) || !all_modest(v.data<T>(), rows)) {
      for_each_row(rows, [&](uint32_t row) { D::step(state, load_cell<T>(v, row), memory); });
      continue;
    }
    chains[count] = {v.data<T>(), D::sum_before(state)};
    of_chain[count++] = &state;
    if (count == kMostChains) flush();
  }
  flush();
}

}  // namespace varve::functions
