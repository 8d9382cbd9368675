// Sums of columns of floats. Values are added in their order, so that the result is the one of adding them
// one by one; the chains of several columns overlap, since each addition waits for the one before it.
#pragma once

#include <cmath>

#include "functions/kernel.h"

namespace varve::functions {

template <class T>
struct FloatChain {
  const T* values;
  T sum;
};

// Sums of values of this size, as many as a vector has, neither overflow nor are NaN; if what they are added
// to is not greater than kModestSum.
template <class T>
inline constexpr T kModest = sizeof(T) == 8 ? static_cast<T>(1e140) : static_cast<T>(1e30);
template <class T>
inline constexpr T kModestSum = sizeof(T) == 8 ? static_cast<T>(1e300) : static_cast<T>(1e37);

template <class T>
bool all_modest(const T* values, const Selection& rows) {
  bool modest = true;
  for_each_row(rows, [&](uint32_t row) { modest &= std::abs(values[row]) < kModest<T>; });
  return modest;
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
