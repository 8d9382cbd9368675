// The segment: 1 … 131,072 settled rows of N columns, immutable. Everything is little-endian; offsets and
// sizes are in bytes; what is called zero must be zero. Every byte is under a checksum (CRC32C, seed 0),
// padding included.
//
//   segment   SegmentHeader (64) | ColumnEntry (80) × columns | zero to a multiple of 64 | chunk × columns
//   chunk     ChunkHeader (64) | VectorEntry (64) × vectors | [shared block] | vector block × vectors
//   block     each begins at a multiple of 64 from the segment's start and is zero-padded to the next one
//
// The checksums form a tree: SegmentHeader (its own) → column entries → each chunk's header and vector
// entries → each block. So one column can be read without the others, and one vector without its neighbours.
//
//   vector block  VectorHeader (16) | validity | stream
//     validity    ⌈rows/64⌉ u64 words, bit i = row i is not NULL, bits from `rows` on zero; absent when no
//     row or
//                 every row is NULL
//     stream      of `rows` values (a NULL's is arbitrary); absent when every row is NULL
//   shared block  u32 entries | u32 symbol table bytes | symbol table, to a multiple of 8 | byte streams of
//   1,024
//                 entries each (the last of fewer): the chunk's dictionary, strictly ascending by memcmp
//     symbol table  u8 count (≤ 255) | u8 lengths[count] of 1 … 8 | the symbols' bytes one after the other
//
// A stream begins with a StreamHeader (16); its parts follow without gaps, each a multiple of 8 long:
//
//   integers   kConstant          i64 value
//              kFrameOfReference  i64 base | packed(bits): value[i] = base + p[i]
//              kDelta             i64 base, start | packed: value[i] = value[i-1] + base + p[i], value[-1] =
//              start kDeltaDelta        i64 base, start, step | packed: step += base + p[i]; value[i] =
//              value[i-1] + step kRunLength         integers: value of each run | integers: row after each
//              run's last (a = runs) kIntDictionary     integers: entries, strictly ascending | integers:
//              entry of each row (a = entries)
//                                 (the two parts of these are of the first four codecs only)
//   floats     any of the integers: the bit patterns as signed integers
//              kAlp               bits = f, p = e, a = exceptions | integers d | u16 row × a | u64/u32
//              pattern × a;
//                                 value = d × 10^f × 10^-e, computed in double, |d| ≤ 2^51
//              kAlpRd             bits = r, p = dictionary size, a = exceptions | u16 × 8 dictionary |
//              integers: the
//                                 entry of each row | integers: low r bits | u16 row × a | u16 high bits × a
//   16 bytes   kPair              integers: first words | integers: second words. A uuid's words are
//   big-endian, with
//                                 the highest bit inverted (so they order); other values' are little-endian
//   numeric    kScaled            p = 1: with high words | integers: kind << 8 | scale | integers: low 64
//   bits of the
//                                 significand (two's complement) | [integers: the rest]. kind as
//                                 types::Numeric::Kind
//              or a stream of bytes, each value as types::append_numeric_row() makes it
//   bytes      kPlain             integers: lengths | u64 size | bytes
//              kFsst              b = decoded size | integers: coded lengths | u64 size | codes of the
//              chunk's table;
//                                 255 = the next byte is itself
//              kLz4, kZstd        b = decoded size | integers: lengths | u64 size | one LZ4 block or zstd
//              frame kDictionary        a = entries | byte stream (kPlain … kZstd) of entries, strictly
//              ascending by
//                                 memcmp | integers: entry of each row
//              kSharedDictionary  integers: entry of the shared block for each row
//
// packed(b): ⌈count/128⌉ blocks of 128 values, 16·b bytes each, b ≤ 64. Lanes are of w = 8, 16, 32 or 64
// bits, the smallest that holds b; 128/w of them lie side by side in 16 bytes. Value i of a block is in lane
// i mod 128/w; a lane's w values follow each other, lowest bits first, through the block's b words of that
// lane. Values behind `count` are 0. (The layout of SIMD-BP128: Lemire & Boytsov, "Decoding billions of
// integers per second through vectorization", 2015; lane widths as in FastLanes: Afroozeh & Boncz, VLDB
// 2023.)
//
// Versions: a reader refuses a segment version or a codec version that it does not know. A codec whose bytes
// change gets a new version; testdata/ keeps segments of every version that was ever written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace varve::columnar {

inline constexpr uint32_t kVectorRows = 1024;
inline constexpr uint32_t kMaxSegmentRows = 128 * kVectorRows;
inline constexpr uint32_t kMaxColumns = 4096;
inline constexpr size_t kBlockAlignment = 64;
// Strings of one vector, before coding. A builder refuses more; whoever cuts rows into vectors cuts earlier.
inline constexpr uint64_t kMaxVectorBytes = 1ULL << 30;
inline constexpr uint32_t kMaxSharedEntries = 65535;

inline constexpr char kSegmentMagic[8] = {'V', 'A', 'R', 'V', 'E', 'S', 'E', 'G'};
inline constexpr uint16_t kFormatVersion = 1;
inline constexpr uint8_t kCodecVersion = 1;  // of every codec so far

using ByteSpan = std::span<const uint8_t>;

// What a column holds. In memory a value lies as types::PhysicalType says. Numbers are on disk.
enum class ValueType : uint8_t {
  kBool = 1,  // uint8_t 0 or 1
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,    // also date
  kInt64 = 5,    // also time, timestamp, timestamptz
  kUint32 = 6,   // oid and its kin: order is unsigned
  kFloat32 = 7,  // order is PostgreSQL's: -0 = 0, NaN = NaN, NaN above everything
  kFloat64 = 8,
  kNumeric = 9,   // types::Numeric, display scale kept
  kUuid = 10,     // types::Uuid, memcmp order
  kFixed16 = 11,  // 16 opaque bytes: interval, timetz. No order: no zone map bounds and no filters
  kBytes = 12,    // types::StringRef, memcmp order. Text under another collation: equality only
};

constexpr bool is_value_type(uint8_t t) { return t >= 1 && t <= 12; }
constexpr size_t value_width(ValueType type) {
  constexpr uint8_t kWidths[] = {0, 1, 1, 2, 4, 8, 4, 4, 8, 16, 16, 16, 16};
  return kWidths[static_cast<size_t>(type)];
}

enum class Codec : uint8_t {
  kNone = 0,  // in a VectorHeader: every row is NULL
  kConstant = 1,
  kFrameOfReference = 2,
  kDelta = 3,
  kDeltaDelta = 4,
  kRunLength = 5,
  kIntDictionary = 6,
  kAlp = 16,
  kAlpRd = 17,
  kPair = 24,
  kScaled = 25,
  kPlain = 32,
  kDictionary = 33,
  kSharedDictionary = 34,
  kFsst = 35,
  kLz4 = 36,
  kZstd = 37,
};

// Bounds of the values that are not NULL.
struct DiskBounds {
  static constexpr uint8_t kPresent = 1;       // else no bounds are known and all is zero
  static constexpr uint8_t kMinTruncated = 2;  // the least value begins with `min` and is longer
  static constexpr uint8_t kMaxTruncated = 4;
  uint8_t flags;
  uint8_t
      min_bytes;  // used bytes of min and max: 8 (integers as i64; floats as f64) or up to 16 (first bytes of
  uint8_t max_bytes;  // bytes, uuid, and of numerics' types::append_numeric_key())
  uint8_t zero[5];
  uint8_t min[16];
  uint8_t max[16];
};
static_assert(sizeof(DiskBounds) == 40);

struct SegmentHeader {
  char magic[8];
  uint16_t version;
  uint16_t zero0;
  uint32_t rows;
  uint32_t columns;
  uint32_t vectors;        // ⌈rows/1024⌉; all have 1,024 rows but the last
  uint64_t bytes;          // of the whole segment, a multiple of 64
  uint32_t directory_crc;  // of the column entries and the padding behind them
  uint32_t zero1[6];
  uint32_t crc;  // of the bytes before it
};
static_assert(sizeof(SegmentHeader) == 64);

struct ColumnEntry {
  uint64_t offset;  // of the chunk, from the segment's start
  uint64_t bytes;   // of the chunk, a multiple of 64
  uint32_t id;      // the caller's: an attribute number
  uint8_t type;     // ValueType
  uint8_t zero0[3];
  uint32_t nulls;
  uint32_t head_crc;  // of the ChunkHeader and the vector entries
  DiskBounds bounds;
  uint64_t zero1;
};
static_assert(sizeof(ColumnEntry) == 80);

struct ChunkHeader {
  uint64_t shared_offset;  // from the chunk's start; 0 = no shared block
  uint64_t shared_bytes;   // with padding
  uint32_t shared_crc;
  uint32_t vectors;
  uint64_t zero[5];
};
static_assert(sizeof(ChunkHeader) == 64);

struct VectorEntry {
  uint64_t offset;  // of the block, from the chunk's start
  uint32_t bytes;   // with padding
  uint32_t crc;     // of these bytes
  uint16_t rows;
  uint16_t nulls;
  uint32_t zero;
  DiskBounds bounds;
};
static_assert(sizeof(VectorEntry) == 64);

struct VectorHeader {
  uint8_t codec;  // of the stream, as its header says again
  uint8_t codec_version;
  uint16_t rows;
  uint16_t nulls;
  uint16_t zero0;
  uint32_t stream_bytes;
  uint32_t zero1;
};
static_assert(sizeof(VectorHeader) == 16);

struct StreamHeader {
  uint8_t codec;
  uint8_t version;
  uint16_t count;  // values, 1 … 1,024
  uint32_t bytes;  // of the stream with this header
  uint8_t bits;    // these four as each codec says, else zero
  uint8_t p;
  uint16_t a;
  uint32_t b;
};
static_assert(sizeof(StreamHeader) == 16);

}  // namespace varve::columnar
