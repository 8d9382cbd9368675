// What ANALYZE finds out about several columns together: values of pg_ndistinct, pg_dependencies and
// pg_mcv_list. An attribute is a column's number, or -1, -2 … for the expressions of the statistics object in
// their order. kString values, not aligned:
//
//   pg_ndistinct     u32 n, n × { f64 number of different combinations, u16 k, k × i16 attribute }
//   pg_dependencies  u32 n, n × { f64 degree, u16 k, k × i16 attribute }: the last depends on the others
//   pg_mcv_list      u32 items, items × { f64 frequency, f64 base frequency },
//                    u32 dimensions, dimensions × { u32 bytes, the items' values as an array (array.h) }
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "memory/arena.h"
#include "types/value.h"

namespace varve::functions {

// An entry of a pg_ndistinct or of a pg_dependencies.
struct AttributeGroup {
  double number = 0;
  std::vector<int16_t> attributes;
};
std::string attribute_groups_bytes(std::span<const AttributeGroup> groups);
std::vector<AttributeGroup> read_attribute_groups(std::string_view bytes);
// {"1, 2": 100, "1, 2, 3": 1000}
void append_ndistinct_text(std::string& out, std::string_view bytes);
// {"1 => 2": 1.000000, "1, 2 => 3": 0.500000}
void append_dependencies_text(std::string& out, std::string_view bytes);

// The commonest combinations of values, the most frequent first.
struct CommonCombinations {
  struct Dimension {
    Oid type;
    std::vector<types::Value> values;  // [item]
  };
  std::vector<double> frequencies;       // share of the rows
  std::vector<double> base_frequencies;  // what it would be if the columns had nothing to do with each other
  std::vector<Dimension> dimensions;

  size_t size() const { return frequencies.size(); }
};
std::string common_combinations_bytes(const CommonCombinations& common);
// Values point into the bytes, big numerics are put into `memory`.
CommonCombinations read_common_combinations(std::string_view bytes, Arena& memory);

}  // namespace varve::functions
