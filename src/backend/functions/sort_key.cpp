#include "functions/sort_key.h"

#include <cstring>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "json/jsonb.h"
#include "kernel.h"
#include "network/network_value.h"
#include "range/range_value.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_query.h"
#include "types/datetime.h"

namespace varve::functions {

namespace {

using types::PhysicalType;

template <class T>
void append_be(std::string& out, T v) {
  char bytes[sizeof(T)];
  store_be<T>(bytes, v);
  out.append(bytes, sizeof(T));
}
template <class Unsigned>
void append_signed(std::string& out, Unsigned bits) {
  append_be<Unsigned>(out, static_cast<Unsigned>(bits ^ (Unsigned{1} << (sizeof(Unsigned) * 8 - 1))));
}
template <class Float, class Unsigned>
void append_float(std::string& out, Float v) {
  constexpr Unsigned kSign = Unsigned{1} << (sizeof(Unsigned) * 8 - 1);
  if (v == 0) v = 0;
  Unsigned bits;
  std::memcpy(&bits, &v, sizeof(v));
  if (v != v) bits = ~kSign;
  append_be<Unsigned>(out, (bits & kSign) != 0 ? ~bits : bits | kSign);
}
// Self-delimiting: zero bytes are escaped, two of them end it.
void append_escaped(std::string& out, std::string_view s) {
  for (char c : s) {
    out += c;
    if (c == '\0') out += '\xff';
  }
  out.append(2, '\0');
}

void append_value_key(std::string& out, Oid type, const Value& v) {
  switch (v.type) {
    case PhysicalType::kBool:
      out += static_cast<char>(v.boolean);
      return;
    case PhysicalType::kInt16:
      return append_signed<uint16_t>(out, static_cast<uint16_t>(v.int16));
    case PhysicalType::kInt32:
      if (type == type_oid::kInt4 || type == type_oid::kDate) {
        return append_signed<uint32_t>(out, static_cast<uint32_t>(v.int32));
      }
      return append_be<uint32_t>(out, v.oid());
    case PhysicalType::kInt64:
      return append_signed<uint64_t>(out, static_cast<uint64_t>(v.int64));
    case PhysicalType::kFloat32:
      return append_float<float, uint32_t>(out, v.float32);
    case PhysicalType::kFloat64:
      return append_float<double, uint64_t>(out, v.float64);
    case PhysicalType::kNumeric:
      return types::append_numeric_key(out, v.numeric);
    case PhysicalType::kInterval: {
      if (type == type_oid::kTimetz) {
        int64_t moment = v.timetz.us + int64_t{v.timetz.zone_seconds_west} * types::kUsPerSecond;
        append_signed<uint64_t>(out, static_cast<uint64_t>(moment));
        return append_signed<uint32_t>(out, static_cast<uint32_t>(v.timetz.zone_seconds_west));
      }
      auto shifted =
          static_cast<unsigned __int128>(types::interval_span(v.interval) + (static_cast<__int128>(1) << 79));
      append_be<uint16_t>(out, static_cast<uint16_t>(shifted >> 64));
      return append_be<uint64_t>(out, static_cast<uint64_t>(shifted));
    }
    case PhysicalType::kUuid:
      out.append(reinterpret_cast<const char*>(v.uuid.bytes), 16);
      return;
    case PhysicalType::kString:
      break;
  }
  std::string_view s = v.view();
  if (type == type_oid::kBpchar) s = types::trim_bpchar(s);
  SortKeyFunction function = sort_key_function(type);
  if (function == nullptr) return append_escaped(out, s);
  std::string key;
  function(key, s);
  append_escaped(out, key);
}

// Elements (NULLs last), an end that sorts before any, then the shape.
void append_array_key(std::string& out, std::string_view bytes) {
  ArrayView view(bytes);
  Arena arena;
  for (uint32_t i = 0; i < view.count(); ++i) {
    out += view.is_null(i) ? '\2' : '\1';
    if (!view.is_null(i)) append_value_key(out, view.element_type(), view.at(i, arena));
  }
  out += '\0';
  append_be<uint32_t>(out, static_cast<uint32_t>(view.dimensions()));
  for (int d = 0; d < view.dimensions(); ++d)
    append_signed<uint32_t>(out, static_cast<uint32_t>(view.dimension(d).length));
  for (int d = 0; d < view.dimensions(); ++d)
    append_signed<uint32_t>(out, static_cast<uint32_t>(view.dimension(d).lower));
}

void append_bit_key(std::string& out, std::string_view bytes) {
  append_escaped(out, bytes.substr(4));
  append_be<uint32_t>(out, load_raw<uint32_t>(bytes.data()));
}

void append_json_key(std::string& out, JsonbView v, uint32_t depth) {
  if (depth > kMaxJsonDepth) throw_json_depth();
  switch (v.type()) {
    case JsonType::kNull:
      out += '\0';
      return;
    case JsonType::kString:
      out += '\1';
      return append_escaped(out, v.string());
    case JsonType::kNumber: {
      Arena arena;
      out += '\2';
      return types::append_numeric_key(out, v.number(arena));
    }
    case JsonType::kFalse:
      out.append("\3\0", 2);
      return;
    case JsonType::kTrue:
      out.append("\3\1", 2);
      return;
    case JsonType::kArray:
      out += '\4';
      break;
    case JsonType::kObject:
      out += '\5';
      break;
  }
  append_be<uint32_t>(out, v.count());
  for (uint32_t i = 0; i < v.count(); ++i) {
    if (v.is_object()) append_escaped(out, v.key(i));
    append_json_key(out, v.item(i), depth + 1);
  }
}
// At the top an empty array sorts before scalars, and those before arrays.
void append_jsonb_key(std::string& out, std::string_view bytes) {
  JsonbView v(bytes);
  out += v.is_object() ? '\3' : !v.is_array() ? '\1' : v.count() == 0 ? '\0' : '\2';
  append_json_key(out, v, 0);
}

void append_range_part(std::string& out, const RangeValue& r) {
  if (r.empty) {
    out += '\0';
    return;
  }
  Oid subtype = range_subtype(r.type);
  out += '\1';
  out += r.lower.infinite ? '\0' : '\1';
  if (!r.lower.infinite) {
    append_value_key(out, subtype, r.lower.value);
    out += r.lower.inclusive ? '\0' : '\1';
  }
  out += r.upper.infinite ? '\2' : '\1';
  if (!r.upper.infinite) {
    append_value_key(out, subtype, r.upper.value);
    out += r.upper.inclusive ? '\1' : '\0';
  }
}
void append_range_key(std::string& out, std::string_view bytes) {
  Arena arena;
  append_range_part(out, read_range(bytes, arena));
}
void append_multirange_key(std::string& out, std::string_view bytes) {
  Arena arena;
  for (const RangeValue& r : read_multirange(bytes, arena).ranges) {
    out += '\1';
    append_range_part(out, r);
  }
  out += '\0';
}

// Networks before what they contain: the network's bits, their number, then the address.
void append_inet_key(std::string& out, std::string_view bytes) {
  InetAddress a = read_inet(bytes), network = network_part(a);
  out += static_cast<char>(a.family);
  out.append(reinterpret_cast<const char*>(network.bytes), static_cast<size_t>(a.size()));
  out += static_cast<char>(a.bits);
  out.append(reinterpret_cast<const char*>(a.bytes), static_cast<size_t>(a.size()));
}

}  // namespace

SortKeyFunction sort_key_function(Oid oid) {
  const TypeInfo* type = type_by_oid(oid);
  if (type == nullptr || type->physical != PhysicalType::kString) return nullptr;
  if (type->category == 'A') return append_array_key;
  if (is_range_type(oid)) return append_range_key;
  if (is_multirange_type(oid)) return append_multirange_key;
  switch (oid.value()) {
    case type_oid::kBit.value():
    case type_oid::kVarbit.value():
      return append_bit_key;
    case type_oid::kJsonb.value():
      return append_jsonb_key;
    case type_oid::kInet.value():
    case type_oid::kCidr.value():
      return append_inet_key;
    case type_oid::kTsvector.value():
      return append_lexemes_key;
    case type_oid::kTsquery.value():
      return append_query_key;
    default:
      return nullptr;
  }
}

}  // namespace varve::functions
