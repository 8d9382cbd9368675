#include "read_marks.h"

#include <algorithm>
#include <mutex>

#include "common/check.h"
#include "fence.h"

namespace varve::txn {

namespace {

// Both mutexes, or the one when they are the same.
class TwoPartitions {
 public:
  TwoPartitions(std::mutex& a, std::mutex& b) : first_(&a < &b ? a : b), second_(&a < &b ? b : a) {
    first_.lock();
    if (&first_ != &second_) second_.lock();
  }
  ~TwoPartitions() {
    if (&first_ != &second_) second_.unlock();
    first_.unlock();
  }
  TwoPartitions(const TwoPartitions&) = delete;
  TwoPartitions& operator=(const TwoPartitions&) = delete;

 private:
  std::mutex& first_;
  std::mutex& second_;
};

}  // namespace

void ReadMarks::set_limits(const SerializableLimits& limits) {
  const int64_t share = limits.locks_per_relation >= 0
                            ? limits.locks_per_relation
                            : limits.locks_per_transaction / -limits.locks_per_relation - 1;
  per_relation_ = std::max<int64_t>(share, 0);
  per_page_ = limits.locks_per_page;
  most_marks_ = limits.locks_per_transaction * limits.connections;
}

ReadMarks::Entry& ReadMarks::entry(Partition& p, const ReadTarget& t, const TrackedRelation& relation) {
  auto [it, fresh] = p.entries.try_emplace(t);
  if (fresh) {
    it->second.relation = relation;
    entries_.fetch_add(1, std::memory_order_relaxed);
  }
  return it->second;
}

void ReadMarks::erase_if_unused(Partition& p, Entries::iterator it) {
  if (!it->second.unused()) return;
  p.entries.erase(it);
  entries_.fetch_sub(1, std::memory_order_relaxed);
}

// --- what one transaction holds ---

void ReadMarks::note_held(Sxact& txn, const ReadTarget& t) {
  if (t.is_row()) ++txn.below[t.whole_page()];
  if (!t.is_relation()) ++txn.below[t.whole_relation()];
}

void ReadMarks::note_gone(Sxact& txn, const ReadTarget& t) {
  auto less = [&](const ReadTarget& parent) {
    auto it = txn.below.find(parent);
    if (it != txn.below.end() && --it->second == 0) txn.below.erase(it);
  };
  if (t.is_row()) less(t.whole_page());
  if (!t.is_relation()) less(t.whole_relation());
}

bool ReadMarks::covered(Sxact& txn, const ReadTarget& t, bool* held) {
  std::lock_guard guard(txn.held_mutex);
  *held = txn.held.contains(t);
  return *held || txn.held.contains(t.whole_relation()) || (t.is_row() && txn.held.contains(t.whole_page()));
}

// False: it was there. `promote`: what it should become instead, unless it is the target itself.
bool ReadMarks::insert(Sxact& txn, const TrackedRelation& relation, const ReadTarget& t,
                       ReadTarget* promote) {
  Partition& p = partition(t);
  std::lock_guard guard(p.mutex);
  std::lock_guard held_guard(txn.held_mutex);
  *promote = t;
  if (!txn.held.insert(t).second) return false;
  entry(p, t, relation).readers.push_back(&txn);
  marks_.fetch_add(1, std::memory_order_relaxed);
  note_held(txn, t);
  if (t.is_row() && txn.below[t.whole_page()] > per_page_) *promote = t.whole_page();
  if (!t.is_relation() && txn.below[t.whole_relation()] > per_relation_) *promote = t.whole_relation();
  return true;
}

Status ReadMarks::add(Sxact& txn, const TrackedRelation& relation, ReadTarget t, bool* fresh) {
  if (fresh != nullptr) *fresh = false;
  bool held = false;
  if (covered(txn, t, &held)) return {};
  if (marks_.load(std::memory_order_relaxed) >= static_cast<uint64_t>(most_marks_.load())) {
    // One mark in the place of many, if that is possible; a relation's own are few.
    if (!t.is_relation()) t = t.whole_relation();
    if (marks_.load(std::memory_order_relaxed) >= 2 * static_cast<uint64_t>(most_marks_.load())) {
      return {StatusCode::kOutOfMemory,
              "out of shared memory: max_pred_locks_per_transaction is too low for what is read"};
    }
  }
  ReadTarget wider;
  const bool inserted = insert(txn, relation, t, &wider);
  if (wider == t) {
    if (!t.is_row() && inserted) promote(txn, t);
    if (fresh != nullptr) *fresh = inserted && t.is_row();
    return {};
  }
  ReadTarget none;
  (void)insert(txn, relation, wider, &none);
  promote(txn, wider);
  if (!none.is_relation() && none != wider) return add(txn, relation, none, nullptr);
  return {};
}

// Takes away what lies below a mark that is there.
void ReadMarks::promote(Sxact& txn, const ReadTarget& to) {
  std::vector<ReadTarget> parts;
  {
    std::lock_guard guard(txn.held_mutex);
    if (txn.below.find(to) == txn.below.end()) return;
    for (const ReadTarget& t : txn.held) {
      if (to.covers(t) && t != to) parts.push_back(t);
    }
  }
  for (const ReadTarget& t : parts) remove(txn, t);
}

bool ReadMarks::erase_reader(Partition& p, Sxact& txn, const ReadTarget& t, bool summarize) {
  auto it = p.entries.find(t);
  if (it == p.entries.end()) return false;
  Entry& e = it->second;
  auto at = std::find(e.readers.begin(), e.readers.end(), &txn);
  if (at == e.readers.end()) return false;
  *at = e.readers.back();
  e.readers.pop_back();
  marks_.fetch_sub(1, std::memory_order_relaxed);
  if (summarize) {
    e.old_csn = std::max(e.old_csn, txn.finish_csn);
    e.old_seq = std::max(e.old_seq, txn.commit_seq);
  }
  erase_if_unused(p, it);
  return true;
}

void ReadMarks::remove(Sxact& txn, const ReadTarget& t) {
  Partition& p = partition(t);
  std::lock_guard guard(p.mutex);
  std::lock_guard held_guard(txn.held_mutex);
  if (txn.held.erase(t) == 0) return;
  note_gone(txn, t);
  erase_reader(p, txn, t, false);
}

void ReadMarks::erase_writer(Sxact& txn, const ReadTarget& t, bool summarize) {
  Partition& p = partition(t);
  std::lock_guard guard(p.mutex);
  auto it = p.entries.find(t);
  if (it == p.entries.end()) return;
  std::erase_if(it->second.writers, [&](const auto& w) {
    if (w.first != &txn) return false;
    if (summarize) it->second.old_writers.push_back({w.second, txn.finish_csn});
    return true;
  });
  erase_if_unused(p, it);
}

void ReadMarks::remove_all(Sxact& txn, bool summarize, bool keep_writes) {
  if (summarize) {
    uint64_t newest = newest_summary_.load();
    while (newest < txn.finish_csn && !newest_summary_.compare_exchange_weak(newest, txn.finish_csn)) {
    }
  }
  for (;;) {
    ReadTarget t;
    {
      // A split may add to it until the mark it finds is gone.
      std::lock_guard guard(txn.held_mutex);
      if (txn.held.empty()) break;
      t = *txn.held.begin();
    }
    Partition& p = partition(t);
    std::lock_guard guard(p.mutex);
    std::lock_guard held_guard(txn.held_mutex);
    if (txn.held.erase(t) == 0) continue;
    erase_reader(p, txn, t, summarize);
  }
  std::unordered_set<ReadTarget, ReadTargetHash> written;
  {
    std::lock_guard guard(txn.held_mutex);
    txn.below.clear();
    if (keep_writes) return;
    written = std::move(txn.write_marks);
    txn.write_marks.clear();
  }
  for (const ReadTarget& t : written) erase_writer(txn, t, summarize);
}

// --- writes ---

Status ReadMarks::write(Sxact& txn, const ReadTarget& t) {
  if (t.is_row()) full_fence();  // the first that is asked about; see empty()
  if (empty()) return {};
  bool own = false;
  {
    Partition& p = partition(t);
    std::lock_guard guard(p.mutex);
    auto it = p.entries.find(t);
    if (it == p.entries.end()) return {};
    const Entry& e = it->second;
    own = std::find(e.readers.begin(), e.readers.end(), &txn) != e.readers.end();
    if (e.readers.size() > static_cast<size_t>(own) || e.old_csn != 0)
      VARVE_RETURN_IF_ERROR(graph_.write_met(txn, e.readers, e.old_csn, e.old_seq));
  }
  // Whoever writes the row after us waits for us, and fails or begins later: what we write we need not have
  // read.
  if (own && t.is_row() && !txn.keeps_marks) remove(txn, t);
  return {};
}

Status ReadMarks::write_table(Sxact& txn, const TrackedRelation& table) {
  const uint64_t key = ReadTarget::table_key(table);
  for (Partition& p : partitions_) {
    std::lock_guard guard(p.mutex);
    for (const auto& [t, e] : p.entries) {
      if (ReadTarget::table_key(e.relation) != key) continue;
      VARVE_RETURN_IF_ERROR(graph_.write_met(txn, e.readers, e.old_csn, e.old_seq));
    }
  }
  return {};
}

Status ReadMarks::read_whole(Sxact& txn, const TrackedRelation& table, std::vector<uint64_t>* writers) {
  const ReadTarget t{ReadTarget::relation_key(table), 0, 0};
  VARVE_RETURN_IF_ERROR(add(txn, table, t, nullptr));
  // The mark is there: whoever writes from here on meets it.
  Partition& p = partition(t);
  std::lock_guard guard(p.mutex);
  auto it = p.entries.find(t);
  if (it == p.entries.end()) return {};
  for (const auto& [writer, xid] : it->second.writers) {
    if (writer != &txn) writers->push_back(xid);
  }
  for (const OldWriter& w : it->second.old_writers) writers->push_back(w.xid);
  return {};
}

Status ReadMarks::write_whole(Sxact& txn, const TrackedRelation& table, uint64_t xid) {
  const ReadTarget t{ReadTarget::relation_key(table), 0, 0};
  Partition& p = partition(t);
  std::lock_guard guard(p.mutex);
  Entry& e = entry(p, t, table);
  {
    std::lock_guard held_guard(txn.held_mutex);
    if (txn.write_marks.insert(t).second) e.writers.emplace_back(&txn, xid);
  }
  return graph_.write_met(txn, e.readers, e.old_csn, e.old_seq);
}

// --- targets that move ---

// Marks of `from` for the target `to` as well (keep), or instead.
void ReadMarks::carry_over(Entry& from, Partition& to_partition, const ReadTarget& to, bool keep) {
  Entry& e = entry(to_partition, to, from.relation);
  for (Sxact* reader : from.readers) {
    std::lock_guard guard(reader->held_mutex);
    if (!reader->held.insert(to).second) continue;
    note_held(*reader, to);
    e.readers.push_back(reader);
    marks_.fetch_add(1, std::memory_order_relaxed);
  }
  e.old_csn = std::max(e.old_csn, from.old_csn);
  e.old_seq = std::max(e.old_seq, from.old_seq);
  if (keep) return;
  from.old_csn = 0;
  from.old_seq = 0;
}

void ReadMarks::page_split(const ReadTarget& from, const ReadTarget& to) {
  if (empty()) return;
  TwoPartitions both(partition(from).mutex, partition(to).mutex);
  auto it = partition(from).entries.find(from);
  if (it == partition(from).entries.end()) return;
  // The entry must not move while another one is made.
  Entry copy = it->second;
  carry_over(copy, partition(to), to, true);
}

void ReadMarks::page_moved(const ReadTarget& from, const ReadTarget& to) {
  if (empty()) return;
  TwoPartitions both(partition(from).mutex, partition(to).mutex);
  Partition& p = partition(from);
  auto it = p.entries.find(from);
  if (it == p.entries.end()) return;
  Entry copy = it->second;
  carry_over(copy, partition(to), to, false);
  for (Sxact* reader : copy.readers) {
    std::lock_guard guard(reader->held_mutex);
    if (reader->held.erase(from) != 0) note_gone(*reader, from);
    erase_reader(p, *reader, from, false);
    it = p.entries.find(from);
    if (it == p.entries.end()) return;
  }
  it->second.old_csn = 0;
  it->second.old_seq = 0;
  erase_if_unused(p, it);
}

void ReadMarks::storage_dropped(PageId segment) {
  if (empty()) return;
  std::vector<std::pair<ReadTarget, ReadTarget>> moves;
  for (Partition& p : partitions_) {
    std::lock_guard guard(p.mutex);
    for (const auto& [t, e] : p.entries) {
      if (e.relation.segment != segment || (t.is_relation() && !e.relation.is_index())) continue;
      moves.emplace_back(t, ReadTarget{ReadTarget::table_key(e.relation), 0, 0});
    }
  }
  for (const auto& [from, to] : moves) {
    Partition& p = partition(to);
    {
      // The table's entry first, with the table's own description.
      Partition& old = partition(from);
      TwoPartitions both(old.mutex, p.mutex);
      auto it = old.entries.find(from);
      if (it == old.entries.end()) continue;
      TrackedRelation table = it->second.relation;
      table.oid = table.table;
      entry(p, to, table);
    }
    page_moved(from, to);
    std::lock_guard guard(p.mutex);
    if (auto it = p.entries.find(to); it != p.entries.end()) erase_if_unused(p, it);
  }
}

void ReadMarks::forget_summaries(uint64_t csn) {
  uint64_t newest = newest_summary_.load();
  if (newest == 0 || newest > csn) return;
  newest_summary_.compare_exchange_strong(newest, 0);
  for (Partition& p : partitions_) {
    std::lock_guard guard(p.mutex);
    for (auto it = p.entries.begin(); it != p.entries.end();) {
      Entry& e = it->second;
      if (e.old_csn <= csn) e.old_csn = e.old_seq = 0;
      std::erase_if(e.old_writers, [&](const OldWriter& w) { return w.csn <= csn; });
      if (e.unused()) {
        it = p.entries.erase(it);
        entries_.fetch_sub(1, std::memory_order_relaxed);
      } else {
        ++it;
      }
    }
  }
}

std::vector<SerializableManager::LockRow> ReadMarks::snapshot() const {
  std::vector<SerializableManager::LockRow> rows;
  for (const Partition& p : partitions_) {
    std::lock_guard guard(p.mutex);
    for (const auto& [t, e] : p.entries) {
      for (const Sxact* reader : e.readers) rows.push_back({e.relation, PageId{t.page}, t.slot, reader->pid});
      if (e.old_csn != 0) rows.push_back({e.relation, PageId{t.page}, t.slot, 0});
    }
  }
  return rows;
}

}  // namespace varve::txn
