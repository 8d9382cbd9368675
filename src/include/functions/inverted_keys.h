// What an inverted index (USING gin) holds of a value, and what it is asked for: for each operator class the
// keys of a value, and from a query the condition on keys that every row it is true of must meet. The
// condition is necessary and not sufficient: who finds a row by it tests the row with the operator itself.
//
// A key is bytes that are compared for equality, or by a prefix:
//   array_ops    0x00 the array is empty | 0x01, the element's bytes (InvertedElement) | 0x02 a NULL element
//   tsvector_ops 0x01, the lexeme
//   jsonb_ops    'k' a key of an object, or a string in an array | 's' another string | 'n' number | 'b'
//   boolean
//                | '0' null; then its bytes: text, an ordered numeric, 0 or 1, nothing
//   jsonb_path_ops  'p', 64 bits: a scalar and the keys that lead to it, hashed
// What is longer than kMaxInvertedBytes stands as 'h', the byte before it and 64 bits of its hash; a lexeme
// never does, so that it is found by its beginning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "types/value.h"

namespace varve::functions {

enum class InvertedClass : uint8_t { kNone, kJsonb, kJsonbPath, kArray, kTsvector };
// `indexed op argument`.
enum class InvertedOp : uint8_t {
  kNone,
  kContains,     // @>
  kContainedBy,  // <@
  kOverlaps,     // &&
  kEqual,        // =
  kExists,       // ?
  kExistsAny,    // ?|
  kExistsAll,    // ?&
  kPathExists,   // @?
  kPathMatch,    // @@ jsonpath
  kTextMatch,    // @@ tsquery
};

inline constexpr size_t kMaxInvertedBytes = 125;

// The classes as PostgreSQL has them: rows of pg_opclass.
struct InvertedClassInfo {
  InvertedClass kind;
  Oid oid;
  std::string_view name;
  Oid type;  // anyarray: any array
  bool is_default;
};
const InvertedClassInfo* inverted_class(Oid oid);
const InvertedClassInfo* inverted_class(InvertedClass kind);
const InvertedClassInfo* inverted_class(std::string_view name);
bool accepts(const InvertedClassInfo& c, Oid type);
// Null: the type has none.
const InvertedClassInfo* default_inverted_class(Oid type);

// The operator of this name, between the index's type and `argument`; kNone: the class does not answer it.
InvertedOp inverted_operator(InvertedClass kind, std::string_view name, Oid argument);

// Writes an array's element (not NULL) as bytes that are equal for equal values.
using InvertedElement = void (*)(std::string& out, Oid type, const types::Value& value);

// The keys of a value, ascending, each once; of NULL none.
void inverted_keys(InvertedClass kind, const types::Value& value, InvertedElement element,
                   std::vector<std::string>* keys);

// A condition on the keys of a row.
struct KeyQuery {
  enum class Kind : uint8_t {
    kNone,    // no row
    kAll,     // any row, also one without keys
    kKey,     // has this key
    kPrefix,  // has a key that begins so
    kAnd,
    kOr,
  } kind = Kind::kNone;
  std::string key;
  std::vector<KeyQuery> parts;  // two or more; none of them kNone or kAll

  static KeyQuery none() { return {}; }
  static KeyQuery all() { return {Kind::kAll, {}, {}}; }
  static KeyQuery of_key(std::string key) { return {Kind::kKey, std::move(key), {}}; }
  static KeyQuery of_prefix(std::string key) { return {Kind::kPrefix, std::move(key), {}}; }
  static KeyQuery conjunction(std::vector<KeyQuery> parts);
  static KeyQuery disjunction(std::vector<KeyQuery> parts);
};
// For tests and traces: "(k:a & (s:b | all))".
std::string to_text(const KeyQuery& query);

// kNone of a NULL argument. Throws what reading the argument throws (jsonpath).
KeyQuery inverted_query(InvertedClass kind, InvertedOp op, const types::Value& argument,
                        InvertedElement element);

}  // namespace varve::functions
