// What a heap offers beyond rows when its old rows lie in segments of columns: reading vectors of columns,
// and settling rows into segments. docs/decisions/columnar-tables.md.
//
// A settled row's Tid: the page number's highest bit (of 48) is set, so it is no page of the page space. Such
// a "page" is one vector of up to kVectorRows rows; runs() lists vectors as pages behind those of the heap.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "access/heap.h"
#include "access/page_sequence.h"
#include "types/uuid_time.h"
#include "types/value.h"

namespace varve {
class Arena;
}
namespace varve::vector {
class Vector;
struct Selection;
}  // namespace varve::vector

namespace varve::access {

class RowLayout;

// Where a value lies on its column's axis: integers, dates and timestamps as they are stored, UUIDs of
// version 7 by their Unix time in microseconds.
inline int64_t axis_value(const types::Value& value) {
  switch (value.type) {
    case types::PhysicalType::kInt16:
      return value.int16;
    case types::PhysicalType::kInt32:
      return value.int32;
    case types::PhysicalType::kUuid:
      return types::uuid_unix_us(value.uuid);
    default:
      return value.int64;
  }
}
constexpr bool has_axis(types::PhysicalType type) {
  return type == types::PhysicalType::kInt16 || type == types::PhysicalType::kInt32 ||
         type == types::PhysicalType::kInt64 || type == types::PhysicalType::kUuid;
}

inline constexpr uint64_t kSettledBit = uint64_t{1} << 47;
inline constexpr uint32_t kVectorRows = 1024;
constexpr bool is_settled(PageId page) { return (page.value() & kSettledBit) != 0; }
constexpr bool is_settled(Tid tid) { return is_settled(tid.page); }

enum class ColumnComparison : uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnyOf,        // equals one of several constants
  kIsNull,       // without constants
  kIsNotNull,    // without constants
  kNoCondition,  // every row meets it; a caller that knows none yet may put another in its place later
};

// `column OP constant`: true of no NULL, but for kIsNull. Strings compare as bytes, floats as PostgreSQL's
// do. Constants are not NULL, of the column's physical type (integers of any width), and outlive the scan.
struct ColumnCondition {
  uint32_t column;  // place in the row layout
  ColumnComparison op;
  types::Value constant;
  std::span<const types::Value> any_of;
  // The caller looks at each row itself: it is enough to leave out vectors where no row can meet it, and they
  // are not counted in removed().
  bool only_zones = false;
  // With only_zones and one of the four inequalities: rows equal to the constant must meet this one, too.
  const ColumnCondition* among_equals = nullptr;
};

// By which bounds of columns segment_runs() goes.
struct ZoneOrder {
  uint32_t column;  // place in the row layout
  bool descending = false;
  bool operator==(const ZoneOrder&) const = default;
};
struct SegmentOrder {
  std::vector<ZoneOrder> zones;  // empty: in any order
  bool from_end = false;         // without zones: those first that were written last
  bool operator==(const SegmentOrder&) const = default;
};

// Reads vectors for one thread under one snapshot, which the caller keeps registered.
class ColumnScan {
 public:
  virtual ~ColumnScan() = default;

  // Goes to a vector (a settled page of runs()). `rows` (room for kVectorRows) gets the places of the rows
  // that are visible and meet all conditions, ascending; returns how many.
  virtual Result<uint32_t> open(PageId vector, uint16_t* rows) = 0;
  // Of the vector gone to: the column's values of `rows` into rows 0… of `out`, which has room for
  // kVectorRows and is flat. Strings live until the next open(), or as long as `arena`.
  virtual Status decode(uint32_t column, std::span<const uint16_t> rows, vector::Vector& out,
                        Arena& arena) = 0;
  // The column's least and greatest value in the vector gone to, deleted rows counted in (NULL: there are
  // only NULLs). False: they are not known without reading.
  virtual Result<bool> extremes(uint32_t column, types::Value* least, types::Value* greatest) = 0;
  // After open() has returned 0: so many vectors behind this one (or before it), at most `most`, have no such
  // rows either. They need not be opened: what is visible of them is counted in removed().
  virtual uint32_t skip(uint32_t most, bool before) = 0;
  // The condition that no value of the whole segment gone to can meet; null: none is known.
  virtual const ColumnCondition* ruled_out_by() const = 0;
  // Goes to the whole segment whose first vector this is: how many vectors it has, if all of its rows are
  // visible and meet all conditions; else 0, and nothing is open.
  virtual Result<uint32_t> open_segment(PageId first) = 0;
  // As extremes(), of the segment gone to.
  virtual Result<bool> segment_extremes(uint32_t column, types::Value* least, types::Value* greatest) = 0;
  // Of one of its vectors, counted from 0.
  virtual Result<bool> vector_extremes(uint32_t column, uint32_t vector, types::Value* least,
                                       types::Value* greatest) = 0;
  // Rows of the vector gone to, whoever sees them.
  virtual uint32_t vector_rows() const = 0;
  // Visible rows of the vector gone to that did not meet the conditions.
  virtual uint32_t removed() const = 0;
  // Who wrote the vector's rows, for xmin.
  virtual Xid writer() const = 0;
  static Tid tid(PageId vector, uint16_t row) { return {vector, static_cast<uint16_t>(row + 1)}; }
};

// Takes note that rows have other Tids from now on, in the settling transaction: index entries.
class SettledRowSink {
 public:
  virtual ~SettledRowSink() = default;
  virtual Status rows_settled(txn::Transaction& txn, std::span<const Tid> from,
                              std::span<const RowVersion> rows, std::span<const Tid> to) = 0;
  // Rows deleted long ago lose their Tids: entries that lead there, if there still are any, may go.
  virtual Status rows_gone(txn::Transaction& txn, std::span<const Tid> tids,
                           std::span<const RowVersion> rows) = 0;
};

// Is told where rows lie that were appended: their Tids, in the order in which they came, as many as a
// segment has taken.
class AppendedRowSink {
 public:
  virtual ~AppendedRowSink() = default;
  virtual Status rows_appended(std::span<const Tid> tids) = 0;
};

// Spreads work over threads: calls task(user, 0 … n - 1), some of them perhaps at once, and returns when all
// are done.
class TaskRunner {
 public:
  virtual ~TaskRunner() = default;
  virtual void run(uint32_t n, void (*task)(void* user, uint32_t index), void* user) = 0;
};

// Takes rows of one statement straight into segments of its transaction, without a stay in the delta. The
// rows are there for the transaction's next statement. An error must end in a rollback. Any call may write a
// segment of the rows that came before, and tell the sink.
class ColumnAppender {
 public:
  virtual ~ColumnAppender() = default;
  // One value a column of the layout; copied.
  virtual Status append(std::span<const types::Value> row) = 0;
  // The selected rows of one vector a column of the layout (null: NULL in all of them); copied.
  virtual Status append(std::span<const vector::Vector* const> columns, const vector::Selection& rows) = 0;
  // What has been appended since the last segment was full. Not called: it is lost.
  virtual Status finish() = 0;
};

struct SettleOrder {
  uint32_t column;  // place in the row layout
  bool descending = false;
  // Not 0, of columns that have an axis: the order is that of the multiples of `width`, counted from
  // `origin`, which values lie in (axis_value()); and rows of different multiples never share a segment.
  int64_t width = 0, origin = 0;
};

// What a segment takes, and the bounds of one of its columns (axis_value()).
struct SegmentSize {
  int64_t least = 0, greatest = 0;
  uint64_t rows = 0;  // without those that are deleted
  uint64_t bytes = 0;
};

class ColumnStore {
 public:
  virtual ~ColumnStore() = default;

  // `layout` is the table's now, and outlives the scan, as `conditions` do; those that are only for zones may
  // change between two open(), those without a condition before the first. Whether one can be evaluated:
  // can_test().
  virtual std::unique_ptr<ColumnScan> scan(const txn::Snapshot& snapshot, const RowLayout& layout,
                                           std::span<const ColumnCondition> conditions) = 0;
  // `layout`, `txn`, `sink` and `runner` outlive it; the last two may be null.
  virtual std::unique_ptr<ColumnAppender> append(txn::Transaction& txn, const RowLayout& layout,
                                                 std::vector<SettleOrder> order, AppendedRowSink* sink,
                                                 TaskRunner* runner) = 0;
  virtual bool can_test(types::PhysicalType column, const types::Value& constant) const = 0;
  // What runs() lists, in two parts. The vectors of the segments are one object until segments come or go.
  // Those segments that have, as far as their bounds tell, the first rows of the order come before the
  // others; behind ordered() are those whose bounds do not tell.
  virtual Result<std::vector<PageRun>> row_runs() = 0;
  virtual Result<PageSequencePtr> segment_runs(const SegmentOrder& order) = 0;

  // Moves rows of the delta into one new segment, those that every snapshot sees and nobody locks; the caller
  // commits. Returns how many; 0 when there are fewer than `at_least`. One at a time a table; nobody may
  // build an index meanwhile. `dropped`: columns whose values are not kept.
  virtual Result<uint64_t> settle(txn::Transaction& txn, const RowLayout& layout,
                                  std::span<const SettleOrder> order, const std::vector<bool>& dropped,
                                  uint64_t at_least, SettledRowSink& sink) = 0;
  // One segment that has lost many rows, or several small ones, are written anew as one; returns the rows
  // moved, 0 when there is nothing to gain. As settle() otherwise.
  virtual Result<uint64_t> rewrite(txn::Transaction& txn, const RowLayout& layout,
                                   std::span<const SettleOrder> order, const std::vector<bool>& dropped,
                                   SettledRowSink& sink) = 0;
  // Removes the segments all of whose values of a column that has an axis are in low … high - 1
  // (axis_value()), and every row in them; returns how many rows that were. Whoever calls keeps writers and
  // lockers out of the table to the end of the transaction. `sink` (may be null: no indexes) is told of the
  // rows.
  virtual Result<uint64_t> remove_range(txn::Transaction& txn, uint32_t column, int64_t low, int64_t high,
                                        SettledRowSink* sink) = 0;
  // The segments that the snapshot sees whose bounds of the column, which has an axis, are known.
  virtual Result<std::vector<SegmentSize>> segment_sizes(const txn::Snapshot& snapshot, uint32_t column) = 0;
  // VACUUM, after the indexes have been swept: frees what segments written anew before this process began
  // have left.
  virtual Status vacuum_segments() = 0;
};

}  // namespace varve::access
