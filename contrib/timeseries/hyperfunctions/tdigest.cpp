// tdigest: percentiles that are exact at the ends and approximate in the middle, from centroids whose weight
// the distance to the ends limits (Dunning 2019).
#include <algorithm>
#include <cmath>
#include <vector>

#include "bindings.h"
#include "functions/array.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;

struct Centroid {
  double mean, weight;
};

struct Digest {
  int32_t buckets = 0;
  double min = 0, max = 0, sum = 0, count = 0;
  std::vector<Centroid> centroids;  // in order, once compressed
  std::vector<Centroid> fresh;

  void add(double v) {
    note(v, v, v, 1);
    fresh.push_back({v, 1});
    if (fresh.size() >= static_cast<size_t>(buckets) * 8) compress();
  }
  void note(double low, double high, double total, double n) {
    min = count == 0 ? low : std::min(min, low);
    max = count == 0 ? high : std::max(max, high);
    sum += total;
    count += n;
  }
  // How far along the scale a share of the values is: steep at both ends.
  double scale(double q) const { return buckets / (2 * M_PI) * std::asin(2 * q - 1); }

  void compress() {
    if (fresh.empty()) return;
    fresh.insert(fresh.end(), centroids.begin(), centroids.end());
    std::stable_sort(fresh.begin(), fresh.end(),
                     [](const Centroid& a, const Centroid& b) { return a.mean < b.mean; });
    double total = 0, done = 0;
    for (const Centroid& c : fresh) total += c.weight;
    std::vector<Centroid> merged{fresh[0]};
    double low = scale(0);
    for (size_t i = 1; i < fresh.size(); ++i) {
      Centroid& last = merged.back();
      double q = std::min(1.0, (done + last.weight + fresh[i].weight) / total);
      if (scale(q) - low <= 1) {
        last.weight += fresh[i].weight;
        last.mean += (fresh[i].mean - last.mean) * fresh[i].weight / last.weight;
        continue;
      }
      done += last.weight;
      low = scale(done / total);
      merged.push_back(fresh[i]);
    }
    centroids = std::move(merged);
    fresh.clear();
  }
  void merge(const Digest& o) {
    if (o.count == 0) return;
    buckets = std::max(buckets, o.buckets);
    note(o.min, o.max, o.sum, o.count);
    fresh.insert(fresh.end(), o.centroids.begin(), o.centroids.end());
    fresh.insert(fresh.end(), o.fresh.begin(), o.fresh.end());
    compress();
  }

  double quantile(double q) const {
    double wanted = q * count, before = 0;
    if (wanted <= 0) return min;
    for (size_t i = 0; i < centroids.size(); ++i) {
      double middle = before + centroids[i].weight / 2;
      if (wanted < middle) {
        double from = i == 0 ? min : centroids[i - 1].mean;
        double at = i == 0 ? 0 : before - centroids[i - 1].weight / 2;
        return from + (centroids[i].mean - from) * (wanted - at) / (middle - at);
      }
      before += centroids[i].weight;
    }
    const Centroid& last = centroids.back();
    double middle = count - last.weight / 2;
    if (wanted >= count || count == middle) return max;
    return last.mean + (max - last.mean) * (wanted - middle) / (count - middle);
  }
  double rank(double v) const {
    if (v < min) return 0;
    if (v >= max) return 1;
    double before = 0, from = min, at = 0;
    for (const Centroid& c : centroids) {
      double middle = before + c.weight / 2;
      if (v < c.mean) {
        double share = c.mean == from ? 0 : (v - from) / (c.mean - from);
        return (at + (middle - at) * share) / count;
      }
      from = c.mean;
      at = middle;
      before += c.weight;
    }
    return max == from ? 1 : (at + (count - at) * (v - from) / (max - from)) / count;
  }
};

Digest read(Text bytes, Arena& arena) {
  SummaryReader r(bytes, arena);
  Digest d;
  d.buckets = r.integer(0);
  d.count = r.number(1);
  d.sum = r.number(2);
  d.min = r.number(3);
  d.max = r.number(4);
  Value array = r.value(5);
  functions::ArrayView view(array.view());
  for (uint32_t i = 0; i + 1 < view.count(); i += 2)
    d.centroids.push_back({view.at(i, arena).float64, view.at(i + 1, arena).float64});
  return d;
}

void put(Digest d, AggregateCall& call, Vector& out, uint32_t row) {
  if (d.count == 0) return out.set_null(row);
  d.compress();
  std::vector<Value> flat;
  for (const Centroid& c : d.centroids) {
    flat.push_back(Value::of_float64(c.mean));
    flat.push_back(Value::of_float64(c.weight));
  }
  Arena& arena = *call.context.memory;
  std::array<Field, 6> fields{
      field(d.buckets),
      field(d.count),
      field(d.sum),
      field(d.min),
      field(d.max),
      Field{type_oid::kFloat8Array, Value::of_string(functions::make_array(type_oid::kFloat8, flat, arena))}};
  out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, arena)));
}

struct TDigest {
  using State = Digest;
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall&, Arena&) {
    if (s.buckets == 0) {
      s.buckets = args[0]->at<int32_t>(row);
      if (s.buckets < 1) refuse("number of buckets must be positive");
    }
    double v = args[1]->at<double>(row);
    if (std::isnan(v)) return;
    s.add(v);
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    put(s, call, out, row);
  }
};
struct Rollup : TDigest {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    s.merge(read(args[0]->at<StringRef>(row).view(), *call.context.memory));
  }
};

const Binding kBindings[] = {
    {"tdigest(internal,int4,float8):internal", &Summarize<TDigest>::kImpl},
    {"tdigest_rollup(internal,tdigest):internal", &Summarize<Rollup>::kImpl},
    {"tdigest_final(internal):tdigest", functions::aggregate_only_kernel},
    {"approx_percentile(float8,tdigest):float8", fn([](double q, Text bytes, Env& env) -> double {
       if (!(q >= 0 && q <= 1)) refuse("percentile must be between 0 and 1");
       return read(bytes, env.arena).quantile(q);
     })},
    {"approx_percentile_rank(float8,tdigest):float8",
     fn([](double v, Text bytes, Env& env) -> double { return read(bytes, env.arena).rank(v); })},
    {"tdigest_mean(tdigest):float8", fn([](Text bytes, Env& env) -> double {
       Digest d = read(bytes, env.arena);
       return d.sum / d.count;
     })},
    {"tdigest_num_vals(tdigest):float8",
     fn([](Text bytes, Env& env) -> double { return read(bytes, env.arena).count; })},
    {"tdigest_min_val(tdigest):float8",
     fn([](Text bytes, Env& env) -> double { return read(bytes, env.arena).min; })},
    {"tdigest_max_val(tdigest):float8",
     fn([](Text bytes, Env& env) -> double { return read(bytes, env.arena).max; })},
};

}  // namespace

std::span<const Binding> tdigest_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
