// What a sample says of several columns together: how many combinations of values there are, which columns
// depend on others, which combinations are common. No catalog and no storage here.
#pragma once

#include <span>
#include <vector>

#include "functions/extended_statistics.h"

namespace varve::commands {

struct SampledColumn {
  int16_t attribute;                 // as functions/extended_statistics.h numbers them
  Oid type;                          // one that has an order
  std::vector<types::Value> values;  // [row]
};

// Values that are longer are counted, not kept.
inline constexpr size_t kWidestValue = 1024;

// Haas and Stokes 1998, "Estimating the number of classes in a finite population", the Duj1 estimator: of
// `values` in the sample `distinct` are different, `repeated` of them met more than once.
double estimate_distinct(double values, double distinct, double repeated, double table_values);

// Of the same rows; up to 8.
class Multivariate {
 public:
  explicit Multivariate(std::span<const SampledColumn> columns);

  // For every combination of two and more columns: small ones first, then in the columns' order.
  std::vector<functions::AttributeGroup> ndistinct(double table_rows);
  // How much of the rows agrees with "these columns' values decide that one's"; what none agrees with is left
  // out.
  std::vector<functions::AttributeGroup> dependencies();
  // At most `limit`, and only those common enough for their share of the sample to be about that of the
  // table.
  functions::CommonCombinations common(double table_rows, size_t limit) const;

 private:
  using Set = uint32_t;  // bit n: column n
  // A number for each row: the same where the columns have the same values, in the order of the values, NULLs
  // last.
  struct Classes {
    std::vector<uint32_t> of_row;
    uint32_t count = 0;
  };
  const Classes& classes(Set columns);
  static Classes combine(const Classes& first, const Classes& then);
  Classes classes_of(const SampledColumn& column) const;
  double degree(Set deciding, size_t decided);
  functions::AttributeGroup group_of(Set columns, double number) const;

  std::span<const SampledColumn> columns_;
  size_t rows_;
  std::vector<Classes> known_;  // by set; no rows: not computed yet
  std::vector<Set> too_wide_;   // by row: columns whose value is not kept
};

}  // namespace varve::commands
