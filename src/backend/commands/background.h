// Commands that the server runs by itself, each in a transaction of its own.
#pragma once

#include "catalog/catalog.h"
#include "commands/command_context.h"
#include "common/sql_error.h"
#include "memory/arena.h"
#include "txn/lock_manager.h"
#include "txn/txn_manager.h"

namespace varve::commands {

// Nobody is there to be told or asked: locks that are not free are not waited for.
class BackgroundServices final : public CommandServices {
 public:
  BackgroundServices(catalog::Database& database, txn::Transaction& txn) : database_(database), txn_(txn) {}
  void report(std::string_view, const ErrorFields&) override {}
  void lock_relation(Oid relation, txn::LockMode mode) override {
    if (!try_lock_relation(relation, mode)) throw SqlError(sqlstate::kLockNotAvailable, "relation is locked");
  }
  bool has_pending_events(Oid) override { return false; }
  bool try_lock_relation(Oid relation, txn::LockMode mode) override {
    txn::LockTag tag{txn::LockTagKind::kRelation, database_.oid().value(), relation.value(), 0};
    Status status = txn_.manager().locks().acquire(txn_, tag, mode, txn::WaitPolicy::kNoWait, 0);
    if (status.code() == StatusCode::kBusy) return false;
    check_ok(status);
    return true;
  }
  uint64_t run_sql(std::string_view) override { throw_not_supported("statements in the background"); }
  bool query_row(std::string_view, Arena&, std::vector<types::Value>*) override {
    throw_not_supported("statements in the background");
  }
  std::string setting(std::string_view) override { return {}; }

 private:
  catalog::Database& database_;
  txn::Transaction& txn_;
};

// What such a command works with.
struct BackgroundCommand {
  BackgroundCommand(catalog::Database& database, txn::Transaction& txn)
      : catalog(database, txn),
        services(database, txn),
        eval{&arena, &format, nullptr},
        context{catalog, txn, eval, services, {}, {}, catalog::kBootstrapSuperuser, true, arena, relations} {}

  catalog::Catalog catalog;
  BackgroundServices services;
  Arena arena;
  types::FormatSettings format;
  functions::EvalContext eval;
  std::deque<catalog::RelationPtr> relations;
  CommandContext context;
};

// Runs f in a transaction of its own.
template <class F>
auto in_transaction(txn::TxnManager& txns, sync::CancelToken* cancel, F&& f) {
  auto txn = txns.begin(txn::Isolation::kReadCommitted, cancel);
  try {
    auto result = f(*txn);
    txns.commit(*txn);
    return result;
  } catch (...) {
    txns.rollback(*txn);
    throw;
  }
}

}  // namespace varve::commands
