// Which codec is best: cost = size × kNsPerByte + time to decode, in nanoseconds for the vector.
//
// A byte costs what it takes to bring it from a cloud volume at 250 MB/s; a scan from memory is paid by
// decoding alone. So decoding may take 4 ns a value longer for every byte a value that it saves. Times are
// what columnar_bench measured on a 3 GHz x86-64 core, rounded; the model only needs their order of
// magnitude.
#pragma once

#include "columnar/format.h"

namespace varve::columnar {

inline constexpr double kNsPerByte = 4.0;

// Of one value.
constexpr double decode_ns(Codec codec) {
  switch (codec) {
    case Codec::kConstant:
      return 0.05;
    case Codec::kFrameOfReference:
      return 0.2;
    case Codec::kDelta:
      return 0.5;
    case Codec::kDeltaDelta:
      return 0.8;
    case Codec::kRunLength:
      return 0.3;
    case Codec::kIntDictionary:
      return 0.7;
    case Codec::kAlp:
      return 0.5;  // beside its integers
    case Codec::kAlpRd:
      return 1.0;
    case Codec::kPlain:
      return 1.0;
    case Codec::kDictionary:
      return 1.2;
    case Codec::kSharedDictionary:
      return 1.0;
    case Codec::kFsst:
      return 4.0;
    case Codec::kLz4:
      return 2.0;
    case Codec::kZstd:
      return 2.0;
    default:
      return 0;
  }
}

// Of one byte that comes out, for the codecs that work by bytes.
constexpr double decode_byte_ns(Codec codec) {
  switch (codec) {
    case Codec::kFsst:
      return 0.4;
    case Codec::kLz4:
      return 0.5;
    case Codec::kZstd:
      return 1.2;
    default:
      return 0;
  }
}

constexpr double cost_of(Codec codec, double encoded_bytes, double values, double decoded_bytes = 0) {
  return encoded_bytes * kNsPerByte + values * decode_ns(codec) + decoded_bytes * decode_byte_ns(codec);
}

}  // namespace varve::columnar
