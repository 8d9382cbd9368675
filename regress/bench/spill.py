#!/usr/bin/python3
"""What spilling costs: sort, hash join, aggregate and window over data ten times work_mem, and the same with memory enough.
Prints how fast the spilling run is, relative to the one in memory; ends with 1 if one is slower than a third of it.

    regress/bench/spill.py [--rows 2000000] [--work-mem 8MB] [--rounds 3] [--varve DSN]

Both runs are single-threaded (max_parallel_workers_per_gather = 0): what is compared is the work, not the threads. Answers
must agree. EXPLAIN (ANALYZE) shows that the one spilled and the other did not.
"""
import argparse
import contextlib
import json
import math
import pathlib
import shutil
import sys
import tempfile
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

SCHEMA = """
DROP TABLE IF EXISTS facts, others;
CREATE TABLE facts(id bigint, k bigint, g bigint, v double precision, t text);
INSERT INTO facts SELECT i, (i * 7919) %% %(rows)s, (i * 104729) %% (%(rows)s / 2), i * 0.5, 'value ' || (i * 31) %% 1000003
FROM generate_series(1::bigint, %(rows)s) i;
CREATE TABLE others(k bigint, w bigint, u text);
INSERT INTO others SELECT (i * 6151) %% %(rows)s, i, 'other ' || i FROM generate_series(1::bigint, %(rows)s) i;
ANALYZE facts;
ANALYZE others;
"""

# What is blocking lies below an aggregate, so that few rows are sent.
QUERIES = {
    "sort by number": "SELECT count(*), sum(id * n % 7) FROM (SELECT id, row_number() OVER () AS n FROM (SELECT id, k, v FROM "
                      "facts ORDER BY k) s) q",
    "sort by text": "SELECT count(*), sum(id * n % 7) FROM (SELECT id, row_number() OVER () AS n FROM (SELECT id, t FROM facts "
                    "ORDER BY t, id) s) q",
    "hash join": "SELECT count(*), sum(f.v), sum(o.w), max(o.u) FROM facts f JOIN others o ON f.k = o.k",
    "left join, text": "SELECT count(*), max(f.t), max(o.u) FROM facts f LEFT JOIN others o ON f.id = o.w",
    "aggregate, half as many groups": "SELECT count(*), sum(n), sum(s) FROM (SELECT g, count(*) AS n, sum(v) AS s FROM facts "
                                      "GROUP BY g) q",
    "aggregate by text": "SELECT count(*), sum(n), max(m) FROM (SELECT t, count(*) AS n, min(id) AS m FROM facts GROUP BY t) q",
    "distinct": "SELECT count(*) FROM (SELECT DISTINCT k, g FROM facts) q",
    "window": "SELECT count(*), sum(s), sum(n) FROM (SELECT sum(v) OVER (PARTITION BY g ORDER BY id) AS s, rank() OVER "
              "(PARTITION BY g ORDER BY id) AS n FROM facts) q",
    "except": "SELECT count(*) FROM (SELECT k FROM facts EXCEPT SELECT w FROM others) q",
}


def spilled_kb(plan):
    own = plan.get("Disk Usage", 0)
    if plan.get("Sort Space Type") == "Disk":
        own += plan["Sort Space Used"]
    own += 8 * plan.get("Temp Written Blocks", 0)
    return max([own] + [spilled_kb(p) for p in plan.get("Plans", [])])


class Runner:
    def __init__(self, connection):
        self.cursor = connection.cursor()

    def set(self, memory):
        self.cursor.execute(f"SET work_mem = '{memory}'")
        self.cursor.execute("SET max_parallel_workers_per_gather = 0")

    def run(self, query):
        started = time.perf_counter()
        self.cursor.execute(query)
        rows = self.cursor.fetchall()
        return (time.perf_counter() - started) * 1000, rows

    def spilled(self, query):
        self.cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query}")
        plan = self.cursor.fetchone()[0]
        return spilled_kb((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def measure(runner, args):
    print("| what | in memory ms | spilling ms | speed | spilled MB |\n|---|---:|---:|---:|---:|")
    worst, ok = math.inf, True
    for name, query in QUERIES.items():
        best, answers, spilled = {}, {}, {}
        for memory in ("4GB", args.work_mem):
            runner.set(memory)
            spilled[memory] = runner.spilled(query)
        for _ in range(args.rounds):
            for memory in ("4GB", args.work_mem):
                runner.set(memory)
                elapsed, answers[memory] = runner.run(query)
                best[memory] = min(best.get(memory, math.inf), elapsed)
        speed = best["4GB"] / best[args.work_mem]
        note = ""
        if answers["4GB"] != answers[args.work_mem]:
            # Sums of floats may differ in the last digits.
            close = all(isinstance(a, float) and math.isclose(a, b, rel_tol=1e-9) or a == b
                        for a, b in zip(answers["4GB"][0], answers[args.work_mem][0]))
            note, ok = ("", ok) if close else (" DIFFERENT", False)
        if spilled["4GB"] != 0 or spilled[args.work_mem] == 0:
            note += f" (spilled {spilled['4GB']} kB in memory)" if spilled["4GB"] else " (did not spill)"
            ok = False
        worst = min(worst, speed)
        print(f"| {name} | {best['4GB']:,.0f} | {best[args.work_mem]:,.0f} | {speed:.2f}{note} | "
              f"{spilled[args.work_mem] / 1024:,.0f} |", flush=True)
    print(f"\nslowest {worst:.2f} of the speed in memory")
    return ok and worst >= args.limit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000000)
    parser.add_argument("--work-mem", default="8MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1 / 3)
    parser.add_argument("--varve", help="connection string of a running server")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where the cluster lies meanwhile")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if args.varve:
            connection = psycopg2.connect(args.varve)
        else:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-spill-", dir=args.directory))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            server = stack.enter_context(servers.Varve(folder, {"shared_buffers": "1GB", "max_wal_size": "4GB"}))
            connection = psycopg2.connect(server.dsn())
        connection.autocommit = True
        connection.cursor().execute(SCHEMA, {"rows": args.rows})
        return 0 if measure(Runner(connection), args) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
