// candlestick_agg: open, high, low and close of a period with their times, volume and the price it averaged.
#include <cmath>

#include "bindings.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

struct Candle {
  bool any = false, has_volume = true;
  Point open{}, high{}, low{}, close{};
  double volume = 0, turnover = 0;

  void add(const Candle& o) {
    if (!o.any) return;
    if (!any) {
      *this = o;
      return;
    }
    if (o.open.time < open.time) open = o.open;
    if (o.high.value > high.value || (o.high.value == high.value && o.high.time < high.time)) high = o.high;
    if (o.low.value < low.value || (o.low.value == low.value && o.low.time < low.time)) low = o.low;
    if (o.close.time > close.time) close = o.close;
    has_volume = has_volume && o.has_volume;
    volume += o.volume;
    turnover += o.turnover;
  }
};

StringRef put(const Candle& c, Oid type, Arena& arena) {
  auto null_number = [] { return Field{type_oid::kFloat8, Value::null_of(types::PhysicalType::kFloat64)}; };
  std::array<Field, 10> fields{time_field(c.open.time),
                               field(c.open.value),
                               time_field(c.high.time),
                               field(c.high.value),
                               time_field(c.low.time),
                               field(c.low.value),
                               time_field(c.close.time),
                               field(c.close.value),
                               c.has_volume ? field(c.volume) : null_number(),
                               c.has_volume ? field(c.turnover) : null_number()};
  return make_summary(type, fields, arena);
}

Candle read(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  Candle c;
  c.any = true;
  Point* points[] = {&c.open, &c.high, &c.low, &c.close};
  for (uint32_t i = 0; i < 4; ++i) *points[i] = {r.count(2 * i), r.number(2 * i + 1)};
  Value volume = r.value(8), turnover = r.value(9);
  c.has_volume = !volume.null;
  if (c.has_volume) {
    c.volume = volume.float64;
    c.turnover = turnover.float64;
  }
  return c;
}

struct CandlestickAgg {
  using State = Candle;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    if (args[0]->is_null(row) || args[1]->is_null(row)) return;
    Candle one;
    one.any = true;
    one.open = one.high = one.low = one.close = {args[0]->at<int64_t>(row), args[1]->at<double>(row)};
    one.has_volume = !args[2]->is_null(row);
    if (one.has_volume) {
      one.volume = args[2]->at<double>(row);
      one.turnover = one.volume * one.open.value;
    }
    s.add(one);
  }
  static void merge(State& s, const State& o, Arena&) { s.add(o); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (!s.any) return out.set_null(row);
    out.set_value(row, Value::of_string(put(s, call.site.result_type, *call.context.memory)));
  }
};

struct Rollup : CandlestickAgg {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    if (!args[0]->is_null(row)) s.add(read(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
};

#define VARVE_CANDLE(name, result, expression)    \
  {                                               \
    name, fn([](Text bytes, Env& env) -> result { \
      Candle c = read(bytes, env.arena);          \
      return expression;                          \
    })                                            \
  }

const Binding kBindings[] = {
    {"candlestick_agg(internal,timestamptz,float8,float8):internal",
     &Summarize<CandlestickAgg, false>::kImpl},
    {"candlestick_rollup(internal,candlestick):internal", &Summarize<Rollup, false>::kImpl},
    {"candlestick_final(internal):candlestick", functions::aggregate_only_kernel},
    {"candlestick_make(timestamptz,float8,float8,float8,float8,float8):candlestick",
     fn([](int64_t t, double open, double high, double low, double close, double volume,
           Env& env) -> StringRef {
       Candle c;
       c.any = true;
       c.open = {t, open};
       c.high = {t, high};
       c.low = {t, low};
       c.close = {t, close};
       c.volume = volume;
       c.turnover = (high + low + close) / 3 * volume;  // the typical price
       return put(c, env.site.result_type, env.arena);
     })},
    VARVE_CANDLE("candlestick_open(candlestick):float8", double, c.open.value),
    VARVE_CANDLE("candlestick_high(candlestick):float8", double, c.high.value),
    VARVE_CANDLE("candlestick_low(candlestick):float8", double, c.low.value),
    VARVE_CANDLE("candlestick_close(candlestick):float8", double, c.close.value),
    VARVE_CANDLE("candlestick_open_time(candlestick):timestamptz", int64_t, c.open.time),
    VARVE_CANDLE("candlestick_high_time(candlestick):timestamptz", int64_t, c.high.time),
    VARVE_CANDLE("candlestick_low_time(candlestick):timestamptz", int64_t, c.low.time),
    VARVE_CANDLE("candlestick_close_time(candlestick):timestamptz", int64_t, c.close.time),
    {"candlestick_volume(candlestick):float8", fn([](Text bytes, Env& env) -> std::optional<double> {
       Candle c = read(bytes, env.arena);
       if (!c.has_volume) return std::nullopt;
       return c.volume;
     })},
    {"candlestick_vwap(candlestick):float8", fn([](Text bytes, Env& env) -> std::optional<double> {
       Candle c = read(bytes, env.arena);
       if (!c.has_volume || c.volume == 0) return std::nullopt;
       return c.turnover / c.volume;
     })},
};

}  // namespace

std::span<const Binding> candlestick_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
