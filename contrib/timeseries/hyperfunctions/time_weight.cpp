// time_weight: averages of values that count for as long as they held.
#include <algorithm>
#include <vector>

#include "bindings.h"
#include "summary.h"
#include "types/datetime.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

// A stretch of the series: its ends, and the integral over it in units of value × microseconds.
struct Stretch {
  bool linear = false;
  Point first{}, last{};
  double integral = 0;
};

bool is_linear(Text method) {
  auto matches = [&](Text word) {
    if (method.size() != word.size()) return false;
    return std::equal(word.begin(), word.end(), method.begin(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  };
  if (matches("linear") || matches("trapezoidal")) return true;
  if (matches("locf")) return false;
  refuse("unknown interpolation method");
}

double area(bool linear, const Point& a, const Point& b) {
  auto span = static_cast<double>(b.time - a.time);
  return linear ? (a.value + b.value) / 2 * span : a.value * span;
}

void put(const Stretch& s, AggregateCall& call, Vector& out, uint32_t row) {
  std::array<Field, 6> fields{field(Text(s.linear ? "Linear" : "LOCF")),
                              time_field(s.first.time),
                              field(s.first.value),
                              time_field(s.last.time),
                              field(s.last.value),
                              field(s.integral)};
  out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, *call.context.memory)));
}

Stretch read(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  Stretch s;
  Value method = r.value(0);
  s.linear = method.view() == "Linear";
  s.first = {r.count(1), r.number(2)};
  s.last = {r.count(3), r.number(4)};
  s.integral = r.number(5);
  return s;
}

struct TimeWeight {
  struct State {
    bool linear = false;
    std::vector<Point> points;
  };
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    bool linear = is_linear(args[0]->at<StringRef>(row).view());
    if (s.points.empty())
      s.linear = linear;
    else if (s.linear != linear)
      refuse("interpolation method must not change between calls");
    s.points.push_back({args[1]->at<int64_t>(row), args[2]->at<double>(row)});
  }
  static void merge(State& s, const State& o, Arena&) {
    if (s.points.empty()) s.linear = o.linear;
    s.points.insert(s.points.end(), o.points.begin(), o.points.end());
  }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.points.empty()) return out.set_null(row);
    std::vector<Point> points = s.points;
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.time < b.time; });
    Stretch whole{s.linear, points[0], points[0], 0};
    for (const Point& p : points) {
      if (p.time == whole.last.time) continue;  // of several at one time the first counts
      whole.integral += area(s.linear, whole.last, p);
      whole.last = p;
    }
    put(whole, call, out, row);
  }
};

struct RollupTimeWeight {
  using State = std::vector<Stretch>;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    s.push_back(read(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
  static void merge(State& s, const State& o, Arena&) { s.insert(s.end(), o.begin(), o.end()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.empty()) return out.set_null(row);
    State all = s;
    std::sort(all.begin(), all.end(),
              [](const Stretch& a, const Stretch& b) { return a.first.time < b.first.time; });
    Stretch whole = all[0];
    for (size_t i = 1; i < all.size(); ++i) {
      if (all[i].linear != whole.linear) refuse("interpolation methods of the summaries differ");
      if (all[i].first.time <= whole.last.time) refuse("summaries of time weights must not overlap");
      whole.integral += area(whole.linear, whole.last, all[i].first) + all[i].integral;
      whole.last = all[i].last;
    }
    put(whole, call, out, row);
  }
};

// The value between two points of the series.
Point between(bool linear, const Point& a, const Point& b, int64_t at) {
  if (!linear || a.time == b.time) return {at, a.value};
  const double share = static_cast<double>(at - a.time) / static_cast<double>(b.time - a.time);
  return {at, a.value + (b.value - a.value) * share};
}

// Reaches from `start` to `end`, as far as the neighbours tell.
Stretch interpolated(Text bytes, int64_t start, int64_t end, std::optional<Text> prev,
                     std::optional<Text> next, Env& env) {
  Stretch s = read(bytes, env.arena);
  if (start > s.first.time) refuse("the interval must start at or before the first point");
  if (end <= s.last.time) refuse("the interval must end after the last point");
  if (prev.has_value() && start < s.first.time) {
    const Point first = between(s.linear, read(*prev, env.arena).last, s.first, start);
    s.integral += area(s.linear, first, s.first);
    s.first = first;
  }
  if (next.has_value()) {
    const Point last = between(s.linear, s.last, read(*next, env.arena).first, end);
    s.integral += area(s.linear, s.last, last);
    s.last = last;
  }
  return s;
}

std::optional<double> average_of(const Stretch& s) {
  if (s.first.time == s.last.time) return std::nullopt;
  return s.integral / static_cast<double>(s.last.time - s.first.time);
}

double us_of(Text unit) {
  if (unit == "microsecond" || unit == "us") return 1;
  if (unit == "millisecond" || unit == "ms") return 1000;
  if (unit == "second" || unit == "seconds" || unit == "s") return 1e6;
  if (unit == "minute" || unit == "minutes" || unit == "m") return 60e6;
  if (unit == "hour" || unit == "hours" || unit == "h") return 3600e6;
  if (unit == "day" || unit == "days") return 86400e6;
  refuse("Unrecognized duration unit: " + std::string(unit));
}

const Binding kBindings[] = {
    {"time_weight(internal,text,timestamptz,float8):internal", &Summarize<TimeWeight>::kImpl},
    {"time_weight_final(internal):timeweightsummary", functions::aggregate_only_kernel},
    {"time_weight_rollup(internal,timeweightsummary):internal", &Summarize<RollupTimeWeight>::kImpl},
    {"time_weight_average(timeweightsummary):float8",
     fn([](Text bytes, Env& env) -> std::optional<double> { return average_of(read(bytes, env.arena)); })},
    {"time_weight_average_between(timeweightsummary,timestamptz,timestamptz,timeweightsummary,"
     "timeweightsummary):float8",
     fn([](std::optional<Text> bytes, std::optional<int64_t> start, std::optional<int64_t> end,
           std::optional<Text> prev, std::optional<Text> next, Env& env) -> std::optional<double> {
       if (!bytes || !start || !end) return std::nullopt;
       return average_of(interpolated(*bytes, *start, *end, prev, next, env));
     })},
    {"time_weight_integral_between(timeweightsummary,timestamptz,timestamptz,timeweightsummary,"
     "timeweightsummary,text):float8",
     fn([](std::optional<Text> bytes, std::optional<int64_t> start, std::optional<int64_t> end,
           std::optional<Text> prev, std::optional<Text> next, std::optional<Text> unit,
           Env& env) -> std::optional<double> {
       if (!bytes || !start || !end || !unit) return std::nullopt;
       return interpolated(*bytes, *start, *end, prev, next, env).integral / us_of(*unit);
     })},
    {"time_weight_integral(timeweightsummary,text):float8", fn([](Text bytes, Text unit, Env& env) -> double {
       return read(bytes, env.arena).integral / us_of(unit);
     })},
    {"time_weight_first_val(timeweightsummary):float8",
     fn([](Text bytes, Env& env) -> double { return read(bytes, env.arena).first.value; })},
    {"time_weight_last_val(timeweightsummary):float8",
     fn([](Text bytes, Env& env) -> double { return read(bytes, env.arena).last.value; })},
    {"time_weight_first_time(timeweightsummary):timestamptz",
     fn([](Text bytes, Env& env) -> int64_t { return read(bytes, env.arena).first.time; })},
    {"time_weight_last_time(timeweightsummary):timestamptz",
     fn([](Text bytes, Env& env) -> int64_t { return read(bytes, env.arena).last.time; })},
};

}  // namespace

std::span<const Binding> time_weight_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
