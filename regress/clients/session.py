#!/usr/bin/python3
"""What a Python application does through psycopg2. Argument: a connection string."""
import datetime
import decimal
import io
import sys
import threading
import time
import uuid

import psycopg2
import psycopg2.extras

checks = 0


def same(expected, actual, what):
    global checks
    checks += 1
    assert expected == actual, f"{what}: expected {expected!r}, got {actual!r}"


def types(dsn):
    values = (1, 2**40, decimal.Decimal("12345.678"), 0.1, True, "snow ☃", b"\x00\xff", datetime.date(2024, 2, 29),
              datetime.datetime(2024, 2, 29, 13, 45, 10, 123456), [1, 2, None], None)
    casts = ("int", "bigint", "numeric", "float8", "boolean", "text", "bytea", "date", "timestamp", "int[]", "text")
    with psycopg2.connect(dsn) as c, c.cursor() as cur:
        cur.execute("SELECT " + ", ".join(f"%s::{t}" for t in casts), values)
        row = list(cur.fetchone())
        row[6] = bytes(row[6])
        same(list(values), row, "values")
        psycopg2.extras.register_uuid()
        u = uuid.uuid4()
        cur.execute("SELECT %s", (u,))
        same(u, cur.fetchone()[0], "uuid")
        cur.execute("SELECT %s::interval", (datetime.timedelta(days=1, seconds=5),))
        same(datetime.timedelta(days=1, seconds=5), cur.fetchone()[0], "interval")


def transactions(dsn):
    c = psycopg2.connect(dsn)
    cur = c.cursor()
    cur.execute("DROP TABLE IF EXISTS py")
    cur.execute("CREATE TABLE py (id int PRIMARY KEY, v text)")
    c.commit()
    cur.execute("INSERT INTO py VALUES (1, 'a')")
    c.rollback()
    cur.execute("SELECT count(*) FROM py")
    same(0, cur.fetchone()[0], "after rollback")
    cur.executemany("INSERT INTO py VALUES (%s, %s)", [(i, f"v{i}") for i in range(100)])
    same(100, cur.rowcount, "rows inserted")
    c.commit()
    psycopg2.extras.execute_values(cur, "INSERT INTO py VALUES %s", [(i, "many") for i in range(100, 1100)])
    c.commit()
    cur.execute("SELECT count(*), sum(id) FROM py")
    same((1100, sum(range(1100))), cur.fetchone(), "all rows")
    try:
        cur.execute("INSERT INTO py VALUES (5, 'dup')")
        raise AssertionError("duplicate accepted")
    except psycopg2.errors.UniqueViolation as error:
        same("py_pkey", error.diag.constraint_name, "constraint name")
        same("py", error.diag.table_name, "table name")
    try:
        cur.execute("SELECT 1")
        raise AssertionError("a failed transaction went on")
    except psycopg2.errors.InFailedSqlTransaction:
        pass
    c.rollback()
    c.set_session(isolation_level="SERIALIZABLE", readonly=True)
    try:
        cur.execute("DELETE FROM py")
        raise AssertionError("a read-only transaction wrote")
    except psycopg2.errors.ReadOnlySqlTransaction:
        pass
    c.close()


def named_cursor(dsn):
    with psycopg2.connect(dsn) as c, c.cursor("numbers") as cur:
        cur.itersize = 100
        cur.execute("SELECT g FROM generate_series(1, 1000) g")
        same(500500, sum(r[0] for r in cur), "sum")


def copy(dsn):
    with psycopg2.connect(dsn) as c, c.cursor() as cur:
        cur.execute("CREATE TEMP TABLE cp (a int, b text)")
        cur.copy_expert("COPY cp FROM STDIN", io.StringIO("".join(f"{i}\trow {i}\n" for i in range(10000))))
        cur.execute("SELECT count(*), sum(a) FROM cp")
        same((10000, 49995000), cur.fetchone(), "rows copied in")
        out = io.StringIO()
        cur.copy_expert("COPY (SELECT * FROM cp WHERE a < 3 ORDER BY a) TO STDOUT WITH CSV HEADER", out)
        same("a,b\n0,row 0\n1,row 1\n2,row 2\n", out.getvalue(), "rows copied out")


def notices_and_settings(dsn):
    with psycopg2.connect(dsn) as c, c.cursor() as cur:
        cur.execute("DROP TABLE IF EXISTS nosuch_table")
        same(True, any("does not exist, skipping" in n for n in c.notices), "notice")
        same("UTF8", c.encoding, "encoding")
        same(150000, c.server_version // 10000 * 10000, "server version")
        cur.execute("SET application_name = 'py-test'")
        cur.execute("SHOW application_name")
        same("py-test", cur.fetchone()[0], "setting")


def listen_notify(dsn):
    a, b = psycopg2.connect(dsn), psycopg2.connect(dsn)
    a.autocommit = b.autocommit = True
    with a.cursor() as cur:
        cur.execute("LISTEN chan")
    with b.cursor() as cur:
        cur.execute("NOTIFY chan, 'hello'")
    with a.cursor() as cur:
        for _ in range(100):
            cur.execute("SELECT 1")
            a.poll()
            if a.notifies:
                break
            time.sleep(0.05)
    same([("chan", "hello")], [(n.channel, n.payload) for n in a.notifies], "notifications")
    a.close()
    b.close()


def cancel(dsn):
    c = psycopg2.connect(dsn)
    timer = threading.Timer(0.5, c.cancel)
    timer.start()
    try:
        with c.cursor() as cur:
            cur.execute("SELECT pg_sleep(60)")
        raise AssertionError("not cancelled")
    except psycopg2.errors.QueryCanceled:
        pass
    c.close()


def concurrent(dsn):
    with psycopg2.connect(dsn) as c, c.cursor() as cur:
        cur.execute("DROP TABLE IF EXISTS counter")
        cur.execute("CREATE TABLE counter (n int)")
        cur.execute("INSERT INTO counter VALUES (0)")

    def work():
        c = psycopg2.connect(dsn)
        c.autocommit = True
        with c.cursor() as cur:
            for _ in range(50):
                cur.execute("UPDATE counter SET n = n + 1")
        c.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with psycopg2.connect(dsn) as c, c.cursor() as cur:
        cur.execute("SELECT n FROM counter")
        same(400, cur.fetchone()[0], "counter")


def main():
    failures = 0
    for part in (types, transactions, named_cursor, copy, notices_and_settings, listen_notify, cancel, concurrent):
        try:
            part(sys.argv[1])
            print(f"ok {part.__name__}")
        except Exception as error:
            failures += 1
            print(f"FAILED {part.__name__}: {type(error).__name__}: {error}".strip())
    print(f"{checks} checks")
    return 1 if failures else 0


sys.exit(main())
