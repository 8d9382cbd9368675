// One scalar value with its NULL flag: how rows, keys and literals are passed where no vector is at hand.
//
// Trivially copyable, 24 bytes. Long strings and big numerics live elsewhere and must outlive it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "types/datetime.h"
#include "types/interval.h"
#include "types/numeric.h"
#include "types/physical_type.h"
#include "types/string_ref.h"
#include "types/text_codec.h"

namespace varve::types {

struct Value {
  union {
    uint8_t boolean;  // 0 or 1
    int16_t int16;
    int32_t int32;
    int64_t int64;
    float float32;
    double float64;
    Numeric numeric;
    Interval interval;
    TimeTz timetz;  // physical type kInterval
    Uuid uuid;
    StringRef string;
    uint64_t words[2];
  };
  PhysicalType type;
  bool null;

  Value() : words{0, 0}, type(PhysicalType::kInt32), null(true) {}

  // Any physical type by its C++ type: Value(PhysicalType::kInt64, int64_t{5}).
  template <class T>
  Value(PhysicalType t, const T& v) : words{0, 0}, type(t), null(false) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(words));
    std::memcpy(words, &v, sizeof(T));
  }
  template <class T>
  T get() const {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(words));
    T v;
    std::memcpy(&v, words, sizeof(T));
    return v;
  }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(words); }
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(words); }
  // Of kString; valid while this Value stays where it is (short strings lie inside).
  std::string_view view() const& { return string.view(); }
  std::string_view view() const&& = delete;
  uint32_t oid() const { return static_cast<uint32_t>(int32); }

  static Value null_of(PhysicalType t) {
    Value v;
    v.type = t;
    return v;
  }
  static Value of_bool(bool b) {
    return make(PhysicalType::kBool, [&](Value& v) { v.boolean = b; });
  }
  static Value of_int16(int16_t i) {
    return make(PhysicalType::kInt16, [&](Value& v) { v.int16 = i; });
  }
  static Value of_int32(int32_t i) {
    return make(PhysicalType::kInt32, [&](Value& v) { v.int32 = i; });
  }
  static Value of_int64(int64_t i) {
    return make(PhysicalType::kInt64, [&](Value& v) { v.int64 = i; });
  }
  static Value of_float32(float f) {
    return make(PhysicalType::kFloat32, [&](Value& v) { v.float32 = f; });
  }
  static Value of_float64(double f) {
    return make(PhysicalType::kFloat64, [&](Value& v) { v.float64 = f; });
  }
  static Value of_numeric(const Numeric& n) {
    return make(PhysicalType::kNumeric, [&](Value& v) { v.numeric = n; });
  }
  static Value of_interval(const Interval& i) {
    return make(PhysicalType::kInterval, [&](Value& v) { v.interval = i; });
  }
  static Value of_timetz(const TimeTz& t) {
    return make(PhysicalType::kInterval, [&](Value& v) { v.timetz = t; });
  }
  static Value of_uuid(const Uuid& u) {
    return make(PhysicalType::kUuid, [&](Value& v) { v.uuid = u; });
  }
  static Value of_oid(uint32_t oid) { return of_int32(static_cast<int32_t>(oid)); }
  static Value of_string(std::string_view s) { return of_string(StringRef(s)); }
  static Value of_string(const StringRef& s) {
    return make(PhysicalType::kString, [&](Value& v) { v.string = s; });
  }

 private:
  template <class F>
  static Value make(PhysicalType t, F&& set) {
    Value v;
    v.type = t;
    v.null = false;
    set(v);
    return v;
  }
};
static_assert(sizeof(Value) == 24 && std::is_trivially_copyable_v<Value>);

// Deep copy: strings and big numerics move into `arena`.
Value copy_value(const Value& v, Arena& arena);
// Same type and bits (numerics: same value and scale). NULLs are identical. Not SQL's equality.
bool values_identical(const Value& a, const Value& b);

}  // namespace varve::types
