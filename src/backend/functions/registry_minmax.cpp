// min and max: the extreme value by the type's own order.
#include "aggregate.h"
#include "ordering.h"

namespace varve::functions {

namespace {

template <class T>
int order(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>)
    return compare_floats(a, b);
  else if constexpr (std::is_arithmetic_v<T>)
    return three_way(a, b);
  else
    return types::compare(a, b);
}

template <class T, bool kMax>
struct Extreme {
  struct State {
    T value{};
    bool any = false;
  };
  using Arg = T;
  static void step(State& s, const T& v, Arena& memory) {
    // Of equal values the last one wins, as in PostgreSQL: numerics may differ in scale.
    if (s.any && (kMax ? order<T>(v, s.value) < 0 : order<T>(v, s.value) > 0)) return;
    if constexpr (std::is_same_v<T, Numeric>)
      s.value = types::copy(v, memory);
    else
      s.value = v;
    s.any = true;
  }
  static void merge(State& s, const State& o, Arena& memory) {
    if (o.any) step(s, o.value, memory);
  }
  static void result(const State& s, Result& out) {
    if (!s.any) return out.null();
    if constexpr (std::is_same_v<T, Numeric>)
      out.set(types::copy(s.value, out.arena()));
    else
      out.set<T>(s.value);
  }
};

// Strings: the comparison depends on type and collation, and the value must be kept.
struct StringState {
  StringRef value;
  char* buffer = nullptr;  // in the arena; reused while values fit
  uint32_t capacity = 0;
  bool any = false;
};

template <bool kMax>
struct StringExtreme {
  static void init(void* state) { new (state) StringState(); }

  static void keep(StringState& s, const StringRef& v, Arena& memory) {
    s.any = true;
    if (v.is_inline()) {
      s.value = v;
      return;
    }
    if (v.size() > s.capacity) {
      s.capacity = std::max<uint32_t>(v.size(), s.capacity * 2);
      s.buffer = static_cast<char*>(memory.allocate(s.capacity, 1));
    }
    std::memcpy(s.buffer, v.data(), v.size());
    s.value = StringRef(s.buffer, v.size());
  }
  static void step(StringState& s, const StringRef& v, CompareFunction compare,
                   const types::Collation* collation, Arena& memory) {
    if (s.any) {
      int c = compare(&v, &s.value, collation);
      if (kMax ? c <= 0 : c >= 0) return;
    }
    keep(s, v, memory);
  }
  static void update(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena& memory) {
    CompareFunction compare = compare_function(call.site.arg_types[0]);
    for_each_row(rows, [&](uint32_t row) {
      step(*static_cast<StringState*>(states[row]), args[0]->at<StringRef>(row), compare, call.site.collation,
           memory);
    });
  }
  static void update_one(AggregateCall& call, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena& memory) {
    CompareFunction compare = compare_function(call.site.arg_types[0]);
    for_each_row(rows, [&](uint32_t row) {
      step(*static_cast<StringState*>(state), args[0]->at<StringRef>(row), compare, call.site.collation,
           memory);
    });
  }
  static void combine(AggregateCall& call, void* into, const void* from, Arena& memory) {
    const auto& o = *static_cast<const StringState*>(from);
    if (!o.any) return;
    step(*static_cast<StringState*>(into), o.value, compare_function(call.site.arg_types[0]),
         call.site.collation, memory);
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const StringState*>(state);
    Result out{call, result, row};
    if (!s.any) return out.null();
    out.set(s.value.is_inline() ? s.value : StringRef(out.arena().copy(s.value.view())));
  }
};

template <bool kMax>
constexpr AggregateImpl kStringExtreme{sizeof(StringState),
                                       alignof(StringState),
                                       StringExtreme<kMax>::init,
                                       StringExtreme<kMax>::update,
                                       StringExtreme<kMax>::update_one,
                                       StringExtreme<kMax>::combine,
                                       StringExtreme<kMax>::finalize,
                                       nullptr,
                                       true};

#define VARVE_EXTREMES(t, T) \
  {"max(" t ")", &kAggregate<Extreme<T, true>>}, { "min(" t ")", &kAggregate<Extreme<T, false>> }
#define VARVE_STRING_EXTREMES(t) \
  {"max(" t ")", &kStringExtreme<true>}, { "min(" t ")", &kStringExtreme<false> }

const Binding kBindings[] = {
    VARVE_EXTREMES("int2", int16_t),      VARVE_EXTREMES("int4", int32_t),
    VARVE_EXTREMES("int8", int64_t),      VARVE_EXTREMES("oid", uint32_t),
    VARVE_EXTREMES("float4", float),      VARVE_EXTREMES("float8", double),
    VARVE_EXTREMES("numeric", Numeric),   VARVE_EXTREMES("date", int32_t),
    VARVE_EXTREMES("time", int64_t),      VARVE_EXTREMES("timetz", TimeTz),
    VARVE_EXTREMES("timestamp", int64_t), VARVE_EXTREMES("timestamptz", int64_t),
    VARVE_EXTREMES("interval", Interval), VARVE_EXTREMES("money", int64_t),
    VARVE_EXTREMES("tid", uint64_t),      VARVE_EXTREMES("xid8", uint64_t),
    VARVE_EXTREMES("pg_lsn", uint64_t),   VARVE_STRING_EXTREMES("text"),
    VARVE_EXTREMES("anyenum", float),     VARVE_STRING_EXTREMES("bpchar"),
    VARVE_STRING_EXTREMES("anyarray"),    VARVE_STRING_EXTREMES("inet"),
};

}  // namespace

Bindings minmax_bindings() { return kBindings; }

}  // namespace varve::functions
