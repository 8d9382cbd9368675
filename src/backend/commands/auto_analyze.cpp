#include "commands/auto_analyze.h"

#include "analyze.h"
#include "catalog/table_activity.h"
#include "common/sql_error.h"
#include "maintenance.h"

namespace varve::commands {
namespace {

// Nobody is there to be told or asked: locks that are not free are not waited for.
class BackgroundServices final : public CommandServices {
 public:
  BackgroundServices(catalog::Database& database, txn::Transaction& txn) : database_(database), txn_(txn) {}
  void notice(std::string_view, SqlState, std::string_view, std::string_view, std::string_view) override {}
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

bool is_due(uint32_t database, Oid table, double rows, const AutoAnalyzeLimits& limits) {
  const catalog::TableActivity* activity = catalog::find_table_activity(database, table);
  if (activity == nullptr) return false;
  double due = static_cast<double>(limits.threshold) + limits.scale_factor * std::max(0.0, rows);
  return static_cast<double>(activity->changes()) > due;
}

std::vector<Oid> due_tables(catalog::Database& database, txn::Transaction& txn,
                            const AutoAnalyzeLimits& limits) {
  std::vector<Oid> found;
  catalog::Catalog catalog(database, txn);
  catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    char kind = row.letter("relkind");
    if ((kind != 'r' && kind != 'm') || row.oid("oid").value() < catalog::kFirstNormalOid) return;
    // What is a session's own is that session's business.
    if (row.letter("relpersistence") == 't') return;
    if (is_due(database.oid().value(), row.oid("oid"), row.float4("reltuples"), limits))
      found.push_back(row.oid("oid"));
  });
  return found;
}

bool analyze_one(catalog::Database& database, txn::Transaction& txn, Oid oid) {
  catalog::Catalog catalog(database, txn);
  BackgroundServices services(database, txn);
  Arena arena;
  types::FormatSettings format;
  functions::EvalContext eval{&arena, &format, nullptr};
  std::deque<catalog::RelationPtr> relations;
  CommandContext context{catalog, txn,   eval,     services, {}, {}, catalog::kBootstrapSuperuser,
                         true,    arena, relations};
  if (!services.try_lock_relation(oid, txn::LockMode::kShareUpdateExclusive)) return false;
  catalog::RelationPtr table = catalog.relation(oid);
  if (table == nullptr || table->heap == nullptr) return false;
  write_table_counts(context, *table, analyze_table(context, table, {}));
  catalog.committed();
  return true;
}

}  // namespace

int auto_analyze(catalog::Database& database, txn::TxnManager& txns, const AutoAnalyzeLimits& limits,
                 sync::CancelToken* cancel, int64_t now_us) {
  std::vector<Oid> tables =
      in_transaction(txns, cancel, [&](txn::Transaction& txn) { return due_tables(database, txn, limits); });
  int done = 0;
  for (Oid table : tables) {
    if (!in_transaction(txns, cancel,
                        [&](txn::Transaction& txn) { return analyze_one(database, txn, table); }))
      continue;
    catalog::table_activity(database.oid().value(), table).analyzed(now_us, true);
    ++done;
  }
  return done;
}

}  // namespace varve::commands
