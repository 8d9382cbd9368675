// state_agg: how long a series was in which state, from the times at which it changed. States are texts or
// integers; a summary has either as text, and says which.
#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "bindings.h"
#include "functions/array.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

struct Change {
  int64_t time;
  std::string state;
};

std::string state_text(Text state) { return std::string(state); }
std::string state_text(int64_t state) { return std::to_string(state); }
Text state_of(const Vector& v, uint32_t row, Text) { return v.at<StringRef>(row).view(); }
int64_t state_of(const Vector& v, uint32_t row, int64_t) { return v.at<int64_t>(row); }
Value value_of(Text state, Text) { return Value::of_string(state); }
Value value_of(Text state, int64_t) { return Value::of_int64(std::stoll(std::string(state))); }

// Points in order, the last one as the last that was seen.
void put_changes(const std::vector<Change>& points, bool integers, AggregateCall& call, Vector& out,
                 uint32_t row) {
  std::vector<Value> times, states;
  for (size_t i = 0; i < points.size(); ++i) {
    if (i > 0 && points[i].time == points[i - 1].time && points[i].state != points[i - 1].state)
      refuse("state cannot be both " + points[i - 1].state + " and " + points[i].state + " at the same time");
    if (i > 0 && points[i].state == points[i - 1].state) continue;
    times.push_back(Value::of_int64(points[i].time));
    states.push_back(Value::of_string(Text(points[i].state)));
  }
  Arena& arena = *call.context.memory;
  std::array<Field, 4> fields{
      Field{type_oid::kTimestamptzArray,
            Value::of_string(functions::make_array(type_oid::kTimestamptz, times, arena))},
      Field{type_oid::kTextArray, Value::of_string(functions::make_array(type_oid::kText, states, arena))},
      time_field(points.back().time), Field{type_oid::kBool, Value::of_bool(integers)}};
  out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, arena)));
}

// `S`: Text or int64_t.
template <class S>
struct StateAgg {
  using State = std::vector<Change>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    s.push_back({args[0]->at<int64_t>(row), state_text(state_of(*args[1], row, S()))});
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.empty()) return out.set_null(row);
    State points = s;
    std::stable_sort(points.begin(), points.end(),
                     [](const Change& a, const Change& b) { return a.time < b.time; });
    put_changes(points, std::is_same_v<S, int64_t>, call, out, row);
  }
};

struct Stay {
  Text state;
  int64_t from, to;
};

bool has_integers(Text bytes, Arena& arena) { return SummaryReader(bytes, arena).value(3).boolean != 0; }

std::vector<Stay> read(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  Value times = r.value(0), states = r.value(1);
  Text time_bytes = arena.copy(times.view()), state_bytes = arena.copy(states.view());
  functions::ArrayView t(time_bytes), s(state_bytes);
  int64_t last = r.count(2);
  std::vector<Stay> stays;
  for (uint32_t i = 0; i < t.count(); ++i) {
    Value state = s.at(i, arena);
    int64_t to = i + 1 < t.count() ? t.at(i + 1, arena).int64 : last;
    stays.push_back({arena.copy(state.view()), t.at(i, arena).int64, to});
  }
  return stays;
}

// By somebody who knows states as S.
template <class S>
std::vector<Stay> read_as(Text bytes, Arena& arena) {
  if (has_integers(bytes, arena) == std::is_same_v<S, int64_t>) return read(bytes, arena);
  refuse(std::is_same_v<S, int64_t> ? "State must have integer values for this function"
                                    : "State must have string values for this function");
}

// One after the other: what a series was in last it is in until the next begins.
struct RollupState {
  struct State {
    std::vector<std::vector<Change>> parts;
    std::optional<bool> integers;
    void take(bool of_integers) {
      if (integers.value_or(of_integers) != of_integers)
        refuse("summaries of texts and of integers cannot be rolled up together");
      integers = of_integers;
    }
  };
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    std::vector<Change> changes;
    const Text bytes = args[0]->at<StringRef>(row).view();
    s.take(has_integers(bytes, *call.context.memory));
    const std::vector<Stay> stays = read(bytes, *call.context.memory);
    for (const Stay& stay : stays) changes.push_back({stay.from, std::string(stay.state)});
    if (!stays.empty()) changes.push_back({stays.back().to, std::string(stays.back().state)});
    if (!changes.empty()) s.parts.push_back(std::move(changes));
  }
  static void merge(State& s, const State& o, Arena&) {
    if (o.integers) s.take(*o.integers);
    s.parts.insert(s.parts.end(), o.parts.begin(), o.parts.end());
  }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.parts.empty()) return out.set_null(row);
    auto all = s.parts;
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a[0].time < b[0].time; });
    std::vector<Change> whole;
    for (const auto& changes : all) {
      if (!whole.empty() && changes[0].time <= whole.back().time)
        refuse("summaries of states must not overlap");
      whole.insert(whole.end(), changes.begin(), changes.end());
    }
    put_changes(whole, s.integers.value_or(false), call, out, row);
  }
};

// From `start` to `end`: what the series was in before holds at first, what it was in last goes on.
template <class S>
std::vector<Stay> interpolated(std::optional<Text> bytes, int64_t start, int64_t end,
                               std::optional<Text> prev, Arena& arena) {
  if (!bytes) refuse("when interpolating data between grouped data, all groups must contain some data");
  std::vector<Stay> stays = read_as<S>(*bytes, arena);
  if (stays.empty()) return stays;
  if (prev && start < stays.front().from) {
    const std::vector<Stay> before = read_as<S>(*prev, arena);
    if (!before.empty()) stays.insert(stays.begin(), {before.back().state, start, stays.front().from});
  }
  stays.back().to = std::max(stays.back().to, end);
  // One stay that goes on is one.
  if (stays.size() > 1 && stays[0].state == stays[1].state) {
    stays[1].from = stays[0].from;
    stays.erase(stays.begin());
  }
  return stays;
}

int64_t total_in(const std::vector<Stay>& stays, Text state, int64_t start, int64_t end) {
  int64_t total = 0;
  for (const Stay& stay : stays) {
    const int64_t from = std::max(stay.from, start), to = std::min(stay.to, end);
    if (stay.state == state && from < to) total += to - from;
  }
  return total;
}

types::Interval interval_of(int64_t us) { return {us, 0, 0}; }

// Rows of into_values() and state_timeline().
struct Rows {
  Stay* stays;
  size_t count, at;
};

Rows* rows_of(const std::vector<Stay>& stays, Arena& memory) {
  auto* rows = memory.make<Rows>();
  rows->stays = memory.make_array<Stay>(stays.size());
  std::copy(stays.begin(), stays.end(), rows->stays);
  rows->count = stays.size();
  rows->at = 0;
  return rows;
}

template <class S>
void* open_values(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                  Arena& memory) {
  std::vector<Stay> totals;  // `to` holds the time spent
  if (args[0].null) return rows_of(totals, memory);
  for (const Stay& stay : read_as<S>(args[0].view(), memory)) {
    auto known =
        std::find_if(totals.begin(), totals.end(), [&](const Stay& s) { return s.state == stay.state; });
    if (known == totals.end()) {
      totals.push_back({stay.state, 0, 0});
      known = totals.end() - 1;
    }
    known->to += stay.to - stay.from;
  }
  std::sort(totals.begin(), totals.end(), [](const Stay& a, const Stay& b) {
    if constexpr (std::is_same_v<S, int64_t>)
      return value_of(a.state, S()).int64 < value_of(b.state, S()).int64;
    return a.state < b.state;
  });
  return rows_of(totals, memory);
}

std::optional<Text> text_if_any(const Value& value) {
  if (value.null) return std::nullopt;
  return value.view();
}

// A state as an argument.
template <class S>
std::string state_argument(const Value& value) {
  if constexpr (std::is_same_v<S, int64_t>) return state_text(value.int64);
  return std::string(value.view());
}

std::vector<Stay> only_in(std::vector<Stay> stays, Text state) {
  std::erase_if(stays, [&](const Stay& stay) { return stay.state != state; });
  return stays;
}

template <class S>
void* open_timeline(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                    Arena& memory) {
  return rows_of(args[0].null ? std::vector<Stay>() : read_as<S>(args[0].view(), memory), memory);
}

// (summary, state)
template <class S>
void* open_periods(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                   Arena& memory) {
  if (args[0].null || args[1].null) return rows_of({}, memory);
  return rows_of(only_in(read_as<S>(args[0].view(), memory), state_argument<S>(args[1])), memory);
}

// (summary, start, end, the one before)
template <class S>
void* open_timeline_between(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                            Arena& memory) {
  if (args[1].null || args[2].null) return rows_of({}, memory);
  return rows_of(
      interpolated<S>(text_if_any(args[0]), args[1].int64, args[2].int64, text_if_any(args[3]), memory),
      memory);
}

// (summary, state, start, end, the one before)
template <class S>
void* open_periods_between(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                           Arena& memory) {
  if (args[1].null || args[2].null || args[3].null) return rows_of({}, memory);
  return rows_of(only_in(interpolated<S>(text_if_any(args[0]), args[2].int64, args[3].int64,
                                         text_if_any(args[4]), memory),
                         state_argument<S>(args[1])),
                 memory);
}

// Writes as many rows as there is room for.
template <class F>
void put_rows(void* state, functions::Chunk& out, F&& f) {
  auto& rows = *static_cast<Rows*>(state);
  uint32_t n = 0;
  for (; n < vector::kChunkRows && rows.at < rows.count; ++n, ++rows.at) f(n, rows.stays[rows.at]);
  out.set_dense(n);
}

template <class S>
void next_values(functions::EvalContext&, void* state, functions::Chunk& out) {
  put_rows(state, out, [&](uint32_t n, const Stay& stay) {
    out.column(0).set_value(n, value_of(stay.state, S()));
    out.column(1).set_value(n, Value::of_interval(interval_of(stay.to)));
  });
}

template <class S>
void next_timeline(functions::EvalContext&, void* state, functions::Chunk& out) {
  put_rows(state, out, [&](uint32_t n, const Stay& stay) {
    out.column(0).set_value(n, value_of(stay.state, S()));
    out.column(1).set_value(n, Value::of_int64(stay.from));
    out.column(2).set_value(n, Value::of_int64(stay.to));
  });
}

void next_periods(functions::EvalContext&, void* state, functions::Chunk& out) {
  put_rows(state, out, [&](uint32_t n, const Stay& stay) {
    out.column(0).set_value(n, Value::of_int64(stay.from));
    out.column(1).set_value(n, Value::of_int64(stay.to));
  });
}

template <class S>
constexpr functions::TableFunctionImpl kIntoValues{open_values<S>, next_values<S>};
template <class S>
constexpr functions::TableFunctionImpl kTimeline{open_timeline<S>, next_timeline<S>};
template <class S>
constexpr functions::TableFunctionImpl kTimelineBetween{open_timeline_between<S>, next_timeline<S>};
template <class S>
constexpr functions::TableFunctionImpl kPeriods{open_periods<S>, next_periods};
template <class S>
constexpr functions::TableFunctionImpl kPeriodsBetween{open_periods_between<S>, next_periods};

using Bytes = std::optional<Text>;
using Time = std::optional<int64_t>;

template <class S>
types::Interval duration_within(Text bytes, S state, int64_t start, int64_t end, Env& env) {
  return interval_of(total_in(read_as<S>(bytes, env.arena), state_text(state), start, end));
}

template <class S>
types::Interval duration_in(Text bytes, S state, Env& env) {
  return duration_within(bytes, state, std::numeric_limits<int64_t>::min(),
                         std::numeric_limits<int64_t>::max(), env);
}

template <class S>
std::optional<types::Interval> duration_between(Bytes bytes, std::optional<S> state, Time start, Time end,
                                                Bytes prev, Env& env) {
  if (!state || !start || !end) return std::nullopt;
  return interval_of(
      total_in(interpolated<S>(bytes, *start, *end, prev, env.arena), state_text(*state), *start, *end));
}

template <class S>
std::optional<Text> state_at(Text bytes, int64_t at, Env& env) {
  std::optional<Text> found;
  for (const Stay& stay : read_as<S>(bytes, env.arena)) {
    if (stay.from <= at) found = stay.state;
  }
  return found;
}

// The accessors of both kinds of state.
#define VARVE_STATES(type, S)                                                                               \
  {"state_duration_in(stateagg," type "):interval",                                                         \
   fn([](Text b, S s, Env& env) -> types::Interval { return duration_in<S>(b, s, env); })},                 \
      {"state_duration_within(stateagg," type ",timestamptz,timestamptz):interval",                         \
       fn([](Text b, S s, int64_t start, int64_t end, Env& env) -> types::Interval {                        \
         return duration_within<S>(b, s, start, end, env);                                                  \
       })},                                                                                                 \
      {"state_duration_between(stateagg," type ",timestamptz,timestamptz,stateagg):interval",               \
       fn([](Bytes b, std::optional<S> s, Time start, Time end, Bytes prev,                                 \
             Env& env) -> std::optional<types::Interval> {                                                  \
         return duration_between<S>(b, s, start, end, prev, env);                                           \
       })},                                                                                                 \
      {"state_periods(stateagg," type "):record", &kPeriods<S>}, {                                          \
    "state_periods_between(stateagg," type ",timestamptz,timestamptz,stateagg):record", &kPeriodsBetween<S> \
  }

const Binding kBindings[] = {
    {"state_agg(internal,timestamptz,text):internal", &Summarize<StateAgg<Text>>::kImpl},
    {"state_agg_of_integers(internal,timestamptz,int8):internal", &Summarize<StateAgg<int64_t>>::kImpl},
    {"state_agg_final(internal):stateagg", functions::aggregate_only_kernel},
    {"state_agg_rollup(internal,stateagg):internal", &Summarize<RollupState>::kImpl},
    {"state_at(stateagg,timestamptz):text",
     fn([](Text b, int64_t at, Env& env) -> std::optional<Text> { return state_at<Text>(b, at, env); })},
    {"state_at_int(stateagg,timestamptz):int8",
     fn([](Text b, int64_t at, Env& env) -> std::optional<int64_t> {
       const std::optional<Text> found = state_at<int64_t>(b, at, env);
       if (!found) return std::nullopt;
       return value_of(*found, int64_t{}).int64;
     })},
    {"state_into_values(stateagg):record", &kIntoValues<Text>},
    {"state_into_int_values(stateagg):record", &kIntoValues<int64_t>},
    {"state_timeline(stateagg):record", &kTimeline<Text>},
    {"state_int_timeline(stateagg):record", &kTimeline<int64_t>},
    {"state_timeline_between(stateagg,timestamptz,timestamptz,stateagg):record", &kTimelineBetween<Text>},
    {"state_int_timeline_between(stateagg,timestamptz,timestamptz,stateagg):record",
     &kTimelineBetween<int64_t>},
    VARVE_STATES("text", Text),
    VARVE_STATES("int8", int64_t),
};

}  // namespace

std::span<const Binding> state_agg_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
