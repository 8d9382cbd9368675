#include "jsonb.h"

#include <algorithm>
#include <cstring>

#include "common/hash.h"
#include "common/sql_error.h"

namespace varve::functions {

using types::Numeric;

namespace {

constexpr size_t kMaxAreaBytes = 0x0FFFFFFF;

void append_u32(std::string& out, uint32_t v) {
  char bytes[4];
  store_raw(bytes, v);
  out.append(bytes, 4);
}
char tag(JsonType type) { return static_cast<char>(type); }

uint32_t checked_end(size_t end, const char* what) {
  if (end <= kMaxAreaBytes) return static_cast<uint32_t>(end);
  throw SqlError(sqlstate::kProgramLimitExceeded,
                 std::string("total size of jsonb ") + what + " exceeds the maximum of 268435455 bytes");
}

}  // namespace

void throw_json_depth() {
  throw SqlError(sqlstate::kStatementTooComplex, "stack depth limit exceeded")
      .hint("Values may be nested 3000 levels deep.");
}
void throw_jsonb_corrupted() { throw SqlError(sqlstate::kDataCorrupted, "jsonb value is damaged"); }

JsonbView::JsonbView(std::string_view bytes) : bytes_(bytes) {
  if (bytes.empty() || static_cast<uint8_t>(bytes[0]) > static_cast<uint8_t>(JsonType::kObject))
    throw_jsonb_corrupted();
  type_ = static_cast<JsonType>(bytes[0]);
  if (!is_container()) return;
  if (bytes.size() < 5) throw_jsonb_corrupted();
  count_ = load_raw<uint32_t>(bytes.data() + 1);
  size_t tables = is_object() ? 2 : 1;
  if (count_ > (bytes.size() - 5) / 4 / tables) throw_jsonb_corrupted();
  keys_ = items_ = 5 + 4 * tables * count_;
  if (is_object() && count_ > 0) {
    items_ += word(count_ - 1);
    if (items_ > bytes.size()) throw_jsonb_corrupted();
  }
}

std::string_view JsonbView::part(size_t table, uint32_t i, size_t area) const {
  if (i >= count_) throw_jsonb_corrupted();
  size_t begin = area + (i == 0 ? 0 : word(table + i - 1)), end = area + word(table + i);
  if (begin > end || end > bytes_.size()) throw_jsonb_corrupted();
  return bytes_.substr(begin, end - begin);
}
std::string_view JsonbView::key(uint32_t i) const { return part(0, i, keys_); }
std::string_view JsonbView::item_bytes(uint32_t i) const { return part(is_object() ? count_ : 0, i, items_); }

Numeric JsonbView::number(Arena& arena) const {
  std::string_view row = bytes_.substr(1);
  if (!types::is_numeric_row(row)) throw_jsonb_corrupted();
  return types::read_numeric_row(row, arena);
}

uint32_t JsonbView::find(std::string_view wanted) const {
  uint32_t low = 0, high = count_;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int c = compare_json_keys(key(middle), wanted);
    if (c == 0) return middle;
    if (c < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return kNotFound;
}

// --- building
void append_jsonb_null(std::string& out) { out += tag(JsonType::kNull); }
void append_jsonb_bool(std::string& out, bool v) { out += tag(v ? JsonType::kTrue : JsonType::kFalse); }
void append_jsonb_string(std::string& out, std::string_view v) {
  if (v.size() > kMaxAreaBytes) {
    throw SqlError(sqlstate::kProgramLimitExceeded, "string too long to represent as jsonb string")
        .detail("Due to an implementation restriction, jsonb strings cannot exceed 268435455 bytes.");
  }
  out += tag(JsonType::kString);
  out += v;
}
void append_jsonb_number(std::string& out, const Numeric& v) {
  out += tag(JsonType::kNumber);
  types::append_numeric_row(out, v);
}

void append_jsonb_array(std::string& out, const std::vector<std::string_view>& items) {
  out += tag(JsonType::kArray);
  append_u32(out, static_cast<uint32_t>(items.size()));
  size_t end = 0;
  for (std::string_view item : items) append_u32(out, checked_end(end += item.size(), "array elements"));
  for (std::string_view item : items) out += item;
}

void append_jsonb_object(std::string& out, std::vector<JsonPair>& pairs) {
  auto less = [](const JsonPair& a, const JsonPair& b) { return compare_json_keys(a.first, b.first) < 0; };
  if (!std::is_sorted(pairs.begin(), pairs.end(), less)) std::stable_sort(pairs.begin(), pairs.end(), less);
  size_t kept = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i].first == pairs[i + 1].first) continue;
    pairs[kept++] = pairs[i];
  }
  pairs.resize(kept);
  out += tag(JsonType::kObject);
  append_u32(out, static_cast<uint32_t>(kept));
  size_t end = 0;
  for (const JsonPair& p : pairs) append_u32(out, checked_end(end += p.first.size(), "object elements"));
  end = 0;
  for (const JsonPair& p : pairs) append_u32(out, checked_end(end += p.second.size(), "object elements"));
  for (const JsonPair& p : pairs) out += p.first;
  for (const JsonPair& p : pairs) out += p.second;
}

// --- text
void append_json_string(std::string& out, std::string_view v) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < v.size(); ++i) {
    auto c = static_cast<uint8_t>(v[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += v.substr(plain, i - plain);
    plain = i + 1;
    out += '\\';
    switch (c) {
      case '\b':
        out += 'b';
        break;
      case '\f':
        out += 'f';
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      case '"':
      case '\\':
        out += static_cast<char>(c);
        break;
      default:
        out += "u00";
        out += "0123456789abcdef"[c >> 4];
        out += "0123456789abcdef"[c & 15];
        break;
    }
  }
  out += v.substr(plain);
  out += '"';
}

namespace {

void append_number_text(std::string& out, JsonbView v) {
  Arena arena;
  types::append_numeric(out, v.number(arena));
}

// One walk for both forms; `indent` < 0: on one line.
void append_text(std::string& out, JsonbView v, int indent, uint32_t depth) {
  if (depth > kMaxJsonDepth) throw_json_depth();
  auto line = [&](uint32_t level) {
    if (indent < 0) return;
    out += '\n';
    out.append(size_t{4} * level, ' ');
  };
  switch (v.type()) {
    case JsonType::kNull:
      out += "null";
      return;
    case JsonType::kFalse:
      out += "false";
      return;
    case JsonType::kTrue:
      out += "true";
      return;
    case JsonType::kString:
      append_json_string(out, v.string());
      return;
    case JsonType::kNumber:
      append_number_text(out, v);
      return;
    case JsonType::kArray:
    case JsonType::kObject:
      break;
  }
  out += v.is_object() ? '{' : '[';
  for (uint32_t i = 0; i < v.count(); ++i) {
    if (i > 0) out += indent < 0 ? ", " : ",";
    line(depth + 1);
    if (v.is_object()) {
      append_json_string(out, v.key(i));
      out += ": ";
    }
    append_text(out, v.item(i), indent, depth + 1);
  }
  line(depth);
  out += v.is_object() ? '}' : ']';
}

}  // namespace

void append_jsonb_text(std::string& out, JsonbView v) { append_text(out, v, -1, 0); }
void append_jsonb_pretty(std::string& out, JsonbView v) { append_text(out, v, 4, 0); }
void append_jsonb_as_text(std::string& out, JsonbView v) {
  if (v.is_string())
    out += v.string();
  else
    append_jsonb_text(out, v);
}

std::string_view json_type_name(JsonType type) {
  switch (type) {
    case JsonType::kNull:
      return "null";
    case JsonType::kFalse:
    case JsonType::kTrue:
      return "boolean";
    case JsonType::kString:
      return "string";
    case JsonType::kNumber:
      return "number";
    case JsonType::kArray:
      return "array";
    case JsonType::kObject:
      return "object";
  }
  return "";
}

// --- order
namespace {

// null < string < number < boolean < array < object
int rank(JsonType type) {
  switch (type) {
    case JsonType::kNull:
      return 0;
    case JsonType::kString:
      return 1;
    case JsonType::kNumber:
      return 2;
    case JsonType::kFalse:
    case JsonType::kTrue:
      return 3;
    case JsonType::kArray:
      return 4;
    case JsonType::kObject:
      return 5;
  }
  return 0;
}
int sign(int c) { return c < 0 ? -1 : c > 0 ? 1 : 0; }

int compare_numbers(JsonbView a, JsonbView b) {
  if (a.bytes() == b.bytes()) return 0;
  Arena arena;
  return types::compare(a.number(arena), b.number(arena));
}

int compare_values(JsonbView a, JsonbView b, uint32_t depth) {
  if (depth > kMaxJsonDepth) throw_json_depth();
  if (rank(a.type()) != rank(b.type())) return rank(a.type()) < rank(b.type()) ? -1 : 1;
  switch (a.type()) {
    case JsonType::kNull:
      return 0;
    case JsonType::kFalse:
    case JsonType::kTrue:
      return static_cast<int>(a.type()) - static_cast<int>(b.type());
    case JsonType::kString:
      return sign(a.string().compare(b.string()));
    case JsonType::kNumber:
      return compare_numbers(a, b);
    case JsonType::kArray:
    case JsonType::kObject:
      break;
  }
  if (a.count() != b.count()) return a.count() < b.count() ? -1 : 1;
  for (uint32_t i = 0; i < a.count(); ++i) {
    if (a.is_object()) {
      if (int c = a.key(i).compare(b.key(i)); c != 0) return sign(c);
    }
    if (int c = compare_values(a.item(i), b.item(i), depth + 1); c != 0) return c;
  }
  return 0;
}

uint64_t hash_value(JsonbView v, uint32_t depth) {
  if (depth > kMaxJsonDepth) throw_json_depth();
  switch (v.type()) {
    case JsonType::kNumber: {
      Arena arena;
      return types::hash(v.number(arena));
    }
    case JsonType::kArray:
    case JsonType::kObject:
      break;
    default:
      return hash_bytes(v.bytes());
  }
  uint64_t h = hash_int(static_cast<uint64_t>(v.type()));
  for (uint32_t i = 0; i < v.count(); ++i) {
    if (v.is_object()) h = hash_int(h ^ hash_bytes(v.key(i)));
    h = hash_int(h ^ hash_value(v.item(i), depth + 1));
  }
  return h;
}

}  // namespace

// A scalar at the top counts as an array of one item that sorts before real arrays of one item; the number of
// items decides before that, so the empty array sorts first.
int compare_jsonb(std::string_view a_bytes, std::string_view b_bytes) {
  JsonbView a(a_bytes), b(b_bytes);
  if (a.is_container() == b.is_container() || a.is_object() || b.is_object()) return compare_values(a, b, 0);
  if (a.is_array()) return a.count() == 0 ? -1 : 1;
  return b.count() == 0 ? 1 : -1;
}
uint64_t hash_jsonb(std::string_view v) { return hash_value(JsonbView(v), 0); }

bool equal_jsonb_scalars(JsonbView a, JsonbView b) {
  if (a.type() != b.type() || a.is_container()) return false;
  return a.is_number() ? compare_numbers(a, b) == 0 : a.bytes() == b.bytes();
}

// --- containment
namespace {

bool array_has(JsonbView array, JsonbView scalar) {
  for (uint32_t i = 0; i < array.count(); ++i) {
    if (equal_jsonb_scalars(array.item(i), scalar)) return true;
  }
  return false;
}

bool contains(JsonbView a, JsonbView b, uint32_t depth) {
  if (depth > kMaxJsonDepth) throw_json_depth();
  if (a.type() != b.type() || !b.is_container()) return equal_jsonb_scalars(a, b);
  for (uint32_t i = 0; i < b.count(); ++i) {
    JsonbView wanted = b.item(i);
    if (b.is_object()) {
      uint32_t at = a.find(b.key(i));
      if (at == kNotFound || !contains(a.item(at), wanted, depth + 1)) return false;
    } else if (!wanted.is_container()) {
      if (!array_has(a, wanted)) return false;
    } else {
      bool found = false;
      for (uint32_t k = 0; k < a.count() && !found; ++k) {
        JsonbView item = a.item(k);
        found = item.type() == wanted.type() && contains(item, wanted, depth + 1);
      }
      if (!found) return false;
    }
  }
  return true;
}

}  // namespace

bool jsonb_contains(JsonbView a, JsonbView b) {
  // An array contains a scalar that is one of its items.
  if (a.is_array() && !b.is_container()) return array_has(a, b);
  return contains(a, b, 0);
}

bool jsonb_has_key(JsonbView v, std::string_view key) {
  if (v.is_object()) return v.find(key) != kNotFound;
  if (v.is_string()) return v.string() == key;
  if (!v.is_array()) return false;
  for (uint32_t i = 0; i < v.count(); ++i) {
    JsonbView item = v.item(i);
    if (item.is_string() && item.string() == key) return true;
  }
  return false;
}

}  // namespace varve::functions
