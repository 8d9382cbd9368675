// Variance, deviation, correlation and regression; avg of floats.
#include <cmath>

#include "aggregate.h"
#include "float_check.h"
#include "float_sums.h"

namespace varve::functions {

namespace {

// --- floats: Youngs and Cramer's updating method, stable where sum(x²) - sum(x)² / n is not.
struct FloatMoments {
  double n = 0, sum = 0, squares = 0;  // squares: of the deviations from the mean

  void add(double x) {
    const double before = n, sum_before = sum;
    n += 1;
    sum += x;
    if (before > 0) {
      double d = x * n - sum;
      squares += d * d / (n * before);
      if (std::isinf(sum) || std::isinf(squares)) {
        if (!std::isinf(sum_before) && !std::isinf(x)) throw_float_overflow();
        squares = std::numeric_limits<double>::quiet_NaN();
      }
    } else if (std::isnan(x) || std::isinf(x)) {
      squares = std::numeric_limits<double>::quiet_NaN();
    }
  }
  void merge(const FloatMoments& o) {
    if (o.n == 0) return;
    if (n == 0) {
      *this = o;
      return;
    }
    double d = sum / n - o.sum / o.n;
    squares += o.squares + n * o.n * d * d / (n + o.n);
    n += o.n;
    sum += o.sum;
    if (std::isinf(squares)) throw_float_overflow();
  }
};

enum class Moment { kMean, kVarPop, kVarSamp, kDevPop, kDevSamp };

template <class T, Moment kMoment>
struct FloatStatistic {
  using State = FloatMoments;
  using Arg = T;
  using Transition = FloatMoments;
  static void step(State& s, T v, Arena&) { s.add(v); }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
  static void result(const State& s, Result& out) {
    constexpr bool kSample = kMoment == Moment::kVarSamp || kMoment == Moment::kDevSamp;
    if (s.n == 0 || (kSample && s.n <= 1)) return out.null();
    if constexpr (kMoment == Moment::kMean) return out.set<double>(s.sum / s.n);
    double variance = s.squares / (kSample ? s.n - 1 : s.n);
    constexpr bool kDeviation = kMoment == Moment::kDevPop || kMoment == Moment::kDevSamp;
    out.set<double>(kDeviation ? std::sqrt(variance) : variance);
  }
};

// avg: as FloatMoments, which reports an overflow of the squares too, but spares their computation as long as
// no value is so great that they could overflow: those left out weigh nothing beside the limit then.
struct FloatMean {
  FloatMoments moments;
  bool great = false;

  static constexpr double kGreat = 1e140;

  void add(double x) {
    if (std::abs(x) < kGreat && !great) [[likely]] {
      moments.n += 1;
      moments.sum += x;
      return;
    }
    great = true;
    moments.add(x);
  }
  void merge(const FloatMean& o) {
    if (!great && !o.great) {
      moments.n += o.moments.n;
      moments.sum += o.moments.sum;
      return;
    }
    great = true;
    moments.merge(o.moments);
  }
};

template <class T>
struct AverageOfFloat {
  using State = FloatMean;
  using Arg = T;
  static void step(State& s, T v, Arena&) { s.add(v); }
  static void step_rows(State& s, const Vector& v, const Selection& rows, Arena& memory) {
    const Vector* values = &v;
    void* state = &s;
    sum_abreast<AverageOfFloat>({&values, 1}, rows, {&state, 1}, memory);
  }
  static constexpr auto step_abreast = sum_abreast<AverageOfFloat>;
  static bool may_chain(const State& s) { return !s.great; }
  static T sum_before(const State& s) { return s.moments.sum; }
  static void set_sum(State& s, T sum, uint32_t rows) {
    s.moments.n += rows;
    s.moments.sum = sum;
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
  static void result(const State& s, Result& out) {
    if (s.moments.n == 0) return out.null();
    out.set<double>(s.moments.sum / s.moments.n);
  }
};

// --- exact types: the sums of the values and of their squares.
template <class T, Moment kMoment>
struct ExactStatistic {
  struct State {
    types::NumericSum sum, squares;
  };
  using Arg = T;
  static void step(State& s, const T& v, Arena& memory) {
    Numeric n;
    if constexpr (std::is_same_v<T, Numeric>)
      n = v;
    else
      n = Numeric(int64_t{v});
    s.sum.add(n);
    s.squares.add(types::mul(n, n, memory));
  }
  static void merge(State& s, const State& o, Arena&) {
    s.sum.merge(o.sum);
    s.squares.merge(o.squares);
  }
  static void result(const State& s, Result& out) {
    constexpr bool kSample = kMoment == Moment::kVarSamp || kMoment == Moment::kDevSamp;
    constexpr bool kDeviation = kMoment == Moment::kDevPop || kMoment == Moment::kDevSamp;
    int64_t n = s.sum.count();
    if (n == 0 || (kSample && n <= 1)) return out.null();
    Arena& arena = out.arena();
    Numeric sum = s.sum.sum(arena);
    if (!sum.is_finite()) return out.set(Numeric::nan());
    Numeric count(n);
    Numeric difference =
        types::sub(types::mul(count, s.squares.sum(arena), arena), types::mul(sum, sum, arena), arena);
    if (types::sign_of(difference) <= 0) return out.set(Numeric());
    Numeric divisor = types::mul(count, Numeric(kSample ? n - 1 : n), arena);
    Numeric variance = types::div(difference, divisor, arena);
    if constexpr (!kDeviation) return out.set(variance);
    out.set(types::round(types::sqrt(variance, arena), types::scale(variance), arena));
  }
};

// --- pairs (Y, X)
struct PairMoments {
  double n = 0, sx = 0, sxx = 0, sy = 0, syy = 0, sxy = 0;

  void add(double y, double x) {
    double before = n;
    n += 1;
    sx += x;
    sy += y;
    if (before > 0) {
      double dx = x * n - sx, dy = y * n - sy, scale = 1 / (n * before);
      sxx += dx * dx * scale;
      syy += dy * dy * scale;
      sxy += dx * dy * scale;
      if (std::isinf(sx) || std::isinf(sxx) || std::isinf(sy) || std::isinf(syy) || std::isinf(sxy)) {
        bool x_infinite = std::isinf(x) || std::isinf(sx - x),
             y_infinite = std::isinf(y) || std::isinf(sy - y);
        if ((!x_infinite && (std::isinf(sx) || std::isinf(sxx))) ||
            (!y_infinite && (std::isinf(sy) || std::isinf(syy))) ||
            (!x_infinite && !y_infinite && std::isinf(sxy))) {
          throw_float_overflow();
        }
        constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
        if (std::isinf(sxx)) sxx = kNan;
        if (std::isinf(syy)) syy = kNan;
        if (std::isinf(sxy)) sxy = kNan;
      }
    } else {
      constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
      bool bad_x = std::isnan(x) || std::isinf(x), bad_y = std::isnan(y) || std::isinf(y);
      if (bad_x) sxx = sxy = kNan;
      if (bad_y) syy = sxy = kNan;
    }
  }
};

enum class Pair {
  kCount,
  kSxx,
  kSyy,
  kSxy,
  kAvgX,
  kAvgY,
  kR2,
  kSlope,
  kIntercept,
  kCorr,
  kCovarPop,
  kCovarSamp
};

template <Pair kPair>
struct PairStatistic {
  static void init(void* state) { new (state) PairMoments(); }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena&) {
    for_each_row(rows, [&](uint32_t row) {
      static_cast<PairMoments*>(states[row])->add(args[0]->at<double>(row), args[1]->at<double>(row));
    });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena&) {
    for_each_row(rows, [&](uint32_t row) {
      static_cast<PairMoments*>(state)->add(args[0]->at<double>(row), args[1]->at<double>(row));
    });
  }
  static std::optional<double> value(const PairMoments& s) {
    if (s.n == 0) return std::nullopt;
    switch (kPair) {
      case Pair::kSxx:
        return s.sxx;
      case Pair::kSyy:
        return s.syy;
      case Pair::kSxy:
        return s.sxy;
      case Pair::kAvgX:
        return s.sx / s.n;
      case Pair::kAvgY:
        return s.sy / s.n;
      case Pair::kCovarPop:
        return s.sxy / s.n;
      case Pair::kCovarSamp:
        if (s.n < 2) return std::nullopt;
        return s.sxy / (s.n - 1);
      case Pair::kCorr:
        if (s.sxx == 0 || s.syy == 0) return std::nullopt;
        return s.sxy / std::sqrt(s.sxx * s.syy);
      case Pair::kR2:
        if (s.sxx == 0) return std::nullopt;
        if (s.syy == 0) return 1.0;
        return s.sxy * s.sxy / (s.sxx * s.syy);
      case Pair::kSlope:
        if (s.sxx == 0) return std::nullopt;
        return s.sxy / s.sxx;
      case Pair::kIntercept:
        if (s.sxx == 0) return std::nullopt;
        return (s.sy - s.sx * s.sxy / s.sxx) / s.n;
      case Pair::kCount:
        break;
    }
    return std::nullopt;
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const PairMoments*>(state);
    Result out{call, result, row};
    if constexpr (kPair == Pair::kCount) return out.set<int64_t>(static_cast<int64_t>(s.n));
    std::optional<double> v = value(s);
    if (v)
      out.set<double>(*v);
    else
      out.null();
  }
};
template <Pair kPair>
constexpr AggregateImpl kPairAggregate{sizeof(PairMoments),
                                       alignof(PairMoments),
                                       PairStatistic<kPair>::init,
                                       PairStatistic<kPair>::update,
                                       PairStatistic<kPair>::update_one,
                                       nullptr,
                                       PairStatistic<kPair>::finalize,
                                       nullptr,
                                       true};

#define VARVE_MOMENTS(t, S, T)                                       \
  {"var_pop(" t ")", &kAggregate<S<T, Moment::kVarPop>>},            \
      {"var_samp(" t ")", &kAggregate<S<T, Moment::kVarSamp>>},      \
      {"variance(" t ")", &kAggregate<S<T, Moment::kVarSamp>>},      \
      {"stddev_pop(" t ")", &kAggregate<S<T, Moment::kDevPop>>},     \
      {"stddev_samp(" t ")", &kAggregate<S<T, Moment::kDevSamp>>}, { \
    "stddev(" t ")", &kAggregate<S<T, Moment::kDevSamp>>             \
  }

const Binding kBindings[] = {
    {"avg(float4)", &kAggregate<FloatStatistic<float, Moment::kMean>>},
    {"avg(float8)", &kAggregate<AverageOfFloat<double>>},
    VARVE_MOMENTS("float4", FloatStatistic, float),
    VARVE_MOMENTS("float8", FloatStatistic, double),
    VARVE_MOMENTS("int2", ExactStatistic, int16_t),
    VARVE_MOMENTS("int4", ExactStatistic, int32_t),
    VARVE_MOMENTS("int8", ExactStatistic, int64_t),
    VARVE_MOMENTS("numeric", ExactStatistic, Numeric),
    {"regr_count(float8,float8)", &kPairAggregate<Pair::kCount>},
    {"regr_sxx(float8,float8)", &kPairAggregate<Pair::kSxx>},
    {"regr_syy(float8,float8)", &kPairAggregate<Pair::kSyy>},
    {"regr_sxy(float8,float8)", &kPairAggregate<Pair::kSxy>},
    {"regr_avgx(float8,float8)", &kPairAggregate<Pair::kAvgX>},
    {"regr_avgy(float8,float8)", &kPairAggregate<Pair::kAvgY>},
    {"regr_r2(float8,float8)", &kPairAggregate<Pair::kR2>},
    {"regr_slope(float8,float8)", &kPairAggregate<Pair::kSlope>},
    {"regr_intercept(float8,float8)", &kPairAggregate<Pair::kIntercept>},
    {"corr(float8,float8)", &kPairAggregate<Pair::kCorr>},
    {"covar_pop(float8,float8)", &kPairAggregate<Pair::kCovarPop>},
    {"covar_samp(float8,float8)", &kPairAggregate<Pair::kCovarSamp>},
};

}  // namespace

Bindings statistics_bindings() { return kBindings; }

}  // namespace varve::functions
