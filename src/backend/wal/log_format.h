// How records are checked and where segments lie; shared by the writer and the reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/strong_id.h"
#include "wal/log_record.h"

namespace varve::wal {

// What crc32c starts from: the start position and the system's id, folded to 32 bits.
uint32_t record_seed(Lsn start, uint64_t system_id);
// Is this a whole record that belongs at `start`? `bytes` is exactly header.length long.
bool record_valid(Bytes bytes, Lsn start, uint64_t system_id);
// Could `length` be a record's length word?
inline bool length_plausible(uint32_t length) {
  return length >= sizeof(RecordHeader) && length <= kMaxRecordBytes && length % 8 == 0;
}

std::string segment_path(std::string_view directory, uint64_t number);
// False if `name` is not a segment's name.
bool parse_segment_name(std::string_view name, uint64_t* number);

}  // namespace varve::wal
