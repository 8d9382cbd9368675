#include "rewrite_table.h"

#include <fmt/format.h>

#include "access/overflow.h"
#include "access/segment.h"
#include "common/sql_error.h"
#include "index.h"
#include "table_expression.h"

namespace varve::commands {
namespace {

// Rows on their way into the new heap, a page or so at a time.
class RowWriter {
 public:
  RowWriter(CommandContext& context, const Relation& table)
      : context_(context), table_(table), encoder_(*table.heap, *table.layout) {}

  void add(std::span<const Value> values) {
    encoder_.encode(context_.txn, values);
    if (encoder_.flags() != 0) {
      check_ok(
          table_.heap
              ->insert(context_.txn, encoder_.bytes(), static_cast<uint16_t>(values.size()), encoder_.flags())
              .status());
      return;
    }
    wal::Bytes row = encoder_.bytes();
    bytes_.append(reinterpret_cast<const char*>(row.data()), row.size());
    ends_.push_back(bytes_.size());
    if (bytes_.size() > kBatchBytes) flush();
  }
  void flush() {
    if (ends_.empty()) return;
    std::vector<wal::Bytes> rows;
    size_t begin = 0;
    for (size_t end : ends_) {
      rows.push_back(access::key_bytes(std::string_view(bytes_).substr(begin, end - begin)));
      begin = end;
    }
    std::vector<Tid> tids;
    check_ok(
        table_.heap->insert_many(context_.txn, rows, static_cast<uint16_t>(table_.columns.size()), &tids));
    ends_.clear();
    bytes_.clear();
  }

 private:
  static constexpr size_t kBatchBytes = 64 << 10;
  CommandContext& context_;
  const Relation& table_;
  access::RowEncoder encoder_;
  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace

void rewrite_table(CommandContext& context, const RelationPtr& old, std::span<const ColumnRewrite> rewrites) {
  if (old->heap == nullptr) return;  // a partitioned table holds no rows
  context.txn.assign_xid();
  auto segment = context.catalog.database().create_heap(context.txn);
  check_ok(segment.status());
  check_ok(access::drop_segment(context.txn.manager().pool(), context.txn, old->segment));
  change_class_row(context, old->oid, [&](RowDraft& draft) {
    draft.oid("relfilenode", Oid{static_cast<uint32_t>(segment->value())});
  });
  // Rows written now have every column: nothing is missing any more.
  RelationPtr table = context.catalog.relation(old->oid);
  for (size_t i = 0; i < table->columns.size(); ++i) {
    if (table->columns[i].missing.null) continue;
    change_attribute_row(context, table->oid, static_cast<ColumnNumber>(i + 1), [](RowDraft& draft) {
      draft.boolean("atthasmissing", false).null("attmissingval");
    });
  }
  table = context.catalog.relation(old->oid);

  std::vector<analyzer::Expr*> expressions;
  for (const ColumnRewrite& r : rewrites)
    expressions.push_back(over_live_columns(context, r.expression, *old));
  RowExpressions evaluation(context, *old, expressions);
  std::vector<ColumnNumber> old_live = live_columns(*old);
  RowWriter writer(context, *table);
  std::vector<Value> values(table->columns.size());
  scan_table(context, *old, {}, [&](Tid, std::span<const Value> row) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = Value::null_of(table->layout->column(i).type);
    for (size_t i = 0; i < old_live.size(); ++i) {
      auto at = static_cast<size_t>(old_live[i] - 1);
      if (!table->columns[at].dropped) values[at] = row[i];
    }
    if (!rewrites.empty()) evaluation.load(row);
    for (size_t i = 0; i < rewrites.size(); ++i) {
      values[static_cast<size_t>(rewrites[i].column - 1)] = evaluation.value(i);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const catalog::Column& c = table->columns[i];
      if (!c.not_null || c.dropped || !values[i].null) continue;
      throw SqlError(
          sqlstate::kNotNullViolation,
          fmt::format("column \"{}\" of relation \"{}\" contains null values", c.name, table->name))
          .schema(table->schema_name)
          .table(table->name)
          .column(c.name);
    }
    writer.add(values);
  });
  writer.flush();
  rebuild_indexes(context, table->oid);
}

}  // namespace varve::commands
