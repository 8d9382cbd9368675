// counter_agg and gauge_agg: how far and how fast a series of measurements has moved. A counter only grows;
// when it falls it was reset, and what it had counted is added from then on.
#include <algorithm>
#include <limits>
#include <vector>

#include "bindings.h"
#include "functions/range.h"
#include "moments.h"
#include "summary.h"
#include "types/datetime.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

struct Series {
  Point first{}, second{}, penultimate{}, last{};
  double reset_sum = 0;
  int64_t resets = 0, changes = 0, n = 0;
  CoMoments line;  // x: seconds since the first point; y: the value with what resets took
  // The time that it stands for, when somebody has said so.
  std::optional<int64_t> from, to;
};

double seconds(int64_t us) { return static_cast<double>(us) / 1e6; }

void append(Series& s, const Point& p, bool counter) {
  if (s.n == 0) {
    s.first = s.second = s.penultimate = s.last = p;
  } else {
    if (counter && p.value < s.last.value) {
      s.reset_sum += s.last.value;
      ++s.resets;
    }
    if (p.value != s.last.value) ++s.changes;
    if (s.n == 1) s.second = p;
    s.penultimate = s.last;
    s.last = p;
  }
  ++s.n;
  s.line.add(seconds(p.time - s.first.time), p.value + s.reset_sum);
}

// `o` comes after `s`.
void append(Series& s, const Series& o, bool counter) {
  if (o.first.time <= s.last.time) refuse("summaries of counters must not overlap");
  double taken = s.reset_sum;
  bool reset = counter && o.first.value < s.last.value;
  if (reset) taken += s.last.value;
  CoMoments moved = o.line;
  moved.sx += static_cast<double>(o.n) * seconds(o.first.time - s.first.time);
  moved.sy += static_cast<double>(o.n) * taken;
  s.line.merge(moved);
  s.resets += o.resets + (reset ? 1 : 0);
  s.changes += o.changes + (o.first.value != s.last.value ? 1 : 0);
  if (s.n == 1) s.second = o.first;
  s.penultimate = o.n == 1 ? s.last : o.penultimate;
  s.last = o.last;
  s.reset_sum = taken + o.reset_sum;
  s.n += o.n;
  if (o.from && o.to) {
    s.from = s.from ? std::min(*s.from, *o.from) : *o.from;
    s.to = s.to ? std::max(*s.to, *o.to) : *o.to;
  }
}

Field optional_time(std::optional<int64_t> time) {
  if (time) return time_field(*time);
  return {type_oid::kTimestamptz, Value::null_of(types::PhysicalType::kInt64)};
}

StringRef summary(const Series& s, Oid type, Arena& arena) {
  std::array<Field, 19> fields{time_field(s.first.time),
                               field(s.first.value),
                               time_field(s.second.time),
                               field(s.second.value),
                               time_field(s.penultimate.time),
                               field(s.penultimate.value),
                               time_field(s.last.time),
                               field(s.last.value),
                               field(s.reset_sum),
                               field(s.resets),
                               field(s.changes),
                               field(s.n),
                               field(s.line.sx),
                               field(s.line.sxx),
                               field(s.line.sy),
                               field(s.line.syy),
                               field(s.line.sxy),
                               optional_time(s.from),
                               optional_time(s.to)};
  return make_summary(type, fields, arena);
}

void put(const Series& s, AggregateCall& call, Vector& out, uint32_t row) {
  if (s.n == 0) return out.set_null(row);
  out.set_value(row, Value::of_string(summary(s, call.site.result_type, *call.context.memory)));
}

Series read(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  Series s;
  Point* points[] = {&s.first, &s.second, &s.penultimate, &s.last};
  for (uint32_t i = 0; i < 4; ++i) *points[i] = {r.count(2 * i), r.number(2 * i + 1)};
  s.reset_sum = r.number(8);
  s.resets = r.count(9);
  s.changes = r.count(10);
  s.n = s.line.n = r.count(11);
  s.line.sx = r.number(12);
  s.line.sxx = r.number(13);
  s.line.sy = r.number(14);
  s.line.syy = r.number(15);
  s.line.sxy = r.number(16);
  const Value from = r.value(17), to = r.value(18);
  if (!from.null) s.from = from.int64;
  if (!to.null) s.to = to.int64;
  return s;
}

Series series_of(std::vector<Point> points, bool counter) {
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.time < b.time; });
  Series series;
  for (const Point& p : points) append(series, p, counter);
  return series;
}

template <bool kCounter>
struct Collect {
  using State = std::vector<Point>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    s.push_back({args[0]->at<int64_t>(row), args[1]->at<double>(row)});
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    put(series_of(s, kCounter), call, out, row);
  }
};

// With a range of times that it stands for: that of the first row that has one.
template <bool kCounter>
struct CollectWithin {
  struct State {
    std::vector<Point> points;
    bool bounded = false, empty = false;
    int64_t from = 0, to = 0;
  };
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    if (args[0]->is_null(row) || args[1]->is_null(row)) return;
    s.points.push_back({args[0]->at<int64_t>(row), args[1]->at<double>(row)});
    if (s.bounded || args[2]->is_null(row)) return;
    const functions::RangeValue range =
        functions::read_range(args[2]->at<StringRef>(row).view(), *call.context.memory);
    s.bounded = true;
    s.empty = range.empty;
    s.from = range.lower.infinite ? std::numeric_limits<int64_t>::min() : range.lower.value.int64;
    s.to = range.upper.infinite ? std::numeric_limits<int64_t>::max() : range.upper.value.int64;
  }
  static void merge(State& s, const State& o, Arena&) {
    if (!s.bounded) {
      s.bounded = o.bounded;
      s.empty = o.empty;
      s.from = o.from;
      s.to = o.to;
    }
    s.points.insert(s.points.end(), o.points.begin(), o.points.end());
  }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    Series series = series_of(s.points, kCounter);
    if (s.bounded && series.n > 0) {
      if (s.empty || series.first.time < s.from || series.last.time > s.to) refuse("counter bounds invalid");
      series.from = s.from;
      series.to = s.to;
    }
    put(series, call, out, row);
  }
};

template <bool kCounter>
struct Rollup {
  using State = std::vector<Series>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    s.push_back(read(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.empty()) return out.set_null(row);
    State all = s;
    std::sort(all.begin(), all.end(),
              [](const Series& a, const Series& b) { return a.first.time < b.first.time; });
    Series whole = all[0];
    for (size_t i = 1; i < all.size(); ++i) append(whole, all[i], kCounter);
    put(whole, call, out, row);
  }
};

double delta_of(const Series& s) { return s.last.value + s.reset_sum - s.first.value; }

std::optional<double> per_second(double change, int64_t from, int64_t to) {
  if (from == to) return std::nullopt;
  return change / seconds(to - from);
}

double step_between(const Point& a, const Point& b, bool counter) {
  return counter && b.value < a.value ? b.value : b.value - a.value;
}

// Of the line through the points, with x counted from 2000-01-01.
std::optional<double> intercept_of(const Series& s) {
  std::optional<double> at_first = s.line.intercept();
  if (!at_first) return at_first;
  return *at_first - *s.line.slope() * seconds(s.first.time);
}

std::optional<int64_t> zero_time(const Series& s) {
  std::optional<double> x = s.line.x_intercept();
  if (!x) return std::nullopt;
  return s.first.time + static_cast<int64_t>(*x * 1e6);
}

// The value at a time between two points. A counter that is lower later was reset: it began at nothing.
Point between(Point a, const Point& b, int64_t at, bool counter) {
  if (counter && a.value > b.value) a.value = 0;
  if (a.time == b.time) return {at, b.value};
  const double share = static_cast<double>(at - a.time) / static_cast<double>(b.time - a.time);
  return {at, a.value + (b.value - a.value) * share};
}

// Reaches from `start` to `end`, as far as the neighbours tell.
Series interpolated(Text bytes, int64_t start, int64_t end, std::optional<Text> prev,
                    std::optional<Text> next, bool counter, Env& env) {
  const Series own = read(bytes, env.arena);
  Series whole;
  if (prev.has_value() && start < own.first.time) {
    append(whole, between(read(*prev, env.arena).last, own.first, start, counter), counter);
    append(whole, own, counter);
  } else {
    whole = own;
  }
  if (next.has_value()) {
    if (end <= own.last.time) refuse("the interval must end after the last point");
    append(whole, between(own.last, read(*next, env.arena).first, end, counter), counter);
  }
  return whole;
}

// How Prometheus extrapolates: to the bounds when the points come near, else half a step beyond them; not to
// below nothing.
std::optional<double> extrapolated_delta(const Series& s, Text method) {
  if (method != "prometheus") refuse("unknown extrapolation method");
  const bool valid = s.from && s.to && *s.from != std::numeric_limits<int64_t>::min() &&
                     *s.to != std::numeric_limits<int64_t>::max() && *s.from <= s.first.time &&
                     s.last.time <= *s.to;
  if (!valid) refuse("the bounds of the summary are missing, endless or do not have its points");
  if (s.first.time == s.last.time || *s.from == *s.to) return std::nullopt;
  const double delta = delta_of(s);
  double to_start = seconds(s.first.time - *s.from);
  const double to_end = seconds(*s.to - s.last.time);
  const double sampled = seconds(s.last.time - s.first.time);
  const double step = sampled / static_cast<double>(s.n - 1);
  if (delta > 0 && s.first.value >= 0) to_start = std::min(to_start, sampled * (s.first.value / delta));
  const double near = step * 1.1;
  const double reach =
      sampled + (to_start < near ? to_start : step / 2) + (to_end < near ? to_end : step / 2);
  return delta * (reach / sampled);
}

std::optional<double> extrapolated_rate(const Series& s, Text method) {
  std::optional<double> delta = extrapolated_delta(s, method);
  if (!delta) return delta;
  return *delta / seconds(*s.to - *s.from);
}

void with_bounds(functions::KernelCall& call) {
  vector::for_each_row(call.rows, [&](uint32_t row) {
    const Value bytes = call.args[0]->value(row), from = call.args[1]->value(row),
                to = call.args[2]->value(row);
    if (bytes.null) return call.result.set_null(row);
    Series s = read(bytes.view(), *call.context.memory);
    s.from = from.null ? std::nullopt : std::optional<int64_t>(from.int64);
    s.to = to.null ? std::nullopt : std::optional<int64_t>(to.int64);
    call.result.set_value(row, Value::of_string(summary(s, call.site.result_type, *call.context.memory)));
  });
}

using Bytes = std::optional<Text>;
using Time = std::optional<int64_t>;

// The accessors of both kinds of summary.
#define VARVE_SERIES(type, counter)                                                                        \
  {"counter_delta(" type "):float8",                                                                       \
   fn([](Text b, Env& env) -> double { return delta_of(read(b, env.arena)); })},                           \
      {"counter_rate(" type "):float8", fn([](Text b, Env& env) -> std::optional<double> {                 \
         Series s = read(b, env.arena);                                                                    \
         return per_second(delta_of(s), s.first.time, s.last.time);                                        \
       })},                                                                                                \
      {"counter_time_delta(" type "):float8", fn([](Text b, Env& env) -> double {                          \
         Series s = read(b, env.arena);                                                                    \
         return seconds(s.last.time - s.first.time);                                                       \
       })},                                                                                                \
      {"counter_idelta_left(" type "):float8", fn([](Text b, Env& env) -> double {                         \
         Series s = read(b, env.arena);                                                                    \
         return step_between(s.first, s.second, counter);                                                  \
       })},                                                                                                \
      {"counter_idelta_right(" type "):float8", fn([](Text b, Env& env) -> double {                        \
         Series s = read(b, env.arena);                                                                    \
         return step_between(s.penultimate, s.last, counter);                                              \
       })},                                                                                                \
      {"counter_irate_left(" type "):float8", fn([](Text b, Env& env) -> std::optional<double> {           \
         Series s = read(b, env.arena);                                                                    \
         return per_second(step_between(s.first, s.second, counter), s.first.time, s.second.time);         \
       })},                                                                                                \
      {"counter_irate_right(" type "):float8", fn([](Text b, Env& env) -> std::optional<double> {          \
         Series s = read(b, env.arena);                                                                    \
         return per_second(step_between(s.penultimate, s.last, counter), s.penultimate.time, s.last.time); \
       })},                                                                                                \
      {"counter_num_changes(" type "):int8",                                                               \
       fn([](Text b, Env& env) -> int64_t { return read(b, env.arena).changes; })},                        \
      {"counter_num_elements(" type "):int8",                                                              \
       fn([](Text b, Env& env) -> int64_t { return read(b, env.arena).n; })},                              \
      {"counter_slope(" type "):float8",                                                                   \
       fn([](Text b, Env& env) -> std::optional<double> { return read(b, env.arena).line.slope(); })},     \
      {"counter_intercept(" type "):float8",                                                               \
       fn([](Text b, Env& env) -> std::optional<double> { return intercept_of(read(b, env.arena)); })},    \
      {"counter_corr(" type "):float8",                                                                    \
       fn([](Text b, Env& env) -> std::optional<double> { return read(b, env.arena).line.corr(); })},      \
      {"counter_zero_time(" type "):timestamptz",                                                          \
       fn([](Text b, Env& env) -> std::optional<int64_t> { return zero_time(read(b, env.arena)); })},      \
      {"counter_first_val(" type "):float8",                                                               \
       fn([](Text b, Env& env) -> double { return read(b, env.arena).first.value; })},                     \
      {"counter_last_val(" type "):float8",                                                                \
       fn([](Text b, Env& env) -> double { return read(b, env.arena).last.value; })},                      \
      {"counter_first_time(" type "):timestamptz",                                                         \
       fn([](Text b, Env& env) -> int64_t { return read(b, env.arena).first.time; })},                     \
      {"counter_delta_between(" type ",timestamptz,timestamptz," type "," type "):float8",                 \
       fn([](Bytes b, Time start, Time end, Bytes prev, Bytes next, Env& env) -> std::optional<double> {   \
         if (!b || !start || !end) return std::nullopt;                                                    \
         return delta_of(interpolated(*b, *start, *end, prev, next, counter, env));                        \
       })},                                                                                                \
      {"counter_rate_between(" type ",timestamptz,timestamptz," type "," type "):float8",                  \
       fn([](Bytes b, Time start, Time end, Bytes prev, Bytes next, Env& env) -> std::optional<double> {   \
         if (!b || !start || !end) return std::nullopt;                                                    \
         Series s = interpolated(*b, *start, *end, prev, next, counter, env);                              \
         return per_second(delta_of(s), s.first.time, s.last.time);                                        \
       })},                                                                                                \
      {"counter_with_bounds(" type ",timestamptz,timestamptz):" type, with_bounds},                        \
      {"counter_extrapolated_delta(" type ",text):float8",                                                 \
       fn([](Text b, Text method, Env& env) -> std::optional<double> {                                     \
         return extrapolated_delta(read(b, env.arena), method);                                            \
       })},                                                                                                \
      {"counter_extrapolated_rate(" type ",text):float8",                                                  \
       fn([](Text b, Text method, Env& env) -> std::optional<double> {                                     \
         return extrapolated_rate(read(b, env.arena), method);                                             \
       })},                                                                                                \
  {                                                                                                        \
    "counter_last_time(" type "):timestamptz",                                                             \
        fn([](Text b, Env& env) -> int64_t { return read(b, env.arena).last.time; })                       \
  }

const Binding kBindings[] = {
    {"counter_agg(internal,timestamptz,float8):internal", &Summarize<Collect<true>>::kImpl},
    {"counter_agg_within(internal,timestamptz,float8,tstzrange):internal",
     &Summarize<CollectWithin<true>, false>::kImpl},
    {"counter_agg_final(internal):countersummary", functions::aggregate_only_kernel},
    {"counter_rollup(internal,countersummary):internal", &Summarize<Rollup<true>>::kImpl},
    {"gauge_agg(internal,timestamptz,float8):internal", &Summarize<Collect<false>>::kImpl},
    {"gauge_agg_within(internal,timestamptz,float8,tstzrange):internal",
     &Summarize<CollectWithin<false>, false>::kImpl},
    {"gauge_agg_final(internal):gaugesummary", functions::aggregate_only_kernel},
    {"gauge_rollup(internal,gaugesummary):internal", &Summarize<Rollup<false>>::kImpl},
    {"counter_num_resets(countersummary):int8",
     fn([](Text b, Env& env) -> int64_t { return read(b, env.arena).resets; })},
    VARVE_SERIES("countersummary", true),
    VARVE_SERIES("gaugesummary", false),
};

}  // namespace

std::span<const Binding> counter_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
