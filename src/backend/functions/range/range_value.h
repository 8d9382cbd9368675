// Ranges and multiranges, kString values. Not aligned.
//
//   range       u32 type | u8 flags | lower bound | upper bound
//               flags as on the wire: 1 empty, 2 lower inclusive, 4 upper inclusive, 8 no lower, 16 no upper
//               bound a bound that is there: of fixed width: its bytes; numeric and strings: u32 length and
//               append_numeric_row's bytes, the string's
//   multirange  u32 type | u32 n | n × { u32 length, range }   sorted, neither empty nor touching
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "functions/range.h"
#include "functions/registry.h"

namespace varve::functions {

struct MultirangeValue {
  Oid type = kInvalidOid;
  std::vector<RangeValue> ranges;
};

// The byte that says which bounds there are, as stored and sent.
uint8_t range_flags(const RangeValue& r);
// As it is: already canonical.
void append_range(std::string& out, const RangeValue& r);
// Checks the bounds' order (22000), finds out whether it is empty, and puts discrete ranges into the form
// [a,b).
RangeValue make_range(Oid type, RangeBound lower, RangeBound upper);
RangeValue empty_range(Oid type);

MultirangeValue read_multirange(std::string_view bytes, Arena& arena);
void append_multirange(std::string& out, const MultirangeValue& m);
// Sorts and joins.
MultirangeValue make_multirange(Oid type, std::vector<RangeValue> ranges);

// --- order
int compare_bounds(const RangeBound& a, const RangeBound& b, Oid range_type);
int compare_bound_values(const RangeBound& a, const RangeBound& b, Oid range_type);  // without inclusiveness
int compare_ranges(const RangeValue& a, const RangeValue& b);
int compare_multiranges(const MultirangeValue& a, const MultirangeValue& b);
int compare_range_bytes(std::string_view a, std::string_view b);
int compare_multirange_bytes(std::string_view a, std::string_view b);
uint64_t hash_range_bytes(std::string_view v, bool multirange);

// --- relations
bool range_contains(const RangeValue& a, const RangeValue& b);
bool range_contains_element(const RangeValue& r, const types::Value& v);
bool range_overlaps(const RangeValue& a, const RangeValue& b);
bool range_before(const RangeValue& a, const RangeValue& b);
bool range_adjacent(const RangeValue& a, const RangeValue& b);
bool range_overleft(const RangeValue& a, const RangeValue& b);
bool range_overright(const RangeValue& a, const RangeValue& b);

// --- set operations
RangeValue range_intersect(const RangeValue& a, const RangeValue& b);
RangeValue range_span(const RangeValue& a, const RangeValue& b);   // range_merge
RangeValue range_union(const RangeValue& a, const RangeValue& b);  // 22000 if there is a gap
RangeValue range_minus(const RangeValue& a, const RangeValue& b);  // 22000 if two parts remain
// The parts of `a` outside of `b`, none empty.
void range_difference(const RangeValue& a, const RangeValue& b, std::vector<RangeValue>& out);

// --- text and wire
RangeValue parse_range(Oid type, std::string_view text, EvalContext& context);
void append_range_text(const RangeValue& r, std::string& out, EvalContext& context);
RangeValue receive_range(Oid type, std::string_view bytes, EvalContext& context);
void send_range(const RangeValue& r, std::string& out, EvalContext& context);
MultirangeValue parse_multirange(Oid type, std::string_view text, EvalContext& context);
void append_multirange_text(const MultirangeValue& m, std::string& out, EvalContext& context);
MultirangeValue receive_multirange(Oid type, std::string_view bytes, EvalContext& context);
void send_multirange(const MultirangeValue& m, std::string& out, EvalContext& context);

}  // namespace varve::functions
