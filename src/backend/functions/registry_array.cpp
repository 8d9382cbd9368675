// Arrays: comparison, shape, building, searching, text.
#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "common/append_format.h"
#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

std::vector<Value> elements_of(const ArrayView& a, Arena& arena) {
  std::vector<Value> out;
  out.reserve(a.count());
  for (uint32_t i = 0; i < a.count(); ++i) out.push_back(a.at(i, arena));
  return out;
}
std::vector<ArrayDimension> shape_of(const ArrayView& a) {
  std::vector<ArrayDimension> out;
  for (int d = 0; d < a.dimensions(); ++d) out.push_back(a.dimension(d));
  return out;
}
[[noreturn]] void throw_not_one_dimensional(const char* message) {
  throw SqlError(sqlstate::kFeatureNotSupported, message);
}

// Equality as the element type's order sees it; NULL equals NULL.
class Equality {
 public:
  Equality(Oid type, const types::Collation* collation)
      : compare_(compare_function(type)), collation_(collation) {
    if (compare_ == nullptr) {
      throw SqlError(
          sqlstate::kUndefinedFunction,
          fmt::format("could not identify an equality operator for type {}", format_type(type, -1)));
    }
  }
  bool operator()(const Value& a, const Value& b) const {
    if (a.null || b.null) return a.null && b.null;
    return compare_(a.words, b.words, collation_) == 0;
  }

 private:
  CompareFunction compare_;
  const types::Collation* collation_;
};

// --- building
StringRef append_value_to(Text array, const Value& v, bool front, Env& env) {
  ArrayView a(array);
  if (a.dimensions() > 1) {
    throw SqlError(sqlstate::kDataException, "argument must be empty or one-dimensional array");
  }
  std::vector<Value> items = elements_of(a, env.arena);
  items.insert(front ? items.begin() : items.end(), v);
  // Both keep the lower bound that was there.
  ArrayDimension dim{static_cast<int32_t>(items.size()), a.dimensions() == 1 ? a.dimension(0).lower : 1};
  return make_array(a.element_type(), items, env.arena, {&dim, 1});
}

template <bool kFront>
void append_kernel(KernelCall& call) {
  Env env(call);
  const size_t array_at = kFront ? 1 : 0;
  Oid element = element_type_of(call.site.arg_types[array_at]);
  for_each_row(call.rows, [&](uint32_t row) {
    const Vector& arrays = *call.args[array_at];
    Value v = call.args[1 - array_at]->value(row);
    if (arrays.is_null(row))
      store_cell<StringRef>(call.result, row, make_array(element, {&v, 1}, env.arena));
    else
      store_cell<StringRef>(call.result, row,
                            append_value_to(arrays.at<StringRef>(row).view(), v, kFront, env));
  });
}

StringRef concatenate(const StringRef& x, const StringRef& y, Env& env) {
  ArrayView a(x.view()), b(y.view());
  if (a.dimensions() == 0) return y;
  if (b.dimensions() == 0) return x;
  auto incompatible = [] {
    throw SqlError(sqlstate::kArraySubscriptError, "cannot concatenate incompatible arrays");
  };
  std::vector<ArrayDimension> s = shape_of(a), t = shape_of(b), dims;
  if (s.size() == t.size()) {
    for (size_t d = 1; d < s.size(); ++d) {
      if (s[d] != t[d]) incompatible();
    }
    dims = s;
    dims[0].length += t[0].length;
  } else if (s.size() + 1 == t.size()) {
    if (!std::equal(s.begin(), s.end(), t.begin() + 1)) incompatible();
    dims = t;
    ++dims[0].length;
  } else if (t.size() + 1 == s.size()) {
    if (!std::equal(t.begin(), t.end(), s.begin() + 1)) incompatible();
    dims = s;
    ++dims[0].length;
  } else {
    incompatible();
  }
  std::vector<Value> items = elements_of(a, env.arena), more = elements_of(b, env.arena);
  items.insert(items.end(), more.begin(), more.end());
  return make_array(a.element_type(), items, env.arena, dims);
}
void cat_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    bool no_a = call.args[0]->is_null(row), no_b = call.args[1]->is_null(row);
    if (no_a && no_b)
      call.result.set_null(row);
    else if (no_a || no_b)
      store_cell<StringRef>(call.result, row, call.args[no_a ? 1 : 0]->at<StringRef>(row));
    else
      store_cell<StringRef>(
          call.result, row,
          concatenate(call.args[0]->at<StringRef>(row), call.args[1]->at<StringRef>(row), env));
  });
}

// array_remove and array_replace
template <bool kRemove>
void edit_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row)) {
      call.result.set_null(row);
      return;
    }
    const auto& array = call.args[0]->at<StringRef>(row);
    ArrayView a(array.view());
    if (kRemove && a.dimensions() > 1) {
      throw_not_one_dimensional("removing elements from multidimensional arrays is not supported");
    }
    Equality equal(a.element_type(), call.site.collation);
    Value search = call.args[1]->value(row);
    std::vector<Value> items;
    for (uint32_t i = 0; i < a.count(); ++i) {
      Value v = a.at(i, env.arena);
      if (!equal(v, search))
        items.push_back(v);
      else if (!kRemove)
        items.push_back(call.args[2]->value(row));
    }
    std::vector<ArrayDimension> dims = shape_of(a);
    if (kRemove && !dims.empty()) dims[0].length = static_cast<int32_t>(items.size());
    if (items.empty()) dims.clear();
    store_cell<StringRef>(call.result, row, make_array(a.element_type(), items, env.arena, dims));
  });
}

// --- searching
void position_kernel(KernelCall& call) {
  Arena& arena = *call.context.memory;
  for_each_row(call.rows, [&](uint32_t row) {
    call.result.set_null(row);
    if (call.args[0]->is_null(row)) return;
    ArrayView a(call.args[0]->at<StringRef>(row).view());
    if (a.dimensions() > 1)
      throw_not_one_dimensional("searching for elements in multidimensional arrays is not supported");
    if (a.dimensions() == 0) return;
    int32_t lower = a.dimension(0).lower, start = lower;
    if (call.args.size() > 2) {
      if (call.args[2]->is_null(row))
        throw SqlError(sqlstate::kNullValueNotAllowed, "initial position must not be null");
      start = call.args[2]->at<int32_t>(row);
    }
    Equality equal(a.element_type(), call.site.collation);
    Value search = call.args[1]->value(row);
    for (uint32_t i = 0; i < a.count(); ++i) {
      int32_t at = lower + static_cast<int32_t>(i);
      if (at < start || !equal(a.at(i, arena), search)) continue;
      call.result.set_valid(row);
      call.result.data<int32_t>()[row] = at;
      return;
    }
  });
}
void positions_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row)) {
      call.result.set_null(row);
      return;
    }
    ArrayView a(call.args[0]->at<StringRef>(row).view());
    if (a.dimensions() > 1)
      throw_not_one_dimensional("searching for elements in multidimensional arrays is not supported");
    Equality equal(a.element_type(), call.site.collation);
    Value search = call.args[1]->value(row);
    std::vector<Value> found;
    for (uint32_t i = 0; i < a.count(); ++i) {
      if (equal(a.at(i, env.arena), search))
        found.push_back(Value::of_int32(a.dimension(0).lower + static_cast<int32_t>(i)));
    }
    store_cell<StringRef>(call.result, row, make_array(type_oid::kInt4, found, env.arena));
  });
}

// Is every (or any) element of a in b? NULLs are equal to nothing.
bool contained(Text x, Text y, bool all, Env& env) {
  ArrayView a(x), b(y);
  Equality equal(a.element_type(), env.site.collation);
  std::vector<Value> set = elements_of(b, env.arena);
  for (uint32_t i = 0; i < a.count(); ++i) {
    Value v = a.at(i, env.arena);
    bool found = !v.null &&
                 std::any_of(set.begin(), set.end(), [&](const Value& w) { return !w.null && equal(v, w); });
    if (found != all) return !all;
  }
  return all;
}

// --- shape
std::optional<ArrayDimension> dimension(Text array, int32_t d) {
  ArrayView a(array);
  if (d < 1 || d > a.dimensions()) return std::nullopt;
  return a.dimension(d - 1);
}
std::optional<StringRef> dims_text(Text array, Env& env) {
  ArrayView a(array);
  if (a.dimensions() == 0) return std::nullopt;
  for (const ArrayDimension& d : shape_of(a)) {
    append_format(env.buffer, "[{}:{}]", d.lower, d.lower + d.length - 1);
  }
  return env.keep();
}
StringRef trim(Text array, int32_t n, Env& env) {
  ArrayView a(array);
  int32_t length = a.dimensions() == 0 ? 0 : a.dimension(0).length;
  if (n < 0 || n > length) {
    throw SqlError(sqlstate::kArrayElementError,
                   fmt::format("number of elements to trim must be between 0 and {}", length));
  }
  std::vector<Value> items = elements_of(a, env.arena);
  std::vector<ArrayDimension> dims = shape_of(a);
  if (dims.empty() || n == length) return make_array(a.element_type(), {}, env.arena);
  items.resize(items.size() / static_cast<size_t>(length) * static_cast<size_t>(length - n));
  dims[0].length -= n;
  for (ArrayDimension& d : dims) d.lower = 1;
  return make_array(a.element_type(), items, env.arena, dims);
}

// --- text
void to_string_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row) || call.args[1]->is_null(row)) {
      call.result.set_null(row);
      return;
    }
    ArrayView a(call.args[0]->at<StringRef>(row).view());
    bool has_null_text = call.args.size() > 2 && !call.args[2]->is_null(row);
    bool first = true;
    for (uint32_t i = 0; i < a.count(); ++i) {
      if (a.is_null(i) && !has_null_text) continue;
      if (!first) env.buffer += call.args[1]->at<StringRef>(row).view();
      first = false;
      if (a.is_null(i))
        env.buffer += call.args[2]->at<StringRef>(row).view();
      else
        append_value(a.element_type(), a.at(i, env.arena), env.buffer, call.context);
    }
    store_cell<StringRef>(call.result, row, env.keep());
  });
}

std::vector<Value> split(Text s, const Text* separator, const Text* null_text) {
  std::vector<Value> out;
  auto add = [&](Text part) {
    if (null_text != nullptr && part == *null_text)
      out.push_back(Value::null_of(types::PhysicalType::kString));
    else
      out.push_back(Value::of_string(part));
  };
  if (s.empty()) return out;
  if (separator == nullptr) {
    for (size_t at = 0; at < s.size();) {
      size_t n = types::utf8_char_bytes(s[at]);
      add(s.substr(at, n));
      at += n;
    }
    return out;
  }
  if (separator->empty()) {
    add(s);
    return out;
  }
  size_t start = 0;
  for (size_t at = s.find(*separator); at != Text::npos; at = s.find(*separator, start)) {
    add(s.substr(start, at - start));
    start = at + separator->size();
  }
  add(s.substr(start));
  return out;
}
void to_array_kernel(KernelCall& call) {
  Env env(call);
  for_each_row(call.rows, [&](uint32_t row) {
    if (call.args[0]->is_null(row)) {
      call.result.set_null(row);
      return;
    }
    Text separator, null_text;
    bool has_separator = !call.args[1]->is_null(row);
    bool has_null_text = call.args.size() > 2 && !call.args[2]->is_null(row);
    if (has_separator) separator = call.args[1]->at<StringRef>(row).view();
    if (has_null_text) null_text = call.args[2]->at<StringRef>(row).view();
    std::vector<Value> items =
        split(call.args[0]->at<StringRef>(row).view(), has_separator ? &separator : nullptr,
              has_null_text ? &null_text : nullptr);
    store_cell<StringRef>(call.result, row, make_array(type_oid::kText, items, env.arena));
  });
}

#define VARVE_ARRAY_ORDER(name, OP)                                                                \
  {                                                                                                \
    name "(anyarray,anyarray)",                                                                    \
        fn([](Text a, Text b, Env& env) { return compare_arrays(a, b, env.site.collation) OP 0; }) \
  }
#define VARVE_VECTOR_ORDER(name, OP)                                                               \
  {                                                                                                \
    "oidvector" name "(oidvector,oidvector)",                                                      \
        fn([](Text a, Text b, Env& env) { return compare_arrays(a, b, env.site.collation) OP 0; }) \
  }

const Binding kBindings[] = {
    VARVE_ARRAY_ORDER("array_eq", ==),
    VARVE_ARRAY_ORDER("array_ne", !=),
    VARVE_ARRAY_ORDER("array_lt", <),
    VARVE_ARRAY_ORDER("array_le", <=),
    VARVE_ARRAY_ORDER("array_gt", >),
    VARVE_ARRAY_ORDER("array_ge", >=),
    VARVE_VECTOR_ORDER("eq", ==),
    VARVE_VECTOR_ORDER("ne", !=),
    VARVE_VECTOR_ORDER("lt", <),
    VARVE_VECTOR_ORDER("le", <=),
    VARVE_VECTOR_ORDER("gt", >),
    VARVE_VECTOR_ORDER("ge", >=),
    {"btarraycmp(anyarray,anyarray)",
     fn([](Text a, Text b, Env& env) -> int32_t { return compare_arrays(a, b, env.site.collation); })},
    {"array_append(anycompatiblearray,anycompatible)", append_kernel<false>},
    {"array_prepend(anycompatible,anycompatiblearray)", append_kernel<true>},
    {"array_cat(anycompatiblearray,anycompatiblearray)", cat_kernel},
    {"array_remove(anycompatiblearray,anycompatible)", edit_kernel<true>},
    {"array_replace(anycompatiblearray,anycompatible,anycompatible)", edit_kernel<false>},
    {"array_position(anycompatiblearray,anycompatible)", position_kernel},
    {"array_position(anycompatiblearray,anycompatible,int4)", position_kernel},
    {"array_positions(anycompatiblearray,anycompatible)", positions_kernel},
    {"arraycontains(anyarray,anyarray)",
     fn([](Text a, Text b, Env& env) { return contained(b, a, true, env); })},
    {"arraycontained(anyarray,anyarray)",
     fn([](Text a, Text b, Env& env) { return contained(a, b, true, env); })},
    {"arrayoverlap(anyarray,anyarray)",
     fn([](Text a, Text b, Env& env) { return contained(a, b, false, env); })},
    {"array_ndims(anyarray)", fn([](Text a) -> std::optional<int32_t> {
       int d = ArrayView(a).dimensions();
       if (d == 0) return std::nullopt;
       return d;
     })},
    {"cardinality(anyarray)",
     fn([](Text a) -> int32_t { return static_cast<int32_t>(ArrayView(a).count()); })},
    {"array_length(anyarray,int4)", fn([](Text a, int32_t d) -> std::optional<int32_t> {
       auto dim = dimension(a, d);
       if (!dim) return std::nullopt;
       return dim->length;
     })},
    {"array_lower(anyarray,int4)", fn([](Text a, int32_t d) -> std::optional<int32_t> {
       auto dim = dimension(a, d);
       if (!dim) return std::nullopt;
       return dim->lower;
     })},
    {"array_upper(anyarray,int4)", fn([](Text a, int32_t d) -> std::optional<int32_t> {
       auto dim = dimension(a, d);
       if (!dim) return std::nullopt;
       return dim->lower + dim->length - 1;
     })},
    {"array_dims(anyarray)", fn([](Text a, Env& env) { return dims_text(a, env); })},
    {"trim_array(anyarray,int4)", fn([](Text a, int32_t n, Env& env) { return trim(a, n, env); })},
    {"array_to_string(anyarray,text)", to_string_kernel},
    {"array_to_string(anyarray,text,text)", to_string_kernel},
    {"string_to_array(text,text)", to_array_kernel},
    {"string_to_array(text,text,text)", to_array_kernel},
};

}  // namespace

Bindings array_bindings() { return kBindings; }

}  // namespace varve::functions
