CREATE TABLE infinite (id int, f8 float8, f4 float4, n numeric);
INSERT INTO infinite VALUES (0, '-infinity', '-infinity', '-infinity'), (1, -3, -3, -3), (2, -1, -1, -1), (3, 0, 0, 0),
  (4, 1.1, 1.1, 1.1), (7, 100, 100, 100), (8, 'infinity', 'infinity', 'infinity'), (9, 'NaN', 'NaN', 'NaN');
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY f8 RANGE BETWEEN 'inf' PRECEDING AND 'inf' FOLLOWING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY f8 RANGE BETWEEN 'inf' PRECEDING AND 'inf' PRECEDING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY f8 RANGE BETWEEN 'inf' FOLLOWING AND 'inf' FOLLOWING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY f4 DESC RANGE BETWEEN 'inf' PRECEDING AND 'inf' FOLLOWING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY f8 DESC RANGE BETWEEN 'inf' FOLLOWING AND 'inf' FOLLOWING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY n RANGE BETWEEN 'inf' PRECEDING AND 'inf' FOLLOWING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY n RANGE BETWEEN 'inf' PRECEDING AND 'inf' PRECEDING);
SELECT id, first_value(id) OVER w, last_value(id) OVER w FROM infinite
  WINDOW w AS (ORDER BY n RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING);
SELECT count(*) OVER w FROM infinite WINDOW w AS (ORDER BY id), w AS (ORDER BY id);
DROP TABLE infinite;
