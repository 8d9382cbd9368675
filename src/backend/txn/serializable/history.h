// For tests: a store of a few rows under the transaction manager's rules, and the check that what committed
// was serializable.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "test_txn.h"
#include "txn/serializable.h"

namespace varve::txn {

// What a transaction has read and written, by the numbers of transactions; 0 wrote what was there at first.
struct Deeds {
  uint64_t number = 0;
  uint64_t commit_order = 0;                         // among those who have written
  std::vector<std::pair<uint32_t, uint64_t>> reads;  // row, whose version
  std::set<uint32_t> writes;
};

// Adya's graph of direct dependencies; a cycle in it is an anomaly.
class History {
 public:
  void add(Deeds d) {
    std::lock_guard guard(mutex_);
    deeds_.push_back(std::move(d));
  }
  size_t size() const { return deeds_.size(); }

  bool serializable() const {
    std::map<uint32_t, std::vector<const Deeds*>> writers;  // of a row, in order of commit
    for (const Deeds& d : deeds_) {
      for (uint32_t row : d.writes) writers[row].push_back(&d);
    }
    for (auto& [row, list] : writers)
      std::sort(list.begin(), list.end(), [](auto* a, auto* b) { return a->commit_order < b->commit_order; });
    std::map<uint64_t, std::set<uint64_t>> edges;
    auto edge = [&](uint64_t from, uint64_t to) {
      if (from != to && from != 0) edges[from].insert(to);
    };
    for (auto& [row, list] : writers) {
      for (size_t i = 1; i < list.size(); ++i) edge(list[i - 1]->number, list[i]->number);
    }
    for (const Deeds& d : deeds_) {
      for (auto [row, version] : d.reads) {
        edge(version, d.number);
        const auto& list = writers[row];
        auto at = std::find_if(list.begin(), list.end(), [&](auto* w) { return w->number == version; });
        const Deeds* next = at == list.end()       ? (list.empty() ? nullptr : list[0])
                            : at + 1 == list.end() ? nullptr
                                                   : *(at + 1);
        if (next != nullptr) edge(d.number, next->number);
      }
    }
    std::map<uint64_t, int> colour;
    std::function<bool(uint64_t)> acyclic = [&](uint64_t n) {
      colour[n] = 1;
      for (uint64_t next : edges[n]) {
        if (colour[next] == 1 || (colour[next] == 0 && !acyclic(next))) return false;
      }
      colour[n] = 2;
      return true;
    };
    for (const Deeds& d : deeds_) {
      if (colour[d.number] == 0 && !acyclic(d.number)) return false;
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<Deeds> deeds_;
};

class Store {
 public:
  // Rows from `whole_from` on are in a table that counts as a whole.
  Store(TxnEnvironment& env, uint32_t rows, uint32_t whole_from = ~0U)
      : env_(env), rows_(rows), whole_from_(whole_from) {}

  TxnEnvironment& env() { return env_; }
  static TrackedRelation table() { return {1, Oid{20000}, Oid{20000}, PageId{10}}; }
  static TrackedRelation whole_table() { return {1, Oid{20010}, Oid{20010}, PageId{11}}; }
  static Tid tid(uint32_t row) { return {PageId{1000 + row / 4}, static_cast<uint16_t>(row % 4)}; }

  class Client {
   public:
    Client(Store& store, uint64_t number, Isolation isolation, bool read_only = false,
           bool deferrable = false)
        : store_(store), txn_(store.env_.begin(static_cast<uint32_t>(number), isolation)) {
      txn_->read_only = read_only;
      txn_->deferrable = deferrable;
      deeds_.number = number;
    }
    Transaction& txn() { return *txn_; }
    bool alive() const { return txn_ != nullptr; }
    const Status& failure() const { return failure_; }
    // False: the transaction has failed and is rolled back.
    bool read(uint32_t row) { return settle(do_read(row)); }
    bool write(uint32_t row) { return settle(do_write(row)); }
    bool commit(History* history) {
      if (!alive()) return false;
      if (!settle(store_.env_.txns().prepare_commit(*txn_))) return false;
      deeds_.commit_order = store_.env_.txns().commit(*txn_).value();  // of writers only
      txn_.reset();
      if (history != nullptr) history->add(deeds_);
      return true;
    }
    void roll_back() { (void)settle(Status(StatusCode::kBusy, "rolled back")); }

   private:
    bool settle(Status s) {
      if (s.ok()) return true;
      failure_ = s;
      if (txn_ == nullptr) return false;
      store_.take_back(txn_->xid());
      store_.env_.txns().rollback(*txn_);
      txn_.reset();
      return false;
    }
    Status do_read(uint32_t row) {
      Snapshot snapshot = txn_->statement_snapshot();
      bool fresh = false;
      const bool whole = row >= store_.whole_from_;
      if (snapshot.serializable != nullptr) {
        VARVE_RETURN_IF_ERROR(whole ? snapshot.serializable->read_whole(whole_table())
                                    : snapshot.serializable->read_row(table(), tid(row), &fresh));
      }
      std::vector<Version> versions = store_.copy(row);
      while (!versions.empty()) {
        const Version v = versions.back();
        if (v.xid == snapshot.own_xid) return {};  // what it wrote itself
        if (store_.env_.txns().visible(snapshot, v.xid, kNoUndo)) {
          deeds_.reads.emplace_back(row, v.number);
          return {};
        }
        if (snapshot.serializable != nullptr && !whole)
          VARVE_RETURN_IF_ERROR(snapshot.serializable->passed_over(v.xid));
        versions.pop_back();
      }
      deeds_.reads.emplace_back(row, 0);
      return {};
    }
    Status do_write(uint32_t row) {
      Snapshot snapshot = txn_->statement_snapshot();
      const Xid xid = txn_->assign_xid();
      Row& r = store_.rows_[row];
      std::lock_guard guard(r.mutex);
      if (!r.versions.empty() && r.versions.back().xid != xid) {
        const Version& newest = r.versions.back();
        // First committer wins; and nobody waits here.
        if (!store_.env_.txns().visible(snapshot, newest.xid, kNoUndo))
          return {StatusCode::kWriteConflict, "concurrent update"};
      }
      if (txn_->serializable != nullptr) {
        VARVE_RETURN_IF_ERROR(row >= store_.whole_from_ ? txn_->serializable->write_whole(whole_table())
                                                        : txn_->serializable->write_row(table(), tid(row)));
      }
      if (r.versions.empty() || r.versions.back().xid != xid) {
        store_.env_.write(*txn_);
        r.versions.push_back({xid, deeds_.number});
      }
      deeds_.writes.insert(row);
      return {};
    }

    Store& store_;
    std::unique_ptr<Transaction> txn_;
    Deeds deeds_;
    Status failure_;
  };

 private:
  struct Version {
    Xid xid;
    uint64_t number;
  };
  struct Row {
    std::mutex mutex;
    std::vector<Version> versions;
  };
  std::vector<Version> copy(uint32_t row) {
    std::lock_guard guard(rows_[row].mutex);
    return rows_[row].versions;
  }
  void take_back(Xid xid) {
    if (xid == kInvalidXid) return;
    for (Row& r : rows_) {
      std::lock_guard guard(r.mutex);
      std::erase_if(r.versions, [&](const Version& v) { return v.xid == xid; });
    }
  }

  TxnEnvironment& env_;
  std::vector<Row> rows_;
  const uint32_t whole_from_;
};

}  // namespace varve::txn
