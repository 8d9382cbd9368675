-- What PostgreSQL does not have either, in its words.
CREATE TABLE t (a int, b int);
SELECT count(DISTINCT a) OVER () FROM t;
CREATE INDEX ON t (a) INCLUDE ((b + 1));
CREATE TABLE s (a serial[]);
DROP TABLE t;
