// Random columns of many shapes, for the property tests. Deterministic by seed.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace varve::columnar::shapes {

using Rng = std::mt19937_64;

inline constexpr int kIntShapes = 12;

inline int64_t bounded(Rng& rng, int64_t low, int64_t high) {
  uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  uint64_t v = span == ~0ULL ? rng() : rng() % (span + 1);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + v);
}

// Values within [low, high].
inline std::vector<int64_t> ints(Rng& rng, int shape, size_t count, int64_t low, int64_t high) {
  std::vector<int64_t> v(count);
  auto clamp = [&](int64_t x) { return x < low ? low : x > high ? high : x; };
  auto wander = [&](int64_t x, int64_t by) {
    int64_t r;
    return __builtin_add_overflow(x, by, &r) ? x : clamp(r);
  };
  unsigned bits = static_cast<unsigned>(rng() % 64);
  int64_t narrow = static_cast<int64_t>((1ULL << bits) - 1);
  int64_t some = bounded(rng, low, high), step = bounded(rng, -1000, 1000), x = some;
  std::vector<int64_t> few;
  for (int i = 0; i < 7; ++i) few.push_back(bounded(rng, low, high));
  for (size_t i = 0; i < count; ++i) {
    switch (shape) {
      case 0:
        v[i] = some;
        break;
      case 1:
        v[i] = bounded(rng, low, high);
        break;
      case 2:
        v[i] = clamp(static_cast<int64_t>(rng() & static_cast<uint64_t>(narrow)));
        break;
      case 3:
        v[i] = x, x = wander(x, step);
        break;  // an even pace
      case 4:
        v[i] = x, x = wander(x, bounded(rng, -20, 20));
        break;  // random walk
      case 5:
        v[i] = x, x = wander(x, bounded(rng, 0, 5));
        break;  // sorted
      case 6:
        v[i] = few[rng() % few.size()];
        break;  // low cardinality
      case 7:
        v[i] = x, x = rng() % 40 == 0 ? bounded(rng, low, high) : x;
        break;  // runs
      case 8:
        v[i] = rng() % 2 ? low : high;
        break;  // extremes
      case 9:
        v[i] = rng() % 100 == 0 ? bounded(rng, low, high) : some;
        break;  // outliers
      case 10:
        v[i] = x, x = wander(x, step), step += bounded(rng, -2, 2);
        break;  // smooth
      default:
        v[i] = i % 2 ? few[0] : clamp(static_cast<int64_t>(i));
        break;
    }
  }
  return v;
}

inline constexpr int kFloatShapes = 10;

template <class F>
std::vector<F> floats(Rng& rng, int shape, size_t count) {
  using Limits = std::numeric_limits<F>;
  using U = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;
  std::vector<F> v(count);
  std::normal_distribution<double> normal;
  double x = 50;
  double power = std::vector<double>{1, 10, 100, 1000, 1e6}[rng() % 5];
  const F special[] = {F(0),
                       F(-0.0),
                       Limits::infinity(),
                       -Limits::infinity(),
                       Limits::denorm_min(),
                       -Limits::denorm_min(),
                       Limits::max(),
                       Limits::lowest(),
                       Limits::min(),
                       Limits::quiet_NaN(),
                       std::bit_cast<F>(static_cast<U>(~U{0})),
                       std::bit_cast<F>(static_cast<U>(~U{0} ^ (U{1} << 5)))};
  auto decimal = [&](double d) {
    return static_cast<F>(static_cast<double>(static_cast<int64_t>(d * power)) / power);
  };
  F some = static_cast<F>(normal(rng));
  for (size_t i = 0; i < count; ++i) {
    x += normal(rng);
    switch (shape) {
      case 0:
        v[i] = some;
        break;
      case 1:
        v[i] = decimal(x);
        break;  // decimal random walk
      case 2:
        v[i] = static_cast<F>(x);
        break;  // true doubles, near each other
      case 3:
        v[i] = std::bit_cast<F>(static_cast<U>(rng()));
        break;  // any bits
      case 4:
        v[i] = special[rng() % std::size(special)];
        break;
      case 5:
        v[i] = rng() % 50 ? decimal(x) : special[rng() % std::size(special)];
        break;
      case 6:
        v[i] = decimal(static_cast<double>(rng() % 5));
        break;  // low cardinality
      case 7:
        v[i] = i % 100 ? some : some = static_cast<F>(normal(rng));
        break;  // runs
      case 8:
        v[i] = static_cast<F>(bounded(rng, -1000000, 1000000));
        break;
      default:
        v[i] = static_cast<F>(normal(rng) * 1e300);
        break;  // float4: infinities too
    }
  }
  return v;
}

inline constexpr int kStringShapes = 12;

inline std::vector<std::string> strings(Rng& rng, int shape, size_t count) {
  std::vector<std::string> v(count);
  auto random_bytes = [&](size_t n) {
    std::string s(n, 0);
    for (char& c : s) c = static_cast<char>(rng());
    return s;
  };
  static const char* const kWords[] = {"select", "update",      "vehicle", "eu-central-1",
                                       "host_",  "/usr/share/", "42",      " "};
  auto sentence = [&](size_t words) {
    std::string s;
    for (size_t i = 0; i < words; ++i) s += kWords[rng() % std::size(kWords)];
    return s;
  };
  std::string some = sentence(4);
  std::vector<std::string> few;
  for (int i = 0; i < 9; ++i) few.push_back(sentence(1 + rng() % 4));
  std::string blobs[] = {random_bytes(200), random_bytes(300)}, soup = random_bytes(6000);
  for (size_t i = 0; i < count; ++i) {
    switch (shape) {
      case 0:
        v[i] = some;
        break;
      case 1:
        v[i] = "host_" + std::to_string(rng() % 4000);
        break;
      case 2:
        v[i] = few[rng() % few.size()];
        break;
      case 3:
        v[i] = sentence(rng() % 12);
        break;
      case 4:
        v[i] = random_bytes(rng() % 24);
        break;
      case 5:
        v[i] = rng() % 3 ? std::string() : std::string(1, static_cast<char>(rng()));
        break;
      case 6:
        v[i] = sentence(60) + random_bytes(rng() % 8);
        break;  // stays large
      case 7:
        v[i] = std::string("https://varve.example/item?id=") + std::to_string(i * 977);
        break;
      case 8:
        v[i] = i < 1024 ? few[rng() % 4] : random_bytes(80);
        break;  // few in one vector, not in the next
      case 9:
        v[i] = blobs[rng() % 2] + std::to_string(i);
        break;  // LZ4's
      case 10:
        v[i] = soup.substr(rng() % 99 * 60, 60) + std::to_string(rng()) + std::to_string(rng());
        break;  // zstd's
      default:
        v[i] = few[i * few.size() / count];
        break;  // sorted runs
    }
  }
  return v;
}

// Which rows are selected, ascending: none, one, few, many or all.
inline std::vector<uint16_t> rows(Rng& rng, size_t count) {
  static const uint64_t kOneIn[] = {1, 2, 10, 100, 1000};
  uint64_t one_in = kOneIn[rng() % std::size(kOneIn)];
  std::vector<uint16_t> out;
  for (size_t i = 0; i < count; ++i) {
    if (rng() % one_in == 0) out.push_back(static_cast<uint16_t>(i));
  }
  return out;
}

}  // namespace varve::columnar::shapes
