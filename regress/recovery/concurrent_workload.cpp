#include "concurrent_workload.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

#include "common/sql_error.h"
#include "crash_writer.h"

namespace varve::regress {

namespace {

Table keys_of(const Table& table, size_t who) {
  Table own;
  for (const auto& row : table) {
    if (row.first % ConcurrentWorkload::kThreads == who) own.insert(row);
  }
  return own;
}

}  // namespace

Status ConcurrentWorkload::write(size_t who, int steps, const Table& rows, port::SimVfs& vfs) {
  std::mt19937_64 random(seed_ * kThreads + who);
  CrashWriter writer(store_, random, who, kThreads, rows);
  for (int i = 0; i < steps && !vfs.crashed(); ++i) {
    if (!writer.is_open()) writer.begin();
    Status status;
    try {
      const bool settles = store_.columnar() && random() % 40 == 0;
      switch (settles ? 100 : random() % 24) {
        case 100:
          status = store_.settle(random() % 4 == 0);
          break;
        case 0:
        case 1:
        case 2: {
          Lsn lsn = writer.commit();
          if (lsn == Lsn{}) break;
          {
            std::lock_guard lock(mutex_);
            commits_.push_back({lsn, who, writer.committed()});
          }
          if (random() % 2 == 0) break;
          status = store_.engine->log().flush(lsn);
          if (!status.ok()) break;
          std::lock_guard lock(mutex_);
          acknowledged_ = std::max(acknowledged_, lsn);
          break;
        }
        case 3:
          writer.save();
          break;
        case 4:
          status = writer.back_to_savepoint();
          break;
        case 5:
          if (who == 0) status = store_.engine->checkpoint();
          break;
        default:
          status = writer.change();
      }
    } catch (const SqlError& e) {  // the encoder's
      status = Status::io_error(e.what());
    }
    if (status.ok()) continue;
    writer.abandon();
    return vfs.crashed() ? Status() : status;
  }
  writer.abandon();
  return {};
}

Status ConcurrentWorkload::run(int steps, const Table& rows, port::SimVfs& vfs) {
  commits_.clear();
  acknowledged_ = Lsn{};
  for (size_t who = 0; who < kThreads; ++who) commits_.push_back({Lsn{}, who, keys_of(rows, who)});
  std::vector<Status> results(kThreads);
  {
    std::vector<std::jthread> threads;
    for (size_t who = 0; who < kThreads; ++who) {
      threads.emplace_back([&, who] { results[who] = write(who, steps, rows, vfs); });
    }
  }
  std::stable_sort(commits_.begin(), commits_.end(),
                   [](const Commit& a, const Commit& b) { return a.lsn < b.lsn; });
  for (const Status& status : results) VARVE_RETURN_IF_ERROR(status);
  return {};
}

Status ConcurrentWorkload::check(const Table& table) const {
  std::vector<Table> found;
  for (size_t who = 0; who < kThreads; ++who) found.push_back(keys_of(table, who));
  std::vector<bool> matches(kThreads, false);
  bool possible = false;
  for (size_t i = 0; i < commits_.size() && !possible; ++i) {
    const Commit& commit = commits_[i];
    matches[commit.who] = commit.rows == found[commit.who];
    bool everything_acknowledged = i + 1 == commits_.size() || commits_[i + 1].lsn > acknowledged_;
    possible = i + 1 >= kThreads && everything_acknowledged &&
               std::all_of(matches.begin(), matches.end(), [](bool b) { return b; });
  }
  if (possible) return {};
  return Status::corruption(
      fmt::format("{} rows are no state that the {} commits, acknowledged to {}, can leave", table.size(),
                  commits_.size() - kThreads, acknowledged_.value()));
}

}  // namespace varve::regress
