// Rows sorted by group and bucket come in; between them the empty buckets go out.
#include <cmath>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "gapfill.h"
#include "time_bucket.h"
#include "types/time_zone.h"

namespace varve::hyperfunctions {

using types::Interval;
using types::PhysicalType;
using types::Value;

namespace {

SqlError invalid(std::string message) {
  return SqlError(sqlstate::kInvalidParameterValue, std::move(message));
}

int64_t integer_of(const Value& v) {
  switch (v.type) {
    case PhysicalType::kInt16:
      return v.int16;
    case PhysicalType::kInt32:
      return v.int32;
    default:
      return v.int64;
  }
}
Value value_of(int64_t n, PhysicalType type) {
  switch (type) {
    case PhysicalType::kInt16:
      return Value::of_int16(static_cast<int16_t>(n));
    case PhysicalType::kInt32:
      return Value::of_int32(static_cast<int32_t>(n));
    default:
      return Value::of_int64(n);
  }
}

// Which buckets there are: times as the type's own integer (days, microseconds, numbers).
class Buckets {
 public:
  Buckets(Oid type, const Value& width, const Value* zone, const functions::EvalContext& eval)
      : type_(type), integer_(width.type != PhysicalType::kInterval) {
    session_zone_ = eval.format->time_zone == nullptr ? &types::TimeZone::utc() : eval.format->time_zone;
    if (width.null) throw invalid("invalid time_bucket_gapfill argument: bucket_width cannot be NULL");
    if (integer_)
      step_ = integer_of(width);
    else
      width_ = width.interval;
    bool positive = integer_ ? step_ > 0 : types::interval_span(width_) > 0;
    if (!positive) throw invalid("invalid time_bucket_gapfill argument: bucket_width must be greater than 0");
    if (zone != nullptr) {
      if (zone->null) throw invalid("invalid time_bucket_gapfill argument: timezone cannot be NULL");
      zone_name_ = zone->view();
      zone_ = &types::zone_for_name(zone_name_);
    }
  }

  // A value of any type of time as one of the query's.
  int64_t convert(const Value& v, Oid from) const {
    if (from == type_ || integer_) return integer_of(v);
    types::Timestamp t;  // in UTC where the query's times are timestamptz
    if (type_ == type_oid::kTimestamptz) {
      t = from == type_oid::kDate ? types::date_to_timestamptz(v.int32, *session_zone_)
                                  : types::timestamp_to_timestamptz(v.int64, *session_zone_);
      return t;
    }
    t = from == type_oid::kDate        ? types::date_to_timestamp(v.int32)
        : from == type_oid::kTimestamp ? v.int64
                                       : types::timestamptz_to_timestamp(v.int64, *session_zone_);
    return type_ == type_oid::kDate ? types::timestamp_to_date(t) : t;
  }

  int64_t start_of(int64_t time) const {
    if (integer_) return bucket_integer<int64_t>(step_, time);
    if (type_ == type_oid::kDate) return bucket_date(width_, static_cast<types::Date>(time));
    if (zone_ != nullptr) return bucket_in_zone(width_, time, zone_name_);
    return bucket_timestamp(width_, time);
  }

  int64_t after(int64_t bucket) const {
    int64_t next;
    if (integer_) return __builtin_add_overflow(bucket, step_, &next) ? INT64_MAX : next;
    if (type_ == type_oid::kDate) {
      types::Timestamp t =
          types::timestamp_add(types::date_to_timestamp(static_cast<types::Date>(bucket)), width_);
      return types::timestamp_to_date(t);
    }
    bool by_calendar = width_.months != 0 || width_.days != 0;
    if (zone_ != nullptr && by_calendar) {
      types::Timestamp local = types::timestamptz_to_timestamp(bucket, *zone_);
      next = types::timestamp_to_timestamptz(types::timestamp_add(local, width_), *zone_);
      if (next > bucket) return next;
    }
    return types::timestamp_add(bucket, width_);
  }

 private:
  Oid type_;
  bool integer_;
  int64_t step_ = 0;
  Interval width_;
  const types::TimeZone* zone_ = nullptr;
  const types::TimeZone* session_zone_;
  std::string_view zone_name_;
};

// A point of interpolate(): null without a value.
struct Sample {
  bool null = true;
  int64_t time = 0;
  Value value;
};

Value interpolated(const Sample& a, const Sample& b, int64_t time, PhysicalType type) {
  auto between = [&](auto y0, auto y1) {
    using T = decltype(y0);
    return (y0 * static_cast<T>(b.time - time) + y1 * static_cast<T>(time - a.time)) /
           static_cast<T>(b.time - a.time);
  };
  if (a.time == b.time) return a.value;
  if (type == PhysicalType::kFloat64) return Value::of_float64(between(a.value.float64, b.value.float64));
  if (type == PhysicalType::kFloat32)
    return Value::of_float32(static_cast<float>(between(double{a.value.float32}, double{b.value.float32})));
  // Integers are rounded to the nearest.
  __int128 span = b.time - a.time;
  __int128 sum = static_cast<__int128>(integer_of(a.value)) * (b.time - time) +
                 static_cast<__int128>(integer_of(b.value)) * (time - a.time);
  __int128 half = sum < 0 ? -(span / 2) : span / 2;
  return value_of(static_cast<int64_t>((sum + half) / span), type);
}

class GapFillRun final : public planner::TransformRun {
 public:
  GapFillRun(const GapFill& plan, const functions::EvalContext& eval, std::span<const Value> once);

  uint32_t next(planner::TransformSource& source, vector::Chunk& out, uint32_t limit) override;

 private:
  struct Column {  // state of one FillColumn in the current group
    Value last;    // locf
    Sample before, after;
    bool null_is_missing = false;
  };
  void find_range(std::span<const Value> once);
  bool fetch(planner::TransformSource& source);
  bool same_group(uint32_t row) const;
  void start_group(planner::TransformSource& source);
  void end_group(planner::TransformSource& source);
  void note_fetched();
  void put_row(vector::Chunk& out, uint32_t row);
  void put_gap(vector::Chunk& out, uint32_t row);
  Value outside(planner::TransformSource& source, int32_t lazy);
  Sample sample(planner::TransformSource& source, const FillColumn& fill, int32_t lazy);
  int64_t time_at_row() const { return integer_of(in_->column(plan_.time_column).value(row())); }
  uint32_t row() const { return in_->selection()[at_]; }
  Value in(uint32_t column) const { return in_->column(column).value(row()); }
  bool time_is_null() const { return in_->column(plan_.time_column).is_null(row()); }

  const GapFill& plan_;
  Buckets buckets_;
  int64_t start_ = 0, finish_ = 0;
  std::vector<Column> columns_;
  std::vector<Value> group_;  // of the current group
  Arena group_memory_, out_memory_;
  const vector::Chunk* in_ = nullptr;
  uint32_t at_ = 0;
  enum class State : uint8_t { kBegin, kInGroup, kGroupEnds, kDone } state_ = State::kBegin;
  bool more_ = false;  // a row is at hand
  int64_t next_ = 0;   // bucket to come
};

GapFillRun::GapFillRun(const GapFill& plan, const functions::EvalContext& eval, std::span<const Value> once)
    : plan_(plan),
      buckets_(plan.time_type, once[0], plan.zone < 0 ? nullptr : &once[static_cast<size_t>(plan.zone)],
               eval),
      columns_(plan.fills.size()),
      group_(plan.group_count) {
  find_range(once);
  for (size_t i = 0; i < columns_.size(); ++i) {
    int32_t flag = plan.fills[i].null_is_missing;
    if (flag >= 0) {
      const Value& v = once[static_cast<size_t>(flag)];
      columns_[i].null_is_missing = !v.null && v.boolean != 0;
    }
  }
}

void GapFillRun::find_range(std::span<const Value> once) {
  bool have_start = false, have_finish = false;
  for (const Bound& b : plan_.bounds) {
    const Value& v = once[b.once];
    if (v.null) {
      throw invalid(fmt::format("invalid time_bucket_gapfill argument: {} cannot be NULL",
                                b.is_start ? "start" : "finish"));
    }
    int64_t t = buckets_.convert(v, b.type);
    if (b.moves) ++t;
    if (b.is_start) {
      start_ = have_start ? std::max(start_, t) : t;
      have_start = true;
    } else {
      finish_ = have_finish ? std::min(finish_, t) : t;
      have_finish = true;
    }
  }
  bool infinite =
      plan_.time_type == type_oid::kTimestamp || plan_.time_type == type_oid::kTimestamptz
          ? !types::is_finite_timestamp(start_) || !types::is_finite_timestamp(finish_)
          : plan_.time_type == type_oid::kDate && (!types::is_finite_date(static_cast<types::Date>(start_)) ||
                                                   !types::is_finite_date(static_cast<types::Date>(finish_)));
  if (infinite) throw invalid("invalid time_bucket_gapfill argument: start and finish must be finite");
  start_ = buckets_.start_of(start_);
}

// The next row of input, if there is one.
bool GapFillRun::fetch(planner::TransformSource& source) {
  if (in_ != nullptr && ++at_ < in_->count()) return true;
  in_ = source.next();
  at_ = 0;
  return in_ != nullptr;
}

bool GapFillRun::same_group(uint32_t row) const {
  for (uint32_t c = 0; c < plan_.group_count; ++c) {
    if (c == plan_.time_column) continue;
    Value v = in_->column(c).value(row);
    if (v.null != group_[c].null) return false;
    if (v.null) continue;
    functions::CompareFunction compare = plan_.group_order[c];
    bool same = compare != nullptr ? compare(v.bytes(), group_[c].bytes(), nullptr) == 0
                                   : types::values_identical(v, group_[c]);
    if (!same) return false;
  }
  return true;
}

Value GapFillRun::outside(planner::TransformSource& source, int32_t lazy) {
  return source.evaluate(static_cast<size_t>(lazy), row(), group_memory_);
}

Sample GapFillRun::sample(planner::TransformSource& source, const FillColumn& fill, int32_t lazy) {
  Sample out;
  Value v = outside(source, lazy);
  if (v.null) return out;
  functions::RecordView record(v.view());
  if (record.count() != 2) throw invalid("interpolate RECORD arguments must have 2 elements");
  if (record.field_type(0) != plan_.time_type)
    throw invalid("first argument of interpolate returned record must match used timestamp datatype");
  if (record.field_type(1) != fill.type)
    throw invalid("second argument of interpolate returned record must match used interpolate datatype");
  if (record.is_null(0) || record.is_null(1)) return out;
  out.null = false;
  out.time = integer_of(record.at(0, group_memory_));
  out.value = record.at(1, group_memory_);
  return out;
}

// The first row of a group is at hand. What lies before the range is only asked for where the first bucket
// has no row; what lies behind it only at the group's end, but while a row of the group is there to ask with.
void GapFillRun::start_group(planner::TransformSource& source) {
  group_memory_.reset();
  for (uint32_t c = 0; c < plan_.group_count; ++c) group_[c] = types::copy_value(in(c), group_memory_);
  next_ = start_;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const FillColumn& fill = plan_.fills[i];
    Column& column = columns_[i];
    column.last = Value();
    column.before = column.after = Sample();
    bool gap_first = start_ < finish_ && (time_is_null() || time_at_row() > start_);
    if (fill.before < 0) continue;
    if (fill.kind == FillKind::kLocf) {
      bool wanted = gap_first || (column.null_is_missing && in(fill.input).null);
      if (wanted) column.last = outside(source, fill.before);
    } else if (gap_first) {
      column.before = sample(source, fill, fill.before);
    }
  }
  note_fetched();
}

// A row that is still to come bounds the gap before it.
void GapFillRun::note_fetched() {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (plan_.fills[i].kind != FillKind::kInterpolate) continue;
    Value v = in(plan_.fills[i].input);
    Sample& after = columns_[i].after;
    after.null = v.null || time_is_null();
    if (after.null) continue;
    after.time = time_at_row();
    after.value = v;
  }
}

void GapFillRun::put_row(vector::Chunk& out, uint32_t n) {
  for (uint32_t c = 0; c < plan_.column_count; ++c) {
    Value v = in(c);
    if (v.null)
      out.column(c).set_null(n);
    else
      out.column(c).set_value(n, types::copy_value(v, out_memory_));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const FillColumn& fill = plan_.fills[i];
    Column& column = columns_[i];
    Value v = in(fill.input);
    if (fill.kind == FillKind::kLocf) {
      if (v.null && column.null_is_missing)
        v = column.last;
      else
        column.last = types::copy_value(v, group_memory_);
    } else {
      column.before.null = v.null || time_is_null();
      if (!column.before.null) {
        column.before.time = time_at_row();
        column.before.value = v;
      }
      column.after.null = true;
    }
    vector::Vector& target = out.column(plan_.column_count + static_cast<uint32_t>(i));
    if (v.null)
      target.set_null(n);
    else
      target.set_value(n, types::copy_value(v, out_memory_));
  }
}

void GapFillRun::put_gap(vector::Chunk& out, uint32_t n) {
  for (uint32_t c = 0; c < plan_.column_count; ++c) {
    vector::Vector& target = out.column(c);
    if (c == plan_.time_column)
      target.set_value(n, value_of(next_, target.type()));
    else if (c < plan_.group_count && !group_[c].null)
      target.set_value(n, types::copy_value(group_[c], out_memory_));
    else
      target.set_null(n);
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    vector::Vector& target = out.column(plan_.column_count + static_cast<uint32_t>(i));
    const Column& column = columns_[i];
    Value v;
    if (plan_.fills[i].kind == FillKind::kLocf)
      v = column.last;
    else if (!column.before.null && !column.after.null)
      v = interpolated(column.before, column.after, next_, target.type());
    if (v.null)
      target.set_null(n);
    else
      target.set_value(n, types::copy_value(v, out_memory_));
  }
}

void GapFillRun::end_group(planner::TransformSource& source) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const FillColumn& fill = plan_.fills[i];
    if (fill.kind != FillKind::kInterpolate || fill.after < 0) continue;
    if (next_ < finish_) columns_[i].after = sample(source, fill, fill.after);
  }
}

uint32_t GapFillRun::next(planner::TransformSource& source, vector::Chunk& out, uint32_t limit) {
  out_memory_.reset();
  uint32_t n = 0;
  while (n < limit && state_ != State::kDone) {
    switch (state_) {
      case State::kBegin:
        more_ = fetch(source);
        if (!more_) {
          // No tags: the one group there is has no rows.
          next_ = start_;
          state_ = plan_.group_count == 1 ? State::kGroupEnds : State::kDone;
          break;
        }
        start_group(source);
        state_ = State::kInGroup;
        break;
      case State::kInGroup: {
        bool gap = next_ < finish_ && (time_is_null() || time_at_row() > next_);
        if (gap) {
          put_gap(out, n++);
          next_ = buckets_.after(next_);
          break;
        }
        put_row(out, n++);
        if (!time_is_null() && time_at_row() == next_) next_ = buckets_.after(next_);
        // Lookups behind the range are over a row of this group: while it is there. Whether it is the last
        // one shows too late at a chunk's end.
        if (at_ + 1 == in_->count() || !same_group(in_->selection()[at_ + 1])) end_group(source);
        more_ = fetch(source);
        if (more_ && same_group(row()))
          note_fetched();
        else
          state_ = State::kGroupEnds;
        break;
      }
      case State::kGroupEnds:
        if (next_ < finish_) {
          put_gap(out, n++);
          next_ = buckets_.after(next_);
          break;
        }
        if (!more_) {
          state_ = State::kDone;
          break;
        }
        start_group(source);
        state_ = State::kInGroup;
        break;
      case State::kDone:
        break;
    }
  }
  return n;
}

}  // namespace

std::unique_ptr<planner::TransformRun> GapFill::start(const functions::EvalContext& eval,
                                                      std::span<const Value> once) const {
  return std::make_unique<GapFillRun>(*this, eval, once);
}

}  // namespace varve::hyperfunctions
