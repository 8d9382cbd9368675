-- What CREATE EXTENSION timescaledb_toolkit makes. Summaries are composite types: their fields are what the native
-- functions read and write, in this order.

-- stats_agg
CREATE TYPE statssummary1d AS (n bigint, sx double precision, sx2 double precision, sx3 double precision, sx4 double precision);
CREATE TYPE statssummary2d AS (n bigint, sx double precision, sx2 double precision, sy double precision, sy2 double precision, sxy double precision);
CREATE FUNCTION stats1d_final(internal) RETURNS statssummary1d
  AS 'MODULE_PATHNAME', 'stats_1d_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION stats2d_final(internal) RETURNS statssummary2d
  AS 'MODULE_PATHNAME', 'stats_2d_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION stats1d_trans(internal, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'stats_1d' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE stats_agg(value double precision) (
  SFUNC = stats1d_trans, STYPE = internal, FINALFUNC = stats1d_final, PARALLEL = SAFE);
CREATE FUNCTION stats2d_trans(internal, double precision, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'stats_2d' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE stats_agg(y double precision, x double precision) (
  SFUNC = stats2d_trans, STYPE = internal, FINALFUNC = stats2d_final, PARALLEL = SAFE);
CREATE FUNCTION stats1d_rollup_trans(internal, statssummary1d) RETURNS internal
  AS 'MODULE_PATHNAME', 'stats_1d_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(ss statssummary1d) (
  SFUNC = stats1d_rollup_trans, STYPE = internal, FINALFUNC = stats1d_final, PARALLEL = SAFE);
CREATE FUNCTION stats2d_rollup_trans(internal, statssummary2d) RETURNS internal
  AS 'MODULE_PATHNAME', 'stats_2d_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(ss statssummary2d) (
  SFUNC = stats2d_rollup_trans, STYPE = internal, FINALFUNC = stats2d_final, PARALLEL = SAFE);
CREATE FUNCTION stats1d_rolling_trans(internal, statssummary1d) RETURNS internal
  AS 'MODULE_PATHNAME', 'stats_1d_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rolling(ss statssummary1d) (
  SFUNC = stats1d_rolling_trans, STYPE = internal, FINALFUNC = stats1d_final, PARALLEL = SAFE);
CREATE FUNCTION stats2d_rolling_trans(internal, statssummary2d) RETURNS internal
  AS 'MODULE_PATHNAME', 'stats_2d_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rolling(ss statssummary2d) (
  SFUNC = stats2d_rolling_trans, STYPE = internal, FINALFUNC = stats2d_final, PARALLEL = SAFE);
CREATE FUNCTION average(summary statssummary1d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_average' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION sum(summary statssummary1d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_sum' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_vals(summary statssummary1d) RETURNS bigint
  AS 'MODULE_PATHNAME', 'stats_num_vals' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_vals(summary statssummary2d) RETURNS bigint
  AS 'MODULE_PATHNAME', 'stats_num_vals' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION stddev(summary statssummary1d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_stddev' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION variance(summary statssummary1d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_variance' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION skewness(summary statssummary1d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_skewness' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION kurtosis(summary statssummary1d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_kurtosis' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION average_x(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_average_x' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION average_y(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_average_y' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION sum_x(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_sum_x' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION sum_y(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_sum_y' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION slope(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_slope' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION intercept(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_intercept' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION x_intercept(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_x_intercept' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION corr(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_corr' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION determination_coeff(summary statssummary2d) RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_determination_coeff' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION covariance(summary statssummary2d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_covariance' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION variance_x(summary statssummary2d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_variance_x' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION variance_y(summary statssummary2d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_variance_y' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION stddev_x(summary statssummary2d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_stddev_x' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION stddev_y(summary statssummary2d, method text DEFAULT 'sample') RETURNS double precision
  AS 'MODULE_PATHNAME', 'stats_stddev_y' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- time_weight
CREATE TYPE timeweightsummary AS (method text, first_time timestamptz, first_val double precision, last_time timestamptz,
  last_val double precision, weighted_sum double precision);
CREATE FUNCTION time_weight_final(internal) RETURNS timeweightsummary
  AS 'MODULE_PATHNAME', 'time_weight_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION time_weight_trans(internal, text, timestamptz, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'time_weight' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE time_weight(method text, ts timestamptz, value double precision) (
  SFUNC = time_weight_trans, STYPE = internal, FINALFUNC = time_weight_final, PARALLEL = SAFE);
CREATE FUNCTION time_weight_rollup_trans(internal, timeweightsummary) RETURNS internal
  AS 'MODULE_PATHNAME', 'time_weight_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(tws timeweightsummary) (
  SFUNC = time_weight_rollup_trans, STYPE = internal, FINALFUNC = time_weight_final, PARALLEL = SAFE);
CREATE FUNCTION average(tws timeweightsummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'time_weight_average' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION integral(tws timeweightsummary, unit text DEFAULT 'second') RETURNS double precision
  AS 'MODULE_PATHNAME', 'time_weight_integral' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION first_val(tws timeweightsummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'time_weight_first_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION last_val(tws timeweightsummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'time_weight_last_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION first_time(tws timeweightsummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'time_weight_first_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION last_time(tws timeweightsummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'time_weight_last_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- counter_agg, gauge_agg
CREATE TYPE countersummary AS (first_time timestamptz, first_val double precision, second_time timestamptz, second_val double precision,
  penultimate_time timestamptz, penultimate_val double precision, last_time timestamptz, last_val double precision, reset_sum double precision,
  num_resets bigint, num_changes bigint, num_elements bigint, sx double precision, sx2 double precision, sy double precision,
  sy2 double precision, sxy double precision, bound_start timestamptz, bound_end timestamptz);
CREATE FUNCTION counter_agg_final(internal) RETURNS countersummary
  AS 'MODULE_PATHNAME', 'counter_agg_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION counter_agg_trans(internal, timestamptz, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'counter_agg' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE counter_agg(ts timestamptz, value double precision) (
  SFUNC = counter_agg_trans, STYPE = internal, FINALFUNC = counter_agg_final, PARALLEL = SAFE);
CREATE FUNCTION counter_agg_trans(internal, timestamptz, double precision, tstzrange) RETURNS internal
  AS 'MODULE_PATHNAME', 'counter_agg_within' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE counter_agg(ts timestamptz, value double precision, bounds tstzrange) (
  SFUNC = counter_agg_trans, STYPE = internal, FINALFUNC = counter_agg_final, PARALLEL = SAFE);
CREATE FUNCTION counter_rollup_trans(internal, countersummary) RETURNS internal
  AS 'MODULE_PATHNAME', 'counter_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(summary countersummary) (
  SFUNC = counter_rollup_trans, STYPE = internal, FINALFUNC = counter_agg_final, PARALLEL = SAFE);
CREATE FUNCTION delta(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_delta' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION rate(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_rate' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_delta(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_time_delta' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION idelta_left(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_idelta_left' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION idelta_right(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_idelta_right' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION irate_left(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_irate_left' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION irate_right(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_irate_right' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION slope(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_slope' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION intercept(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_intercept' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION corr(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_corr' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION first_val(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_first_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION last_val(summary countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_last_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_changes(summary countersummary) RETURNS bigint
  AS 'MODULE_PATHNAME', 'counter_num_changes' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_elements(summary countersummary) RETURNS bigint
  AS 'MODULE_PATHNAME', 'counter_num_elements' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION first_time(summary countersummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'counter_first_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION last_time(summary countersummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'counter_last_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION counter_zero_time(summary countersummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'counter_zero_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE TYPE gaugesummary AS (first_time timestamptz, first_val double precision, second_time timestamptz, second_val double precision,
  penultimate_time timestamptz, penultimate_val double precision, last_time timestamptz, last_val double precision, reset_sum double precision,
  num_resets bigint, num_changes bigint, num_elements bigint, sx double precision, sx2 double precision, sy double precision,
  sy2 double precision, sxy double precision, bound_start timestamptz, bound_end timestamptz);
CREATE FUNCTION gauge_agg_final(internal) RETURNS gaugesummary
  AS 'MODULE_PATHNAME', 'gauge_agg_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION gauge_agg_trans(internal, timestamptz, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'gauge_agg' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE gauge_agg(ts timestamptz, value double precision) (
  SFUNC = gauge_agg_trans, STYPE = internal, FINALFUNC = gauge_agg_final, PARALLEL = SAFE);
CREATE FUNCTION gauge_agg_trans(internal, timestamptz, double precision, tstzrange) RETURNS internal
  AS 'MODULE_PATHNAME', 'gauge_agg_within' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE gauge_agg(ts timestamptz, value double precision, bounds tstzrange) (
  SFUNC = gauge_agg_trans, STYPE = internal, FINALFUNC = gauge_agg_final, PARALLEL = SAFE);
CREATE FUNCTION gauge_rollup_trans(internal, gaugesummary) RETURNS internal
  AS 'MODULE_PATHNAME', 'gauge_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(summary gaugesummary) (
  SFUNC = gauge_rollup_trans, STYPE = internal, FINALFUNC = gauge_agg_final, PARALLEL = SAFE);
CREATE FUNCTION delta(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_delta' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION rate(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_rate' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION time_delta(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_time_delta' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION idelta_left(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_idelta_left' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION idelta_right(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_idelta_right' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION irate_left(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_irate_left' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION irate_right(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_irate_right' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION slope(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_slope' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION intercept(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_intercept' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION corr(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_corr' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION first_val(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_first_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION last_val(summary gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_last_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_changes(summary gaugesummary) RETURNS bigint
  AS 'MODULE_PATHNAME', 'counter_num_changes' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_elements(summary gaugesummary) RETURNS bigint
  AS 'MODULE_PATHNAME', 'counter_num_elements' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION first_time(summary gaugesummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'counter_first_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION last_time(summary gaugesummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'counter_last_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION gauge_zero_time(summary gaugesummary) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'counter_zero_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_resets(summary countersummary) RETURNS bigint
  AS 'MODULE_PATHNAME', 'counter_num_resets' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- uddsketch, percentile_agg
CREATE TYPE uddsketch AS (max_buckets int, max_error double precision, count bigint, zeros bigint, sum double precision,
  negative bigint[], positive bigint[]);
CREATE FUNCTION uddsketch_final(internal) RETURNS uddsketch
  AS 'MODULE_PATHNAME', 'uddsketch_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION uddsketch_trans(internal, int, double precision, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'uddsketch' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE uddsketch(size int, max_error double precision, value double precision) (
  SFUNC = uddsketch_trans, STYPE = internal, FINALFUNC = uddsketch_final, PARALLEL = SAFE);
CREATE FUNCTION percentile_agg_trans(internal, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'percentile_agg' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE percentile_agg(value double precision) (
  SFUNC = percentile_agg_trans, STYPE = internal, FINALFUNC = uddsketch_final, PARALLEL = SAFE);
CREATE FUNCTION uddsketch_rollup_trans(internal, uddsketch) RETURNS internal
  AS 'MODULE_PATHNAME', 'uddsketch_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(sketch uddsketch) (
  SFUNC = uddsketch_rollup_trans, STYPE = internal, FINALFUNC = uddsketch_final, PARALLEL = SAFE);
CREATE FUNCTION approx_percentile(percentile double precision, sketch uddsketch) RETURNS double precision
  AS 'MODULE_PATHNAME', 'approx_percentile' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION approx_percentile_array(percentiles double precision[], sketch uddsketch) RETURNS double precision[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS
$$ SELECT pg_catalog.array_agg(approx_percentile(p, $2) ORDER BY n) FROM pg_catalog.unnest($1) WITH ORDINALITY x (p, n) $$;
CREATE FUNCTION approx_percentile_rank(value double precision, sketch uddsketch) RETURNS double precision
  AS 'MODULE_PATHNAME', 'approx_percentile_rank' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION error(sketch uddsketch) RETURNS double precision
  AS 'MODULE_PATHNAME', 'uddsketch_error' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION mean(sketch uddsketch) RETURNS double precision
  AS 'MODULE_PATHNAME', 'uddsketch_mean' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_vals(sketch uddsketch) RETURNS double precision
  AS 'MODULE_PATHNAME', 'uddsketch_num_vals' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- hyperloglog
CREATE TYPE hyperloglog AS (registers bytea);
CREATE FUNCTION hyperloglog_final(internal, int, anyelement) RETURNS hyperloglog
  AS 'MODULE_PATHNAME', 'hyperloglog_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION approx_count_distinct_final(internal, anyelement) RETURNS hyperloglog
  AS 'MODULE_PATHNAME', 'approx_count_distinct_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION hyperloglog_rollup_final(internal) RETURNS hyperloglog
  AS 'MODULE_PATHNAME', 'hyperloglog_rollup_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION hyperloglog_trans(internal, int, anyelement) RETURNS internal
  AS 'MODULE_PATHNAME', 'hyperloglog' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE hyperloglog(buckets int, value anyelement) (
  SFUNC = hyperloglog_trans, STYPE = internal, FINALFUNC = hyperloglog_final, FINALFUNC_EXTRA, PARALLEL = SAFE);
CREATE FUNCTION approx_count_distinct_trans(internal, anyelement) RETURNS internal
  AS 'MODULE_PATHNAME', 'approx_count_distinct' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE approx_count_distinct(value anyelement) (
  SFUNC = approx_count_distinct_trans, STYPE = internal, FINALFUNC = approx_count_distinct_final, FINALFUNC_EXTRA, PARALLEL = SAFE);
CREATE FUNCTION hyperloglog_rollup_trans(internal, hyperloglog) RETURNS internal
  AS 'MODULE_PATHNAME', 'hyperloglog_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(hll hyperloglog) (
  SFUNC = hyperloglog_rollup_trans, STYPE = internal, FINALFUNC = hyperloglog_rollup_final, PARALLEL = SAFE);
CREATE FUNCTION distinct_count(hll hyperloglog) RETURNS bigint
  AS 'MODULE_PATHNAME', 'distinct_count' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION stderror(hll hyperloglog) RETURNS double precision
  AS 'MODULE_PATHNAME', 'hyperloglog_stderror' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- candlestick_agg
CREATE TYPE candlestick AS (open_time timestamptz, open double precision, high_time timestamptz, high double precision,
  low_time timestamptz, low double precision, close_time timestamptz, close double precision, volume double precision,
  turnover double precision);
CREATE FUNCTION candlestick_final(internal) RETURNS candlestick
  AS 'MODULE_PATHNAME', 'candlestick_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION candlestick_agg_trans(internal, timestamptz, double precision, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'candlestick_agg' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE candlestick_agg(ts timestamptz, price double precision, volume double precision) (
  SFUNC = candlestick_agg_trans, STYPE = internal, FINALFUNC = candlestick_final, PARALLEL = SAFE);
CREATE FUNCTION candlestick_rollup_trans(internal, candlestick) RETURNS internal
  AS 'MODULE_PATHNAME', 'candlestick_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(candlestick candlestick) (
  SFUNC = candlestick_rollup_trans, STYPE = internal, FINALFUNC = candlestick_final, PARALLEL = SAFE);
CREATE FUNCTION candlestick(ts timestamptz, open double precision, high double precision, low double precision,
  close double precision, volume double precision) RETURNS candlestick
  AS 'MODULE_PATHNAME', 'candlestick_make' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION open(candlestick candlestick) RETURNS double precision
  AS 'MODULE_PATHNAME', 'candlestick_open' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION open_time(candlestick candlestick) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'candlestick_open_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION high(candlestick candlestick) RETURNS double precision
  AS 'MODULE_PATHNAME', 'candlestick_high' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION high_time(candlestick candlestick) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'candlestick_high_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION low(candlestick candlestick) RETURNS double precision
  AS 'MODULE_PATHNAME', 'candlestick_low' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION low_time(candlestick candlestick) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'candlestick_low_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION close(candlestick candlestick) RETURNS double precision
  AS 'MODULE_PATHNAME', 'candlestick_close' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION close_time(candlestick candlestick) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'candlestick_close_time' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION volume(candlestick candlestick) RETURNS double precision
  AS 'MODULE_PATHNAME', 'candlestick_volume' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION vwap(candlestick candlestick) RETURNS double precision
  AS 'MODULE_PATHNAME', 'candlestick_vwap' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- tdigest
CREATE TYPE tdigest AS (buckets int, count double precision, sum double precision, min double precision, max double precision,
  centroids double precision[]);
CREATE FUNCTION tdigest_final(internal) RETURNS tdigest
  AS 'MODULE_PATHNAME', 'tdigest_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION tdigest_trans(internal, int, double precision) RETURNS internal
  AS 'MODULE_PATHNAME', 'tdigest' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE tdigest(size int, value double precision) (
  SFUNC = tdigest_trans, STYPE = internal, FINALFUNC = tdigest_final, PARALLEL = SAFE);
CREATE FUNCTION tdigest_rollup_trans(internal, tdigest) RETURNS internal
  AS 'MODULE_PATHNAME', 'tdigest_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(digest tdigest) (
  SFUNC = tdigest_rollup_trans, STYPE = internal, FINALFUNC = tdigest_final, PARALLEL = SAFE);
CREATE FUNCTION approx_percentile(percentile double precision, digest tdigest) RETURNS double precision
  AS 'MODULE_PATHNAME', 'approx_percentile' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION approx_percentile_rank(value double precision, digest tdigest) RETURNS double precision
  AS 'MODULE_PATHNAME', 'approx_percentile_rank' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION mean(digest tdigest) RETURNS double precision
  AS 'MODULE_PATHNAME', 'tdigest_mean' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_vals(digest tdigest) RETURNS double precision
  AS 'MODULE_PATHNAME', 'tdigest_num_vals' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION min_val(digest tdigest) RETURNS double precision
  AS 'MODULE_PATHNAME', 'tdigest_min_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION max_val(digest tdigest) RETURNS double precision
  AS 'MODULE_PATHNAME', 'tdigest_max_val' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- lttb
CREATE TYPE timevector AS (times timestamptz[], vals double precision[]);
CREATE FUNCTION lttb_final(internal) RETURNS timevector
  AS 'MODULE_PATHNAME', 'lttb_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION lttb_trans(internal, timestamptz, double precision, int) RETURNS internal
  AS 'MODULE_PATHNAME', 'lttb' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE lttb(ts timestamptz, value double precision, resolution int) (
  SFUNC = lttb_trans, STYPE = internal, FINALFUNC = lttb_final, PARALLEL = SAFE);
CREATE FUNCTION unnest(series timevector) RETURNS TABLE("time" timestamptz, value double precision)
  AS 'MODULE_PATHNAME', 'timevector_unnest' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION num_vals(series timevector) RETURNS bigint
  AS 'MODULE_PATHNAME', 'timevector_num_vals' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- state_agg
CREATE TYPE stateagg AS (times timestamptz[], states text[], last_time timestamptz, integer_states boolean);
CREATE FUNCTION state_agg_final(internal) RETURNS stateagg
  AS 'MODULE_PATHNAME', 'state_agg_final' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION state_agg_trans(internal, timestamptz, text) RETURNS internal
  AS 'MODULE_PATHNAME', 'state_agg' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE state_agg(ts timestamptz, value text) (
  SFUNC = state_agg_trans, STYPE = internal, FINALFUNC = state_agg_final, PARALLEL = SAFE);
CREATE FUNCTION state_agg_trans(internal, timestamptz, bigint) RETURNS internal
  AS 'MODULE_PATHNAME', 'state_agg_of_integers' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE state_agg(ts timestamptz, value bigint) (
  SFUNC = state_agg_trans, STYPE = internal, FINALFUNC = state_agg_final, PARALLEL = SAFE);
CREATE FUNCTION duration_in(agg stateagg, state text) RETURNS interval
  AS 'MODULE_PATHNAME', 'state_duration_in' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_at(agg stateagg, point timestamptz) RETURNS text
  AS 'MODULE_PATHNAME', 'state_at' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION into_values(agg stateagg) RETURNS TABLE(state text, duration interval)
  AS 'MODULE_PATHNAME', 'state_into_values' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_timeline(agg stateagg) RETURNS TABLE(state text, start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_timeline' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;

-- Summaries of neighbouring times: what lies at the bounds is told by the neighbours. `"interval"` is counted in the
-- session's time zone from `start`.
CREATE FUNCTION time_weight_average_between(summary timeweightsummary, start timestamptz, ending timestamptz, prev timeweightsummary, next timeweightsummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'time_weight_average_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_average(summary timeweightsummary, start timestamptz, "interval" interval, prev timeweightsummary DEFAULT NULL, next timeweightsummary DEFAULT NULL)
  RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT time_weight_average_between($1, $2, $2 + $3, $4, $5) $$;
CREATE FUNCTION time_weight_integral_between(summary timeweightsummary, start timestamptz, ending timestamptz, prev timeweightsummary, next timeweightsummary, unit text) RETURNS double precision
  AS 'MODULE_PATHNAME', 'time_weight_integral_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_integral(summary timeweightsummary, start timestamptz, "interval" interval, prev timeweightsummary DEFAULT NULL, next timeweightsummary DEFAULT NULL, unit text DEFAULT 'second')
  RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT time_weight_integral_between($1, $2, $2 + $3, $4, $5, $6) $$;
CREATE FUNCTION counter_delta_between(summary countersummary, start timestamptz, ending timestamptz, prev countersummary, next countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_delta_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_delta(summary countersummary, start timestamptz, "interval" interval, prev countersummary DEFAULT NULL, next countersummary DEFAULT NULL)
  RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT counter_delta_between($1, $2, $2 + $3, $4, $5) $$;
CREATE FUNCTION counter_rate_between(summary countersummary, start timestamptz, ending timestamptz, prev countersummary, next countersummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_rate_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_rate(summary countersummary, start timestamptz, "interval" interval, prev countersummary DEFAULT NULL, next countersummary DEFAULT NULL)
  RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT counter_rate_between($1, $2, $2 + $3, $4, $5) $$;
CREATE FUNCTION counter_with_bounds(summary countersummary, bound_start timestamptz, bound_end timestamptz) RETURNS countersummary
  AS 'MODULE_PATHNAME', 'counter_with_bounds' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION with_bounds(summary countersummary, bounds tstzrange) RETURNS countersummary LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT counter_with_bounds($1, coalesce(pg_catalog.lower($2), '-infinity'), coalesce(pg_catalog.upper($2), 'infinity')) $$;
CREATE FUNCTION extrapolated_delta(summary countersummary, method text DEFAULT 'prometheus') RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_extrapolated_delta' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION extrapolated_rate(summary countersummary, method text DEFAULT 'prometheus') RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_extrapolated_rate' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION counter_delta_between(summary gaugesummary, start timestamptz, ending timestamptz, prev gaugesummary, next gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_delta_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_delta(summary gaugesummary, start timestamptz, "interval" interval, prev gaugesummary DEFAULT NULL, next gaugesummary DEFAULT NULL)
  RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT counter_delta_between($1, $2, $2 + $3, $4, $5) $$;
CREATE FUNCTION counter_rate_between(summary gaugesummary, start timestamptz, ending timestamptz, prev gaugesummary, next gaugesummary) RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_rate_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_rate(summary gaugesummary, start timestamptz, "interval" interval, prev gaugesummary DEFAULT NULL, next gaugesummary DEFAULT NULL)
  RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT counter_rate_between($1, $2, $2 + $3, $4, $5) $$;
CREATE FUNCTION counter_with_bounds(summary gaugesummary, bound_start timestamptz, bound_end timestamptz) RETURNS gaugesummary
  AS 'MODULE_PATHNAME', 'counter_with_bounds' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION with_bounds(summary gaugesummary, bounds tstzrange) RETURNS gaugesummary LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS
$$ SELECT counter_with_bounds($1, coalesce(pg_catalog.lower($2), '-infinity'), coalesce(pg_catalog.upper($2), 'infinity')) $$;
CREATE FUNCTION extrapolated_delta(summary gaugesummary, method text DEFAULT 'prometheus') RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_extrapolated_delta' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION extrapolated_rate(summary gaugesummary, method text DEFAULT 'prometheus') RETURNS double precision
  AS 'MODULE_PATHNAME', 'counter_extrapolated_rate' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_agg_rollup_trans(internal, stateagg) RETURNS internal
  AS 'MODULE_PATHNAME', 'state_agg_rollup' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE rollup(agg stateagg) (SFUNC = state_agg_rollup_trans, STYPE = internal, FINALFUNC = state_agg_final, PARALLEL = SAFE);
CREATE FUNCTION state_duration_within(agg stateagg, state text, start timestamptz, ending timestamptz) RETURNS interval
  AS 'MODULE_PATHNAME', 'state_duration_within' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION duration_in(agg stateagg, state text, start timestamptz, "interval" interval DEFAULT NULL) RETURNS interval
  LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT state_duration_within($1, $2, $3, coalesce($3 + $4, 'infinity')) $$;
CREATE FUNCTION state_duration_between(agg stateagg, state text, start timestamptz, ending timestamptz, prev stateagg) RETURNS interval
  AS 'MODULE_PATHNAME', 'state_duration_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_duration_in(agg stateagg, state text, start timestamptz, "interval" interval, prev stateagg DEFAULT NULL)
  RETURNS interval LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT state_duration_between($1, $2, $3, $3 + $4, $5) $$;
CREATE FUNCTION state_periods(agg stateagg, state text) RETURNS TABLE(start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_periods' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_timeline_between(agg stateagg, start timestamptz, ending timestamptz, prev stateagg)
  RETURNS TABLE(state text, start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_timeline_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_state_timeline(agg stateagg, start timestamptz, "interval" interval, prev stateagg DEFAULT NULL)
  RETURNS TABLE(state text, start_time timestamptz, end_time timestamptz) LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT * FROM state_timeline_between($1, $2, $2 + $3, $4) $$;
CREATE FUNCTION state_periods_between(agg stateagg, state text, start timestamptz, ending timestamptz, prev stateagg)
  RETURNS TABLE(start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_periods_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_state_periods(agg stateagg, state text, start timestamptz, "interval" interval, prev stateagg DEFAULT NULL)
  RETURNS TABLE(start_time timestamptz, end_time timestamptz) LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT * FROM state_periods_between($1, $2, $3, $3 + $4, $5) $$;

-- The same of states that are integers.
CREATE FUNCTION duration_in(agg stateagg, state bigint) RETURNS interval
  AS 'MODULE_PATHNAME', 'state_duration_in' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_at_int(agg stateagg, point timestamptz) RETURNS bigint
  AS 'MODULE_PATHNAME', 'state_at_int' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION into_int_values(agg stateagg) RETURNS TABLE(state bigint, duration interval)
  AS 'MODULE_PATHNAME', 'state_into_int_values' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_int_timeline(agg stateagg) RETURNS TABLE(state bigint, start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_int_timeline' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_duration_within(agg stateagg, state bigint, start timestamptz, ending timestamptz) RETURNS interval
  AS 'MODULE_PATHNAME', 'state_duration_within' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION duration_in(agg stateagg, state bigint, start timestamptz, "interval" interval DEFAULT NULL) RETURNS interval
  LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT state_duration_within($1, $2, $3, coalesce($3 + $4, 'infinity')) $$;
CREATE FUNCTION state_duration_between(agg stateagg, state bigint, start timestamptz, ending timestamptz, prev stateagg) RETURNS interval
  AS 'MODULE_PATHNAME', 'state_duration_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_duration_in(agg stateagg, state bigint, start timestamptz, "interval" interval, prev stateagg DEFAULT NULL)
  RETURNS interval LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT state_duration_between($1, $2, $3, $3 + $4, $5) $$;
CREATE FUNCTION state_periods(agg stateagg, state bigint) RETURNS TABLE(start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_periods' LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT;
CREATE FUNCTION state_int_timeline_between(agg stateagg, start timestamptz, ending timestamptz, prev stateagg)
  RETURNS TABLE(state bigint, start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_int_timeline_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_state_int_timeline(agg stateagg, start timestamptz, "interval" interval, prev stateagg DEFAULT NULL)
  RETURNS TABLE(state bigint, start_time timestamptz, end_time timestamptz) LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT * FROM state_int_timeline_between($1, $2, $2 + $3, $4) $$;
CREATE FUNCTION state_periods_between(agg stateagg, state bigint, start timestamptz, ending timestamptz, prev stateagg)
  RETURNS TABLE(start_time timestamptz, end_time timestamptz)
  AS 'MODULE_PATHNAME', 'state_periods_between' LANGUAGE c IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION interpolated_state_periods(agg stateagg, state bigint, start timestamptz, "interval" interval, prev stateagg DEFAULT NULL)
  RETURNS TABLE(start_time timestamptz, end_time timestamptz) LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT * FROM state_periods_between($1, $2, $3, $3 + $4, $5) $$;
