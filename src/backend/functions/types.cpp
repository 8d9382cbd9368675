// The built-in types and how they are called.
#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "functions/registry.h"
#include "functions/type_oids.h"
#include "functions/user_types.h"
#include "types/interval.h"
#include "types/numeric.h"

namespace varve::functions {

namespace {

using types::PhysicalType;

struct TypeFact {
  uint32_t oid;
  std::string_view name, sql_name;
  PhysicalType physical;
  char category;
  bool preferred;
  char kind;
  int16_t length;
  bool by_value;
  char alignment;
  uint32_t array_type, element_type;
  bool collatable;
};

constexpr TypeFact kFacts[] = {
#include "facts/types.inc"
};

struct Types {
  std::vector<TypeInfo> all;
  std::vector<const TypeInfo*> by_oid;  // PostgreSQL's oids of types are small
  std::unordered_map<std::string_view, const TypeInfo*> by_name;

  Types() {
    all.reserve(std::size(kFacts));
    for (const TypeFact& f : kFacts) {
      all.push_back({Oid{f.oid},
                     f.name,
                     f.sql_name,
                     f.physical,
                     f.category,
                     f.preferred,
                     f.kind,
                     f.length,
                     f.by_value,
                     f.alignment,
                     Oid{f.array_type},
                     Oid{f.element_type},
                     f.collatable,
                     kInvalidOid,
                     {}});
    }
    for (const TypeInfo& t : all) {
      if (by_oid.size() <= t.oid.value()) by_oid.resize(t.oid.value() + 1);
      by_oid[t.oid.value()] = &t;
      by_name.emplace(t.name, &t);
    }
  }
};

const Types& types_table() {
  static const Types table;
  return table;
}

// By oid, once the program's statics are made: what is asked for everywhere shall not test a guard each time.
constinit std::span<const TypeInfo* const> built_in_types;
[[maybe_unused]] const bool built_in_types_made = [] {
  built_in_types = types_table().by_oid;
  return true;
}();

// What define_type() was told. Nothing is ever taken away: plans may hold the pointers.
class DefinedTypes {
 public:
  static DefinedTypes& get() {
    static DefinedTypes types;
    return types;
  }
  const TypeInfo* find(Oid oid) {
    std::shared_lock lock(mutex_);
    auto it = by_oid_.find(oid.value());
    return it == by_oid_.end() ? nullptr : it->second;
  }
  const TypeInfo& define(const TypeInfo& type) {
    std::unique_lock lock(mutex_);
    auto it = by_oid_.find(type.oid.value());
    if (it != by_oid_.end() && same(*it->second, type)) return *it->second;
    TypeInfo& kept = types_.emplace_back(type);
    kept.name = strings_.emplace_back(type.name);
    kept.sql_name = strings_.emplace_back(type.sql_name);
    std::vector<CompositeField>& fields = fields_.emplace_back(type.fields.begin(), type.fields.end());
    for (CompositeField& f : fields) f.name = strings_.emplace_back(f.name);
    kept.fields = fields;
    by_oid_[type.oid.value()] = &kept;
    return kept;
  }

 private:
  static bool same(const TypeInfo& a, const TypeInfo& b) {
    bool plain = a.name == b.name && a.sql_name == b.sql_name && a.physical == b.physical &&
                 a.category == b.category && a.kind == b.kind && a.array_type == b.array_type &&
                 a.element_type == b.element_type && a.relation == b.relation && a.collatable == b.collatable;
    return plain && std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(),
                               [](const CompositeField& x, const CompositeField& y) {
                                 return x.name == y.name && x.type == y.type && x.typmod == y.typmod;
                               });
  }
  std::shared_mutex mutex_;
  std::unordered_map<uint32_t, const TypeInfo*> by_oid_;
  std::deque<TypeInfo> types_;
  std::deque<std::string> strings_;
  std::deque<std::vector<CompositeField>> fields_;
};

// "(p)" or the fields of an interval's typmod.
std::string interval_modifier(int32_t typmod) {
  int range = typmod >> 16 & types::kIntervalFullRange;
  int precision = typmod & types::kIntervalFullPrecision;
  using namespace types;
  struct Named {
    int mask;
    std::string_view text;
  };
  constexpr Named kRanges[] = {
      {kIntervalYear, " year"},
      {kIntervalMonth, " month"},
      {kIntervalDay, " day"},
      {kIntervalHour, " hour"},
      {kIntervalMinute, " minute"},
      {kIntervalSecond, " second"},
      {kIntervalYear | kIntervalMonth, " year to month"},
      {kIntervalDay | kIntervalHour, " day to hour"},
      {kIntervalDay | kIntervalHour | kIntervalMinute, " day to minute"},
      {kIntervalDay | kIntervalHour | kIntervalMinute | kIntervalSecond, " day to second"},
      {kIntervalHour | kIntervalMinute, " hour to minute"},
      {kIntervalHour | kIntervalMinute | kIntervalSecond, " hour to second"},
      {kIntervalMinute | kIntervalSecond, " minute to second"},
  };
  std::string out;
  for (const Named& n : kRanges) {
    if (n.mask == range) out = n.text;
  }
  if (precision != kIntervalFullPrecision) out += fmt::format("({})", precision);
  return out;
}

std::string format_base(const TypeInfo& type, int32_t typmod) {
  if (typmod < 0) {
    // A bare "character" would mean character(1).
    if (type.oid == type_oid::kBpchar) return "bpchar";
    if (type.oid == type_oid::kBit) return "\"bit\"";
    return std::string(type.sql_name);
  }
  switch (type.oid.value()) {
    case type_oid::kBpchar.value():
      return fmt::format("character({})", typmod - 4);
    case type_oid::kVarchar.value():
      return fmt::format("character varying({})", typmod - 4);
    case type_oid::kNumeric.value():
      return fmt::format("numeric({},{})", types::numeric_typmod_precision(typmod),
                         types::numeric_typmod_scale(typmod));
    case type_oid::kBit.value():
      return fmt::format("bit({})", typmod);
    case type_oid::kVarbit.value():
      return fmt::format("bit varying({})", typmod);
    case type_oid::kTime.value():
      return fmt::format("time({}) without time zone", typmod);
    case type_oid::kTimetz.value():
      return fmt::format("time({}) with time zone", typmod);
    case type_oid::kTimestamp.value():
      return fmt::format("timestamp({}) without time zone", typmod);
    case type_oid::kTimestamptz.value():
      return fmt::format("timestamp({}) with time zone", typmod);
    case type_oid::kInterval.value():
      return "interval" + interval_modifier(typmod);
    default:
      return std::string(type.sql_name);
  }
}

}  // namespace

std::span<const TypeInfo> all_types() { return types_table().all; }

const TypeInfo* type_by_oid(Oid oid) {
  const std::span<const TypeInfo* const> built_in =
      built_in_types.empty() ? types_table().by_oid : built_in_types;
  if (oid.value() < built_in.size()) return built_in[oid.value()];
  return DefinedTypes::get().find(oid);
}

types::PhysicalType physical_type_of(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  return info == nullptr ? types::PhysicalType::kString : info->physical;
}

Oid element_type_of(Oid type) {
  const TypeInfo* info = type_by_oid(type);
  return info == nullptr ? kInvalidOid : info->element_type;
}

const TypeInfo& define_type(const TypeInfo& type) { return DefinedTypes::get().define(type); }

Oid array_of_arrays(Oid element_array) {
  // Beside all oids that a catalog gives out; the same in every process, since stored definitions may name
  // it.
  constexpr uint32_t kOffset = 0x50000000;
  const TypeInfo* element = type_by_oid(element_array);
  TypeInfo array{};
  std::string name = "_" + std::string(element->name);
  array.oid = Oid{element_array.value() + kOffset};
  array.name = name;
  array.sql_name = name;
  array.physical = PhysicalType::kString;
  array.category = 'A';
  array.length = -1;
  array.alignment = 'd';
  array.element_type = element_array;
  array.collatable = element->collatable;
  return define_type(array).oid;
}

const TypeInfo* type_by_name(std::string_view pg_type_name) {
  auto it = types_table().by_name.find(pg_type_name);
  return it == types_table().by_name.end() ? nullptr : it->second;
}

std::string format_type(Oid oid, int32_t typmod) {
  if (oid == kInvalidOid) return "-";
  const TypeInfo* type = type_by_oid(oid);
  if (type == nullptr) return "???";
  // int2vector and oidvector have elements, but are not arrays by name.
  const TypeInfo* element = type->category == 'A' && type->length == -1 && type->name.starts_with('_')
                                ? type_by_oid(type->element_type)
                                : nullptr;
  if (element != nullptr) return format_base(*element, typmod) + "[]";
  return format_base(*type, typmod);
}

}  // namespace varve::functions
