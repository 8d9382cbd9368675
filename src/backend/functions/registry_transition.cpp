// What PostgreSQL's aggregates are made of, where SQL may call it: transition and final functions over a
// state in an array or a number. Varve's own aggregates do not use them.
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
using Result = std::optional<double>;

template <size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&s)[N]) { std::copy_n(s, N, text); }
};

[[noreturn]] void bad_state(Text function, size_t n, Text type) {
  throw SqlError(sqlstate::kInternalError,
                 fmt::format("{}: expected {}-element {} array", function, n, type));
}

// Number of rows, sum of x, sum of squared deviations of x; of two variables also those of y, and of their
// products.
struct Moments {
  double n, sx, sxx, sy, syy, sxy;
};
template <size_t N>
Moments moments(Text function, Text array, Arena& arena) {
  ArrayView a(array);
  if (a.dimensions() != 1 || a.count() != N || a.has_nulls()) bad_state(function, N, "float8");
  std::array<double, 6> v{};
  for (uint32_t i = 0; i < N; ++i) v[i] = a.at(i, arena).float64;
  return {v[0], v[1], v[2], v[3], v[4], v[5]};
}

template <Name kName, size_t N, class F>
constexpr Kernel final_function(F) {
  return fn([](Text state, Env& env) -> Result { return F{}(moments<N>(kName.text, state, env.arena)); });
}
#define VARVE_FINAL(name, n, ...) \
  { name "(_float8)", final_function<name, n>([](const Moments& m) -> Result __VA_ARGS__) }

// The two numbers of an average: how many, and their sum.
std::pair<int64_t, int64_t> count_and_sum(Text array, Arena& arena) {
  ArrayView a(array);
  if (a.dimensions() != 1 || a.count() != 2 || a.has_nulls())
    throw SqlError(sqlstate::kInternalError, "expected 2-element int8 array");
  return {a.at(0, arena).int64, a.at(1, arena).int64};
}

template <class T>
std::optional<int64_t> widen_and_add(std::optional<int64_t> sum, std::optional<T> v) {
  if (!v) return sum;
  if (!sum) return int64_t{*v};
  return static_cast<int64_t>(static_cast<uint64_t>(*sum) + static_cast<uint64_t>(int64_t{*v}));
}
int64_t step(int64_t v, int64_t by) {
  int64_t r;
  if (__builtin_add_overflow(v, by, &r)) throw_out_of_range("bigint");
  return r;
}

template <int64_t kBy>
void step_kernel(KernelCall& call) {
  for_each_row(call.rows, [&](uint32_t row) {
    call.result.set_value(row, Value::of_int64(step(call.args[0]->value(row).int64, kBy)));
  });
}

const Binding kBindings[] = {
    VARVE_FINAL("float8_avg", 3,
                {
                  if (m.n == 0) return {};
                  return m.sx / m.n;
                }),
    VARVE_FINAL("float8_var_pop", 3,
                {
                  if (m.n == 0) return {};
                  return m.sxx / m.n;
                }),
    VARVE_FINAL("float8_var_samp", 3,
                {
                  if (m.n <= 1) return {};
                  return m.sxx / (m.n - 1);
                }),
    VARVE_FINAL("float8_stddev_pop", 3,
                {
                  if (m.n == 0) return {};
                  return std::sqrt(m.sxx / m.n);
                }),
    VARVE_FINAL("float8_stddev_samp", 3,
                {
                  if (m.n <= 1) return {};
                  return std::sqrt(m.sxx / (m.n - 1));
                }),
    VARVE_FINAL("float8_regr_sxx", 6,
                {
                  if (m.n < 1) return {};
                  return m.sxx;
                }),
    VARVE_FINAL("float8_regr_syy", 6,
                {
                  if (m.n < 1) return {};
                  return m.syy;
                }),
    VARVE_FINAL("float8_regr_sxy", 6,
                {
                  if (m.n < 1) return {};
                  return m.sxy;
                }),
    VARVE_FINAL("float8_regr_avgx", 6,
                {
                  if (m.n < 1) return {};
                  return m.sx / m.n;
                }),
    VARVE_FINAL("float8_regr_avgy", 6,
                {
                  if (m.n < 1) return {};
                  return m.sy / m.n;
                }),
    VARVE_FINAL("float8_covar_pop", 6,
                {
                  if (m.n < 1) return {};
                  return m.sxy / m.n;
                }),
    VARVE_FINAL("float8_covar_samp", 6,
                {
                  if (m.n < 2) return {};
                  return m.sxy / (m.n - 1);
                }),
    VARVE_FINAL("float8_corr", 6,
                {
                  if (m.n < 1 || m.sxx == 0 || m.syy == 0) return {};
                  return m.sxy / std::sqrt(m.sxx * m.syy);
                }),
    VARVE_FINAL("float8_regr_r2", 6,
                {
                  if (m.n < 1 || m.sxx == 0) return {};
                  return m.syy == 0 ? 1.0 : m.sxy * m.sxy / (m.sxx * m.syy);
                }),
    VARVE_FINAL("float8_regr_slope", 6,
                {
                  if (m.n < 1 || m.sxx == 0) return {};
                  return m.sxy / m.sxx;
                }),
    VARVE_FINAL("float8_regr_intercept", 6,
                {
                  if (m.n < 1 || m.sxx == 0) return {};
                  return (m.sy - m.sx * m.sxy / m.sxx) / m.n;
                }),
    {"int8_avg(_int8)", fn([](Text state, Env& env) -> std::optional<Numeric> {
       auto [count, sum] = count_and_sum(state, env.arena);
       if (count == 0) return {};
       return types::div(Numeric(sum), Numeric(count), env.arena);
     })},
    {"int2int4_sum(_int8)", fn([](Text state, Env& env) -> std::optional<int64_t> {
       auto [count, sum] = count_and_sum(state, env.arena);
       if (count == 0) return {};
       return sum;
     })},
    {"interval_avg(_interval)", fn([](Text state, Env& env) -> std::optional<Interval> {
       ArrayView a(state);
       if (a.dimensions() != 1 || a.count() != 2 || a.has_nulls())
         throw SqlError(sqlstate::kInternalError, "expected 2-element interval array");
       int64_t count = a.at(1, env.arena).interval.us;
       if (count == 0) return {};
       return types::div(a.at(0, env.arena).interval, static_cast<double>(count));
     })},
    {"int2_sum(int8,int2)",
     fn([](std::optional<int64_t> sum, std::optional<int16_t> v) { return widen_and_add<int16_t>(sum, v); })},
    {"int4_sum(int8,int4)",
     fn([](std::optional<int64_t> sum, std::optional<int32_t> v) { return widen_and_add<int32_t>(sum, v); })},
    {"int8_sum(numeric,int8)",
     fn([](std::optional<Numeric> sum, std::optional<int64_t> v, Env& env) -> std::optional<Numeric> {
       if (!v) return sum;
       return sum ? types::add(*sum, Numeric(*v), env.arena) : Numeric(*v);
     })},
    {"int8inc(int8)", step_kernel<1>},
    {"int8inc_any(int8,any)", step_kernel<1>},
    {"int8inc_float8_float8(int8,float8,float8)", step_kernel<1>},
    {"int8dec(int8)", step_kernel<-1>},
    {"int8dec_any(int8,any)", step_kernel<-1>},
    {"booland_statefunc(bool,bool)", fn([](bool a, bool b) { return a && b; })},
    {"boolor_statefunc(bool,bool)", fn([](bool a, bool b) { return a || b; })},
};

}  // namespace

Bindings transition_bindings() { return kBindings; }

}  // namespace varve::functions
