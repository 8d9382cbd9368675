// stats_agg: count, sum and the central moments up to the fourth, of one column or two.
#include <cmath>
#include <optional>

#include "bindings.h"
#include "moments.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

Moments read_moments(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  return {r.count(0), r.number(1), r.number(2), r.number(3), r.number(4)};
}

void put_moments(const Moments& m, AggregateCall& call, Vector& out, uint32_t row) {
  if (m.n == 0) return out.set_null(row);
  std::array<Field, 5> fields{field(m.n), field(m.sum), field(m.m2), field(m.m3), field(m.m4)};
  out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, *call.context.memory)));
}

struct Stats1d {
  using State = Moments;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    s.add(args[0]->at<double>(row));
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    put_moments(s, call, out, row);
  }
};

struct Rollup1d : Stats1d {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    s.merge(read_moments(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
};

CoMoments read_pair(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  CoMoments c;
  c.n = r.count(0);
  c.sx = r.number(1);
  c.sxx = r.number(2);
  c.sy = r.number(3);
  c.syy = r.number(4);
  c.sxy = r.number(5);
  return c;
}

struct Stats2d {
  using State = CoMoments;
  // stats_agg(Y, X), as SQL's regression functions take them.
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    s.add(args[1]->at<double>(row), args[0]->at<double>(row));
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.n == 0) return out.set_null(row);
    std::array<Field, 6> fields{field(s.n),  field(s.sx),  field(s.sxx),
                                field(s.sy), field(s.syy), field(s.sxy)};
    out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, *call.context.memory)));
  }
};

struct Rollup2d : Stats2d {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    s.merge(read_pair(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
};

// 'population' or 'sample', or their beginnings.
bool is_population(Text method) {
  if (method == "population" || method == "pop") return true;
  if (method == "sample" || method == "samp") return false;
  refuse("unknown analysis method");
}

std::optional<double> variance_of(int64_t n, double squares, bool population) {
  if (n == 0 || (!population && n == 1)) return std::nullopt;
  return squares / static_cast<double>(population ? n : n - 1);
}
std::optional<double> root(std::optional<double> v) {
  if (!v) return v;
  return std::sqrt(*v);
}

// The power-th central moment over the standard deviation's power, both of the population or both of the
// sample, as the toolkit has them.
std::optional<double> standardized(const Moments& m, double moment, double power, bool population) {
  std::optional<double> variance = variance_of(m.n, m.m2, population);
  if (!variance) return variance;
  return moment / static_cast<double>(population ? m.n : m.n - 1) / std::pow(*variance, power / 2);
}

#define VARVE_MOMENT(name, expression)                           \
  {                                                              \
    name, fn([](Text bytes, Env& env) -> std::optional<double> { \
      Moments m = read_moments(bytes, env.arena);                \
      return expression;                                         \
    })                                                           \
  }
#define VARVE_PAIR(name, expression)                             \
  {                                                              \
    name, fn([](Text bytes, Env& env) -> std::optional<double> { \
      CoMoments c = read_pair(bytes, env.arena);                 \
      return expression;                                         \
    })                                                           \
  }
#define VARVE_PAIR_METHOD(name, squares, wrap)                                \
  {                                                                           \
    name, fn([](Text bytes, Text method, Env& env) -> std::optional<double> { \
      CoMoments c = read_pair(bytes, env.arena);                              \
      return wrap(variance_of(c.n, c.squares, is_population(method)));        \
    })                                                                        \
  }

std::optional<double> same(std::optional<double> v) { return v; }

const Binding kBindings[] = {
    {"stats_1d(internal,float8):internal", &Summarize<Stats1d>::kImpl},
    {"stats_1d_final(internal):statssummary1d", functions::aggregate_only_kernel},
    {"stats_1d_rollup(internal,statssummary1d):internal", &Summarize<Rollup1d>::kImpl},
    {"stats_2d(internal,float8,float8):internal", &Summarize<Stats2d>::kImpl},
    {"stats_2d_final(internal):statssummary2d", functions::aggregate_only_kernel},
    {"stats_2d_rollup(internal,statssummary2d):internal", &Summarize<Rollup2d>::kImpl},
    VARVE_MOMENT("stats_average(statssummary1d):float8", m.sum / static_cast<double>(m.n)),
    VARVE_MOMENT("stats_sum(statssummary1d):float8", m.sum),
    {"stats_num_vals(statssummary1d):int8",
     fn([](Text bytes, Env& env) -> int64_t { return read_moments(bytes, env.arena).n; })},
    {"stats_variance(statssummary1d,text):float8",
     fn([](Text bytes, Text method, Env& env) -> std::optional<double> {
       Moments m = read_moments(bytes, env.arena);
       return variance_of(m.n, m.m2, is_population(method));
     })},
    {"stats_stddev(statssummary1d,text):float8",
     fn([](Text bytes, Text method, Env& env) -> std::optional<double> {
       Moments m = read_moments(bytes, env.arena);
       return root(variance_of(m.n, m.m2, is_population(method)));
     })},
    {"stats_skewness(statssummary1d,text):float8",
     fn([](Text bytes, Text method, Env& env) -> std::optional<double> {
       Moments m = read_moments(bytes, env.arena);
       return standardized(m, m.m3, 3, is_population(method));
     })},
    {"stats_kurtosis(statssummary1d,text):float8",
     fn([](Text bytes, Text method, Env& env) -> std::optional<double> {
       Moments m = read_moments(bytes, env.arena);
       return standardized(m, m.m4, 4, is_population(method));
     })},
    VARVE_PAIR("stats_average_x(statssummary2d):float8", c.sx / static_cast<double>(c.n)),
    VARVE_PAIR("stats_average_y(statssummary2d):float8", c.sy / static_cast<double>(c.n)),
    VARVE_PAIR("stats_sum_x(statssummary2d):float8", c.sx),
    VARVE_PAIR("stats_sum_y(statssummary2d):float8", c.sy),
    VARVE_PAIR("stats_slope(statssummary2d):float8", c.slope()),
    VARVE_PAIR("stats_intercept(statssummary2d):float8", c.intercept()),
    VARVE_PAIR("stats_x_intercept(statssummary2d):float8", c.x_intercept()),
    VARVE_PAIR("stats_corr(statssummary2d):float8", c.corr()),
    VARVE_PAIR("stats_determination_coeff(statssummary2d):float8", c.determination()),
    {"stats_num_vals(statssummary2d):int8",
     fn([](Text bytes, Env& env) -> int64_t { return read_pair(bytes, env.arena).n; })},
    VARVE_PAIR_METHOD("stats_covariance(statssummary2d,text):float8", sxy, same),
    VARVE_PAIR_METHOD("stats_variance_x(statssummary2d,text):float8", sxx, same),
    VARVE_PAIR_METHOD("stats_variance_y(statssummary2d,text):float8", syy, same),
    VARVE_PAIR_METHOD("stats_stddev_x(statssummary2d,text):float8", sxx, root),
    VARVE_PAIR_METHOD("stats_stddev_y(statssummary2d,text):float8", syy, root),
};

}  // namespace

std::span<const Binding> stats_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
