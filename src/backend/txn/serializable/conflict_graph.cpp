#include "conflict_graph.h"

#include <algorithm>
#include <fmt/format.h>

#include "common/check.h"

namespace varve::txn {

namespace {

constexpr sync::WaitEvent kWaitSafeSnapshot{sync::WaitClass::kIpc, "SafeSnapshot"};

Status failure(std::string reason) {
  return {StatusCode::kSerialization, "Reason code: " + std::move(reason)};
}

bool has(const std::vector<Sxact*>& list, const Sxact* txn) {
  return std::find(list.begin(), list.end(), txn) != list.end();
}

void drop(std::vector<Sxact*>& list, const Sxact* txn) {
  auto it = std::find(list.begin(), list.end(), txn);
  if (it == list.end()) return;
  *it = list.back();
  list.pop_back();
}

}  // namespace

ConflictGraph::~ConflictGraph() {
  for (Sxact* txn : active_) delete txn;
  for (Sxact* txn : finished_) delete txn;
}

bool ConflictGraph::begin(Sxact& fresh, bool read_only, SnapshotTaker& taker) {
  std::lock_guard guard(mutex_);
  fresh.snapshot_csn = taker.take();
  fresh.last_before_snapshot = last_sequence_;
  fresh.declared_read_only = fresh.read_only = read_only;
  if (read_only) {
    // It can only be T0, and that needs a pivot that overlaps with it and with a T2 that committed before it
    // began: a transaction that begins later overlaps with no such T2.
    for (Sxact* other : active_) {
      if (other->declared_read_only || other->doomed) continue;
      other->possible_unsafe.push_back(&fresh);
      fresh.possible_unsafe.push_back(other);
    }
    if (fresh.possible_unsafe.empty()) return false;
  } else {
    ++writable_;
  }
  fresh.active_place = active_.size();
  active_.push_back(&fresh);
  snapshots_.insert(fresh.snapshot_csn);
  return true;
}

Status ConflictGraph::wait_until_decided(Sxact& reader, sync::CancelToken* cancel, bool* safe) {
  std::unique_lock lock(mutex_);
  reader.waiting = true;
  while (!reader.ro_safe && !reader.ro_unsafe) {
    VARVE_RETURN_IF_ERROR(deciding_.wait(lock, kWaitSafeSnapshot, cancel));
    lock.lock();
  }
  reader.waiting = false;
  *safe = reader.ro_safe;
  return {};
}

void ConflictGraph::assign_xid(Sxact& txn, uint64_t xid) {
  std::lock_guard guard(mutex_);
  if (txn.ro_safe) return;
  txn.xid = xid;
  by_xid_.emplace(xid, &txn);
}

// --- dependencies ---

// A rw-dependency from `reader` to `writer`, one of whom is `me`, will be there.
Status ConflictGraph::check(const Sxact& reader, Sxact& writer, Sxact& me) {
  if (!makes_writer_pivot(reader, writer) && !makes_reader_pivot(reader, writer)) return {};
  if (&me == &writer) return failure("Canceled on identification as a pivot, during write.");
  if (writer.prepared) {
    VARVE_CHECK(&me == &reader);
    return failure(fmt::format("Canceled on conflict out to pivot {}, during read.", writer.xid));
  }
  writer.doomed = true;
  return {};
}

// reader -> writer -> T2, and T2 commits first of the three. It is in no cycle if the reader or the writer
// committed before it, or if the reader only reads and began before T2 committed.
bool ConflictGraph::makes_writer_pivot(const Sxact& reader, const Sxact& writer) const {
  if (writer.committed && (writer.has_out || writer.summary_out)) return true;
  if (writer.summary_out) return true;
  for (const Sxact* t2 : writer.out) {
    if (t2->prepared && (!reader.committed || t2->prepare_seq <= reader.commit_seq) &&
        (!writer.committed || t2->prepare_seq <= writer.commit_seq) &&
        (!reader.read_only || t2->prepare_seq <= reader.last_before_snapshot)) {
      return true;
    }
  }
  return false;
}

// T0 -> reader -> writer, and the writer commits first.
bool ConflictGraph::makes_reader_pivot(const Sxact& reader, const Sxact& writer) const {
  if (!writer.prepared || reader.read_only) return false;
  if (reader.summary_in) return true;
  for (const Sxact* t0 : reader.in) {
    if (!t0->doomed && (!t0->committed || t0->commit_seq >= writer.prepare_seq) &&
        (!t0->read_only || t0->last_before_snapshot >= writer.prepare_seq)) {
      return true;
    }
  }
  return false;
}

Status ConflictGraph::flag(Sxact& reader, Sxact& writer, Sxact& me) {
  VARVE_RETURN_IF_ERROR(check(reader, writer, me));
  reader.out.push_back(&writer);
  writer.in.push_back(&reader);
  return {};
}

Status ConflictGraph::write_met(Sxact& writer, std::span<Sxact* const> readers, uint64_t old_csn,
                                Sequence old_seq) {
  std::lock_guard guard(mutex_);
  for (Sxact* reader : readers) {
    if (reader == &writer || reader->doomed || reader->released) continue;
    if (reader->summarized) {
      old_csn = std::max(old_csn, reader->finish_csn);
      old_seq = std::max(old_seq, reader->commit_seq);
      continue;
    }
    if (reader->committed && reader->finish_csn <= writer.snapshot_csn) continue;
    if (has(reader->out, &writer)) continue;
    VARVE_RETURN_IF_ERROR(flag(*reader, writer, writer));
  }
  if (old_csn <= writer.snapshot_csn) return {};
  // Somebody who has committed has read it: T0 of a structure whose T2 committed before that.
  bool pivot = writer.summary_out;
  for (const Sxact* t2 : writer.out) pivot = pivot || (t2->prepared && t2->prepare_seq <= old_seq);
  if (pivot) return failure("Canceled on identification as a pivot, during write.");
  writer.summary_in = true;
  return {};
}

Status ConflictGraph::passed_over(Sxact& reader, uint64_t xid) {
  std::lock_guard guard(mutex_);
  if (reader.ro_safe) return {};
  auto it = by_xid_.find(xid);
  if (it == by_xid_.end()) return passed_over_summary(reader, xid);
  Sxact& writer = *it->second;
  if (&writer == &reader || writer.doomed) return {};
  if (writer.summary_out) {
    // What it precedes has committed before it does, and perhaps before we began.
    if (writer.prepared) return failure("Canceled on conflict out to old pivot.");
    writer.doomed = true;
    return {};
  }
  // A reader that does not write comes before the writer, unless the writer follows something that the reader
  // sees.
  if (reader.read_only && writer.committed &&
      (!writer.has_out || reader.last_before_snapshot < writer.earliest_out)) {
    return {};
  }
  if (writer.committed && writer.finish_csn <= reader.snapshot_csn) return {};
  if (has(reader.out, &writer)) return {};
  return flag(reader, writer, reader);
}

const ConflictGraph::Summary* ConflictGraph::find_summary(uint64_t xid, Summary* space) const {
  if (auto it = summaries_.find(xid); it != summaries_.end()) return &it->second;
  if (forgotten_.csn == 0) return nullptr;
  const uint64_t csn = numbers_.commit_number(xid);
  if (csn == 0 || csn > forgotten_.csn) return nullptr;
  *space = {forgotten_.earliest_out, csn};
  return space;
}

Status ConflictGraph::passed_over_summary(Sxact& reader, uint64_t xid) {
  Summary space;
  const Summary* old = find_summary(xid, &space);
  // Not serializable, rolled back, or of no interest.
  if (old == nullptr || old->csn <= reader.snapshot_csn) return {};
  if (old->earliest_out != kNoSequence &&
      (!reader.read_only || old->earliest_out <= reader.last_before_snapshot)) {
    return failure(fmt::format("Canceled on conflict out to old pivot {}.", xid));
  }
  if (reader.read_only) return {};
  if (reader.summary_in || !reader.in.empty()) {
    return failure(fmt::format(
        "Canceled on identification as a pivot, with conflict out to old committed transaction {}.", xid));
  }
  reader.summary_out = true;
  return {};
}

// --- the end ---

Status ConflictGraph::prepare(Sxact& txn) {
  std::lock_guard guard(mutex_);
  if (txn.ro_safe) return {};
  if (txn.doomed) return failure("Canceled on identification as a pivot, during commit attempt.");
  // We are T2 of any structure that is there. The pivot fails, so that we get somewhere and a second try of
  // it finds us committed; if it cannot any more, we do.
  for (Sxact* pivot : txn.in) {
    if (pivot->committed || pivot->doomed) continue;
    for (const Sxact* t0 : pivot->in) {
      if (t0 != &txn && (t0->committed || t0->read_only || t0->doomed)) continue;
      if (pivot->prepared) return failure("Canceled on commit attempt with conflict in from prepared pivot.");
      pivot->doomed = true;
      break;
    }
  }
  txn.prepare_seq = ++last_sequence_;
  txn.prepared = true;
  return {};
}

void ConflictGraph::decide(Sxact& reader, bool safe) {
  for (Sxact* writer : reader.possible_unsafe) drop(writer->possible_unsafe, &reader);
  reader.possible_unsafe.clear();
  if (safe) {
    reader.ro_safe = true;
    leave_active(reader);
    detach(reader, false);
    reader.released = true;
  } else {
    reader.ro_unsafe = true;
  }
  if (reader.waiting) deciding_.wake_all();
}

void ConflictGraph::leave_active(Sxact& txn) {
  active_[txn.active_place] = active_.back();
  active_[txn.active_place]->active_place = txn.active_place;
  active_.pop_back();
  snapshots_.erase(snapshots_.find(txn.snapshot_csn));
}

// Those who wait to know whether their snapshot is safe: it is not if we precede somebody they see.
void ConflictGraph::end_writer(Sxact& txn) {
  if (--writable_ == 0) can_clear_through_ = last_sequence_;
  const std::vector<Sxact*> readers = std::move(txn.possible_unsafe);
  txn.possible_unsafe.clear();
  for (Sxact* reader : readers) {
    drop(reader->possible_unsafe, &txn);
    if (txn.committed && txn.wrote && txn.has_out && txn.earliest_out <= reader->last_before_snapshot) {
      decide(*reader, false);
    } else if (reader->possible_unsafe.empty() && !reader->ro_unsafe) {
      decide(*reader, true);
    }
  }
}

// What a committed transaction's edges to those who committed before say from now on is one number.
void ConflictGraph::settle_outs(Sxact& txn) {
  if (!txn.read_only && txn.summary_out) {
    txn.earliest_out = 0;
    txn.has_out = true;
  }
  std::erase_if(txn.out, [&](Sxact* writer) {
    // A prepared one counts: its record may be in the log, before ours, and seen by those who begin now.
    if (!writer->prepared) return false;
    if (!txn.read_only) {
      txn.earliest_out = std::min(txn.earliest_out, writer->prepare_seq);
      txn.has_out = true;
    }
    if (!writer->committed) return false;
    drop(writer->in, &txn);
    return true;
  });
  std::erase_if(txn.in, [&](Sxact* reader) {
    if (!reader->committed && !reader->read_only) return false;
    drop(reader->out, &txn);
    return true;
  });
}

void ConflictGraph::detach(Sxact& txn, bool summarize) {
  for (Sxact* writer : txn.out) {
    drop(writer->in, &txn);
    writer->summary_in = writer->summary_in || summarize;
  }
  txn.out.clear();
  for (Sxact* reader : txn.in) {
    drop(reader->out, &txn);
    reader->summary_out = reader->summary_out || summarize;
  }
  txn.in.clear();
  if (txn.xid != 0) by_xid_.erase(txn.xid);
}

void ConflictGraph::finish(Sxact& txn, bool commit, uint64_t position, size_t keep_committed,
                           std::vector<Release>* release) {
  std::lock_guard guard(mutex_);
  if (txn.ro_safe) {
    release->push_back({&txn, true, false});
    return;
  }
  VARVE_CHECK(!commit || txn.prepared);
  const bool counted = !txn.declared_read_only;
  txn.finish_csn = position;
  if (commit) {
    txn.committed = true;
    txn.commit_seq = ++last_sequence_;
    txn.read_only = txn.read_only || !txn.wrote;
    settle_outs(txn);
  } else {
    txn.doomed = true;
    txn.prepared = false;
  }
  leave_active(txn);
  if (counted) {
    end_writer(txn);
  } else {
    for (Sxact* writer : txn.possible_unsafe) drop(writer->possible_unsafe, &txn);
    txn.possible_unsafe.clear();
  }
  if (commit) {
    finished_.push_back(&txn);
  } else {
    detach(txn, false);
    txn.released = true;
    release->push_back({&txn, true, false});
  }
  collect(keep_committed, release);
}

void ConflictGraph::collect(size_t keep_committed, std::vector<Release>* release) {
  const uint64_t oldest = snapshots_.empty() ? ~uint64_t{0} : *snapshots_.begin();
  size_t i = 0;
  while (i < finished_.size()) {
    Sxact& txn = *finished_[i];
    if (txn.releasing) break;
    const bool over = txn.finish_csn <= oldest;
    const bool half = txn.commit_seq > have_cleared_through_ && txn.commit_seq <= can_clear_through_;
    if (!over && !half) {
      if (have_cleared_through_ == can_clear_through_) break;
      ++i;
      continue;
    }
    // Those who began before it ended only read: nobody can write what it has read, nor it be in a structure
    // but as the writer that a reader passes over.
    if (half) have_cleared_through_ = txn.commit_seq;
    if (over || txn.read_only) {
      detach(txn, false);
      txn.released = true;
      finished_.erase(finished_.begin() + static_cast<ptrdiff_t>(i));
      release->push_back({&txn, true, false});
      continue;
    }
    for (Sxact* reader : txn.in) drop(reader->out, &txn);
    txn.in.clear();
    txn.releasing = true;
    release->push_back({&txn, false, false});
    ++i;
  }
  if (i == finished_.size()) have_cleared_through_ = can_clear_through_;
  while (finished_.size() > keep_committed) {
    Sxact& txn = *finished_.front();
    if (txn.releasing) break;
    finished_.pop_front();
    if (txn.xid != 0 && !txn.read_only) add_summary(txn);
    detach(txn, true);
    txn.summarized = true;
    release->push_back({&txn, true, true});
  }
  while (!summary_order_.empty() && summary_order_.front().first <= oldest) {
    summaries_.erase(summary_order_.front().second);
    summary_order_.pop_front();
  }
  if (forgotten_.csn != 0 && forgotten_.csn <= oldest) forgotten_ = {kNoSequence, 0};
}

void ConflictGraph::add_summary(const Sxact& txn) {
  summaries_[txn.xid] = {txn.has_out ? txn.earliest_out : kNoSequence, txn.finish_csn};
  summary_order_.emplace_back(txn.finish_csn, txn.xid);
  while (summaries_.size() > kMaxSummaries) {
    auto [csn, xid] = summary_order_.front();
    summary_order_.pop_front();
    auto it = summaries_.find(xid);
    forgotten_.csn = std::max(forgotten_.csn, csn);
    forgotten_.earliest_out = std::min(forgotten_.earliest_out, it->second.earliest_out);
    summaries_.erase(it);
  }
}

void ConflictGraph::released(const Release& r) {
  if (r.whole) {
    delete r.txn;
    return;
  }
  std::lock_guard guard(mutex_);
  r.txn->releasing = false;
}

uint64_t ConflictGraph::oldest_snapshot() const {
  std::lock_guard guard(mutex_);
  return snapshots_.empty() ? ~uint64_t{0} : *snapshots_.begin();
}

Sequence ConflictGraph::cleared_through() const {
  std::lock_guard guard(mutex_);
  return can_clear_through_;
}

void ConflictGraph::counts(uint64_t* active, uint64_t* finished, uint64_t* summarized) const {
  std::lock_guard guard(mutex_);
  *active = active_.size();
  *finished = finished_.size();
  *summarized = summaries_.size();
}

}  // namespace varve::txn
