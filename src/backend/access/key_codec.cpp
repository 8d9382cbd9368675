#include "access/key_codec.h"

#include <cstring>

#include "common/bytes.h"
#include "common/check.h"
#include "types/collation.h"

namespace varve::access {

using types::PhysicalType;
using types::Value;

namespace {

constexpr char kNullFirst = 0, kPresent = 1, kNullLast = 2;

template <class T>
void append_be(std::string& out, T v) {
  char bytes[sizeof(T)];
  store_be<T>(bytes, v);
  out.append(bytes, sizeof(T));
}

template <class Unsigned>
void append_int(std::string& out, Unsigned bits, bool is_unsigned) {
  constexpr auto kSign = static_cast<Unsigned>(Unsigned{1} << (sizeof(Unsigned) * 8 - 1));
  append_be<Unsigned>(out, static_cast<Unsigned>(is_unsigned ? bits : bits ^ kSign));
}

template <class Float, class Unsigned>
void append_float(std::string& out, Float v) {
  constexpr Unsigned kSign = Unsigned{1} << (sizeof(Unsigned) * 8 - 1);
  if (v == 0) v = 0;  // -0
  Unsigned bits;
  std::memcpy(&bits, &v, sizeof(v));
  if (v != v) bits = ~kSign;  // any NaN: above infinity
  append_be<Unsigned>(out, (bits & kSign) != 0 ? ~bits : bits | kSign);
}

void append_interval_key(std::string& out, const types::Interval& v) {
  auto shifted = static_cast<unsigned __int128>(types::interval_span(v) + (static_cast<__int128>(1) << 79));
  append_be<uint16_t>(out, static_cast<uint16_t>(shifted >> 64));
  append_be<uint64_t>(out, static_cast<uint64_t>(shifted));
}

void append_timetz_key(std::string& out, const types::TimeTz& v) {
  int64_t moment = v.us + int64_t{v.zone_seconds_west} * types::kUsPerSecond;
  append_int<uint64_t>(out, static_cast<uint64_t>(moment), false);
  append_int<uint32_t>(out, static_cast<uint32_t>(v.zone_seconds_west), false);
}

// From `begin` to the end of `out`: zero bytes are escaped and an end is put behind.
void terminate(std::string& out, size_t begin) {
  for (size_t at = begin; (at = out.find('\0', at)) != std::string::npos; at += 2)
    out.insert(at + 1, 1, '\xff');
  out.append(2, '\0');
}

void append_string(std::string& out, const KeyColumn& column, const types::StringRef& s) {
  std::string_view text = s.view();
  if (column.order == KeyOrder::kBpchar) {
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  }
  size_t begin = out.size();
  if (column.collation == nullptr || column.collation->is_c()) {
    out.append(text);
  } else {
    column.collation->append_sort_key(out, text);
  }
  terminate(out, begin);
}

void append_body(std::string& out, const KeyColumn& column, const Value& v) {
  bool is_unsigned = column.order == KeyOrder::kUnsigned;
  switch (column.type) {
    case PhysicalType::kBool:
      out.push_back(v.boolean != 0 ? 1 : 0);
      return;
    case PhysicalType::kInt16:
      return append_int<uint16_t>(out, static_cast<uint16_t>(v.int16), is_unsigned);
    case PhysicalType::kInt32:
      return append_int<uint32_t>(out, static_cast<uint32_t>(v.int32), is_unsigned);
    case PhysicalType::kInt64:
      return append_int<uint64_t>(out, static_cast<uint64_t>(v.int64), is_unsigned);
    case PhysicalType::kFloat32:
      return append_float<float, uint32_t>(out, v.float32);
    case PhysicalType::kFloat64:
      return append_float<double, uint64_t>(out, v.float64);
    case PhysicalType::kNumeric:
      return types::append_numeric_key(out, v.numeric);
    case PhysicalType::kInterval:
      return column.order == KeyOrder::kTimeTz ? append_timetz_key(out, v.timetz)
                                               : append_interval_key(out, v.interval);
    case PhysicalType::kUuid:
      out.append(reinterpret_cast<const char*>(v.uuid.bytes), 16);
      return;
    case PhysicalType::kString:
      return append_string(out, column, v.string);
  }
  VARVE_CHECK(false);
}

}  // namespace

void append_key_column(std::string& out, const KeyColumn& column, const Value& value) {
  if (column.nullable) {
    if (value.null) {
      out.push_back(column.nulls_first ? kNullFirst : kNullLast);
      return;
    }
    out.push_back(kPresent);
  }
  VARVE_CHECK(!value.null);
  size_t begin = out.size();
  append_body(out, column, value);
  if (column.descending) {
    for (size_t i = begin; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
}

void append_key(std::string& out, std::span<const KeyColumn> columns, std::span<const Value> values) {
  VARVE_CHECK(values.size() <= columns.size());
  for (size_t i = 0; i < values.size(); ++i) append_key_column(out, columns[i], values[i]);
}

}  // namespace varve::access
