// Hashing, equality and order of values by SQL type, a vector at a time: what joins, groups and sorts share.
#pragma once

#include <cstdint>

#include "functions/registry.h"
#include "vector/chunk.h"

namespace varve::executor {

using vector::Selection;
using vector::Vector;

// How to compare the values of one key.
struct KeyType {
  Oid type;
  types::PhysicalType physical = types::PhysicalType::kInt32;
  bool bitwise = false;  // equal values have equal bits (strings: equal bytes)
  functions::CompareFunction compare = nullptr;
  functions::HashFunction hash = nullptr;
  const types::Collation* collation = nullptr;
};

bool is_integer_type(Oid type);  // int2, int4, int8

enum class KeyUse : uint8_t { kHash, kSort };
// Throws 42883 as PostgreSQL does when the type has no such support.
KeyType make_key_type(Oid type, const types::Collation* collation, KeyUse use);

uint64_t hash_value(const KeyType& key, const void* value);
bool equal_values(const KeyType& key, const void* a, const void* b);

inline constexpr uint64_t kNullHash = 0x9AE16A3B2F90404FULL;

// hashes[i] belongs to row rows[i]; `combine` mixes into what is there. NULLs hash alike.
void hash_vector(const KeyType& key, const Vector& v, const Selection& rows, uint64_t* hashes, bool combine);

}  // namespace varve::executor
