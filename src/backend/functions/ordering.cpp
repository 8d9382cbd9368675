// compare_function() and hash_function(): one pair per physical form and order.
#include "ordering.h"

#include <bit>

#include "functions/array.h"
#include "functions/record.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "json/jsonb.h"
#include "network/network_value.h"
#include "range/range_value.h"
#include "textsearch/lexeme_vector.h"
#include "textsearch/search_query.h"

namespace varve::functions {

namespace {

using types::Collation;
using types::PhysicalType;
using types::StringRef;

template <class T>
const T& as(const void* p) {
  return *static_cast<const T*>(p);
}

template <class T>
int compare_plain(const void* a, const void* b, const Collation*) {
  return three_way(as<T>(a), as<T>(b));
}
template <class T>
int compare_float(const void* a, const void* b, const Collation*) {
  return compare_floats(as<T>(a), as<T>(b));
}
template <class T>
int compare_class(const void* a, const void* b, const Collation*) {
  return types::compare(as<T>(a), as<T>(b));
}
int compare_uuids(const void* a, const void* b, const Collation*) {
  return three_way(std::memcmp(a, b, 16), 0);
}
int compare_bytes(const void* a, const void* b, const Collation*) {
  return as<StringRef>(a).compare(as<StringRef>(b));
}
int compare_strings(const void* a, const void* b, const Collation* collation) {
  if (collation == nullptr || collation->is_c()) return compare_bytes(a, b, nullptr);
  return collation->compare(as<StringRef>(a).view(), as<StringRef>(b).view());
}
int compare_bpchars(const void* a, const void* b, const Collation* collation) {
  // Stored values of one column are padded alike: mostly the same bytes mean equal.
  if (as<StringRef>(a) == as<StringRef>(b)) return 0;
  return compare_text(types::trim_bpchar(as<StringRef>(a).view()),
                      types::trim_bpchar(as<StringRef>(b).view()), collation);
}
int compare_bit_strings(const void* a, const void* b, const Collation*) {
  return compare_bits(as<StringRef>(a).view(), as<StringRef>(b).view());
}
int compare_array_values(const void* a, const void* b, const Collation* collation) {
  return compare_arrays(as<StringRef>(a).view(), as<StringRef>(b).view(), collation);
}

int compare_jsonb_values(const void* a, const void* b, const Collation*) {
  return compare_jsonb(as<StringRef>(a).view(), as<StringRef>(b).view());
}
uint64_t hash_jsonb_value(const void* v, const Collation*) { return hash_jsonb(as<StringRef>(v).view()); }

int compare_inets(const void* a, const void* b, const Collation*) {
  return compare_inet(as<StringRef>(a).view(), as<StringRef>(b).view());
}
int compare_range_values(const void* a, const void* b, const Collation*) {
  return compare_range_bytes(as<StringRef>(a).view(), as<StringRef>(b).view());
}
int compare_multirange_values(const void* a, const void* b, const Collation*) {
  return compare_multirange_bytes(as<StringRef>(a).view(), as<StringRef>(b).view());
}
int compare_tsvectors(const void* a, const void* b, const Collation*) {
  return compare_lexemes(as<StringRef>(a).view(), as<StringRef>(b).view());
}
int compare_tsqueries(const void* a, const void* b, const Collation*) {
  return compare_queries(read_query(as<StringRef>(a).view()), read_query(as<StringRef>(b).view()));
}
// Weights and prefixes do not count where queries are compared, so the key is what is hashed.
uint64_t hash_tsquery(const void* v, const Collation*) {
  std::string key;
  append_query_key(key, as<StringRef>(v).view());
  return hash_bytes(key);
}
template <bool kMulti>
uint64_t hash_range_value(const void* v, const Collation*) {
  return hash_range_bytes(as<StringRef>(v).view(), kMulti);
}

// Integers of every width hash alike, so that int4 and int8 keys can meet in one hash join.
template <class T>
uint64_t hash_plain(const void* v, const Collation*) {
  return hash_int(static_cast<uint64_t>(static_cast<int64_t>(as<T>(v))));
}
template <class T>
uint64_t hash_float(const void* v, const Collation*) {
  auto d = static_cast<double>(as<T>(v));
  if (d == 0) d = 0;  // -0 equals 0
  if (std::isnan(d)) d = std::numeric_limits<double>::quiet_NaN();
  return hash_int(std::bit_cast<uint64_t>(d));
}
template <class T>
uint64_t hash_class(const void* v, const Collation*) {
  return types::hash(as<T>(v));
}
uint64_t hash_raw16(const void* v, const Collation*) { return hash_bytes(v, 16); }
uint64_t hash_string_bytes(const void* v, const Collation*) { return as<StringRef>(v).hash(); }
uint64_t hash_strings(const void* v, const Collation* collation) {
  if (collation == nullptr || collation->deterministic()) return as<StringRef>(v).hash();
  return collation->hash(as<StringRef>(v).view());
}
uint64_t hash_bpchars(const void* v, const Collation* collation) {
  std::string_view s = types::trim_bpchar(as<StringRef>(v).view());
  if (collation == nullptr || collation->deterministic()) return hash_bytes(s);
  return collation->hash(s);
}
uint64_t hash_array_value(const void* v, const Collation* collation) {
  return hash_array(as<StringRef>(v).view(), collation);
}

int compare_record_values(const void* a, const void* b, const Collation* collation) {
  return compare_records(as<StringRef>(a).view(), as<StringRef>(b).view(), collation);
}
uint64_t hash_record_value(const void* v, const Collation* collation) {
  return hash_record(as<StringRef>(v).view(), collation);
}

struct Order {
  CompareFunction compare;
  HashFunction hash;
};

Order order_of_string(const TypeInfo& type) {
  if (type.kind == 'r') return {compare_range_values, hash_range_value<false>};
  if (type.kind == 'm') return {compare_multirange_values, hash_range_value<true>};
  if (type.category == 'A' || type.oid == type_oid::kRecordArray)
    return {compare_array_values, hash_array_value};
  if (type.kind == 'c' || type.oid == type_oid::kRecord) return {compare_record_values, hash_record_value};
  switch (type.oid.value()) {
    case type_oid::kText.value():
    case type_oid::kVarchar.value():
    case type_oid::kName.value():
      return {compare_strings, hash_strings};
    case type_oid::kBpchar.value():
      return {compare_bpchars, hash_bpchars};
    case type_oid::kBytea.value():
    case type_oid::kQuotedChar.value():
    case type_oid::kUnknown.value():
      return {compare_bytes, hash_string_bytes};
    case type_oid::kBit.value():
    case type_oid::kVarbit.value():
      return {compare_bit_strings, hash_string_bytes};
    case type_oid::kOidvector.value():
    case type_oid::kInt2vector.value():
      return {compare_array_values, hash_array_value};
    case type_oid::kMacaddr.value():
    case type_oid::kMacaddr8.value():
      return {compare_bytes, hash_string_bytes};
    case type_oid::kInet.value():
    case type_oid::kCidr.value():
      return {compare_inets, hash_string_bytes};
    case type_oid::kJsonb.value():
      return {compare_jsonb_values, hash_jsonb_value};
    case type_oid::kTsvector.value():
      return {compare_tsvectors, hash_string_bytes};
    case type_oid::kTsquery.value():
      return {compare_tsqueries, hash_tsquery};
    default:
      return {nullptr, nullptr};
  }
}

Order order_of(Oid oid) {
  const TypeInfo* type = type_by_oid(oid);
  if (type == nullptr) return {nullptr, nullptr};
  switch (type->physical) {
    case PhysicalType::kBool:
      return {compare_plain<uint8_t>, hash_plain<uint8_t>};
    case PhysicalType::kInt16:
      return {compare_plain<int16_t>, hash_plain<int16_t>};
    case PhysicalType::kInt32:
      if (oid == type_oid::kVoid) return {nullptr, nullptr};
      if (oid == type_oid::kXid || oid == type_oid::kCid) return {nullptr, hash_plain<uint32_t>};
      // oid and reg* are unsigned; date and int4 are not.
      if (oid == type_oid::kInt4 || oid == type_oid::kDate)
        return {compare_plain<int32_t>, hash_plain<int32_t>};
      return {compare_plain<uint32_t>, hash_plain<uint32_t>};
    case PhysicalType::kInt64:
      if (oid == type_oid::kXid8 || oid == type_oid::kTid || oid == Oid{3220}) {
        return {compare_plain<uint64_t>, hash_plain<uint64_t>};
      }
      return {compare_plain<int64_t>, hash_plain<int64_t>};
    case PhysicalType::kFloat32:
      return {compare_float<float>, hash_float<float>};
    case PhysicalType::kFloat64:
      return {compare_float<double>, hash_float<double>};
    case PhysicalType::kNumeric:
      return {compare_class<types::Numeric>, hash_class<types::Numeric>};
    case PhysicalType::kInterval:
      if (oid == type_oid::kTimetz) return {compare_class<types::TimeTz>, hash_class<types::TimeTz>};
      return {compare_class<types::Interval>, hash_class<types::Interval>};
    case PhysicalType::kUuid:
      return {compare_uuids, hash_raw16};
    case PhysicalType::kString:
      return order_of_string(*type);
  }
  return {nullptr, nullptr};
}

}  // namespace

CompareFunction compare_function(Oid type) { return order_of(type).compare; }
HashFunction hash_function(Oid type) { return order_of(type).hash; }

}  // namespace varve::functions
