#!/usr/bin/python3
"""What planning takes on Varve and on PostgreSQL 15: EXPLAIN's own "Planning Time", the median of many. Varve counts the
analysis of the statement in it, PostgreSQL does not; neither has a cached plan.

    regress/bench/planning.py [--times 101] [--partitions 1000] [--varve DSN --postgres DSN]

Ends with 1 if a point query takes more than 30 µs, a ten-way join more than on PostgreSQL, or a query over the partitions more
than 5 ms.
"""
import argparse
import contextlib
import json
import pathlib
import shutil
import statistics
import sys
import tempfile

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

TABLES = 10


def schema(partitions):
    yield "DROP TABLE IF EXISTS parted" + "".join(f", t{i}" for i in range(TABLES)) + " CASCADE"
    for i in range(TABLES):
        yield f"CREATE TABLE t{i}(id int PRIMARY KEY, a int, b int, c text)"
        yield f"INSERT INTO t{i} SELECT g, g % {10 + i}, (g * 7) % 1000 + 1, 'x' || g FROM generate_series(1, {1000 * (i + 1)}) g"
        yield f"CREATE INDEX ON t{i}(b)"
        yield f"ANALYZE t{i}"
    yield "CREATE TABLE parted(k int, v int) PARTITION BY RANGE (k)"
    for i in range(partitions):
        yield f"CREATE TABLE parted{i} PARTITION OF parted FOR VALUES FROM ({i * 10}) TO ({i * 10 + 10})"
    yield "INSERT INTO parted SELECT g, g FROM generate_series(0, 99) g"
    yield "CREATE INDEX ON parted(k)"
    yield "ANALYZE parted"


def queries(partitions):
    """Name: (statement, most milliseconds on Varve; None: not more than on PostgreSQL; 0: no limit)."""
    chain = " AND ".join(f"t{i}.b = t{i + 1}.id" for i in range(TABLES - 1))
    star = " AND ".join(f"t0.b = t{i}.id" for i in range(1, TABLES))
    tables = ", ".join(f"t{i}" for i in range(TABLES))
    return {
        "point query": ("SELECT * FROM t9 WHERE id = 4711", 0.03),
        "update of a row": ("UPDATE t9 SET a = a + 1 WHERE id = 4711", 0),
        "two tables": ("SELECT * FROM t1 JOIN t9 ON t1.b = t9.id WHERE t1.id = 7", 0),
        "aggregate": ("SELECT a, count(*) FROM t9 WHERE b > 10 GROUP BY a ORDER BY 2 DESC", 0),
        "chain of ten tables": (f"SELECT count(*) FROM {tables} WHERE {chain} AND t0.a = 3", None),
        "star of ten tables": (f"SELECT count(*) FROM {tables} WHERE {star} AND t5.a = 3", None),
        f"all of {partitions:,} partitions": ("SELECT count(*) FROM parted WHERE v > 3", 5),
        f"one of {partitions:,} partitions": ("SELECT * FROM parted WHERE k = 4711", 5),
        f"join with {partitions:,} partitions": ("SELECT count(*) FROM t1 JOIN parted ON parted.k = t1.b WHERE t1.a = 3", 5),
    }


def planning_ms(cursor, statement, times):
    values = []
    for _ in range(times):
        cursor.execute(f"EXPLAIN (SUMMARY, FORMAT JSON) {statement}")
        plan = cursor.fetchone()[0]
        values.append((json.loads(plan) if isinstance(plan, str) else plan)[0]["Planning Time"])
    return statistics.median(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=101)
    parser.add_argument("--partitions", type=int, default=1000)
    parser.add_argument("--varve", help="connection string of a running server")
    parser.add_argument("--postgres", help="connection string of a running server")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where clusters lie meanwhile")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        dsns = {"varve": args.varve, "postgres": args.postgres}
        if not (args.varve and args.postgres):
            folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-planning-", dir=args.directory))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.chmod(0o755)
            for name, server in (("varve", servers.Varve), ("postgres", servers.Postgres)):
                (folder / name).mkdir()
                settings = {"max_locks_per_transaction": "4096"} if name == "postgres" else {}
                dsns[name] = stack.enter_context(server(folder / name, settings)).dsn()
        cursors = {}
        for name, dsn in dsns.items():
            connection = psycopg2.connect(dsn)
            connection.autocommit = True
            cursors[name] = connection.cursor()
            for statement in schema(args.partitions):
                cursors[name].execute(statement)
        print("| query | Varve ms | PostgreSQL 15 ms | times faster |\n|---|---:|---:|---:|")
        ok = True
        for name, (statement, limit) in queries(args.partitions).items():
            # The first run fills the catalog's caches.
            for cursor in cursors.values():
                planning_ms(cursor, statement, 3)
            ours, theirs = (planning_ms(cursors[c], statement, args.times) for c in ("varve", "postgres"))
            late = ours > (theirs if limit is None else limit) and limit != 0
            ok = ok and not late
            print(f"| {name} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.2f} |{' TOO LONG' if late else ''}", flush=True)
        return 0 if ok else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
