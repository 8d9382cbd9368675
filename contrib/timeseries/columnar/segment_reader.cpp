#include "columnar/segment_reader.h"

#include <cstddef>
#include <cstring>

#include "bytes_codec.h"
#include "common/check.h"
#include "common/crc32c.h"
#include "stream.h"

namespace varve::columnar {
namespace {

// A header that is whole and ours.
Status check_header(const SegmentHeader& header) {
  if (std::memcmp(header.magic, kSegmentMagic, sizeof(header.magic)) != 0) return damaged("not a segment");
  if (header.crc != crc32c(0, &header, offsetof(SegmentHeader, crc)))
    return damaged("checksum of the header");
  if (header.version != kFormatVersion) return Status::invalid("column segment of an unknown version");
  bool sane = header.rows >= 1 && header.rows <= kMaxSegmentRows && header.columns >= 1 &&
              header.columns <= kMaxColumns &&
              header.vectors == (header.rows + kVectorRows - 1) / kVectorRows &&
              header.bytes % kBlockAlignment == 0;
  return sane ? Status() : damaged("header");
}

size_t head_size(const SegmentHeader& header) {
  return round_up(sizeof(SegmentHeader) + header.columns * sizeof(ColumnEntry), kBlockAlignment);
}

// Flags and lengths as the type has them.
bool are_bounds(ValueType type, const DiskBounds& b) {
  if (b.min_bytes > sizeof(b.min) || b.max_bytes > sizeof(b.max)) return false;
  if ((b.flags & DiskBounds::kPresent) == 0) return b.flags == 0;
  if (b.flags > (DiskBounds::kPresent | DiskBounds::kMinTruncated | DiskBounds::kMaxTruncated)) return false;
  if (type == ValueType::kFixed16) return false;
  return type >= ValueType::kNumeric || (b.min_bytes == 8 && b.max_bytes == 8);
}

ZoneMap make_zone(ValueType type, uint32_t rows, uint32_t nulls, const DiskBounds& bounds) {
  return ZoneMap{type, rows, nulls, bounds};
}

}  // namespace

Result<size_t> Segment::head_bytes(ByteSpan header_bytes) {
  if (header_bytes.size() < sizeof(SegmentHeader)) return damaged("truncated header");
  auto header = load_raw<SegmentHeader>(header_bytes.data());
  VARVE_RETURN_IF_ERROR(check_header(header));
  return head_size(header);
}

Result<Segment> Segment::open(ByteSpan head) {
  VARVE_ASSIGN_OR_RETURN(size_t size, head_bytes(head));
  auto header = load_raw<SegmentHeader>(head.data());
  if (head.size() < size || header.bytes < size) return damaged("truncated head");
  if (crc32c(0, head.data() + sizeof(header), size - sizeof(header)) != header.directory_crc) {
    return damaged("checksum of the column entries");
  }
  Segment segment;
  segment.rows_ = header.rows;
  segment.bytes_ = header.bytes;
  uint64_t at = size;
  for (uint32_t c = 0; c < header.columns; ++c) {
    auto entry = load_raw<ColumnEntry>(head.data() + sizeof(header) + c * sizeof(ColumnEntry));
    auto type = static_cast<ValueType>(entry.type);
    if (!is_value_type(entry.type) || !are_bounds(type, entry.bounds) || entry.nulls > header.rows ||
        entry.offset != at || entry.bytes % kBlockAlignment != 0 || entry.bytes > header.bytes - at) {
      return damaged("column entry");
    }
    segment.columns_.push_back({entry.id, entry.offset, entry.bytes, entry.head_crc,
                                make_zone(type, header.rows, entry.nulls, entry.bounds)});
    at += entry.bytes;
  }
  if (at != header.bytes) return damaged("size of the segment");
  return segment;
}

uint32_t Segment::vector_rows(uint32_t vector) const {
  VARVE_CHECK(vector < vectors());
  return std::min(kVectorRows, rows_ - vector * kVectorRows);
}

ColumnReader::ColumnReader() : shared_(std::make_unique<SharedStrings>()) {}
ColumnReader::~ColumnReader() = default;
ColumnReader::ColumnReader(ColumnReader&&) noexcept = default;
ColumnReader& ColumnReader::operator=(ColumnReader&&) noexcept = default;

Result<ColumnReader> ColumnReader::open(const Segment& segment, uint32_t column, ByteSpan segment_bytes) {
  if (column >= segment.columns().size()) return Status::invalid("no such column in the segment");
  const ColumnInfo& info = segment.columns()[column];
  if (segment_bytes.size() != segment.bytes()) return damaged("size of the segment");
  return open(segment, info, segment_bytes.subspan(info.offset, info.bytes));
}

Result<ColumnReader> ColumnReader::open(const Segment& segment, const ColumnInfo& info, ByteSpan chunk) {
  size_t head = sizeof(ChunkHeader) + segment.vectors() * sizeof(VectorEntry);
  if (chunk.size() != info.bytes || chunk.size() < head) return damaged("truncated chunk");
  if (crc32c(0, chunk.data(), head) != info.head_crc) return damaged("checksum of a chunk's head");
  auto header = load_raw<ChunkHeader>(chunk.data());
  ColumnReader column;
  column.chunk_ = chunk;
  column.type_ = info.zone.type;
  uint64_t at = head, nulls = 0;
  if (header.vectors != segment.vectors()) return damaged("chunk header");
  if (header.shared_offset != 0) {
    if (header.shared_offset != at || header.shared_bytes % kBlockAlignment != 0 ||
        header.shared_bytes > chunk.size() - at) {
      return damaged("chunk header");
    }
    ByteSpan shared = chunk.subspan(at, header.shared_bytes);
    if (crc32c(0, shared.data(), shared.size()) != header.shared_crc)
      return damaged("checksum of a shared block");
    VARVE_RETURN_IF_ERROR(SharedStrings::parse(shared, column.shared_.get()));
    at += header.shared_bytes;
  }
  for (uint32_t v = 0; v < segment.vectors(); ++v) {
    auto entry = load_raw<VectorEntry>(chunk.data() + sizeof(header) + v * sizeof(VectorEntry));
    if (entry.rows != segment.vector_rows(v) || entry.nulls > entry.rows || entry.offset != at ||
        entry.bytes % kBlockAlignment != 0 || entry.bytes > chunk.size() - at ||
        !are_bounds(column.type_, entry.bounds)) {
      return damaged("vector entry");
    }
    at += entry.bytes;
    nulls += entry.nulls;
    column.entries_.push_back(entry);
  }
  if (at != chunk.size() || nulls != info.zone.nulls) return damaged("chunk");
  column.verified_ = std::make_unique<std::atomic<bool>[]>(column.entries_.size());
  return column;
}

ZoneMap ColumnReader::zone(uint32_t vector) const {
  VARVE_CHECK(vector < entries_.size());
  const VectorEntry& entry = entries_[vector];
  return make_zone(type_, entry.rows, entry.nulls, entry.bounds);
}

}  // namespace varve::columnar
