-- Conditions on rounded times: what they say of the column itself lets a scan of columns leave vectors out.
SELECT count(*) = 0 AS elsewhere FROM pg_am WHERE amname = 'columnar' \gset
\if :elsewhere
CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION varve_settle(regclass) RETURNS int8 LANGUAGE sql AS 'SELECT 0::int8';
CREATE TABLE seen (at timestamptz, plain timestamp, day date, n int) USING columnar;
\else
CREATE TABLE seen (at timestamptz, plain timestamp, day date, n int) USING columnar WITH (orderby = 'n');
\endif
SET timezone = 'UTC';
INSERT INTO seen SELECT t, t AT TIME ZONE 'UTC', (t AT TIME ZONE 'UTC')::date, i
FROM (SELECT i, timestamptz '2023-12-20 00:00+00' + i * interval '1037 seconds' AS t FROM generate_series(0, 39999) i) s;
INSERT INTO seen VALUES (NULL, NULL, NULL, 40000), ('infinity', 'infinity', 'infinity', 40001),
  ('-infinity', '-infinity', '-infinity', 40002), ('0044-03-15 BC', '0044-03-15 BC', '0044-03-15 BC', 40003);
SELECT varve_settle('seen') >= 0 AS settled;

-- Each comparison, on and beside the edge of a bucket
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) >= '2024-03-01 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) > '2024-03-01 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) < '2024-03-01 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) <= '2024-03-01 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) = '2024-03-01 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) <> '2024-03-01 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) = '2024-03-01 05:00:01+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) >= '2024-03-01 05:00:01+00' AND date_trunc('hour', at) < '2024-03-02 05:00:01+00';
SELECT count(*), min(n), max(n) FROM seen WHERE timestamptz '2024-03-01 05:30+00' > date_trunc('hour', at);
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('day', at) BETWEEN '2024-02-28' AND '2024-03-02';

-- Every field
SELECT f, (SELECT count(*) FROM seen WHERE date_trunc(f, plain) = date_trunc(f, timestamp '2024-06-15 12:34:56')) AS plain
FROM unnest(ARRAY['millennium', 'century', 'decade', 'year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'milliseconds', 'microseconds']) f;
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('week', plain) >= '2024-12-30';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('month', plain) = '2024-02-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('quarter', plain) < '2024-04-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('year', plain) <= '2024-01-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('decade', plain) = '2020-01-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('MONTH', plain) = '2024-02-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('fortnight', plain) = '2024-02-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc(NULL, plain) = '2024-02-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('month', plain) = NULL;

-- What is infinite rounds to itself
SELECT n FROM seen WHERE date_trunc('month', plain) >= 'infinity' ORDER BY n;
SELECT n FROM seen WHERE date_trunc('month', plain) <= '-infinity' ORDER BY n;
SELECT n FROM seen WHERE date_trunc('month', plain) < '2023-12-01' ORDER BY n;
SELECT count(*) FROM seen WHERE date_trunc('month', plain) > '-infinity';
SELECT count(*) FROM seen WHERE date_trunc('month', plain) > '-infinity' AND date_trunc('month', at) < 'infinity';

-- Strides
SELECT count(*), min(n), max(n) FROM seen WHERE date_bin('15 minutes', at, '2001-01-01 00:07+00') >= '2024-07-01 00:07+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_bin('15 minutes', at, '2030-01-01 00:07+00') = '2024-07-01 00:07+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_bin('7 days', plain, '2024-01-01') < '2024-02-05';
SELECT count(*), min(n), max(n) FROM seen WHERE date_bin('7 days', plain, '2030-01-01') < '2024-02-05' AND plain > '2023-01-01';

-- Days
SELECT count(*), min(n), max(n) FROM seen WHERE at::date = '2024-05-05';
SELECT count(*), min(n), max(n) FROM seen WHERE date(plain) = '2024-05-05';
SELECT count(*), min(n), max(n) FROM seen WHERE plain::date BETWEEN '2024-05-05' AND '2024-05-06';
SELECT count(*), min(n), max(n) FROM seen WHERE plain::date > '2024-12-31';
SELECT n FROM seen WHERE plain::date = 'infinity' ORDER BY n;
SELECT n FROM seen WHERE at::date <= '-infinity' ORDER BY n;

-- Local time: clocks are put forward on 2024-03-31 and back on 2024-10-27
SET timezone = 'Europe/Berlin';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('day', at) = '2024-03-31';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('day', at) = '2024-10-27';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) = '2024-10-27 02:00+01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('hour', at) = '2024-10-27 02:00+02';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('month', at) >= '2024-10-01' AND date_trunc('month', at) < '2024-12-01';
SELECT count(*), min(n), max(n) FROM seen WHERE at::date = '2024-03-31';
SET timezone = 'Pacific/Auckland';
SELECT count(*), min(n), max(n) FROM seen WHERE at::date = '2024-03-31';
SELECT count(*), min(n), max(n) FROM seen WHERE at::date < '2024-01-01';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('day', at, 'America/New_York') = '2024-03-10 05:00+00';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('week', at, 'Asia/Tokyo') > '2024-12-01 15:00+00';
SET timezone = 'America/Los_Angeles';
SELECT count(*), min(n), max(n) FROM seen WHERE at::date >= '2025-01-01';

-- Constants that are known only when the statement runs
PREPARE since(timestamptz, text) AS SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc($2, at) >= $1;
SET timezone = 'UTC';
EXECUTE since('2024-12-24', 'day');
EXECUTE since('2024-12-24', 'month');
EXECUTE since(NULL, 'month');
EXECUTE since('2024-12-24', 'nonsense');
SELECT d, (SELECT count(*) FROM seen WHERE date_trunc('day', at) = d) FROM generate_series(timestamptz '2024-02-27', '2024-03-01', '1 day') d;
UPDATE seen SET at = at + interval '1 year' WHERE at::date = '2024-05-05';
DELETE FROM seen WHERE date_trunc('month', plain) = '2024-06-01';
SELECT count(*), min(n), max(n) FROM seen WHERE at::date = '2025-05-05';
SELECT count(*), min(n), max(n) FROM seen WHERE date_trunc('month', plain) = '2024-06-01';
