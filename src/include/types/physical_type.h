// How a value lies in memory, whatever its SQL type: vectors, rows and kernels are chosen by this alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace varve::types {

enum class PhysicalType : uint8_t {
  kBool,      // uint8_t, 0 or 1
  kInt16,     // int2
  kInt32,     // int4, oid (its bits), date
  kInt64,     // int8, time, timestamp, timestamptz
  kFloat32,   // float4
  kFloat64,   // float8
  kNumeric,   // types::Numeric
  kInterval,  // types::Interval; types::TimeTz lies in the same 16 bytes
  kUuid,      // types::Uuid
  kString,    // types::StringRef: text, varchar, bpchar, name, bytea, bit, …
};

inline constexpr size_t kPhysicalTypeCount = 10;

constexpr size_t physical_width(PhysicalType type) {
  constexpr uint8_t kWidths[kPhysicalTypeCount] = {1, 2, 4, 8, 4, 8, 16, 16, 16, 16};
  return kWidths[static_cast<size_t>(type)];
}

constexpr std::string_view physical_name(PhysicalType type) {
  constexpr std::string_view kNames[kPhysicalTypeCount] = {
      "bool", "int16", "int32", "int64", "float32", "float64", "numeric", "interval", "uuid", "string"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace varve::types
