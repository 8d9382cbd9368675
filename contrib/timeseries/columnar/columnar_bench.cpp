// Decoding and filtering speed and size of every codec, and of a segment as TSBS's cpu table makes them.
//
// Counters: values (values a second), bytes_per_second (decoded bytes), bits (encoded bits a value).
#include <benchmark/benchmark.h>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bit_packing.h"
#include "bytes_codec.h"
#include "columnar/segment_builder.h"
#include "columnar/segment_reader.h"
#include "float_codec.h"
#include "int_codec.h"

namespace varve::columnar {
namespace {

using Rng = std::mt19937_64;

void count(benchmark::State& state, size_t values, size_t decoded_bytes, size_t encoded_bytes) {
  auto rounds = static_cast<double>(state.iterations());
  state.counters["values"] =
      benchmark::Counter(rounds * static_cast<double>(values), benchmark::Counter::kIsRate);
  state.SetBytesProcessed(static_cast<int64_t>(rounds * static_cast<double>(decoded_bytes)));
  state.counters["bits"] = 8.0 * static_cast<double>(encoded_bytes) / static_cast<double>(values);
}

template <class T>
void unpack(benchmark::State& state) {
  auto bits = static_cast<unsigned>(state.range(0));
  Rng rng(1);
  std::vector<uint64_t> values(kVectorRows);
  for (uint64_t& v : values) v = rng() & low_mask(bits);
  Bytes packed(packed_bytes(kVectorRows, bits));
  pack(values.data(), kVectorRows, bits, packed.data());
  std::vector<T> out(kVectorRows);
  for (auto _ : state) {
    unpack_add<T>(packed.data(), kVectorRows, bits, 7, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  count(state, kVectorRows, sizeof(T) * kVectorRows, packed.size());
}
BENCHMARK(unpack<uint32_t>)->Arg(1)->Arg(5)->Arg(8)->Arg(11)->Arg(16)->Arg(23)->Arg(31);
BENCHMARK(unpack<uint64_t>)->Arg(5)->Arg(11)->Arg(23)->Arg(43)->Arg(63);

void filter_packed_bench(benchmark::State& state) {
  auto bits = static_cast<unsigned>(state.range(0));
  Rng rng(1);
  std::vector<uint64_t> values(kVectorRows);
  for (uint64_t& v : values) v = rng() & low_mask(bits);
  Bytes packed(packed_bytes(kVectorRows, bits));
  pack(values.data(), kVectorRows, bits, packed.data());
  uint64_t bitmap[kVectorRows / 64];
  for (auto _ : state) {
    filter_packed(packed.data(), kVectorRows, bits, low_mask(bits) / 4, low_mask(bits) / 2, bitmap);
    benchmark::DoNotOptimize(bitmap);
    benchmark::ClobberMemory();
  }
  count(state, kVectorRows, packed.size(), packed.size());
}
BENCHMARK(filter_packed_bench)->Arg(5)->Arg(11)->Arg(23)->Arg(43);

std::vector<int64_t> ints_for(Codec codec) {
  Rng rng(2);
  std::vector<int64_t> v(kVectorRows);
  int64_t x = 1'000'000'000'000;
  for (size_t i = 0; i < v.size(); ++i) {
    switch (codec) {
      case Codec::kConstant:
        v[i] = x;
        break;
      case Codec::kDelta:
        v[i] = x += 10'000'000 + static_cast<int64_t>(rng() % 1000);
        break;
      case Codec::kDeltaDelta:
        v[i] = static_cast<int64_t>(i * i * 1000 + rng() % 7);
        break;
      case Codec::kRunLength:
        v[i] = x = i % 30 ? x : static_cast<int64_t>(rng() % 100000);
        break;
      case Codec::kIntDictionary:
        v[i] = static_cast<int64_t>((rng() % 50) * 0x123456789ABCDULL);
        break;
      default:
        v[i] = static_cast<int64_t>(rng() % 10000);
        break;
    }
  }
  return v;
}

void int_codec(benchmark::State& state) {
  auto codec = static_cast<Codec>(state.range(0));
  std::vector<int64_t> values = ints_for(codec);
  Bytes bytes;
  encode_ints(values, IntPlan{codec, 1, 1}, bytes);
  PartReader in(bytes);
  IntStream stream;
  if (!parse_ints(in, &stream).ok()) return state.SkipWithError("parse");
  std::vector<uint64_t> out(kVectorRows);
  for (auto _ : state) {
    if (!decode_ints(stream, out.data()).ok()) return state.SkipWithError("decode");
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  count(state, kVectorRows, 8 * kVectorRows, bytes.size());
}
BENCHMARK(int_codec)->DenseRange(1, 6)->ArgName("codec");

void float_codec(benchmark::State& state) {
  Rng rng(3);
  std::normal_distribution<double> normal;
  std::vector<double> values(kVectorRows);
  double x = 50;
  for (double& v : values) {
    x += normal(rng);
    v = state.range(0) == 0 ? std::round(x * 100) / 100 : x;
  }
  if (state.range(0) == 1)
    for (size_t i = 0; i < values.size(); i += 40) values[i] = x / 3;
  FloatHint hint;
  Bytes bytes;
  encode_floats<double>(values, hint, bytes);
  PartReader in(bytes);
  FloatStream stream;
  if (!parse_floats(in, 8, &stream).ok()) return state.SkipWithError("parse");
  std::vector<double> out(kVectorRows);
  for (auto _ : state) {
    if (!decode_floats(stream, out.data()).ok()) return state.SkipWithError("decode");
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetLabel(stream.codec == Codec::kAlp ? "ALP" : stream.codec == Codec::kAlpRd ? "ALP-RD" : "integers");
  count(state, kVectorRows, 8 * kVectorRows, bytes.size());
}
BENCHMARK(float_codec)->Arg(0)->Arg(1)->Arg(2);

void encode_decimals(benchmark::State& state) {
  Rng rng(3);
  std::vector<double> values(kVectorRows);
  for (double& v : values) v = static_cast<double>(rng() % 10000) / 100;
  FloatHint hint;
  Bytes bytes;
  for (auto _ : state) {
    bytes.clear();
    encode_floats<double>(values, hint, bytes);
  }
  count(state, kVectorRows, 8 * kVectorRows, bytes.size());
}
BENCHMARK(encode_decimals);

std::vector<std::string> texts(int kind, size_t n) {
  Rng rng(4);
  static const char* const kPaths[] = {"/api/v1/devices/",
                                       "/api/v1/readings?device=", "/static/js/application.", "/login?next="};
  std::vector<std::string> out;
  for (size_t i = 0; i < n; ++i) {
    if (kind == 0)
      out.push_back("https://www.varve.example" + std::string(kPaths[rng() % 4]) +
                    std::to_string(rng() % 100000));
    if (kind == 1) out.push_back("host_" + std::to_string(rng() % 100));
    if (kind >= 3) {  // what FSST does not shorten, and long or short pieces of digits
      std::string blob(200, 0);
      Rng same(rng() % (kind == 3 ? 20 : 100));
      for (char& c : blob) c = static_cast<char>(same());
      out.push_back(kind == 3 ? blob + std::to_string(i)
                              : blob.substr(0, 60) + std::to_string(rng()) + std::to_string(rng()));
    }
    if (kind == 2) out.push_back(std::to_string(rng()).substr(0, 3 + rng() % 9));
  }
  return out;
}

void string_codec(benchmark::State& state) {
  std::vector<std::string> strings = texts(static_cast<int>(state.range(0)), 8 * kVectorRows);
  std::vector<std::string_view> views(strings.begin(), strings.end());
  BytesEncoder encoder(views);
  Bytes shared_block = encoder.shared_block(), bytes;
  SharedStrings shared;
  if (!shared_block.empty() && !SharedStrings::parse(shared_block, &shared).ok())
    return state.SkipWithError("shared");
  if (!encoder.encode(0, kVectorRows, bytes).ok()) return state.SkipWithError("encode");
  PartReader in(bytes);
  BytesStream stream;
  if (!parse_bytes(in, &stream).ok()) return state.SkipWithError("parse");
  std::vector<StringRef> out(kVectorRows);
  Arena arena;
  for (auto _ : state) {
    arena.reset();
    if (!decode_bytes(stream, shared, arena, out.data()).ok()) return state.SkipWithError("decode");
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  size_t decoded = 0;
  for (uint32_t i = 0; i < kVectorRows; ++i) decoded += views[i].size();
  state.SetLabel(stream.codec == Codec::kFsst    ? "FSST"
                 : stream.codec == Codec::kPlain ? "plain"
                                                 : "dictionary");
  count(state, kVectorRows, decoded, bytes.size());
}
BENCHMARK(string_codec)->DenseRange(0, 4);

// Time, one host tag column as text, ten metrics of `decimals` decimals: ordered by host and time (0) or by
// time (1).
SegmentBytes tsbs_segment(int order, int decimals) {
  constexpr uint32_t kRowCount = kMaxSegmentRows;
  const uint32_t hosts = order == 0 ? 16 : 1000;
  double power = std::pow(10, decimals);
  Rng rng(5);
  std::normal_distribution<double> normal;
  std::vector<std::string> names;
  for (uint32_t h = 0; h < hosts; ++h) names.push_back("host_" + std::to_string(h));
  std::vector<int64_t> time(kRowCount);
  std::vector<StringRef> tag(kRowCount);
  std::vector<std::vector<double>> metrics(10, std::vector<double>(kRowCount));
  std::vector<double> walks(hosts * 10);
  for (double& w : walks) w = static_cast<double>(rng() % 100);
  for (uint32_t i = 0; i < kRowCount; ++i) {
    uint32_t host = order == 0 ? i / (kRowCount / hosts) : i % hosts;
    int64_t step = order == 0 ? i % (kRowCount / hosts) : i / hosts;
    time[i] = 725846400000000 + step * 10'000'000;
    tag[i] = StringRef(std::string_view(names[host]));
    for (size_t m = 0; m < 10; ++m) {
      double& w = walks[host * 10 + m];
      w = std::min(100.0, std::max(0.0, w + normal(rng)));
      metrics[m][i] = std::round(w * power) / power;
    }
  }
  std::vector<ColumnSpec> specs = {{ValueType::kInt64, 1}, {ValueType::kBytes, 2}};
  std::vector<ColumnValues> inputs = {{time.data()}, {tag.data()}};
  for (uint32_t m = 0; m < 10; ++m) {
    specs.push_back({ValueType::kFloat64, 3 + m});
    inputs.push_back({metrics[m].data()});
  }
  SegmentBuilder builder(specs);
  if (!builder.add(inputs, kRowCount).ok()) std::abort();
  Result<SegmentBytes> bytes = builder.finish();
  if (!bytes.ok()) std::abort();
  return std::move(bytes).value();
}

// Reads all columns, checksums included. bits = of a row.
void tsbs(benchmark::State& state) {
  SegmentBytes bytes = tsbs_segment(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  std::vector<uint8_t> out(kVectorRows * 16);
  Arena arena;
  VectorReader reader;
  for (auto _ : state) {
    Result<Segment> segment = Segment::open(bytes.span());
    for (uint32_t c = 0; c < segment->columns().size(); ++c) {
      Result<ColumnReader> column = ColumnReader::open(*segment, c, bytes.span());
      for (uint32_t v = 0; v < column->vectors(); ++v) {
        arena.reset();
        if (!reader.open(*column, v).ok() || !reader.decode(out.data(), arena).ok())
          return state.SkipWithError("read");
        benchmark::DoNotOptimize(out.data());
      }
    }
  }
  count(state, kMaxSegmentRows, kMaxSegmentRows * (8 + 16 + 80), bytes.size());
  state.counters["row_bytes"] = static_cast<double>(bytes.size()) / kMaxSegmentRows;
}
BENCHMARK(tsbs)
    ->ArgsProduct({{0, 1}, {1, 2}})
    ->ArgNames({"by_time", "decimals"})
    ->Unit(benchmark::kMillisecond);

void tsbs_build(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(tsbs_segment(0, 2).size());
  state.counters["rows"] = benchmark::Counter(static_cast<double>(state.iterations()) * kMaxSegmentRows,
                                              benchmark::Counter::kIsRate);
}
BENCHMARK(tsbs_build)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace varve::columnar
