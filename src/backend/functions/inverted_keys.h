// What the parts of functions/inverted_keys.h share. Private to the module.
#pragma once

#include "common/bytes.h"
#include "functions/inverted_keys.h"
#include "functions/postgres_hash.h"

namespace varve::functions {

inline void append_hash(std::string& out, uint64_t hash) {
  char bytes[sizeof(hash)];
  store_be<uint64_t>(bytes, hash);
  out.append(bytes, sizeof(bytes));
}

// The kind of key, then what it is of, or a hash of that.
inline std::string tagged_key(char tag, std::string_view bytes) {
  std::string key;
  if (bytes.size() <= kMaxInvertedBytes) {
    key.reserve(1 + bytes.size());
    key.push_back(tag);
    key.append(bytes);
    return key;
  }
  key.push_back('h');
  key.push_back(tag);
  append_hash(key, hash_bytes(bytes, static_cast<uint8_t>(tag)));
  return key;
}

// One of each key.
std::vector<KeyQuery> key_queries(std::vector<std::string> keys);

// Neither sorted nor each once yet.
void append_jsonb_keys(InvertedClass kind, std::string_view value, std::vector<std::string>* keys);
KeyQuery jsonb_query(InvertedClass kind, InvertedOp op, const types::Value& argument);

}  // namespace varve::functions
