// Vectors of columns for sequential scans: what zone maps and encoded vectors can tell, before values are
// decoded.
#pragma once

#include <array>
#include <optional>

#include "columnar_heap.h"

namespace varve::columnar_table {

class ColumnarScan final : public access::ColumnScan {
 public:
  ColumnarScan(ColumnarHeap& heap, const txn::Snapshot& snapshot, const access::RowLayout& layout,
               std::span<const access::ColumnCondition> conditions);

  Result<uint32_t> open(PageId vector, uint16_t* rows) override;
  Status decode(uint32_t column, std::span<const uint16_t> rows, vector::Vector& out, Arena& arena) override;
  Result<bool> extremes(uint32_t column, types::Value* least, types::Value* greatest) override;
  uint32_t skip(uint32_t most, bool before) override;
  const access::ColumnCondition* ruled_out_by() const override { return ruled_out_by_; }
  Result<uint32_t> open_segment(PageId first) override;
  Result<bool> segment_extremes(uint32_t column, types::Value* least, types::Value* greatest) override;
  Result<bool> vector_extremes(uint32_t column, uint32_t vector, types::Value* least,
                               types::Value* greatest) override;
  uint32_t vector_rows() const override { return count_; }
  uint32_t removed() const override { return removed_; }
  Xid writer() const override { return writer_; }

 private:
  using Bitmap = std::array<uint64_t, access::kVectorRows / 64>;

  // A column of the stratum in work.
  struct OpenColumn {
    ChunkPtr chunk;
    std::unique_ptr<columnar::VectorReader> reader;
    uint32_t vector = UINT32_MAX;  // that the reader is at
  };

  Status open_stratum(Tid at);
  Result<OpenColumn*> column(uint32_t number);
  Result<columnar::VectorReader*> reader(uint32_t number);
  Result<bool> missing_passes(size_t condition);
  // What zone maps of a vector or of all rows of a stratum say; kAnyOf: `possible_` gets the constants that
  // may be among them.
  columnar::ZoneVerdict check(const columnar::ZoneMap& zone, const access::ColumnCondition& condition);
  Result<bool> check_zones();
  static bool extremes_of(const columnar::ZoneMap& zone, types::PhysicalType type, types::Value* least,
                          types::Value* greatest);
  Status filter(const access::ColumnCondition& condition, uint64_t* met);
  // Whether no row can meet the condition; zone_of(column) is a zone map of the same rows, or null.
  template <class ZoneOf>
  Result<bool> rules_out(const access::ColumnCondition& condition, ZoneOf&& zone_of);
  Result<bool> rules_out_stratum();
  // Rows of the stratum may not be what they were when it was written.
  bool has_changes();

  ColumnarHeap& heap_;
  const txn::Snapshot snapshot_;
  const access::RowLayout& layout_;
  const std::span<const access::ColumnCondition> conditions_;
  std::vector<std::optional<bool>> missing_passes_;  // by condition: of rows without the column

  StrataListPtr strata_;
  Stratum* stratum_ = nullptr;
  const access::ColumnCondition* ruled_out_by_ = nullptr;
  bool visible_ = false, ruled_out_ = false, ruled_out_silently_ = false;
  std::vector<const types::Value*> possible_;
  std::vector<const access::ColumnCondition*> open_conditions_;
  Xid writer_;
  uint32_t vector_ = 0, count_ = 0, removed_ = 0;
  std::vector<OpenColumn> columns_;
};

}  // namespace varve::columnar_table
