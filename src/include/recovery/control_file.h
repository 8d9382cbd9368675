// The control file: where recovery begins. Two copies, written in turn, so that a torn write spoils one at
// most.
//
//   file "control", copy n at offset n * 4096, each within one 512-byte sector:
//   0       8         12        16         24          32      36     40        48          56       64
//   +-------+---------+---------+----------+-----------+-------+------+---------+-----------+--------+--------+
//   | magic | version | crc32c  | sequence | system id | state | zero | redo R  | checkpoint| n. xid | segm.
//   |
//   +-------+---------+---------+----------+-----------+-------+------+---------+-----------+--------+--------+
// The valid copy with the higher sequence counts. crc32c covers the whole with the crc itself taken as zero.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/status.h"
#include "common/strong_id.h"

namespace varve::port {
class Vfs;
}

namespace varve::recovery {

inline constexpr uint32_t kFormatVersion = 1;

enum class ControlState : uint32_t {
  kInUse = 1,  // a server runs, or it stopped without a last checkpoint
  kClean = 2,  // the checkpoint is the log's last record: nothing to redo
};

struct ControlData {
  uint64_t sequence = 0;
  uint64_t system_id = 0;
  ControlState state = ControlState::kInUse;
  Lsn redo;        // redo point of the last checkpoint
  Lsn checkpoint;  // start of its record
  Xid next_xid;    // as of the checkpoint
  uint64_t segment_bytes = 0;
};

class ControlFile {
 public:
  ControlFile(port::Vfs& vfs, std::string_view path) : vfs_(vfs), path_(path) {}

  // kNotFound: no database here. kCorruption: both copies damaged. kInvalid: another format version.
  Result<ControlData> read() const;
  // The first time: the file appears whole or not at all.
  Status create(ControlData data);
  // Durable on return. Overwrites the older copy; `data.sequence` is set here.
  Status write(ControlData data);

 private:
  port::Vfs& vfs_;
  std::string path_;
};

}  // namespace varve::recovery
