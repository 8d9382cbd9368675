// Aggregates with WITHIN GROUP. Their rows come sorted: the analyzer makes the aggregated arguments their
// ORDER BY.
//
// Arguments: the direct ones, then the aggregated ones. Hypothetical-set aggregates (rank …) have as many of
// one as of the other and behind them an int8 of two bits a key: 1 descending, 2 NULLs first.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "aggregate.h"
#include "functions/array.h"
#include "functions/ordered_set.h"
#include "functions/type_oids.h"

namespace varve::functions {

namespace {

// --- percentiles and mode
struct Sorted {
  std::vector<Value> values;
  Value fraction;  // or an array of them
};

void check_fraction(double p) {
  if (p >= 0 && p <= 1) return;
  throw SqlError(sqlstate::kNumericValueOutOfRange,
                 fmt::format("percentile value {:g} is not between 0 and 1", p));
}

Value discrete(const Sorted& s, double p) {
  auto row = static_cast<int64_t>(std::ceil(p * static_cast<double>(s.values.size())));
  return s.values[static_cast<size_t>(std::max<int64_t>(row, 1) - 1)];
}

Value between(const Value& low, const Value& high, double part) {
  if (low.type == types::PhysicalType::kFloat64)
    return Value::of_float64(low.float64 + part * (high.float64 - low.float64));
  Interval step = types::mul(types::sub(high.interval, low.interval), part);
  return Value::of_interval(types::add(step, low.interval));
}
Value continuous(const Sorted& s, double p) {
  double at = p * static_cast<double>(s.values.size() - 1);
  auto first = static_cast<size_t>(std::floor(at)), second = static_cast<size_t>(std::ceil(at));
  if (first == second) return s.values[first];
  return between(s.values[first], s.values[second], at - static_cast<double>(first));
}

using Pick = Value (*)(const Sorted&, double);

template <class T>
struct SortedAdapter {
  static void init(void* state) { new (state) Sorted(); }
  static void add(Sorted& s, std::span<const Vector* const> args, uint32_t row, Arena& memory) {
    if (s.values.empty() && args.size() > 1) s.fraction = types::copy_value(args[0]->value(row), memory);
    s.values.push_back(types::copy_value(args[args.size() - 1]->value(row), memory));
  }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { add(*static_cast<Sorted*>(states[row]), args, row, memory); });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { add(*static_cast<Sorted*>(state), args, row, memory); });
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const Sorted*>(state);
    if (s.values.empty()) return result.set_null(row);
    Value v = types::copy_value(T::result(call, s), *call.context.memory);
    if (v.null) return result.set_null(row);
    result.set_value(row, v);
    result.set_valid(row);
  }
  static void destroy(void* state) { static_cast<Sorted*>(state)->~Sorted(); }
};
template <class T>
constexpr AggregateImpl kSorted{sizeof(Sorted),
                                alignof(Sorted),
                                SortedAdapter<T>::init,
                                SortedAdapter<T>::update,
                                SortedAdapter<T>::update_one,
                                nullptr,
                                SortedAdapter<T>::finalize,
                                SortedAdapter<T>::destroy,
                                true};

template <Pick kPick>
struct One {
  static Value result(AggregateCall&, const Sorted& s) {
    check_fraction(s.fraction.float64);
    return kPick(s, s.fraction.float64);
  }
};
template <Pick kPick>
struct Many {
  static Value result(AggregateCall& call, const Sorted& s) {
    Arena& arena = *call.context.memory;
    ArrayView fractions(s.fraction.view());
    std::vector<Value> values;
    std::vector<ArrayDimension> dims;
    for (int d = 0; d < fractions.dimensions(); ++d) dims.push_back(fractions.dimension(d));
    for (uint32_t i = 0; i < fractions.count(); ++i) {
      if (fractions.is_null(i)) {
        values.push_back(Value::null_of(s.values[0].type));
        continue;
      }
      double p = fractions.at(i, arena).float64;
      check_fraction(p);
      values.push_back(kPick(s, p));
    }
    return Value::of_string(make_array(call.site.arg_types[1], values, arena, dims));
  }
};
// Of equally frequent values the first.
struct Mode {
  static Value result(AggregateCall& call, const Sorted& s) {
    CompareFunction compare = compare_function(call.site.arg_types[0]);
    size_t best = 0, best_count = 0, run = 0;
    for (size_t i = 1; i <= s.values.size(); ++i) {
      if (i < s.values.size() &&
          compare(s.values[run].bytes(), s.values[i].bytes(), call.site.collation) == 0) {
        continue;
      }
      if (i - run > best_count) {
        best = run;
        best_count = i - run;
      }
      run = i;
    }
    return s.values[best];
  }
};

// --- where a row would stand
struct Place {
  int64_t before = 0, peers = 0, after = 0;
  int64_t distinct_before = 0;
  std::vector<Value> last;  // the row before, for dense_rank
};

struct Placing {
  static int compare_key(AggregateCall& call, size_t key, const Value& a, const Value& b, uint64_t flags) {
    bool descending = (flags >> (2 * key) & 1) != 0, nulls_first = (flags >> (2 * key) & 2) != 0;
    if (a.null || b.null) {
      if (a.null && b.null) return 0;
      return a.null == nulls_first ? -1 : 1;
    }
    Oid type = call.site.arg_types[key];
    int c = compare_function(type)(a.bytes(), b.bytes(), call.site.collation);
    return descending ? -c : c;
  }
  static void add(AggregateCall& call, Place& p, std::span<const Vector* const> args, uint32_t row,
                  Arena& memory) {
    size_t keys = args.size() / 2;
    auto flags = static_cast<uint64_t>(args[args.size() - 1]->at<int64_t>(row));
    int c = 0;
    for (size_t k = 0; k < keys && c == 0; ++k) {
      c = compare_key(call, k, args[keys + k]->value(row), args[k]->value(row), flags);
    }
    if (c > 0) {
      ++p.after;
      return;
    }
    if (c == 0) {
      ++p.peers;
      return;
    }
    ++p.before;
    bool same = !p.last.empty();
    for (size_t k = 0; k < keys && same; ++k) {
      same = compare_key(call, k, p.last[k], args[keys + k]->value(row), flags) == 0;
    }
    if (same) return;
    ++p.distinct_before;
    p.last.clear();
    for (size_t k = 0; k < keys; ++k) p.last.push_back(types::copy_value(args[keys + k]->value(row), memory));
  }
  static void init(void* state) { new (state) Place(); }
  static void update(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    for_each_row(rows,
                 [&](uint32_t row) { add(call, *static_cast<Place*>(states[row]), args, row, memory); });
  }
  static void update_one(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    for_each_row(rows, [&](uint32_t row) { add(call, *static_cast<Place*>(state), args, row, memory); });
  }
  static void destroy(void* state) { static_cast<Place*>(state)->~Place(); }
};

using PlaceResult = void (*)(const Place&, Result&);
template <PlaceResult kResult>
void finalize_place(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
  Result out{call, result, row};
  kResult(*static_cast<const Place*>(state), out);
}
template <PlaceResult kResult>
constexpr AggregateImpl kPlacing{sizeof(Place),           alignof(Place),      Placing::init,
                                 Placing::update,         Placing::update_one, nullptr,
                                 finalize_place<kResult>, Placing::destroy,    false};

void rank(const Place& p, Result& out) { out.set(p.before + 1); }
void dense_rank(const Place& p, Result& out) { out.set(p.distinct_before + 1); }
void percent_rank(const Place& p, Result& out) {
  auto rows = static_cast<double>(p.before + p.peers + p.after);
  out.set(rows == 0 ? 0.0 : static_cast<double>(p.before) / rows);
}
void cume_dist(const Place& p, Result& out) {
  auto rows = static_cast<double>(p.before + p.peers + p.after);
  out.set((static_cast<double>(p.before + p.peers) + 1) / (rows + 1));
}

// --- percentile_cont of floats whose rows come in any order: the values around the fraction's place are
// selected.
struct Unsorted {
  std::vector<double> values;
  double fraction = 0;
};

struct UnsortedPercentile {
  static void init(void* state) { new (state) Unsorted(); }
  static void destroy(void* state) { static_cast<Unsorted*>(state)->~Unsorted(); }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena&) {
    for_each_row(rows, [&](uint32_t row) {
      auto& s = *static_cast<Unsorted*>(states[row]);
      if (s.values.empty()) s.fraction = args[0]->at<double>(row);
      s.values.push_back(args[1]->at<double>(row));
    });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena&) {
    auto& s = *static_cast<Unsorted*>(state);
    if (rows.count != 0 && s.values.empty()) s.fraction = args[0]->at<double>(rows[0]);
    for_each_row(rows, [&](uint32_t row) { s.values.push_back(args[1]->at<double>(row)); });
  }
  static void combine(AggregateCall&, void* into, const void* from, Arena&) {
    auto& to = *static_cast<Unsorted*>(into);
    const auto& other = *static_cast<const Unsorted*>(from);
    if (to.values.empty()) to.fraction = other.fraction;
    to.values.insert(to.values.end(), other.values.begin(), other.values.end());
  }
  static void finalize(AggregateCall&, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const Unsorted*>(state);
    if (s.values.empty()) return result.set_null(row);
    check_fraction(s.fraction);
    std::vector<double> values = s.values;  // a window's state is asked again
    const double at = s.fraction * static_cast<double>(values.size() - 1);
    const auto first = static_cast<ptrdiff_t>(std::floor(at)), second = static_cast<ptrdiff_t>(std::ceil(at));
    auto before = [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
    std::nth_element(values.begin(), values.begin() + first, values.end(), before);
    double found = values[static_cast<size_t>(first)];
    if (second != first) {
      const double next = *std::min_element(values.begin() + second, values.end(), before);
      found += (at - static_cast<double>(first)) * (next - found);
    }
    result.data<double>()[row] = found;
    result.set_valid(row);
  }
};
constexpr AggregateImpl kUnsortedPercentile{sizeof(Unsorted),
                                            alignof(Unsorted),
                                            UnsortedPercentile::init,
                                            UnsortedPercentile::update,
                                            UnsortedPercentile::update_one,
                                            UnsortedPercentile::combine,
                                            UnsortedPercentile::finalize,
                                            UnsortedPercentile::destroy,
                                            true};

const Binding kBindings[] = {
    {"percentile_disc(float8,anyelement)", &kSorted<One<discrete>>},
    {"percentile_disc(_float8,anyelement)", &kSorted<Many<discrete>>},
    {"percentile_cont(float8,float8)", &kSorted<One<continuous>>},
    {"percentile_cont(float8,interval)", &kSorted<One<continuous>>},
    {"percentile_cont(_float8,float8)", &kSorted<Many<continuous>>},
    {"percentile_cont(_float8,interval)", &kSorted<Many<continuous>>},
    {"mode(anyelement)", &kSorted<Mode>},
    {"rank(any)", &kPlacing<rank>},
    {"dense_rank(any)", &kPlacing<dense_rank>},
    {"percent_rank(any)", &kPlacing<percent_rank>},
    {"cume_dist(any)", &kPlacing<cume_dist>},
};

}  // namespace

const AggregateImpl* unsorted_aggregate(const Function& function) {
  return function.aggregate == &kSorted<One<continuous>> && function.args.size() == 2 &&
                 function.args[1] == type_oid::kFloat8
             ? &kUnsortedPercentile
             : nullptr;
}

Bindings ordered_set_bindings() { return kBindings; }

}  // namespace varve::functions
