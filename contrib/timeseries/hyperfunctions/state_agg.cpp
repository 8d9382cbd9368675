// state_agg: how long a series was in which state, from the times at which it changed.
#include <algorithm>
#include <cstring>
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

// The series as (time, state) of each change; the last entry is the last point seen.
struct StateAgg {
  using State = std::vector<Change>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    s.push_back({args[0]->at<int64_t>(row), std::string(args[1]->at<StringRef>(row).view())});
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.empty()) return out.set_null(row);
    State points = s;
    std::stable_sort(points.begin(), points.end(),
                     [](const Change& a, const Change& b) { return a.time < b.time; });
    put_changes(points, call, out, row);
  }
  // In order, the last one as the last point.
  static void put_changes(const State& points, AggregateCall& call, Vector& out, uint32_t row) {
    std::vector<Value> times, states;
    auto put = [&](const Change& c) {
      times.push_back(Value::of_int64(c.time));
      states.push_back(Value::of_string(Text(c.state)));
    };
    for (size_t i = 0; i < points.size(); ++i) {
      if (i > 0 && points[i].time == points[i - 1].time && points[i].state != points[i - 1].state)
        refuse("state cannot be both " + points[i - 1].state + " and " + points[i].state +
               " at the same time");
      if (i == 0 || points[i].state != points[i - 1].state) put(points[i]);
    }
    Arena& arena = *call.context.memory;
    std::array<Field, 3> fields{
        Field{type_oid::kTimestamptzArray,
              Value::of_string(functions::make_array(type_oid::kTimestamptz, times, arena))},
        Field{type_oid::kTextArray, Value::of_string(functions::make_array(type_oid::kText, states, arena))},
        time_field(points.back().time)};
    out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, arena)));
  }
};

struct Stay {
  Text state;
  int64_t from, to;
};

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

// One after the other: what a series was in last it is in until the next begins.
struct RollupState {
  using State = std::vector<std::vector<Change>>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    std::vector<Change> changes;
    const std::vector<Stay> stays = read(args[0]->at<StringRef>(row).view(), *call.context.memory);
    for (const Stay& stay : stays) changes.push_back({stay.from, std::string(stay.state)});
    if (!stays.empty()) changes.push_back({stays.back().to, std::string(stays.back().state)});
    if (!changes.empty()) s.push_back(std::move(changes));
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.empty()) return out.set_null(row);
    State all = s;
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a[0].time < b[0].time; });
    std::vector<Change> whole;
    for (const auto& changes : all) {
      if (!whole.empty() && changes[0].time <= whole.back().time)
        refuse("summaries of states must not overlap");
      whole.insert(whole.end(), changes.begin(), changes.end());
    }
    StateAgg::put_changes(whole, call, out, row);
  }
};

// From `start` to `end`: what the series was in before holds at first, what it was in last goes on.
std::vector<Stay> interpolated(std::optional<Text> bytes, int64_t start, int64_t end,
                               std::optional<Text> prev, Arena& arena) {
  if (!bytes) refuse("when interpolating data between grouped data, all groups must contain some data");
  std::vector<Stay> stays = read(*bytes, arena);
  if (stays.empty()) return stays;
  if (prev && start < stays.front().from) {
    const std::vector<Stay> before = read(*prev, arena);
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

void* open_values(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                  Arena& memory) {
  auto* rows = memory.make<Rows>();
  rows->count = rows->at = 0;
  if (args[0].null) return rows;
  std::vector<Stay> totals;  // `to` holds the time spent
  for (const Stay& stay : read(args[0].view(), memory)) {
    auto known =
        std::find_if(totals.begin(), totals.end(), [&](const Stay& s) { return s.state == stay.state; });
    if (known == totals.end()) {
      totals.push_back({stay.state, 0, 0});
      known = totals.end() - 1;
    }
    known->to += stay.to - stay.from;
  }
  std::sort(totals.begin(), totals.end(), [](const Stay& a, const Stay& b) { return a.state < b.state; });
  rows->stays = memory.make_array<Stay>(totals.size());
  std::copy(totals.begin(), totals.end(), rows->stays);
  rows->count = totals.size();
  return rows;
}

Rows* rows_of(const std::vector<Stay>& stays, Arena& memory) {
  auto* rows = memory.make<Rows>();
  rows->stays = memory.make_array<Stay>(stays.size());
  std::copy(stays.begin(), stays.end(), rows->stays);
  rows->count = stays.size();
  rows->at = 0;
  return rows;
}

std::optional<Text> text_if_any(const Value& value) {
  if (value.null) return std::nullopt;
  return value.view();
}

std::vector<Stay> only_in(std::vector<Stay> stays, Text state) {
  std::erase_if(stays, [&](const Stay& stay) { return stay.state != state; });
  return stays;
}

void* open_timeline(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                    Arena& memory) {
  return rows_of(args[0].null ? std::vector<Stay>() : read(args[0].view(), memory), memory);
}

// (summary, state)
void* open_periods(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                   Arena& memory) {
  if (args[0].null || args[1].null) return rows_of({}, memory);
  return rows_of(only_in(read(args[0].view(), memory), args[1].view()), memory);
}

// (summary, start, end, the one before)
void* open_timeline_between(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                            Arena& memory) {
  if (args[1].null || args[2].null) return rows_of({}, memory);
  return rows_of(
      interpolated(text_if_any(args[0]), args[1].int64, args[2].int64, text_if_any(args[3]), memory), memory);
}

// (summary, state, start, end, the one before)
void* open_periods_between(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                           Arena& memory) {
  if (args[1].null || args[2].null || args[3].null) return rows_of({}, memory);
  return rows_of(
      only_in(interpolated(text_if_any(args[0]), args[2].int64, args[3].int64, text_if_any(args[4]), memory),
              args[1].view()),
      memory);
}

void next_values(functions::EvalContext&, void* state, functions::Chunk& out) {
  auto& rows = *static_cast<Rows*>(state);
  uint32_t n = 0;
  for (; n < vector::kChunkRows && rows.at < rows.count; ++n, ++rows.at) {
    out.column(0).set_value(n, Value::of_string(rows.stays[rows.at].state));
    out.column(1).set_value(n, Value::of_interval(interval_of(rows.stays[rows.at].to)));
  }
  out.set_dense(n);
}

void next_timeline(functions::EvalContext&, void* state, functions::Chunk& out) {
  auto& rows = *static_cast<Rows*>(state);
  uint32_t n = 0;
  for (; n < vector::kChunkRows && rows.at < rows.count; ++n, ++rows.at) {
    out.column(0).set_value(n, Value::of_string(rows.stays[rows.at].state));
    out.column(1).set_value(n, Value::of_int64(rows.stays[rows.at].from));
    out.column(2).set_value(n, Value::of_int64(rows.stays[rows.at].to));
  }
  out.set_dense(n);
}

void next_periods(functions::EvalContext&, void* state, functions::Chunk& out) {
  auto& rows = *static_cast<Rows*>(state);
  uint32_t n = 0;
  for (; n < vector::kChunkRows && rows.at < rows.count; ++n, ++rows.at) {
    out.column(0).set_value(n, Value::of_int64(rows.stays[rows.at].from));
    out.column(1).set_value(n, Value::of_int64(rows.stays[rows.at].to));
  }
  out.set_dense(n);
}

constexpr functions::TableFunctionImpl kIntoValues{open_values, next_values};
constexpr functions::TableFunctionImpl kTimeline{open_timeline, next_timeline};
constexpr functions::TableFunctionImpl kTimelineBetween{open_timeline_between, next_timeline};
constexpr functions::TableFunctionImpl kPeriods{open_periods, next_periods};
constexpr functions::TableFunctionImpl kPeriodsBetween{open_periods_between, next_periods};

const Binding kBindings[] = {
    {"state_agg(internal,timestamptz,text):internal", &Summarize<StateAgg>::kImpl},
    {"state_agg_final(internal):stateagg", functions::aggregate_only_kernel},
    {"state_duration_in(stateagg,text):interval", fn([](Text bytes, Text state, Env& env) -> types::Interval {
       int64_t total = 0;
       for (const Stay& stay : read(bytes, env.arena)) total += stay.state == state ? stay.to - stay.from : 0;
       return interval_of(total);
     })},
    {"state_agg_rollup(internal,stateagg):internal", &Summarize<RollupState>::kImpl},
    {"state_duration_within(stateagg,text,timestamptz,timestamptz):interval",
     fn([](Text bytes, Text state, int64_t start, int64_t end, Env& env) -> types::Interval {
       return interval_of(total_in(read(bytes, env.arena), state, start, end));
     })},
    {"state_duration_between(stateagg,text,timestamptz,timestamptz,stateagg):interval",
     fn([](std::optional<Text> bytes, std::optional<Text> state, std::optional<int64_t> start,
           std::optional<int64_t> end, std::optional<Text> prev, Env& env) -> std::optional<types::Interval> {
       if (!state || !start || !end) return std::nullopt;
       return interval_of(total_in(interpolated(bytes, *start, *end, prev, env.arena), *state, *start, *end));
     })},
    {"state_periods(stateagg,text):record", &kPeriods},
    {"state_timeline_between(stateagg,timestamptz,timestamptz,stateagg):record", &kTimelineBetween},
    {"state_periods_between(stateagg,text,timestamptz,timestamptz,stateagg):record", &kPeriodsBetween},
    {"state_at(stateagg,timestamptz):text", fn([](Text bytes, int64_t at, Env& env) -> std::optional<Text> {
       std::optional<Text> found;
       for (const Stay& stay : read(bytes, env.arena)) {
         if (stay.from <= at) found = stay.state;
       }
       return found;
     })},
    {"state_into_values(stateagg):record", &kIntoValues},
    {"state_timeline(stateagg):record", &kTimeline},
};

}  // namespace

std::span<const Binding> state_agg_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
