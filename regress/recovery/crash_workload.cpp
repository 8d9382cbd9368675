#include "crash_workload.h"

#include <fmt/format.h>

#include "common/bytes.h"
#include "common/sql_error.h"

namespace varve::regress {

namespace {
constexpr uint64_t kKeys = 240;  // session w has those with key mod kSessions == w
}

Status CrashWorkload::run(int steps, port::SimVfs& vfs) {
  for (int i = 0; i < steps && !vfs.crashed(); ++i) {
    Status status;
    try {
      status = step();
    } catch (const SqlError& e) {  // the encoder's
      status = Status::io_error(e.what());
    }
    if (vfs.crashed()) break;
    VARVE_RETURN_IF_ERROR(status);
  }
  return {};
}

void CrashWorkload::abandon() {
  for (auto& s : sessions_) {
    (void)s.txn.release();
    s = {};
  }
}

size_t CrashWorkload::find(const Table& table) const {
  for (size_t i = states_.size(); i-- > acknowledged_;) {
    if (states_[i] == table) return i;
  }
  return SIZE_MAX;
}

void CrashWorkload::continue_from(size_t state) {
  states_ = {states_[state]};
  acknowledged_ = 0;
}

Status CrashWorkload::step() {
  size_t who = random_() % kSessions;
  Session& s = sessions_[who];
  if (!s.txn) {
    s.txn = store_.begin();
    for (const auto& [key, value] : states_.back()) {
      if (key % kSessions == who) s.rows[key] = value;
    }
  }
  switch (random_() % 24) {
    case 0:
    case 1:
      return commit(s, who);
    case 2:
      if (!rollbacks_) return {};
      store_.engine->txns().rollback(*s.txn);
      s = {};
      return {};
    case 3:
      s.saved = true;
      s.savepoint = s.txn->savepoint();
      s.rows_at_savepoint = s.rows;
      return {};
    case 4:
      if (!s.saved) return {};
      VARVE_RETURN_IF_ERROR(s.txn->rollback_to(s.savepoint));
      s.rows = s.rows_at_savepoint;
      return {};
    case 5:
      return random_() % 3 == 0 ? store_.engine->checkpoint() : Status();
    case 6:
      return store_.engine->txns().purge_once();
    default:
      return change(s, who);
  }
}

Status CrashWorkload::change(Session& s, size_t who) {
  uint64_t key = random_() % (kKeys / kSessions) * kSessions + who;
  if (!s.rows.contains(key)) return insert(s, key);
  switch (random_() % 6) {
    case 0:
      return remove(s, key);
    case 1: {
      uint64_t other = random_() % (kKeys / kSessions) * kSessions + who;
      return replace(s, key, s.rows.contains(other) ? key : other);
    }
    default:
      return replace(s, key, key);
  }
}

std::string CrashWorkload::make_value() {
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

Status CrashWorkload::insert(Session& s, uint64_t key) {
  std::string value = make_value();
  access::RowEncoder row(*store_.heap, crash_layout());
  auto values = row_values(key, value);
  row.encode(*s.txn, values);
  VARVE_ASSIGN_OR_RETURN(Tid tid, store_.heap->insert(*s.txn, row.bytes(), 2, row.flags()));
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->insert(*s.txn, bytes_of(index_key), tid, nullptr).status());
  s.rows[key] = value;
  return {};
}

// Through the index, as a statement would.
Result<Tid> CrashWorkload::find_tid(Session& s, uint64_t key) {
  std::vector<Tid> tids;
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->lookup(bytes_of(index_key), &tids));
  txn::Snapshot snapshot = s.txn->statement_snapshot();
  access::RowBuffer buffer;
  access::RowVersion version;
  for (Tid tid : tids) {
    VARVE_ASSIGN_OR_RETURN(bool visible, store_.heap->fetch(snapshot, tid, buffer, &version));
    if (visible && key_of(version) == key) return tid;
  }
  return Status::corruption(fmt::format("key {} is not found before the crash", key));
}

Status CrashWorkload::replace(Session& s, uint64_t key, uint64_t new_key) {
  VARVE_ASSIGN_OR_RETURN(Tid tid, find_tid(s, key));
  access::RowBuffer buffer;
  access::RowVersion newest;
  txn::Snapshot snapshot = s.txn->statement_snapshot();
  // What is not assigned to keeps its place in memory, and thereby its place in storage.
  const std::string& old_value = s.rows[key];
  const bool keeps = key != new_key && random_() % 2 == 0;
  std::string value = keeps ? old_value : make_value();
  auto old_values = row_values(key, old_value);
  auto values = row_values(new_key, keeps ? old_value : value);
  access::RowEncoder row(*store_.heap, crash_layout());
  const bool old_is_long = row.load_old(snapshot, tid, false);
  row.encode(*s.txn, values,
             old_is_long ? std::span<const types::Value>(old_values) : std::span<const types::Value>());
  VARVE_ASSIGN_OR_RETURN(
      auto outcome, store_.heap->update(*s.txn, snapshot, tid, row.bytes(), 2, key != new_key, false, buffer,
                                        &newest, row.flags()));
  row.replaced(*s.txn);
  if (outcome != access::LockOutcome::kLocked) return Status::corruption("an update met another writer");
  if (key != new_key) {
    std::string from = crash_key(key);
    std::string to = crash_key(new_key);
    VARVE_RETURN_IF_ERROR(store_.index->insert(*s.txn, bytes_of(to), tid, nullptr).status());
    VARVE_RETURN_IF_ERROR(store_.index->mark(*s.txn, bytes_of(from), tid));
  }
  s.rows.erase(key);
  s.rows[new_key] = std::move(value);
  return {};
}

Status CrashWorkload::remove(Session& s, uint64_t key) {
  VARVE_ASSIGN_OR_RETURN(Tid tid, find_tid(s, key));
  access::RowBuffer buffer;
  access::RowVersion newest;
  txn::Snapshot snapshot = s.txn->statement_snapshot();
  access::RowEncoder row(*store_.heap, crash_layout());
  row.load_old(snapshot, tid, false);
  VARVE_ASSIGN_OR_RETURN(auto outcome, store_.heap->remove(*s.txn, snapshot, tid, false, buffer, &newest));
  row.replaced(*s.txn);
  if (outcome != access::LockOutcome::kLocked) return Status::corruption("a delete met another writer");
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->note_gone(*s.txn, bytes_of(index_key), tid));
  s.rows.erase(key);
  return {};
}

Status CrashWorkload::commit(Session& s, size_t who) {
  bool wrote = s.txn->xid() != Xid{};
  Lsn lsn = store_.engine->txns().commit(*s.txn);
  if (wrote) {
    Table next = states_.back();
    std::erase_if(next, [who](const auto& row) { return row.first % kSessions == who; });
    next.insert(s.rows.begin(), s.rows.end());
    states_.push_back(std::move(next));
  }
  s = {};
  if (wrote && random_() % 2 == 0) {
    VARVE_RETURN_IF_ERROR(store_.engine->log().flush(lsn));
    acknowledged_ = states_.size() - 1;
  }
  return {};
}

}  // namespace varve::regress
