#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>
#include <vector>

#include "alp.h"
#include "cost_model.h"
#include "float_codec.h"

namespace varve::columnar {
namespace {

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 4, uint32_t, uint64_t>;

template <class F>
BitsOf<F> bits_of_float(F v) {
  return std::bit_cast<BitsOf<F>>(v);
}

template <class F>
bool alp_encode(F value, AlpScale scale, int64_t* d) {
  double scaled =
      static_cast<double>(value) * kPowersOfTen[scale.exponent] * kNegativePowersOfTen[scale.factor];
  if (!(std::abs(scaled) < static_cast<double>(kAlpLimit))) return false;  // also NaN
  double rounded = scaled + kAlpMagic;
  *d = static_cast<int64_t>(std::bit_cast<uint64_t>(rounded) - kAlpMagicBits);
  F again = alp_decode<F>(static_cast<uint64_t>(*d), kPowersOfTen[scale.factor],
                          kNegativePowersOfTen[scale.exponent]);
  return bits_of_float(again) == bits_of_float(value);
}

constexpr size_t kAlpSample = 32;
constexpr double kExceptionBytes = 2;  // its row number, beside its pattern

// Estimated bytes of the sample under a scale.
template <class F>
double sample_bytes(std::span<const F> sample, AlpScale scale) {
  int64_t low = kAlpLimit, high = -kAlpLimit, d = 0;
  size_t exceptions = 0;
  for (F v : sample) {
    if (alp_encode(v, scale, &d)) {
      low = std::min(low, d);
      high = std::max(high, d);
    } else {
      ++exceptions;
    }
  }
  unsigned bits = low <= high ? bits_of(static_cast<uint64_t>(high - low)) : 0;
  return static_cast<double>(sample.size()) * bits / 8 +
         static_cast<double>(exceptions) * (sizeof(F) + kExceptionBytes);
}

template <class F>
std::vector<F> sample_of(std::span<const F> values, size_t size) {
  std::vector<F> sample;
  size_t n = std::min(size, values.size());
  for (size_t i = 0; i < n; ++i) sample.push_back(values[i * values.size() / n]);
  return sample;
}

template <class F>
AlpScale search_scale(std::span<const F> sample) {
  AlpScale best;
  double best_bytes = 1e300;
  // Large exponents first: among equals they stand more values' noise in the last digit.
  for (int e = kMaxAlpExponent; e >= 0; --e) {
    for (int f = e; f >= 0; --f) {
      AlpScale scale{static_cast<uint8_t>(e), static_cast<uint8_t>(f)};
      double bytes = sample_bytes(sample, scale);
      if (bytes < best_bytes) {
        best_bytes = bytes;
        best = scale;
      }
    }
  }
  return best;
}

// The best remembered scale if it does for all of the sample, else the best of all.
template <class F>
AlpScale choose_scale(std::span<const F> values, FloatHint& hint) {
  std::vector<F> sample = sample_of(values, kAlpSample);
  double enough = static_cast<double>(sample.size() * sizeof(F)) * 0.6;
  AlpScale best;
  double best_bytes = 1e300;
  for (uint32_t i = 0; i < hint.used; ++i) {
    double bytes = sample_bytes<F>(sample, hint.scales[i]);
    if (bytes < best_bytes) {
      best_bytes = bytes;
      best = hint.scales[i];
    }
  }
  if (best_bytes <= enough) return best;
  best = search_scale<F>(sample);
  if (hint.used < std::size(hint.scales) && sample_bytes<F>(sample, best) <= enough)
    hint.scales[hint.used++] = best;
  return best;
}

struct Alp {
  AlpScale scale;
  std::vector<int64_t> d;
  std::vector<uint16_t> exceptions;
  IntPlan plan;
  double cost = 0;
};

template <class F>
Alp try_alp(std::span<const F> values, FloatHint& hint) {
  Alp alp{choose_scale(values, hint), std::vector<int64_t>(values.size()), {}, {}, 0};
  for (size_t i = 0; i < values.size(); ++i) {
    if (alp_encode(values[i], alp.scale, &alp.d[i])) continue;
    alp.exceptions.push_back(static_cast<uint16_t>(i));
    alp.d[i] = 0;
  }
  // An exception's d is its predecessor's, so that it costs no width; those at the beginning take the first
  // good one.
  size_t next = 0;
  int64_t last = 0;
  for (size_t i = 0, e = 0; i < values.size(); ++i) {
    if (e < alp.exceptions.size() && alp.exceptions[e] == i) {
      ++e;
    } else {
      last = alp.d[i];
      break;
    }
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (next < alp.exceptions.size() && alp.exceptions[next] == i) {
      alp.d[i] = last;
      ++next;
    }
    last = alp.d[i];
  }
  alp.plan = plan_ints(alp.d);
  double patches = static_cast<double>(alp.exceptions.size()) * (sizeof(F) + kExceptionBytes);
  alp.cost = alp.plan.cost +
             cost_of(Codec::kAlp, patches + sizeof(StreamHeader), static_cast<double>(values.size()));
  return alp;
}

template <class T>
void append_part(Bytes& out, std::span<const T> values) {
  size_t at = out.size();
  append_bytes(out, values.data(), values.size_bytes());
  pad_to_8(out, at);
}

template <class F>
void encode_alp(std::span<const F> values, const Alp& alp, Bytes& out) {
  StreamWriter writer(out, Codec::kAlp, values.size());
  writer.header().bits = alp.scale.factor;
  writer.header().p = alp.scale.exponent;
  writer.header().a = static_cast<uint16_t>(alp.exceptions.size());
  encode_ints(alp.d, alp.plan, out);
  append_part<uint16_t>(out, alp.exceptions);
  std::vector<F> patterns;
  for (uint16_t row : alp.exceptions) patterns.push_back(values[row]);
  append_part<F>(out, patterns);
  writer.finish();
}

// --- ALP-RD
struct RealDoubles {
  unsigned low_bits = 0;
  std::vector<uint16_t> fronts;  // the dictionary, most frequent first
  double cost = 0;
};

struct FrontCount {
  uint64_t front;
  size_t count;
};

std::vector<FrontCount> count_fronts(std::span<const uint64_t> patterns, unsigned low_bits) {
  std::vector<uint64_t> fronts;
  for (uint64_t p : patterns) fronts.push_back(p >> low_bits);
  std::sort(fronts.begin(), fronts.end());
  std::vector<FrontCount> counts;
  for (uint64_t front : fronts) {
    if (counts.empty() || counts.back().front != front) counts.push_back({front, 0});
    ++counts.back().count;
  }
  std::stable_sort(counts.begin(), counts.end(),
                   [](const FrontCount& a, const FrontCount& b) { return a.count > b.count; });
  return counts;
}

RealDoubles plan_real_doubles(std::span<const uint64_t> patterns, unsigned width_bits, size_t count) {
  RealDoubles best;
  for (unsigned low_bits = width_bits - 16; low_bits < width_bits; ++low_bits) {
    std::vector<FrontCount> counts = count_fronts(patterns, low_bits);
    size_t kept = std::min<size_t>(counts.size(), 8), exceptions = patterns.size();
    for (size_t i = 0; i < kept; ++i) exceptions -= counts[i].count;
    double bits = low_bits + bits_of(kept - 1);
    double bytes = static_cast<double>(count) * (bits / 8 + 4.0 * static_cast<double>(exceptions) /
                                                                static_cast<double>(patterns.size())) +
                   80;
    double cost = cost_of(Codec::kAlpRd, bytes, static_cast<double>(count)) +
                  cost_of(Codec::kFrameOfReference, 0, 2.0 * static_cast<double>(count));
    if (best.low_bits != 0 && cost >= best.cost) continue;
    best = {low_bits, {}, cost};
    for (size_t i = 0; i < kept; ++i) best.fronts.push_back(static_cast<uint16_t>(counts[i].front));
  }
  return best;
}

void encode_real_doubles(std::span<const uint64_t> patterns, const RealDoubles& plan, Bytes& out) {
  std::vector<int64_t> codes, lows;
  std::vector<uint16_t> exceptions, exception_fronts;
  for (size_t i = 0; i < patterns.size(); ++i) {
    auto front = static_cast<uint16_t>(patterns[i] >> plan.low_bits);
    auto at = std::find(plan.fronts.begin(), plan.fronts.end(), front) - plan.fronts.begin();
    if (at == static_cast<ptrdiff_t>(plan.fronts.size())) {
      exceptions.push_back(static_cast<uint16_t>(i));
      exception_fronts.push_back(front);
      at = 0;
    }
    codes.push_back(at);
    lows.push_back(static_cast<int64_t>(patterns[i] & low_mask(plan.low_bits)));
  }
  StreamWriter writer(out, Codec::kAlpRd, patterns.size());
  writer.header().bits = static_cast<uint8_t>(plan.low_bits);
  writer.header().p = static_cast<uint8_t>(plan.fronts.size());
  writer.header().a = static_cast<uint16_t>(exceptions.size());
  std::array<uint16_t, 8> fronts{};
  std::copy(plan.fronts.begin(), plan.fronts.end(), fronts.begin());
  append_part<uint16_t>(out, fronts);
  encode_ints(codes, out);
  encode_ints(lows, out, true);
  append_part<uint16_t>(out, exceptions);
  append_part<uint16_t>(out, exception_fronts);
  writer.finish();
}

}  // namespace

template <class F>
void encode_floats(std::span<const F> values, FloatHint& hint, Bytes& out) {
  std::vector<int64_t> patterns(values.size());
  std::vector<uint64_t> raw(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    raw[i] = bits_of_float(values[i]);
    // As the column's integers of that width: sign-extended, so that equal widths cost equal bits.
    patterns[i] = static_cast<int64_t>(static_cast<std::make_signed_t<BitsOf<F>>>(raw[i]));
  }
  IntPlan as_ints = plan_ints(patterns);
  if (as_ints.codec == Codec::kConstant) return encode_ints(patterns, as_ints, out);
  Alp alp = try_alp(values, hint);
  if (alp.cost <= as_ints.cost && alp.exceptions.size() * 20 <= values.size())
    return encode_alp(values, alp, out);
  std::vector<uint64_t> sample = sample_of<uint64_t>(raw, 256);
  RealDoubles real = plan_real_doubles(sample, 8 * sizeof(F), values.size());
  if (real.cost < std::min(alp.cost, as_ints.cost)) return encode_real_doubles(raw, real, out);
  if (alp.cost < as_ints.cost) return encode_alp(values, alp, out);
  encode_ints(patterns, as_ints, out);
}
template void encode_floats(std::span<const float>, FloatHint&, Bytes&);
template void encode_floats(std::span<const double>, FloatHint&, Bytes&);

}  // namespace varve::columnar
