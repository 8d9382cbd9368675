// What random() and setseed() use: xoroshiro128** seeded by splitmix64, as PostgreSQL 15 does, so that a seed gives the
// same numbers there and here. One for each session.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

namespace varve::session {

class RandomState {
 public:
  void seed(uint64_t seed) { words_ = {splitmix(seed), splitmix(seed)}; }
  // -1 to 1
  void seed(double fraction) {
    constexpr double kMost = static_cast<double>((uint64_t{1} << 52) - 1);
    seed(static_cast<uint64_t>(static_cast<int64_t>(kMost * fraction)));
  }
  bool is_seeded() const { return words_.has_value(); }

  // From 0 to less than 1, in steps of 2^-52. Must be seeded.
  double next_fraction() { return static_cast<double>(next() >> 12) * 0x1p-52; }

 private:
  struct Words {
    uint64_t a, b;
  };

  static uint64_t splitmix(uint64_t& state) {
    uint64_t x = (state += 0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
  }

  uint64_t next() {
    Words& w = *words_;
    uint64_t mixed = w.a ^ w.b;
    uint64_t value = std::rotl(w.a * 5, 7) * 9;
    w.a = std::rotl(w.a, 24) ^ mixed ^ (mixed << 16);
    w.b = std::rotl(mixed, 37);
    return value;
  }

  std::optional<Words> words_;
};

}  // namespace varve::session
