#include "columnar_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/sql_error.h"
#include "memory/arena.h"
#include "vector/vector.h"

namespace varve::columnar_table {

using access::ColumnComparison;
using access::ColumnCondition;
using columnar::ZoneVerdict;

namespace {

// Dictionaries of more entries than a vector has rows are of little use to whoever asks for codes.
constexpr uint32_t kMostCodes = access::kVectorRows;

columnar::Comparison comparison_of(access::ColumnComparison op) {
  static_assert(static_cast<int>(access::ColumnComparison::kGreaterEqual) ==
                static_cast<int>(columnar::Comparison::kGreaterEqual));
  return static_cast<columnar::Comparison>(op);
}

// One value as a column of one row: whether it meets the condition is asked as of any other.
Result<bool> value_passes(const types::Value& value, columnar::Comparison op, const types::Value& constant) {
  if (value.null) return false;
  const columnar::ColumnSpec spec{value_type_of(value.type), 1};
  columnar::SegmentBuilder builder({&spec, 1});
  const columnar::ColumnValues column{value.words, nullptr};
  VARVE_RETURN_IF_ERROR(builder.add({&column, 1}, 1));
  VARVE_ASSIGN_OR_RETURN(columnar::SegmentBytes bytes, builder.finish());
  VARVE_ASSIGN_OR_RETURN(columnar::Segment segment, columnar::Segment::open(bytes.span()));
  VARVE_ASSIGN_OR_RETURN(columnar::ColumnReader reader,
                         columnar::ColumnReader::open(segment, 0, bytes.span()));
  columnar::VectorReader vector;
  VARVE_RETURN_IF_ERROR(vector.open(reader, 0));
  uint64_t bitmap[access::kVectorRows / 64] = {};
  VARVE_RETURN_IF_ERROR(vector.filter(op, constant, bitmap));
  return (bitmap[0] & 1) != 0;
}

Result<bool> value_passes(const types::Value& value, const ColumnCondition& condition) {
  switch (condition.op) {
    case ColumnComparison::kIsNull:
      return value.null;
    case ColumnComparison::kIsNotNull:
      return !value.null;
    case ColumnComparison::kNoCondition:
      return true;
    case ColumnComparison::kAnyOf:
      for (const types::Value& constant : condition.any_of) {
        VARVE_ASSIGN_OR_RETURN(bool equal, value_passes(value, columnar::Comparison::kEqual, constant));
        if (equal) return true;
      }
      return false;
    default:
      return value_passes(value, comparison_of(condition.op), condition.constant);
  }
}

}  // namespace

ColumnarScan::ColumnarScan(ColumnarHeap& heap, const txn::Snapshot& snapshot, const access::RowLayout& layout,
                           std::span<const ColumnCondition> conditions)
    : heap_(heap),
      snapshot_(snapshot),
      layout_(layout),
      conditions_(conditions),
      missing_passes_(conditions.size()) {
  auto strata = heap.state().list();
  check_ok(strata.status());
  strata_ = std::move(*strata);
}

Status ColumnarScan::open_stratum(Tid at) {
  if (stratum_ != nullptr && stratum_->tid() == at) return {};
  for (OpenColumn& c : columns_) {
    c.chunk = nullptr;
    c.vector = UINT32_MAX;
  }
  visible_ = false;
  stratum_ = strata_->find(at);
  if (stratum_ == nullptr) return {};
  VARVE_ASSIGN_OR_RETURN(visible_, stratum_->visible(snapshot_, &writer_));
  ruled_out_ = false;
  ruled_out_by_ = nullptr;
  if (!visible_) return {};
  if (columns_.size() < stratum_->columns()) columns_.resize(stratum_->columns());
  VARVE_ASSIGN_OR_RETURN(ruled_out_, rules_out_stratum());
  return {};
}

ZoneVerdict ColumnarScan::check(const columnar::ZoneMap& zone, const ColumnCondition& c) {
  switch (c.op) {
    case ColumnComparison::kNoCondition:
      return ZoneVerdict::kAll;
    case ColumnComparison::kIsNull:
    case ColumnComparison::kIsNotNull: {
      if (zone.nulls != 0 && zone.nulls != zone.rows) return ZoneVerdict::kSome;
      return (zone.nulls == 0) == (c.op == ColumnComparison::kIsNotNull) ? ZoneVerdict::kAll
                                                                         : ZoneVerdict::kNone;
    }
    case ColumnComparison::kAnyOf:
      possible_.clear();
      for (const types::Value& constant : c.any_of) {
        const ZoneVerdict verdict = zone.check(columnar::Comparison::kEqual, constant);
        if (verdict == ZoneVerdict::kAll) return verdict;
        if (verdict == ZoneVerdict::kSome) possible_.push_back(&constant);
      }
      return possible_.empty() ? ZoneVerdict::kNone : ZoneVerdict::kSome;
    default:
      return zone.check(comparison_of(c.op), c.constant);
  }
}

template <class ZoneOf>
Result<bool> ColumnarScan::rules_out(const ColumnCondition& c, ZoneOf&& zone_of) {
  if (c.op == ColumnComparison::kNoCondition) return false;
  VARVE_ASSIGN_OR_RETURN(auto zone, zone_of(c.column));
  if (!zone) return false;
  if (check(*zone, c) == ZoneVerdict::kNone) return true;
  if (c.among_equals == nullptr) return false;
  ColumnCondition beyond = c;
  if (c.op == ColumnComparison::kLessEqual) beyond.op = ColumnComparison::kLess;
  if (c.op == ColumnComparison::kGreaterEqual) beyond.op = ColumnComparison::kGreater;
  if (check(*zone, beyond) != ZoneVerdict::kNone) return false;
  VARVE_ASSIGN_OR_RETURN(auto next, zone_of(c.among_equals->column));
  return next && check(*next, *c.among_equals) == ZoneVerdict::kNone;
}

// Without a look at the columns' own bytes.
Result<bool> ColumnarScan::rules_out_stratum() {
  for (const ColumnCondition& c : conditions_) {
    VARVE_ASSIGN_OR_RETURN(bool out,
                           rules_out(c, [this](uint32_t column) { return stratum_->zone(column); }));
    if (!out) continue;
    ruled_out_silently_ = c.only_zones;
    VARVE_ASSIGN_OR_RETURN(const columnar::ZoneMap* zone, stratum_->zone(c.column));
    if (check(*zone, c) == ZoneVerdict::kNone) ruled_out_by_ = &c;
    return true;
  }
  return false;
}

// False: no row of the vector can meet all conditions. Else those that must be asked of its rows are left in
// open_conditions_.
Result<bool> ColumnarScan::check_zones() {
  open_conditions_.clear();
  for (size_t i = 0; i < conditions_.size(); ++i) {
    const ColumnCondition& c = conditions_[i];
    if (c.column >= stratum_->columns()) {
      if (c.only_zones) continue;  // it may change
      VARVE_ASSIGN_OR_RETURN(bool passes, missing_passes(i));
      if (!passes) return false;
      continue;
    }
    if (c.only_zones) {
      auto zone_of = [this](uint32_t number) -> Result<std::optional<columnar::ZoneMap>> {
        if (number >= stratum_->columns()) return std::optional<columnar::ZoneMap>();
        VARVE_ASSIGN_OR_RETURN(OpenColumn * column, this->column(number));
        return std::optional<columnar::ZoneMap>(column->chunk->reader.zone(vector_));
      };
      VARVE_ASSIGN_OR_RETURN(bool out, rules_out(c, zone_of));
      if (!out) continue;
      removed_ = 0;
      // Such conditions become stricter as the scan goes on.
      VARVE_ASSIGN_OR_RETURN(ruled_out_, rules_out_stratum());
      return false;
    }
    VARVE_ASSIGN_OR_RETURN(OpenColumn * column, this->column(c.column));
    const ZoneVerdict verdict = check(column->chunk->reader.zone(vector_), c);
    if (verdict == ZoneVerdict::kNone) return false;
    if (verdict == ZoneVerdict::kSome) open_conditions_.push_back(&c);
  }
  return true;
}

// Bits of the vector's rows that meet the condition, of which its zone map knows nothing for sure.
Status ColumnarScan::filter(const ColumnCondition& c, uint64_t* met) {
  VARVE_ASSIGN_OR_RETURN(columnar::VectorReader * reader, this->reader(c.column));
  switch (c.op) {
    case ColumnComparison::kIsNull:
    case ColumnComparison::kIsNotNull:
      reader->validity(met);
      if (c.op == ColumnComparison::kIsNotNull) return {};
      for (uint32_t w = 0; w < access::kVectorRows / 64; ++w)
        met[w] = ~met[w];  // rows that are not there do not pass
      return {};
    case ColumnComparison::kAnyOf: {
      check(columns_[c.column].chunk->reader.zone(vector_), c);  // leaves the constants that may be there
      Bitmap one;
      std::fill_n(met, one.size(), 0);
      for (const types::Value* constant : possible_) {
        VARVE_RETURN_IF_ERROR(reader->filter(columnar::Comparison::kEqual, *constant, one.data()));
        for (size_t w = 0; w < one.size(); ++w) met[w] |= one[w];
      }
      return {};
    }
    default:
      return reader->filter(comparison_of(c.op), c.constant, met);
  }
}

Result<ColumnarScan::OpenColumn*> ColumnarScan::column(uint32_t number) {
  OpenColumn& c = columns_[number];
  if (c.chunk == nullptr) {
    VARVE_ASSIGN_OR_RETURN(c.chunk, stratum_->column(number));
    if (c.reader == nullptr) c.reader = std::make_unique<columnar::VectorReader>();
  }
  return &c;
}

Result<columnar::VectorReader*> ColumnarScan::reader(uint32_t number) {
  VARVE_ASSIGN_OR_RETURN(OpenColumn * c, column(number));
  if (c->vector != vector_) {
    VARVE_RETURN_IF_ERROR(c->reader->open(c->chunk->reader, vector_));
    c->vector = vector_;
  }
  return c->reader.get();
}

Result<bool> ColumnarScan::missing_passes(size_t condition) {
  if (!missing_passes_[condition]) {
    const ColumnCondition& c = conditions_[condition];
    VARVE_ASSIGN_OR_RETURN(missing_passes_[condition], value_passes(layout_.column(c.column).missing, c));
  }
  return *missing_passes_[condition];
}

Result<uint32_t> ColumnarScan::open(PageId page, uint16_t* rows) {
  VARVE_RETURN_IF_ERROR(open_stratum(stratum_of(page)));
  removed_ = 0;
  vector_ = vector_of(page);
  if (!visible_) return uint32_t{0};
  count_ = stratum_->vector_rows(vector_);
  Bitmap passing{};
  for (uint32_t i = 0; i < count_ / 64; ++i) passing[i] = ~uint64_t{0};
  if (count_ % 64 != 0) passing[count_ / 64] = (uint64_t{1} << count_ % 64) - 1;

  TableState& state = heap_.state();
  if (access::Heap* marks = state.marks_heap()) {
    Bitmap deleted{};
    VARVE_RETURN_IF_ERROR(state.marks.deleted(marks, heap_.txns_, snapshot_, page, deleted.data()));
    for (size_t w = 0; w < deleted.size(); ++w) passing[w] &= ~deleted[w];
  }
  if (state.moves.has_followed(snapshot_.own_xid)) {
    for (uint32_t i = 0; i < count_; ++i) {
      VARVE_ASSIGN_OR_RETURN(bool elsewhere,
                             heap_.written_elsewhere(snapshot_, tid(page, static_cast<uint16_t>(i))));
      if (elsewhere) passing[i / 64] &= ~(uint64_t{1} << i % 64);
    }
  }
  removed_ = 0;
  for (uint64_t word : passing) removed_ += static_cast<uint32_t>(std::popcount(word));
  if (ruled_out_) {
    if (ruled_out_silently_) removed_ = 0;
    return uint32_t{0};
  }

  VARVE_ASSIGN_OR_RETURN(bool possible, check_zones());
  if (!possible) return uint32_t{0};
  for (const ColumnCondition* c : open_conditions_) {
    Bitmap met;
    VARVE_RETURN_IF_ERROR(filter(*c, met.data()));
    uint64_t any = 0;
    for (size_t w = 0; w < met.size(); ++w) any |= passing[w] &= met[w];
    if (any == 0) return uint32_t{0};
  }
  uint32_t n = 0;
  for (uint32_t w = 0; w * 64 < count_; ++w) {
    for (uint64_t bits = passing[w]; bits != 0; bits &= bits - 1)
      rows[n++] = static_cast<uint16_t>(w * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
  }
  removed_ -= n;
  return n;
}

bool ColumnarScan::has_changes() {
  TableState& state = heap_.state();
  return (state.marks_heap() != nullptr && state.marks.count(stratum_->tid(), stratum_->vectors()) != 0) ||
         state.moves.has_followed(snapshot_.own_xid);
}

uint32_t ColumnarScan::skip(uint32_t most, bool before) {
  if (stratum_ == nullptr || (visible_ && !ruled_out_)) return 0;
  const uint32_t n = std::min(most, before ? vector_ : stratum_->vectors() - vector_ - 1);
  if (!visible_ || ruled_out_silently_) return n;
  if (has_changes()) return 0;  // how many rows are visible is not known at once
  const uint32_t first = (before ? vector_ - n : vector_ + 1) * access::kVectorRows;
  if (n != 0) removed_ += std::min(stratum_->rows(), first + n * access::kVectorRows) - first;
  return n;
}

Result<uint32_t> ColumnarScan::open_segment(PageId first) {
  if (vector_of(first) != 0) return uint32_t{0};
  VARVE_RETURN_IF_ERROR(open_stratum(stratum_of(first)));
  if (!visible_ || has_changes()) return uint32_t{0};
  for (size_t i = 0; i < conditions_.size(); ++i) {
    const ColumnCondition& c = conditions_[i];
    if (c.column >= stratum_->columns()) {
      VARVE_ASSIGN_OR_RETURN(bool passes, missing_passes(i));
      if (!passes || c.among_equals != nullptr) return uint32_t{0};
      continue;
    }
    VARVE_ASSIGN_OR_RETURN(const columnar::ZoneMap* zone, stratum_->zone(c.column));
    if (c.among_equals != nullptr || check(*zone, c) != ZoneVerdict::kAll) return uint32_t{0};
  }
  return stratum_->vectors();
}

Result<bool> ColumnarScan::segment_extremes(uint32_t number, types::Value* least, types::Value* greatest) {
  if (number >= stratum_->columns()) {
    *least = *greatest = layout_.column(number).missing;
    return true;
  }
  VARVE_ASSIGN_OR_RETURN(const columnar::ZoneMap* zone, stratum_->zone(number));
  return extremes_of(*zone, layout_.column(number).type, least, greatest);
}

Result<bool> ColumnarScan::extremes(uint32_t number, types::Value* least, types::Value* greatest) {
  return vector_extremes(number, vector_, least, greatest);
}

Result<bool> ColumnarScan::vector_extremes(uint32_t number, uint32_t vector, types::Value* least,
                                           types::Value* greatest) {
  if (number >= stratum_->columns()) {
    *least = *greatest = layout_.column(number).missing;
    return true;
  }
  VARVE_ASSIGN_OR_RETURN(OpenColumn * column, this->column(number));
  return extremes_of(column->chunk->reader.zone(vector), layout_.column(number).type, least, greatest);
}

bool ColumnarScan::extremes_of(const columnar::ZoneMap& zone, types::PhysicalType type, types::Value* least,
                               types::Value* greatest) {
  *least = *greatest = types::Value::null_of(type);
  if (zone.nulls == zone.rows) return true;
  if (!zone.has_bounds()) return false;
  switch (zone.type) {
    case columnar::ValueType::kInt16:
    case columnar::ValueType::kInt32:
    case columnar::ValueType::kInt64:
      break;
    case columnar::ValueType::kFloat32:
      if (zone.min().float32 == 0 || zone.max().float32 == 0) return false;  // of which sign is not known
      break;
    case columnar::ValueType::kFloat64:
      if (zone.min().float64 == 0 || zone.max().float64 == 0) return false;
      break;
    default:
      return false;
  }
  *least = zone.min();
  *greatest = zone.max();
  return true;
}

Status ColumnarScan::decode(uint32_t number, std::span<const uint16_t> rows, vector::Vector& out,
                            Arena& arena) {
  out.reset();
  if (number >= stratum_->columns()) {
    const types::Value& missing = layout_.column(number).missing;
    for (uint32_t i = 0; i < rows.size(); ++i) out.set_value(i, missing);
    return {};
  }
  VARVE_ASSIGN_OR_RETURN(columnar::VectorReader * reader, this->reader(number));
  const size_t width = types::physical_width(out.type());
  const uint32_t code_count = reader->code_count();
  uint16_t* codes = nullptr;
  if (code_count != 0 && code_count <= kMostCodes) codes = arena.make_array<uint16_t>(access::kVectorRows);
  if (rows.size() == count_)
    VARVE_RETURN_IF_ERROR(reader->decode(out.raw(), arena, codes));
  else
    VARVE_RETURN_IF_ERROR(reader->decode(rows, out.raw(), arena, codes));
  if (codes != nullptr) out.set_codes(codes, code_count);
  if (const int scale = reader->common_scale(); scale >= 0) out.set_common_scale(static_cast<uint8_t>(scale));
  if (reader->nulls() == 0) return {};
  Bitmap valid;
  reader->validity(valid.data());
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if ((valid[rows[i] / 64] >> rows[i] % 64 & 1) != 0) continue;
    out.set_null(i);
    std::memset(out.raw() + i * width, 0, width);
  }
  return {};
}

std::unique_ptr<access::ColumnScan> ColumnarHeap::scan(const txn::Snapshot& snapshot,
                                                       const access::RowLayout& layout,
                                                       std::span<const ColumnCondition> conditions) {
  return std::make_unique<ColumnarScan>(*this, snapshot, layout, conditions);
}

bool ColumnarHeap::can_test(types::PhysicalType column, const types::Value& constant) const {
  return columnar::is_comparable(value_type_of(column), constant);
}

}  // namespace varve::columnar_table
