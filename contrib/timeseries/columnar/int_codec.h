// Streams of integers: what every other codec is made of.
//
// Values are int64 in the encoder whatever the column's width; arithmetic is modulo 2^64, so any int64 can
// follow any other. A decoder yields them modulo the width of the type asked for. Sources: frame of
// reference, Goldstein, Ramakrishnan & Shaft, ICDE 1998; delta of delta, Pelkonen et al., "Gorilla", VLDB
// 2015.
#pragma once

#include <cstdint>
#include <span>

#include "bit_packing.h"
#include "columnar/format.h"
#include "stream.h"

namespace varve::columnar {

struct IntPlan {
  Codec codec = Codec::kFrameOfReference;
  size_t bytes = 0;  // of the stream
  double cost = 0;   // cost_model.h
};

// 1 … kVectorRows values. `simple`: only the codecs that have no streams inside.
IntPlan plan_ints(std::span<const int64_t> values, bool simple = false);
void encode_ints(std::span<const int64_t> values, const IntPlan& plan, Bytes& out);
inline void encode_ints(std::span<const int64_t> values, Bytes& out, bool simple = false) {
  encode_ints(values, plan_ints(values, simple), out);
}

// One of the first four codecs, checked; points into the stream.
struct PackedInts {
  Codec codec = Codec::kConstant;
  uint8_t bits = 0;
  uint16_t count = 0;
  int64_t base = 0, start = 0, step = 0;
  const uint8_t* packed = nullptr;
};

struct IntStream {
  Codec codec = Codec::kConstant;
  uint16_t count = 0;
  PackedInts values;  // of each row, run or dictionary entry
  PackedInts places;  // ends of runs, or entries of rows
};

// Reads a stream from the front of `in`. kCorruption if it is not wholly there and well-formed.
Status parse_ints(PartReader& in, IntStream* stream);

// T: uint8_t, uint16_t, uint32_t, uint64_t. `out` has room for kVectorRows values; those behind count are
// overwritten too.
template <class T>
Status decode_ints(const IntStream& stream, T* out);
// out[i] = value of rows[i]. Rows ascend and are below count.
template <class T>
Status decode_ints(const IntStream& stream, std::span<const uint16_t> rows, T* out);

// Bit i = low <= value i <= high. Writes kVectorRows / 64 words; bits from count on are clear.
Status filter_ints(const IntStream& stream, int64_t low, int64_t high, uint64_t* bitmap);

// Calls test(value) once for each value that may occur several times, and sets the bits of its rows.
template <class Test>
Status filter_ints_by(const IntStream& stream, Test&& test, uint64_t* bitmap);

// Of bitmaps of kVectorRows bits.
void clear_bits(uint64_t* bitmap);
void set_bits(uint64_t* bitmap, uint32_t from, uint32_t to);

template <class Test>
Status filter_ints_by(const IntStream& stream, Test&& test, uint64_t* bitmap) {
  uint64_t values[kVectorRows];
  clear_bits(bitmap);
  if (stream.codec == Codec::kConstant) {
    if (test(static_cast<int64_t>(stream.values.base))) set_bits(bitmap, 0, stream.count);
    return {};
  }
  if (stream.codec != Codec::kIntDictionary && stream.codec != Codec::kRunLength) {
    VARVE_RETURN_IF_ERROR(decode_ints<uint64_t>(stream, values));
    for (uint32_t i = 0; i < stream.count; ++i) {
      bitmap[i >> 6] |= static_cast<uint64_t>(test(static_cast<int64_t>(values[i]))) << (i & 63);
    }
    return {};
  }
  IntStream distinct{stream.values.codec, stream.values.count, stream.values, {}};
  IntStream places{stream.places.codec, stream.places.count, stream.places, {}};
  uint16_t place[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints<uint64_t>(distinct, values));
  VARVE_RETURN_IF_ERROR(decode_ints<uint16_t>(places, place));
  bool passes[kVectorRows];
  for (uint32_t i = 0; i < distinct.count; ++i) passes[i] = test(static_cast<int64_t>(values[i]));
  if (stream.codec == Codec::kIntDictionary) {
    for (uint32_t i = 0; i < stream.count; ++i) {
      if (place[i] >= distinct.count) return damaged("dictionary entry");
      bitmap[i >> 6] |= static_cast<uint64_t>(passes[place[i]]) << (i & 63);
    }
    return {};
  }
  for (uint32_t i = 0, from = 0; i < distinct.count; from = place[i++]) {
    if (place[i] <= from || place[i] > stream.count) return damaged("run length");
    if (passes[i]) set_bits(bitmap, from, place[i]);
  }
  return {};
}

}  // namespace varve::columnar
