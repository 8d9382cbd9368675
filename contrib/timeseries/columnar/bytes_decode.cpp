#include <algorithm>
#include <array>
#include <bit>
#include <lz4.h>
#include <zstd.h>

#include "bytes_codec.h"

namespace varve::columnar {
namespace {

// A reference to bytes behind which at least 16 can be read: short strings are copied without a loop.
StringRef short_ref(const uint8_t* p, uint32_t size) {
  uint64_t front = load_raw<uint32_t>(p), back = load_raw<uint64_t>(p + 4);
  if (size < 4) front &= low_mask(8 * size);
  back &= size <= 4 ? 0 : low_mask(8 * (size - 4));
  return std::bit_cast<StringRef>(std::array<uint64_t, 2>{size | front << 32, back});
}

StringRef make_ref(const uint8_t* p, uint32_t size, const uint8_t* readable_end) {
  if (size <= StringRef::kInlineBytes && readable_end - p >= 16) return short_ref(p, size);
  return StringRef(reinterpret_cast<const char*>(p), size);
}

// References to strings that lie one after the other in `bytes` and must fill it.
Status cut(const uint32_t* lengths, size_t count, const uint8_t* bytes, size_t size, StringRef* out) {
  const uint8_t* end = bytes + size;
  for (size_t i = 0; i < count; ++i) {
    if (lengths[i] > static_cast<size_t>(end - bytes)) return damaged("string length");
    out[i] = make_ref(bytes, lengths[i], end);
    bytes += lengths[i];
  }
  return bytes == end ? Status() : damaged("string length");
}

Status decompress(const StringsStream& s, Arena& arena, const uint8_t** bytes) {
  auto* out = static_cast<uint8_t*>(arena.allocate(s.decoded_bytes + 1, 8));
  *bytes = out;
  if (s.codec == Codec::kLz4) {
    int n = LZ4_decompress_safe(reinterpret_cast<const char*>(s.payload.data()), reinterpret_cast<char*>(out),
                                static_cast<int>(s.payload.size()), static_cast<int>(s.decoded_bytes));
    return n == static_cast<int>(s.decoded_bytes) ? Status() : damaged("LZ4 block");
  }
  size_t n = ZSTD_decompress(out, s.decoded_bytes, s.payload.data(), s.payload.size());
  return !ZSTD_isError(n) && n == s.decoded_bytes ? Status() : damaged("zstd frame");
}

Status decode_fsst(const StringsStream& s, const SymbolTable& symbols, const uint32_t* lengths, Arena& arena,
                   StringRef* out) {
  auto* bytes = static_cast<uint8_t*>(arena.allocate(s.decoded_bytes + SymbolTable::kDecodeSlack, 8));
  const uint8_t* end = bytes + s.decoded_bytes;
  const uint8_t* readable_end = end + SymbolTable::kDecodeSlack;
  ByteSpan codes = s.payload;
  for (uint32_t i = 0; i < s.count; ++i) {
    if (lengths[i] > codes.size()) return damaged("coded string");
    size_t size = symbols.decode_some(codes.first(lengths[i]), bytes, static_cast<size_t>(end - bytes));
    if (size == SIZE_MAX) return damaged("coded string");
    out[i] = make_ref(bytes, static_cast<uint32_t>(size), readable_end);
    codes = codes.subspan(lengths[i]);
    bytes += size;
  }
  return codes.empty() && bytes == end ? Status() : damaged("coded string");
}

// Room for a vector's strings that is not filled with empty ones first: single rows are decoded, too.
class StringRoom {
 public:
  StringRef* get() { return reinterpret_cast<StringRef*>(bytes_); }

 private:
  alignas(StringRef) uint8_t bytes_[sizeof(StringRef) * kVectorRows];
};

// Calls each(i, bytes) for every one of the rows, which ascend.
template <class Each>
Status visit_rows(const StringsStream& s, const uint32_t* lengths, std::span<const uint16_t> rows,
                  Each&& each) {
  uint64_t offset = 0;
  uint32_t row = 0;
  for (size_t i = 0; i < rows.size(); ++i, ++row) {
    for (; row < rows[i]; ++row) offset += lengths[row];
    if (offset + lengths[row] > s.payload.size()) return damaged("string length");
    VARVE_RETURN_IF_ERROR(each(i, s.payload.subspan(offset, lengths[row])));
    offset += lengths[row];
  }
  return {};
}

Status decode_fsst(const StringsStream& s, const SymbolTable& symbols, const uint32_t* lengths,
                   std::span<const uint16_t> rows, Arena& arena, StringRef* out) {
  return visit_rows(s, lengths, rows, [&](size_t i, ByteSpan codes) {
    size_t room = 8 * codes.size();
    auto* bytes = static_cast<uint8_t*>(arena.allocate(room + SymbolTable::kDecodeSlack, 8));
    size_t size = symbols.decode_some(codes, bytes, room);
    if (size == SIZE_MAX) return damaged("coded string");
    out[i] = make_ref(bytes, static_cast<uint32_t>(size), bytes + room + SymbolTable::kDecodeSlack);
    return Status();
  });
}

Status decode_strings(const StringsStream& s, const SymbolTable& symbols, Arena& arena, StringRef* out) {
  uint32_t lengths[kVectorRows];
  VARVE_RETURN_IF_ERROR(decode_ints(s.lengths, lengths));
  if (s.codec == Codec::kFsst) return decode_fsst(s, symbols, lengths, arena, out);
  if (s.codec == Codec::kPlain) return cut(lengths, s.count, s.payload.data(), s.payload.size(), out);
  const uint8_t* bytes = nullptr;
  VARVE_RETURN_IF_ERROR(decompress(s, arena, &bytes));
  return cut(lengths, s.count, bytes, s.decoded_bytes, out);
}

Status decode_strings(const StringsStream& s, const SymbolTable& symbols, std::span<const uint16_t> rows,
                      Arena& arena, StringRef* out) {
  uint32_t lengths[kVectorRows];
  if (s.codec == Codec::kFsst || s.codec == Codec::kPlain) {
    VARVE_RETURN_IF_ERROR(decode_ints(s.lengths, lengths));
    if (s.codec == Codec::kFsst) return decode_fsst(s, symbols, lengths, rows, arena, out);
    const uint8_t* end = s.payload.data() + s.payload.size();
    return visit_rows(s, lengths, rows, [&](size_t i, ByteSpan bytes) {
      out[i] = make_ref(bytes.data(), static_cast<uint32_t>(bytes.size()), end);
      return Status();
    });
  }
  StringRoom all;
  VARVE_RETURN_IF_ERROR(decode_strings(s, symbols, arena, all.get()));
  for (size_t i = 0; i < rows.size(); ++i) out[i] = all.get()[rows[i]];
  return {};
}

Status parse_strings(PartReader& in, StringsStream* out) {
  StreamHeader header;
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  *out = {};
  out->codec = static_cast<Codec>(header.codec);
  out->count = header.count;
  out->decoded_bytes = header.b;
  if (header.bits != 0 || header.p != 0 || header.a != 0) return damaged("string header");
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &out->lengths));
  out->payload = parts.part(parts.value<uint64_t>());
  if (!parts.finished() || out->lengths.count != header.count || out->payload.size() > kMaxVectorBytes * 2) {
    return damaged("string stream size");
  }
  switch (out->codec) {
    case Codec::kPlain:
      return header.b == 0 ? Status() : damaged("string header");
    case Codec::kFsst:
      return header.b <= 8 * out->payload.size() ? Status() : damaged("string header");
    case Codec::kLz4:
      return header.b / 256 <= out->payload.size() ? Status() : damaged("string header");
    case Codec::kZstd:
      return header.b <= kMaxVectorBytes ? Status() : damaged("string header");
    default:
      return damaged("unknown string codec");
  }
}

// Strings of a dictionary and the rows' places in it.
struct Dictionary {
  const StringRef* entries;
  size_t count;
};

Status look_up(Dictionary dictionary, const uint16_t* codes, size_t count, StringRef* out) {
  uint16_t highest = 0;
  for (size_t i = 0; i < count; ++i) highest = std::max(highest, codes[i]);
  if (count > 0 && highest >= dictionary.count) return damaged("dictionary entry");
  for (size_t i = 0; i < count; ++i) out[i] = dictionary.entries[codes[i]];
  return {};
}

// The dictionary of a stream that has one. `local` has room for kVectorRows entries.
Status find_dictionary(const BytesStream& stream, const SharedStrings& shared, Arena& arena, StringRef* local,
                       Dictionary* out) {
  if (stream.codec == Codec::kSharedDictionary) {
    *out = {shared.entries.data(), shared.entries.size()};
    return {};
  }
  *out = {local, stream.strings.count};
  return decode_strings(stream.strings, shared.symbols, arena, local);
}

bool has_dictionary(const BytesStream& s) {
  return s.codec == Codec::kDictionary || s.codec == Codec::kSharedDictionary;
}

Status filter_codes(const IntStream& codes, Dictionary dictionary, Comparison op, const StringRef& constant,
                    uint64_t* bitmap) {
  const StringRef* begin = dictionary.entries;
  const StringRef* end = begin + dictionary.count;
  int64_t from = std::lower_bound(begin, end, constant) - begin;
  int64_t to = std::upper_bound(begin, end, constant) - begin;  // [from, to) equals the constant
  auto last = static_cast<int64_t>(dictionary.count) - 1;
  switch (op) {
    case Comparison::kNotEqual:
      VARVE_RETURN_IF_ERROR(filter_ints(codes, from, to - 1, bitmap));
      invert_bits(bitmap, codes.count);
      return {};
    case Comparison::kEqual:
      return filter_ints(codes, from, to - 1, bitmap);
    case Comparison::kLess:
      return filter_ints(codes, 0, from - 1, bitmap);
    case Comparison::kLessEqual:
      return filter_ints(codes, 0, to - 1, bitmap);
    case Comparison::kGreater:
      return filter_ints(codes, to, last, bitmap);
    default:
      return filter_ints(codes, from, last, bitmap);
  }
}

}  // namespace

void invert_bits(uint64_t* bitmap, uint32_t count) {
  uint64_t all[kVectorRows / 64];
  clear_bits(all);
  set_bits(all, 0, count);
  for (uint32_t w = 0; w < kVectorRows / 64; ++w) bitmap[w] = ~bitmap[w] & all[w];
}

Status SharedStrings::parse(ByteSpan block, SharedStrings* shared) {
  if (block.size() < 8) return damaged("shared block");
  auto count = load_raw<uint32_t>(block.data()), table_bytes = load_raw<uint32_t>(block.data() + 4);
  PartReader parts(block.subspan(8));
  ByteSpan table = parts.part(table_bytes);
  if (!parts.ok() || count > kMaxSharedEntries) return damaged("shared block");
  if (table_bytes > 0) VARVE_RETURN_IF_ERROR(SymbolTable::parse(table, &shared->symbols));
  StringRef entries[kVectorRows];
  for (uint32_t done = 0; done < count;) {
    StringsStream strings;
    VARVE_RETURN_IF_ERROR(parse_strings(parts, &strings));
    if (strings.count != std::min(kVectorRows, count - done)) return damaged("shared dictionary");
    VARVE_RETURN_IF_ERROR(decode_strings(strings, shared->symbols, shared->memory, entries));
    for (uint32_t i = 0; i < strings.count; ++i) {
      if (!shared->entries.empty() && shared->entries.back().compare(entries[i]) >= 0) {
        return damaged("order of the shared dictionary");
      }
      shared->entries.push_back(entries[i]);
    }
    done += strings.count;
  }
  // The rest is the padding of the block.
  if (parts.rest().size() >= kBlockAlignment) return damaged("shared block size");
  bool zero = std::all_of(parts.rest().begin(), parts.rest().end(), [](uint8_t b) { return b == 0; });
  return parts.ok() && zero ? Status() : damaged("shared block padding");
}

Status parse_bytes(PartReader& in, BytesStream* stream) {
  StreamHeader header{};
  if (in.rest().size() >= sizeof(header)) header = load_raw<StreamHeader>(in.rest().data());
  *stream = {};
  stream->codec = static_cast<Codec>(header.codec);
  stream->count = header.count;
  if (!has_dictionary(*stream)) return parse_strings(in, &stream->strings);
  VARVE_ASSIGN_OR_RETURN(PartReader parts, open_stream(in, &header));
  if (header.bits != 0 || header.p != 0 || header.b != 0) return damaged("dictionary header");
  if (stream->codec == Codec::kDictionary) VARVE_RETURN_IF_ERROR(parse_strings(parts, &stream->strings));
  VARVE_RETURN_IF_ERROR(parse_ints(parts, &stream->codes));
  if (stream->strings.count != header.a || stream->codes.count != header.count || !parts.finished()) {
    return damaged("dictionary size");
  }
  return {};
}

uint32_t code_count(const BytesStream& stream, const SharedStrings& shared) {
  if (!has_dictionary(stream)) return 0;
  if (stream.codec == Codec::kDictionary) return stream.strings.count;
  return static_cast<uint32_t>(shared.entries.size());
}

Status decode_bytes(const BytesStream& stream, const SharedStrings& shared, Arena& arena, StringRef* out,
                    uint16_t* codes) {
  if (!has_dictionary(stream)) return decode_strings(stream.strings, shared.symbols, arena, out);
  StringRoom local;
  uint16_t own_codes[kVectorRows];
  if (codes == nullptr) codes = own_codes;
  Dictionary dictionary{};
  VARVE_RETURN_IF_ERROR(find_dictionary(stream, shared, arena, local.get(), &dictionary));
  VARVE_RETURN_IF_ERROR(decode_ints(stream.codes, codes));
  return look_up(dictionary, codes, stream.count, out);
}

Status decode_bytes(const BytesStream& stream, const SharedStrings& shared, std::span<const uint16_t> rows,
                    Arena& arena, StringRef* out, uint16_t* codes) {
  if (!has_dictionary(stream)) return decode_strings(stream.strings, shared.symbols, rows, arena, out);
  uint16_t own_codes[kVectorRows];
  if (codes == nullptr) codes = own_codes;
  VARVE_RETURN_IF_ERROR(decode_ints<uint16_t>(stream.codes, rows, codes));
  if (stream.codec == Codec::kDictionary && rows.size() == 1) {
    if (codes[0] >= stream.strings.count) return damaged("dictionary entry");
    return decode_strings(stream.strings, shared.symbols, {codes, 1}, arena, out);
  }
  StringRoom local;
  Dictionary dictionary{};
  VARVE_RETURN_IF_ERROR(find_dictionary(stream, shared, arena, local.get(), &dictionary));
  return look_up(dictionary, codes, rows.size(), out);
}

Status filter_bytes(const BytesStream& stream, const SharedStrings& shared, Comparison op,
                    const StringRef& constant, uint64_t* bitmap) {
  Arena scratch;
  StringRoom room;
  StringRef* strings = room.get();
  clear_bits(bitmap);
  if (has_dictionary(stream)) {
    Dictionary dictionary{};
    VARVE_RETURN_IF_ERROR(find_dictionary(stream, shared, scratch, strings, &dictionary));
    return filter_codes(stream.codes, dictionary, op, constant, bitmap);
  }
  VARVE_RETURN_IF_ERROR(decode_strings(stream.strings, shared.symbols, scratch, strings));
  for (uint32_t i = 0; i < stream.count; ++i) {
    bool pass = op == Comparison::kEqual      ? strings[i] == constant
                : op == Comparison::kNotEqual ? !(strings[i] == constant)
                                              : passes(op, strings[i].compare(constant));
    bitmap[i >> 6] |= static_cast<uint64_t>(pass) << (i & 63);
  }
  return {};
}

}  // namespace varve::columnar
