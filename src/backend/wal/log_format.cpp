#include "log_format.h"

#include <charconv>
#include <fmt/format.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/hash.h"
#include "wal/log_manager.h"

namespace varve::wal {

uint32_t record_seed(Lsn start, uint64_t system_id) {
  return static_cast<uint32_t>(hash_combine(system_id, start.value()));
}

bool record_valid(Bytes bytes, Lsn start, uint64_t system_id) {
  auto header = load_raw<RecordHeader>(bytes.data());
  if (header.crc32c != crc32c(record_seed(start, system_id), bytes.data() + 8, bytes.size() - 8))
    return false;
  // The checksum makes nonsense here all but impossible; the walk costs little and keeps readers in bounds.
  size_t at = sizeof(RecordHeader);
  for (uint16_t i = 0; i < header.block_count; ++i) {
    if (at + sizeof(BlockHeader) > bytes.size()) return false;
    at += sizeof(BlockHeader) + load_raw<BlockHeader>(bytes.data() + at).length;
  }
  return at + header.undo_length <= bytes.size();
}

std::string segment_path(std::string_view directory, uint64_t number) {
  return fmt::format("{}/{:016x}", directory, number);
}

bool parse_segment_name(std::string_view name, uint64_t* number) {
  if (name.size() != 16) return false;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), *number, 16);
  return error == std::errc() && end == name.data() + name.size();
}

Bytes LogReader::Record::undo() const {
  size_t at = sizeof(RecordHeader);
  for (uint16_t i = 0; i < header.block_count; ++i)
    at += sizeof(BlockHeader) + load_raw<BlockHeader>(bytes.data() + at).length;
  return bytes.subspan(at, header.undo_length);
}

Bytes LogReader::Record::body() const {
  Bytes u = undo();
  return bytes.subspan(static_cast<size_t>(u.data() + u.size() - bytes.data()));
}

}  // namespace varve::wal
