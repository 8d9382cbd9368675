// Sorting within a memory limit: rows in fixed-width form beside (key prefix, row) entries; what does not fit
// becomes sorted runs in a temporary file, merged at the end. With a limit only the first rows are kept
// (top-n).
#pragma once

#include <memory>
#include <vector>

#include "row_format.h"
#include "spill_file.h"

namespace varve::executor {

struct SortColumn {
  uint32_t column;  // of the rows given to add()
  KeyType key;
  bool descending = false;
  bool nulls_first = false;
};

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
  // Takes over what another sorter of the same shape holds; both are finished and have nothing on disk.
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
  struct Entry {
    uint64_t prefix;
    uint8_t* row;
  };
  using Entries = std::vector<Entry, memory_budget::Allocator<Entry>>;
  enum class Plain : uint8_t { kNot, kInt32, kInt64, kBytes, kPadded };
  static Plain plain_order(const KeyType& key);
  struct Run {  // being merged
    uint64_t offset, rows_left;
    Arena vectors, strings;
    Chunk chunk;
    uint32_t at = 0, count = 0;
  };

  void sort_entries();
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
  std::vector<Plain> plain_;     // by key: how values compare without a function
  std::vector<bool> has_nulls_;  // by column
  size_t memory_limit_;
  uint64_t limit_ = UINT64_MAX;
  bool prefix_exact_ = false;  // known with the first rows; the same for all of a type

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

// First eight bytes of a sort key as a number that orders like it: NULL bit, then 63 bits. True if equal
// prefixes mean equal keys.
bool sort_prefixes(const SortColumn& key, const Vector& v, const Selection& rows, uint64_t* out);

}  // namespace varve::executor
