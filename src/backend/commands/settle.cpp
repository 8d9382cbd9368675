#include "commands/settle.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "access/column_store.h"
#include "access/key_codec.h"
#include "access/table_method.h"
#include "background.h"
#include "common/sql_error.h"
#include "executor/settle_order.h"
#include "index_build.h"
#include "settle_rows.h"
#include "table_expression.h"

namespace varve::commands {
namespace {

// Gives rows that have moved their new index entries, and leaves the old ones to purge.
class EntryMover final : public access::SettledRowSink {
 public:
  EntryMover(CommandContext& context, const RelationPtr& table) : table_(table), live_(live_columns(*table)) {
    for (const catalog::Index& index : table->indexes)
      keys_.push_back(std::make_unique<IndexKeys>(context, table, index));
  }

  Status rows_settled(txn::Transaction& txn, std::span<const Tid> from,
                      std::span<const access::RowVersion> rows, std::span<const Tid> to) override {
    return for_each_key(rows, [&](access::Btree& tree, wal::Bytes key, size_t r) -> Status {
      VARVE_RETURN_IF_ERROR(tree.note_gone(txn, key, from[r]));
      return tree.insert(txn, key, to[r], nullptr).status();
    });
  }
  Status rows_gone(txn::Transaction& txn, std::span<const Tid> tids,
                   std::span<const access::RowVersion> rows) override {
    return for_each_key(rows, [&](access::Btree& tree, wal::Bytes key, size_t r) {
      return tree.note_gone(txn, key, tids[r]);
    });
  }

 private:
  // Calls f(index, key, number of the row).
  template <class F>
  Status for_each_key(std::span<const access::RowVersion> rows, F&& f) {
    if (keys_.empty()) return {};
    Arena memory;
    std::vector<Value> values;
    for (size_t r = 0; r < rows.size(); ++r) {
      memory.reset();
      values.clear();
      for (ColumnNumber c : live_)
        values.push_back(table_->layout->get(rows[r], static_cast<size_t>(c - 1), memory));
      for (auto& keys : keys_) {
        for (const std::string& key : keys->builder().build(values))
          VARVE_RETURN_IF_ERROR(f(*keys->builder().index().tree, access::key_bytes(key), r));
      }
    }
    return {};
  }

  RelationPtr table_;
  std::vector<ColumnNumber> live_;
  std::vector<std::unique_ptr<IndexKeys>> keys_;
};

void check_cancel(txn::Transaction& txn) {
  if (sync::CancelToken* cancel = txn.cancel_token()) cancel->throw_if_pending();
}

uint64_t outcome(Result<uint64_t>&& r) {
  check_ok(r.status());
  return *r;
}

}  // namespace

void check_settle_order(std::string_view text, std::span<const std::string> columns) {
  for (const executor::OrderItem& item : executor::parse_settle_order(text)) {
    if (std::find(columns.begin(), columns.end(), item.column) == columns.end())
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", item.column));
  }
}

uint64_t settle_rows(CommandContext& context, const RelationPtr& table, uint64_t at_least) {
  access::ColumnStore* store = table->heap == nullptr ? nullptr : table->heap->columns();
  if (store == nullptr) return 0;
  // What may settle is what lies behind the horizon: let it be where it can be.
  check_ok(context.txn.manager().purge_once());
  const std::vector<access::SettleOrder> order = executor::settle_order(*table);
  std::vector<bool> dropped;
  for (const catalog::Column& c : table->columns) dropped.push_back(c.dropped);
  EntryMover mover(context, table);
  uint64_t rows = 0;
  for (;;) {
    check_cancel(context.txn);
    uint64_t n = outcome(store->settle(context.txn, *table->layout, order, dropped, at_least, mover));
    if (n == 0) break;
    rows += n;
  }
  while (outcome(store->rewrite(context.txn, *table->layout, order, dropped, mover)) != 0)
    check_cancel(context.txn);
  return rows;
}

uint64_t settle_table(CommandContext& context, Oid oid, uint64_t at_least) {
  context.services.lock_relation(oid, txn::LockMode::kShareUpdateExclusive);
  RelationPtr table = context.catalog.relation(oid);
  if (table == nullptr)
    throw SqlError(sqlstate::kUndefinedTable,
                   fmt::format("relation with OID {} does not exist", oid.value()));
  if (table->heap == nullptr || table->heap->columns() == nullptr)
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a columnar table", table->name));
  if (!context.is_superuser && context.role != table->owner) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("must be owner of table {}", table->name));
  }
  return settle_rows(context, table, at_least);
}

uint64_t remove_segments(CommandContext& context, Oid oid, std::string_view column, int64_t low,
                         int64_t high) {
  context.services.lock_relation(oid, txn::LockMode::kExclusive);
  RelationPtr table = context.catalog.relation(oid);
  access::ColumnStore* store = table == nullptr || table->heap == nullptr ? nullptr : table->heap->columns();
  const ColumnNumber number = table == nullptr ? ColumnNumber{0} : table->find_column(column);
  if (store == nullptr || number <= 0) return 0;
  context.txn.assign_xid();
  EntryMover mover(context, table);
  return outcome(store->remove_range(context.txn, static_cast<uint32_t>(number - 1), low, high,
                                     table->indexes.empty() ? nullptr : &mover));
}

namespace {

std::vector<Oid> columnar_tables(catalog::Database& database, txn::Transaction& txn) {
  std::vector<Oid> found;
  catalog::Catalog catalog(database, txn);
  catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    // What is a session's own is that session's business.
    if (row.oid("relam") == access::kColumnarMethod && row.letter("relpersistence") != 't')
      found.push_back(row.oid("oid"));
  });
  return found;
}

bool settle_one(catalog::Database& database, txn::Transaction& txn, Oid oid, uint64_t at_least) {
  BackgroundCommand command(database, txn);
  if (!command.services.try_lock_relation(oid, txn::LockMode::kShareUpdateExclusive)) return false;
  catalog::RelationPtr table = command.catalog.relation(oid);
  return table != nullptr && settle_rows(command.context, table, at_least) > 0;
}

}  // namespace

int auto_settle(catalog::Database& database, txn::TxnManager& txns, uint64_t at_least,
                sync::CancelToken* cancel) {
  std::vector<Oid> tables =
      in_transaction(txns, cancel, [&](txn::Transaction& txn) { return columnar_tables(database, txn); });
  int done = 0;
  for (Oid table : tables) {
    done += static_cast<int>(in_transaction(
        txns, cancel, [&](txn::Transaction& txn) { return settle_one(database, txn, table, at_least); }));
  }
  return done;
}

}  // namespace varve::commands
