#include "crash_workload.h"

#include "common/sql_error.h"

namespace varve::regress {

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
  for (auto& writer : writers_) {
    if (writer) writer->abandon();
    writer.reset();
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
  if (store_.columnar() && random_() % 12 == 0) return store_.settle(random_() % 4 == 0);
  size_t who = random_() % kSessions;
  if (!writers_[who]) {
    writers_[who] = std::make_unique<CrashWriter>(store_, random_, who, kSessions, states_.back());
    writers_[who]->begin();
  }
  CrashWriter& writer = *writers_[who];
  switch (random_() % 24) {
    case 0:
    case 1:
      return commit(writer, who);
    case 2:
      if (!rollbacks_) return {};
      writer.roll_back();
      writers_[who].reset();
      return {};
    case 3:
      writer.save();
      return {};
    case 4:
      return writer.back_to_savepoint();
    case 5:
      return random_() % 3 == 0 ? store_.engine->checkpoint() : Status();
    case 6:
      return store_.engine->txns().purge_once();
    default:
      return writer.change();
  }
}

Status CrashWorkload::commit(CrashWriter& writer, size_t who) {
  Lsn lsn = writer.commit();
  bool wrote = lsn != Lsn{};
  if (wrote) {
    Table next = states_.back();
    std::erase_if(next, [who](const auto& row) { return row.first % kSessions == who; });
    next.insert(writer.committed().begin(), writer.committed().end());
    states_.push_back(std::move(next));
  }
  writers_[who].reset();
  if (wrote && random_() % 2 == 0) {
    VARVE_RETURN_IF_ERROR(store_.engine->log().flush(lsn));
    acknowledged_ = states_.size() - 1;
  }
  return {};
}

}  // namespace varve::regress
