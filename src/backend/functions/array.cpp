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
constexpr uint16_t kHasNulls = 1, kHasRoom = 2;

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
    if (physical == PhysicalType::kNumeric)
      types::append_numeric_row(bytes, v.numeric);
    else
      bytes += v.view();
  }
  append_raw(out, static_cast<uint32_t>(bytes.size()));
  out += bytes;
}

}  // namespace

ArrayView::ArrayView(std::string_view bytes) {
  const char* p = bytes.data();
  element_type_ = Oid{load_raw<uint32_t>(p)};
  dimensions_ = load_raw<uint16_t>(p + 4);
  const auto flags = load_raw<uint16_t>(p + 6);
  physical_ = physical_type_of(element_type_);
  shape_ = p + kHeaderBytes;
  count_ = dimensions_ == 0 ? 0 : 1;
  for (int i = 0; i < dimensions_; ++i) count_ *= static_cast<uint32_t>(dimension(i).length);
  elements_ = shape_ + static_cast<size_t>(dimensions_) * sizeof(ArrayDimension);
  if ((flags & kHasNulls) != 0) {
    nulls_ = reinterpret_cast<const uint8_t*>(elements_);
    elements_ += (count_ + 7) / 8;
  }
  room_ = count_;
  if ((flags & kHasRoom) != 0) {
    room_ = load_raw<uint32_t>(elements_);
    elements_ += sizeof(uint32_t);
  }
}

ArrayDimension ArrayView::dimension(int i) const {
  return load_raw<ArrayDimension>(shape_ + static_cast<size_t>(i) * sizeof(ArrayDimension));
}

Value ArrayView::at(uint32_t i, Arena& arena) const {
  if (is_null(i)) return Value::null_of(physical_);
  if (is_variable(physical_)) {
    const char* offsets = elements_;
    const char* bytes = elements_ + (static_cast<size_t>(room_) + 1) * 4;
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
  append_raw(out, nulls ? kHasNulls : uint16_t{0});
  for (const ArrayDimension& d : dims) append_raw(out, d);
  if (nulls) {
    size_t start = out.size();
    out.resize(start + (elements.size() + 7) / 8, '\0');
    for (size_t i = 0; i < elements.size(); ++i) {
      if (elements[i].null) out[start + i / 8] = static_cast<char>(out[start + i / 8] | 1 << i % 8);
    }
  }
  PhysicalType physical = physical_type_of(element_type);
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
      for (uint32_t i = 0; i < view.count(); ++i)
        elements.push_back(types::copy_value(view.at(i, arena), arena));
    }
    if (first)
      dims = shape;
    else if (dims != shape)
      mismatch();
    first = false;
  }
  if (elements.empty()) return make_array(element_type, {}, arena);
  if (dims.size() + 1 > kMaxArrayDimensions) {
    throw SqlError(sqlstate::kProgramLimitExceeded, "number of array dimensions (" +
                                                        std::to_string(dims.size() + 1) +
                                                        ") exceeds the maximum allowed (6)");
  }
  dims.insert(dims.begin(), {static_cast<int32_t>(arrays.size()), 1});
  return make_array(element_type, elements, arena, dims);
}

int compare_arrays(std::string_view a, std::string_view b, const types::Collation* collation) {
  ArrayView x(a), y(b);
  CompareFunction compare = compare_function(x.element_type());
  if (compare == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   "could not identify a comparison function for type " + format_type(x.element_type(), -1));
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
    if (x.dimension(d).lower != y.dimension(d).lower)
      return x.dimension(d).lower < y.dimension(d).lower ? -1 : 1;
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

Value array_element(std::string_view array, std::span<const int32_t> subscripts, Arena& arena) {
  ArrayView view(array);
  Value none = Value::null_of(view.physical());
  if (view.dimensions() == 0 || subscripts.size() != static_cast<size_t>(view.dimensions())) return none;
  int64_t at = 0;
  for (int d = 0; d < view.dimensions(); ++d) {
    ArrayDimension dim = view.dimension(d);
    int64_t i = int64_t{subscripts[static_cast<size_t>(d)]} - dim.lower;
    if (i < 0 || i >= dim.length) return none;
    at = at * dim.length + i;
  }
  return view.at(static_cast<uint32_t>(at), arena);
}

StringRef array_slice(std::string_view array, std::span<const ArraySlice> slices, Arena& arena) {
  ArrayView view(array);
  size_t dimensions = static_cast<size_t>(view.dimensions());
  if (dimensions == 0 || slices.size() > dimensions) return make_array(view.element_type(), {}, arena);
  std::vector<int64_t> first(dimensions), length(dimensions);
  std::vector<ArrayDimension> dims;
  for (size_t d = 0; d < dimensions; ++d) {
    ArrayDimension dim = view.dimension(static_cast<int>(d));
    int64_t lower = dim.lower, upper = int64_t{dim.lower} + dim.length - 1;
    if (d < slices.size() && slices[d].has_lower) lower = std::max<int64_t>(lower, slices[d].lower);
    if (d < slices.size() && slices[d].has_upper) upper = std::min<int64_t>(upper, slices[d].upper);
    if (upper < lower) return make_array(view.element_type(), {}, arena);
    first[d] = lower - dim.lower;
    length[d] = upper - lower + 1;
    dims.push_back({static_cast<int32_t>(length[d]), 1});
  }
  std::vector<Value> items;
  std::vector<int64_t> index(dimensions, 0);
  for (;;) {
    int64_t at = 0;
    for (size_t d = 0; d < dimensions; ++d)
      at = at * view.dimension(static_cast<int>(d)).length + first[d] + index[d];
    items.push_back(view.at(static_cast<uint32_t>(at), arena));
    size_t d = dimensions;
    while (d > 0 && ++index[d - 1] == length[d - 1]) index[--d] = 0;
    if (d == 0) break;
  }
  return make_array(view.element_type(), items, arena, dims);
}

StringRef array_with_element(Oid element_type, std::string_view array, std::span<const int32_t> subscripts,
                             const Value& value, Arena& arena) {
  std::string empty;
  if (array.empty()) {
    append_array_bytes(empty, element_type, {});
    array = empty;
  }
  ArrayView view(array);
  auto wrong = [] { throw SqlError(sqlstate::kArraySubscriptError, "wrong number of array subscripts"); };
  if (view.dimensions() == 0) {
    std::vector<ArrayDimension> dims;
    for (int32_t i : subscripts) dims.push_back({1, i});
    return make_array(element_type, {&value, 1}, arena, dims);
  }
  if (subscripts.size() != static_cast<size_t>(view.dimensions())) wrong();
  std::vector<Value> items;
  for (uint32_t i = 0; i < view.count(); ++i) items.push_back(view.at(i, arena));
  std::vector<ArrayDimension> dims;
  for (int d = 0; d < view.dimensions(); ++d) dims.push_back(view.dimension(d));
  int64_t at = 0;
  for (size_t d = 0; d < dims.size(); ++d) {
    int64_t i = int64_t{subscripts[d]} - dims[d].lower;
    bool outside = i < 0 || i >= dims[d].length;
    if (outside && dims.size() > 1)
      throw SqlError(sqlstate::kArraySubscriptError, "array subscript out of range");
    if (outside) {
      // One dimension grows to where it is written; the gap is NULL.
      int64_t grown = i < 0 ? dims[0].length - i : i + 1;
      if (grown > kMaxArrayElements) throw_too_large();
      Value null = Value::null_of(view.physical());
      if (i < 0) {
        items.insert(items.begin(), static_cast<size_t>(-i), null);
        dims[0].lower = subscripts[0];
        i = 0;
      } else {
        items.resize(static_cast<size_t>(grown), null);
      }
      dims[0].length = static_cast<int32_t>(grown);
    }
    at = at * dims[d].length + i;
  }
  items[static_cast<size_t>(at)] = value;
  return make_array(element_type, items, arena, dims);
}

namespace {

bool has_flag(const char* array, uint16_t flag) { return (load_raw<uint16_t>(array + 6) & flag) != 0; }

// Width of the elements of an array that can be changed where it lies; 0: it cannot.
size_t plain_width(const char* array) {
  bool one_dimension = load_raw<uint16_t>(array + 4) == 1;
  bool nulls = has_flag(array, kHasNulls);
  PhysicalType physical = physical_type_of(Oid{load_raw<uint32_t>(array)});
  return one_dimension && !nulls && !is_variable(physical) ? types::physical_width(physical) : 0;
}

constexpr size_t kPlainElements = kHeaderBytes + sizeof(ArrayDimension);

// An element of variable width as it lies in an array; `scratch` may hold it.
std::string_view variable_bytes(const Value& value, std::string& scratch) {
  if (value.type != PhysicalType::kNumeric) return value.view();
  types::append_numeric_row(scratch, value.numeric);
  return scratch;
}

}  // namespace

bool set_array_element(char* array, int32_t subscript, const Value& value) {
  size_t width = plain_width(array);
  if (width == 0 || value.null) return false;
  auto dimension = load_raw<ArrayDimension>(array + kHeaderBytes);
  int64_t i = int64_t{subscript} - dimension.lower;
  if (i < 0 || i >= dimension.length) return false;
  std::memcpy(array + kPlainElements + static_cast<size_t>(i) * width, value.words, width);
  return true;
}

bool array_can_grow(std::string_view array) {
  bool one_dimension = load_raw<uint16_t>(array.data() + 4) == 1;
  return one_dimension && !has_flag(array.data(), kHasNulls) &&
         load_raw<ArrayDimension>(array.data() + kHeaderBytes).length < kMaxArrayElements;
}

namespace {

constexpr uint32_t kLeastRoom = 8;

// Of one dimension without NULLs: how its offsets lie, and how they will with one element more.
struct Offsets {
  uint32_t count, room, next_room;
  size_t at;  // where they begin
  bool marked;

  explicit Offsets(const char* array)
      : count(static_cast<uint32_t>(load_raw<ArrayDimension>(array + kHeaderBytes).length)),
        room(count),
        at(kPlainElements),
        marked(has_flag(array, kHasRoom)) {
    if (marked) {
      room = load_raw<uint32_t>(array + at);
      at += sizeof(uint32_t);
    }
    next_room = count < room ? room : std::max(kLeastRoom, count * 2);
  }
  size_t bytes_at() const { return at + (size_t{room} + 1) * sizeof(uint32_t); }
  size_t next_at() const { return kPlainElements + sizeof(uint32_t); }
  size_t next_bytes_at() const { return next_at() + (size_t{next_room} + 1) * sizeof(uint32_t); }
};

}  // namespace

size_t array_growth_bytes(std::string_view array, const Value& value) {
  size_t width = plain_width(array.data());
  if (width != 0) return width;
  std::string scratch;
  const Offsets offsets(array.data());
  return offsets.next_bytes_at() - offsets.bytes_at() + variable_bytes(value, scratch).size();
}

void append_array_element(char* array, size_t bytes, const Value& value) {
  size_t width = plain_width(array);
  const Offsets offsets(array);
  auto dimension = load_raw<ArrayDimension>(array + kHeaderBytes);
  ++dimension.length;
  store_raw(array + kHeaderBytes, dimension);
  if (width != 0) {
    std::memcpy(array + kPlainElements + offsets.count * width, value.words, width);
    return;
  }
  std::string scratch, own;
  std::string_view element = variable_bytes(value, scratch);
  const size_t length = bytes - offsets.bytes_at();
  if (offsets.next_bytes_at() != offsets.bytes_at()) {
    own.assign(element);  // it may be an element of this array, which moves
    element = own;
    std::memmove(array + offsets.next_bytes_at(), array + offsets.bytes_at(), length);
    std::memmove(array + offsets.next_at(), array + offsets.at,
                 (size_t{offsets.count} + 1) * sizeof(uint32_t));
    store_raw(array + kPlainElements, offsets.next_room);
    store_raw(array + 6, static_cast<uint16_t>(load_raw<uint16_t>(array + 6) | kHasRoom));
  }
  std::memcpy(array + offsets.next_bytes_at() + length, element.data(), element.size());
  store_raw(array + offsets.next_at() + (size_t{offsets.count} + 1) * sizeof(uint32_t),
            static_cast<uint32_t>(length + element.size()));
}

int32_t next_array_subscript(std::string_view array) {
  auto dimension = load_raw<ArrayDimension>(array.data() + kHeaderBytes);
  return dimension.lower + dimension.length;
}

StringRef array_with_slice(Oid element_type, std::string_view array, std::span<const ArraySlice> slices,
                           std::string_view source, Arena& arena) {
  auto fail = [](const char* message) { throw SqlError(sqlstate::kArraySubscriptError, message); };
  ArrayView from(source);
  std::vector<ArrayDimension> dims;
  std::vector<Value> items;
  bool is_new = array.empty() || ArrayView(array).dimensions() == 0;
  if (!is_new) {
    ArrayView view(array);
    for (int d = 0; d < view.dimensions(); ++d) dims.push_back(view.dimension(d));
    for (uint32_t i = 0; i < view.count(); ++i) items.push_back(view.at(i, arena));
    if (slices.size() != dims.size()) {
      if (slices.size() > dims.size()) fail("wrong number of array subscripts");
    }
  } else {
    if (from.count() == 0) return make_array(element_type, {}, arena);
    for (const ArraySlice& s : slices) {
      if (!s.has_lower || !s.has_upper) {
        throw SqlError(sqlstate::kArraySubscriptError, "array slice subscript must provide both boundaries")
            .detail(
                "When assigning to a slice of an empty array value, slice boundaries must be fully "
                "specified.");
      }
      if (s.upper < s.lower) fail("upper bound cannot be less than lower bound");
      dims.push_back({s.upper - s.lower + 1, s.lower});
    }
  }
  // The slice's corners.
  std::vector<int64_t> first, length;
  for (size_t d = 0; d < dims.size(); ++d) {
    int64_t lower = dims[d].lower, upper = int64_t{dims[d].lower} + dims[d].length - 1;
    if (d < slices.size() && slices[d].has_lower) lower = slices[d].lower;
    if (d < slices.size() && slices[d].has_upper) upper = slices[d].upper;
    if (upper < lower) fail("upper bound cannot be less than lower bound");
    first.push_back(lower);
    length.push_back(upper - lower + 1);
    if (is_new || dims.size() == 1) continue;
    if (lower < dims[d].lower || upper > int64_t{dims[d].lower} + dims[d].length - 1)
      fail("array subscript out of range");
  }
  Value null = Value::null_of(from.physical());
  if (is_new) {
    int64_t n = 1;
    for (const ArrayDimension& d : dims) n *= d.length;
    if (n > kMaxArrayElements) throw_too_large();
    items.assign(static_cast<size_t>(n), null);
  } else if (dims.size() == 1) {
    // One dimension grows to where it is written; the gap is NULL.
    int64_t end = std::max<int64_t>(int64_t{dims[0].lower} + dims[0].length, first[0] + length[0]);
    int64_t begin = std::min<int64_t>(dims[0].lower, first[0]);
    if (end - begin > kMaxArrayElements) throw_too_large();
    items.insert(items.begin(), static_cast<size_t>(dims[0].lower - begin), null);
    items.resize(static_cast<size_t>(end - begin), null);
    dims[0] = {static_cast<int32_t>(end - begin), static_cast<int32_t>(begin)};
  }
  int64_t wanted = 1;
  for (int64_t n : length) wanted *= n;
  if (from.count() < wanted) fail("source array too small");
  std::vector<int64_t> index(dims.size(), 0);
  for (uint32_t next = 0; next < wanted; ++next) {
    int64_t at = 0;
    for (size_t d = 0; d < dims.size(); ++d) at = at * dims[d].length + first[d] - dims[d].lower + index[d];
    items[static_cast<size_t>(at)] = from.at(next, arena);
    for (size_t d = dims.size(); d > 0 && ++index[d - 1] == length[d - 1]; --d) index[d - 1] = 0;
  }
  return make_array(element_type, items, arena, dims);
}

}  // namespace varve::functions
