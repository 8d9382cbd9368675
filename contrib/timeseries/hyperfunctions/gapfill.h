// time_bucket_gapfill, locf and interpolate: empty buckets of a grouped query become rows. Private to the
// module.
#pragma once

#include "planner/row_transform.h"

namespace varve::hyperfunctions {

enum class FillKind : uint8_t { kLocf, kInterpolate };

// A call of locf() or interpolate(): one output column of the step.
struct FillColumn {
  FillKind kind;
  Oid type;
  uint32_t input;                   // column of the step's input that holds its first argument
  int32_t before = -1, after = -1;  // lazy expressions: the value (locf) or sample (interpolate) outside
  int32_t null_is_missing = -1;     // once expression of locf's third argument
};

// What WHERE or an argument says of the range to fill.
struct Bound {
  uint32_t once;  // expression
  Oid type;       // of its value
  bool is_start;
  bool moves = false;  // > and <=: the next time after the value
};

class GapFill final : public planner::RowTransform {
 public:
  std::unique_ptr<planner::TransformRun> start(const functions::EvalContext& eval,
                                               std::span<const types::Value> once) const override;
  std::string_view name() const override { return "GapFill"; }

  Oid time_type;
  uint32_t column_count = 0;  // of the grouped rows
  uint32_t group_count = 0;   // the first of them
  uint32_t time_column = 0;
  int32_t zone = -1;              // once expression; the width is the first
  std::span<const Bound> bounds;  // of arguments or, where they are missing, of conditions
  std::span<const FillColumn> fills;
  std::span<const functions::CompareFunction> group_order;  // by group column; null: by its bits
};

bool gapfill_hook(const planner::GroupedQuery& grouped, planner::GroupStep* step);

}  // namespace varve::hyperfunctions
