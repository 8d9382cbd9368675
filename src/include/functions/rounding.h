// Functions that round: what a comparison of their result says of the argument, so that a scan can leave out
// what cannot meet it.
//
// Rules are registered before the server serves; after that they are read by any thread.
#pragma once

#include <span>

#include "functions/registry.h"

namespace varve::functions {

// How far apart an argument and its result are at most: result * unit - above <= argument <= result * unit +
// below.
struct RoundingReach {
  int64_t below = 0, above = 0;
};

// Arguments and results are integers, dates or timestamps. Infinite ones round to themselves.
struct RoundingRule {
  uint32_t argument;  // which one is rounded
  int64_t unit;       // of the argument's, how many are one of the result's: days of timestamps
  // From the other arguments, in units of the argument; the one that is rounded is given as NULL. False, or
  // SqlError: nothing is known.
  bool (*reach)(std::span<const types::Value> args, const types::FormatSettings& format,
                RoundingReach* reach);
};

// Of an extension's function.
void register_rounding(Kernel kernel, const RoundingRule& rule);
// Null: it does not round, or nobody knows.
const RoundingRule* find_rounding(const Function& function);

// An interval in microseconds, months being as long as they can be. False: out of range.
bool longest_us(const types::Interval& interval, int64_t* us);
// What local time in a zone may be off by between an argument and its result.
int64_t clock_changes_us(const types::TimeZone* zone);

}  // namespace varve::functions
