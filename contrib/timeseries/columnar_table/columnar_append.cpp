// Many rows at once: from values into a segment, whose transaction makes them visible.
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "access/key_codec.h"
#include "columnar_heap.h"
#include "memory/arena.h"
#include "settle_group.h"

namespace varve::columnar_table {

using columnar::kMaxSegmentRows;
using columnar::kVectorRows;
using types::Value;

class ColumnarAppender final : public access::ColumnAppender {
 public:
  ColumnarAppender(ColumnarHeap& heap, txn::Transaction& txn, const access::RowLayout& layout,
                   std::vector<access::SettleOrder> order)
      : heap_(heap), txn_(txn), layout_(layout), order_(std::move(order)), columns_(layout.column_count()) {
    for (size_t c = 0; c < columns_.size(); ++c) {
      physical_.push_back(layout.column(c).type);
      columns_[c].width = types::physical_width(physical_[c]);
    }
  }

  Status append(std::span<const Value> row) override {
    for (size_t c = 0; c < columns_.size(); ++c) {
      Column& column = columns_[c];
      const Value value = row[c].null ? row[c] : types::copy_value(row[c], memory_);
      const auto* from = reinterpret_cast<const uint8_t*>(value.words);
      column.values.insert(column.values.end(), from, from + column.width);
      if (rows_ % 64 == 0) column.valid.push_back(0);
      if (!value.null) column.valid.back() |= uint64_t{1} << rows_ % 64;
    }
    if (!order_.empty()) add_key(row);
    ++rows_;
    return rows_ == kMaxSegmentRows || memory_.held_bytes() >= kMaxBytes ? finish() : Status();
  }

  Status finish() override {
    if (rows_ == 0) return {};
    sort();
    for (uint32_t at = 0; at < rows_;) {
      uint32_t end = rows_;
      if (!groups_.empty()) {
        for (end = at + 1; end < rows_ && groups_[end] == groups_[at];) ++end;
      }
      VARVE_RETURN_IF_ERROR(write(at, end));
      at = end;
    }
    for (Column& c : columns_) {
      c.values.clear();
      c.valid.clear();
    }
    keys_.clear();
    groups_.clear();
    memory_.reset();
    rows_ = 0;
    return {};
  }

 private:
  // Rows begin … end - 1 as a stratum. Validity is bits, which the builder wants from a word's first on.
  Status write(uint32_t begin, uint32_t end) {
    std::vector<columnar::ColumnSpec> specs;
    for (uint32_t c = 0; c < columns_.size(); ++c) specs.push_back({value_type_of(physical_[c]), c + 1});
    columnar::SegmentBuilder builder(specs);
    std::vector<columnar::ColumnValues> arrays(columns_.size());
    std::vector<std::array<uint64_t, kVectorRows / 64>> valid(columns_.size());
    for (uint32_t at = begin; at < end; at += kVectorRows) {
      const uint32_t count = std::min(kVectorRows, end - at);
      for (size_t c = 0; c < columns_.size(); ++c) {
        const uint64_t* bits = columns_[c].valid.data() + at / 64;
        if (at % 64 != 0) {
          for (uint32_t w = 0; w * 64 < count; ++w) {
            valid[c][w] = bits[w] >> at % 64;
            if (at / 64 + w + 1 < columns_[c].valid.size()) valid[c][w] |= bits[w + 1] << (64 - at % 64);
          }
          bits = valid[c].data();
        }
        arrays[c] = {columns_[c].values.data() + at * columns_[c].width, bits};
      }
      VARVE_RETURN_IF_ERROR(builder.add(arrays, count));
    }
    VARVE_ASSIGN_OR_RETURN(columnar::SegmentBytes bytes, builder.finish());
    return heap_.store(txn_, bytes.span(), physical_).status();
  }

  static constexpr size_t kMaxBytes = size_t{128} << 20;

  struct Column {
    size_t width = 0;
    std::vector<uint8_t> values;
    std::vector<uint64_t> valid;
  };

  void add_key(std::span<const Value> row) {
    std::string& key = keys_.emplace_back();
    for (const access::SettleOrder& o : order_) {
      access::KeyColumn column;
      column.type = o.width != 0 ? types::PhysicalType::kInt64 : physical_[o.column];
      column.descending = o.descending;
      if (o.width == 0) {
        access::append_key_column(key, column, row[o.column]);
        continue;
      }
      const int64_t group = settle_group(o, row[o.column]);
      access::append_key_column(key, column, Value::of_int64(group));
      groups_.push_back(group);
    }
  }

  void sort() {
    if (order_.empty() || std::is_sorted(keys_.begin(), keys_.end())) return;
    std::vector<uint32_t> places(rows_);
    std::iota(places.begin(), places.end(), 0U);
    std::stable_sort(places.begin(), places.end(),
                     [&](uint32_t a, uint32_t b) { return keys_[a] < keys_[b]; });
    for (Column& c : columns_) {
      std::vector<uint8_t> values(c.values.size());
      std::vector<uint64_t> valid(c.valid.size());
      for (uint32_t i = 0; i < rows_; ++i) {
        const uint32_t from = places[i];
        std::memcpy(values.data() + i * c.width, c.values.data() + from * c.width, c.width);
        valid[i / 64] |= (c.valid[from / 64] >> from % 64 & 1) << i % 64;
      }
      c.values = std::move(values);
      c.valid = std::move(valid);
    }
    if (groups_.empty()) return;
    std::vector<int64_t> groups(groups_.size());
    for (uint32_t i = 0; i < rows_; ++i) groups[i] = groups_[places[i]];
    groups_ = std::move(groups);
  }

  ColumnarHeap& heap_;
  txn::Transaction& txn_;
  const access::RowLayout& layout_;
  const std::vector<access::SettleOrder> order_;
  std::vector<types::PhysicalType> physical_;
  std::vector<Column> columns_;
  std::vector<std::string> keys_;
  std::vector<int64_t> groups_;  // of rows that may not all share a stratum
  Arena memory_;  // of strings
  uint32_t rows_ = 0;
};

std::unique_ptr<access::ColumnAppender> ColumnarHeap::append(txn::Transaction& txn,
                                                             const access::RowLayout& layout,
                                                             std::vector<access::SettleOrder> order) {
  return std::make_unique<ColumnarAppender>(*this, txn, layout, std::move(order));
}

}  // namespace varve::columnar_table
