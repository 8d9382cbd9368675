// The native functions of each file. Private to the module.
#pragma once

#include <span>

#include "functions/kernel.h"

namespace varve::hyperfunctions {

std::span<const functions::Binding> time_bucket_bindings();
void register_time_bucket_rounding();
std::span<const functions::Binding> bookend_bindings();
std::span<const functions::Binding> histogram_bindings();
std::span<const functions::Binding> gapfill_bindings();
// timescaledb_toolkit
std::span<const functions::Binding> stats_bindings();
std::span<const functions::Binding> time_weight_bindings();
std::span<const functions::Binding> counter_bindings();
std::span<const functions::Binding> uddsketch_bindings();
std::span<const functions::Binding> hyperloglog_bindings();
std::span<const functions::Binding> candlestick_bindings();
std::span<const functions::Binding> tdigest_bindings();
std::span<const functions::Binding> lttb_bindings();
std::span<const functions::Binding> state_agg_bindings();

}  // namespace varve::hyperfunctions
