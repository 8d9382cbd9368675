// The functions behind PostgreSQL's hash operator classes, value for value: programs use hashtext() for
// advisory locks and for sharding. Bob Jenkins' lookup3 over the bytes of the value.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

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

uint64_t hash_word(uint32_t word, uint64_t seed) {
  Mixer m(4, seed);
  m.a += word;
  return m.finish();
}

uint64_t hash_bytes(Text bytes, uint64_t seed) {
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

// An int8 that fits an int4 hashes as that.
uint64_t hash_int8(int64_t v, uint64_t seed) {
  auto low = static_cast<uint32_t>(v), high = static_cast<uint32_t>(static_cast<uint64_t>(v) >> 32);
  return hash_word(low ^ (v >= 0 ? high : ~high), seed);
}

uint64_t hash_float8(double v, uint64_t seed) {
  if (v == 0) return seed;
  if (std::isnan(v)) v = std::numeric_limits<double>::quiet_NaN();
  char bytes[8];
  std::memcpy(bytes, &v, 8);
  return hash_bytes({bytes, 8}, seed);
}

uint64_t hash_bpchar(Text s, uint64_t seed) {
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return hash_bytes(s, seed);
}

int32_t low(uint64_t hash) { return static_cast<int32_t>(static_cast<uint32_t>(hash)); }
uint64_t seed_of(int64_t seed) { return static_cast<uint64_t>(seed); }

const Binding kBindings[] = {
    {"hashint2(int2)", fn([](int16_t v) { return low(hash_word(static_cast<uint32_t>(v), 0)); })},
    {"hashint4(int4)", fn([](int32_t v) { return low(hash_word(static_cast<uint32_t>(v), 0)); })},
    {"hashint8(int8)", fn([](int64_t v) { return low(hash_int8(v, 0)); })},
    {"hashoid(oid)", fn([](uint32_t v) { return low(hash_word(v, 0)); })},
    {"hashfloat4(float4)", fn([](float v) { return low(hash_float8(v, 0)); })},
    {"hashfloat8(float8)", fn([](double v) { return low(hash_float8(v, 0)); })},
    {"hashtext(text)", fn([](Text v) { return low(hash_bytes(v, 0)); })},
    {"hashname(name)", fn([](Text v) { return low(hash_bytes(v, 0)); })},
    {"hashbpchar(bpchar)", fn([](Text v) { return low(hash_bpchar(v, 0)); })},
    {"hashint2extended(int2,int8)", fn([](int16_t v, int64_t seed) {
       return static_cast<int64_t>(hash_word(static_cast<uint32_t>(v), seed_of(seed)));
     })},
    {"hashint4extended(int4,int8)", fn([](int32_t v, int64_t seed) {
       return static_cast<int64_t>(hash_word(static_cast<uint32_t>(v), seed_of(seed)));
     })},
    {"hashint8extended(int8,int8)",
     fn([](int64_t v, int64_t seed) { return static_cast<int64_t>(hash_int8(v, seed_of(seed))); })},
    {"hashoidextended(oid,int8)",
     fn([](uint32_t v, int64_t seed) { return static_cast<int64_t>(hash_word(v, seed_of(seed))); })},
    {"hashfloat8extended(float8,int8)",
     fn([](double v, int64_t seed) { return static_cast<int64_t>(hash_float8(v, seed_of(seed))); })},
    {"hashtextextended(text,int8)",
     fn([](Text v, int64_t seed) { return static_cast<int64_t>(hash_bytes(v, seed_of(seed))); })},
    {"hashnameextended(name,int8)",
     fn([](Text v, int64_t seed) { return static_cast<int64_t>(hash_bytes(v, seed_of(seed))); })},
    {"hashbpcharextended(bpchar,int8)",
     fn([](Text v, int64_t seed) { return static_cast<int64_t>(hash_bpchar(v, seed_of(seed))); })},
};

}  // namespace

Bindings hash_bindings() { return kBindings; }

}  // namespace varve::functions
