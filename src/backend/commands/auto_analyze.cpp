#include "commands/auto_analyze.h"

#include "analyze.h"
#include "background.h"
#include "catalog/table_activity.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "maintenance.h"
#include "sync/cancel_token.h"

namespace varve::commands {
namespace {

bool is_due(uint32_t database, Oid table, double rows, const AutoAnalyzeLimits& limits) {
  const catalog::TableActivity* activity = catalog::find_table_activity(database, table);
  if (activity == nullptr) return false;
  double due = static_cast<double>(limits.threshold) + limits.scale_factor * std::max(0.0, rows);
  return static_cast<double>(activity->changes()) > due;
}

struct DueTable {
  Oid oid;
  std::string name;
};

std::vector<DueTable> due_tables(catalog::Database& database, txn::Transaction& txn,
                                 const AutoAnalyzeLimits& limits) {
  std::vector<DueTable> found;
  catalog::Catalog catalog(database, txn);
  catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    char kind = row.letter("relkind");
    if ((kind != 'r' && kind != 'm') || row.oid("oid").value() < catalog::kFirstNormalOid) return;
    // What is a session's own is that session's business.
    if (row.letter("relpersistence") == 't') return;
    if (is_due(database.oid().value(), row.oid("oid"), row.float4("reltuples"), limits))
      found.push_back({row.oid("oid"), std::string(row.text("relname"))});
  });
  return found;
}

bool analyze_one(catalog::Database& database, txn::Transaction& txn, Oid oid) {
  BackgroundCommand command(database, txn);
  if (!command.services.try_lock_relation(oid, txn::LockMode::kShareUpdateExclusive)) return false;
  catalog::RelationPtr table = command.catalog.relation(oid);
  if (table == nullptr || table->heap == nullptr) return false;
  write_table_counts(command.context, *table, analyze_table(command.context, table, {}));
  command.catalog.committed();
  return true;
}

}  // namespace

int auto_analyze(catalog::Database& database, txn::TxnManager& txns, const AutoAnalyzeLimits& limits,
                 sync::CancelToken* cancel, int64_t now_us) {
  std::vector<DueTable> tables =
      in_transaction(txns, cancel, [&](txn::Transaction& txn) { return due_tables(database, txn, limits); });
  int done = 0;
  for (const DueTable& table : tables) {
    try {
      if (!in_transaction(txns, cancel,
                          [&](txn::Transaction& txn) { return analyze_one(database, txn, table.oid); }))
        continue;
    } catch (const SqlError& error) {
      if (cancel != nullptr && cancel->pending()) throw;
      // An expression that fails for some row must not keep the other tables from their turn.
      log(LogLevel::kWarning, "automatic analyze of table \"{}\": {}", table.name, error.what());
      continue;
    }
    catalog::table_activity(database.oid().value(), table.oid).analyzed(now_us, true);
    ++done;
  }
  return done;
}

}  // namespace varve::commands
