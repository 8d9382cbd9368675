#include "index_build.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "access/btree.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "index.h"

namespace varve::commands {

void require_immutable(const analyzer::Expr* expr, std::string_view message) {
  if (!analyzer::is_immutable(expr)) throw SqlError(sqlstate::kInvalidObjectDefinition, std::string(message));
}

Oid index_table(CommandContext& context, Oid index) {
  Oid table;
  const KeyMatch match[] = {{"indexrelid", Value::of_oid(index.value())}};
  context.catalog.for_each(system_table("pg_index"), match,
                           [&](const Row& row) { table = row.oid("indrelid"); });
  return table;
}

IndexKeys::IndexKeys(CommandContext& context, const RelationPtr& table, const catalog::Index& index)
    : evaluation_(context) {
  bool plain = index.predicate_sql.empty();
  std::vector<analyzer::Expr*> keys;
  for (const catalog::IndexColumn& key : index.keys) {
    plain &= key.column != 0;
    keys.push_back(key.column != 0 ? nullptr
                                   : bind_stored(context, key.expression_sql, table, "index expressions"));
    if (key.column != 0) columns_.push_back(key.column);
  }
  if (!plain) {
    columns_.clear();
    bound_.index = &index;
    bound_.keys = context.arena.copy(keys);
    if (!index.predicate_sql.empty()) {
      bound_.predicate = bind_stored(context, index.predicate_sql, table, "index predicates");
    }
  }
  builder_ = std::make_unique<executor::IndexKeyBuilder>(*table, index, plain ? nullptr : &bound_,
                                                         evaluation_.execution());
}

std::string key_text(CommandContext& context, const Relation& table, const catalog::Index& index,
                     std::span<const Value> values) {
  std::string columns, texts;
  for (size_t i = 0; i < values.size(); ++i) {
    const catalog::IndexColumn& key = index.keys[i];
    if (i != 0) {
      columns += ", ";
      texts += ", ";
    }
    columns += key.column != 0 ? table.column(key.column).name : key.expression_sql;
    if (values[i].null)
      texts += "null";
    else
      functions::append_value(key.type, values[i], texts, context.eval);
  }
  return fmt::format("({})=({})", columns, texts);
}

namespace {

struct BuildEntry {
  const char* key;
  uint32_t length;
  bool exempt;  // has a NULL: equal keys are no conflict
  Tid tid;

  int compare(const BuildEntry& other) const {
    int c = std::memcmp(key, other.key, std::min(length, other.length));
    return c != 0 ? c : length < other.length ? -1 : length > other.length ? 1 : 0;
  }
};

class BuildSource final : public access::Btree::BulkSource {
 public:
  explicit BuildSource(const std::vector<BuildEntry>& entries) : entries_(entries) {}
  bool next(access::Entry* entry) override {
    if (at_ == entries_.size()) return false;
    const BuildEntry& e = entries_[at_++];
    *entry = {access::key_bytes({e.key, e.length}), e.tid, false};
    return true;
  }

 private:
  const std::vector<BuildEntry>& entries_;
  size_t at_ = 0;
};

// The values of a key cannot be read back from it: the row is fetched again.
[[noreturn]] void report_duplicate(CommandContext& context, const RelationPtr& table,
                                   const catalog::Index& index, Tid tid) {
  SqlError error(sqlstate::kUniqueViolation, fmt::format("could not create unique index \"{}\"", index.name));
  error.schema(table->schema_name).table(table->name).constraint(index.name);
  access::RowBuffer buffer;
  access::RowVersion version;
  auto found = table->heap->fetch(latest_snapshot(context.txn), tid, buffer, &version);
  check_ok(found.status());
  if (*found) {
    Arena memory;
    std::vector<Value> row;
    for (ColumnNumber c : live_columns(*table)) {
      row.push_back(table->layout->get(version, static_cast<size_t>(c - 1), memory));
    }
    IndexKeys keys(context, table, index);
    std::string key;
    keys.builder().build(row, &key);
    error.detail(
        fmt::format("Key {} is duplicated.", key_text(context, *table, index, keys.builder().values())));
  }
  throw error;
}

}  // namespace

void build_index(CommandContext& context, const RelationPtr& table, const catalog::Index& index) {
  if (table->heap == nullptr) return;
  IndexKeys keys(context, table, index);
  std::vector<BuildEntry> entries;
  Arena memory;
  std::string key;
  scan_table(context, *table, keys.columns(), [&](Tid tid, std::span<const Value> row) {
    if (!keys.builder().build(row, &key)) return;
    entries.push_back({memory.copy(key).data(), static_cast<uint32_t>(key.size()),
                       keys.builder().exempt_from_unique(), tid});
  });
  if (entries.empty()) return;
  std::sort(entries.begin(), entries.end(), [](const BuildEntry& a, const BuildEntry& b) {
    int c = a.compare(b);
    return c != 0 ? c < 0 : a.tid < b.tid;
  });
  if (index.unique) {
    for (size_t i = 1; i < entries.size(); ++i) {
      if (!entries[i].exempt && entries[i].compare(entries[i - 1]) == 0) {
        report_duplicate(context, table, index, entries[i].tid);
      }
    }
  }
  BuildSource source(entries);
  check_ok(index.tree->bulk_load(context.txn, source));
}

}  // namespace varve::commands
