// Writes a short log, damages its file as the input says, and reads it back. Whatever the damage, the reader
// must return records that were written, in their order, and then the end of the log: never a changed record,
// never a crash. Input: (u16 offset, u8 value)*: bytes of the file that change.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/bytes.h"
#include "common/check.h"
#include "common/sql_error.h"
#include "port/sim_vfs.h"
#include "wal/log_manager.h"

namespace varve::wal {
namespace {

constexpr uint64_t kRecords = 24;
constexpr size_t kPatchBytes = 3;

LogOptions options() {
  LogOptions o;
  o.directory = "wal";
  o.segment_bytes = 16 << 10;
  o.ring_bytes = 8 << 10;
  o.background = false;
  o.on_failure = [](const Status&) {};
  o.system_id = 77;
  return o;
}

std::vector<uint8_t> payload_of(uint64_t number) {
  std::vector<uint8_t> bytes(1 + number * 37 % 400);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(number * 31 + i);
  return bytes;
}

void write_log(port::Vfs& vfs) {
  auto opened = std::move(open_log(vfs, options(), Lsn{})).value();
  for (uint64_t number = 1; number <= kRecords; ++number) {
    std::vector<uint8_t> payload = payload_of(number);
    BlockPart blocks[2] = {{PageId{number}, 0x11, 0, payload}, {PageId{number + 1}, 0x12, 0, payload}};
    RecordParts parts;
    parts.xid = Xid{number};
    parts.blocks = std::span(blocks).first(1 + number % 2);
    parts.undo = payload;
    opened.log->append(parts);
  }
  check_ok(opened.log->flush(opened.log->reserved_lsn()));
}

void damage(port::Vfs& vfs, const uint8_t* data, size_t size) {
  auto names = std::move(vfs.list("wal")).value();
  auto file = std::move(vfs.open("wal/" + names.front(), port::OpenMode::kExisting)).value();
  for (; size >= kPatchBytes; data += kPatchBytes, size -= kPatchBytes) {
    uint64_t offset = load_raw<uint16_t>(data) % options().segment_bytes;
    check_ok(file->pwrite(data + 2, 1, offset));
  }
}

void read_back(port::Vfs& vfs) {
  auto reader = make_log_reader(vfs, options(), Lsn{64});
  for (uint64_t expected = 1;; ++expected) {
    auto record = reader->next();
    if (!record.ok()) return;
    VARVE_CHECK(record->header.xid == expected && expected <= kRecords);
    std::vector<uint8_t> payload = payload_of(expected);
    auto same = [&](Bytes bytes) {
      return std::equal(bytes.begin(), bytes.end(), payload.begin(), payload.end());
    };
    size_t blocks = 0;
    record->for_each_block([&](const BlockHeader& block, Bytes bytes) {
      VARVE_CHECK(block.page == expected + blocks && same(bytes));
      ++blocks;
    });
    VARVE_CHECK(blocks == 1 + expected % 2 && same(record->undo()));
  }
}

}  // namespace
}  // namespace varve::wal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  varve::port::SimVfs vfs(1);
  varve::wal::write_log(vfs);
  varve::wal::damage(vfs, data, size);
  varve::wal::read_back(vfs);
  return 0;
}
