// What BEGIN and SET TRANSACTION say of a transaction.
#pragma once

#include "txn/txn_manager.h"

namespace varve::session {

struct TransactionModes {
  txn::Isolation isolation = txn::Isolation::kReadCommitted;
  bool read_only = false;
  bool deferrable = false;
};

}  // namespace varve::session
