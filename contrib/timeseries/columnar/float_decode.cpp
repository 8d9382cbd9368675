#include <algorithm>
#include <bit>
#include <limits>
#include <type_traits>

#include "alp.h"
#include "float_codec.h"

namespace varve::columnar {
namespace {

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;

uint16_t exception_row(const FloatStream& s, uint32_t i) { return load_raw<uint16_t>(s.rows + 2 * i); }

template <class F>
F exception_value(const FloatStream& s, uint32_t i) {
  return load_raw<F>(s.patterns + sizeof(F) * i);
}

Status parse_alp(const StreamHeader& header, PartReader& parts, size_t width, FloatStream* s) {
  s->scale = {header.p, header.bits};
  if (header.p > kMaxAlpExponent || header.bits > header.p || header.b != 0) return damaged("ALP header");
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &s->ints));
  s->rows = parts.part(2ULL * header.a).data();
  s->patterns = parts.part(width * header.a).data();
  return {};
}

Status parse_real_doubles(const StreamHeader& header, PartReader& parts, size_t width, FloatStream* s) {
  s->low_bits = header.bits;
  s->front_count = header.p;
  if (header.bits + 16u < 8 * width || header.bits >= 8 * width || header.p == 0 || header.p > 8 ||
      header.b != 0) {
    return damaged("ALP-RD header");
  }
  ByteSpan fronts = parts.part(sizeof(s->fronts));
  if (!parts.ok()) return damaged("truncated stream");
  std::memcpy(s->fronts, fronts.data(), sizeof(s->fronts));
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &s->codes));
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &s->ints));
  s->rows = parts.part(2ULL * header.a).data();
  s->patterns = parts.part(2ULL * header.a).data();
  return s->codes.count == header.count ? Status() : damaged("ALP-RD codes");
}

template <class F>
F glue(const FloatStream& s, uint64_t front, uint64_t low) {
  return std::bit_cast<F>(static_cast<BitsOf<F>>(front << s.low_bits | low));
}

// out[i] from code[i] and low[i].
template <class F>
Status join(const FloatStream& s, const uint16_t* codes, const uint64_t* lows, size_t count, F* out) {
  uint16_t highest = 0;
  for (size_t i = 0; i < count; ++i) highest = std::max(highest, codes[i]);
  if (highest >= s.front_count) return damaged("ALP-RD dictionary entry");
  for (size_t i = 0; i < count; ++i) out[i] = glue<F>(s, s.fronts[codes[i]], lows[i]);
  return {};
}

template <class F>
void convert(const FloatStream& s, const uint64_t* __restrict d, size_t count, F* __restrict out) {
  double factor = kPowersOfTen[s.scale.factor], exponent = kNegativePowersOfTen[s.scale.exponent];
  for (size_t i = 0; i < count; ++i) out[i] = alp_decode<F>(d[i], factor, exponent);
}

// Calls patch(i, exception) for every exception whose row is rows[i].
template <class Patch>
void match_exceptions(const FloatStream& s, std::span<const uint16_t> rows, Patch&& patch) {
  uint32_t e = 0;
  for (size_t i = 0; i < rows.size() && e < s.exceptions; ++i) {
    while (e < s.exceptions && exception_row(s, e) < rows[i]) ++e;
    if (e < s.exceptions && exception_row(s, e) == rows[i]) patch(i, e);
  }
}

// The d whose values pass, as a closed interval: decoding is monotone in d.
struct Interval {
  int64_t low, high;
};

template <class F>
Interval alp_interval(AlpScale scale, Comparison op, F constant) {
  double factor = kPowersOfTen[scale.factor], exponent = kNegativePowersOfTen[scale.exponent];
  // The first d in [-limit, limit] whose value is not below (strict: is above) the constant; limit + 1 if
  // none.
  auto first = [&](bool strict) {
    int64_t low = -kAlpLimit, high = kAlpLimit + 1;
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      int order = compare_floats(alp_decode<F>(static_cast<uint64_t>(middle), factor, exponent), constant);
      if (strict ? order > 0 : order >= 0)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  };
  switch (op) {
    case Comparison::kNotEqual:  // inverted by the caller
    case Comparison::kEqual:
      return {first(false), first(true) - 1};
    case Comparison::kLess:
      return {-kAlpLimit, first(false) - 1};
    case Comparison::kLessEqual:
      return {-kAlpLimit, first(true) - 1};
    case Comparison::kGreater:
      return {first(true), kAlpLimit};
    default:
      return {first(false), kAlpLimit};
  }
}

void put_bit(uint64_t* bitmap, uint32_t i, bool on) {
  uint64_t bit = 1ULL << (i & 63);
  bitmap[i >> 6] = on ? bitmap[i >> 6] | bit : bitmap[i >> 6] & ~bit;
}

}  // namespace

Status parse_floats(PartReader& in, size_t width, FloatStream* stream) {
  StreamHeader header{};
  if (in.rest().size() >= sizeof(header)) header = load_raw<StreamHeader>(in.rest().data());
  *stream = {};
  stream->codec = static_cast<Codec>(header.codec);
  stream->count = header.count;
  if (stream->codec != Codec::kAlp && stream->codec != Codec::kAlpRd) return parse_ints(in, &stream->ints);
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  stream->exceptions = header.a;
  VARVE_RETURN_IF_ERROR(stream->codec == Codec::kAlp ? parse_alp(header, parts, width, stream)
                                                     : parse_real_doubles(header, parts, width, stream));
  if (!parts.finished() || stream->ints.count != header.count) return damaged("float stream size");
  for (uint32_t i = 0, next = 0; i < stream->exceptions; next = exception_row(*stream, i++) + 1u) {
    if (exception_row(*stream, i) < next || exception_row(*stream, i) >= header.count)
      return damaged("exception row");
  }
  return {};
}

template <class F>
Status decode_floats(const FloatStream& stream, F* out) {
  if (stream.codec == Codec::kAlp) {
    uint64_t d[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_ints(stream.ints, d));
    convert(stream, d, stream.count, out);
    for (uint32_t e = 0; e < stream.exceptions; ++e)
      out[exception_row(stream, e)] = exception_value<F>(stream, e);
    return {};
  }
  if (stream.codec == Codec::kAlpRd) {
    uint64_t lows[kVectorRows];
    uint16_t codes[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_ints(stream.ints, lows));
    VARVE_RETURN_IF_ERROR(decode_ints(stream.codes, codes));
    VARVE_RETURN_IF_ERROR(join(stream, codes, lows, stream.count, out));
    for (uint32_t e = 0; e < stream.exceptions; ++e) {
      uint16_t row = exception_row(stream, e);
      out[row] = glue<F>(stream, load_raw<uint16_t>(stream.patterns + 2 * e), lows[row]);
    }
    return {};
  }
  BitsOf<F> patterns[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints(stream.ints, patterns));
  std::memcpy(out, patterns, stream.count * sizeof(F));
  return {};
}

template <class F>
Status decode_floats(const FloatStream& stream, std::span<const uint16_t> rows, F* out) {
  if (stream.codec == Codec::kAlp) {
    uint64_t d[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_ints(stream.ints, rows, d));
    convert(stream, d, rows.size(), out);
    match_exceptions(stream, rows, [&](size_t i, uint32_t e) { out[i] = exception_value<F>(stream, e); });
    return {};
  }
  if (stream.codec == Codec::kAlpRd) {
    uint64_t lows[kVectorRows];
    uint16_t codes[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_ints(stream.ints, rows, lows));
    VARVE_RETURN_IF_ERROR(decode_ints(stream.codes, rows, codes));
    VARVE_RETURN_IF_ERROR(join(stream, codes, lows, rows.size(), out));
    match_exceptions(stream, rows, [&](size_t i, uint32_t e) {
      out[i] = glue<F>(stream, load_raw<uint16_t>(stream.patterns + 2 * e), lows[i]);
    });
    return {};
  }
  BitsOf<F> patterns[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints(stream.ints, rows, patterns));
  std::memcpy(out, patterns, rows.size() * sizeof(F));
  return {};
}

template <class F>
Status filter_floats(const FloatStream& stream, Comparison op, F constant, uint64_t* bitmap) {
  if (stream.codec == Codec::kAlp) {
    Interval d = alp_interval(stream.scale, op, constant);
    VARVE_RETURN_IF_ERROR(filter_ints(stream.ints, d.low, d.high, bitmap));
    if (op == Comparison::kNotEqual) {
      for (uint32_t w = 0; w < kVectorRows / 64; ++w) bitmap[w] = ~bitmap[w];
      for (uint32_t i = stream.count; i < kVectorRows; ++i) put_bit(bitmap, i, false);
    }
    for (uint32_t e = 0; e < stream.exceptions; ++e) {
      put_bit(bitmap, exception_row(stream, e),
              passes(op, compare_floats(exception_value<F>(stream, e), constant)));
    }
    return {};
  }
  if (stream.codec == Codec::kAlpRd) {
    F values[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_floats(stream, values));
    clear_bits(bitmap);
    for (uint32_t i = 0; i < stream.count; ++i) {
      bitmap[i >> 6] |= static_cast<uint64_t>(passes(op, compare_floats(values[i], constant))) << (i & 63);
    }
    return {};
  }
  return filter_ints_by(
      stream.ints,
      [=](int64_t pattern) {
        return passes(op, compare_floats(std::bit_cast<F>(static_cast<BitsOf<F>>(pattern)), constant));
      },
      bitmap);
}

#define VARVE_INSTANTIATE(F)                                                        \
  template Status decode_floats(const FloatStream&, F*);                            \
  template Status decode_floats(const FloatStream&, std::span<const uint16_t>, F*); \
  template Status filter_floats(const FloatStream&, Comparison, F, uint64_t*);
VARVE_INSTANTIATE(float)
VARVE_INSTANTIATE(double)
#undef VARVE_INSTANTIATE

}  // namespace varve::columnar
