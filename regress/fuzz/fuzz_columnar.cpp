// Column segments of any bytes whose checksums are right, so that it is the codecs' checks that must hold.
//
// Input: byte 0 = 0: the rest is a segment. Else it is the type of one column; then u16 rows, u16 NULLs, u16
// size of a shared block, the block, and what stands behind the vector header: a segment is made around them.
#include <cstdint>
#include <cstring>
#include <vector>

#include "test_reading.h"

namespace varve::columnar {
namespace {

size_t padded(size_t n) { return (n + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment; }

// A segment of one vector.
std::vector<uint8_t> wrap(uint8_t type, uint16_t rows, uint16_t nulls, ByteSpan shared, ByteSpan body) {
  constexpr size_t kHead = 192, kChunkHead = sizeof(ChunkHeader) + sizeof(VectorEntry);
  size_t validity = nulls > 0 && nulls < rows ? (rows + 63u) / 64 * 8 : 0;
  size_t block = padded(sizeof(VectorHeader) + body.size());
  std::vector<uint8_t> out(kHead + kChunkHead + padded(shared.size()) + block);
  SegmentHeader header{};
  std::memcpy(header.magic, kSegmentMagic, sizeof(header.magic));
  header.version = kFormatVersion;
  header.rows = rows;
  header.columns = header.vectors = 1;
  header.bytes = out.size();
  store_raw(out.data(), header);
  ColumnEntry column{};
  column.offset = kHead;
  column.bytes = out.size() - kHead;
  column.type = type;
  column.nulls = nulls;
  store_raw(out.data() + sizeof(header), column);
  uint8_t* chunk = out.data() + kHead;
  ChunkHeader chunk_header{};
  chunk_header.vectors = 1;
  if (!shared.empty()) {
    chunk_header.shared_offset = kChunkHead;
    chunk_header.shared_bytes = padded(shared.size());
    std::memcpy(chunk + kChunkHead, shared.data(), shared.size());
  }
  store_raw(chunk, chunk_header);
  VectorEntry entry{};
  entry.offset = kChunkHead + padded(shared.size());
  entry.bytes = static_cast<uint32_t>(block);
  entry.rows = rows;
  entry.nulls = nulls;
  store_raw(chunk + sizeof(chunk_header), entry);
  VectorHeader vector{};
  vector.rows = rows;
  vector.nulls = nulls;
  if (body.size() >= validity + sizeof(StreamHeader)) {
    vector.codec = body[validity];
    vector.codec_version = body[validity + 1];
    vector.stream_bytes = load_raw<StreamHeader>(body.data() + validity).bytes;
  }
  store_raw(chunk + entry.offset, vector);
  if (!body.empty()) std::memcpy(chunk + entry.offset + sizeof(vector), body.data(), body.size());
  return out;
}

std::vector<uint8_t> segment_of(ByteSpan input) {
  if (input[0] == 0 || input.size() < 7) return {input.begin() + 1, input.end()};
  auto type = static_cast<uint8_t>(input[0] % 12 + 1);
  uint32_t rows = load_raw<uint16_t>(input.data() + 1) % kVectorRows + 1,
           nulls = load_raw<uint16_t>(input.data() + 3);
  size_t shared = std::min<size_t>(load_raw<uint16_t>(input.data() + 5), input.size() - 7);
  return wrap(type, static_cast<uint16_t>(rows), static_cast<uint16_t>(nulls % (rows + 1)),
              input.subspan(7, shared), input.subspan(7 + shared));
}

}  // namespace
}  // namespace varve::columnar

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace varve::columnar;
  if (size == 0) return 0;
  std::vector<uint8_t> segment = segment_of({data, size});
  reading::mend_checksums(segment.data(), segment.size());
  uint64_t digest = 0;
  (void)reading::read_all(segment, &digest).ok();
  return 0;
}
