// Sorting within a memory limit: rows in fixed-width form beside (key prefix, row) entries; what does not fit
// becomes sorted runs in a temporary file, merged at the end. With a limit only the first rows are kept
// (top-n).
#pragma once

#include <memory>
#include <vector>

#include "key_packing.h"
#include "spill_file.h"

namespace varve::executor {

class Sorter {
 public:
  // Rows have `types` columns; the output has the first `output_columns` of them.
  Sorter(ExecutionContext& context, std::span<const types::PhysicalType> types, uint32_t output_columns,
         std::vector<SortColumn> keys, size_t memory_limit);

  void set_limit(uint64_t rows) { limit_ = rows; }
  uint64_t limit() const { return limit_; }
  void clear();
  void add(std::span<const Vector* const> columns, const Selection& rows);
  void finish();
  // Sorts what several sorters of the same shape hold, nothing of it on disk, into one of them: each is
  // measure()d, each finish()ed with all that was measured, and then merged into one.
  KeyPacking measure() const;
  void finish(const KeyPacking& packing);
  void merge(Sorter& other);
  // Up to `room` rows into `out` (flat columns with memory of their own). 0: the end.
  uint32_t next(Chunk& out, uint32_t room);

  // Top-n: rows whose first key has a greater sort_prefixes() cannot be among the first. UINT64_MAX: not
  // known yet.
  uint64_t threshold() const { return threshold_; }
  // A key of the last of the first rows so far; NULL: not known, or so it is. Its bytes are the sorter's.
  types::Value last_key(size_t key) const;

  uint64_t row_count() const { return rows_; }
  uint64_t spilled_bytes() const { return file_ != nullptr ? file_->size_bytes() : 0; }
  size_t memory_bytes() const;

 private:
  using Entries = std::vector<SortEntry, memory_budget::Allocator<SortEntry>>;
  struct Run {  // being merged
    uint64_t offset, rows_left;
    Arena vectors, strings;
    Chunk chunk;
    uint32_t at = 0, count = 0;
  };

  // Whether packed keys are better than the first key's prefix.
  bool pays_to_pack() const;
  void pack_and_sort();
  void sort_entries();
  void sort_by_prefix();
  bool before(const SortEntry& a, const SortEntry& b) const {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    return compare_rows(a.row, b.row, exact_keys_) < 0;
  }
  void cut_to_limit();
  void write_run();
  bool load(Run& run);
  // Whether the entries were a few sorted runs, which have been merged then.
  template <class Less>
  bool merge_runs(Less less);
  int compare_rows(const uint8_t* a, const uint8_t* b, size_t from_key) const;
  bool run_before(const Run& a, const Run& b) const;
  uint32_t next_merged(Chunk& out, uint32_t room);

  ExecutionContext& context_;
  RowFormat format_;
  uint32_t output_columns_;
  std::vector<SortColumn> keys_;
  std::vector<KeyOrder> orders_;  // by key
  std::vector<bool> has_nulls_;   // by column
  size_t memory_limit_;
  uint64_t limit_ = UINT64_MAX;
  size_t exact_keys_ = 0;  // which the entries' prefixes tell wholly

  Arena rows_memory_, heap_;
  std::vector<Arena> taken_;
  Entries entries_;
  std::vector<uint64_t> prefixes_;
  std::vector<uint8_t*> new_rows_;
  std::vector<uint16_t> kept_rows_;
  uint64_t rows_ = 0, returned_ = 0;
  size_t at_ = 0;
  uint64_t threshold_ = UINT64_MAX;
  const uint8_t* last_row_ = nullptr;  // that the threshold is of; null: it has moved

  struct StoredRun {
    uint64_t offset, rows;
  };
  std::unique_ptr<SpillFile> file_;
  std::vector<StoredRun> stored_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_of_runs_;
};

}  // namespace varve::executor
