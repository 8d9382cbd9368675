// How much of a columnar table the rows of ranges of time take.
#include <algorithm>
#include <cstring>
#include <limits>

#include "access/column_store.h"
#include "access/overflow.h"
#include "commands/settle.h"
#include "common/sql_error.h"
#include "table_expression.h"

namespace varve::commands {
namespace {

constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();

bool reaches(const RangeSize& range, int64_t value) { return value < range.high || range.high == kNoEnd; }

// The first range that has the value or comes after it.
RangeSize* range_from(std::span<RangeSize> ranges, int64_t value) {
  return std::partition_point(ranges.data(), ranges.data() + ranges.size(),
                              [&](const RangeSize& r) { return !reaches(r, value); });
}

void add_segment(std::span<RangeSize> ranges, const access::SegmentSize& segment) {
  const double length = static_cast<double>(segment.greatest) - static_cast<double>(segment.least) + 1;
  RangeSize* const end = ranges.data() + ranges.size();
  for (RangeSize* r = range_from(ranges, segment.least); r != end && r->low <= segment.greatest; ++r) {
    double share = 1;
    if (r->low > segment.least || !reaches(*r, segment.greatest)) {
      const int64_t from = std::max(r->low, segment.least);
      const int64_t to = reaches(*r, segment.greatest) ? segment.greatest : r->high - 1;
      share = (static_cast<double>(to) - static_cast<double>(from) + 1) / length;
    }
    r->settled_rows += static_cast<uint64_t>(share * static_cast<double>(segment.rows) + 0.5);
    r->settled_bytes += static_cast<uint64_t>(share * static_cast<double>(segment.bytes) + 0.5);
  }
}

uint64_t row_bytes(const access::RowLayout& layout, const access::RowVersion& row) {
  uint64_t bytes = sizeof(access::RowHeader) + row.length;
  layout.for_each_large(row, [&](size_t, const access::StoredValue& value) {
    if (value.form != access::StoredForm::kOverflow) return;
    access::OverflowPointer pointer;
    std::memcpy(&pointer, value.bytes.data(), sizeof(pointer));
    bytes += pointer.stored_bytes;
  });
  return bytes;
}

void add_fresh(CommandContext& context, const Relation& table, size_t column, std::span<RangeSize> ranges) {
  const txn::Snapshot snapshot = latest_snapshot(context.txn);
  auto runs = table.heap->runs();
  check_ok(runs.status());
  access::Heap::PageBatch batch;
  Arena memory;
  for (const access::PageRun& run : *runs) {
    if (access::is_settled(run.first)) continue;
    for (uint32_t page = 0; page < run.count; ++page) {
      if (sync::CancelToken* cancel = context.txn.cancel_token()) cancel->throw_if_pending();
      check_ok(table.heap->read_page(snapshot, PageId{run.first.value() + page}, &batch));
      for (const access::RowVersion& row : batch.rows) {
        memory.reset();
        const Value value = table.layout->get(row, column, memory);
        if (value.null) continue;
        const int64_t at = access::axis_value(value);
        RangeSize* r = range_from(ranges, at);
        if (r == ranges.data() + ranges.size() || r->low > at) continue;
        ++r->fresh_rows;
        r->fresh_bytes += row_bytes(*table.layout, row);
      }
    }
  }
}

}  // namespace

void measure_ranges(CommandContext& context, Oid oid, std::string_view column, std::span<RangeSize> ranges) {
  context.services.lock_relation(oid, txn::LockMode::kAccessShare);
  RelationPtr table = context.catalog.relation(oid);
  access::ColumnStore* store = table == nullptr || table->heap == nullptr ? nullptr : table->heap->columns();
  const ColumnNumber number = table == nullptr ? ColumnNumber{0} : table->find_column(column);
  if (store == nullptr || number <= 0 || ranges.empty()) return;
  const auto place = static_cast<size_t>(number - 1);
  if (!access::has_axis(table->layout->column(place).type)) return;
  auto segments = store->segment_sizes(latest_snapshot(context.txn), static_cast<uint32_t>(place));
  check_ok(segments.status());
  for (const access::SegmentSize& segment : *segments) add_segment(ranges, segment);
  add_fresh(context, *table, place, ranges);
}

}  // namespace varve::commands
