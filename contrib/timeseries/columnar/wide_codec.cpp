#include "wide_codec.h"

#include <algorithm>
#include <limits>
#include <string>

namespace varve::columnar {
namespace {

using types::int128;
using types::Numeric;
using Kind = types::Numeric::Kind;

constexpr uint64_t kSignBit = 1ULL << 63;

uint64_t load_word(const uint8_t* p, bool uuid) {
  return uuid ? load_be<uint64_t>(p) ^ kSignBit : load_raw<uint64_t>(p);
}

void store_word(uint8_t* p, uint64_t word, bool uuid) {
  if (uuid)
    store_be<uint64_t>(p, word ^ kSignBit);
  else
    store_raw(p, word);
}

// --- numerics
int64_t meta_of(const Numeric& n) {
  return static_cast<int64_t>(n.kind()) << 8 | (n.is_inline() ? n.inline_scale() : 0);
}

Status make_numeric(uint16_t meta, uint64_t low, int64_t high, Numeric* out) {
  int scale = meta & 0xFF;
  auto significand =
      static_cast<int128>(static_cast<types::uint128>(static_cast<uint64_t>(high)) << 64 | low);
  auto kind = static_cast<Kind>(meta >> 8);
  if (kind == Kind::kInline) {
    if (scale > Numeric::kMaxInlineScale || !Numeric::fits_inline(significand)) return damaged("numeric");
    *out = Numeric(significand, scale);
    return {};
  }
  if (scale != 0 || significand != 0) return damaged("numeric");
  switch (kind) {
    case Kind::kNegativeInfinity:
      *out = Numeric::negative_infinity();
      return {};
    case Kind::kInfinity:
      *out = Numeric::infinity();
      return {};
    case Kind::kNan:
      *out = Numeric::nan();
      return {};
    default:
      return damaged("numeric");
  }
}

void join_scaled(const uint64_t* low, size_t count, int scale, Numeric* out) {
  for (size_t i = 0; i < count; ++i) out[i] = Numeric(int128{static_cast<int64_t>(low[i])}, scale);
}

struct Words {
  uint16_t meta[kVectorRows];
  uint64_t low[kVectorRows];
  uint64_t high[kVectorRows];
};

Status join(const WideStream& stream, Words& words, size_t count, Numeric* out) {
  for (size_t i = 0; i < count; ++i) {
    int64_t high =
        stream.has_high ? static_cast<int64_t>(words.high[i]) : static_cast<int64_t>(words.low[i]) >> 63;
    VARVE_RETURN_IF_ERROR(make_numeric(words.meta[i], words.low[i], high, out + i));
  }
  return {};
}

Status from_rows(const StringRef* rows, size_t count, Arena& arena, Numeric* out) {
  for (size_t i = 0; i < count; ++i) {
    std::string_view row = rows[i].view();
    if (!types::is_numeric_row(row)) return damaged("numeric");
    out[i] = types::read_numeric_row(row, arena);
  }
  return {};
}

// The integers at `scale` that pass, as a closed interval of int128; kNotEqual gives what kEqual does.
struct Interval {
  int128 low, high;
};

constexpr int128 kBeyond = static_cast<int128>(1) << 100;  // above every int64

Interval interval_of(Comparison op, const Numeric& constant, int scale) {
  int128 floor, ceiling;
  if (!constant.is_inline()) {
    floor = ceiling = constant.kind() == Kind::kNegativeInfinity ? -kBeyond : kBeyond;
  } else {
    floor = ceiling = constant.significand();
    for (int s = constant.inline_scale(); s < scale; ++s) {
      if (floor > kBeyond || floor < -kBeyond) break;
      floor = ceiling = floor * 10;
    }
    bool exact = true;
    int128 quotient = floor;
    for (int s = constant.inline_scale(); s > scale && (quotient != 0 || !exact); --s) {
      exact = exact && quotient % 10 == 0;
      quotient /= 10;
      if (quotient == 0) break;
    }
    if (constant.inline_scale() > scale) {
      floor = quotient - (!exact && constant.significand() < 0);
      ceiling = quotient + (!exact && constant.significand() > 0);
    }
  }
  switch (op) {
    case Comparison::kNotEqual:
    case Comparison::kEqual:
      return {ceiling, floor};
    case Comparison::kLess:
      return {-kBeyond, ceiling - 1};
    case Comparison::kLessEqual:
      return {-kBeyond, floor};
    case Comparison::kGreater:
      return {floor + 1, kBeyond};
    default:
      return {ceiling, kBeyond};
  }
}

Status filter_scaled(const WideStream& stream, Comparison op, const Numeric& constant, uint64_t* bitmap) {
  Interval interval = interval_of(op, constant, static_cast<int>(stream.meta.values.base));
  constexpr int128 kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  if (interval.low > kMax || interval.high < kMin || interval.low > interval.high)
    clear_bits(bitmap);
  else
    VARVE_RETURN_IF_ERROR(filter_ints(stream.low, static_cast<int64_t>(std::max(interval.low, kMin)),
                                      static_cast<int64_t>(std::min(interval.high, kMax)), bitmap));
  if (op == Comparison::kNotEqual) invert_bits(bitmap, stream.count);
  return {};
}

}  // namespace

void encode_pairs(const uint8_t* values, size_t count, bool uuid, Bytes& out) {
  std::vector<int64_t> words(count);
  StreamWriter writer(out, Codec::kPair, count);
  for (size_t half : {0, 8}) {
    for (size_t i = 0; i < count; ++i)
      words[i] = static_cast<int64_t>(load_word(values + 16 * i + half, uuid));
    encode_ints(words, out);
  }
  writer.finish();
}

Status encode_numerics(std::span<const Numeric> values, Bytes& out) {
  bool big =
      std::any_of(values.begin(), values.end(), [](const Numeric& n) { return n.kind() == Kind::kBig; });
  if (big) {
    std::vector<std::string> rows(values.size());
    uint64_t bytes = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      types::append_numeric_row(rows[i], values[i]);
      bytes += rows[i].size();
    }
    if (bytes > kMaxVectorBytes)
      return Status::invalid("the values of one vector of a column segment exceed 1 GiB");
    std::vector<std::string_view> views(rows.begin(), rows.end());
    encode_strings(views, out);
    return {};
  }
  std::vector<int64_t> meta, low, high;
  bool has_high = false;
  for (const Numeric& n : values) {
    int128 significand = n.is_inline() ? n.significand() : 0;
    meta.push_back(meta_of(n));
    low.push_back(static_cast<int64_t>(significand));
    high.push_back(static_cast<int64_t>(significand >> 64));
    has_high = has_high || high.back() != low.back() >> 63;
  }
  StreamWriter writer(out, Codec::kScaled, values.size());
  writer.header().p = has_high;
  encode_ints(meta, out);
  encode_ints(low, out);
  if (has_high) encode_ints(high, out);
  writer.finish();
  return {};
}

Status parse_pairs(PartReader& in, WideStream* stream) {
  StreamHeader header;
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  *stream = {};
  stream->codec = static_cast<Codec>(header.codec);
  stream->count = header.count;
  if (stream->codec != Codec::kPair) return damaged("unknown codec of 16-byte values");
  if (header.bits != 0 || header.p != 0 || header.a != 0 || header.b != 0) return damaged("pair header");
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &stream->low));
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &stream->high));
  bool fits = stream->low.count == header.count && stream->high.count == header.count && parts.finished();
  return fits ? Status() : damaged("pair size");
}

Status parse_numerics(PartReader& in, WideStream* stream) {
  StreamHeader header{};
  if (in.rest().size() >= sizeof(header)) header = load_raw<StreamHeader>(in.rest().data());
  *stream = {};
  stream->codec = static_cast<Codec>(header.codec);
  stream->count = header.count;
  if (stream->codec != Codec::kScaled) {
    if (stream->codec == Codec::kSharedDictionary) return damaged("numeric codec");
    return parse_bytes(in, &stream->rows);
  }
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  if (header.bits != 0 || header.p > 1 || header.a != 0 || header.b != 0) return damaged("numeric header");
  stream->has_high = header.p == 1;
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &stream->meta));
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &stream->low));
  if (stream->has_high) VARVE_RETURN_IF_ERROR(parse_ints(parts, &stream->high));
  bool fits = stream->meta.count == header.count && stream->low.count == header.count &&
              (!stream->has_high || stream->high.count == header.count) && parts.finished();
  return fits ? Status() : damaged("numeric size");
}

Status decode_pairs(const WideStream& stream, bool uuid, uint8_t* out) {
  uint64_t words[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints(stream.low, words));
  for (uint32_t i = 0; i < stream.count; ++i) store_word(out + 16 * i, words[i], uuid);
  VARVE_RETURN_IF_ERROR(decode_ints(stream.high, words));
  for (uint32_t i = 0; i < stream.count; ++i) store_word(out + 16 * i + 8, words[i], uuid);
  return {};
}

Status decode_pairs(const WideStream& stream, bool uuid, std::span<const uint16_t> rows, uint8_t* out) {
  uint64_t words[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints(stream.low, rows, words));
  for (size_t i = 0; i < rows.size(); ++i) store_word(out + 16 * i, words[i], uuid);
  VARVE_RETURN_IF_ERROR(decode_ints(stream.high, rows, words));
  for (size_t i = 0; i < rows.size(); ++i) store_word(out + 16 * i + 8, words[i], uuid);
  return {};
}

int common_scale(const WideStream& s) {
  const int64_t meta = s.meta.values.base;
  const bool one = s.codec == Codec::kScaled && !s.has_high && s.meta.codec == Codec::kConstant &&
                   meta >= 0 && meta <= Numeric::kMaxInlineScale;
  return one ? static_cast<int>(meta) : -1;
}

Status decode_numerics(const WideStream& stream, Arena& arena, Numeric* out) {
  if (stream.codec != Codec::kScaled) {
    StringRef rows[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_bytes(stream.rows, SharedStrings(), arena, rows));
    return from_rows(rows, stream.count, arena, out);
  }
  Words words;
  if (const int scale = common_scale(stream); scale >= 0) {
    VARVE_RETURN_IF_ERROR(decode_ints(stream.low, words.low));
    join_scaled(words.low, stream.count, scale, out);
    return {};
  }
  VARVE_RETURN_IF_ERROR(decode_ints(stream.meta, words.meta));
  VARVE_RETURN_IF_ERROR(decode_ints(stream.low, words.low));
  if (stream.has_high) VARVE_RETURN_IF_ERROR(decode_ints(stream.high, words.high));
  return join(stream, words, stream.count, out);
}

Status decode_numerics(const WideStream& stream, std::span<const uint16_t> rows, Arena& arena, Numeric* out) {
  if (stream.codec != Codec::kScaled) {
    StringRef strings[kVectorRows];
    VARVE_RETURN_IF_ERROR(decode_bytes(stream.rows, SharedStrings(), rows, arena, strings));
    return from_rows(strings, rows.size(), arena, out);
  }
  Words words;
  if (const int scale = common_scale(stream); scale >= 0) {
    if (rows.size() < stream.count / 64u) {
      VARVE_RETURN_IF_ERROR(decode_ints(stream.low, rows, words.low));
      join_scaled(words.low, rows.size(), scale, out);
      return {};
    }
    VARVE_RETURN_IF_ERROR(decode_ints(stream.low, words.low));
    for (size_t i = 0; i < rows.size(); ++i)
      out[i] = Numeric(int128{static_cast<int64_t>(words.low[rows[i]])}, scale);
    return {};
  }
  VARVE_RETURN_IF_ERROR(decode_ints(stream.meta, rows, words.meta));
  VARVE_RETURN_IF_ERROR(decode_ints(stream.low, rows, words.low));
  if (stream.has_high) VARVE_RETURN_IF_ERROR(decode_ints(stream.high, rows, words.high));
  return join(stream, words, rows.size(), out);
}

Status filter_uuids(const WideStream& stream, Comparison op, const uint8_t* constant, uint64_t* bitmap) {
  auto first = static_cast<int64_t>(load_word(constant, true));
  auto second = static_cast<int64_t>(load_word(constant + 8, true));
  if (op == Comparison::kEqual || op == Comparison::kNotEqual) {
    uint64_t other[kVectorRows / 64];
    VARVE_RETURN_IF_ERROR(filter_ints(stream.low, first, first, bitmap));
    VARVE_RETURN_IF_ERROR(filter_ints(stream.high, second, second, other));
    for (uint32_t w = 0; w < kVectorRows / 64; ++w) bitmap[w] &= other[w];
    if (op == Comparison::kNotEqual) invert_bits(bitmap, stream.count);
    return {};
  }
  uint64_t low[kVectorRows], high[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints(stream.low, low));
  VARVE_RETURN_IF_ERROR(decode_ints(stream.high, high));
  clear_bits(bitmap);
  for (uint32_t i = 0; i < stream.count; ++i) {
    auto a = static_cast<int64_t>(low[i]), b = static_cast<int64_t>(high[i]);
    int order = a != first ? (a < first ? -1 : 1) : b != second ? (b < second ? -1 : 1) : 0;
    bitmap[i >> 6] |= static_cast<uint64_t>(passes(op, order)) << (i & 63);
  }
  return {};
}

Status filter_numerics(const WideStream& stream, Comparison op, const Numeric& constant, uint64_t* bitmap) {
  if (common_scale(stream) >= 0 && constant.kind() != Kind::kBig) return filter_scaled(stream, op, constant, bitmap);
  Arena scratch;
  Numeric values[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_numerics(stream, scratch, values));
  clear_bits(bitmap);
  for (uint32_t i = 0; i < stream.count; ++i) {
    bool pass = passes(op, types::compare(values[i], constant));
    bitmap[i >> 6] |= static_cast<uint64_t>(pass) << (i & 63);
  }
  return {};
}

}  // namespace varve::columnar
