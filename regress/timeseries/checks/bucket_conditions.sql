-- Conditions on time_bucket() against settled rows, whose vectors they leave out, and the same on a copy in rows, which are
-- all looked at. Every cell must come out true.
CREATE EXTENSION timescaledb;
SET timezone = 'UTC';
CREATE TABLE seen (at timestamptz, plain timestamp, day date, small int2, n int, big int8) USING columnar WITH (orderby = 'n');
INSERT INTO seen SELECT t, t AT TIME ZONE 'UTC', (t AT TIME ZONE 'UTC')::date, i % 30000 - 15000, i - 20000, i::int8 * 1000000007
FROM (SELECT i, timestamptz '2023-12-20 00:00+00' + i * interval '1037 seconds' AS t FROM generate_series(0, 39999) i) s;
INSERT INTO seen VALUES (NULL, NULL, NULL, NULL, 40000, NULL), ('infinity', 'infinity', 'infinity', 0, 40001, 0),
  ('-infinity', '-infinity', '-infinity', 0, 40002, 0), ('0044-03-15 BC', '0044-03-15 BC', '0044-03-15 BC', 0, 40003, 0);
CREATE TABLE copied (LIKE seen);
INSERT INTO copied SELECT * FROM seen;
SELECT varve_settle('seen') > 0;
-- How many rows of either meet the condition, and the same ones.
CREATE FUNCTION alike(condition text, wanted bool DEFAULT true) RETURNS boolean LANGUAGE plpgsql AS
$$ DECLARE a text; b text; BEGIN
  EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(n), 0) || '' '' || coalesce(min(n), 0) FROM seen WHERE %s', condition) INTO a;
  EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(n), 0) || '' '' || coalesce(min(n), 0) FROM copied WHERE %s', condition) INTO b;
  RETURN a = b AND (a LIKE '0 %') <> wanted;
END $$;
SELECT bool_and(alike(format('time_bucket(%L, %s) %s %L', width, c, op, bound))) FROM
  (VALUES ('at'), ('plain')) c(c), (VALUES ('7 minutes'), ('1 hour'), ('1 day'), ('10 days'), ('1 month'), ('1 year')) w(width),
  (VALUES ('>='), ('>'), ('<'), ('<='), ('<>')) o(op), (VALUES ('2024-03-01 00:00+00'), ('2024-06-15 12:34:56+00')) b(bound) GROUP BY op;
SELECT bool_and(alike(format('time_bucket(%L, %s) = time_bucket(%L, timestamp %L)', width, c, width, bound))) FROM
  (VALUES ('plain')) c(c), (VALUES ('1 hour'), ('1 day'), ('10 days'), ('1 month'), ('1 year')) w(width),
  (VALUES ('2024-03-01 00:00+00'), ('2024-06-15 12:34:56+00')) b(bound);
SELECT alike($$time_bucket('1 day', day) >= '2024-05-05'$$), alike($$time_bucket('5 days', day) = time_bucket('5 days', date '2024-05-05')$$),
  alike($$time_bucket('2 months', day) < '2024-03-01'$$), alike($$date '2024-05-05' >= time_bucket('1 week', day)$$);
SELECT alike('time_bucket(100, n) >= 500'), alike('time_bucket(100, n) = -500'), alike('time_bucket(100, n) < -19000'), alike('time_bucket(100, n) <= 7::int8'),
  alike('time_bucket(10::int2, small) > 14000::int2'), alike('time_bucket(1000000000000, big) BETWEEN 3000000000000 AND 5000000000000'), alike('time_bucket(100, n, 30) = 130'),
  alike('time_bucket(10::int2, small, 3::int2) < -14000::int2');
SELECT alike($$time_bucket('1 day', at, '6 hours'::interval) >= '2024-05-05 06:00+00'$$), alike($$time_bucket('1 day', plain, '-6 hours'::interval) < '2024-05-05'$$),
  alike($$time_bucket('1 week', at, timestamptz '2024-01-03') = '2024-05-01'$$), alike($$time_bucket('3 days', day, date '2024-01-03') > '2024-05-01'$$),
  alike($$time_bucket('1 month', at, '3 days'::interval) < '2024-05-01'$$), alike($$time_bucket('1 day', at, '1 month'::interval) < '2024-05-01'$$);
SELECT bool_and(alike(format('time_bucket(%L, at, %L) %s %L', width, zone, op, bound))) FROM (VALUES ('1 hour'), ('1 day'), ('1 month')) w(width),
  (VALUES ('Europe/Berlin'), ('Pacific/Auckland'), ('America/New_York')) z(zone), (VALUES ('>='), ('<')) o(op), (VALUES ('2024-03-31 01:00+00'), ('2024-10-27 01:00+00')) b(bound);
SELECT alike($$time_bucket('1 day', at, 'Europe/Berlin') = '2024-03-30 23:00+00'$$), alike($$time_bucket('1 day', at, 'Europe/Berlin', "offset" => '3 hours') >= '2024-03-30 23:00+00'$$);
SET timezone = 'Australia/Lord_Howe';
SELECT alike($$time_bucket('1 day', at, '1 day 6 hours'::interval) >= '2024-04-07'$$), alike($$time_bucket('1 hour', at) = '2024-04-07 02:00+11'$$);
SET timezone = 'UTC';
SELECT alike($$time_bucket('1 hour', at) >= 'infinity'$$), alike($$time_bucket('1 hour', at) <= '-infinity'$$), alike($$time_bucket('1 hour', at) > '-infinity'$$),
  alike($$time_bucket('1 hour', at) >= NULL$$, false), alike($$time_bucket(NULL::interval, at) >= '2024-01-01'$$, false);
-- Constants that are known only when the statement runs.
PREPARE since(timestamptz, interval) AS SELECT count(*) = (SELECT count(*) FROM copied WHERE time_bucket($2, at) >= $1) FROM seen WHERE time_bucket($2, at) >= $1;
EXECUTE since('2025-04-01', '1 day');
EXECUTE since('2025-04-01', '1 month');
EXECUTE since(NULL, '1 day');
