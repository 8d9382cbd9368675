// Values of 16 bytes: uuid, interval, timetz and numeric, each as streams of integers; numerics of more than
// 111 bits as bytes.
#pragma once

#include <span>

#include "bytes_codec.h"
#include "int_codec.h"
#include "types/numeric.h"

namespace varve::columnar {

// Uuids' words are big-endian with the highest bit inverted, so that they order as integers.
void encode_pairs(const uint8_t* values, size_t count, bool uuid, Bytes& out);
// Status kInvalid if too large for a vector.
Status encode_numerics(std::span<const types::Numeric> values, Bytes& out);

struct WideStream {
  Codec codec = Codec::kPair;  // kPair, kScaled, or one of the strings'
  uint16_t count = 0;
  bool has_high = false;
  IntStream meta;       // of kScaled
  IntStream low, high;  // kPair: first and second words
  BytesStream rows;     // numerics that do not fit
};

Status parse_pairs(PartReader& in, WideStream* stream);
Status parse_numerics(PartReader& in, WideStream* stream);

Status decode_pairs(const WideStream& stream, bool uuid, uint8_t* out);
Status decode_pairs(const WideStream& stream, bool uuid, std::span<const uint16_t> rows, uint8_t* out);
Status decode_numerics(const WideStream& stream, Arena& arena, types::Numeric* out);
Status decode_numerics(const WideStream& stream, std::span<const uint16_t> rows, Arena& arena,
                       types::Numeric* out);

// Of all values, if there is one and their significands fit 64 bits; else -1.
int common_scale(const WideStream& numerics);

Status filter_uuids(const WideStream& stream, Comparison op, const uint8_t* constant, uint64_t* bitmap);
Status filter_numerics(const WideStream& stream, Comparison op, const types::Numeric& constant,
                       uint64_t* bitmap);

}  // namespace varve::columnar
