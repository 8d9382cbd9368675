-- What statistics objects make of estimates. The numbers are the planner's, where the sample is the whole table.
CREATE FUNCTION est(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  EXECUTE 'EXPLAIN ' || query INTO line;
  RETURN substring(line FROM 'rows=(\d+)')::int;
END $$;
SET max_parallel_workers_per_gather = 0;
-- distinct combinations
CREATE TABLE esn (a int, b int, c int, d int, pad text);
INSERT INTO esn SELECT i % 100, i % 50, i % 25, i % 7, 'x' FROM generate_series(1, 5000) i;
ANALYZE esn;
SELECT est('SELECT count(*) FROM esn GROUP BY a');
CREATE STATISTICS esn_abc (ndistinct) ON a, b, c FROM esn;
ANALYZE esn;
SELECT est('SELECT count(*) FROM esn GROUP BY a, b') AS ab, est('SELECT count(*) FROM esn GROUP BY a, b, c') AS abc, est('SELECT count(*) FROM esn GROUP BY b, c') AS bc;
SELECT est('SELECT count(*) FROM esn GROUP BY c, b, a, a') AS cbaa, est('SELECT DISTINCT a, b FROM esn') AS distinct_ab, est('SELECT DISTINCT b, c, a FROM esn') AS distinct_bca;
SELECT est('SELECT count(*) FROM esn GROUP BY a, b, d') AS abd, est('SELECT count(*) FROM esn GROUP BY a, b, c, d') AS abcd, est('SELECT count(*) FROM esn GROUP BY a, d') AS ad;
SELECT est('SELECT count(*) FROM esn GROUP BY a + 1, b') AS expr, est('SELECT count(*) FROM esn GROUP BY a, b, a + b') AS more;
SELECT est('SELECT count(*) FROM esn WHERE a < 10 GROUP BY a, b') AS filtered, est('SELECT a, b FROM esn WHERE d = 3 GROUP BY a, b') AS filtered_d;
SELECT est('SELECT x.a, x.b FROM (SELECT a, b FROM esn) x GROUP BY x.a, x.b') AS pulled_up;
DROP STATISTICS esn_abc;
CREATE STATISTICS esn_expr (ndistinct) ON (a + 1), (b * 2), c FROM esn;
ANALYZE esn;
SELECT est('SELECT count(*) FROM esn GROUP BY a + 1') AS one, est('SELECT count(*) FROM esn GROUP BY a + 1, b * 2') AS two, est('SELECT count(*) FROM esn GROUP BY a + 1, b * 2, c') AS three, est('SELECT DISTINCT b * 2, c FROM esn') AS distinct_two;
DROP STATISTICS esn_expr;
CREATE STATISTICS esn_mod ON (a % 5) FROM esn;
ANALYZE esn;
SELECT est('SELECT count(*) FROM esn GROUP BY a % 5') AS grouped, est('SELECT * FROM esn WHERE a % 5 = 2') AS equal, est('SELECT * FROM esn WHERE 2 = a % 5') AS turned, est('SELECT * FROM esn WHERE a % 5 > 2') AS greater;
SELECT est('SELECT * FROM esn WHERE a % 5 IN (1, 2)') AS in_list, est('SELECT * FROM esn WHERE a % 5 <> 1') AS other, est('SELECT * FROM esn WHERE a % 5 IS NULL') AS nulls, est('SELECT * FROM esn WHERE a % 5 BETWEEN 1 AND 2') AS range;
DROP STATISTICS esn_mod;
CREATE STATISTICS esn_hist ON (a * 3) FROM esn;
ANALYZE esn;
SELECT est('SELECT * FROM esn WHERE a * 3 < 30') AS below, est('SELECT * FROM esn WHERE a * 3 = 30') AS equal, est('SELECT * FROM esn WHERE a * 3 = 31') AS none;
DROP STATISTICS esn_hist;
-- functional dependencies
SELECT est('SELECT * FROM esn WHERE a = 1 AND b = 1') AS plain;
CREATE STATISTICS esn_dep (dependencies) ON a, b, c FROM esn;
ANALYZE esn;
SELECT est('SELECT * FROM esn WHERE a = 1 AND b = 1') AS ab, est('SELECT * FROM esn WHERE a = 1 AND b = 1 AND c = 1') AS abc, est('SELECT * FROM esn WHERE b = 1 AND c = 1') AS bc, est('SELECT * FROM esn WHERE a = 1 AND 1 = b AND c = 1 AND d = 1') AS abcd;
SELECT est('SELECT * FROM esn WHERE a IN (1, 51) AND b = 1') AS in_list, est('SELECT * FROM esn WHERE a IN (1, 2, 51, 52) AND b IN (1, 2)') AS in_lists, est('SELECT * FROM esn WHERE a = ANY (ARRAY[1, 51]) AND b = ''1''') AS any_array, est('SELECT * FROM esn WHERE (a = 1 OR a = 51) AND (b = 1 OR b = 2)') AS ors;
SELECT est('SELECT * FROM esn WHERE a = 1 AND b < 10') AS range, est('SELECT * FROM esn WHERE a < 10 AND b < 10') AS ranges, est('SELECT * FROM esn WHERE a = 1 OR b = 1') AS disjunction, est('SELECT * FROM esn WHERE (a = 1 OR b = 1) AND c = 1') AS mixed;
SELECT est('SELECT * FROM esn WHERE a = 1 AND b = 2') AS contradiction;
DROP STATISTICS esn_dep;
CREATE TABLE esb (a int, b bool, c bool);
INSERT INTO esb SELECT i % 10, i % 10 < 5, i % 10 < 5 FROM generate_series(1, 1000) i;
CREATE STATISTICS esb_abc (dependencies) ON a, b, c FROM esb;
ANALYZE esb;
SELECT est('SELECT * FROM esb WHERE b AND c') AS both, est('SELECT * FROM esb WHERE a = 1 AND b') AS a_b, est('SELECT * FROM esb WHERE NOT b AND NOT c') AS neither;
DROP TABLE esb;
CREATE STATISTICS esn_depe (dependencies) ON (a * 2), (b + 100), upper(pad) FROM esn;
ANALYZE esn;
SELECT est('SELECT * FROM esn WHERE a * 2 = 2 AND b + 100 = 101') AS exprs, est('SELECT * FROM esn WHERE a * 2 = 2 AND b + 100 = 101 AND upper(pad) = ''X''') AS three, est('SELECT * FROM esn WHERE a * 2 IN (2, 102) AND b + 100 = 101') AS in_list;
DROP STATISTICS esn_depe;
-- common combinations
CREATE TABLE esc (a int, b int, c text, d bool, f int);
INSERT INTO esc SELECT i % 10, i % 5, CASE WHEN i % 10 < 3 THEN NULL ELSE 't' || i % 10 END, i % 10 = 4, i FROM generate_series(1, 2000) i;
ANALYZE esc;
SELECT est('SELECT * FROM esc WHERE a = 1 AND b = 1') AS plain, est('SELECT * FROM esc WHERE a < 3 AND c IS NULL') AS plain_nulls;
CREATE STATISTICS esc_abcd (mcv) ON a, b, c, d FROM esc;
ANALYZE esc;
SELECT est('SELECT * FROM esc WHERE a = 1 AND b = 1') AS ab, est('SELECT * FROM esc WHERE a = 1 AND b = 2') AS none, est('SELECT * FROM esc WHERE a = 4 AND b = 4 AND d') AS abd, est('SELECT * FROM esc WHERE a < 3 AND c IS NULL') AS nulls;
SELECT est('SELECT * FROM esc WHERE a <= 4 AND b <= 2') AS ranges, est('SELECT * FROM esc WHERE a > 4 AND b >= 3') AS above, est('SELECT * FROM esc WHERE 4 > a AND 2 < b') AS turned, est('SELECT * FROM esc WHERE a <> 1 AND b = 1') AS unequal;
SELECT est('SELECT * FROM esc WHERE a IN (1, 6, 2) AND b = 1') AS in_list, est('SELECT * FROM esc WHERE a NOT IN (1, 6) AND b = 1') AS not_in, est('SELECT * FROM esc WHERE a = ANY (ARRAY[1, 2]) AND b IN (1, 2)') AS any_array, est('SELECT * FROM esc WHERE a < ALL (ARRAY[5, 6]) AND b < 3') AS all_array;
SELECT est('SELECT * FROM esc WHERE a = 1 OR b = 1') AS disjunction, est('SELECT * FROM esc WHERE a = 1 OR a = 6 OR b = 1') AS three, est('SELECT * FROM esc WHERE a = 1 OR b = 1 OR c = ''t6'' OR d') AS four, est('SELECT * FROM esc WHERE a = 1 OR c IS NULL') AS or_null;
SELECT est('SELECT * FROM esc WHERE (a = 1 OR a = 6) AND (b = 1 OR c = ''t6'')') AS and_of_ors, est('SELECT * FROM esc WHERE (a = 1 AND b = 1) OR (a = 2 AND b = 2)') AS or_of_ands, est('SELECT * FROM esc WHERE NOT (a = 1) AND b = 1') AS negated, est('SELECT * FROM esc WHERE NOT d AND b = 4') AS not_bool;
SELECT est('SELECT * FROM esc WHERE c IS NOT NULL AND a < 5') AS present, est('SELECT * FROM esc WHERE c = ''t7'' AND b = 2') AS text, est('SELECT * FROM esc WHERE c > ''t7'' AND b = 4') AS text_above, est('SELECT * FROM esc WHERE c = ''t7'' AND b = 2 AND a = 7 AND NOT d') AS all_four;
SELECT est('SELECT * FROM esc WHERE a = 1 AND b = 1 AND f < 1000') AS other_too, est('SELECT * FROM esc WHERE c LIKE ''t7%'' AND a = 7 AND b = 2') AS like_too;
SELECT est('SELECT * FROM esc x, esc y WHERE x.a = 1 AND x.b = 1 AND y.a = 1 AND y.b = 2') AS two_tables, est('SELECT * FROM esc x JOIN esc y ON x.f = y.f WHERE x.a = 1 AND x.b = 1') AS joined;
DROP STATISTICS esc_abcd;
CREATE STATISTICS esc_expr (mcv) ON (a % 5), (b + 1), (upper(c)) FROM esc;
ANALYZE esc;
SELECT est('SELECT * FROM esc WHERE a % 5 = 1 AND b + 1 = 2') AS exprs, est('SELECT * FROM esc WHERE a % 5 = 1 AND b + 1 = 3') AS none, est('SELECT * FROM esc WHERE a % 5 < 2 AND b + 1 <= 2') AS ranges, est('SELECT * FROM esc WHERE a % 5 = 1 OR b + 1 = 2') AS disjunction, est('SELECT * FROM esc WHERE upper(c) IS NULL AND a % 5 < 3') AS nulls;
DROP STATISTICS esc_expr;
-- the widest object wins, those of other columns are used beside it
CREATE STATISTICS esc_ab ON a, b FROM esc;
CREATE STATISTICS esc_bcd ON b, c, d FROM esc;
ANALYZE esc;
SELECT est('SELECT * FROM esc WHERE a = 4 AND b = 4') AS two, est('SELECT * FROM esc WHERE a = 4 AND b = 4 AND c = ''t4'' AND d') AS all_four, est('SELECT count(*) FROM esc GROUP BY a, b') AS groups, est('SELECT count(*) FROM esc GROUP BY a, b, c, d') AS all_groups;
-- with an index the estimate is the same
CREATE INDEX esc_index ON esc (a, b);
ANALYZE esc;
SET enable_seqscan = off;
SELECT est('SELECT * FROM esc WHERE a = 1 AND b = 1') AS ab, est('SELECT * FROM esc WHERE a = 4 AND b = 4 AND d') AS abd;
RESET enable_seqscan;
-- only for part of the rows
CREATE TABLE ess (a int, b int);
INSERT INTO ess SELECT i % 1000, i % 1000 FROM generate_series(1, 20000) i;
CREATE STATISTICS ess_ab ON a, b FROM ess;
ANALYZE ess;
SELECT est('SELECT * FROM ess WHERE a = 1 AND b = 1') AS equal, est('SELECT count(*) FROM ess GROUP BY a, b') AS groups, est('SELECT * FROM ess WHERE a IN (1, 2, 3) AND b IN (1, 2, 3)') AS in_lists;
-- dropped with the object
DROP STATISTICS ess_ab;
SELECT est('SELECT * FROM ess WHERE a = 1 AND b = 1') AS equal;
DROP TABLE ess, esc, esn;
-- a prepared statement notices
CREATE TABLE esq (a int, b int);
INSERT INTO esq SELECT i % 10, i % 10 FROM generate_series(1, 1000) i;
ANALYZE esq;
PREPARE esq_plan AS SELECT * FROM esq WHERE a = 1 AND b = 1;
SELECT est('EXECUTE esq_plan') AS before;
CREATE STATISTICS esq_ab ON a, b FROM esq;
ANALYZE esq;
SELECT est('EXECUTE esq_plan') AS after;
-- UPDATE and DELETE read by them too, views are looked through
CREATE VIEW esq_view AS SELECT a AS x, b AS y FROM esq;
SELECT est('SELECT * FROM esq_view WHERE x = 1 AND y = 1') AS view, est('SELECT count(*) FROM esq_view GROUP BY x, y') AS view_groups;
DROP TABLE esq CASCADE;
DROP FUNCTION est;
