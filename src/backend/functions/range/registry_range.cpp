// Functions and operators of ranges.
#include "aggregate.h"
#include "functions/type_oids.h"
#include "range_value.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

StringRef keep(const RangeValue& r, Env& env) {
  append_range(env.buffer, r);
  return env.keep();
}
RangeValue read(Text bytes, Env& env) { return read_range(bytes, env.arena); }

template <bool (*kTest)(const RangeValue&, const RangeValue&), bool kSwap = false>
constexpr Kernel test() {
  return fn([](Text a, Text b, Env& env) {
    return kSwap ? kTest(read(b, env), read(a, env)) : kTest(read(a, env), read(b, env));
  });
}
template <RangeValue (*kCombine)(const RangeValue&, const RangeValue&)>
constexpr Kernel combine() {
  return fn([](Text a, Text b, Env& env) { return keep(kCombine(read(a, env), read(b, env)), env); });
}

// range(lower, upper [, flags])
void construct(KernelCall& call) {
  Env env(call);
  Oid type = call.site.result_type;
  for_each_row(call.rows, [&](uint32_t row) {
    Text flags = "[)";
    if (call.args.size() > 2) {
      if (call.args[2]->is_null(row)) {
        throw SqlError(sqlstate::kDataException, "range constructor flags argument must not be null");
      }
      flags = call.args[2]->at<StringRef>(row).view();
    }
    if (flags.size() != 2 || (flags[0] != '[' && flags[0] != '(') || (flags[1] != ']' && flags[1] != ')')) {
      throw SqlError(sqlstate::kSyntaxError, "invalid range bound flags")
          .hint("Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
    }
    RangeBound lower, upper;
    lower.infinite = call.args[0]->is_null(row);
    upper.infinite = call.args[1]->is_null(row);
    lower.inclusive = flags[0] == '[';
    upper.inclusive = flags[1] == ']';
    if (!lower.infinite) lower.value = call.args[0]->value(row);
    if (!upper.infinite) upper.value = call.args[1]->value(row);
    store_cell<StringRef>(call.result, row, keep(make_range(type, lower, upper), env));
  });
}

void bound_kernel(KernelCall& call, bool upper, bool multirange) {
  Arena& arena = *call.context.memory;
  for_each_row(call.rows, [&](uint32_t row) {
    Text bytes = load_cell<Text>(*call.args[0], row);
    RangeValue r;
    r.empty = true;
    if (multirange) {
      MultirangeValue m = read_multirange(bytes, arena);
      if (!m.ranges.empty()) r = upper ? m.ranges.back() : m.ranges.front();
    } else {
      r = read_range(bytes, arena);
    }
    const RangeBound& b = upper ? r.upper : r.lower;
    if (r.empty || b.infinite)
      call.result.set_null(row);
    else
      call.result.set_value(row, b.value);
  });
}
template <bool kUpper, bool kMulti>
void bound(KernelCall& call) {
  bound_kernel(call, kUpper, kMulti);
}

template <bool kSwap>
void contains_element(KernelCall& call) {
  Arena& arena = *call.context.memory;
  for_each_row(call.rows, [&](uint32_t row) {
    RangeValue r = read_range(load_cell<Text>(*call.args[kSwap ? 1 : 0], row), arena);
    store_cell<bool>(call.result, row, range_contains_element(r, call.args[kSwap ? 0 : 1]->value(row)));
  });
}

template <int kOp>
constexpr Kernel compare() {
  return fn([](Text a, Text b, Env&) {
    int c = compare_range_bytes(a, b);
    return kOp == 0   ? c == 0
           : kOp == 1 ? c != 0
           : kOp == 2 ? c < 0
           : kOp == 3 ? c <= 0
           : kOp == 4 ? c > 0
                      : c >= 0;
  });
}

// --- range_agg, range_intersect_agg
struct Collected {
  std::vector<std::string> ranges;  // of ranges or multiranges
};
template <bool kMulti, bool kIntersect>
struct RangeAggregate {
  static void init(void* state) { new (state) Collected(); }
  static void destroy(void* state) { static_cast<Collected*>(state)->~Collected(); }
  static void add(Collected& s, const Vector& arg, uint32_t row) {
    s.ranges.emplace_back(arg.at<StringRef>(row).view());
  }
  static void update(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                     void* const* states, Arena&) {
    for_each_row(rows, [&](uint32_t row) { add(*static_cast<Collected*>(states[row]), *args[0], row); });
  }
  static void update_one(AggregateCall&, std::span<const Vector* const> args, const Selection& rows,
                         void* state, Arena&) {
    for_each_row(rows, [&](uint32_t row) { add(*static_cast<Collected*>(state), *args[0], row); });
  }
  static void finalize(AggregateCall& call, const void* state, Vector& result, uint32_t row) {
    const auto& s = *static_cast<const Collected*>(state);
    Result out{call, result, row};
    if (s.ranges.empty()) return out.null();
    Arena& arena = out.arena();
    std::string built;
    if (kIntersect && !kMulti) {
      RangeValue r = read_range(s.ranges[0], arena);
      for (size_t i = 1; i < s.ranges.size(); ++i) r = range_intersect(r, read_range(s.ranges[i], arena));
      append_range(built, r);
    } else if (kIntersect) {
      MultirangeValue m = read_multirange(s.ranges[0], arena);
      for (size_t i = 1; i < s.ranges.size(); ++i) {
        MultirangeValue other = read_multirange(s.ranges[i], arena);
        std::vector<RangeValue> parts;
        for (const RangeValue& a : m.ranges) {
          for (const RangeValue& b : other.ranges) parts.push_back(range_intersect(a, b));
        }
        m = make_multirange(m.type, std::move(parts));
      }
      append_multirange(built, m);
    } else {
      std::vector<RangeValue> all;
      for (const std::string& bytes : s.ranges) {
        if (kMulti) {
          for (RangeValue& r : read_multirange(bytes, arena).ranges) all.push_back(r);
        } else {
          all.push_back(read_range(bytes, arena));
        }
      }
      Oid arg = call.site.arg_types[0];
      append_multirange(built, make_multirange(kMulti ? arg : multirange_of_range(arg), std::move(all)));
    }
    std::string_view kept = arena.copy(built);
    out.set(StringRef(kept));
  }
};
template <bool kMulti, bool kIntersect>
constexpr AggregateImpl kRangeAggregate{sizeof(Collected),
                                        alignof(Collected),
                                        RangeAggregate<kMulti, kIntersect>::init,
                                        RangeAggregate<kMulti, kIntersect>::update,
                                        RangeAggregate<kMulti, kIntersect>::update_one,
                                        nullptr,
                                        RangeAggregate<kMulti, kIntersect>::finalize,
                                        RangeAggregate<kMulti, kIntersect>::destroy,
                                        true};

double numeric_difference(const Numeric& a, const Numeric& b, Env& env) {
  return types::to_float8(types::sub(a, b, env.arena));
}

const Binding kBindings[] = {
    {"int4range(int4,int4)", construct},
    {"int4range(int4,int4,text)", construct},
    {"int8range(int8,int8)", construct},
    {"int8range(int8,int8,text)", construct},
    {"numrange(numeric,numeric)", construct},
    {"numrange(numeric,numeric,text)", construct},
    {"tsrange(timestamp,timestamp)", construct},
    {"tsrange(timestamp,timestamp,text)", construct},
    {"tstzrange(timestamptz,timestamptz)", construct},
    {"tstzrange(timestamptz,timestamptz,text)", construct},
    {"daterange(date,date)", construct},
    {"daterange(date,date,text)", construct},
    {"int4range_canonical(int4range)", fn([](const StringRef& r, Env&) -> StringRef { return r; })},
    {"int8range_canonical(int8range)", fn([](const StringRef& r, Env&) -> StringRef { return r; })},
    {"daterange_canonical(daterange)", fn([](const StringRef& r, Env&) -> StringRef { return r; })},
    {"int4range_subdiff(int4,int4)",
     fn([](int32_t a, int32_t b) -> double { return static_cast<double>(a) - static_cast<double>(b); })},
    {"int8range_subdiff(int8,int8)",
     fn([](int64_t a, int64_t b) -> double { return static_cast<double>(a) - static_cast<double>(b); })},
    {"daterange_subdiff(date,date)",
     fn([](int32_t a, int32_t b) -> double { return static_cast<double>(a) - static_cast<double>(b); })},
    {"tsrange_subdiff(timestamp,timestamp)", fn([](int64_t a, int64_t b) -> double {
       return (static_cast<double>(a) - static_cast<double>(b)) / 1e6;
     })},
    {"tstzrange_subdiff(timestamptz,timestamptz)", fn([](int64_t a, int64_t b) -> double {
       return (static_cast<double>(a) - static_cast<double>(b)) / 1e6;
     })},
    {"numrange_subdiff(numeric,numeric)", fn([](const Numeric& a, const Numeric& b, Env& env) -> double {
       return numeric_difference(a, b, env);
     })},
    {"range_eq(anyrange,anyrange)", compare<0>()},
    {"range_ne(anyrange,anyrange)", compare<1>()},
    {"range_lt(anyrange,anyrange)", compare<2>()},
    {"range_le(anyrange,anyrange)", compare<3>()},
    {"range_gt(anyrange,anyrange)", compare<4>()},
    {"range_ge(anyrange,anyrange)", compare<5>()},
    {"range_cmp(anyrange,anyrange)",
     fn([](Text a, Text b, Env&) -> int32_t { return compare_range_bytes(a, b); })},
    {"range_overlaps(anyrange,anyrange)", test<range_overlaps>()},
    {"range_contains(anyrange,anyrange)", test<range_contains>()},
    {"range_contained_by(anyrange,anyrange)", test<range_contains, true>()},
    {"range_contains_elem(anyrange,anyelement)", contains_element<false>},
    {"elem_contained_by_range(anyelement,anyrange)", contains_element<true>},
    {"range_adjacent(anyrange,anyrange)", test<range_adjacent>()},
    {"range_before(anyrange,anyrange)", test<range_before>()},
    {"range_after(anyrange,anyrange)", test<range_before, true>()},
    {"range_overleft(anyrange,anyrange)", test<range_overleft>()},
    {"range_overright(anyrange,anyrange)", test<range_overright>()},
    {"range_union(anyrange,anyrange)", combine<range_union>()},
    {"range_merge(anyrange,anyrange)", combine<range_span>()},
    {"range_intersect(anyrange,anyrange)", combine<range_intersect>()},
    {"range_minus(anyrange,anyrange)", combine<range_minus>()},
    {"lower(anyrange)", bound<false, false>},
    {"upper(anyrange)", bound<true, false>},
    {"lower(anymultirange)", bound<false, true>},
    {"upper(anymultirange)", bound<true, true>},
    {"isempty(anyrange)", fn([](Text r, Env& env) { return read(r, env).empty; })},
    {"lower_inc(anyrange)", fn([](Text r, Env& env) { return read(r, env).lower.inclusive; })},
    {"upper_inc(anyrange)", fn([](Text r, Env& env) { return read(r, env).upper.inclusive; })},
    {"lower_inf(anyrange)", fn([](Text r, Env& env) { return read(r, env).lower.infinite; })},
    {"upper_inf(anyrange)", fn([](Text r, Env& env) { return read(r, env).upper.infinite; })},
    {"range_agg(anyrange)", &kRangeAggregate<false, false>},
    {"range_agg(anymultirange)", &kRangeAggregate<true, false>},
    {"range_intersect_agg(anyrange)", &kRangeAggregate<false, true>},
    {"range_intersect_agg(anymultirange)", &kRangeAggregate<true, true>},
};

}  // namespace

Kernel range_constructor(std::string_view source) {
  struct Like {
    std::string_view source, name;
    size_t args;
    bool variadic;
  };
  static constexpr Like kLike[] = {{"range_constructor2", "int4range", 2, false},
                                   {"range_constructor3", "int4range", 3, false},
                                   {"multirange_constructor0", "int4multirange", 0, false},
                                   {"multirange_constructor1", "int4multirange", 1, false},
                                   {"multirange_constructor2", "int4multirange", 1, true}};
  for (const Like& like : kLike) {
    if (like.source != source) continue;
    for (const Function* f : functions_named(like.name)) {
      if (f->args.size() == like.args && (f->variadic != kInvalidOid) == like.variadic) return f->kernel;
    }
  }
  return nullptr;
}

Bindings range_bindings() { return kBindings; }

}  // namespace varve::functions
