#include "crash_workload.h"

#include <fmt/format.h>

#include "common/bytes.h"

namespace varve::regress {

namespace {
constexpr uint64_t kKeys = 240;  // session w has those with key mod kSessions == w
}

Status CrashWorkload::run(int steps, port::SimVfs& vfs) {
  for (int i = 0; i < steps && !vfs.crashed(); ++i) {
    Status status = step();
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

std::string CrashWorkload::make_row(uint64_t key) {
  // Mostly short; sometimes so long that the row has to move off its page.
  size_t length = random_() % 4 == 0 ? random_() % 3000 : random_() % 200;
  std::string row(8 + length, static_cast<char>('a' + random_() % 26));
  store_raw(row.data(), key);
  return row;
}

Status CrashWorkload::insert(Session& s, uint64_t key) {
  std::string row = make_row(key);
  VARVE_ASSIGN_OR_RETURN(Tid tid, store_.heap->insert(*s.txn, bytes_of(row), 2));
  std::string index_key = crash_key(key);
  VARVE_RETURN_IF_ERROR(store_.index->insert(*s.txn, bytes_of(index_key), tid, nullptr).status());
  s.rows[key] = row.substr(8);
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
    if (visible && load_raw<uint64_t>(version.bytes) == key) return tid;
  }
  return Status::corruption(fmt::format("key {} is not found before the crash", key));
}

Status CrashWorkload::replace(Session& s, uint64_t key, uint64_t new_key) {
  VARVE_ASSIGN_OR_RETURN(Tid tid, find_tid(s, key));
  std::string row = make_row(new_key);
  access::RowBuffer buffer;
  access::RowVersion newest;
  txn::Snapshot snapshot = s.txn->statement_snapshot();
  VARVE_ASSIGN_OR_RETURN(auto outcome, store_.heap->update(*s.txn, snapshot, tid, bytes_of(row), 2,
                                                           key != new_key, false, buffer, &newest));
  if (outcome != access::LockOutcome::kLocked) return Status::corruption("an update met another writer");
  if (key != new_key) {
    std::string from = crash_key(key);
    std::string to = crash_key(new_key);
    VARVE_RETURN_IF_ERROR(store_.index->insert(*s.txn, bytes_of(to), tid, nullptr).status());
    VARVE_RETURN_IF_ERROR(store_.index->mark(*s.txn, bytes_of(from), tid));
  }
  s.rows.erase(key);
  s.rows[new_key] = row.substr(8);
  return {};
}

Status CrashWorkload::remove(Session& s, uint64_t key) {
  VARVE_ASSIGN_OR_RETURN(Tid tid, find_tid(s, key));
  access::RowBuffer buffer;
  access::RowVersion newest;
  txn::Snapshot snapshot = s.txn->statement_snapshot();
  VARVE_ASSIGN_OR_RETURN(auto outcome, store_.heap->remove(*s.txn, snapshot, tid, false, buffer, &newest));
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
