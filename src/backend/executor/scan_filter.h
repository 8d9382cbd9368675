// What an operator above a scan tells it of the rows that it has no use for, while both run: the scan drops
// them before it decodes their other columns.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "access/column_store.h"
#include "group_table.h"
#include "sorter.h"

namespace varve::executor {

// One instance a thread. Rows that it lets pass may still be useless; what it drops must be.
class ScanFilter {
 public:
  virtual ~ScanFilter() = default;
  // Columns of the scan's output that select() reads.
  virtual std::span<const uint32_t> columns() const = 0;
  // The rows that may be of use into `out`; returns how many.
  virtual uint32_t select(const Chunk& rows, const Selection& selection, uint16_t* out) = 0;
  // Only rows whose value of the column meets this comparison can be of use (NULL: none). Changes as the scan
  // goes on.
  struct Bound {
    uint32_t column;
    access::ColumnComparison op;
    types::Value value;
  };
  // `among_equals`: which of the rows that are equal to the bound can be of use; its values are the filter's
  // until its next use.
  virtual std::optional<Bound> bound(std::optional<Bound>* among_equals) {
    among_equals->reset();
    return std::nullopt;
  }
  // Where all rows that the scan yields count, so many of them are wanted; 0: all.
  virtual uint64_t rows_wanted() const { return 0; }
  // The last rows of the table are most likely the ones that are wanted.
  virtual bool from_end() const { return false; }
  // In which order of their bounds segments are best visited: columns of the scan's output. Empty: any.
  virtual std::vector<access::ZoneOrder> order() const { return {}; }
};

// A scan that can do so.
class FilterableScan {
 public:
  virtual ~FilterableScan() = default;
  // Before open(); null: no more. False: it cannot.
  virtual bool push_filter(ScanFilter* filter) = 0;
  // Of these columns, the only ones, nothing but the least and the greatest values matter: in the place of
  // rows the scan may yield others that have the same. Once, before the first open(). False: it cannot.
  virtual bool yield_extremes() = 0;
  // Several tables are read as one.
  virtual bool reads_members() const = 0;
};

// An operator that hands on what a scan yields: some of its columns, and what is computed of them.
class ScanProjection {
 public:
  virtual ~ScanProjection() = default;
  // Null: what is below is no such scan.
  virtual FilterableScan* scan() = 0;
  // The scan's column that is handed on as this one.
  virtual std::optional<uint32_t> column_of_scan(uint32_t column) const = 0;
};

// Of rows that are equal in the first `group_keys` of the sort keys only the first counts.
class FirstOfGroup final : public ScanFilter {
 public:
  // All keys are columns of the rows.
  FirstOfGroup(ExecutionContext& context, std::span<const SortColumn> keys, uint32_t group_keys);
  std::span<const uint32_t> columns() const override { return columns_; }
  uint32_t select(const Chunk& rows, const Selection& selection, uint16_t* out) override;
  bool from_end() const override { return keys_.size() > group_keys_ && keys_[group_keys_].descending; }
  void clear();

 private:
  bool pays() const;

  ExecutionContext& context_;
  const std::vector<SortColumn> keys_;
  const uint32_t group_keys_;
  std::vector<uint32_t> columns_;
  std::unique_ptr<GroupTable> groups_;  // each with the least sort prefix of its next key
  std::vector<const Vector*> vectors_;
  std::vector<uint8_t*> found_;
  std::vector<uint64_t> prefixes_;
  uint64_t tested_ = 0, passed_ = 0;
  bool given_up_ = false;
};

// Of all rows only the sorter's first ones count.
class FirstOfAll final : public ScanFilter {
 public:
  // `keys`: the sorter's. `bounded`: of how many of the first of them stores compare values as sorting does,
  // NULLs coming last or there being none.
  FirstOfAll(ExecutionContext& context, const Sorter& sorter, std::span<const SortColumn> keys,
             size_t bounded);
  std::span<const uint32_t> columns() const override { return {&keys_[0].column, 1}; }
  uint32_t select(const Chunk& rows, const Selection& selection, uint16_t* out) override;
  std::optional<Bound> bound(std::optional<Bound>* among_equals) override;
  uint64_t rows_wanted() const override { return sorter_.limit(); }
  bool from_end() const override { return keys_[0].descending; }
  std::vector<access::ZoneOrder> order() const override;

 private:
  std::optional<Bound> bound_of(size_t key) const;

  const Sorter& sorter_;
  const std::vector<SortColumn> keys_;
  const size_t bounded_;
  std::vector<uint64_t> prefixes_, least_;
};

}  // namespace varve::executor
