// lttb: a series drawn with fewer points, of each stretch the one that makes the largest triangle with what
// was kept before and the mean of what comes (Steinarsson 2013).
#include <algorithm>
#include <cmath>
#include <vector>

#include "bindings.h"
#include "functions/array.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

std::vector<Point> downsampled(const std::vector<Point>& points, size_t wanted) {
  if (wanted >= points.size() || wanted == 0) return points;
  std::vector<Point> kept{points.front()};
  if (wanted <= 2) {
    if (wanted == 2) kept.push_back(points.back());
    return kept;
  }
  double every = static_cast<double>(points.size() - 2) / static_cast<double>(wanted - 2);
  size_t last = 0;
  for (size_t i = 0; i < wanted - 2; ++i) {
    auto edge = [&](size_t bucket) {
      return static_cast<size_t>(std::floor(static_cast<double>(bucket) * every)) + 1;
    };
    size_t begin = edge(i), end = edge(i + 1), next_end = std::min(edge(i + 2), points.size());
    double mean_x = 0, mean_y = 0;
    for (size_t j = end; j < next_end; ++j) {
      mean_x += static_cast<double>(points[j].time);
      mean_y += points[j].value;
    }
    mean_x /= static_cast<double>(next_end - end);
    mean_y /= static_cast<double>(next_end - end);
    double largest = -1;
    size_t chosen = begin;
    auto x = static_cast<double>(points[last].time);
    double y = points[last].value;
    for (size_t j = begin; j < end; ++j) {
      double area = std::fabs((x - mean_x) * (points[j].value - y) -
                              (x - static_cast<double>(points[j].time)) * (mean_y - y));
      if (area > largest) {
        largest = area;
        chosen = j;
      }
    }
    kept.push_back(points[chosen]);
    last = chosen;
  }
  kept.push_back(points.back());
  return kept;
}

struct Lttb {
  struct State {
    int32_t resolution = 0;
    std::vector<Point> points;
  };
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    int32_t resolution = args[2]->at<int32_t>(row);
    if (resolution < 2) refuse("resolution must be at least two");
    s.resolution = resolution;
    s.points.push_back({args[0]->at<int64_t>(row), args[1]->at<double>(row)});
  }
  static void merge(State& s, const State& o, Arena&) {
    s.resolution = std::max(s.resolution, o.resolution);
    s.points.insert(s.points.end(), o.points.begin(), o.points.end());
  }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.points.empty()) return out.set_null(row);
    std::vector<Point> points = s.points;
    std::stable_sort(points.begin(), points.end(),
                     [](const Point& a, const Point& b) { return a.time < b.time; });
    std::vector<Value> times, values;
    for (const Point& p : downsampled(points, static_cast<size_t>(s.resolution))) {
      times.push_back(Value::of_int64(p.time));
      values.push_back(Value::of_float64(p.value));
    }
    Arena& arena = *call.context.memory;
    std::array<Field, 2> fields{
        Field{type_oid::kTimestamptzArray,
              Value::of_string(functions::make_array(type_oid::kTimestamptz, times, arena))},
        Field{type_oid::kFloat8Array,
              Value::of_string(functions::make_array(type_oid::kFloat8, values, arena))}};
    out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, arena)));
  }
};

// unnest(timevector): its points as rows.
struct Points {
  Point* points;
  size_t count, at;
};

void* open_points(functions::EvalContext&, const functions::CallSite&, std::span<const Value> args,
                  Arena& memory) {
  auto* s = memory.make<Points>();
  s->count = s->at = 0;
  if (args[0].null) return s;
  SummaryReader r(args[0].view(), memory);
  Value times = r.value(0), values = r.value(1);
  functions::ArrayView t(times.view()), v(values.view());
  s->points = memory.make_array<Point>(t.count());
  s->count = t.count();
  for (uint32_t i = 0; i < t.count(); ++i) s->points[i] = {t.at(i, memory).int64, v.at(i, memory).float64};
  return s;
}

void next_points(functions::EvalContext&, void* state, functions::Chunk& out) {
  auto& s = *static_cast<Points*>(state);
  uint32_t n = 0;
  for (; n < vector::kChunkRows && s.at < s.count; ++n, ++s.at) {
    out.column(0).data<int64_t>()[n] = s.points[s.at].time;
    out.column(1).data<double>()[n] = s.points[s.at].value;
  }
  out.set_dense(n);
}

constexpr functions::TableFunctionImpl kUnnest{open_points, next_points};

const Binding kBindings[] = {
    {"lttb(internal,timestamptz,float8,int4):internal", &Summarize<Lttb>::kImpl},
    {"lttb_final(internal):timevector", functions::aggregate_only_kernel},
    {"timevector_unnest(timevector):record", &kUnnest},
    {"timevector_num_vals(timevector):int8", fn([](Text bytes, Env& env) -> int64_t {
       SummaryReader r(bytes, env.arena);
       Value times = r.value(0);
       return functions::ArrayView(times.view()).count();
     })},
};

}  // namespace

std::span<const Binding> lttb_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
