// Functions and operators of multiranges.
#include <algorithm>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "range_value.h"

namespace varve::functions {

namespace {

using Text = std::string_view;
using Multi = MultirangeValue;
using vector::kChunkRows;

StringRef keep(const Multi& m, Env& env) {
  append_multirange(env.buffer, m);
  return env.keep();
}
Multi multi(Text bytes, Env& env) { return read_multirange(bytes, env.arena); }
// A range as a multirange of one.
Multi single(Text bytes, Env& env) {
  Multi m;
  RangeValue r = read_range(bytes, env.arena);
  m.type = multirange_of_range(r.type);
  if (!r.empty) m.ranges.push_back(r);
  return m;
}

// What lies between the first and the last.
RangeValue span(const Multi& m) {
  if (m.ranges.empty()) return empty_range(range_of_multirange(m.type));
  return range_span(m.ranges.front(), m.ranges.back());
}

bool contains(const Multi& a, const Multi& b) {
  return std::all_of(b.ranges.begin(), b.ranges.end(), [&](const RangeValue& r) {
    return std::any_of(a.ranges.begin(), a.ranges.end(),
                       [&](const RangeValue& c) { return range_contains(c, r); });
  });
}
bool overlaps(const Multi& a, const Multi& b) {
  return std::any_of(a.ranges.begin(), a.ranges.end(), [&](const RangeValue& r) {
    return std::any_of(b.ranges.begin(), b.ranges.end(),
                       [&](const RangeValue& c) { return range_overlaps(c, r); });
  });
}
bool before(const Multi& a, const Multi& b) {
  return !a.ranges.empty() && !b.ranges.empty() && range_before(a.ranges.back(), b.ranges.front());
}
bool adjacent(const Multi& a, const Multi& b) {
  if (a.ranges.empty() || b.ranges.empty()) return false;
  auto touch = [](const RangeValue& left, const RangeValue& right) {
    return range_adjacent(left, right) && compare_ranges(left, right) < 0;
  };
  return touch(a.ranges.back(), b.ranges.front()) || touch(b.ranges.back(), a.ranges.front());
}
bool overleft(const Multi& a, const Multi& b) {
  return !a.ranges.empty() && !b.ranges.empty() && range_overleft(a.ranges.back(), b.ranges.back());
}
bool overright(const Multi& a, const Multi& b) {
  return !a.ranges.empty() && !b.ranges.empty() && range_overright(a.ranges.front(), b.ranges.front());
}

Multi unite(const Multi& a, const Multi& b) {
  std::vector<RangeValue> all = a.ranges;
  all.insert(all.end(), b.ranges.begin(), b.ranges.end());
  return make_multirange(a.type, std::move(all));
}
Multi intersect(const Multi& a, const Multi& b) {
  std::vector<RangeValue> parts;
  for (const RangeValue& x : a.ranges) {
    for (const RangeValue& y : b.ranges) parts.push_back(range_intersect(x, y));
  }
  return make_multirange(a.type, std::move(parts));
}
Multi minus(const Multi& a, const Multi& b) {
  std::vector<RangeValue> left = a.ranges;
  for (const RangeValue& y : b.ranges) {
    std::vector<RangeValue> next;
    for (const RangeValue& x : left) range_difference(x, y, next);
    left = std::move(next);
  }
  return make_multirange(a.type, std::move(left));
}

using Test = bool (*)(const Multi&, const Multi&);
using Read = Multi (*)(Text, Env&);
template <Test kTest, Read kLeft, Read kRight, bool kSwap = false>
constexpr Kernel test() {
  return fn([](Text a, Text b, Env& env) {
    Multi x = kLeft(a, env), y = kRight(b, env);
    return kSwap ? kTest(y, x) : kTest(x, y);
  });
}
template <Multi (*kCombine)(const Multi&, const Multi&)>
constexpr Kernel combine() {
  return fn([](Text a, Text b, Env& env) { return keep(kCombine(multi(a, env), multi(b, env)), env); });
}
template <int kOp>
constexpr Kernel compare() {
  return fn([](Text a, Text b, Env&) {
    int c = compare_multirange_bytes(a, b);
    return kOp == 0   ? c == 0
           : kOp == 1 ? c != 0
           : kOp == 2 ? c < 0
           : kOp == 3 ? c <= 0
           : kOp == 4 ? c > 0
                      : c >= 0;
  });
}

template <bool kSwap>
void contains_element(KernelCall& call) {
  Arena& arena = *call.context.memory;
  for_each_row(call.rows, [&](uint32_t row) {
    Multi m = read_multirange(load_cell<Text>(*call.args[kSwap ? 1 : 0], row), arena);
    Value v = call.args[kSwap ? 0 : 1]->value(row);
    bool found = std::any_of(m.ranges.begin(), m.ranges.end(),
                             [&](const RangeValue& r) { return range_contains_element(r, v); });
    store_cell<bool>(call.result, row, found);
  });
}

// multirange(), multirange(range), multirange(VARIADIC range[])
void construct(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    std::vector<RangeValue> ranges;
    auto null = [] {
      throw SqlError(sqlstate::kNullValueNotAllowed, "multirange values cannot contain null members");
    };
    for (size_t a = 0; a < call.args.size(); ++a) {
      const TypeInfo* type = type_by_oid(call.site.arg_types[a]);
      if (call.args[a]->is_null(row)) null();
      Text bytes = call.args[a]->at<StringRef>(row).view();
      if (type->category != 'A') {
        ranges.push_back(read_range(bytes, env.arena));
        continue;
      }
      ArrayView view(bytes);
      if (view.dimensions() > 1) {
        throw SqlError(sqlstate::kCardinalityViolation,
                       "multiranges cannot be constructed from multidimensional arrays");
      }
      for (uint32_t i = 0; i < view.count(); ++i) {
        if (view.is_null(i)) null();
        Value v = view.at(i, env.arena);
        ranges.push_back(read_range(env.arena.copy(v.view()), env.arena));
      }
    }
    store_cell<StringRef>(call.result, row,
                          keep(make_multirange(call.site.result_type, std::move(ranges)), env));
  });
}

// --- unnest
struct Ranges {
  std::span<Text> values;
  size_t at = 0;
};
void* open_ranges(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  auto* s = memory.make<Ranges>();
  if (args[0].null) return s;
  std::vector<Text> values;
  for (const RangeValue& r : read_multirange(args[0].view(), memory).ranges) {
    std::string bytes;
    append_range(bytes, r);
    values.push_back(memory.copy(bytes));
  }
  s->values = memory.copy(values);
  return s;
}
void next_ranges(EvalContext&, void* opaque, Chunk& out) {
  auto& s = *static_cast<Ranges*>(opaque);
  uint32_t n = 0;
  for (; n < kChunkRows && s.at < s.values.size(); ++n)
    out.column(0).set_value(n, Value::of_string(s.values[s.at++]));
  out.set_dense(n);
}
constexpr TableFunctionImpl kUnnest{open_ranges, next_ranges};

const Binding kBindings[] = {
    {"int4multirange()", construct},
    {"int4multirange(int4range)", construct},
    {"int4multirange(_int4range)", construct},
    {"int8multirange()", construct},
    {"int8multirange(int8range)", construct},
    {"int8multirange(_int8range)", construct},
    {"nummultirange()", construct},
    {"nummultirange(numrange)", construct},
    {"nummultirange(_numrange)", construct},
    {"tsmultirange()", construct},
    {"tsmultirange(tsrange)", construct},
    {"tsmultirange(_tsrange)", construct},
    {"tstzmultirange()", construct},
    {"tstzmultirange(tstzrange)", construct},
    {"tstzmultirange(_tstzrange)", construct},
    {"datemultirange()", construct},
    {"datemultirange(daterange)", construct},
    {"datemultirange(_daterange)", construct},
    {"multirange(anyrange)", fn([](Text r, Env& env) { return keep(single(r, env), env); })},
    {"multirange_eq(anymultirange,anymultirange)", compare<0>()},
    {"multirange_ne(anymultirange,anymultirange)", compare<1>()},
    {"multirange_lt(anymultirange,anymultirange)", compare<2>()},
    {"multirange_le(anymultirange,anymultirange)", compare<3>()},
    {"multirange_gt(anymultirange,anymultirange)", compare<4>()},
    {"multirange_ge(anymultirange,anymultirange)", compare<5>()},
    {"multirange_cmp(anymultirange,anymultirange)",
     fn([](Text a, Text b, Env&) -> int32_t { return compare_multirange_bytes(a, b); })},
    {"multirange_contains_elem(anymultirange,anyelement)", contains_element<false>},
    {"elem_contained_by_multirange(anyelement,anymultirange)", contains_element<true>},
    {"multirange_contains_range(anymultirange,anyrange)", test<contains, multi, single>()},
    {"range_contains_multirange(anyrange,anymultirange)", test<contains, single, multi>()},
    {"multirange_contains_multirange(anymultirange,anymultirange)", test<contains, multi, multi>()},
    {"multirange_contained_by_range(anymultirange,anyrange)", test<contains, multi, single, true>()},
    {"range_contained_by_multirange(anyrange,anymultirange)", test<contains, single, multi, true>()},
    {"multirange_contained_by_multirange(anymultirange,anymultirange)", test<contains, multi, multi, true>()},
    {"multirange_overlaps_range(anymultirange,anyrange)", test<overlaps, multi, single>()},
    {"range_overlaps_multirange(anyrange,anymultirange)", test<overlaps, single, multi>()},
    {"multirange_overlaps_multirange(anymultirange,anymultirange)", test<overlaps, multi, multi>()},
    {"multirange_before_range(anymultirange,anyrange)", test<before, multi, single>()},
    {"range_before_multirange(anyrange,anymultirange)", test<before, single, multi>()},
    {"multirange_before_multirange(anymultirange,anymultirange)", test<before, multi, multi>()},
    {"multirange_after_range(anymultirange,anyrange)", test<before, multi, single, true>()},
    {"range_after_multirange(anyrange,anymultirange)", test<before, single, multi, true>()},
    {"multirange_after_multirange(anymultirange,anymultirange)", test<before, multi, multi, true>()},
    {"multirange_adjacent_range(anymultirange,anyrange)", test<adjacent, multi, single>()},
    {"range_adjacent_multirange(anyrange,anymultirange)", test<adjacent, single, multi>()},
    {"multirange_adjacent_multirange(anymultirange,anymultirange)", test<adjacent, multi, multi>()},
    {"multirange_overleft_range(anymultirange,anyrange)", test<overleft, multi, single>()},
    {"range_overleft_multirange(anyrange,anymultirange)", test<overleft, single, multi>()},
    {"multirange_overleft_multirange(anymultirange,anymultirange)", test<overleft, multi, multi>()},
    {"multirange_overright_range(anymultirange,anyrange)", test<overright, multi, single>()},
    {"range_overright_multirange(anyrange,anymultirange)", test<overright, single, multi>()},
    {"multirange_overright_multirange(anymultirange,anymultirange)", test<overright, multi, multi>()},
    {"multirange_union(anymultirange,anymultirange)", combine<unite>()},
    {"multirange_intersect(anymultirange,anymultirange)", combine<intersect>()},
    {"multirange_minus(anymultirange,anymultirange)", combine<minus>()},
    {"range_merge(anymultirange)", fn([](Text m, Env& env) {
       append_range(env.buffer, span(multi(m, env)));
       return env.keep();
     })},
    {"isempty(anymultirange)", fn([](Text m, Env& env) { return multi(m, env).ranges.empty(); })},
    {"lower_inc(anymultirange)", fn([](Text b, Env& env) {
       Multi m = multi(b, env);
       return !m.ranges.empty() && m.ranges.front().lower.inclusive;
     })},
    {"upper_inc(anymultirange)", fn([](Text b, Env& env) {
       Multi m = multi(b, env);
       return !m.ranges.empty() && m.ranges.back().upper.inclusive;
     })},
    {"lower_inf(anymultirange)", fn([](Text b, Env& env) {
       Multi m = multi(b, env);
       return !m.ranges.empty() && m.ranges.front().lower.infinite;
     })},
    {"upper_inf(anymultirange)", fn([](Text b, Env& env) {
       Multi m = multi(b, env);
       return !m.ranges.empty() && m.ranges.back().upper.infinite;
     })},
    {"unnest(anymultirange)", &kUnnest},
};

}  // namespace

Bindings multirange_bindings() { return kBindings; }

}  // namespace varve::functions
