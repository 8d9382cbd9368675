// Reads segments (columnar/format.h): the head, one column's chunk, one vector's values. Bytes are the
// caller's and must stay as long as anything here that was made of them; references to strings point into
// them, too.
//
// Whatever the bytes are, reading ends in a value or in kCorruption: checksums are verified when a part is
// opened, and every size and place in it is checked against its bounds, so that even bytes with right
// checksums lead nowhere else. kInvalid: the caller's argument, or a version that is not ours.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "columnar/format.h"
#include "columnar/zone_map.h"
#include "common/status.h"
#include "memory/arena.h"

namespace varve::columnar {

struct SharedStrings;

struct ColumnInfo {
  uint32_t id;
  uint64_t offset, bytes;  // where the chunk lies in the segment
  uint32_t head_crc;
  ZoneMap zone;  // of all its rows; its type is the column's
};

// What the head says. Owns what it tells; immutable.
class Segment {
 public:
  // How many bytes open() needs, from the first sizeof(SegmentHeader).
  static Result<size_t> head_bytes(ByteSpan header);
  // `head`: the segment, or at least that many bytes of its beginning.
  static Result<Segment> open(ByteSpan head);

  uint32_t rows() const { return rows_; }
  uint32_t vectors() const { return (rows_ + kVectorRows - 1) / kVectorRows; }
  uint32_t vector_rows(uint32_t vector) const;
  uint64_t bytes() const { return bytes_; }
  std::span<const ColumnInfo> columns() const { return columns_; }

 private:
  Segment() = default;

  uint32_t rows_ = 0;
  uint64_t bytes_ = 0;
  std::vector<ColumnInfo> columns_;
};

// One column's chunk: its zone maps and where its vectors are. Immutable: any number of threads may read.
// Strings of a shared dictionary point into it.
class ColumnReader {
 public:
  // `chunk`: the column's bytes. Decodes its shared block, if it has one.
  static Result<ColumnReader> open(const Segment& segment, const ColumnInfo& column, ByteSpan chunk);
  // The same with all bytes of the segment at hand.
  static Result<ColumnReader> open(const Segment& segment, uint32_t column, ByteSpan segment_bytes);
  ~ColumnReader();
  ColumnReader(ColumnReader&&) noexcept;
  ColumnReader& operator=(ColumnReader&&) noexcept;

  ValueType type() const { return type_; }
  uint32_t vectors() const { return static_cast<uint32_t>(entries_.size()); }
  ZoneMap zone(uint32_t vector) const;

 private:
  friend class VectorReader;
  ColumnReader();

  ByteSpan chunk_;
  ValueType type_ = ValueType::kInt64;
  std::vector<VectorEntry> entries_;
  // By vector: its bytes have been found to have their checksum; they stay as they are.
  std::unique_ptr<std::atomic<bool>[]> verified_;
  std::unique_ptr<SharedStrings> shared_;
};

// One vector. Can be opened again and again, and allocates the first time only. Not thread-safe.
class VectorReader {
 public:
  VectorReader();
  ~VectorReader();

  // Verifies the block's checksum, the first time that anybody opens it. The column must outlive the use.
  Status open(const ColumnReader& column, uint32_t vector);

  uint32_t rows() const { return rows_; }
  uint32_t nulls() const { return nulls_; }
  Codec codec() const { return codec_; }
  // Bit i = row i is not NULL; bits from rows() on are clear. Writes kVectorRows / 64 words.
  void validity(uint64_t* words) const;

  // All values in memory form. `out` has room for kVectorRows values; those of NULLs and behind rows() are
  // unspecified but written or left as they were. Strings and big numerics point into the segment, the
  // ColumnReader or the arena.
  // `codes`: null, or room for kVectorRows numbers below code_count(), which must not be 0: those of a
  // dictionary's entries.
  Status decode(void* out, Arena& arena, uint16_t* codes = nullptr) const;
  // Only `selected` rows, which ascend strictly and are below rows(): out[i] is row selected[i]. Room as
  // above.
  Status decode(std::span<const uint16_t> selected, void* out, Arena& arena, uint16_t* codes = nullptr) const;
  // Strings: entries of their dictionary; 0: they have none.
  uint32_t code_count() const;
  // Numerics: the scale of them all, if there is one and their significands fit 64 bits; else -1.
  int common_scale() const;

  // Bit i = row i is not NULL and `value OP constant`, by the order that ValueType names. Compares on encoded
  // values where the codec allows. Writes kVectorRows / 64 words. kInvalid unless is_comparable().
  Status filter(Comparison op, const types::Value& constant, uint64_t* bitmap) const;

 private:
  struct Stream;

  Status read_validity(ByteSpan words);
  Status filter_values(Comparison op, const types::Value& constant, uint64_t* bitmap) const;

  std::unique_ptr<Stream> stream_;
  const SharedStrings* shared_ = nullptr;
  ValueType type_ = ValueType::kInt64;
  Codec codec_ = Codec::kNone;
  uint16_t rows_ = 0, nulls_ = 0;
  uint64_t validity_[kVectorRows / 64] = {};
};

}  // namespace varve::columnar
