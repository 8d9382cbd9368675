-- Ordered-set and hypothetical-set aggregates in the definitions of views.
CREATE TABLE t (g int, v int, w float8, s text);
INSERT INTO t SELECT i % 3, i, i / 4.0, chr(97 + i % 5) FROM generate_series(1, 30) i;
CREATE VIEW o AS SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY w) AS cont, percentile_disc(0.25) WITHIN GROUP (ORDER BY s DESC) AS disc,
  mode() WITHIN GROUP (ORDER BY s) FILTER (WHERE v > 3) AS m FROM t GROUP BY g;
SELECT pg_get_viewdef('o');
SELECT * FROM o ORDER BY g;
CREATE VIEW h AS SELECT g, rank(7) WITHIN GROUP (ORDER BY v DESC) AS r, dense_rank('c', 5) WITHIN GROUP (ORDER BY s NULLS FIRST, v) AS d,
  cume_dist(2.5) WITHIN GROUP (ORDER BY w) AS c FROM t GROUP BY g;
SELECT pg_get_viewdef('h');
SELECT g, r, d, round(c::numeric, 4) AS c FROM h ORDER BY g;
ALTER TABLE t RENAME COLUMN s TO renamed;
SELECT disc FROM o ORDER BY g;
SELECT d FROM h ORDER BY g;
