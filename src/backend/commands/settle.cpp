#include "commands/settle.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "access/column_store.h"
#include "access/key_codec.h"
#include "access/table_method.h"
#include "background.h"
#include "common/sql_error.h"
#include "index_build.h"
#include "settle_rows.h"
#include "table_expression.h"

namespace varve::commands {
namespace {

struct OrderItem {
  std::string name;
  bool descending = false;
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    std::string word;
    if (text[i] == '"') {
      size_t end = text.find('"', i + 1);
      if (end == std::string_view::npos) end = text.size();
      word = text.substr(i + 1, end - i - 1);
      i = std::min(end + 1, text.size());
    } else {
      for (; i < text.size() && text[i] != ' '; ++i)
        word += text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<OrderItem> parse_order(std::string_view text) {
  std::vector<OrderItem> items;
  while (!text.empty()) {
    size_t comma = std::min(text.find(','), text.size());
    std::vector<std::string> words = words_of(text.substr(0, comma));
    bool good = words.size() == 1 || (words.size() == 2 && (words[1] == "asc" || words[1] == "desc"));
    if (!good) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "parameter \"orderby\" is a list of columns, each with ASC or DESC");
    }
    items.push_back({words[0], words.size() == 2 && words[1] == "desc"});
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

// Columns that have been renamed or dropped since order nothing.
std::vector<access::SettleOrder> settle_order(const Relation& table) {
  std::vector<access::SettleOrder> order;
  std::string_view options = table.options;
  constexpr std::string_view kName = "orderby=";
  while (!options.empty()) {
    size_t end = std::min(options.find('\n'), options.size());
    std::string_view option = options.substr(0, end);
    if (option.starts_with(kName)) {
      for (const OrderItem& item : parse_order(option.substr(kName.size()))) {
        ColumnNumber column = table.find_column(item.name);
        if (column > 0) order.push_back({static_cast<uint32_t>(column - 1), item.descending});
      }
    }
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return order;
}

// Gives rows that have moved their new index entries, and leaves the old ones to purge.
class EntryMover final : public access::SettledRowSink {
 public:
  EntryMover(CommandContext& context, const RelationPtr& table) : table_(table), live_(live_columns(*table)) {
    for (const catalog::Index& index : table->indexes)
      keys_.push_back(std::make_unique<IndexKeys>(context, table, index));
  }

  Status rows_settled(txn::Transaction& txn, std::span<const Tid> from,
                      std::span<const access::RowVersion> rows, std::span<const Tid> to) override {
    if (keys_.empty()) return {};
    std::string key;
    Arena memory;
    std::vector<Value> values;
    for (size_t r = 0; r < rows.size(); ++r) {
      memory.reset();
      values.clear();
      for (ColumnNumber c : live_)
        values.push_back(table_->layout->get(rows[r], static_cast<size_t>(c - 1), memory));
      for (auto& keys : keys_) {
        if (!keys->builder().build(values, &key)) continue;
        access::Btree& tree = *keys->builder().index().tree;
        VARVE_RETURN_IF_ERROR(tree.note_gone(txn, access::key_bytes(key), from[r]));
        VARVE_RETURN_IF_ERROR(tree.insert(txn, access::key_bytes(key), to[r], nullptr).status());
      }
    }
    return {};
  }

 private:
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
  for (const OrderItem& item : parse_order(text)) {
    if (std::find(columns.begin(), columns.end(), item.name) == columns.end())
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", item.name));
  }
}

uint64_t settle_rows(CommandContext& context, const RelationPtr& table, uint64_t at_least) {
  access::ColumnStore* store = table->heap == nullptr ? nullptr : table->heap->columns();
  if (store == nullptr) return 0;
  // What may settle is what lies behind the horizon: let it be where it can be.
  check_ok(context.txn.manager().purge_once());
  const std::vector<access::SettleOrder> order = settle_order(*table);
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
    throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation with OID {} does not exist", oid.value()));
  if (table->heap == nullptr || table->heap->columns() == nullptr)
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a columnar table", table->name));
  if (!context.is_superuser && context.role != table->owner) {
    throw SqlError(sqlstate::kInsufficientPrivilege, fmt::format("must be owner of table {}", table->name));
  }
  return settle_rows(context, table, at_least);
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
    done += static_cast<int>(in_transaction(txns, cancel, [&](txn::Transaction& txn) {
      return settle_one(database, txn, table, at_least);
    }));
  }
  return done;
}

}  // namespace varve::commands
