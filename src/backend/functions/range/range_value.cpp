#include "range_value.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "common/bytes.h"
#include "common/hash.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "ordering.h"
#include "types/datetime.h"

namespace varve::functions {

namespace {

constexpr uint8_t kEmpty = 1, kLowerInclusive = 2, kUpperInclusive = 4, kNoLower = 8, kNoUpper = 16;

struct Kind {
  Oid range, subtype, multirange;
};

constexpr Kind kKinds[] = {
    {type_oid::kInt4range, type_oid::kInt4, type_oid::kInt4multirange},
    {type_oid::kNumrange, type_oid::kNumeric, type_oid::kNummultirange},
    {type_oid::kTsrange, type_oid::kTimestamp, type_oid::kTsmultirange},
    {type_oid::kTstzrange, type_oid::kTimestamptz, type_oid::kTstzmultirange},
    {type_oid::kDaterange, type_oid::kDate, type_oid::kDatemultirange},
    {type_oid::kInt8range, type_oid::kInt8, type_oid::kInt8multirange},
};

// What define_range() was told.
class DefinedKinds {
 public:
  static DefinedKinds& get() {
    static DefinedKinds kinds;
    return kinds;
  }
  Kind find(Oid type) {
    std::shared_lock lock(mutex_);
    auto it = by_oid_.find(type);
    return it == by_oid_.end() ? Kind{} : it->second;
  }
  void define(const Kind& kind) {
    std::unique_lock lock(mutex_);
    by_oid_[kind.range] = by_oid_[kind.multirange] = kind;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<Oid, Kind> by_oid_;  // of ranges and multiranges
};

// The kind whose range or multirange the type is; a part of it is invalid where there is none.
Kind find_kind(Oid Kind::*part, Oid type) {
  constexpr Oid kFirstDefined{16384};
  if (type >= kFirstDefined) {
    Kind kind = DefinedKinds::get().find(type);
    return kind.*part == type ? kind : Kind{};
  }
  for (const Kind& k : kKinds) {
    if (k.*part == type) return k;
  }
  return {};
}

[[noreturn]] void throw_damaged() { throw SqlError(sqlstate::kDataCorrupted, "range value is damaged"); }
[[noreturn]] void refuse(const char* message) { throw SqlError(sqlstate::kDataException, message); }

void append_u32(std::string& out, uint32_t v) {
  char bytes[4];
  store_raw(bytes, v);
  out.append(bytes, 4);
}

void append_bound(std::string& out, const Value& v) {
  if (v.type == types::PhysicalType::kNumeric || v.type == types::PhysicalType::kString) {
    std::string row;
    if (v.type == types::PhysicalType::kString)
      row = v.view();
    else
      types::append_numeric_row(row, v.numeric);
    append_u32(out, static_cast<uint32_t>(row.size()));
    out += row;
  } else {
    out.append(reinterpret_cast<const char*>(v.bytes()), types::physical_width(v.type));
  }
}
Value read_bound(types::PhysicalType type, std::string_view& bytes, Arena& arena) {
  Value v;
  v.type = type;
  v.null = false;
  size_t width = types::physical_width(type);
  bool is_string = type == types::PhysicalType::kString;
  if (is_string || type == types::PhysicalType::kNumeric) {
    if (bytes.size() < 4) throw_damaged();
    width = load_raw<uint32_t>(bytes.data());
    bytes.remove_prefix(4);
    if (bytes.size() < width || (width == 0 && !is_string)) throw_damaged();
    if (is_string)
      v.string = types::StringRef(bytes.substr(0, width));
    else
      v.numeric = types::read_numeric_row(bytes.substr(0, width), arena);
  } else {
    if (bytes.size() < width) throw_damaged();
    std::memcpy(v.bytes(), bytes.data(), width);
  }
  bytes.remove_prefix(width);
  return v;
}

// Of the subtype of `range`.
int compare_values(const Value& a, const Value& b, Oid range) {
  return compare_function(range_subtype(range))(a.words, b.words, nullptr);
}

// Those with a canonical form: nothing lies between 1 and 2.
bool is_discrete(Oid range) {
  return range == type_oid::kInt4range || range == type_oid::kInt8range || range == type_oid::kDaterange;
}

// Discrete ranges: (a becomes [a+1, b] becomes b+1).
void step_up(Value& v, Oid subtype) {
  if (subtype == type_oid::kInt8) {
    if (__builtin_add_overflow(v.int64, 1, &v.int64)) throw_out_of_range("bigint");
    return;
  }
  if (subtype == type_oid::kDate) {
    int64_t next = int64_t{v.int32} + 1;
    if (!types::in_date_range(next)) throw_out_of_range("date");
    v.int32 = static_cast<int32_t>(next);
    return;
  }
  if (__builtin_add_overflow(v.int32, 1, &v.int32)) throw_out_of_range("integer");
}
void canonicalize(RangeValue& r) {
  if (!is_discrete(r.type)) return;
  Oid subtype = range_subtype(r.type);
  bool date = subtype == type_oid::kDate;
  auto finite = [&](const RangeBound& b) {
    return !b.infinite && !(date && !types::is_finite_date(b.value.int32));
  };
  if (finite(r.lower) && !r.lower.inclusive) {
    step_up(r.lower.value, subtype);
    r.lower.inclusive = true;
  }
  if (finite(r.upper) && r.upper.inclusive) {
    step_up(r.upper.value, subtype);
    r.upper.inclusive = false;
  }
}

bool is_empty(const RangeBound& lower, const RangeBound& upper, Oid type) {
  int c = lower.infinite || upper.infinite ? -1 : compare_bound_values(lower, upper, type);
  return c > 0 || (c == 0 && !(lower.inclusive && upper.inclusive));
}

}  // namespace

Oid range_subtype(Oid range) { return find_kind(&Kind::range, range).subtype; }
Oid multirange_of_range(Oid range) { return find_kind(&Kind::range, range).multirange; }
Oid range_of_multirange(Oid multirange) { return find_kind(&Kind::multirange, multirange).range; }

void define_range(Oid range, Oid subtype, Oid multirange) {
  DefinedKinds::get().define({range, subtype, multirange});
}

RangeValue empty_range(Oid type) {
  RangeValue r;
  r.type = type;
  r.empty = true;
  r.lower.lower = true;
  return r;
}

RangeValue make_range(Oid type, RangeBound lower, RangeBound upper) {
  lower.lower = true;
  upper.lower = false;
  if (lower.infinite) lower.inclusive = false;
  if (upper.infinite) upper.inclusive = false;
  if (!lower.infinite && !upper.infinite && compare_bound_values(lower, upper, type) > 0) {
    refuse("range lower bound must be less than or equal to range upper bound");
  }
  if (is_empty(lower, upper, type)) return empty_range(type);
  RangeValue r;
  r.type = type;
  r.lower = lower;
  r.upper = upper;
  canonicalize(r);
  return is_empty(r.lower, r.upper, type) ? empty_range(type) : r;
}

RangeValue read_range(std::string_view bytes, Arena& arena) {
  if (bytes.size() < 5) throw_damaged();
  RangeValue r = empty_range(Oid{load_raw<uint32_t>(bytes.data())});
  auto flags = static_cast<uint8_t>(bytes[4]);
  bytes.remove_prefix(5);
  r.empty = (flags & kEmpty) != 0;
  if (r.empty) return r;
  const TypeInfo* subtype = type_by_oid(range_subtype(r.type));
  if (subtype == nullptr) throw_damaged();
  r.lower.infinite = (flags & kNoLower) != 0;
  r.upper.infinite = (flags & kNoUpper) != 0;
  r.lower.inclusive = (flags & kLowerInclusive) != 0;
  r.upper.inclusive = (flags & kUpperInclusive) != 0;
  if (!r.lower.infinite) r.lower.value = read_bound(subtype->physical, bytes, arena);
  if (!r.upper.infinite) r.upper.value = read_bound(subtype->physical, bytes, arena);
  return r;
}

uint8_t range_flags(const RangeValue& r) {
  if (r.empty) return kEmpty;
  return static_cast<uint8_t>((r.lower.inclusive ? kLowerInclusive : 0) |
                              (r.upper.inclusive ? kUpperInclusive : 0) | (r.lower.infinite ? kNoLower : 0) |
                              (r.upper.infinite ? kNoUpper : 0));
}

void append_range(std::string& out, const RangeValue& r) {
  append_u32(out, r.type.value());
  out += static_cast<char>(range_flags(r));
  if (r.empty) return;
  if (!r.lower.infinite) append_bound(out, r.lower.value);
  if (!r.upper.infinite) append_bound(out, r.upper.value);
}

MultirangeValue read_multirange(std::string_view bytes, Arena& arena) {
  if (bytes.size() < 8) throw_damaged();
  MultirangeValue m;
  m.type = Oid{load_raw<uint32_t>(bytes.data())};
  uint32_t n = load_raw<uint32_t>(bytes.data() + 4);
  bytes.remove_prefix(8);
  for (uint32_t i = 0; i < n; ++i) {
    if (bytes.size() < 4) throw_damaged();
    uint32_t size = load_raw<uint32_t>(bytes.data());
    bytes.remove_prefix(4);
    if (bytes.size() < size) throw_damaged();
    m.ranges.push_back(read_range(bytes.substr(0, size), arena));
    bytes.remove_prefix(size);
  }
  return m;
}
void append_multirange(std::string& out, const MultirangeValue& m) {
  append_u32(out, m.type.value());
  append_u32(out, static_cast<uint32_t>(m.ranges.size()));
  for (const RangeValue& r : m.ranges) {
    std::string part;
    append_range(part, r);
    append_u32(out, static_cast<uint32_t>(part.size()));
    out += part;
  }
}
MultirangeValue make_multirange(Oid type, std::vector<RangeValue> ranges) {
  std::erase_if(ranges, [](const RangeValue& r) { return r.empty; });
  std::sort(ranges.begin(), ranges.end(),
            [](const RangeValue& a, const RangeValue& b) { return compare_ranges(a, b) < 0; });
  MultirangeValue m;
  m.type = type;
  for (const RangeValue& r : ranges) {
    if (!m.ranges.empty() && (range_overlaps(m.ranges.back(), r) || range_adjacent(m.ranges.back(), r))) {
      m.ranges.back() = range_span(m.ranges.back(), r);
    } else {
      m.ranges.push_back(r);
    }
  }
  return m;
}

// --- order
int compare_bound_values(const RangeBound& a, const RangeBound& b, Oid type) {
  if (a.infinite && b.infinite) return a.lower == b.lower ? 0 : a.lower ? -1 : 1;
  if (a.infinite) return a.lower ? -1 : 1;
  if (b.infinite) return b.lower ? 1 : -1;
  return compare_values(a.value, b.value, type);
}
int compare_bounds(const RangeBound& a, const RangeBound& b, Oid type) {
  if (a.infinite || b.infinite) return compare_bound_values(a, b, type);
  int c = compare_values(a.value, b.value, type);
  if (c != 0) return c;
  if (!a.inclusive && !b.inclusive) return a.lower == b.lower ? 0 : a.lower ? 1 : -1;
  if (!a.inclusive) return a.lower ? 1 : -1;
  if (!b.inclusive) return b.lower ? -1 : 1;
  return 0;
}
int compare_ranges(const RangeValue& a, const RangeValue& b) {
  if (a.empty || b.empty) return a.empty && b.empty ? 0 : a.empty ? -1 : 1;
  int c = compare_bounds(a.lower, b.lower, a.type);
  return c != 0 ? c : compare_bounds(a.upper, b.upper, a.type);
}
int compare_multiranges(const MultirangeValue& a, const MultirangeValue& b) {
  for (size_t i = 0; i < a.ranges.size() && i < b.ranges.size(); ++i) {
    if (int c = compare_ranges(a.ranges[i], b.ranges[i]); c != 0) return c;
  }
  return three_way(a.ranges.size(), b.ranges.size());
}
int compare_range_bytes(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  Arena arena;
  return compare_ranges(read_range(a, arena), read_range(b, arena));
}
int compare_multirange_bytes(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  Arena arena;
  return compare_multiranges(read_multirange(a, arena), read_multirange(b, arena));
}

namespace {

// Numerics of one value and different scales are equal.
uint64_t hash_range(const RangeValue& r) {
  uint64_t h = hash_int(range_flags(r));
  if (r.empty) return h;
  for (const RangeBound* b : {&r.lower, &r.upper}) {
    if (b->infinite) continue;
    h = hash_int(h ^ hash_function(range_subtype(r.type))(b->value.words, nullptr));
  }
  return h;
}

}  // namespace

uint64_t hash_range_bytes(std::string_view v, bool multirange) {
  Arena arena;
  if (!multirange) return hash_range(read_range(v, arena));
  uint64_t h = 1;
  for (const RangeValue& r : read_multirange(v, arena).ranges) h = hash_int(h ^ hash_range(r));
  return h;
}

// --- relations
bool range_contains(const RangeValue& a, const RangeValue& b) {
  if (b.empty) return true;
  if (a.empty) return false;
  return compare_bounds(a.lower, b.lower, a.type) <= 0 && compare_bounds(a.upper, b.upper, a.type) >= 0;
}
bool range_contains_element(const RangeValue& r, const Value& v) {
  if (r.empty) return false;
  if (!r.lower.infinite) {
    int c = compare_values(r.lower.value, v, r.type);
    if (c > 0 || (c == 0 && !r.lower.inclusive)) return false;
  }
  if (!r.upper.infinite) {
    int c = compare_values(r.upper.value, v, r.type);
    if (c < 0 || (c == 0 && !r.upper.inclusive)) return false;
  }
  return true;
}
bool range_overlaps(const RangeValue& a, const RangeValue& b) {
  if (a.empty || b.empty) return false;
  if (compare_bounds(a.lower, b.lower, a.type) >= 0 && compare_bounds(a.lower, b.upper, a.type) <= 0)
    return true;
  return compare_bounds(b.lower, a.lower, a.type) >= 0 && compare_bounds(b.lower, a.upper, a.type) <= 0;
}
bool range_before(const RangeValue& a, const RangeValue& b) {
  return !a.empty && !b.empty && compare_bounds(a.upper, b.lower, a.type) < 0;
}

namespace {

// Whether an upper and a lower bound leave nothing between them and share nothing.
bool bounds_adjacent(const RangeBound& upper, const RangeBound& lower, Oid type) {
  if (upper.infinite || lower.infinite) return false;
  int c = compare_bound_values(upper, lower, type);
  if (c == 0) return upper.inclusive != lower.inclusive;
  if (c > 0) return false;
  if (!is_discrete(type)) return false;
  // Discrete: nothing may lie between the two.
  RangeBound from = upper, to = lower;
  from.inclusive = !upper.inclusive;
  to.inclusive = !lower.inclusive;
  return make_range(type, from, to).empty;
}

}  // namespace

bool range_adjacent(const RangeValue& a, const RangeValue& b) {
  if (a.empty || b.empty) return false;
  return bounds_adjacent(a.upper, b.lower, a.type) || bounds_adjacent(b.upper, a.lower, a.type);
}
bool range_overleft(const RangeValue& a, const RangeValue& b) {
  return !a.empty && !b.empty && compare_bounds(a.upper, b.upper, a.type) <= 0;
}
bool range_overright(const RangeValue& a, const RangeValue& b) {
  return !a.empty && !b.empty && compare_bounds(a.lower, b.lower, a.type) >= 0;
}

// --- set operations
RangeValue range_intersect(const RangeValue& a, const RangeValue& b) {
  if (a.empty || b.empty || !range_overlaps(a, b)) return empty_range(a.type);
  const RangeBound& lower = compare_bounds(a.lower, b.lower, a.type) >= 0 ? a.lower : b.lower;
  const RangeBound& upper = compare_bounds(a.upper, b.upper, a.type) <= 0 ? a.upper : b.upper;
  return make_range(a.type, lower, upper);
}
RangeValue range_span(const RangeValue& a, const RangeValue& b) {
  if (a.empty) return b;
  if (b.empty) return a;
  const RangeBound& lower = compare_bounds(a.lower, b.lower, a.type) < 0 ? a.lower : b.lower;
  const RangeBound& upper = compare_bounds(a.upper, b.upper, a.type) > 0 ? a.upper : b.upper;
  return make_range(a.type, lower, upper);
}
RangeValue range_union(const RangeValue& a, const RangeValue& b) {
  if (!a.empty && !b.empty && !range_overlaps(a, b) && !range_adjacent(a, b)) {
    refuse("result of range union would not be contiguous");
  }
  return range_span(a, b);
}
void range_difference(const RangeValue& a, const RangeValue& b, std::vector<RangeValue>& out) {
  if (a.empty) return;
  if (b.empty || !range_overlaps(a, b)) {
    out.push_back(a);
    return;
  }
  auto flipped = [](RangeBound bound) {
    bound.inclusive = !bound.inclusive;
    bound.lower = !bound.lower;
    return bound;
  };
  if (compare_bounds(a.lower, b.lower, a.type) < 0) {
    RangeValue r = make_range(a.type, a.lower, flipped(b.lower));
    if (!r.empty) out.push_back(r);
  }
  if (compare_bounds(a.upper, b.upper, a.type) > 0) {
    RangeValue r = make_range(a.type, flipped(b.upper), a.upper);
    if (!r.empty) out.push_back(r);
  }
}
RangeValue range_minus(const RangeValue& a, const RangeValue& b) {
  if (!a.empty && !b.empty && compare_bounds(a.lower, b.lower, a.type) < 0 &&
      compare_bounds(a.upper, b.upper, a.type) > 0) {
    refuse("result of range difference would not be contiguous");
  }
  std::vector<RangeValue> parts;
  range_difference(a, b, parts);
  return parts.empty() ? empty_range(a.type) : parts[0];
}

}  // namespace varve::functions
