#include "functions/record.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "common/bytes.h"
#include "common/hash.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::functions {

using types::PhysicalType;
using types::StringRef;
using types::Value;

namespace {

constexpr size_t kHeaderBytes = 12;
constexpr size_t kFieldBytes = 8;
constexpr uint32_t kNullBit = 0x80000000;

template <class T>
void append_raw(std::string& out, const T& v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof(T));
}

// Field names of plain records, by number. Number 0 has none.
class Shapes {
 public:
  static Shapes& get() {
    static Shapes shapes;
    return shapes;
  }
  uint32_t number(std::span<const std::string_view> names) {
    std::string key;
    for (std::string_view name : names) key.append(name).push_back('\0');
    {
      std::shared_lock lock(mutex_);
      auto it = by_key_.find(key);
      if (it != by_key_.end()) return it->second;
    }
    std::unique_lock lock(mutex_);
    auto [it, is_new] = by_key_.try_emplace(key, static_cast<uint32_t>(names_.size() + 1));
    if (is_new) names_.emplace_back(names.begin(), names.end());
    return it->second;
  }
  std::string name(uint32_t shape, uint32_t field) {
    std::shared_lock lock(mutex_);
    if (shape == 0 || shape > names_.size() || field >= names_[shape - 1].size()) return {};
    return names_[shape - 1][field];
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string, uint32_t> by_key_;
  std::deque<std::vector<std::string>> names_;
};

}  // namespace

RecordView::RecordView(std::string_view bytes)
    : type_(load_raw<uint32_t>(bytes.data())),
      shape_(load_raw<uint32_t>(bytes.data() + 4)),
      count_(load_raw<uint32_t>(bytes.data() + 8)),
      fields_(bytes.data() + kHeaderBytes),
      bytes_(fields_ + count_ * kFieldBytes) {}

Oid RecordView::field_type(uint32_t i) const { return Oid{load_raw<uint32_t>(fields_ + i * kFieldBytes)}; }
uint32_t RecordView::end_of(uint32_t i) const {
  return load_raw<uint32_t>(fields_ + i * kFieldBytes + 4) & ~kNullBit;
}
bool RecordView::is_null(uint32_t i) const {
  return (load_raw<uint32_t>(fields_ + i * kFieldBytes + 4) & kNullBit) != 0;
}

Value RecordView::at(uint32_t i, Arena& arena) const {
  PhysicalType physical = physical_type_of(field_type(i));
  if (is_null(i)) return Value::null_of(physical);
  uint32_t from = i == 0 ? 0 : end_of(i - 1);
  std::string_view bytes(bytes_ + from, end_of(i) - from);
  if (physical == PhysicalType::kNumeric) return Value::of_numeric(types::read_numeric_row(bytes, arena));
  if (physical == PhysicalType::kString) return Value::of_string(bytes);
  Value v = Value::null_of(physical);
  v.null = false;
  std::memcpy(v.words, bytes.data(), bytes.size());
  return v;
}

std::string RecordView::field_name(uint32_t i) const {
  const TypeInfo* info = type_by_oid(type_);
  if (info != nullptr && i < info->fields.size()) return std::string(info->fields[i].name);
  std::string name = Shapes::get().name(shape_, i);
  return name.empty() ? fmt::format("f{}", i + 1) : name;
}

uint32_t record_shape(std::span<const std::string_view> names) { return Shapes::get().number(names); }

StringRef make_record(Oid type, uint32_t shape, std::span<const Oid> field_types,
                      std::span<const Value> fields, Arena& arena) {
  std::string head, bytes;
  append_raw(head, type.value());
  append_raw(head, shape);
  append_raw(head, static_cast<uint32_t>(fields.size()));
  for (size_t i = 0; i < fields.size(); ++i) {
    const Value& v = fields[i];
    append_raw(head, field_types[i].value());
    if (!v.null) {
      if (v.type == PhysicalType::kNumeric)
        types::append_numeric_row(bytes, v.numeric);
      else if (v.type == PhysicalType::kString)
        bytes += v.view();
      else
        bytes.append(reinterpret_cast<const char*>(v.words), types::physical_width(v.type));
    }
    append_raw(head, static_cast<uint32_t>(bytes.size()) | (v.null ? kNullBit : 0));
  }
  head += bytes;
  return StringRef(arena.copy(head));
}

StringRef record_with_field(Oid type, std::string_view record, std::span<const Oid> field_types, uint32_t i,
                            const Value& value, Arena& arena) {
  std::vector<Value> fields;
  for (uint32_t f = 0; f < field_types.size(); ++f) {
    bool known = !record.empty() && f < RecordView(record).count();
    fields.push_back(known ? RecordView(record).at(f, arena)
                           : Value::null_of(physical_type_of(field_types[f])));
  }
  fields[i] = value;
  return make_record(type, 0, field_types, fields, arena);
}

namespace {

[[noreturn]] void throw_different_counts() {
  throw SqlError(sqlstate::kDatatypeMismatch,
                 "cannot compare record types with different numbers of columns");
}

void check_types(const RecordView& x, const RecordView& y, uint32_t i) {
  if (x.field_type(i) == y.field_type(i)) return;
  throw SqlError(sqlstate::kDatatypeMismatch,
                 fmt::format("cannot compare dissimilar column types {} and {} at record column {}",
                             format_type(x.field_type(i), -1), format_type(y.field_type(i), -1), i + 1));
}

}  // namespace

int compare_records(std::string_view a, std::string_view b, const types::Collation* collation) {
  RecordView x(a), y(b);
  Arena arena;
  uint32_t n = std::min(x.count(), y.count());
  for (uint32_t i = 0; i < n; ++i) {
    check_types(x, y, i);
    if (x.is_null(i) || y.is_null(i)) {
      if (x.is_null(i) && y.is_null(i)) continue;
      return x.is_null(i) ? 1 : -1;
    }
    CompareFunction compare = compare_function(x.field_type(i));
    if (compare == nullptr) {
      throw SqlError(sqlstate::kUndefinedFunction,
                     "could not identify a comparison function for type " + format_type(x.field_type(i), -1));
    }
    Value u = x.at(i, arena), v = y.at(i, arena);
    int c = compare(u.words, v.words, collation);
    if (c != 0) return c < 0 ? -1 : 1;
  }
  if (x.count() != y.count()) throw_different_counts();
  return 0;
}

bool equal_records(std::string_view a, std::string_view b, const types::Collation* collation) {
  RecordView x(a), y(b);
  Arena arena;
  uint32_t n = std::min(x.count(), y.count());
  for (uint32_t i = 0; i < n; ++i) {
    check_types(x, y, i);
    if (x.is_null(i) != y.is_null(i)) return false;
    if (x.is_null(i)) continue;
    CompareFunction compare = compare_function(x.field_type(i));
    if (compare == nullptr) {
      throw SqlError(sqlstate::kUndefinedFunction,
                     "could not identify an equality operator for type " + format_type(x.field_type(i), -1));
    }
    Value u = x.at(i, arena), v = y.at(i, arena);
    if (compare(u.words, v.words, collation) != 0) return false;
  }
  if (x.count() != y.count()) throw_different_counts();
  return true;
}

uint64_t hash_record(std::string_view a, const types::Collation* collation) {
  RecordView x(a);
  Arena arena;
  uint64_t h = x.count();
  for (uint32_t i = 0; i < x.count(); ++i) {
    uint64_t field = 0;
    if (!x.is_null(i)) {
      HashFunction hash = hash_function(x.field_type(i));
      if (hash == nullptr) {
        throw SqlError(sqlstate::kUndefinedFunction,
                       "could not identify a hash function for type " + format_type(x.field_type(i), -1));
      }
      Value v = x.at(i, arena);
      field = hash(v.words, collation);
    }
    h = hash_combine(h, field);
  }
  return h;
}

}  // namespace varve::functions
