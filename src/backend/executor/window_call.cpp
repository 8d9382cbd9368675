#include "window_call.h"

#include "common/sql_error.h"

namespace varve::executor {

using functions::WindowImpl;
using types::Value;
using vector::kChunkRows;

WindowCall::WindowCall(const planner::WindowCallPlan& plan, size_t number, ExecutionContext& context)
    : plan_(plan),
      number_(number),
      context_(context),
      site_(plan.site),
      rows_(kChunkRows),
      args_(plan.args.size()) {
  own_site_.arg_types = plan.function->args;
  own_site_.result_type = plan.function->result;
  if (site_ == nullptr) site_ = &own_site_;
  result_ = functions::physical_type_of(site_->result_type);
  if (plan.function->window == nullptr && plan.function->aggregate == nullptr)
    throw_not_supported("window function " + std::string(plan.function->name));
}

void WindowCall::compute(WindowPartition& p, LongColumn& out) {
  out.clear();
  out.resize(p.size());
  if (plan_.function->window != nullptr)
    compute_function(p, out);
  else
    compute_aggregate(p, out);
}

void WindowCall::compute_function(WindowPartition& p, LongColumn& out) {
  uint64_t n = p.size();
  auto each = [&](auto&& f) {
    for (uint64_t row = 0; row < n; ++row) out.set(row, f(row));
  };
  auto int8 = [](uint64_t v) { return Value::of_int64(static_cast<int64_t>(v)); };
  switch (plan_.function->window->kind) {
    case WindowImpl::Kind::kRowNumber:
      each([&](uint64_t row) { return int8(row + 1); });
      break;
    case WindowImpl::Kind::kRank:
      each([&](uint64_t row) { return int8(p.peer_start(row) + 1); });
      break;
    case WindowImpl::Kind::kDenseRank:
      each([&](uint64_t row) { return int8(p.group(row) + 1); });
      break;
    case WindowImpl::Kind::kPercentRank:
      each([&](uint64_t row) {
        return Value::of_float64(
            n <= 1 ? 0 : static_cast<double>(p.peer_start(row)) / static_cast<double>(n - 1));
      });
      break;
    case WindowImpl::Kind::kCumeDist:
      each([&](uint64_t row) {
        return Value::of_float64(static_cast<double>(p.peer_end(row)) / static_cast<double>(n));
      });
      break;
    case WindowImpl::Kind::kNtile:
      compute_ntile(p, out);
      break;
    case WindowImpl::Kind::kLag:
      each([&](uint64_t row) { return shifted(p, row, true); });
      break;
    case WindowImpl::Kind::kLead:
      each([&](uint64_t row) { return shifted(p, row, false); });
      break;
    case WindowImpl::Kind::kFirstValue:
    case WindowImpl::Kind::kLastValue:
    case WindowImpl::Kind::kNthValue:
      each([&](uint64_t row) { return framed(p, row); });
      break;
  }
}

// The first n % buckets buckets have one row more.
void WindowCall::compute_ntile(WindowPartition& p, LongColumn& out) {
  uint64_t n = p.size();
  Value arg = p.arg(number_, 0).value(0);
  if (arg.null) {
    for (uint64_t row = 0; row < n; ++row) out.set(row, Value::null_of(result_));
    return;
  }
  if (arg.int32 <= 0)
    throw SqlError(sqlstate::kInvalidArgumentForNtile, "argument of ntile must be greater than zero");
  auto buckets = static_cast<uint64_t>(arg.int32);
  uint64_t small = n / buckets, bigger = n % buckets;
  for (uint64_t row = 0; row < n; ++row) {
    uint64_t in_bigger = bigger * (small + 1);
    uint64_t bucket = row < in_bigger ? row / (small + 1) : bigger + (row - in_bigger) / small;
    out.set(row, Value::of_int32(static_cast<int32_t>(bucket + 1)));
  }
}

Value WindowCall::shifted(WindowPartition& p, uint64_t row, bool back) {
  int64_t offset = 1;
  if (plan_.args.size() > 1) {
    Value v = p.arg(number_, 1).value(row);
    if (v.null) return Value::null_of(result_);
    offset = v.int32;
  }
  int64_t at = static_cast<int64_t>(row) + (back ? -offset : offset);
  if (at >= 0 && at < static_cast<int64_t>(p.size()))
    return p.arg(number_, 0).value(static_cast<uint64_t>(at));
  if (plan_.args.size() > 2) return p.arg(number_, 2).value(row);
  return Value::null_of(result_);
}

Value WindowCall::framed(WindowPartition& p, uint64_t row) {
  FrameBounds f = p.frame(row);
  LongColumn& values = p.arg(number_, 0);
  auto kind = plan_.function->window->kind;
  if (kind == WindowImpl::Kind::kLastValue) {
    while (f.end > f.start && p.excluded(row, f.end - 1)) --f.end;
    return f.end > f.start ? values.value(f.end - 1) : Value::null_of(result_);
  }
  uint64_t wanted = 1;
  if (kind == WindowImpl::Kind::kNthValue) {
    Value n = p.arg(number_, 1).value(row);
    if (n.null) return Value::null_of(result_);
    if (n.int32 <= 0)
      throw SqlError(sqlstate::kInvalidArgumentForNthValue,
                     "argument of nth_value must be greater than zero");
    wanted = static_cast<uint64_t>(n.int32);
  }
  if (!p.has_exclusion())
    return f.end - f.start >= wanted ? values.value(f.start + wanted - 1) : Value::null_of(result_);
  for (uint64_t at = f.start; at < f.end; ++at) {
    if (at % kChunkRows == 0) context_.check_cancel();
    if (!p.excluded(row, at) && --wanted == 0) return values.value(at);
  }
  return Value::null_of(result_);
}

// Adds the rows of a stretch to the state, as far as filter, NULLs and exclusion let them count.
void WindowCall::accumulate(WindowPartition& p, uint64_t row, FrameBounds f, void* state) {
  functions::EvalContext context = context_.eval_context(p.memory());
  functions::AggregateCall call{context, *site_};
  const bool every = p.filter(number_) == nullptr && !p.has_exclusion();
  for (uint64_t at = f.start; at < f.end;) {
    context_.check_cancel();
    const uint64_t block = at / kChunkRows;
    const uint64_t end = std::min<uint64_t>(f.end, (block + 1) * kChunkRows);
    bool nulls = false;
    for (size_t i = 0; i < args_.size(); ++i) {
      args_[i] = &p.arg(number_, i).block(block);
      nulls = nulls || args_[i]->has_nulls();
    }
    if (every && !nulls)
      add_all(call, static_cast<uint32_t>(at % kChunkRows), static_cast<uint32_t>(end - at), state,
              p.memory());
    else
      add_counting(call, p, row, {at, end}, state);
    at = end;
  }
}

// Rows of a block that lie one behind the other.
void WindowCall::add_all(functions::AggregateCall& call, uint32_t first, uint32_t count, void* state,
                         Arena& memory) {
  const functions::AggregateImpl& impl = *plan_.function->aggregate;
  views_.resize(args_.size());
  for (size_t i = 0; i < args_.size(); ++i) {
    const Vector& v = *args_[i];
    views_[i].reference(v);
    if (!v.is_constant()) {
      auto* values = const_cast<uint8_t*>(v.raw()) + types::physical_width(v.type()) * first;
      views_[i].point_at(v.type(), values, nullptr);
      views_[i].set_common_scale(v.common_scale());
    }
    args_[i] = &views_[i];
  }
  if (impl.update_one != nullptr) return impl.update_one(call, args_, {nullptr, count}, state, memory);
  void* states[kChunkRows];
  std::fill_n(states, count, state);
  impl.update(call, args_, {nullptr, count}, states, memory);
}

// Neither the filter nor EXCLUDE leaves the row out.
bool WindowCall::counts(WindowPartition& p, uint64_t row, uint64_t at) {
  if (p.has_exclusion() && p.excluded(row, at)) return false;
  LongColumn* filter = p.filter(number_);
  if (filter == nullptr) return true;
  auto in_block = static_cast<uint32_t>(at % kChunkRows);
  const Vector& v = filter->block(at / kChunkRows);
  return !v.is_null(in_block) && v.at<uint8_t>(in_block) != 0;
}

// Rows that the frame leaves behind are taken out of the state again.
void WindowCall::compute_moving(WindowPartition& p, const functions::SqlAggregate& aggregate,
                                LongColumn& out) {
  functions::EvalContext context = context_.eval_context(p.memory());
  functions::MovingState state(aggregate, context, p.memory());
  auto row_args = [&](uint64_t at) {
    for (size_t i = 0; i < args_.size(); ++i) args_[i] = &p.arg(number_, i).block(at / kChunkRows);
    return static_cast<uint32_t>(at % kChunkRows);
  };
  FrameBounds done{0, 0};
  for (uint64_t row = 0; row < p.size(); ++row) {
    context_.check_cancel();
    FrameBounds f = p.frame(row);
    if (row > 0 && f.start == done.start && f.end == done.end && !p.has_exclusion()) {
      out.set(row, out.value(row - 1));
      continue;
    }
    // What EXCLUDE leaves out differs from row to row.
    bool goes_on = !p.has_exclusion() && f.start >= done.start && f.start < done.end && f.end >= done.end;
    for (uint64_t at = done.start; goes_on && at < f.start; ++at) {
      if (!counts(p, row, at)) continue;
      uint32_t in_block = row_args(at);
      goes_on = state.remove(args_, in_block);
    }
    if (!goes_on) {
      state.reset();
      done.end = f.start;
    }
    for (uint64_t at = done.end; at < f.end; ++at) {
      if (!counts(p, row, at)) continue;
      uint32_t in_block = row_args(at);
      state.add(args_, in_block);
    }
    done = f;
    out.set(row, state.result());
  }
}

// Those of a block that count.
void WindowCall::add_counting(functions::AggregateCall& call, WindowPartition& p, uint64_t row, FrameBounds f,
                              void* state) {
  const functions::AggregateImpl& impl = *plan_.function->aggregate;
  void* states[kChunkRows];
  uint32_t n = 0;
  for (uint64_t at = f.start; at < f.end; ++at) {
    auto in_block = static_cast<uint32_t>(at % kChunkRows);
    bool counting = counts(p, row, at);
    if (impl.skip_nulls) {
      for (const Vector* v : args_) counting = counting && !v->is_null(in_block);
    }
    if (!counting) continue;
    states[in_block] = state;
    rows_[n++] = static_cast<uint16_t>(in_block);
  }
  if (n > 0) impl.update(call, args_, {rows_.data(), n}, states, p.memory());
}

void WindowCall::compute_aggregate(WindowPartition& p, LongColumn& out) {
  const functions::AggregateImpl& impl = *plan_.function->aggregate;
  const functions::SqlAggregate* own = functions::as_sql_aggregate(&impl);
  if (own != nullptr && own->moving.transition != nullptr && !p.starts_unbounded())
    return compute_moving(p, *own, out);
  functions::EvalContext context = context_.eval_context(p.memory());
  functions::AggregateCall call{context, *site_};
  auto* state = p.memory().allocate(std::max<uint32_t>(impl.state_bytes, 16), 16);
  Vector one(result_, p.memory(), 1);
  FrameBounds done{0, 0};
  bool live = false;
  auto destroy = [&](void*) {
    if (live && impl.destroy != nullptr) impl.destroy(state);
  };
  std::unique_ptr<void, decltype(destroy)> guard(state, destroy);  // also when a cancellation ends the loop
  for (uint64_t row = 0; row < p.size(); ++row) {
    FrameBounds f = p.frame(row);
    bool same = live && p.same_exclusion(row, row - 1) && f.start == done.start && f.end == done.end;
    if (same) {
      out.set(row, out.value(row - 1));
      continue;
    }
    // A frame that only grows goes on with the state it has.
    bool grows = live && !p.has_exclusion() && f.start == done.start && f.end >= done.end;
    if (!grows) {
      if (live && impl.destroy != nullptr) impl.destroy(state);
      live = false;
      impl.init(state);
      done = {f.start, f.start};
    }
    live = true;
    accumulate(p, row, {done.end, f.end}, state);
    done = f;
    one.reset();
    impl.finalize(call, state, one, 0);
    out.set(row, one.value(0));
  }
}

}  // namespace varve::executor
