#include <algorithm>
#include <fmt/format.h>
#include <queue>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "checkpoint_drops.h"
#include "common/bytes.h"
#include "recovery/recovery.h"
#include "redo_pass.h"
#include "txn/undo.h"

namespace varve::recovery {
namespace {

class Recovery {
 public:
  Recovery(port::Vfs& vfs, const wal::LogOptions& log_options, wal::LogManager& log, buffer::BufferPool& pool,
           const ControlData& control)
      : log_(log),
        pool_(pool),
        control_(control),
        reader_(make_log_reader(vfs, log_options, control.checkpoint)) {}

  Status read_checkpoint();
  Status redo(unsigned threads);
  Status roll_back();
  Status free_dropped();

  RecoveryResult result;

 private:
  // A committed transaction that dropped segments: its last record before the commit, and which they were.
  struct Dropper {
    Lsn last;
    std::unordered_set<uint64_t> segments;
  };
  void analyse(const wal::LogReader::Record& record);
  Result<wal::LogReader::Record> record_at(Lsn start);
  Status undo(Xid xid, const wal::LogReader::Record& record);
  void finish_loser(Xid xid, Lsn last);

  wal::LogManager& log_;
  buffer::BufferPool& pool_;
  const ControlData& control_;
  std::unique_ptr<wal::LogReader> reader_;
  CheckpointRecord checkpoint_;
  Lsn from_;
  uint64_t max_xid_ = 0;
  std::unordered_map<uint64_t, Lsn> running_;  // xid -> start of its last record
  std::vector<Dropper> droppers_;
  std::vector<txn::PendingDrop> pending_drops_;  // the checkpoint's
};

Status Recovery::read_checkpoint() {
  auto record = record_at(control_.checkpoint);
  if (!record.ok() || record->header.kind != wal::RecordKind::kCheckpoint)
    return Status::corruption("could not locate a valid checkpoint record");
  VARVE_ASSIGN_OR_RETURN(checkpoint_, decode_checkpoint(record->body()));
  VARVE_ASSIGN_OR_RETURN(pending_drops_, decode_drops(record->body()));
  from_ = checkpoint_.redo;
  max_xid_ = std::max(checkpoint_.next_xid.value(), control_.next_xid.value());
  max_xid_ -= max_xid_ > 0 ? 1 : 0;
  for (const auto& w : checkpoint_.writers) {
    max_xid_ = std::max(max_xid_, w.xid.value());
    if (w.last_lsn == kInvalidLsn) continue;  // nothing logged before R: what it did follows
    running_[w.xid.value()] = w.last_lsn;
    // Its end, if it has ended, lies behind its last record.
    from_ = std::min(from_, w.last_lsn);
  }
  return {};
}

void Recovery::analyse(const wal::LogReader::Record& record) {
  uint64_t xid = record.header.xid;
  if (xid == 0) return;
  max_xid_ = std::max(max_xid_, xid);
  switch (record.header.kind) {
    case wal::RecordKind::kPages:
      running_[xid] = record.start;
      break;
    case wal::RecordKind::kCommit: {
      wal::Bytes body = record.body();
      Dropper dropper{Lsn{record.header.prev_lsn}, {}};
      for (size_t at = 0; at + sizeof(uint64_t) <= body.size(); at += sizeof(uint64_t))
        dropper.segments.insert(load_raw<uint64_t>(body.data() + at));
      if (!dropper.segments.empty()) droppers_.push_back(std::move(dropper));
      running_.erase(xid);
      break;
    }
    case wal::RecordKind::kAbort:
      running_.erase(xid);
      break;
    case wal::RecordKind::kCheckpoint:
    case wal::RecordKind::kNoop:
      break;
  }
}

Status Recovery::redo(unsigned threads) {
  RedoPass pass(pool_, threads);
  reader_->seek(from_);
  for (;;) {
    auto record = reader_->next();
    if (!record.ok()) {
      if (record.status().code() != StatusCode::kNotFound) return record.status();
      break;
    }
    ++result.records;
    analyse(*record);
    if (record->start >= checkpoint_.redo) VARVE_RETURN_IF_ERROR(pass.redo(*record));
  }
  VARVE_RETURN_IF_ERROR(pass.finish());
  result.redone = pass.redone();
  result.next_xid = Xid{max_xid_ + 1};
  return {};
}

Result<wal::LogReader::Record> Recovery::record_at(Lsn start) {
  reader_->seek(start);
  auto record = reader_->next();
  if (!record.ok() && record.status().code() == StatusCode::kNotFound)
    return Status::corruption(fmt::format("no valid log record at {}", start.value()));
  return record;
}

Status Recovery::roll_back() {
  // Newest change first over all losers: pages see the changes undone in the reverse order they were made.
  std::priority_queue<std::pair<uint64_t, uint64_t>> next;  // start of the record, xid
  std::unordered_map<uint64_t, Lsn> last = running_;
  for (const auto& [xid, lsn] : running_) next.emplace(lsn.value(), xid);
  result.losers = running_.size();
  while (!next.empty()) {
    auto [start, xid] = next.top();
    next.pop();
    VARVE_ASSIGN_OR_RETURN(wal::LogReader::Record record, record_at(Lsn{start}));
    if (record.header.xid != xid)
      return Status::corruption(fmt::format("broken record chain of xid {}", xid));
    uint64_t previous = record.header.prev_lsn;
    if ((record.header.flags & wal::kFlagCompensation) == 0 && record.header.undo_length > 0) {
      // The undo function may append, which leaves the reader's buffer alone.
      wal::Bytes undo = record.undo();
      if (undo.size() < sizeof(txn::UndoHeader))
        return Status::corruption("undo of a log record is too short");
      txn::UndoView view{Xid{}, txn::kNoUndo, txn::kNoUndo, undo};
      txn::UndoContext context{pool_, Xid{xid}, Lsn{previous}, last[xid]};
      if (txn::UndoFunction function = txn::undo_function(view.header().kind)) {
        VARVE_RETURN_IF_ERROR(function(context, view));
        last[xid] = context.last_lsn;
        ++result.undone;
      } else if (view.header().kind != txn::UndoKind::kIndexGone &&
                 view.header().kind != txn::UndoKind::kSegmentDrop) {
        return Status::corruption(
            fmt::format("unknown undo kind {} in the log", static_cast<unsigned>(view.header().kind)));
      }
    }
    if (previous != 0)
      next.emplace(previous, xid);
    else
      finish_loser(Xid{xid}, last[xid]);
  }
  return {};
}

void Recovery::finish_loser(Xid xid, Lsn last) {
  wal::RecordParts parts;
  parts.kind = wal::RecordKind::kAbort;
  parts.xid = xid;
  parts.prev_lsn = last;
  log_.append(parts);
}

Status Recovery::free_dropped() {
  txn::PurgeFunction purge = txn::purge_function(txn::UndoKind::kSegmentDrop);
  txn::PurgeContext context{pool_, result.next_xid};
  for (const txn::PendingDrop& drop : pending_drops_) {
    if (purge == nullptr) return Status::corruption("the log drops segments, but nobody knows how");
    if (running_.contains(drop.xid.value())) continue;  // it never committed
    txn::UndoView view{Xid{}, txn::kNoUndo, txn::kNoUndo, drop.undo};
    VARVE_RETURN_IF_ERROR(purge(context, view));
    ++result.segments_freed;
  }
  for (const Dropper& dropper : droppers_) {
    if (purge == nullptr) return Status::corruption("the log drops segments, but nobody knows how");
    for (Lsn at = dropper.last; at != kInvalidLsn;) {
      VARVE_ASSIGN_OR_RETURN(wal::LogReader::Record record, record_at(at));
      at = Lsn{record.header.prev_lsn};
      wal::Bytes undo = record.undo();
      if (undo.size() < sizeof(txn::UndoHeader)) continue;
      txn::UndoView view{Xid{}, txn::kNoUndo, txn::kNoUndo, undo};
      // A drop that was rolled back to a savepoint is in the chain, but not in the commit record.
      if (view.header().kind != txn::UndoKind::kSegmentDrop ||
          !dropper.segments.contains(view.header().object))
        continue;
      VARVE_RETURN_IF_ERROR(purge(context, view));
      ++result.segments_freed;
    }
  }
  return {};
}

}  // namespace

Result<RecoveryResult> recover(port::Vfs& vfs, const wal::LogOptions& log_options, wal::LogManager& log,
                               buffer::BufferPool& pool, const ControlData& control,
                               const RecoveryOptions& options) {
  unsigned threads = options.threads;
  if (threads == 0) threads = std::clamp(std::thread::hardware_concurrency(), 1U, 16U);
  Recovery recovery(vfs, log_options, log, pool, control);
  VARVE_RETURN_IF_ERROR(recovery.read_checkpoint());
  VARVE_RETURN_IF_ERROR(recovery.redo(threads));
  VARVE_RETURN_IF_ERROR(recovery.roll_back());
  VARVE_RETURN_IF_ERROR(recovery.free_dropped());
  return recovery.result;
}

}  // namespace varve::recovery
