#include "vector/vector.h"

#include "vector/chunk.h"

namespace varve::vector {

Vector::Vector(PhysicalType type, Arena& arena, uint32_t capacity) : type_(type) {
  size_t bytes = types::physical_width(type) * capacity;
  data_ = static_cast<uint8_t*>(arena.allocate(bytes, 64));
  std::memset(data_, 0, bytes);
  validity_ = arena.make_array<uint64_t>(kValidityWords);
}

Value Vector::value(uint32_t row) const {
  if (is_null(row)) return Value::null_of(type_);
  Value v = Value::null_of(type_);
  v.null = false;
  size_t width = types::physical_width(type_);
  std::memcpy(v.bytes(), data_ + width * index(row), width);
  return v;
}

void Vector::set_value(uint32_t row, const Value& v) {
  if (v.null) {
    set_null(row);
    return;
  }
  forget_common();
  size_t width = types::physical_width(type_);
  std::memcpy(data_ + width * row, v.bytes(), width);
  set_valid(row);
}

void Vector::fill_constant(const Value& v) {
  reset();
  set_value(0, v);
  constant_ = true;
}

void Vector::point_at(PhysicalType type, void* data, uint64_t* validity) {
  type_ = type;
  constant_ = false;
  forget_common();
  data_ = static_cast<uint8_t*>(data);
  validity_ = validity;
  has_nulls_ = validity != nullptr;
}

namespace {

template <class T>
void gather_values(const Vector& from, const Selection& selection, Vector& to, uint32_t at) {
  const T* source = from.data<T>();
  T* target = to.data<T>() + at;
  if (from.is_constant()) {
    for (uint32_t i = 0; i < selection.count; ++i) target[i] = source[0];
  } else if (selection.is_dense()) {
    std::memcpy(static_cast<void*>(target), source, selection.count * sizeof(T));
  } else {
    for (uint32_t i = 0; i < selection.count; ++i) target[i] = source[selection.rows[i]];
  }
}

struct Wide {
  uint64_t words[2];
};

}  // namespace

void gather(const Vector& from, const Selection& selection, Vector& to, uint32_t at) {
  switch (types::physical_width(from.type())) {
    case 1:
      gather_values<uint8_t>(from, selection, to, at);
      break;
    case 2:
      gather_values<uint16_t>(from, selection, to, at);
      break;
    case 4:
      gather_values<uint32_t>(from, selection, to, at);
      break;
    case 8:
      gather_values<uint64_t>(from, selection, to, at);
      break;
    default:
      gather_values<Wide>(from, selection, to, at);
      break;
  }
  if (from.has_nulls()) {
    for (uint32_t i = 0; i < selection.count; ++i) {
      if (from.is_null(selection[i]))
        to.set_null(at + i);
      else
        to.set_valid(at + i);
    }
  } else if (to.has_nulls()) {
    for (uint32_t i = 0; i < selection.count; ++i) to.set_valid(at + i);
  }
}

void own_strings(Vector& v, const Selection& selection, Arena& arena) {
  if (v.type() != PhysicalType::kString && v.type() != PhysicalType::kNumeric) return;
  auto own = [&](uint32_t row) {
    if (v.is_null(row)) return;
    uint32_t i = v.index(row);
    if (v.type() == PhysicalType::kString) {
      types::StringRef& s = v.data<types::StringRef>()[i];
      if (!s.is_inline()) s = types::StringRef(arena.copy(s.view()));
    } else {
      types::Numeric& n = v.data<types::Numeric>()[i];
      if (n.kind() == types::Numeric::Kind::kBig) n = types::copy(n, arena);
    }
  };
  if (v.is_constant()) {
    if (selection.count > 0) own(0);
    return;
  }
  for_each_row(selection, own);
}

Chunk::Chunk(std::span<const PhysicalType> types, Arena& arena) {
  auto* columns = arena.make_array<Vector>(types.size());
  for (size_t i = 0; i < types.size(); ++i) new (&columns[i]) Vector(types[i], arena);
  columns_ = {columns, types.size()};
}

Chunk::Chunk(uint32_t columns, Arena& arena) {
  auto* vectors = arena.make_array<Vector>(columns);
  for (uint32_t i = 0; i < columns; ++i) new (&vectors[i]) Vector();
  columns_ = {vectors, columns};
}

}  // namespace varve::vector
