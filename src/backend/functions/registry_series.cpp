// Functions that return sets: generate_series, unnest and their kin.
#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "types/datetime.h"
#include "types/time_zone.h"
#include "zone.h"

namespace varve::functions {

namespace {

using vector::kChunkRows;

bool any_null(std::span<const Value> args) {
  for (const Value& v : args) {
    if (v.null) return true;
  }
  return false;
}

[[noreturn]] void throw_zero_step() {
  throw SqlError(sqlstate::kInvalidParameterValue, "step size cannot equal zero");
}

// --- integers
template <class T>
struct IntegerSeries {
  struct State {
    T next, stop, step;
    bool done;
  };
  static void* open(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
    auto* s = memory.make<State>();
    s->done = any_null(args);
    if (s->done) return s;
    s->next = args[0].get<T>();
    s->stop = args[1].get<T>();
    s->step = args.size() > 2 ? args[2].get<T>() : T{1};
    if (s->step == 0) throw_zero_step();
    return s;
  }
  static void next(EvalContext&, void* state, Chunk& out) {
    auto& s = *static_cast<State*>(state);
    T* values = out.column(0).template data<T>();
    uint32_t n = 0;
    while (n < kChunkRows && !s.done) {
      if (s.step > 0 ? s.next > s.stop : s.next < s.stop) {
        s.done = true;
        break;
      }
      values[n++] = s.next;
      if (__builtin_add_overflow(s.next, s.step, &s.next)) s.done = true;
    }
    out.set_dense(n);
  }
};
template <class T>
constexpr TableFunctionImpl kIntegerSeries{IntegerSeries<T>::open, IntegerSeries<T>::next};

// --- numeric
struct NumericSeries {
  struct State {
    Numeric next, stop, step;
    Arena* memory;
    bool done;
  };
  static void check(const Numeric& v, std::string_view what) {
    if (v.is_nan()) {
      throw SqlError(sqlstate::kInvalidParameterValue, std::string(what) + " cannot be NaN");
    }
    if (!v.is_finite()) {
      throw SqlError(sqlstate::kInvalidParameterValue, std::string(what) + " cannot be infinity");
    }
  }
  static void* open(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
    auto* s = memory.make<State>();
    s->memory = &memory;
    s->done = any_null(args);
    if (s->done) return s;
    s->next = types::copy(args[0].numeric, memory);
    s->stop = types::copy(args[1].numeric, memory);
    s->step = args.size() > 2 ? types::copy(args[2].numeric, memory) : Numeric(int64_t{1});
    check(s->next, "start value");
    check(s->stop, "stop value");
    check(s->step, "step size");
    if (types::sign_of(s->step) == 0) throw_zero_step();
    return s;
  }
  static void next(EvalContext&, void* state, Chunk& out) {
    auto& s = *static_cast<State*>(state);
    auto* values = out.column(0).data<Numeric>();
    uint32_t n = 0;
    bool up = types::sign_of(s.step) > 0;
    while (n < kChunkRows && !s.done) {
      int c = types::compare(s.next, s.stop);
      if (up ? c > 0 : c < 0) {
        s.done = true;
        break;
      }
      values[n++] = s.next;
      s.next = types::add(s.next, s.step, *s.memory);
    }
    out.set_dense(n);
  }
};
constexpr TableFunctionImpl kNumericSeries{NumericSeries::open, NumericSeries::next};

// --- timestamps
template <bool kZone>
struct TimeSeries {
  struct State {
    int64_t next, stop;
    Interval step;
    const types::TimeZone* zone;
    bool up, done;
  };
  static void* open(EvalContext& context, const CallSite&, std::span<const Value> args, Arena& memory) {
    auto* s = memory.make<State>();
    s->done = any_null(args);
    if (s->done) return s;
    s->next = args[0].int64;
    s->stop = args[1].int64;
    s->step = args[2].interval;
    s->zone = context.format->time_zone == nullptr ? &types::TimeZone::utc() : context.format->time_zone;
    int sign = types::compare(s->step, Interval{});
    if (sign == 0) throw_zero_step();
    s->up = sign > 0;
    return s;
  }
  static void next(EvalContext&, void* state, Chunk& out) {
    auto& s = *static_cast<State*>(state);
    auto* values = out.column(0).data<int64_t>();
    uint32_t n = 0;
    while (n < kChunkRows && !s.done) {
      if (s.up ? s.next > s.stop : s.next < s.stop) {
        s.done = true;
        break;
      }
      values[n++] = s.next;
      if constexpr (kZone)
        s.next = types::timestamptz_add(s.next, s.step, *s.zone);
      else
        s.next = types::timestamp_add(s.next, s.step);
    }
    out.set_dense(n);
  }
};
template <bool kZone>
constexpr TableFunctionImpl kTimeSeries{TimeSeries<kZone>::open, TimeSeries<kZone>::next};

// --- unnest: the elements of an array of any shape
struct Unnest {
  struct State {
    std::string_view array;
    uint32_t at;
    Arena* memory;
  };
  static void* open(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
    auto* s = memory.make<State>();
    s->memory = &memory;
    s->at = 0;
    if (!args[0].null) s->array = memory.copy(args[0].string.view());
    return s;
  }
  static void next(EvalContext&, void* state, Chunk& out) {
    auto& s = *static_cast<State*>(state);
    uint32_t n = 0;
    if (!s.array.empty()) {
      ArrayView view(s.array);
      while (n < kChunkRows && s.at < view.count()) {
        out.column(0).set_value(n++, view.at(s.at++, *s.memory));
      }
    }
    out.set_dense(n);
  }
};
constexpr TableFunctionImpl kUnnest{Unnest::open, Unnest::next};

// --- generate_subscripts(array, dimension [, reverse])
struct Subscripts {
  struct State {
    int32_t next, last;
    bool reverse, done;
  };
  static void* open(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
    auto* s = memory.make<State>();
    s->done = true;
    if (any_null(args)) return s;
    ArrayView view(args[0].string.view());
    int32_t d = args[1].int32;
    if (d < 1 || d > view.dimensions()) return s;
    ArrayDimension dim = view.dimension(d - 1);
    s->reverse = args.size() > 2 && args[2].boolean != 0;
    s->next = s->reverse ? dim.lower + dim.length - 1 : dim.lower;
    s->last = s->reverse ? dim.lower : dim.lower + dim.length - 1;
    s->done = false;
    return s;
  }
  static void next(EvalContext&, void* state, Chunk& out) {
    auto& s = *static_cast<State*>(state);
    uint32_t n = 0;
    while (n < kChunkRows && !s.done) {
      out.column(0).data<int32_t>()[n++] = s.next;
      if (s.next == s.last) s.done = true;
      s.next += s.reverse ? -1 : 1;
    }
    out.set_dense(n);
  }
};
constexpr TableFunctionImpl kSubscripts{Subscripts::open, Subscripts::next};

const Binding kBindings[] = {
    {"generate_series(int4,int4)", &kIntegerSeries<int32_t>},
    {"generate_series(int4,int4,int4)", &kIntegerSeries<int32_t>},
    {"generate_series(int8,int8)", &kIntegerSeries<int64_t>},
    {"generate_series(int8,int8,int8)", &kIntegerSeries<int64_t>},
    {"generate_series(numeric,numeric)", &kNumericSeries},
    {"generate_series(numeric,numeric,numeric)", &kNumericSeries},
    {"generate_series(timestamp,timestamp,interval)", &kTimeSeries<false>},
    {"generate_series(timestamptz,timestamptz,interval)", &kTimeSeries<true>},
    {"unnest(anyarray)", &kUnnest},
    {"generate_subscripts(anyarray,int4)", &kSubscripts},
    {"generate_subscripts(anyarray,int4,bool)", &kSubscripts},
};

}  // namespace

Bindings series_bindings() { return kBindings; }

}  // namespace varve::functions
