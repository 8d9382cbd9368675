-- Estimates look through stable expressions: what they are worth now. The sample is the whole table.
SELECT count(*) > 0 AS unfolded FROM pg_settings WHERE name = 'varve.enable_constant_folding' AND setting = 'off' \gset
\if :unfolded
SET varve.enable_constant_folding = on;
\endif
CREATE FUNCTION est(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  EXECUTE 'EXPLAIN ' || query INTO line;
  RETURN substring(line FROM 'rows=(\d+)')::int;
END $$;
SET max_parallel_workers_per_gather = 0;
SET timezone = 'Europe/Berlin';
CREATE TABLE seen (at timestamptz, d date, n int);
INSERT INTO seen SELECT timestamptz '2020-01-01 00:00:00+00' + i * interval '1 hour', date '2020-01-01' + i / 24, i % 10 FROM generate_series(0, 9999) i;
ANALYZE seen;
SELECT est($$SELECT * FROM seen WHERE at < timestamptz '2020-01-01 00:00:00+00' + interval '1000 hours'$$) AS below;
SELECT est($$SELECT * FROM seen WHERE at >= timestamptz '2020-01-01 00:00:00+00' + interval '1000 hours' AND at < timestamptz '2020-01-01 00:00:00+00' + interval '3000 hours'$$) AS both_ends;
SELECT est($$SELECT * FROM seen WHERE at BETWEEN ('2020-02-01'::text)::timestamptz AND ('2020-03-01'::text)::timestamptz$$) AS text_casts;
SELECT est($$SELECT * FROM seen WHERE d = ('2020-02-' || '03')::date$$) AS one_day;
SELECT est($$SELECT * FROM seen WHERE at < now()$$) AS all_of_them, est($$SELECT * FROM seen WHERE at > now() - interval '1 day'$$) AS none_yet;
SELECT est($$SELECT * FROM seen WHERE at > clock_timestamp()$$) AS volatile;
-- Beyond the histogram's ends there may be rows by now.
SELECT est($$SELECT * FROM seen WHERE d < '1999-01-01'$$) AS before, est($$SELECT * FROM seen WHERE d > '2099-01-01'$$) AS after;
-- What fails, fails already when it is planned.
SELECT est($$SELECT * FROM seen WHERE at < ('2020-13-01'::text)::timestamptz$$);
SELECT count(*) FROM seen WHERE n > 100 AND at < ('2020-13-01'::text)::timestamptz;
DROP TABLE seen;
DROP FUNCTION est;
