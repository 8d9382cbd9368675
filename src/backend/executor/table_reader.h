// From heap rows to vectors: which columns, where they lie, system columns included.
#pragma once

#include <span>
#include <vector>

#include "access/heap.h"
#include "access/row_layout.h"
#include "catalog/relation.h"
#include "executor/execution_context.h"
#include "vector/chunk.h"

namespace varve::executor {

using vector::Chunk;
using vector::Selection;
using vector::Vector;

// Memory for the long values of one chunk: a chunk ends early rather than take much more.
inline constexpr size_t kChunkLargeBytes = 8 << 20;

// Decodes rows of one relation. Cheap; one a scan.
class TableReader {
 public:
  TableReader(const catalog::Relation& relation, std::span<const catalog::ColumnNumber> columns);

  // Column `i` of the list, of `rows`, into rows 0… of `out` (flat, with memory of its own).
  void decode(size_t i, std::span<const access::RowVersion> rows, std::span<const Tid> tids, Vector& out,
              Arena& memory) const;
  types::Value value(catalog::ColumnNumber column, const access::RowVersion& row, Tid tid,
                     Arena& memory) const;
  // How many of `rows`, from the first on, may be decoded at once without taking much memory for long values;
  // 1 or more. A row that is not decoded costs nothing.
  uint32_t rows_at_once(std::span<const access::RowVersion> rows) const;
  const catalog::Relation& relation() const { return *relation_; }

 private:
  const catalog::Relation* relation_;
  std::span<const catalog::ColumnNumber> columns_;
};

// All columns that are not dropped, in order: what INSERT takes and whole-row expressions see.
std::vector<catalog::ColumnNumber> live_columns(const catalog::Relation& relation);

types::PhysicalType column_physical_type(const catalog::Relation& relation, catalog::ColumnNumber column);

}  // namespace varve::executor
