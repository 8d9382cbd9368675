// hyperloglog: how many different values there are, from registers of leading zeros (Flajolet et al. 2007;
// small counts by linear counting, as in HyperLogLog++).
#include <bit>
#include <cmath>
#include <vector>

#include "bindings.h"
#include "summary.h"

namespace varve::hyperfunctions {

namespace {

using Text = std::string_view;
constexpr int32_t kDefaultBuckets = 32768;

struct Registers {
  std::vector<char> bytes;  // one a register; empty: nothing seen

  Text view() const { return {bytes.data(), bytes.size()}; }
  void set_up(int32_t wanted) {
    if (wanted < 16 || wanted > (1 << 18)) refuse("number of buckets must be between 16 and 262144");
    bytes.assign(std::bit_ceil(static_cast<uint32_t>(wanted)), 0);
  }
  void add(uint64_t hash) {
    int bits = std::countr_zero(bytes.size());
    size_t at = hash >> (64 - bits);
    uint64_t rest = hash << bits;
    auto zeros = static_cast<char>((rest == 0 ? 64 - bits : std::countl_zero(rest)) + 1);
    if (zeros > bytes[at]) bytes[at] = zeros;
  }
  void merge(Text o) {
    if (o.empty()) return;
    if (bytes.empty()) {
      bytes.assign(o.begin(), o.end());
      return;
    }
    if (o.size() != bytes.size()) refuse("hyperloglogs must have the same number of buckets");
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::max(bytes[i], o[i]);
  }
};

double estimate(Text registers) {
  auto m = static_cast<double>(registers.size());
  double sum = 0;
  size_t empty = 0;
  for (char r : registers) {
    sum += std::ldexp(1.0, -r);
    empty += r == 0 ? 1 : 0;
  }
  double alpha = registers.size() == 16   ? 0.673
                 : registers.size() == 32 ? 0.697
                 : registers.size() == 64 ? 0.709
                                          : 0.7213 / (1 + 1.079 / m);
  double raw = alpha * m * m / sum;
  if (empty > 0 && raw <= 2.5 * m) return m * std::log(m / static_cast<double>(empty));
  return raw;
}

// The hashes of types are made for tables: their bits are mixed once more.
uint64_t mixed(uint64_t h) {
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDULL;
  h ^= h >> 33;
  h *= 0xC4CEB9FE1A85EC53ULL;
  return h ^ h >> 33;
}

struct Hll {
  using State = Registers;
  static uint64_t hash_of(const Vector& values, uint32_t row, Oid type, const types::Collation* collation) {
    functions::HashFunction hash = functions::hash_function(type);
    if (hash == nullptr) {
      throw SqlError(sqlstate::kUndefinedFunction,
                     "could not identify a hash function for type " + functions::format_type(type, -1));
    }
    size_t width = types::physical_width(values.type());
    return mixed(hash(values.raw() + values.index(row) * width, collation));
  }
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    if (s.bytes.empty()) s.set_up(args[0]->at<int32_t>(row));
    s.add(hash_of(*args[1], row, call.site.arg_types[1], call.site.collation));
  }
  static void merge(State& s, const State& o, Arena&) { s.merge(o.view()); }
  static void result(const State& s, AggregateCall& call, Vector& out, uint32_t row) {
    if (s.bytes.empty()) return out.set_null(row);
    std::array<Field, 1> fields{Field{type_oid::kBytea, Value::of_string(s.view())}};
    out.set_value(row, Value::of_string(make_summary(call.site.result_type, fields, *call.context.memory)));
  }
};
struct ApproxCountDistinct : Hll {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    if (s.bytes.empty()) s.set_up(kDefaultBuckets);
    s.add(hash_of(*args[0], row, call.site.arg_types[0], call.site.collation));
  }
};
struct Rollup : Hll {
  static void step(State& s, std::span<const Vector* const> args, uint32_t row, AggregateCall& call, Arena&) {
    SummaryReader r(args[0]->at<StringRef>(row).view(), *call.context.memory);
    Value registers = r.value(0);
    s.merge(registers.view());
  }
};

const Binding kBindings[] = {
    {"hyperloglog(internal,int4,anyelement):internal", &Summarize<Hll>::kImpl},
    {"hyperloglog_final(internal,int4,anyelement):hyperloglog", functions::aggregate_only_kernel},
    {"approx_count_distinct(internal,anyelement):internal", &Summarize<ApproxCountDistinct>::kImpl},
    {"approx_count_distinct_final(internal,anyelement):hyperloglog", functions::aggregate_only_kernel},
    {"hyperloglog_rollup(internal,hyperloglog):internal", &Summarize<Rollup>::kImpl},
    {"hyperloglog_rollup_final(internal):hyperloglog", functions::aggregate_only_kernel},
    {"distinct_count(hyperloglog):int8", fn([](Text bytes, Env& env) -> int64_t {
       SummaryReader r(bytes, env.arena);
       Value registers = r.value(0);
       return std::llround(estimate(registers.view()));
     })},
    {"hyperloglog_stderror(hyperloglog):float8", fn([](Text bytes, Env& env) -> double {
       SummaryReader r(bytes, env.arena);
       Value registers = r.value(0);
       return 1.04 / std::sqrt(static_cast<double>(registers.view().size()));
     })},
};

}  // namespace

std::span<const Binding> hyperloglog_bindings() { return kBindings; }

}  // namespace varve::hyperfunctions
