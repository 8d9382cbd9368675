// Why packed integers lie as they do: the same 1,024 values unpacked from three layouts.
#include <benchmark/benchmark.h>
#include <random>
#include <utility>
#include <vector>

#include "bit_packing.h"
#include "common/bytes.h"

namespace varve::columnar {
namespace {

constexpr uint32_t kCount = 1024;

std::vector<uint32_t> some_words() {
  std::mt19937 rng(1);
  std::vector<uint32_t> words(kCount + 64);
  for (uint32_t& w : words) w = rng();
  return words;
}

// Plain: value after value, without lanes.
template <unsigned B>
void unpack_plain(const uint32_t* __restrict in, uint32_t* __restrict out) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(in);
  for (uint32_t i = 0; i < kCount; ++i) {
    uint32_t bit = i * B;
    out[i] = static_cast<uint32_t>(load_raw<uint64_t>(bytes + bit / 8) >> (bit % 8) & low_mask(B));
  }
}

// FastLanes: 32 lanes of 32 bits side by side in 128 bytes.
template <unsigned B, unsigned R>
[[gnu::always_inline]] inline void wide_row(const uint32_t* __restrict in, uint32_t* __restrict out) {
  constexpr unsigned kWord = R * B / 32, kShift = R * B % 32;
  for (unsigned lane = 0; lane < 32; ++lane) {
    uint32_t v = in[kWord * 32 + lane] >> kShift;
    if constexpr (kShift + B > 32) v |= in[(kWord + 1) * 32 + lane] << (32 - kShift);
    out[R * 32 + lane] = v & static_cast<uint32_t>(low_mask(B));
  }
}
template <unsigned B>
void unpack_wide(const uint32_t* __restrict in, uint32_t* __restrict out) {
  [&]<unsigned... R>(std::integer_sequence<unsigned, R...>) { (wide_row<B, R>(in, out), ...); }
  (std::make_integer_sequence<unsigned, 32>());
}

template <unsigned B>
void unpack_blocks(const uint32_t* __restrict in, uint32_t* __restrict out) {
  unpack_add<uint32_t>(reinterpret_cast<const uint8_t*>(in), kCount, B, 0, out);
}

template <void (*kUnpack)(const uint32_t* __restrict, uint32_t* __restrict)>
void layout(benchmark::State& state) {
  std::vector<uint32_t> in = some_words(), out(kCount);
  for (auto _ : state) {
    kUnpack(in.data(), out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["values"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * kCount, benchmark::Counter::kIsRate);
}
BENCHMARK(layout<unpack_plain<7>>);
BENCHMARK(layout<unpack_wide<7>>);
BENCHMARK(layout<unpack_blocks<7>>);
BENCHMARK(layout<unpack_plain<19>>);
BENCHMARK(layout<unpack_wide<19>>);
BENCHMARK(layout<unpack_blocks<19>>);

}  // namespace
}  // namespace varve::columnar
