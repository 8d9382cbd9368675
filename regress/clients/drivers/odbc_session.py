#!/usr/bin/python3
"""psqlODBC through pyodbc: parameters, catalog functions, batches."""
import sys

import pyodbc

port, user, database = sys.argv[1:]
c = pyodbc.connect(f"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port={port};Database={database};Uid={user};")
k = c.cursor()
k.execute("CREATE TABLE t (id serial PRIMARY KEY, s varchar(20), n numeric(10,2), d date, ts timestamp, y bytea, f float8, b boolean)")
k.execute("INSERT INTO t (s, n, d, ts, y, f, b) VALUES (?, ?, ?, ?, ?, ?, ?)", "é", 1.5, "2024-01-02", "2024-01-02 03:04:05", b"\x00\x01",
          2.5, True)
c.commit()
print(k.execute("SELECT * FROM t").fetchall(), [x[:2] for x in k.description])
for rows in (k.tables(table="t"), k.columns("t"), k.primaryKeys("t"), k.statistics("t")):
    print([[str(v) for v in row][2:8] for row in rows.fetchall()])
try:
    k.execute("SELECT 1/0")
except pyodbc.Error as e:
    print(e)
c.rollback()
k.fast_executemany = True
k.executemany("INSERT INTO t (s) VALUES (?)", [("a",), ("b",)])
c.commit()
print(k.execute("SELECT count(*) FROM t").fetchone(), c.getinfo(pyodbc.SQL_DBMS_NAME), k.getTypeInfo().fetchall()[:2])
