-- The toolkit's summaries against the same numbers by plain SQL, worked out by hand, or from its documentation's examples.
-- Every cell must come out true.
CREATE EXTENSION timescaledb_toolkit;
SET timezone = 'UTC';
CREATE TABLE m (ts timestamptz, v double precision, w double precision, h text);
INSERT INTO m SELECT g, (i * 7919 % 1000) / 8.0, i * 3 - 20, 'h' || i / 100 % 3
FROM (SELECT i, '2024-01-01 00:00+00'::timestamptz + i * interval '1 minute' AS g FROM generate_series(0, 999) i) q;
CREATE FUNCTION close_to(a double precision, b double precision) RETURNS boolean LANGUAGE sql IMMUTABLE AS
  'SELECT abs($1 - $2) <= 1e-9 * greatest(abs($1), abs($2), 1e-300) OR $1 = $2';
CREATE FUNCTION fails(command text, message text) RETURNS boolean LANGUAGE plpgsql AS
  'BEGIN EXECUTE command; RETURN false; EXCEPTION WHEN OTHERS THEN RETURN SQLERRM = message; END';

-- stats_agg
SELECT close_to(average(stats_agg(v)), avg(v)), close_to(stddev(stats_agg(v)), stddev(v)),
       close_to(variance(stats_agg(v), 'population'), var_pop(v)), sum(stats_agg(v)) = sum(v), num_vals(stats_agg(v)) = count(v) FROM m;
SELECT close_to(skewness(stats_agg(v * v), 'population'), avg((v * v - a) ^ 3) / s ^ 3),
       close_to(kurtosis(stats_agg(v * v), 'population'), avg((v * v - a) ^ 4) / s ^ 4)
FROM m, (SELECT avg(v * v) AS a, stddev_pop(v * v) AS s FROM m) q GROUP BY s;
SELECT close_to(slope(stats_agg(v, w)), regr_slope(v, w)), close_to(intercept(stats_agg(v, w)), regr_intercept(v, w)),
       close_to(corr(stats_agg(v, w)), corr(v, w)), close_to(covariance(stats_agg(v, w)), covar_samp(v, w)),
       close_to(determination_coeff(stats_agg(v, w)), regr_r2(v, w)), close_to(stddev_x(stats_agg(v, w)), stddev(w)),
       average_y(stats_agg(v, w)) = avg(v), average_x(stats_agg(v, w)) = avg(w), num_vals(stats_agg(v, w)) = 1000 FROM m;
SELECT close_to(skewness(stats_agg(v * v)), sum((v * v - a) ^ 3) / (count(*) - 1) / s ^ 3),
       close_to(kurtosis(stats_agg(v * v), 'sample'), sum((v * v - a) ^ 4) / (count(*) - 1) / s ^ 4)
FROM m, (SELECT avg(v * v) AS a, stddev_samp(v * v) AS s FROM m) q GROUP BY s;
SELECT skewness(stats_agg(v)) IS NULL AND kurtosis(stats_agg(v)) IS NULL FROM m WHERE w = 1;
-- A rollup is the summary of all; so is one that was stored.
CREATE TABLE stored AS SELECT h, stats_agg(v) AS s, stats_agg(v, w) AS s2, uddsketch(200, 0.001, v) AS u, hyperloglog(1024, v) AS hll,
  percentile_agg(v) AS p, tdigest(100, v) AS d, candlestick_agg(ts, v, w) AS c FROM m GROUP BY h;
SELECT close_to(stddev(rollup(s)), (SELECT stddev(v) FROM m)), close_to(slope(rollup(s2)), (SELECT regr_slope(v, w) FROM m)),
       close_to(kurtosis(rollup(s), 'population'), (SELECT kurtosis(stats_agg(v), 'population') FROM m)) FROM stored;
SELECT average(stats_agg(v)) IS NULL FROM m WHERE false;
SELECT stddev(stats_agg(v)) IS NULL AND stddev(stats_agg(v), 'population') = 0 FROM m WHERE w = 1;
SELECT fails($$SELECT stddev(stats_agg(v), 'nonsense') FROM m$$, 'unknown analysis method');
-- The names of built-in aggregates still mean those.
SELECT close_to(stddev(v), stddev(stats_agg(v))), sum(v) = sum(stats_agg(v)), fails('SELECT sum(sum(v)) FROM m', 'aggregate function calls cannot be nested') FROM m;

-- uddsketch: the documentation's examples; elsewhere within the error that the sketch itself promises
SELECT approx_percentile(0.01, uddsketch(200, 0.001, data)) = 0.999 FROM generate_series(0, 100) data;
SELECT approx_percentile_rank(99, uddsketch(200, 0.001, data)) = 0.9851485148514851 FROM generate_series(0, 100) data;
SELECT abs(approx_percentile(p, s) / exact - 1) <= error(s) FROM (SELECT percentile_agg(v) AS s FROM m) a,
  (SELECT p, percentile_disc(p) WITHIN GROUP (ORDER BY v) AS exact FROM m, unnest(ARRAY[0.1001, 0.5001, 0.9001, 0.9901]) p GROUP BY p) b;
SELECT abs(approx_percentile(0.9001, rollup(u)) / (SELECT percentile_disc(0.9001) WITHIN GROUP (ORDER BY v) FROM m) - 1) <= error(rollup(u)),
       num_vals(rollup(u)) = 1000, error(rollup(p)) < 0.04, close_to(mean(rollup(p)), (SELECT avg(v) FROM m)) FROM stored;
SELECT approx_percentile(0.5, percentile_agg(x)) = 0, approx_percentile(0, percentile_agg(x)) BETWEEN -5.005 AND -4.995,
       approx_percentile_rank(0, percentile_agg(x)) = 0.5 FROM generate_series(-5, 5) x;
SELECT approx_percentile_array('{0.9,0.1,0.5}', percentile_agg(v)) = ARRAY[approx_percentile(0.9, percentile_agg(v)),
  approx_percentile(0.1, percentile_agg(v)), approx_percentile(0.5, percentile_agg(v))], approx_percentile_array(NULL, percentile_agg(v)) IS NULL FROM m;
SELECT fails('SELECT approx_percentile(1.5, percentile_agg(v)) FROM m', 'percentile must be between 0 and 1');

-- tdigest: exact at the ends
SELECT approx_percentile(0, d) = l, approx_percentile(1, d) = g, num_vals(d) = 1000, min_val(d) = l, max_val(d) = g, close_to(mean(d), a)
FROM (SELECT tdigest(100, v) AS d, min(v) AS l, max(v) AS g, avg(v) AS a FROM m) q;
SELECT abs(approx_percentile(p, (SELECT tdigest(100, v) FROM m)) - percentile_cont(p) WITHIN GROUP (ORDER BY v)) < 1.25
FROM m, unnest(ARRAY[0.01, 0.1, 0.5, 0.9, 0.99]) p GROUP BY p;
SELECT abs(approx_percentile_rank(60, rollup(d)) - (SELECT count(*) FILTER (WHERE v < 60) / count(*)::float FROM m)) < 0.01 FROM stored;

-- hyperloglog: within four standard errors
SELECT abs(distinct_count(hyperloglog(4096, x)) - 100000) < 4 * 100000 * stderror(hyperloglog(4096, x)) FROM generate_series(1, 100000) x;
SELECT distinct_count(approx_count_distinct(h)) = 3, distinct_count(approx_count_distinct(ts)) BETWEEN 980 AND 1020 FROM m;
SELECT abs(distinct_count(rollup(hll)) - 1000) < 4 * 1000 * stderror(rollup(hll)) FROM stored;

-- time_weight: 10 for a minute, 20 for two, then 30
CREATE TABLE tw (ts timestamptz, v double precision);
INSERT INTO tw VALUES ('2020-01-01 00:03+00', 30), ('2020-01-01 00:00+00', 10), ('2020-01-01 00:01+00', 20);
SELECT close_to(average(time_weight('LOCF', ts, v)), 50 / 3.0), close_to(average(time_weight('Linear', ts, v)), 65 / 3.0),
       integral(time_weight('LOCF', ts, v), 'minute') = 50, integral(time_weight('Linear', ts, v)) = 3900,
       first_val(time_weight('LOCF', ts, v)) = 10, last_time(time_weight('LOCF', ts, v)) = '2020-01-01 00:03+00' FROM tw;
SELECT close_to(average(rollup(w)), 50 / 3.0) FROM (SELECT time_weight('LOCF', ts, v) AS w FROM tw GROUP BY ts > '2020-01-01 00:00:30+00') q;
SELECT average(time_weight('LOCF', ts, v)) IS NULL FROM tw WHERE v = 10;

-- counter_agg: 10, 20, reset to 5, 15 counts 10 + 5 + 10; a gauge ends 5 above where it began
CREATE TABLE c (ts timestamptz, v double precision);
INSERT INTO c VALUES ('2020-01-01 00:00+00', 10), ('2020-01-01 00:01+00', 20), ('2020-01-01 00:03+00', 5), ('2020-01-01 00:04+00', 15);
SELECT delta(a) = 25, close_to(rate(a), 25 / 240.0), num_resets(a) = 1, num_changes(a) = 3, num_elements(a) = 4, time_delta(a) = 240, idelta_left(a) = 10,
       idelta_right(a) = 10, close_to(irate_left(a), 10 / 60.0), close_to(irate_right(a), 10 / 60.0), first_val(a) = 10, last_time(a) = '2020-01-01 00:04+00'
FROM (SELECT counter_agg(ts, v) AS a FROM c) q;
SELECT delta(g) = 5, num_elements(g) = 4, idelta_left(g) = 10, close_to(rate(g), 5 / 240.0) FROM (SELECT gauge_agg(ts, v) AS g FROM c) q;
SELECT close_to(slope(a), (SELECT regr_slope(y, extract(epoch FROM ts)) FROM (SELECT ts, v + CASE WHEN v < 20 AND ts > '2020-01-01 00:01+00' THEN 20 ELSE 0 END AS y FROM c) r))
FROM (SELECT counter_agg(ts, v) AS a FROM c) q;
SELECT delta(rollup(a)) = 25, num_resets(rollup(a)) = 1, num_elements(rollup(a)) = 4, idelta_left(rollup(a)) = 10, close_to(slope(rollup(a)), (SELECT slope(counter_agg(ts, v)) FROM c))
FROM (SELECT counter_agg(ts, v) AS a FROM c GROUP BY ts > '2020-01-01 00:02+00') q;

-- Up to the bounds of time: between 15 at 00:02 and 25 at 00:06 lies 20 at 00:04; a counter that was reset began at nothing.
CREATE TABLE steps (ts timestamptz, v double precision);
INSERT INTO steps VALUES ('2020-01-01 00:00+00', 5), ('2020-01-01 00:02+00', 15), ('2020-01-01 00:06+00', 25), ('2020-01-01 00:07+00', 30), ('2020-01-01 00:10+00', 6), ('2020-01-01 00:11+00', 8);
CREATE VIEW parts AS
SELECT b, c, g, l, f, lag(c) OVER w AS cp, lead(c) OVER w AS cn, lag(g) OVER w AS gp, lead(g) OVER w AS gn, lag(l) OVER w AS lp, lead(l) OVER w AS ln,
       lag(f) OVER w AS fp, lead(f) OVER w AS fn
FROM (SELECT date_bin('4 minutes', ts, '2020-01-01') AS b, counter_agg(ts, v) AS c, gauge_agg(ts, v) AS g, time_weight('Linear', ts, v) AS l,
             time_weight('LOCF', ts, v) AS f FROM steps GROUP BY 1) q WINDOW w AS (ORDER BY b);
SELECT close_to(interpolated_delta(c, b, '4 minutes', cp, cn), 15), close_to(interpolated_rate(c, b, '4 minutes', cp, cn), 15 / 240.0),
       close_to(interpolated_average(l, b, '4 minutes', lp, ln), (10 * 120 + 17.5 * 120) / 240), close_to(interpolated_average(f, b, '4 minutes', fp, fn), 10),
       close_to(interpolated_integral(l, b, '4 minutes', lp, ln, 'minute'), 55) FROM parts WHERE b = '2020-01-01 00:00+00';
-- From 20 to 30, and then from nothing a third of the way to 6; the gauge falls by 8.
SELECT close_to(interpolated_delta(c, b, '4 minutes', cp, cn), 12), close_to(interpolated_delta(g, b, '4 minutes', gp, gn), 2),
       close_to(interpolated_rate(g, b, '4 minutes', gp, gn), 2 / 240.0), close_to(interpolated_delta(c, b, '4 minutes'), 5),
       close_to(interpolated_average(f, b, '4 minutes', fp, fn), (15 * 120 + 25 * 60 + 30 * 60) / 240.0) FROM parts WHERE b = '2020-01-01 00:04+00';
SELECT close_to(interpolated_delta(c, b, '4 minutes', cp, cn), 6), interpolated_delta(NULL::countersummary, b, '4 minutes') IS NULL FROM parts WHERE b = '2020-01-01 00:08+00';
SELECT fails($$SELECT interpolated_average(l, b, '1 minute', lp, ln) FROM parts$$, 'the interval must end after the last point');
-- Extrapolated as Prometheus does: to bounds that are near, and else half a step on.
SELECT close_to(extrapolated_delta(with_bounds(counter_agg(ts, v), '[2019-12-31 23:59:30+00, 2020-01-01 00:07:30+00)')), 25 * (420 + 30 + 30) / 420.0),
       close_to(extrapolated_rate(with_bounds(counter_agg(ts, v), '[2019-12-31 23:59:30+00, 2020-01-01 00:07:30+00)'), 'prometheus'), 25 * 480 / 420.0 / 480),
       close_to(extrapolated_delta(with_bounds(gauge_agg(ts, v), '[2020-01-01 00:00+00, 2020-01-01 01:00+00)')), 25 * (420 + 70) / 420.0)
FROM steps WHERE ts < '2020-01-01 00:08+00';
-- The bounds may come with the rows, and must have them all.
SELECT close_to(extrapolated_delta(counter_agg(ts, v, '[2019-12-31 23:59:30+00, 2020-01-01 00:07:30+00)')), 25 * (420 + 30 + 30) / 420.0),
       close_to(extrapolated_delta(gauge_agg(ts, v, '[2020-01-01 00:00+00, 2020-01-01 01:00+00)')), 25 * (420 + 70) / 420.0),
       counter_agg(ts, v, NULL) = counter_agg(ts, v), close_to(delta(counter_agg(ts, v, '(,)')), delta(counter_agg(ts, v)))
FROM steps WHERE ts < '2020-01-01 00:08+00';
SELECT fails($$SELECT counter_agg(ts, v, '[2020-01-01 00:01+00, 2021-01-01)') FROM steps$$, 'counter bounds invalid');
SELECT fails($$SELECT gauge_agg(ts, v, 'empty') FROM steps$$, 'counter bounds invalid');
SELECT fails('SELECT extrapolated_delta(counter_agg(ts, v)) FROM steps', 'the bounds of the summary are missing, endless or do not have its points');

-- candlestick_agg
SELECT open(c) = (SELECT v FROM m ORDER BY ts LIMIT 1), close(c) = (SELECT v FROM m ORDER BY ts DESC LIMIT 1),
       high(c) = (SELECT max(v) FROM m), low(c) = (SELECT min(v) FROM m), volume(c) = (SELECT sum(w) FROM m),
       close_to(vwap(c), (SELECT sum(v * w) / sum(w) FROM m)), open_time(c) = (SELECT min(ts) FROM m), close_time(c) = (SELECT max(ts) FROM m)
FROM (SELECT rollup(c) AS c FROM stored) q;
SELECT vwap(candlestick('2020-01-01', 1, 4, 1, 4, 10)) = 3, high_time(candlestick('2020-01-01', 1, 4, 1, 4, 10)) = '2020-01-01';

-- lttb keeps the ends and as many points as asked for
SELECT count(*) = 20, min(time) = (SELECT min(ts) FROM m), max(time) = (SELECT max(ts) FROM m), bool_and(EXISTS (SELECT FROM m WHERE ts = u.time AND v = u.value))
FROM unnest((SELECT lttb(ts, v, 20) FROM m)) u;
SELECT count(*) = 4 FROM unnest((SELECT lttb(t, v, 5) FROM (VALUES ('2020-01-01'::timestamptz, 1::float), ('2020-01-02', 2), ('2020-01-03', 9), ('2020-01-04', 2)) x(t, v)));
-- Of the middle the point that stands out.
SELECT bool_or(value = 9) FROM unnest((SELECT lttb(t, v, 3) FROM (VALUES ('2020-01-01'::timestamptz, 1::float), ('2020-01-02', 2), ('2020-01-03', 9), ('2020-01-04', 2)) x(t, v)));

-- state_agg: a for an hour and a half in two parts, b for two hours
SELECT (state, duration) IN (('a', interval '1:30'), ('b', interval '2:00')) FROM into_values((SELECT state_agg(t, s) FROM (VALUES ('2020-01-01 00:00+00'::timestamptz, 'a'),
  ('2020-01-01 01:00+00', 'b'), ('2020-01-01 02:00+00', 'b'), ('2020-01-01 03:00+00', 'a'), ('2020-01-01 03:30+00', 'a')) x(t, s)));
SELECT duration_in(state_agg(ts, h), 'h1') = interval '5 hours', state_at(state_agg(ts, h), '2024-01-01 01:39+00') = 'h0' FROM m;
SELECT (state, start_time, end_time) IN (('h0', '2024-01-01 00:00+00', '2024-01-01 01:40+00'), ('h1', '2024-01-01 01:40+00', '2024-01-01 03:20+00'),
  ('h2', '2024-01-01 03:20+00', '2024-01-01 03:59+00')) FROM state_timeline((SELECT state_agg(ts, h) FROM m WHERE ts < '2024-01-01 04:00+00'));

-- Integers: 10 for an hour and a half in two parts, 9 for two hours.
CREATE VIEW numbered AS SELECT state_agg(t, s) AS s FROM (VALUES ('2020-01-01 00:00+00'::timestamptz, 10::bigint),
  ('2020-01-01 01:00+00', 9), ('2020-01-01 02:00+00', 9), ('2020-01-01 03:00+00', 10), ('2020-01-01 03:30+00', 10)) x(t, s);
SELECT array_agg(v.state) = '{9,10}', array_agg(v.duration) = '{2:00,1:30}' FROM numbered, into_int_values(s) v;
SELECT array_agg(v.state) = '{10,9,10}', max(v.end_time) = '2020-01-01 03:30+00' FROM numbered, state_int_timeline(s) v;
SELECT duration_in(s, 9) = interval '2 hours', duration_in(s, 7) = interval '0', state_at_int(s, '2020-01-01 01:30+00') = 9,
       state_at_int(s, '2019-01-01') IS NULL, duration_in(s, 10, '2020-01-01 00:30+00', '3 hours') = interval '1 hour' FROM numbered;
SELECT array_agg(p.start_time) = '{2020-01-01 00:00+00,2020-01-01 03:00+00}' FROM numbered, state_periods(s, 10) p;
SELECT interpolated_duration_in(s, 10, '2020-01-01 00:00+00', '1 day') = interval '22 hours',
       interpolated_duration_in(s, 10, '2019-12-31 00:00+00', '1 day', NULL) = interval '0' FROM numbered;
SELECT array_agg(p.end_time) = '{2020-01-01 01:00+00,2020-01-02 00:00+00}' FROM numbered, interpolated_state_periods(s, 10, '2020-01-01', '1 day') p;
SELECT array_agg(v.state) = '{10,9,10}', max(v.end_time) = '2020-01-02' FROM numbered, interpolated_state_int_timeline(s, '2020-01-01', '1 day') v;
SELECT duration_in(rollup(s), 9) = interval '2 hours' FROM numbered;
SELECT fails($$SELECT duration_in(s, 'a') FROM numbered$$, 'State must have string values for this function'),
       fails($$SELECT duration_in(state_agg(ts, h), 1) FROM m$$, 'State must have integer values for this function'),
       fails($$SELECT rollup(x) FROM (SELECT s FROM numbered UNION ALL SELECT state_agg(ts, h) FROM m) q(x)$$, 'summaries of texts and of integers cannot be rolled up together');

-- By the day: a from 12:00 on the first to 06:00 on the second, b until 18:00, then a.
CREATE VIEW days AS SELECT b, s, lag(s) OVER (ORDER BY b) AS p FROM (
  SELECT date_trunc('day', t) AS b, state_agg(t, s) AS s FROM (VALUES ('2020-01-01 12:00+00'::timestamptz, 'a'), ('2020-01-02 06:00+00', 'b'), ('2020-01-02 18:00+00', 'a')) x(t, s) GROUP BY 1) q;
SELECT interpolated_duration_in(s, 'a', b, '1 day', p) = interval '12 hours' FROM days;
SELECT bool_and(interpolated_duration_in(s, 'b', b, '1 day', p) = CASE WHEN b = '2020-01-02' THEN interval '12 hours' ELSE '0' END) FROM days;
SELECT count(*) = 3, bool_and(start_time < end_time), max(end_time) = '2020-01-03' FROM days, interpolated_state_timeline(s, b, '1 day', p) WHERE b = '2020-01-02';
SELECT count(*) = 2, min(start_time) = '2020-01-02', max(start_time) = '2020-01-02 18:00+00' FROM days, interpolated_state_periods(s, 'a', b, '1 day', p) WHERE b = '2020-01-02';
SELECT duration_in(rollup(s), 'a') = interval '18 hours', duration_in(rollup(s), 'b') = interval '12 hours' FROM days;
SELECT start_time = '2020-01-02 06:00+00', end_time = '2020-01-02 18:00+00' FROM state_periods((SELECT rollup(s) FROM days), 'b');
SELECT duration_in(rollup(s), 'a', '2020-01-02 00:00+00', '12 hours') = interval '6 hours', duration_in(rollup(s), 'b', '2020-01-02 12:00+00') = interval '6 hours' FROM days;
SELECT fails($$SELECT interpolated_duration_in(NULL::stateagg, 'a', '2020-01-01', '1 day')$$, 'when interpolating data between grouped data, all groups must contain some data');

-- Nothing goes alone, and everything with CASCADE.
SELECT fails('DROP TYPE uddsketch', 'cannot drop type uddsketch because extension timescaledb_toolkit requires it'),
       fails('DROP FUNCTION approx_percentile(double precision, uddsketch)', 'cannot drop function approx_percentile(double precision,uddsketch) because extension timescaledb_toolkit requires it'),
       fails('DROP EXTENSION timescaledb_toolkit', 'cannot drop extension timescaledb_toolkit because other objects depend on it');
DROP EXTENSION timescaledb_toolkit CASCADE;
SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = 'stored'::regclass AND attnum > 0 AND NOT attisdropped;
SELECT count(*) = 0 FROM pg_proc WHERE proname IN ('uddsketch', 'stats_agg', 'rollup', 'approx_percentile');
