// Many rows at once: from values into a segment, whose transaction makes them visible.
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "columnar_heap.h"
#include "memory/arena.h"
#include "settle_group.h"
#include "settle_sort.h"
#include "vector/vector.h"

namespace varve::columnar_table {

using columnar::kMaxSegmentRows;
using columnar::kVectorRows;
using types::PhysicalType;
using types::Value;
using vector::Selection;
using vector::Vector;

namespace {

// A column of the rows that wait.
struct Column {
  PhysicalType type;
  size_t width;
  std::vector<uint8_t> values;
  std::vector<uint64_t> valid;

  uint8_t* at(uint32_t row) { return values.data() + row * width; }
  void set_valid(uint32_t row) { valid[row / 64] |= uint64_t{1} << row % 64; }
  Value value(uint32_t row) const {
    if ((valid[row / 64] >> row % 64 & 1) == 0) return Value::null_of(type);
    Value v = Value::null_of(type);
    v.null = false;
    std::memcpy(v.words, values.data() + size_t{row} * width, width);
    return v;
  }
  SortColumn for_sorting() const { return {type, values.data(), valid.data()}; }
};

template <size_t kWidth>
void gather_fixed(const uint8_t* from, const Selection& rows, uint8_t* to) {
  vector::for_each_row(rows, [&](uint32_t row) {
    std::memcpy(to, from + row * kWidth, kWidth);
    to += kWidth;
  });
}

void gather_values(const Vector& from, const Selection& rows, size_t width, uint8_t* to) {
  if (from.is_constant()) {
    for (uint32_t i = 0; i < rows.count; ++i) std::memcpy(to + i * width, from.raw(), width);
  } else if (rows.is_dense()) {
    std::memcpy(to, from.raw(), rows.count * width);
  } else if (width == 8) {
    gather_fixed<8>(from.raw(), rows, to);
  } else if (width == 16) {
    gather_fixed<16>(from.raw(), rows, to);
  } else if (width == 4) {
    gather_fixed<4>(from.raw(), rows, to);
  } else if (width == 2) {
    gather_fixed<2>(from.raw(), rows, to);
  } else {
    gather_fixed<1>(from.raw(), rows, to);
  }
}

}  // namespace

class ColumnarAppender final : public access::ColumnAppender {
 public:
  ColumnarAppender(ColumnarHeap& heap, txn::Transaction& txn, const access::RowLayout& layout,
                   std::vector<access::SettleOrder> order, access::AppendedRowSink* sink,
                   access::TaskRunner* runner)
      : heap_(heap), txn_(txn), order_(std::move(order)), sink_(sink), runner_(runner) {
    for (size_t c = 0; c < layout.column_count(); ++c) {
      const PhysicalType type = layout.column(c).type;
      physical_.push_back(type);
      columns_.push_back({type, types::physical_width(type), {}, {}});
    }
  }

  Status append(std::span<const Value> row) override {
    VARVE_RETURN_IF_ERROR(make_room(1));
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (row[c].null) continue;
      const Value value = types::copy_value(row[c], memory_);
      std::memcpy(columns_[c].at(rows_), value.words, columns_[c].width);
      columns_[c].set_valid(rows_);
    }
    ++rows_;
    return {};
  }

  Status append(std::span<const Vector* const> columns, const Selection& rows) override {
    if (rows.count == 0) return {};
    VARVE_RETURN_IF_ERROR(make_room(rows.count));
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (columns[c] != nullptr) copy_column(*columns[c], rows, columns_[c]);
    }
    rows_ += rows.count;
    return {};
  }

  Status finish() override {
    if (rows_ == 0) return {};
    find_places();
    if (sink_ != nullptr) tids_.resize(rows_);
    // Rows of different groups do not share a stratum.
    for (uint32_t begin = 0, end; begin < rows_; begin = end) {
      end = groups_.empty() ? rows_ : begin + 1;
      while (end < rows_ && groups_[places_[end]] == groups_[places_[begin]]) ++end;
      VARVE_RETURN_IF_ERROR(write(begin, end));
    }
    if (sink_ != nullptr) VARVE_RETURN_IF_ERROR(sink_->rows_appended(tids_));
    for (Column& c : columns_) std::fill(c.valid.begin(), c.valid.end(), 0);
    memory_.reset();
    rows_ = 0;
    return {};
  }

 private:
  static constexpr size_t kMaxBytes = size_t{128} << 20;

  // Columns grow to a whole segment's size and stay: values of rows that are NULL must be something.
  Status make_room(uint32_t more) {
    if (rows_ + more > kMaxSegmentRows || memory_.held_bytes() >= kMaxBytes) VARVE_RETURN_IF_ERROR(finish());
    const size_t needed = rows_ + more;
    if (needed <= capacity_) return {};
    capacity_ = std::min<size_t>(kMaxSegmentRows, std::max<size_t>(needed, capacity_ * 2));
    for (Column& c : columns_) {
      c.values.resize(capacity_ * c.width);
      c.valid.resize((capacity_ + 63) / 64);
    }
    return {};
  }

  void copy_column(const Vector& from, const Selection& rows, Column& to) {
    gather_values(from, rows, to.width, to.at(rows_));
    if (!from.has_nulls()) {
      for (uint32_t i = 0; i < rows.count;) {
        const uint32_t at = rows_ + i;
        if (at % 64 == 0 && rows.count - i >= 64) {
          to.valid[at / 64] = ~uint64_t{0};
          i += 64;
        } else {
          to.set_valid(at);
          ++i;
        }
      }
    } else {
      for (uint32_t i = 0; i < rows.count; ++i) {
        if (!from.is_null(rows[i])) to.set_valid(rows_ + i);
      }
    }
    if (to.type == PhysicalType::kString)
      own_strings(rows.count, to);
    else if (to.type == PhysicalType::kNumeric)
      own_numerics(rows.count, to);
  }

  // What the new rows point at is somebody else's.
  void own_strings(uint32_t count, Column& column) {
    for (uint32_t row = rows_; row < rows_ + count; ++row) {
      auto* value = reinterpret_cast<types::StringRef*>(column.at(row));
      if ((column.valid[row / 64] >> row % 64 & 1) == 0)
        *value = types::StringRef();
      else if (!value->is_inline())
        *value = types::StringRef(memory_.copy(value->view()));
    }
  }
  void own_numerics(uint32_t count, Column& column) {
    for (uint32_t row = rows_; row < rows_ + count; ++row) {
      auto* value = reinterpret_cast<types::Numeric*>(column.at(row));
      if ((column.valid[row / 64] >> row % 64 & 1) == 0)
        *value = types::Numeric();
      else if (value->kind() == types::Numeric::Kind::kBig)
        *value = types::copy(*value, memory_);
    }
  }

  // Which row comes where.
  void find_places() {
    groups_.clear();
    std::vector<SortColumn> keys;
    std::vector<access::SettleOrder> order = order_;
    for (access::SettleOrder& o : order) {
      if (o.width == 0) {
        keys.push_back(columns_[o.column].for_sorting());
        continue;
      }
      groups_.resize(rows_);
      for (uint32_t row = 0; row < rows_; ++row)
        groups_[row] = settle_group(o, columns_[o.column].value(row));
      all_valid_.assign((rows_ + 63) / 64, ~uint64_t{0});
      keys.push_back(
          {PhysicalType::kInt64, reinterpret_cast<const uint8_t*>(groups_.data()), all_valid_.data()});
      o.width = 0;
    }
    places_ = sorted_places(keys, rows_, order);
    if (!places_.empty() || groups_.empty()) return;
    places_.resize(rows_);
    std::iota(places_.begin(), places_.end(), 0U);
  }

  // Those from `begin` to `end` of the places become a stratum; columns are coded in several threads where
  // there are some.
  Status write(uint32_t begin, uint32_t end) {
    std::vector<columnar::ColumnSpec> specs;
    for (uint32_t c = 0; c < columns_.size(); ++c) specs.push_back({value_type_of(physical_[c]), c + 1});
    columnar::SegmentBuilder builder(specs);
    std::vector<Status> outcomes(columns_.size());
    std::span<const uint32_t> places(places_);
    if (!places.empty()) places = places.subspan(begin, end - begin);
    auto code = [&](uint32_t c) {
      outcomes[c] =
          builder.fill_column(c, {columns_[c].values.data(), columns_[c].valid.data()}, end - begin, places);
    };
    const auto count = static_cast<uint32_t>(columns_.size());
    if (runner_ == nullptr) {
      for (uint32_t c = 0; c < count; ++c) code(c);
    } else {
      runner_->run(
          count, [](void* user, uint32_t c) { (*static_cast<decltype(code)*>(user))(c); }, &code);
    }
    for (const Status& outcome : outcomes) VARVE_RETURN_IF_ERROR(outcome);
    VARVE_ASSIGN_OR_RETURN(columnar::SegmentBytes bytes, builder.finish());
    VARVE_ASSIGN_OR_RETURN(StratumPtr stratum, heap_.store(txn_, bytes.span(), physical_));
    for (uint32_t i = 0; sink_ != nullptr && i < end - begin; ++i) {
      tids_[places.empty() ? i : places[i]] = access::ColumnScan::tid(
          settled_page(stratum->tid(), i / kVectorRows), static_cast<uint16_t>(i % kVectorRows));
    }
    return {};
  }

  ColumnarHeap& heap_;
  txn::Transaction& txn_;
  const std::vector<access::SettleOrder> order_;
  access::AppendedRowSink* const sink_;
  access::TaskRunner* const runner_;
  std::vector<PhysicalType> physical_;
  std::vector<Column> columns_;
  size_t capacity_ = 0;
  Arena memory_;  // of strings and big numerics
  uint32_t rows_ = 0;
  std::vector<uint32_t> places_;  // in their order, of the rows that came; empty: the same
  std::vector<int64_t> groups_;   // of rows as they came, that may not all share a stratum
  std::vector<uint64_t> all_valid_;
  std::vector<Tid> tids_;
};

std::unique_ptr<access::ColumnAppender> ColumnarHeap::append(txn::Transaction& txn,
                                                             const access::RowLayout& layout,
                                                             std::vector<access::SettleOrder> order,
                                                             access::AppendedRowSink* sink,
                                                             access::TaskRunner* runner) {
  return std::make_unique<ColumnarAppender>(*this, txn, layout, std::move(order), sink, runner);
}

}  // namespace varve::columnar_table
