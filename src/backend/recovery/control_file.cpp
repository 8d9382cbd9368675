#include "recovery/control_file.h"

#include <cstring>
#include <fmt/format.h>
#include <optional>

#include "common/crc32c.h"
#include "port/vfs.h"

namespace varve::recovery {
namespace {

constexpr uint64_t kMagic = 0x6C74436576726156ULL;  // "VarveCtl"
constexpr uint64_t kCopyBytes = 4096;

struct StoredControl {
  uint64_t magic;
  uint32_t version;
  uint32_t crc32c;
  uint64_t sequence;
  uint64_t system_id;
  uint32_t state;
  uint32_t zero;
  uint64_t redo;
  uint64_t checkpoint;
  uint64_t next_xid;
  uint64_t segment_bytes;
};
static_assert(sizeof(StoredControl) == 72);

uint32_t checksum(StoredControl stored) {
  stored.crc32c = 0;
  return crc32c(0, &stored, sizeof(stored));
}

StoredControl to_stored(const ControlData& data) {
  StoredControl stored{kMagic,
                       kFormatVersion,
                       0,
                       data.sequence,
                       data.system_id,
                       static_cast<uint32_t>(data.state),
                       0,
                       data.redo.value(),
                       data.checkpoint.value(),
                       data.next_xid.value(),
                       data.segment_bytes};
  stored.crc32c = checksum(stored);
  return stored;
}

}  // namespace

Result<ControlData> ControlFile::read() const {
  VARVE_ASSIGN_OR_RETURN(auto file, vfs_.open(path_, port::OpenMode::kExisting));
  std::optional<StoredControl> best;
  bool other_version = false;
  for (uint64_t copy = 0; copy < 2; ++copy) {
    StoredControl stored{};
    VARVE_ASSIGN_OR_RETURN(size_t got, file->pread(&stored, sizeof(stored), copy * kCopyBytes));
    if (got < sizeof(stored) || stored.magic != kMagic) continue;
    if (stored.version != kFormatVersion) {
      other_version = true;
      continue;
    }
    if (stored.crc32c != checksum(stored)) continue;
    if (!best || stored.sequence > best->sequence) best = stored;
  }
  if (!best) {
    if (other_version) return Status::invalid(fmt::format("\"{}\" has another format version", path_));
    return Status::corruption(fmt::format("\"{}\" is damaged", path_));
  }
  ControlData data;
  data.sequence = best->sequence;
  data.system_id = best->system_id;
  data.state = static_cast<ControlState>(best->state);
  data.redo = Lsn{best->redo};
  data.checkpoint = Lsn{best->checkpoint};
  data.next_xid = Xid{best->next_xid};
  data.segment_bytes = best->segment_bytes;
  return data;
}

Status ControlFile::create(ControlData data) {
  data.sequence = 2;
  std::string content(2 * kCopyBytes, '\0');
  for (uint64_t copy = 0; copy < 2; ++copy) {
    StoredControl stored = to_stored(data);
    std::memcpy(content.data() + copy * kCopyBytes, &stored, sizeof(stored));
    ++data.sequence;
  }
  return port::replace_file(vfs_, path_, content);
}

Status ControlFile::write(ControlData data) {
  VARVE_ASSIGN_OR_RETURN(ControlData now, read());
  data.sequence = now.sequence + 1;
  VARVE_ASSIGN_OR_RETURN(auto file, vfs_.open(path_, port::OpenMode::kExisting));
  StoredControl stored = to_stored(data);
  VARVE_RETURN_IF_ERROR(file->pwrite(&stored, sizeof(stored), data.sequence % 2 * kCopyBytes));
  return file->sync();
}

}  // namespace varve::recovery
