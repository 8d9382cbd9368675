#include <benchmark/benchmark.h>

#include "types/datetime.h"
#include "types/float_format.h"
#include "types/numeric.h"
#include "types/text_codec.h"
#include "types/time_zone.h"

namespace varve::types {
namespace {

template <class F>
void run_operation(benchmark::State& state, const char* a, const char* b, F operation) {
  Arena arena;
  Numeric x = parse_numeric(a, arena), y = parse_numeric(b, arena);
  for (auto _ : state) {
    benchmark::DoNotOptimize(x);
    benchmark::DoNotOptimize(y);
    Numeric r = operation(x, y, arena);
    benchmark::DoNotOptimize(r);
  }
}
constexpr auto kAdd = [](const Numeric& a, const Numeric& b, Arena& arena) { return add(a, b, arena); };
constexpr auto kMul = [](const Numeric& a, const Numeric& b, Arena& arena) { return mul(a, b, arena); };
constexpr auto kDiv = [](const Numeric& a, const Numeric& b, Arena& arena) { return div(a, b, arena); };
void numeric_add(benchmark::State& state) { run_operation(state, "12345.67", "98765.43", kAdd); }
BENCHMARK(numeric_add);
void numeric_add_scales(benchmark::State& state) { run_operation(state, "12345.67", "98765.4321", kAdd); }
BENCHMARK(numeric_add_scales);
void numeric_mul(benchmark::State& state) { run_operation(state, "12345.67", "0.07", kMul); }
BENCHMARK(numeric_mul);
void numeric_div(benchmark::State& state) { run_operation(state, "12345.67", "3.1", kDiv); }
BENCHMARK(numeric_div);

void numeric_sum(benchmark::State& state) {
  NumericSum sum;
  Numeric v(int128{1234567}, 2);
  for (auto _ : state) {
    benchmark::DoNotOptimize(v);
    sum.add(v);
  }
  Arena arena;
  Numeric total = sum.sum(arena);
  benchmark::DoNotOptimize(total);
}
BENCHMARK(numeric_sum);

void numeric_parse(benchmark::State& state) {
  Arena arena;
  for (auto _ : state) benchmark::DoNotOptimize(parse_numeric("-123456789.01", arena));
}
BENCHMARK(numeric_parse);

// Runs an appending function on one reused string.
template <class Append>
void append_to_string(benchmark::State& state, Append append) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    append(out);
    benchmark::DoNotOptimize(out.data());
  }
}
void numeric_format(benchmark::State& state) {
  append_to_string(state, [](std::string& out) { append_numeric(out, Numeric(int128{-12345678901}, 2)); });
}
BENCHMARK(numeric_format);
void int_format(benchmark::State& state) {
  append_to_string(state, [](std::string& out) { append_int8(out, 1234567890123); });
}
BENCHMARK(int_format);
void float8_format(benchmark::State& state) {
  append_to_string(state, [](std::string& out) { append_float8(out, 3.141592653589793); });
}
BENCHMARK(float8_format);

void timestamp_format(benchmark::State& state) {
  FormatSettings settings;
  append_to_string(state, [&](std::string& out) { append_timestamp(out, 700'000'123'456'789, settings); });
}
BENCHMARK(timestamp_format);
void timestamptz_format(benchmark::State& state) {
  FormatSettings settings;
  settings.time_zone = TimeZone::find("Europe/Berlin");
  append_to_string(state, [&](std::string& out) { append_timestamptz(out, 700'000'123'456'789, settings); });
}
BENCHMARK(timestamptz_format);
void timestamp_parse(benchmark::State& state) {
  FormatSettings settings;
  for (auto _ : state) benchmark::DoNotOptimize(parse_timestamp("2022-03-08 20:26:40.123456", -1, settings));
}
BENCHMARK(timestamp_parse);
void timestamp_parse_verbose(benchmark::State& state) {
  FormatSettings settings;
  for (auto _ : state) benchmark::DoNotOptimize(parse_timestamp("Tue Mar 8 20:26:40 2022 PST", -1, settings));
}
BENCHMARK(timestamp_parse_verbose);

}  // namespace
}  // namespace varve::types
