#include <algorithm>
#include <chrono>

#include "checkpoint_drops.h"
#include "common/bytes.h"
#include "recovery/recovery.h"

namespace varve::recovery {

namespace {
struct StoredHead {
  uint64_t redo, next_xid, count;
};
struct StoredWriter {
  uint64_t xid, first_lsn, last_lsn;
};
}  // namespace

std::vector<uint8_t> encode_checkpoint(const CheckpointRecord& checkpoint) {
  std::vector<uint8_t> body(sizeof(StoredHead) + checkpoint.writers.size() * sizeof(StoredWriter));
  store_raw(body.data(),
            StoredHead{checkpoint.redo.value(), checkpoint.next_xid.value(), checkpoint.writers.size()});
  uint8_t* to = body.data() + sizeof(StoredHead);
  for (const auto& w : checkpoint.writers) {
    store_raw(to, StoredWriter{w.xid.value(), w.first_lsn.value(), w.last_lsn.value()});
    to += sizeof(StoredWriter);
  }
  return body;
}

Result<CheckpointRecord> decode_checkpoint(wal::Bytes body) {
  ByteReader reader(body.data(), body.size());
  auto head = reader.raw<StoredHead>();
  CheckpointRecord checkpoint{Lsn{head.redo}, Xid{head.next_xid}, {}};
  for (uint64_t i = 0; i < head.count && reader.ok(); ++i) {
    auto w = reader.raw<StoredWriter>();
    checkpoint.writers.push_back({Xid{w.xid}, Lsn{w.first_lsn}, Lsn{w.last_lsn}});
  }
  if (!reader.ok()) return Status::corruption("checkpoint record is too short");
  return checkpoint;
}

void append_drops(const std::vector<txn::PendingDrop>& drops, std::vector<uint8_t>* body) {
  auto append = [body](const auto& value) {
    size_t at = body->size();
    body->resize(at + sizeof(value));
    store_raw(body->data() + at, value);
  };
  append(uint64_t{drops.size()});
  for (const txn::PendingDrop& drop : drops) {
    append(drop.xid.value());
    append(static_cast<uint16_t>(drop.undo.size()));
    body->insert(body->end(), drop.undo.begin(), drop.undo.end());
  }
}

Result<std::vector<txn::PendingDrop>> decode_drops(wal::Bytes body) {
  std::vector<txn::PendingDrop> drops;
  ByteReader reader(body.data(), body.size());
  auto head = reader.raw<StoredHead>();
  reader.bytes(head.count * sizeof(StoredWriter));
  if (!reader.ok()) return Status::corruption("checkpoint record is too short");
  if (reader.remaining() == 0) return drops;
  auto count = reader.raw<uint64_t>();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    Xid xid{reader.raw<uint64_t>()};
    auto length = reader.raw<uint16_t>();
    std::string_view undo = reader.bytes(length);
    drops.push_back({xid, {undo.begin(), undo.end()}});
  }
  if (!reader.ok()) return Status::corruption("checkpoint record is too short");
  return drops;
}

Status checkpoint(wal::LogManager& log, buffer::BufferPool& pool, txn::TxnManager* txns, Xid next_xid,
                  ControlFile& control, ControlData* data, const CheckpointOptions& options,
                  bool* sync_failed, CheckpointTimes* times) {
  *sync_failed = false;
  Lsn keep = log.reserved_lsn();
  auto keep_records_of = [&](const std::vector<txn::TxnManager::ActiveWriter>& writers) {
    for (const auto& w : writers) {
      if (w.first_lsn != kInvalidLsn) keep = std::min(keep, w.first_lsn);
    }
  };
  // Also the records of those that finish while the redo point is being found: their commit records lie
  // behind it, and recovery looks from there at what they dropped.
  if (txns != nullptr) keep_records_of(txns->active_writers());

  std::vector<txn::PendingDrop> drops;
  CheckpointRecord record;
  record.redo = log.begin_checkpoint();
  record.next_xid = next_xid;
  if (txns != nullptr) {
    record.writers = txns->active_writers();
    record.next_xid = txns->next_xid();
    keep_records_of(record.writers);
    drops = txn::pending_drops(*txns);
  }
  keep = std::min(keep, record.redo);

  using Clock = std::chrono::steady_clock;
  auto us_since = [](Clock::time_point begin) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
  };
  Clock::time_point begin = Clock::now();
  VARVE_RETURN_IF_ERROR(pool.write_dirty(options.spread_us));
  if (times != nullptr) times->write_us = us_since(begin);
  begin = Clock::now();
  if (Status status = pool.sync(); !status.ok()) {
    *sync_failed = true;
    return status;
  }
  if (times != nullptr) times->sync_us = us_since(begin);

  std::vector<uint8_t> body = encode_checkpoint(record);
  append_drops(drops, &body);
  if (body.size() > wal::kMaxRecordBytes / 2)
    return Status::invalid("too many writers for a checkpoint record");
  wal::RecordParts parts;
  parts.kind = wal::RecordKind::kCheckpoint;
  parts.body = body;
  Lsn start;
  VARVE_RETURN_IF_ERROR(log.flush(log.append(parts, &start)));

  data->state = options.state;
  data->redo = record.redo;
  data->checkpoint = start;
  data->next_xid = record.next_xid;
  VARVE_RETURN_IF_ERROR(control.write(*data));
  return log.release_before(keep);
}

}  // namespace varve::recovery
