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

void* open_timeline(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                    Arena& memory) {
  auto* rows = memory.make<Rows>();
  rows->count = rows->at = 0;
  if (args[0].null) return rows;
  std::vector<Stay> stays = read(args[0].view(), memory);
  rows->stays = memory.make_array<Stay>(stays.size());
  std::copy(stays.begin(), stays.end(), rows->stays);
  rows->count = stays.size();
  return rows;
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

constexpr functions::TableFunctionImpl kIntoValues{open_values, next_values};
constexpr functions::TableFunctionImpl kTimeline{open_timeline, next_timeline};

const Binding kBindings[] = {
    {"state_agg(internal,timestamptz,text):internal", &Summarize<StateAgg>::kImpl},
    {"state_agg_final(internal):stateagg", functions::aggregate_only_kernel},
    {"state_duration_in(stateagg,text):interval", fn([](Text bytes, Text state, Env& env) -> types::Interval {
       int64_t total = 0;
       for (const Stay& stay : read(bytes, env.arena)) total += stay.state == state ? stay.to - stay.from : 0;
       return interval_of(total);
     })},
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
