#include "window_partition.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/sql_error.h"
#include "functions/type_oids.h"

namespace varve::executor {

using planner::FrameBoundKind;
using planner::FrameExclusion;
using planner::FrameMode;
using types::Value;
using vector::kChunkRows;

namespace {

bool is_nan(const Value& v) {
  if (v.null) return false;
  return v.type == types::PhysicalType::kFloat64   ? std::isnan(v.float64)
         : v.type == types::PhysicalType::kNumeric ? v.numeric.is_nan()
                                                   : false;
}

Value infinity(types::PhysicalType type, bool positive) {
  if (type == types::PhysicalType::kNumeric)
    return Value::of_numeric(positive ? types::Numeric::infinity() : types::Numeric::negative_infinity());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return Value::of_float64(positive ? kInfinity : -kInfinity);
}

}  // namespace

void LongColumn::resize(uint64_t n) {
  while (blocks_.size() * kChunkRows < n) blocks_.emplace_back(type_, memory_);
  for (uint64_t b = (size_ + kChunkRows - 1) / kChunkRows; b * kChunkRows < n; ++b) blocks_[b].reset();
  size_ = n;
}

void LongColumn::append(const Vector& v, const Selection& rows, Arena& strings) {
  uint64_t at = size_;
  resize(size_ + rows.count);
  for_each_row(rows, [&](uint32_t row) { set(at++, types::copy_value(v.value(row), strings)); });
}

WindowPartition::WindowPartition(const planner::WindowPlan& plan, ExecutionContext& context)
    : plan_(plan), context_(context), scope_{context, scratch_} {
  for (const planner::WindowCallPlan& c : plan.calls) {
    arg_exprs_.push_back(compile_all(c.args, context, scratch_));
    args_.emplace_back();
    for (const analyzer::Expr* e : c.args)
      args_.back().push_back(std::make_unique<LongColumn>(functions::physical_type_of(e->type)));
    filter_exprs_.emplace_back();
    filters_.push_back(nullptr);
    if (c.filter != nullptr) {
      filter_exprs_.back().emplace_back(*c.filter, context, scratch_);
      filters_.back() = std::make_unique<LongColumn>(types::PhysicalType::kBool);
    }
  }
  for (const analyzer::SortKey& k : plan.order) {
    order_exprs_.emplace_back(*k.expr, context, scratch_);
    order_keys_.push_back(make_key_type(k.expr->type, k.collation, KeyUse::kSort));
    order_.push_back(std::make_unique<LongColumn>(order_keys_.back().physical));
  }
  const planner::WindowFrame& f = plan.frame;
  if (f.start_offset != nullptr) start_offset_.emplace_back(*f.start_offset, context, scratch_);
  if (f.end_offset != nullptr) end_offset_.emplace_back(*f.end_offset, context, scratch_);
  if (f.mode == FrameMode::kRange && (f.start_offset != nullptr || f.end_offset != nullptr)) {
    if (plan.order.size() != 1) {
      throw SqlError(sqlstate::kWindowingError,
                     "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column");
    }
    const functions::Function* fs[2] = {f.range_add, f.range_subtract};
    for (int i = 0; i < 2; ++i) {
      if (fs[i] == nullptr) throw_not_supported("RANGE with an offset of this type");
      range_call_[i] = std::make_unique<FunctionCall>(*fs[i], nullptr, order_keys_[0].physical, 2, scope_);
    }
    const analyzer::Expr* offset = f.start_offset != nullptr ? f.start_offset : f.end_offset;
    range_key_ = Vector(order_keys_[0].physical, *context.build_memory, 1);
    range_offset_ = Vector(functions::physical_type_of(offset->type), *context.build_memory, 1);
    range_result_ = Vector(functions::physical_type_of(fs[0]->result), *context.build_memory, 1);
  }
}

void WindowPartition::clear() {
  memory_.reset();
  rows_ = 0;
  group_of_.clear();
  for (auto& call : args_) {
    for (auto& a : call) a->clear();
  }
  for (auto& f : filters_) {
    if (f != nullptr) f->clear();
  }
  for (auto& o : order_) o->clear();
}

void WindowPartition::append(const Chunk& in, const Selection& rows) {
  scratch_.reset();
  auto add = [&](ExpressionEvaluator& e, LongColumn& to) {
    Vector* v = nullptr;
    e.evaluate(in, rows, v);
    to.append(*v, rows, memory_);
  };
  for (size_t c = 0; c < args_.size(); ++c) {
    for (size_t i = 0; i < args_[c].size(); ++i) add(arg_exprs_[c][i], *args_[c][i]);
    if (filters_[c] != nullptr) add(filter_exprs_[c][0], *filters_[c]);
  }
  for (size_t k = 0; k < order_.size(); ++k) add(order_exprs_[k], *order_[k]);
  rows_ += rows.count;
}

namespace {

bool is_negative(const Value& v) {
  switch (v.type) {
    case types::PhysicalType::kInt16:
      return v.int16 < 0;
    case types::PhysicalType::kInt32:
      return v.int32 < 0;
    case types::PhysicalType::kInt64:
      return v.int64 < 0;
    case types::PhysicalType::kFloat64:
      return !(v.float64 >= 0);
    case types::PhysicalType::kNumeric:
      return v.numeric.is_nan() || types::sign_of(v.numeric) < 0;
    case types::PhysicalType::kInterval:
      return types::interval_span(v.interval) < 0;
    default:
      return false;
  }
}

}  // namespace

void WindowPartition::seal() {
  group_of_.resize(rows_);
  group_start_.clear();
  for (uint64_t row = 0; row < rows_; ++row) {
    bool peer = row > 0;
    for (size_t k = 0; peer && k < order_.size(); ++k) {
      bool a = order_[k]->is_null(row - 1), b = order_[k]->is_null(row);
      peer = a || b ? a && b
                    : order_keys_[k].compare(order_[k]->data(row - 1), order_[k]->data(row),
                                             order_keys_[k].collation) == 0;
    }
    if (!peer) group_start_.push_back(row);
    group_of_[row] = group_start_.size() - 1;
  }
  group_start_.push_back(rows_);
  scratch_.reset();
  if (plan_.frame.mode != FrameMode::kRange) {
    if (!start_offset_.empty()) start_rows_ = offset_value(start_offset_, "starting");
    if (!end_offset_.empty()) end_rows_ = offset_value(end_offset_, "ending");
  } else {
    auto value = [&](std::vector<ExpressionEvaluator>& e, const char* what, Value* to) {
      if (e.empty()) return;
      *to = types::copy_value(e[0].scalar(), memory_);
      if (to->null) {
        throw SqlError(sqlstate::kNullValueNotAllowed,
                       std::string("frame ") + what + " offset must not be null");
      }
      if (is_negative(*to)) {
        throw SqlError(sqlstate::kInvalidPrecedingOrFollowingSize,
                       "invalid preceding or following size in window function");
      }
    };
    value(start_offset_, "starting", &start_value_);
    value(end_offset_, "ending", &end_value_);
  }
}

uint64_t WindowPartition::offset_value(std::vector<ExpressionEvaluator>& offset, const char* what) {
  Value v = offset[0].scalar();
  if (v.null) {
    throw SqlError(sqlstate::kNullValueNotAllowed, std::string("frame ") + what + " offset must not be null");
  }
  if (v.int64 < 0) {
    throw SqlError(sqlstate::kInvalidPrecedingOrFollowingSize,
                   std::string("frame ") + what + " offset must not be negative");
  }
  return static_cast<uint64_t>(v.int64);
}

// First row at or behind the start, or the row behind the end, by value.
uint64_t WindowPartition::range_bound(uint64_t row, bool start) {
  FrameBoundKind kind = start ? plan_.frame.start : plan_.frame.end;
  LongColumn& keys = *order_[0];
  if (keys.is_null(row)) return start ? peer_start(row) : peer_end(row);
  const KeyType& type = order_keys_[0];
  bool descending = plan_.order[0].descending;
  bool subtract = (kind == FrameBoundKind::kPreceding) != descending;
  range_key_.fill_constant(keys.value(row));
  range_offset_.fill_constant(start ? start_value_ : end_value_);
  FunctionCall& call = *range_call_[subtract ? 1 : 0];
  call.set_arg(0, &range_key_);
  call.set_arg(1, &range_offset_);
  bool beyond = false;  // the type has no such value: it lies before or behind all
  try {
    call.run({nullptr, 1}, range_result_);
    // Infinity less infinity: every value is in range, but NaN, which lies behind them all.
    if (is_nan(range_result_.value(0)) && !is_nan(range_key_.value(0)))
      range_result_.fill_constant(infinity(range_result_.type(), start == descending));
    // Times of day go round.
    int c = type.compare(range_result_.raw(), keys.data(row), type.collation);
    beyond = plan_.order[0].expr->type == type_oid::kTime && (subtract ? c > 0 : c < 0);
  } catch (const SqlError& e) {
    if (e.state() != sqlstate::kNumericValueOutOfRange && e.state() != sqlstate::kDatetimeFieldOverflow)
      throw;
    beyond = true;
  }
  // The rows that have a value are one stretch, in order.
  uint64_t low = 0, high = rows_;
  while (low < high && keys.is_null(low)) low = peer_end(low);
  while (high > low && keys.is_null(high - 1)) high = peer_start(high - 1);
  if (beyond) return kind == FrameBoundKind::kPreceding ? low : high;
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    int c = type.compare(keys.data(middle), range_result_.raw(), type.collation);
    if (descending) c = -c;
    bool before = start ? c < 0 : c <= 0;
    if (before)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

uint64_t WindowPartition::bound(uint64_t row, bool start) {
  const planner::WindowFrame& f = plan_.frame;
  FrameBoundKind kind = start ? f.start : f.end;
  switch (kind) {
    case FrameBoundKind::kUnboundedPreceding:
      return 0;
    case FrameBoundKind::kUnboundedFollowing:
      return rows_;
    case FrameBoundKind::kCurrentRow:
      if (f.mode == FrameMode::kRows) return start ? row : row + 1;
      return start ? peer_start(row) : peer_end(row);
    default:
      break;
  }
  if (f.mode == FrameMode::kRange) return range_bound(row, start);
  bool preceding = kind == FrameBoundKind::kPreceding;
  uint64_t offset = start ? start_rows_ : end_rows_;
  bool groups = f.mode == FrameMode::kGroups;
  uint64_t at = groups ? group_of_[row] : row;
  uint64_t count = groups ? group_start_.size() - 1 : rows_;
  uint64_t edge = start ? 0 : 1;  // an end lies behind its row
  if (preceding) {
    if (offset > at) return 0;
    at -= offset;
  } else {
    if (offset >= count - at) return rows_;
    at += offset;
  }
  return groups ? group_start_[at + edge] : at + edge;
}

FrameBounds WindowPartition::frame(uint64_t row) {
  FrameBounds b{bound(row, true), bound(row, false)};
  if (b.end < b.start) b.end = b.start;
  return b;
}

bool WindowPartition::excluded(uint64_t row, uint64_t other) const {
  switch (plan_.frame.exclusion) {
    case FrameExclusion::kNone:
      return false;
    case FrameExclusion::kCurrentRow:
      return row == other;
    case FrameExclusion::kGroup:
      return group_of_[row] == group_of_[other];
    case FrameExclusion::kTies:
      return row != other && group_of_[row] == group_of_[other];
  }
  return false;
}

}  // namespace varve::executor
