#include "hyperfunctions/extension.h"

#include <vector>

#include "bindings.h"
#include "common/embed.h"
#include "functions/extension.h"
#include "gapfill.h"

// VARVE_HYPERFUNCTIONS_SQL is set by the build.
VARVE_EMBED(timescaledb, VARVE_HYPERFUNCTIONS_SQL "/timescaledb.sql");
VARVE_EMBED(timescaledb_jobs, VARVE_HYPERFUNCTIONS_SQL "/jobs.sql");
VARVE_EMBED(timescaledb_toolkit, VARVE_HYPERFUNCTIONS_SQL "/timescaledb_toolkit.sql");

namespace varve::hyperfunctions {

namespace {

std::span<const functions::Binding> gather(std::initializer_list<std::span<const functions::Binding>> parts,
                                           std::vector<functions::Binding>& all) {
  for (auto part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

void register_extensions(std::span<const ExtensionPart> more) {
  static std::vector<functions::Binding> natives;
  static functions::Extension timescaledb;
  timescaledb.name = "timescaledb";
  timescaledb.default_version = "2.28.3";
  timescaledb.comment = "Enables scalable inserts and complex queries for time-series data";
  timescaledb.library = "timescaledb";
  timescaledb.trusted = true;
  static std::string script;
  script.append(VARVE_EMBEDDED(timescaledb)).append(VARVE_EMBEDDED(timescaledb_jobs));
  for (const ExtensionPart& part : more) script += part.script;
  static constexpr functions::ExtensionJobs kJobs{
      "SELECT * FROM _timescaledb_functions.jobs_start_due($first)",
      "SELECT _timescaledb_functions.job_finished($job, $succeeded, $sqlstate, $message)"};
  timescaledb.script = script;
  timescaledb.jobs = &kJobs;
  gather({time_bucket_bindings(), bookend_bindings(), histogram_bindings(), gapfill_bindings()}, natives);
  for (const ExtensionPart& part : more) gather({part.natives}, natives);
  timescaledb.natives = natives;
  functions::register_extension(timescaledb);
  planner::register_grouping_hook(gapfill_hook);
  register_time_bucket_rounding();

  static std::vector<functions::Binding> toolkit_natives;
  static functions::Extension toolkit;
  toolkit.name = "timescaledb_toolkit";
  toolkit.default_version = "1.22.0";
  toolkit.comment = "Library of analytical hyperfunctions, time-series pipelining, and other SQL utilities";
  toolkit.library = "timescaledb_toolkit";
  toolkit.trusted = true;
  toolkit.script = VARVE_EMBEDDED(timescaledb_toolkit);
  toolkit.natives = gather({stats_bindings(), time_weight_bindings(), counter_bindings(),
                            uddsketch_bindings(), hyperloglog_bindings(), candlestick_bindings(),
                            tdigest_bindings(), lttb_bindings(), state_agg_bindings()},
                           toolkit_natives);
  functions::register_extension(toolkit);
}

}  // namespace varve::hyperfunctions
