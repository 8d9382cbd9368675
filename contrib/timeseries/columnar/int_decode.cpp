#include <algorithm>
#include <limits>

#include "common/check.h"
#include "int_codec.h"

namespace varve::columnar {
namespace {

uint64_t as_unsigned(int64_t v) { return static_cast<uint64_t>(v); }

// The header's fields, the parameters and the packed blocks of one of the first four codecs.
Status parse_packed(PartReader& in, PackedInts* out) {
  StreamHeader header;
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  *out = {};
  out->codec = static_cast<Codec>(header.codec);
  out->count = header.count;
  out->bits = header.bits;
  if (header.p != 0 || header.a != 0 || header.b != 0 || header.bits > kMaxBits)
    return damaged("integer header");
  out->base = parts.value<int64_t>();
  switch (out->codec) {
    case Codec::kConstant:
      if (header.bits != 0) return damaged("integer header");
      break;
    case Codec::kFrameOfReference:
      break;
    case Codec::kDeltaDelta:
    case Codec::kDelta:
      out->start = parts.value<int64_t>();
      if (out->codec == Codec::kDeltaDelta) out->step = parts.value<int64_t>();
      break;
    default:
      return damaged("unknown integer codec");
  }
  out->packed = parts.part(packed_bytes(out->count, out->bits)).data();
  return parts.finished() ? Status() : damaged("integer stream size");
}

template <class T>
void add_up(T* values, uint32_t count, T sum) {
  for (uint32_t i = 0; i < count; ++i) {
    sum = static_cast<T>(sum + values[i]);
    values[i] = sum;
  }
}

template <class T>
void add_up_twice(T* values, uint32_t count, T sum, T step) {
  for (uint32_t i = 0; i < count; ++i) {
    step = static_cast<T>(step + values[i]);
    sum = static_cast<T>(sum + step);
    values[i] = sum;
  }
}

template <class T>
void decode_packed(const PackedInts& p, T* out) {
  T base = static_cast<T>(p.base);
  if (p.codec == Codec::kConstant) {
    std::fill_n(out, p.count, base);
    return;
  }
  if (p.codec == Codec::kDelta && p.bits == 0) {  // an even pace, as of regular timestamps
    T value = static_cast<T>(p.start);
    for (uint32_t i = 0; i < p.count; ++i)
      out[i] = static_cast<T>(value + static_cast<T>(base * static_cast<T>(i + 1)));
    return;
  }
  unpack_add(p.packed, p.count, p.bits, base, out);
  if (p.codec == Codec::kDelta) add_up(out, p.count, static_cast<T>(p.start));
  if (p.codec == Codec::kDeltaDelta)
    add_up_twice(out, p.count, static_cast<T>(p.start), static_cast<T>(p.step));
}

template <class T>
void decode_packed(const PackedInts& p, std::span<const uint16_t> rows, T* out) {
  if (p.codec == Codec::kConstant) {
    std::fill_n(out, rows.size(), static_cast<T>(p.base));
    return;
  }
  // Alone, a value takes as long as dozens among all, which are read one behind the other.
  if (p.codec == Codec::kFrameOfReference && rows.size() < p.count / 64u) {
    for (size_t i = 0; i < rows.size(); ++i) {
      out[i] = static_cast<T>(as_unsigned(p.base) + unpack_one(p.packed, rows[i], p.bits));
    }
    return;
  }
  if (rows.empty()) return;
  if (p.codec == Codec::kDelta && p.bits == 0) {  // an even pace
    for (size_t i = 0; i < rows.size(); ++i)
      out[i] = static_cast<T>(static_cast<T>(p.start) + static_cast<T>(p.base) * static_cast<T>(rows[i] + 1));
    return;
  }
  // What is behind the last row is not needed by those before it.
  PackedInts head = p;
  head.count = std::min<uint16_t>(p.count, static_cast<uint16_t>(rows.back() + 1));
  T all[kVectorRows];
  decode_packed(head, all);
  for (size_t i = 0; i < rows.size(); ++i) out[i] = all[rows[i]];
}

// Ends of runs ascend strictly up to the count.
Status decode_runs(const IntStream& stream, uint16_t* ends) {
  decode_packed(stream.places, ends);
  for (uint32_t i = 0, from = 0; i < stream.places.count; from = ends[i++]) {
    if (ends[i] <= from) return damaged("run length");
  }
  return ends[stream.places.count - 1] == stream.count ? Status() : damaged("run length");
}

template <class T>
Status look_up(const IntStream& stream, const uint16_t* codes, size_t count, T* out) {
  T entries[kVectorRows];
  decode_packed(stream.values, entries);
  uint16_t highest = 0;
  for (size_t i = 0; i < count; ++i) highest = std::max(highest, codes[i]);
  if (highest >= stream.values.count) return damaged("dictionary entry");
  for (size_t i = 0; i < count; ++i) out[i] = entries[codes[i]];
  return {};
}

void filter_simple(const PackedInts& p, int64_t low, int64_t high, uint64_t* bitmap) {
  if (p.codec == Codec::kConstant) {
    if (low <= p.base && p.base <= high) set_bits(bitmap, 0, p.count);
    return;
  }
  if (p.codec == Codec::kFrameOfReference) {
    if (high < p.base) return;
    uint64_t first = low <= p.base ? 0 : as_unsigned(low) - as_unsigned(p.base);
    // Both ends of each 128 bits are written: the bitmap has room for whole blocks.
    filter_packed(p.packed, p.count, p.bits, first, as_unsigned(high) - as_unsigned(p.base), bitmap);
    return;
  }
  uint64_t values[kVectorRows];
  uint8_t flags[64];
  decode_packed(p, values);
  for (uint32_t from = 0; from < p.count; from += 64) {
    uint32_t n = std::min<uint32_t>(64, p.count - from);
    for (uint32_t i = 0; i < n; ++i)
      flags[i] = values[from + i] - as_unsigned(low) <= as_unsigned(high) - as_unsigned(low);
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; ++i) word |= static_cast<uint64_t>(flags[i]) << i;
    bitmap[from / 64] = word;
  }
}

}  // namespace

void clear_bits(uint64_t* bitmap) { std::fill_n(bitmap, kVectorRows / 64, 0); }

void set_bits(uint64_t* bitmap, uint32_t from, uint32_t to) {
  for (; from < to && from % 64 != 0; ++from) bitmap[from / 64] |= 1ULL << (from % 64);
  for (; from + 64 <= to; from += 64) bitmap[from / 64] = ~0ULL;
  if (from < to) bitmap[from / 64] |= low_mask(to - from);
}

Status parse_ints(PartReader& in, IntStream* stream) {
  StreamHeader header{};
  if (in.rest().size() >= sizeof(header)) header = load_raw<StreamHeader>(in.rest().data());
  *stream = {};
  stream->codec = static_cast<Codec>(header.codec);
  stream->count = header.count;
  if (stream->codec != Codec::kRunLength && stream->codec != Codec::kIntDictionary) {
    return parse_packed(in, &stream->values);
  }
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  if (header.bits != 0 || header.p != 0 || header.b != 0) return damaged("integer header");
  VARVE_RETURN_IF_ERROR(parse_packed(parts, &stream->values));
  VARVE_RETURN_IF_ERROR(parse_packed(parts, &stream->places));
  uint16_t places = stream->codec == Codec::kRunLength ? header.a : header.count;
  if (stream->values.count != header.a || stream->places.count != places || !parts.finished()) {
    return damaged("integer stream size");
  }
  return {};
}

template <class T>
Status decode_ints(const IntStream& stream, T* out) {
  uint16_t places[kVectorRows];
  if (stream.codec == Codec::kRunLength) {
    T values[kVectorRows];
    decode_packed(stream.values, values);
    VARVE_RETURN_IF_ERROR(decode_runs(stream, places));
    for (uint32_t i = 0, from = 0; i < stream.places.count; from = places[i++]) {
      // Most runs are short: what is written behind their end, the next ones write again.
      constexpr uint32_t kShort = 8;
      uint32_t at = from;
      if (from + kShort <= stream.count) {
        for (uint32_t j = 0; j < kShort; ++j) out[from + j] = values[i];
        at += kShort;
      }
      if (at < places[i]) std::fill(out + at, out + places[i], values[i]);
    }
    return {};
  }
  if (stream.codec == Codec::kIntDictionary) {
    decode_packed(stream.places, places);
    return look_up(stream, places, stream.count, out);
  }
  decode_packed(stream.values, out);
  return {};
}

template <class T>
Status decode_ints(const IntStream& stream, std::span<const uint16_t> rows, T* out) {
  uint16_t places[kVectorRows];
  if (stream.codec == Codec::kRunLength) {
    T values[kVectorRows];
    decode_packed(stream.values, values);
    VARVE_RETURN_IF_ERROR(decode_runs(stream, places));
    uint32_t run = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      while (places[run] <= rows[i]) ++run;  // ends: the last run's end is the count
      out[i] = values[run];
    }
    return {};
  }
  if (stream.codec == Codec::kIntDictionary) {
    decode_packed(stream.places, rows, places);
    return look_up(stream, places, rows.size(), out);
  }
  decode_packed(stream.values, rows, out);
  return {};
}

#define VARVE_INSTANTIATE(T)                         \
  template Status decode_ints(const IntStream&, T*); \
  template Status decode_ints(const IntStream&, std::span<const uint16_t>, T*);
VARVE_INSTANTIATE(uint8_t)
VARVE_INSTANTIATE(uint16_t)
VARVE_INSTANTIATE(uint32_t)
VARVE_INSTANTIATE(uint64_t)
#undef VARVE_INSTANTIATE

Status filter_ints(const IntStream& stream, int64_t low, int64_t high, uint64_t* bitmap) {
  clear_bits(bitmap);
  if (low > high) return {};
  if (stream.codec == Codec::kRunLength) {
    return filter_ints_by(
        stream, [=](int64_t v) { return low <= v && v <= high; }, bitmap);
  }
  if (stream.codec == Codec::kIntDictionary) {
    uint64_t entries[kVectorRows];
    decode_packed(stream.values, entries);
    auto below = [](uint64_t a, int64_t b) { return static_cast<int64_t>(a) < b; };
    auto above = [](int64_t a, uint64_t b) { return a < static_cast<int64_t>(b); };
    const uint64_t* begin = entries;
    const uint64_t* end = begin + stream.values.count;
    int64_t first = std::lower_bound(begin, end, low, below) - begin;
    int64_t last = std::upper_bound(begin, end, high, above) - begin - 1;
    if (first <= last) filter_simple(stream.places, first, last, bitmap);
  } else {
    filter_simple(stream.values, low, high, bitmap);
  }
  for (uint32_t i = stream.count; i < kVectorRows && i % 64 != 0; ++i) bitmap[i / 64] &= ~(1ULL << (i % 64));
  for (uint32_t w = (stream.count + 63) / 64; w < kVectorRows / 64; ++w) bitmap[w] = 0;
  return {};
}

}  // namespace varve::columnar
