// One scalar value of any physical type: how values travel one at a time (constants, parameters, index bounds,
// catalog rows). Where there are many, use vectors. Trivially copyable; strings and big numerics point into
// memory that must outlive it.
#pragma once

#include <cstdint>

#include "types/interval.h"
#include "types/numeric.h"
#include "types/physical_type.h"
#include "types/string_ref.h"
#include "types/text_codec.h"

namespace varve::types {

struct Value {
  PhysicalType type = PhysicalType::kInt32;
  bool is_null = true;
  // The first physical_width(type) bytes are the C++ value, as a vector stores it.
  alignas(16) uint8_t bytes[16] = {};

  Value() = default;
  template <class T>
  Value(PhysicalType t, const T& v) : type(t), is_null(false) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 16);
    store_raw(bytes, v);
  }
  static Value null(PhysicalType t) {
    Value v;
    v.type = t;
    return v;
  }
  static Value of_bool(bool v) { return {PhysicalType::kBool, static_cast<uint8_t>(v)}; }
  static Value of_int16(int16_t v) { return {PhysicalType::kInt16, v}; }
  static Value of_int32(int32_t v) { return {PhysicalType::kInt32, v}; }
  static Value of_int64(int64_t v) { return {PhysicalType::kInt64, v}; }
  static Value of_float64(double v) { return {PhysicalType::kFloat64, v}; }
  static Value of_oid(uint32_t v) { return {PhysicalType::kInt32, static_cast<int32_t>(v)}; }
  // The bytes behind a long string stay where they are.
  static Value of_string(std::string_view v) { return {PhysicalType::kString, StringRef(v)}; }

  template <class T>
  T get() const {
    static_assert(sizeof(T) <= 16);
    return load_raw<T>(bytes);
  }
  bool boolean() const { return get<uint8_t>() != 0; }
  uint32_t oid() const { return static_cast<uint32_t>(get<int32_t>()); }
  // Valid while this Value stays where it is (short strings are inline).
  const StringRef& string_ref() const { return *reinterpret_cast<const StringRef*>(bytes); }
  std::string_view string() const { return string_ref().view(); }
};

// Deep copy: strings and big numerics move into `arena`.
Value copy_value(const Value& v, Arena& arena);
// Same type. NULLs compare equal; strings by bytes. For dedup and tests, not for SQL's operators.
bool values_identical(const Value& a, const Value& b);

}  // namespace varve::types
