#!/usr/bin/python3
"""psycopg 3: pipelines, binary COPY and results, server-side cursors with parameters, utility statements, type look-ups."""
import sys

import psycopg
from psycopg.rows import dict_row
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.json import Jsonb
from psycopg.types.range import RangeInfo

c = psycopg.connect(f"host=127.0.0.1 port={sys.argv[1]} user={sys.argv[2]} dbname={sys.argv[3]}", row_factory=dict_row)
c.execute("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s text, j jsonb, a int[], r int4range, ts timestamptz)")
with c.pipeline():
    for i in range(5):
        c.execute("INSERT INTO t (s, j, a) VALUES (%s, %s, %s)", (str(i), Jsonb({"i": i}), [i]))
print(c.execute("SELECT * FROM t ORDER BY id", binary=True).fetchall())
with c.cursor().copy("COPY t (s, a) FROM STDIN (FORMAT binary)") as copy:
    copy.set_types(["text", "int4[]"])
    for i in range(3):
        copy.write_row((str(i), [i, i]))
with c.cursor().copy("COPY (SELECT s, a FROM t ORDER BY id) TO STDOUT") as copy:
    print(list(copy.rows()))
try:
    with c.transaction():
        c.execute("INSERT INTO t (id) VALUES (1)")
except psycopg.Error as e:
    print(e.sqlstate, e.diag.message_primary, e.diag.message_hint)
with c.cursor(name="plain") as cursor:
    cursor.execute("SELECT g, %s::text AS s FROM generate_series(1, %s) g", ("a", 5))
    print(cursor.fetchall())
with c.cursor(name="scrolled", scrollable=True) as cursor:
    cursor.execute("SELECT g FROM generate_series(1, %s) g", (5,), binary=True)
    print(cursor.fetchmany(2), cursor.scroll(-1), cursor.fetchone(), cursor.description[0].type_code)
c.cursor().executemany("UPDATE t SET s = %s WHERE id = %s", [("u", 1), ("v", 2)])
print(c.execute("SELECT count(*) AS n FROM t WHERE s IN ('u', 'v')").fetchone())
c.execute("PREPARE p AS SELECT 1::int8 AS a, 'x'::text AS b")
print(c.execute("EXECUTE p", binary=True).fetchall(), c.execute("SHOW standard_conforming_strings", binary=True).fetchall())
print(c.execute("EXPLAIN (COSTS off, FORMAT json) SELECT 1 WHERE %s::int = 1", (1,)).description)
c.execute("CREATE PROCEDURE step(INOUT a int, OUT b text) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; b := 'q'; END $$")
print(c.execute("CALL step(%s, NULL)", (5,), binary=True).fetchall())
for query in (b"CALL step($1, NULL)", b"EXPLAIN SELECT $1::int + $2", b"SHOW ALL", b"FETCH 1 IN nowhere"):
    c.pgconn.prepare(b"", query)
    d = c.pgconn.describe_prepared(b"")
    print(query, [d.param_type(i) for i in range(d.nparams)], [(d.fname(i), d.ftype(i)) for i in range(d.nfields)])
c.commit()
c.isolation_level, c.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
print(c.execute("SHOW transaction_isolation").fetchone(), c.execute("SHOW transaction_read_only").fetchone())
c.rollback()
c.isolation_level = c.read_only = None
c.execute("CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('a', 'b')")
print(TypeInfo.fetch(c, "hstore"), TypeInfo.fetch(c, "int4range").name, CompositeInfo.fetch(c, "pair").field_names,
      EnumInfo.fetch(c, "mood").labels, RangeInfo.fetch(c, "tstzrange").subtype_oid)
c.commit()
