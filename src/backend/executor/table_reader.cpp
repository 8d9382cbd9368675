#include "table_reader.h"

#include <algorithm>

#include "common/sql_error.h"
#include "executor/expression_program.h"
#include "functions/type_oids.h"

namespace varve::executor {

using access::RowVersion;
using types::PhysicalType;
using types::Value;

TableReader::TableReader(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns)
    : relation_(&relation), columns_(columns) {}

void TableReader::decode(size_t i, std::span<const RowVersion> rows, std::span<const Tid> tids, Vector& out,
                         Arena& memory) const {
  catalog::ColumnNumber number = columns_[i];
  out.reset();
  if (number <= 0) {
    for (uint32_t row = 0; row < rows.size(); ++row)
      out.set_value(row, value(number, rows[row], tids[row], memory));
    return;
  }
  out.init_validity();
  relation_->layout->decode_column(rows, static_cast<size_t>(number - 1), out.raw(), out.validity(), memory);
  // Most columns of most chunks have no NULL: then nobody after us looks at the bits.
  size_t words = rows.size() / 64, rest = rows.size() % 64;
  bool full = true;
  for (size_t w = 0; w < words && full; ++w) full = out.validity()[w] == ~0ULL;
  if (full && rest != 0) full = out.validity()[words] == (1ULL << rest) - 1;
  if (full) out.reset();
}

Value TableReader::value(catalog::ColumnNumber column, const RowVersion& row, Tid tid, Arena& memory) const {
  switch (column) {
    case catalog::kCtidColumn:
      return Value::of_int64(static_cast<int64_t>(tid.packed()));
    case catalog::kXminColumn:
      return Value::of_int32(static_cast<int32_t>(row.xid.value()));
    case catalog::kXmaxColumn:  // what a snapshot sees has not been deleted
      return Value::of_int32(0);
    case catalog::kTableOidColumn:
      return Value::of_oid(relation_->oid.value());
    default:
      break;
  }
  if (column <= 0) throw_not_supported("this system column");
  return relation_->layout->get(row, static_cast<size_t>(column - 1), memory);
}

uint32_t TableReader::rows_at_once(std::span<const RowVersion> rows) const {
  size_t bytes = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if ((rows[i].flags & access::kRowHasLarge) == 0) continue;
    for (catalog::ColumnNumber c : columns_) {
      if (c > 0) bytes += relation_->layout->large_bytes(rows[i], static_cast<size_t>(c - 1));
    }
    if (bytes > kChunkLargeBytes) return static_cast<uint32_t>(std::max<size_t>(i, 1));
  }
  return static_cast<uint32_t>(rows.size());
}

std::vector<catalog::ColumnNumber> live_columns(const catalog::Relation& relation) {
  std::vector<catalog::ColumnNumber> out;
  for (size_t i = 0; i < relation.columns.size(); ++i) {
    if (!relation.columns[i].dropped) out.push_back(static_cast<catalog::ColumnNumber>(i + 1));
  }
  return out;
}

PhysicalType column_physical_type(const catalog::Relation& relation, catalog::ColumnNumber column) {
  if (column == catalog::kCtidColumn) return PhysicalType::kInt64;
  if (column <= 0) return PhysicalType::kInt32;
  if (relation.layout == nullptr)  // a view
    return functions::physical_type_of(relation.column(column).type);
  return relation.layout->column(static_cast<size_t>(column - 1)).type;
}

}  // namespace varve::executor
