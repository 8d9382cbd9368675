// Reads all that there is in a segment, and mends checksums so that damage gets past them: for the damage
// tests and the fuzzer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "columnar/segment_reader.h"
#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/hash.h"
#include "types/numeric.h"
#include "types/string_ref.h"

namespace varve::columnar::reading {

inline uint64_t hash_value(ValueType type, const uint8_t* p, uint64_t seed) {
  if (type == ValueType::kBytes) {
    auto s = load_raw<types::StringRef>(p);
    return hash_bytes(s.view(), seed);
  }
  if (type == ValueType::kNumeric) {
    std::string row;
    types::append_numeric_row(row, load_raw<types::Numeric>(p));
    return hash_bytes(row, seed);
  }
  return hash_bytes(p, value_width(type), seed);
}

inline types::Value some_constant(ValueType type) {
  using types::Value;
  switch (type) {
    case ValueType::kFloat32:
      return Value::of_float32(1.5F);
    case ValueType::kFloat64:
      return Value::of_float64(1.5);
    case ValueType::kNumeric:
      return Value::of_numeric(types::Numeric(150));
    case ValueType::kUuid:
      return Value::of_uuid({});
    case ValueType::kBytes:
      return Value::of_string(std::string_view("host_20"));
    default:
      return Value::of_int64(17);
  }
}

inline Status read_vector(const ColumnReader& column, uint32_t v, VectorReader& reader, uint64_t* digest) {
  VARVE_RETURN_IF_ERROR(reader.open(column, v));
  size_t width = value_width(column.type());
  Arena arena;
  std::vector<uint8_t> out(kVectorRows * width);
  uint64_t validity[kVectorRows / 64], bitmap[kVectorRows / 64];
  reader.validity(validity);
  VARVE_RETURN_IF_ERROR(reader.decode(out.data(), arena));
  for (uint32_t i = 0; i < reader.rows(); ++i) {
    bool valid = (validity[i / 64] >> (i % 64) & 1) != 0;
    *digest = valid ? hash_value(column.type(), out.data() + i * width, *digest) : hash_combine(*digest, i);
  }
  std::vector<uint16_t> rows;
  for (uint32_t i = reader.rows() / 3; i < reader.rows(); i += 1 + i / 7)
    rows.push_back(static_cast<uint16_t>(i));
  VARVE_RETURN_IF_ERROR(reader.decode(rows, out.data(), arena));
  types::Value constant = some_constant(column.type());
  if (column.type() == ValueType::kFixed16) return {};
  for (int op = 0; op < 6; ++op) {
    VARVE_RETURN_IF_ERROR(reader.filter(static_cast<Comparison>(op), constant, bitmap));
    *digest = hash_bytes(
        bitmap, sizeof(bitmap),
        *digest + static_cast<uint64_t>(column.zone(v).check(static_cast<Comparison>(op), constant)));
  }
  return {};
}

// Every value, filter and zone map; `digest` tells whether two readings were alike.
inline Status read_all(ByteSpan bytes, uint64_t* digest) {
  *digest = 0;
  VARVE_ASSIGN_OR_RETURN(Segment segment, Segment::open(bytes));
  VectorReader reader;
  for (uint32_t c = 0; c < segment.columns().size(); ++c) {
    VARVE_ASSIGN_OR_RETURN(ColumnReader column, ColumnReader::open(segment, c, bytes));
    *digest = hash_combine(*digest, segment.columns()[c].id);
    for (uint32_t v = 0; v < column.vectors(); ++v)
      VARVE_RETURN_IF_ERROR(read_vector(column, v, reader, digest));
  }
  return {};
}

inline void mend_chunk(uint8_t* chunk, size_t size, ColumnEntry& entry) {
  if (size < sizeof(ChunkHeader)) return;
  auto header = load_raw<ChunkHeader>(chunk);
  auto inside = [&](uint64_t offset, uint64_t n) { return offset <= size && n <= size - offset; };
  if (inside(header.shared_offset, header.shared_bytes)) {
    header.shared_crc = crc32c(0, chunk + header.shared_offset, header.shared_bytes);
    store_raw(chunk, header);
  }
  size_t head = sizeof(header) + std::min<uint64_t>(header.vectors, kMaxSegmentRows) * sizeof(VectorEntry);
  if (head > size) return;
  for (size_t at = sizeof(header); at < head; at += sizeof(VectorEntry)) {
    auto vector = load_raw<VectorEntry>(chunk + at);
    if (inside(vector.offset, vector.bytes)) vector.crc = crc32c(0, chunk + vector.offset, vector.bytes);
    store_raw(chunk + at, vector);
  }
  entry.head_crc = crc32c(0, chunk, head);
}

// Makes every checksum right for the bytes as they are, as far as the places named in them lie inside.
inline void mend_checksums(uint8_t* bytes, size_t size) {
  if (size < sizeof(SegmentHeader)) return;
  auto header = load_raw<SegmentHeader>(bytes);
  size_t columns = std::min<size_t>(header.columns, (size - sizeof(header)) / sizeof(ColumnEntry));
  for (size_t c = 0; c < columns; ++c) {
    uint8_t* at = bytes + sizeof(header) + c * sizeof(ColumnEntry);
    auto entry = load_raw<ColumnEntry>(at);
    if (entry.offset <= size && entry.bytes <= size - entry.offset)
      mend_chunk(bytes + entry.offset, entry.bytes, entry);
    store_raw(at, entry);
  }
  size_t head = sizeof(header) + columns * sizeof(ColumnEntry);
  head = std::min(size, (head + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment);
  header.directory_crc = crc32c(0, bytes + sizeof(header), head - sizeof(header));
  header.crc = crc32c(0, &header, offsetof(SegmentHeader, crc));
  store_raw(bytes, header);
}

}  // namespace varve::columnar::reading
