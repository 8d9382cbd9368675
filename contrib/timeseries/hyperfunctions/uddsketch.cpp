// uddsketch and percentile_agg: percentiles within a relative error that is known (Epicoco et al. 2020). A
// value falls into the bucket of its logarithm; when there are too many buckets, neighbours are joined and
// the error grows.
#include <cmath>
#include <map>

#include "bindings.h"
#include "functions/array.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;
constexpr int32_t kDefaultBuckets = 200;
constexpr double kDefaultError = 0.001;

struct Sketch {
  int32_t max_buckets = 0;
  double error = 0, gamma = 1;
  int64_t count = 0, zeros = 0;
  double sum = 0;
  std::map<int64_t, int64_t> positive, negative;  // bucket -> how many; negative ones by their absolute value

  void set_up(int32_t buckets, double max_error) {
    if (buckets < 1) refuse("number of buckets must be positive");
    if (!(max_error > 0 && max_error < 1)) refuse("error must be greater than zero and less than one");
    max_buckets = buckets;
    error = max_error;
    gamma = (1 + error) / (1 - error);
  }
  int64_t bucket_of(double magnitude) const {
    return static_cast<int64_t>(std::ceil(std::log(magnitude) / std::log(gamma)));
  }
  double value_of(int64_t bucket) const {
    return (1 + error) * std::pow(gamma, static_cast<double>(bucket) - 1);
  }
  void add(double v) {
    if (v == 0)
      ++zeros;
    else
      ++(v > 0 ? positive : negative)[bucket_of(std::fabs(v))];
    ++count;
    sum += v;
    shrink();
  }
  void compact() {
    for (auto* side : {&positive, &negative}) {
      std::map<int64_t, int64_t> joined;
      for (auto [bucket, n] : *side) joined[bucket > 0 ? (bucket + 1) / 2 : bucket / 2] += n;
      side->swap(joined);
    }
    gamma *= gamma;
    error = 2 * error / (1 + error * error);
  }
  size_t buckets() const { return positive.size() + negative.size() + (zeros > 0 ? 1 : 0); }
  void shrink() {
    while (buckets() > static_cast<size_t>(max_buckets) && positive.size() + negative.size() > 1) compact();
  }
  void merge(const Sketch& o) {
    if (o.max_buckets == 0) return;
    if (max_buckets == 0) {
      *this = o;
      return;
    }
    Sketch other = o;
    while (other.error < error * (1 - 1e-9)) other.compact();
    while (error < other.error * (1 - 1e-9)) compact();
    for (auto [bucket, n] : other.positive) positive[bucket] += n;
    for (auto [bucket, n] : other.negative) negative[bucket] += n;
    count += other.count;
    zeros += other.zeros;
    sum += other.sum;
    shrink();
  }

  // f(value, count) from the least to the greatest until it returns false.
  template <class F>
  void in_order(F&& f) const {
    for (auto it = negative.rbegin(); it != negative.rend(); ++it) {
      if (!f(-value_of(it->first), it->second)) return;
    }
    if (zeros > 0 && !f(0.0, zeros)) return;
    for (auto [bucket, n] : positive) {
      if (!f(value_of(bucket), n)) return;
    }
  }

  double quantile(double q) const {
    int64_t left = static_cast<int64_t>(q * static_cast<double>(count)) + 1;
    double found = 0;
    in_order([&](double v, int64_t n) {
      found = v;
      if (left <= n) return false;
      left -= n;
      return true;
    });
    return found;
  }
  // The share of the values below `v`; those of its own bucket count half.
  double rank(double v) const {
    double below = 0, own = 0;
    auto side = [&](const std::map<int64_t, int64_t>& all, int64_t bucket, bool up) {
      for (auto [b, n] : all) {
        if (b == bucket)
          own += static_cast<double>(n);
        else if (up ? b < bucket : b > bucket)
          below += static_cast<double>(n);
      }
    };
    if (v < 0) {
      side(negative, bucket_of(-v), false);
    } else {
      for (auto [b, n] : negative) below += static_cast<double>(n);
      if (v == 0) {
        own = static_cast<double>(zeros);
      } else {
        below += static_cast<double>(zeros);
        side(positive, bucket_of(v), true);
      }
    }
    return (below + own / 2) / static_cast<double>(count);
  }
};

// Buckets as pairs of numbers in an int8[].
Field buckets_field(const std::map<int64_t, int64_t>& side, Arena& arena) {
  std::vector<Value> flat;
  for (auto [bucket, n] : side) {
    flat.push_back(Value::of_int64(bucket));
    flat.push_back(Value::of_int64(n));
  }
  return {type_oid::kInt8Array, Value::of_string(functions::make_array(type_oid::kInt8, flat, arena))};
}

void read_buckets(const Value& array, std::map<int64_t, int64_t>* side, Arena& arena) {
  functions::ArrayView view(array.view());
  for (uint32_t i = 0; i + 1 < view.count(); i += 2)
    (*side)[view.at(i, arena).int64] = view.at(i + 1, arena).int64;
}

Sketch read(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  Sketch s;
  s.max_buckets = r.integer(0);
  s.error = r.number(1);
  s.gamma = (1 + s.error) / (1 - s.error);
  s.count = r.count(2);
  s.zeros = r.count(3);
  s.sum = r.number(4);
  Value negative = r.value(5), positive = r.value(6);
  read_buckets(negative, &s.negative, arena);
  read_buckets(positive, &s.positive, arena);
  return s;
}

void put(const Sketch& s, AggregateCall& call, Vector& out, uint32_t row) {
  if (s.max_buckets == 0) return out.set_null(row);
  Arena& arena = *call.context.memory;
  std::array<Field, 7> fields{field(s.max_buckets),
                              field(s.error),
                              field(s.count),
                              field(s.zeros),
                              field(s.sum),
                              buckets_field(s.negative, arena),
                              buckets_field(s.positive, arena)};
  out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, arena)));
}

struct UddSketch {
  using State = Sketch;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    if (s.max_buckets == 0) s.set_up(args[0]->at<int32_t>(row), args[1]->at<double>(row));
    s.add(args[2]->at<double>(row));
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    put(s, call, out, row);
  }
};
struct PercentileAgg : UddSketch {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    if (s.max_buckets == 0) s.set_up(kDefaultBuckets, kDefaultError);
    s.add(args[0]->at<double>(row));
  }
};
struct Rollup : UddSketch {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    s.merge(read(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
};

const Binding kBindings[] = {
    {"uddsketch(internal,int4,float8,float8):internal", &Summarize<UddSketch>::kImpl},
    {"percentile_agg(internal,float8):internal", &Summarize<PercentileAgg>::kImpl},
    {"uddsketch_rollup(internal,uddsketch):internal", &Summarize<Rollup>::kImpl},
    {"uddsketch_final(internal):uddsketch", functions::aggregate_only_kernel},
    {"approx_percentile(float8,uddsketch):float8", fn([](double q, Text bytes, Env& env) -> double {
       if (!(q >= 0 && q <= 1)) refuse("percentile must be between 0 and 1");
       return read(bytes, env.arena).quantile(q);
     })},
    {"approx_percentile_rank(float8,uddsketch):float8",
     fn([](double v, Text bytes, Env& env) -> double { return read(bytes, env.arena).rank(v); })},
    {"uddsketch_error(uddsketch):float8",
     fn([](Text bytes, Env& env) -> double { return read(bytes, env.arena).error; })},
    {"uddsketch_mean(uddsketch):float8", fn([](Text bytes, Env& env) -> double {
       Sketch s = read(bytes, env.arena);
       return s.sum / static_cast<double>(s.count);
     })},
    {"uddsketch_num_vals(uddsketch):float8",
     fn([](Text bytes, Env& env) -> double { return static_cast<double>(read(bytes, env.arena).count); })},
};

}  // namespace

std::span<const Binding> uddsketch_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
