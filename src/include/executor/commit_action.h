// What an extension has to do before a transaction commits because of what the transaction's statements have
// written: a guard of rows (row_guard.h) notes it while they run, and it is done once, in the transaction,
// when nothing else is left to do. A rollback forgets it; a rollback to a savepoint does not.
//
// Belongs to one session and is used on its thread.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace varve::functions {
class SessionServices;
}
namespace varve::txn {
class Transaction;
}

namespace varve::executor {

class CommitAction {
 public:
  virtual ~CommitAction() = default;
  // May run SQL and wait for locks. Throws SqlError: the transaction is rolled back.
  virtual void before_commit(functions::SessionServices& session, txn::Transaction& transaction,
                             uint32_t database) = 0;
};

// Those of one transaction.
class CommitActions {
 public:
  // `kind`: the address of something that only this kind of action has.
  CommitAction* find(const void* kind) const {
    for (const auto& [k, action] : actions_) {
      if (k == kind) return action.get();
    }
    return nullptr;
  }
  CommitAction& add(const void* kind, std::unique_ptr<CommitAction> action) {
    return *actions_.emplace_back(kind, std::move(action)).second;
  }
  bool empty() const { return actions_.empty(); }
  // Actions may not add others.
  void run(functions::SessionServices& session, txn::Transaction& transaction, uint32_t database) {
    for (const auto& [kind, action] : actions_) action->before_commit(session, transaction, database);
    actions_.clear();
  }
  void clear() { actions_.clear(); }

 private:
  std::vector<std::pair<const void*, std::unique_ptr<CommitAction>>> actions_;
};

}  // namespace varve::executor
