// What BEGIN and SET TRANSACTION say of a transaction, and what SAVEPOINT keeps of it.
#pragma once

#include <string>

#include "executor/constraint_triggers.h"
#include "txn/txn_manager.h"

namespace varve::session {

struct TransactionModes {
  txn::Isolation isolation = txn::Isolation::kReadCommitted;
  bool read_only = false;
  bool deferrable = false;
  bool read_uncommitted = false;  // READ COMMITTED by another name
};

// transaction_isolation and its like.
bool is_transaction_setting(std::string_view name);
// As SET and SHOW have it.
std::string_view isolation_name(const TransactionModes& modes);

struct NamedSavepoint {
  std::string name;
  txn::Transaction::Savepoint position;
  size_t settings_mark;
  size_t deferred = 0;
  executor::ConstraintTriggers::Mark constraints;
  uint64_t portals = 0;                        // number of the first one made since
  bool read_only = false, deferrable = false;  // the transaction was
};

}  // namespace varve::session
