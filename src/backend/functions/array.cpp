#include "functions/array.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/sql_error.h"
#include "functions/registry.h"
#include "types/physical_type.h"

namespace varve::functions {

using types::Numeric;
using types::PhysicalType;
using types::StringRef;
using types::Value;

namespace {

constexpr size_t kHeaderBytes = 8;

PhysicalType physical_of(Oid element_type) {
  const TypeInfo* type = type_by_oid(element_type);
  return type == nullptr ? PhysicalType::kString : type->physical;
}
bool is_variable(PhysicalType t) { return t == PhysicalType::kString || t == PhysicalType::kNumeric; }

[[noreturn]] void throw_too_large() {
  throw SqlError(sqlstate::kProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)");
}

template <class T>
void append_raw(std::string& out, const T& v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof(T));
}

void append_variable(std::string& out, PhysicalType physical, std::span<const Value> elements) {
  std::string bytes;
  for (const Value& v : elements) {
    append_raw(out, static_cast<uint32_t>(bytes.size()));
    if (v.null) continue;
    if (physical == PhysicalType::kNumeric) types::append_numeric_row(bytes, v.numeric);
    else bytes += v.view();
  }
  append_raw(out, static_cast<uint32_t>(bytes.size()));
  out += bytes;
}

}  // namespace

ArrayView::ArrayView(std::string_view bytes) {
  const char* p = bytes.data();
  element_type_ = Oid{load_raw<uint32_t>(p)};
  dimensions_ = load_raw<uint16_t>(p + 4);
  bool nulls = (load_raw<uint16_t>(p + 6) & 1) != 0;
  physical_ = physical_of(element_type_);
  shape_ = p + kHeaderBytes;
  count_ = dimensions_ == 0 ? 0 : 1;
  for (int i = 0; i < dimensions_; ++i) count_ *= static_cast<uint32_t>(dimension(i).length);
  elements_ = shape_ + static_cast<size_t>(dimensions_) * sizeof(ArrayDimension);
  if (nulls) {
    nulls_ = reinterpret_cast<const uint8_t*>(elements_);
    elements_ += (count_ + 7) / 8;
  }
}

ArrayDimension ArrayView::dimension(int i) const {
  return load_raw<ArrayDimension>(shape_ + static_cast<size_t>(i) * sizeof(ArrayDimension));
}

Value ArrayView::at(uint32_t i, Arena& arena) const {
  if (is_null(i)) return Value::null_of(physical_);
  if (is_variable(physical_)) {
    const char* offsets = elements_;
    const char* bytes = elements_ + (static_cast<size_t>(count_) + 1) * 4;
    uint32_t from = load_raw<uint32_t>(offsets + size_t{i} * 4);
    uint32_t to = load_raw<uint32_t>(offsets + (size_t{i} + 1) * 4);
    std::string_view s(bytes + from, to - from);
    if (physical_ == PhysicalType::kNumeric) return Value::of_numeric(types::read_numeric_row(s, arena));
    return Value::of_string(s);
  }
  Value v = Value::null_of(physical_);
  v.null = false;
  size_t width = types::physical_width(physical_);
  std::memcpy(v.words, elements_ + i * width, width);
  return v;
}

void append_array_bytes(std::string& out, Oid element_type, std::span<const Value> elements,
                        std::span<const ArrayDimension> dims) {
  if (elements.size() > static_cast<size_t>(kMaxArrayElements)) throw_too_large();
  ArrayDimension one{static_cast<int32_t>(elements.size()), 1};
  if (dims.empty() && !elements.empty()) dims = {&one, 1};
  if (elements.empty()) dims = {};
  bool nulls = false;
  for (const Value& v : elements) nulls |= v.null;
  append_raw(out, element_type.value());
  append_raw(out, static_cast<uint16_t>(dims.size()));
  append_raw(out, static_cast<uint16_t>(nulls ? 1 : 0));
  for (const ArrayDimension& d : dims) append_raw(out, d);
  if (nulls) {
    size_t start = out.size();
    out.resize(start + (elements.size() + 7) / 8, '\0');
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i].null) out[start + i / 8] = static_cast<char>(out[start + i / 8] | 1 << i % 8);
    }
  }
  PhysicalType physical = physical_of(element_type);
  if (elements.empty()) return;
  if (is_variable(physical)) {
    append_variable(out, physical, elements);
    return;
  }
  size_t width = types::physical_width(physical);
  for (const Value& v : elements) out.append(reinterpret_cast<const char*>(v.words), width);
}

StringRef make_array(Oid element_type, std::span<const Value> elements, Arena& arena,
                     std::span<const ArrayDimension> dims) {
  std::string bytes;
  append_array_bytes(bytes, element_type, elements, dims);
  return bytes.size() <= StringRef::kInlineBytes ? StringRef(bytes) : StringRef(arena.copy(bytes));
}

StringRef make_array_of_arrays(Oid element_type, std::span<const Value> arrays, Arena& arena) {
  std::vector<Value> elements;
  std::vector<ArrayDimension> dims;
  auto mismatch = [] {
    throw SqlError(sqlstate::kArraySubscriptError,
                   "multidimensional arrays must have array expressions with matching dimensions");
  };
  bool first = true;
  for (const Value& item : arrays) {
    std::vector<ArrayDimension> shape;
    if (!item.null) {
      ArrayView view(item.string.view());
      for (int d = 0; d < view.dimensions(); ++d) shape.push_back(view.dimension(d));
      for (uint32_t i = 0; i < view.count(); ++i) elements.push_back(types::copy_value(view.at(i, arena), arena));
    }
    if (first) dims = shape;
    else if (dims != shape) mismatch();
    first = false;
  }
  if (elements.empty()) return make_array(element_type, {}, arena);
  if (dims.size() + 1 > kMaxArrayDimensions) {
    throw SqlError(sqlstate::kProgramLimitExceeded,
                   "number of array dimensions (" + std::to_string(dims.size() + 1) +
                       ") exceeds the maximum allowed (6)");
  }
  dims.insert(dims.begin(), {static_cast<int32_t>(arrays.size()), 1});
  return make_array(element_type, elements, arena, dims);
}

int compare_arrays(std::string_view a, std::string_view b, const types::Collation* collation) {
  ArrayView x(a), y(b);
  CompareFunction compare = compare_function(x.element_type());
  if (compare == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction, "could not identify a comparison function for type " +
                                                     format_type(x.element_type(), -1));
  }
  Arena arena;
  uint32_t n = std::min(x.count(), y.count());
  for (uint32_t i = 0; i < n; ++i) {
    // NULLs sort behind everything, and equal each other.
    if (x.is_null(i) || y.is_null(i)) {
      if (x.is_null(i) && y.is_null(i)) continue;
      return x.is_null(i) ? 1 : -1;
    }
    Value u = x.at(i, arena), v = y.at(i, arena);
    int c = compare(u.words, v.words, collation);
    if (c != 0) return c < 0 ? -1 : 1;
  }
  if (x.count() != y.count()) return x.count() < y.count() ? -1 : 1;
  if (x.dimensions() != y.dimensions()) return x.dimensions() < y.dimensions() ? -1 : 1;
  for (int d = 0; d < x.dimensions(); ++d) {
    if (x.dimension(d).length != y.dimension(d).length) {
      return x.dimension(d).length < y.dimension(d).length ? -1 : 1;
    }
  }
  for (int d = 0; d < x.dimensions(); ++d) {
    if (x.dimension(d).lower != y.dimension(d).lower) return x.dimension(d).lower < y.dimension(d).lower ? -1 : 1;
  }
  return 0;
}

uint64_t hash_array(std::string_view a, const types::Collation* collation) {
  ArrayView x(a);
  HashFunction hash = hash_function(x.element_type());
  Arena arena;
  uint64_t h = x.count();
  for (uint32_t i = 0; i < x.count(); ++i) {
    uint64_t e = 0;
    if (!x.is_null(i) && hash != nullptr) {
      Value v = x.at(i, arena);
      e = hash(v.words, collation);
    }
    h = hash_combine(h, e);
  }
  return h;
}

}  // namespace varve::functions
