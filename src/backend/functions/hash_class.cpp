// What PostgreSQL's hash operator classes make of a value of each type.
#include <fmt/format.h>

#include "functions/array.h"
#include "functions/postgres_hash.h"
#include "functions/range.h"
#include "functions/record.h"
#include "functions/type_oids.h"
#include "json/jsonb.h"
#include "kernel.h"
#include "network/network_value.h"
#include "range/range_value.h"

namespace varve::functions {

namespace {

constexpr Oid kPgLsn{3220};

// Both halves one to the left, each by itself: so the lower half is what 32 bits alone would give.
constexpr uint64_t rotate_halves(uint64_t v) {
  return (v << 1 & 0xfffffffefffffffe) | (v >> 31 & 0x100000001);
}

// Of arrays, rows and multiranges.
constexpr uint64_t next_element(uint64_t hash, uint64_t element) { return (hash << 5) - hash + element; }

// Its digits to the base 10000 without zeros at either end, and the weight of the first.
uint64_t hash_numeric(const Value& v, uint64_t seed) {
  Arena memory;
  EvalContext context{&memory, nullptr, nullptr};
  std::string wire;
  send_value(type_oid::kNumeric, v, wire, context);
  auto field = [&](size_t i) {
    return static_cast<uint16_t>(static_cast<uint8_t>(wire[2 * i]) << 8 |
                                 static_cast<uint8_t>(wire[2 * i + 1]));
  };
  size_t digits = field(0);
  auto weight = static_cast<int16_t>(field(1));
  if ((field(2) & 0xC000) == 0xC000) return seed;  // NaN, infinity
  size_t first = 0;
  while (first < digits && field(4 + first) == 0) ++first, --weight;
  if (first == digits) return seed - 1;
  while (field(4 + digits - 1) == 0) --digits;
  std::string bytes;
  for (size_t i = first; i < digits; ++i) {
    uint16_t d = field(4 + i);
    bytes.append(reinterpret_cast<const char*>(&d), 2);
  }
  return hash_bytes(bytes, seed) ^ static_cast<uint64_t>(static_cast<int64_t>(weight));
}

uint64_t hash_interval(const Interval& v, uint64_t seed) {
  __int128 us = v.us;
  us += static_cast<__int128>(int64_t{v.months} * 30 + v.days) * 86'400'000'000;
  return hash_int8(static_cast<int64_t>(us), seed);
}

// PostgreSQL numbers the families 2 and 3.
uint64_t hash_inet(std::string_view value, uint64_t seed) {
  InetAddress a = read_inet(value);
  std::string bytes{static_cast<char>(a.family == 4 ? 2 : 3), static_cast<char>(a.bits)};
  bytes.append(reinterpret_cast<const char*>(a.bytes), static_cast<size_t>(a.size()));
  return hash_bytes(bytes, seed);
}

uint64_t hash_oid_vector(std::string_view value, uint64_t seed) {
  ArrayView array(value);
  Arena memory;
  std::string bytes;
  for (uint32_t i = 0; i < array.count(); ++i) {
    uint32_t oid = array.at(i, memory).oid();
    bytes.append(reinterpret_cast<const char*>(&oid), 4);
  }
  return hash_bytes(bytes, seed);
}

uint64_t hash_elements(std::string_view value, uint64_t seed) {
  ArrayView array(value);
  Arena memory;
  uint64_t hash = 1;
  for (uint32_t i = 0; i < array.count(); ++i) {
    uint64_t element =
        array.is_null(i) ? 0 : hash_class_value(array.element_type(), array.at(i, memory), seed);
    hash = next_element(hash, element);
  }
  return hash;
}

uint64_t hash_fields(std::string_view value, uint64_t seed) {
  RecordView record(value);
  Arena memory;
  uint64_t hash = 0;
  for (uint32_t i = 0; i < record.count(); ++i) {
    uint64_t field =
        record.is_null(i) ? 0 : hash_class_value(record.field_type(i), record.at(i, memory), seed);
    hash = next_element(hash, field);
  }
  return hash;
}

uint64_t hash_bounds(const RangeValue& r, uint64_t seed) {
  Oid subtype = range_subtype(r.type);
  auto bound = [&](const RangeBound& b) {
    return r.empty || b.infinite ? 0 : hash_class_value(subtype, b.value, seed);
  };
  uint64_t hash = hash_word(range_flags(r), seed) ^ bound(r.lower);
  return rotate_halves(hash) ^ bound(r.upper);
}

uint64_t hash_ranges(std::string_view value, uint64_t seed) {
  Arena memory;
  uint64_t hash = 1;
  for (const RangeValue& r : read_multirange(value, memory).ranges)
    hash = next_element(hash, hash_bounds(r, seed));
  return hash;
}

// Walks a jsonb value as PostgreSQL does: containers leave a mark, keys and scalars their hash.
class JsonbHash {
 public:
  explicit JsonbHash(uint64_t seed) : seed_(seed) {}

  uint64_t of(std::string_view value) {
    JsonbView root(value);
    if (root.is_container() && root.count() == 0) return seed_;
    if (!root.is_container()) mark(kArray);  // PostgreSQL keeps a scalar in an array of its own
    add(root);
    return hash_;
  }

 private:
  static constexpr uint64_t kArray = 0x40000000, kObject = 0x20000000;

  void mark(uint64_t kind) { hash_ ^= kind << 32 | kind; }
  void scalar(uint64_t hash) { hash_ = rotate_halves(hash_) ^ hash; }

  void add(JsonbView v) {
    if (!v.is_container()) return scalar(scalar_hash(v));
    mark(v.is_array() ? kArray : kObject);
    for (uint32_t i = 0; i < v.count(); ++i) {
      if (v.is_object()) scalar(hash_bytes(v.key(i), seed_));
      add(v.item(i));
    }
  }

  uint64_t scalar_hash(JsonbView v) const {
    if (v.is_null()) return seed_ + 1;
    if (v.is_string()) return hash_bytes(v.string(), seed_);
    if (v.is_number()) {
      Arena memory;
      return hash_numeric(Value::of_numeric(v.number(memory)), seed_);
    }
    bool truth = v.type() == JsonType::kTrue;
    if (seed_ != 0) return hash_word(truth ? 1 : 0, seed_);
    return truth ? 2 : 4;
  }

  uint64_t seed_;
  uint64_t hash_ = 0;
};

uint64_t hash_char(std::string_view v, uint64_t seed) {
  int32_t c = v.empty() ? 0 : static_cast<signed char>(v[0]);
  return hash_word(static_cast<uint32_t>(c), seed);
}

// Block and position, as six bytes in memory.
uint64_t hash_tid(int64_t tid, uint64_t seed) {
  auto block = static_cast<uint32_t>(static_cast<uint64_t>(tid) >> 16);
  uint16_t parts[] = {static_cast<uint16_t>(block >> 16), static_cast<uint16_t>(block),
                      static_cast<uint16_t>(tid)};
  return hash_bytes({reinterpret_cast<const char*>(parts), sizeof parts}, seed);
}

using Hash = uint64_t (*)(const Value& v, uint64_t seed);

uint64_t hash_word_value(const Value& v, uint64_t seed) {
  return hash_word(static_cast<uint32_t>(v.int32), seed);
}
uint64_t hash_int8_value(const Value& v, uint64_t seed) { return hash_int8(v.int64, seed); }
uint64_t hash_text_value(const Value& v, uint64_t seed) { return hash_bytes(v.view(), seed); }

template <uint64_t (*kHash)(std::string_view, uint64_t)>
uint64_t hash_string_value(const Value& v, uint64_t seed) {
  return kHash(v.view(), seed);
}

Hash base_type_hash(Oid type) {
  switch (type.value()) {
    case type_oid::kBool.value():
      return [](const Value& v, uint64_t seed) { return hash_word(v.boolean != 0 ? 1 : 0, seed); };
    case type_oid::kInt2.value():
      return [](const Value& v, uint64_t seed) {
        return hash_word(static_cast<uint32_t>(int32_t{v.int16}), seed);
      };
    case type_oid::kInt4.value():
    case type_oid::kDate.value():
    case type_oid::kOid.value():
    case type_oid::kXid.value():
    case type_oid::kCid.value():
      return hash_word_value;
    case type_oid::kInt8.value():
    case type_oid::kTimestamp.value():
    case type_oid::kTimestamptz.value():
    case type_oid::kTime.value():
    case type_oid::kXid8.value():
    case kPgLsn.value():
      return hash_int8_value;
    case type_oid::kFloat4.value():
      return [](const Value& v, uint64_t seed) { return hash_float8(static_cast<double>(v.float32), seed); };
    case type_oid::kFloat8.value():
      return [](const Value& v, uint64_t seed) { return hash_float8(v.float64, seed); };
    case type_oid::kNumeric.value():
      return hash_numeric;
    case type_oid::kInterval.value():
      return [](const Value& v, uint64_t seed) { return hash_interval(v.interval, seed); };
    case type_oid::kTimetz.value():
      return [](const Value& v, uint64_t seed) {
        return hash_int8(v.timetz.us, seed) ^
               hash_word(static_cast<uint32_t>(v.timetz.zone_seconds_west), seed);
      };
    case type_oid::kUuid.value():
      return [](const Value& v, uint64_t seed) {
        return hash_bytes({reinterpret_cast<const char*>(v.bytes()), 16}, seed);
      };
    case type_oid::kTid.value():
      return [](const Value& v, uint64_t seed) { return hash_tid(v.int64, seed); };
    case type_oid::kText.value():
    case type_oid::kVarchar.value():
    case type_oid::kBytea.value():
    case type_oid::kName.value():
    case type_oid::kMacaddr.value():
    case type_oid::kMacaddr8.value():
      return hash_text_value;
    case type_oid::kBpchar.value():
      return hash_string_value<hash_bpchar>;
    case type_oid::kQuotedChar.value():
      return hash_string_value<hash_char>;
    case type_oid::kInet.value():
    case type_oid::kCidr.value():
      return hash_string_value<hash_inet>;
    case type_oid::kJsonb.value():
      return [](const Value& v, uint64_t seed) { return JsonbHash(seed).of(v.view()); };
    case type_oid::kOidvector.value():
      return hash_string_value<hash_oid_vector>;
    case type_oid::kRecord.value():
      return hash_string_value<hash_fields>;
    default:
      return nullptr;
  }
}

Hash find_hash(Oid type) {
  if (Hash hash = base_type_hash(type)) return hash;
  if (is_range_type(type)) {
    return [](const Value& v, uint64_t seed) {
      Arena memory;
      return hash_bounds(read_range(v.view(), memory), seed);
    };
  }
  if (is_multirange_type(type)) return hash_string_value<hash_ranges>;
  const TypeInfo* info = type_by_oid(type);
  if (info == nullptr) return nullptr;
  if (info->kind == 'e')
    return [](const Value& v, uint64_t seed) { return hash_float8(static_cast<double>(v.float32), seed); };
  if (info->kind == 'c') return hash_string_value<hash_fields>;
  if (info->category == 'A' && info->length == -1) return hash_string_value<hash_elements>;
  const Cast* as_oid = find_cast(type, type_oid::kOid);  // regclass and its kin
  if (as_oid != nullptr && as_oid->function == kInvalidOid && info->physical == types::PhysicalType::kInt32)
    return hash_word_value;
  return nullptr;
}

}  // namespace

bool has_hash_class(Oid type) { return find_hash(type) != nullptr; }

uint64_t hash_class_value(Oid type, const Value& value, uint64_t seed) {
  Hash hash = find_hash(type);
  if (hash == nullptr) {
    throw SqlError(sqlstate::kUndefinedFunction,
                   fmt::format("could not identify {}hash function for type {}",
                               seed == 0 ? "a " : "an extended ", format_type(type, -1)));
  }
  return hash(value, seed);
}

}  // namespace varve::functions
