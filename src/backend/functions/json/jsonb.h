// jsonb values: a kString value whose bytes are laid out as below. Not aligned. A part of a value (an array's
// item, an object's value) is itself a value, so taking it out copies nothing.
//
//   u8 type, then
//     0 null | 1 false | 2 true   nothing
//     3 string                    its UTF-8 bytes
//     4 number                    a numeric as append_numeric_row writes it
//     5 array    u32 n | n × u32 end of item i | the items
//     6 object   u32 n | n × u32 end of key i | n × u32 end of value i | the keys | the values
//
// Ends count from the first byte of the items, keys or values. Keys are unique and sorted by length, then by
// bytes: found by binary search, and the order PostgreSQL shows. Numbers keep their scale.
//
// Reading checks every bound: damaged bytes give XX001, never a read outside of the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/bytes.h"
#include "memory/arena.h"
#include "types/numeric.h"

namespace varve::functions {

enum class JsonType : uint8_t { kNull, kFalse, kTrue, kString, kNumber, kArray, kObject };

inline constexpr uint32_t kMaxJsonDepth = 3000;
inline constexpr uint32_t kNotFound = UINT32_MAX;

[[noreturn]] void throw_json_depth();       // 54001
[[noreturn]] void throw_jsonb_corrupted();  // XX001

class JsonbView {
 public:
  explicit JsonbView(std::string_view bytes);

  JsonType type() const { return type_; }
  bool is_array() const { return type_ == JsonType::kArray; }
  bool is_object() const { return type_ == JsonType::kObject; }
  bool is_container() const { return is_array() || is_object(); }
  bool is_null() const { return type_ == JsonType::kNull; }
  bool is_bool() const { return type_ == JsonType::kTrue || type_ == JsonType::kFalse; }
  bool is_string() const { return type_ == JsonType::kString; }
  bool is_number() const { return type_ == JsonType::kNumber; }

  std::string_view bytes() const { return bytes_; }
  std::string_view string() const { return bytes_.substr(1); }
  types::Numeric number(Arena& arena) const;

  // Of containers: items, or an object's keys and values.
  uint32_t count() const { return count_; }
  std::string_view key(uint32_t i) const;
  std::string_view item_bytes(uint32_t i) const;
  JsonbView item(uint32_t i) const { return JsonbView(item_bytes(i)); }
  uint32_t find(std::string_view key) const;  // kNotFound
  // An array's item by SQL's index: from the end if negative. kNotFound if there is none.
  uint32_t find_index(int64_t index) const {
    if (index < 0) index += count_;
    return index < 0 || index >= count_ ? kNotFound : static_cast<uint32_t>(index);
  }

 private:
  uint32_t word(size_t i) const { return load_raw<uint32_t>(bytes_.data() + 5 + 4 * i); }
  std::string_view part(size_t table, uint32_t i, size_t area) const;

  std::string_view bytes_;
  JsonType type_;
  uint32_t count_ = 0;
  size_t keys_ = 0, items_ = 0;  // where they begin
};

// Order of keys.
inline int compare_json_keys(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

// --- building. Parts are values in the form above.
using JsonPair = std::pair<std::string_view, std::string_view>;  // key, value
void append_jsonb_null(std::string& out);
void append_jsonb_bool(std::string& out, bool v);
void append_jsonb_string(std::string& out, std::string_view v);
void append_jsonb_number(std::string& out, const types::Numeric& v);
void append_jsonb_array(std::string& out, const std::vector<std::string_view>& items);
// Sorts; of equal keys the last counts.
void append_jsonb_object(std::string& out, std::vector<JsonPair>& pairs);

// --- text
void append_json_string(std::string& out, std::string_view v);  // quoted and escaped
void append_jsonb_text(std::string& out, JsonbView v);
void append_jsonb_pretty(std::string& out, JsonbView v);
// ->>: strings bare; the caller has dealt with null.
void append_jsonb_as_text(std::string& out, JsonbView v);

// --- order, hash, containment
int compare_jsonb(std::string_view a, std::string_view b);
uint64_t hash_jsonb(std::string_view v);
bool equal_jsonb_scalars(JsonbView a, JsonbView b);
bool jsonb_contains(JsonbView a, JsonbView b);
// ?: an object's key, an array's string, or the string itself.
bool jsonb_has_key(JsonbView v, std::string_view key);

// jsonb_typeof() and error messages: "null", "boolean", "string", "number", "array", "object".
std::string_view json_type_name(JsonType type);

// --- modification. Paths are text, as in SQL.
struct JsonPathElement {
  std::string_view text;
  bool null;
};
struct JsonChange {
  bool create_if_missing = false;
  bool insert_before = false, insert_after = false;
  bool erase = false;
};
void append_jsonb_changed(std::string& out, JsonbView v, const std::vector<JsonPathElement>& path,
                          std::string_view replacement, const JsonChange& change);
void append_jsonb_concatenated(std::string& out, JsonbView a, JsonbView b);
void append_jsonb_without_nulls(std::string& out, JsonbView v);

}  // namespace varve::functions
