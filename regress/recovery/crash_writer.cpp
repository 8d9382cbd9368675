#include "crash_writer.h"

#include <fmt/format.h>

namespace varve::regress {

namespace {
constexpr uint64_t kKeys = 240;
}

CrashWriter::CrashWriter(CrashStore& store, std::mt19937_64& random, size_t who, size_t sessions,
                         const Table& rows)
    : store_(store), random_(random), who_(who), sessions_(sessions) {
  for (const auto& [key, value] : rows) {
    if (key % sessions_ == who_) committed_[key] = value;
  }
  rows_ = committed_;
}

uint64_t CrashWriter::random_key() { return random_() % (kKeys / sessions_) * sessions_ + who_; }

void CrashWriter::save() {
  saved_ = true;
  savepoint_ = txn_->savepoint();
  rows_at_savepoint_ = rows_;
}

Status CrashWriter::back_to_savepoint() {
  if (!saved_) return {};
  VARVE_RETURN_IF_ERROR(txn_->rollback_to(savepoint_));
  rows_ = rows_at_savepoint_;
  return {};
}

void CrashWriter::roll_back() {
  store_.engine->txns().rollback(*txn_);
  txn_.reset();
  saved_ = false;
  rows_ = committed_;
}

Lsn CrashWriter::commit() {
  bool wrote = txn_->xid() != Xid{};
  Lsn lsn = store_.engine->txns().commit(*txn_);
  txn_.reset();
  saved_ = false;
  if (!wrote) return Lsn{};
  committed_ = rows_;
  return lsn;
}

Status CrashWriter::change() {
  uint64_t key = random_key();
  if (!rows_.contains(key)) return random_() % 4 == 0 ? insert_many(key) : insert(key);
  switch (random_() % 6) {
    case 0:
      return remove(key);
    case 1: {
      uint64_t other = random_key();
      return replace(key, rows_.contains(other) ? key : other);
    }
    default:
      return replace(key, key);
  }
}

std::string CrashWriter::make_value() {
  // Mostly short; sometimes so long that the row has to move off its page, that the value is compressed, or
  // that it goes out of line in one or (rarely, they make the test slow) many chunks.
  auto noise = [this](size_t length) {
    std::string text(length, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  };
  const char letter = static_cast<char>('a' + random_() % 26);
  switch (random_() % 16) {
    case 0:
    case 1:
      return std::string(random_() % 1900, letter);
    case 2:
      return noise(random_() % 3900);
    case 3:
      return std::string(1900 + random_() % 30000, letter);
    case 4:
      return noise(4000 + random_() % (random_() % 4 == 0 ? 40000 : 5000));
    case 5:
      return noise(random_() % 30000 + 5000) + std::string(random_() % 30000, letter);
    default:
      return std::string(random_() % 200, letter);
  }
}

Result<Tid> CrashWriter::insert_row(uint64_t key, const std::string& value) {
  access::RowEncoder row(*store_.heap, crash_layout());
  auto values = row_values(key, value);
  row.encode(*txn_, values);
  return store_.heap->insert(*txn_, row.bytes(), 2, row.flags());
}

Status CrashWriter::insert(uint64_t key) {
  std::string value = make_value();
  VARVE_ASSIGN_OR_RETURN(Tid tid, insert_row(key, value));
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->insert(*txn_, bytes_of(index_key), tid, nullptr).status());
  rows_[key] = value;
  return {};
}

// Some keys that are not there, from this one on; their index entries go in together.
Status CrashWriter::insert_many(uint64_t key) {
  std::map<std::string, Tid> keys;
  for (const uint64_t wanted = random_() % 30 + 2; key < kKeys && keys.size() < wanted; key += sessions_) {
    if (rows_.contains(key)) continue;
    const std::string value = make_value();
    VARVE_ASSIGN_OR_RETURN(keys[crash_key(key)], insert_row(key, value));
    rows_[key] = value;
  }
  std::vector<access::Btree::NewEntry> entries;
  for (const auto& [index_key, tid] : keys) entries.push_back({bytes_of(index_key), tid, false});
  size_t next = 0;
  VARVE_RETURN_IF_ERROR(store_.index->insert_sorted(*txn_, entries, &next, nullptr).status());
  return next == entries.size() ? Status() : Status::corruption("not all entries were inserted");
}

// Through the index, as a statement would.
Result<Tid> CrashWriter::find_tid(uint64_t key) {
  std::vector<Tid> tids;
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->lookup(bytes_of(index_key), &tids));
  txn::Snapshot snapshot = txn_->statement_snapshot();
  access::RowBuffer buffer;
  access::RowVersion version;
  for (Tid tid : tids) {
    VARVE_ASSIGN_OR_RETURN(bool visible, store_.heap->fetch(snapshot, tid, buffer, &version));
    if (visible && key_of(version) == key) return tid;
  }
  return Status::corruption(fmt::format("key {} is not found before the crash", key));
}

Status CrashWriter::replace(uint64_t key, uint64_t new_key) {
  VARVE_ASSIGN_OR_RETURN(Tid tid, find_tid(key));
  access::RowBuffer buffer;
  access::RowVersion newest;
  txn::Snapshot snapshot = txn_->statement_snapshot();
  // What is not assigned to keeps its place in memory, and thereby its place in storage.
  const std::string& old_value = rows_[key];
  const bool keeps = key != new_key && random_() % 2 == 0;
  std::string value = keeps ? old_value : make_value();
  auto old_values = row_values(key, old_value);
  auto values = row_values(new_key, keeps ? old_value : value);
  access::RowEncoder row(*store_.heap, crash_layout());
  const bool old_is_long = row.load_old(snapshot, tid, false);
  row.encode(*txn_, values,
             old_is_long && !store_.heap->moves_rows() ? std::span<const types::Value>(old_values)
                                                       : std::span<const types::Value>());
  access::RowMove move;
  VARVE_ASSIGN_OR_RETURN(
      auto outcome, store_.heap->update(*txn_, snapshot, tid, row.bytes(), 2, key != new_key, false, buffer,
                                        &newest, row.flags(), false, &move));
  if (outcome != access::LockOutcome::kLocked) return Status::corruption("an update met another writer");
  if (move.from == tid) row.replaced(*txn_);
  const std::string from = crash_key(key), to = crash_key(new_key);
  if (move.to != move.from) {
    VARVE_RETURN_IF_ERROR(store_.index->note_gone(*txn_, bytes_of(from), move.from));
    VARVE_RETURN_IF_ERROR(store_.index->insert(*txn_, bytes_of(to), move.to, nullptr).status());
  } else if (key != new_key) {
    VARVE_RETURN_IF_ERROR(store_.index->insert(*txn_, bytes_of(to), move.to, nullptr).status());
    VARVE_RETURN_IF_ERROR(store_.index->mark(*txn_, bytes_of(from), move.to));
  }
  rows_.erase(key);
  rows_[new_key] = std::move(value);
  return {};
}

Status CrashWriter::remove(uint64_t key) {
  VARVE_ASSIGN_OR_RETURN(Tid tid, find_tid(key));
  access::RowBuffer buffer;
  access::RowVersion newest;
  txn::Snapshot snapshot = txn_->statement_snapshot();
  access::RowEncoder row(*store_.heap, crash_layout());
  row.load_old(snapshot, tid, false);
  access::RowMove move;
  VARVE_ASSIGN_OR_RETURN(auto outcome,
                         store_.heap->remove(*txn_, snapshot, tid, false, buffer, &newest, &move));
  if (outcome != access::LockOutcome::kLocked) return Status::corruption("a delete met another writer");
  if (move.from == tid) row.replaced(*txn_);
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->note_gone(*txn_, bytes_of(index_key), move.from));
  rows_.erase(key);
  return {};
}

}  // namespace varve::regress
