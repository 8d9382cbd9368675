// Ordered-set aggregates without the order.
#pragma once

namespace varve::functions {

struct AggregateImpl;
struct Function;

// percentile_cont and percentile_disc look at one or two of their values: those are found without sorting the
// rest, so rows may come in any order, and states can be combined. For functions whose values are of one of
// the types for which this is written, ascending; else null.
const AggregateImpl* unsorted_aggregate(const Function& function);

}  // namespace varve::functions
