// counter_agg and gauge_agg: how far and how fast a series of measurements has moved. A counter only grows;
// when it falls it was reset, and what it had counted is added from then on.
#include <algorithm>
#include <vector>

#include "bindings.h"
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
}

void put(const Series& s, AggregateCall& call, Vector& out, uint32_t row) {
  if (s.n == 0) return out.set_null(row);
  std::array<Field, 17> fields{time_field(s.first.time),
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
                               field(s.line.sxy)};
  out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, *call.context.memory)));
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
  return s;
}

template <bool kCounter>
struct Collect {
  using State = std::vector<Point>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    s.push_back({args[0]->at<int64_t>(row), args[1]->at<double>(row)});
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    State points = s;
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.time < b.time; });
    Series series;
    for (const Point& p : points) append(series, p, kCounter);
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
  {                                                                                                        \
    "counter_last_time(" type "):timestamptz",                                                             \
        fn([](Text b, Env& env) -> int64_t { return read(b, env.arena).last.time; })                       \
  }

const Binding kBindings[] = {
    {"counter_agg(internal,timestamptz,float8):internal", &Summarize<Collect<true>>::kImpl},
    {"counter_agg_final(internal):countersummary", functions::aggregate_only_kernel},
    {"counter_rollup(internal,countersummary):internal", &Summarize<Rollup<true>>::kImpl},
    {"gauge_agg(internal,timestamptz,float8):internal", &Summarize<Collect<false>>::kImpl},
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
