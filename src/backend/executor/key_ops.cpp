#include "key_ops.h"

#include <fmt/format.h>

#include "common/hash.h"
#include "common/sql_error.h"
#include "executor/expression_program.h"
#include "functions/type_oids.h"

namespace varve::executor {

using types::PhysicalType;
using types::StringRef;

bool is_integer_type(Oid type) {
  return type == type_oid::kInt2 || type == type_oid::kInt4 || type == type_oid::kInt8;
}

namespace {

bool is_plain_text(Oid type) {
  return type == type_oid::kText || type == type_oid::kVarchar || type == type_oid::kName ||
         type == type_oid::kBytea || type == type_oid::kUnknown;
}

template <class T>
void hash_integers(const Vector& v, const Selection& rows, uint64_t* hashes, bool combine) {
  const T* data = v.data<T>();
  auto one = [&](uint32_t row) {
    return hash_int(static_cast<uint64_t>(static_cast<int64_t>(data[v.index(row)])));
  };
  if (!combine && !v.has_nulls() && !v.is_constant()) {
    if (rows.is_dense()) {
      for (uint32_t i = 0; i < rows.count; ++i)
        hashes[i] = hash_int(static_cast<uint64_t>(static_cast<int64_t>(data[i])));
    } else {
      for (uint32_t i = 0; i < rows.count; ++i)
        hashes[i] = hash_int(static_cast<uint64_t>(static_cast<int64_t>(data[rows.rows[i]])));
    }
    return;
  }
  for (uint32_t i = 0; i < rows.count; ++i) {
    uint32_t row = rows[i];
    uint64_t h = v.is_null(row) ? kNullHash : one(row);
    hashes[i] = combine ? hash_combine(hashes[i], h) : h;
  }
}

template <class F>
void hash_each(const Vector& v, const Selection& rows, uint64_t* hashes, bool combine, F&& f) {
  size_t width = types::physical_width(v.type());
  for (uint32_t i = 0; i < rows.count; ++i) {
    uint32_t row = rows[i];
    uint64_t h = v.is_null(row) ? kNullHash : f(v.raw() + width * v.index(row));
    hashes[i] = combine ? hash_combine(hashes[i], h) : h;
  }
}

}  // namespace

KeyType make_key_type(Oid type, const types::Collation* collation, KeyUse use) {
  KeyType key;
  key.type = type;
  key.physical = functions::physical_type_of(type);
  key.collation = collation != nullptr ? collation : &types::Collation::c();
  switch (key.physical) {
    case PhysicalType::kBool:
    case PhysicalType::kInt16:
    case PhysicalType::kInt32:
    case PhysicalType::kInt64:
    case PhysicalType::kUuid:
      key.bitwise = true;
      break;
    case PhysicalType::kString:
      key.bitwise = is_plain_text(type) && key.collation->deterministic();
      break;
    default:
      break;
  }
  key.compare = functions::compare_function(type);
  key.hash = functions::hash_function(type);
  if (use == KeyUse::kSort && key.compare == nullptr) {
    throw SqlError(
        sqlstate::kUndefinedFunction,
        fmt::format("could not identify an ordering operator for type {}", functions::format_type(type, -1)))
        .hint("Use an explicit ordering operator or modify the query.");
  }
  if (use == KeyUse::kHash && !key.bitwise && (key.hash == nullptr || key.compare == nullptr)) {
    throw SqlError(sqlstate::kUndefinedFunction, fmt::format("could not identify a hash function for type {}",
                                                             functions::format_type(type, -1)));
  }
  return key;
}

uint64_t hash_value(const KeyType& key, const void* value) {
  if (!key.bitwise) return key.hash(value, key.collation);
  switch (key.physical) {
    case PhysicalType::kBool:
      return hash_int(load_raw<uint8_t>(value));
    case PhysicalType::kInt16:
      return hash_int(static_cast<uint64_t>(static_cast<int64_t>(load_raw<int16_t>(value))));
    case PhysicalType::kInt32:
      return hash_int(static_cast<uint64_t>(static_cast<int64_t>(load_raw<int32_t>(value))));
    case PhysicalType::kInt64:
      return hash_int(load_raw<uint64_t>(value));
    case PhysicalType::kString:
      return static_cast<const StringRef*>(value)->hash();
    default:
      return hash_combine(load_raw<uint64_t>(value), load_raw<uint64_t>(static_cast<const char*>(value) + 8));
  }
}

bool equal_values(const KeyType& key, const void* a, const void* b) {
  if (!key.bitwise) return key.compare(a, b, key.collation) == 0;
  switch (types::physical_width(key.physical)) {
    case 1:
      return load_raw<uint8_t>(a) == load_raw<uint8_t>(b);
    case 2:
      return load_raw<uint16_t>(a) == load_raw<uint16_t>(b);
    case 4:
      return load_raw<uint32_t>(a) == load_raw<uint32_t>(b);
    case 8:
      return load_raw<uint64_t>(a) == load_raw<uint64_t>(b);
    default:
      break;
  }
  if (key.physical == PhysicalType::kString) return load_raw<StringRef>(a) == load_raw<StringRef>(b);
  return std::memcmp(a, b, 16) == 0;
}

void hash_vector(const KeyType& key, const Vector& v, const Selection& rows, uint64_t* hashes, bool combine) {
  if (key.bitwise) {
    switch (v.type()) {
      case PhysicalType::kBool:
        return hash_integers<uint8_t>(v, rows, hashes, combine);
      case PhysicalType::kInt16:
        return hash_integers<int16_t>(v, rows, hashes, combine);
      case PhysicalType::kInt32:
        return hash_integers<int32_t>(v, rows, hashes, combine);
      case PhysicalType::kInt64:
        return hash_integers<int64_t>(v, rows, hashes, combine);
      case PhysicalType::kString:
        return hash_each(v, rows, hashes, combine,
                         [](const void* p) { return static_cast<const StringRef*>(p)->hash(); });
      default:
        break;
    }
  }
  hash_each(v, rows, hashes, combine, [&](const void* p) { return hash_value(key, p); });
}

}  // namespace varve::executor
