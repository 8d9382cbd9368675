#include "functions/postgres_hash.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace varve::functions {

namespace {

struct Mixer {
  uint32_t a, b, c;

  Mixer(size_t length, uint64_t seed) {
    a = b = c = 0x9e3779b9U + static_cast<uint32_t>(length) + 3923095U;
    if (seed == 0) return;
    a += static_cast<uint32_t>(seed >> 32);
    b += static_cast<uint32_t>(seed);
    mix();
  }
  void mix() {
    a -= c, a ^= std::rotl(c, 4), c += b;
    b -= a, b ^= std::rotl(a, 6), a += c;
    c -= b, c ^= std::rotl(b, 8), b += a;
    a -= c, a ^= std::rotl(c, 16), c += b;
    b -= a, b ^= std::rotl(a, 19), a += c;
    c -= b, c ^= std::rotl(b, 4), b += a;
  }
  uint64_t finish() {
    c ^= b, c -= std::rotl(b, 14);
    a ^= c, a -= std::rotl(c, 11);
    b ^= a, b -= std::rotl(a, 25);
    c ^= b, c -= std::rotl(b, 16);
    a ^= c, a -= std::rotl(c, 4);
    b ^= a, b -= std::rotl(a, 14);
    c ^= b, c -= std::rotl(b, 24);
    return uint64_t{b} << 32 | c;
  }
};

}  // namespace

uint64_t hash_word(uint32_t word, uint64_t seed) {
  Mixer m(4, seed);
  m.a += word;
  return m.finish();
}

uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  auto word = [](const char* p) {
    uint32_t w;
    std::memcpy(&w, p, 4);
    return w;
  };
  Mixer m(left, seed);
  for (; left >= 12; left -= 12, at += 12) {
    m.a += word(at);
    m.b += word(at + 4);
    m.c += word(at + 8);
    m.mix();
  }
  char tail[12] = {};
  if (left > 0) std::memcpy(tail, at, left);
  m.a += word(tail);
  m.b += word(tail + 4);
  m.c += word(tail + 8) << 8;  // its lowest byte is the length's
  return m.finish();
}

uint64_t hash_int8(int64_t value, uint64_t seed) {
  auto low = static_cast<uint32_t>(value), high = static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32);
  return hash_word(low ^ (value >= 0 ? high : ~high), seed);
}

uint64_t hash_float8(double value, uint64_t seed) {
  if (value == 0) return seed;
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  return hash_bytes({bytes, 8}, seed);
}

uint64_t hash_bpchar(std::string_view text, uint64_t seed) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return hash_bytes(text, seed);
}

}  // namespace varve::functions
