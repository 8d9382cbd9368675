// float4 and float8, bit for bit: NaN payloads, -0, infinities and denormals come back as they were.
//
// Source: Afroozeh, Kuffó & Boncz, "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2024. ALP
// finds the decimal integers that doubles were made from; ALP-RD cuts true doubles into a front with few
// different values and a raw rest. What neither shortens (few values, runs, constants) goes as integers.
// float4 is computed in double too.
#pragma once

#include <span>

#include "columnar/zone_map.h"
#include "int_codec.h"

namespace varve::columnar {

// Of ALP: value = d × 10^factor × 10^-exponent.
struct AlpScale {
  uint8_t exponent = 0, factor = 0;
};

// Remembers what worked for the column's vectors so far: they tend to be alike, and a full search is 190
// attempts.
struct FloatHint {
  AlpScale scales[4];
  uint32_t used = 0;
};

// F: float, double. 1 … kVectorRows values.
template <class F>
void encode_floats(std::span<const F> values, FloatHint& hint, Bytes& out);

struct FloatStream {
  Codec codec = Codec::kConstant;  // kAlp, kAlpRd, or one of the integers': bit patterns
  uint16_t count = 0;
  AlpScale scale;
  uint8_t low_bits = 0;     // of ALP-RD
  uint8_t front_count = 0;  // entries of its dictionary
  uint16_t fronts[8] = {};
  uint16_t exceptions = 0;
  IntStream ints;                     // bit patterns, or ALP's d, or ALP-RD's low bits
  IntStream codes;                    // ALP-RD's front of each row
  const uint8_t* rows = nullptr;      // exceptions: u16 each, ascending
  const uint8_t* patterns = nullptr;  // exceptions: the value's bits, or u16 fronts
};

// `width` is 4 or 8.
Status parse_floats(PartReader& in, size_t width, FloatStream* stream);

template <class F>
Status decode_floats(const FloatStream& stream, F* out);
template <class F>
Status decode_floats(const FloatStream& stream, std::span<const uint16_t> rows, F* out);

// As filter_ints(); order and equality are PostgreSQL's.
template <class F>
Status filter_floats(const FloatStream& stream, Comparison op, F constant, uint64_t* bitmap);

// -1, 0, 1: NaN equals NaN and is above everything, -0 equals 0.
template <class F>
constexpr int compare_floats(F a, F b) {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return 0;
  return static_cast<int>(a != a) - static_cast<int>(b != b);
}

}  // namespace varve::columnar
