#include "commands/auto_analyze.h"

#include "analyze.h"
#include "background.h"
#include "catalog/table_activity.h"
#include "common/sql_error.h"
#include "maintenance.h"

namespace varve::commands {
namespace {

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
