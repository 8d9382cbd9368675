#!/usr/bin/python3
"""How good are the plans? The Join Order Benchmark's query shapes over generated data with skew and correlation
(job_queries.py): each query is run as Varve plans it, and then in many other ways: with methods switched off, and in random
join orders (explicit JOINs under join_collapse_limit = 1). Prints what the chosen plan and the best one found took.

    regress/bench/job.py [--scale 1] [--orders 16] [--seed 1] [--only 1a,2b] [--varve DSN] [--postgres]

--postgres runs the queries on a PostgreSQL 15 too and compares the answers. Ends with 1 if a plan took more than --limit
times the best, or an answer differs.
"""
import argparse
import contextlib
import math
import pathlib
import random
import re
import shutil
import sys
import tempfile
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402
from job_queries import INDEXES, QUERIES, SCHEMA, TABLES, data  # noqa: E402

# Other ways to run a query as it stands.
SWITCHES = [{"enable_hashjoin": "off"}, {"varve.enable_index_join": "off"}, {"enable_indexscan": "off"},
            {"varve.join_search_limit": "1"}, {"varve.enable_runtime_filters": "off"}]
# Differences of a few milliseconds are the machine's.
NOISE_MS = 2.0
EQUALITY = re.compile(r"\b(\w+)\.\w+ = (\w+)\.\w+")


def connect(dsn):
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    return connection


def load(connection, scale):
    cursor = connection.cursor()
    cursor.execute(SCHEMA)
    for statement in data(scale):
        cursor.execute(statement)
    cursor.execute(INDEXES)
    for table in TABLES:
        cursor.execute(f"ANALYZE {table}")


def sql(query, tree=None):
    select, tables, where = QUERIES[query]
    return f"SELECT {select} FROM {tree or tables} WHERE {where}"


def random_tree(query, rng, bushy):
    """FROM as explicit joins in a random order without products."""
    _, tables, where = QUERIES[query]
    parts = {alias: f"{table} {alias}" for table, alias in (t.split() for t in tables.split(", "))}
    edges = [e for e in EQUALITY.findall(where) if e[0] in parts and e[1] in parts and e[0] != e[1]]
    group = {alias: alias for alias in parts}
    trees = dict(parts)
    start = rng.choice(sorted(parts))
    while len(trees) > 1:
        between = [(group[a], group[b]) for a, b in edges if group[a] != group[b]]
        if not bushy:
            between = [e for e in between if group[start] in e]
        if not between:
            return None
        a, b = rng.choice(between)
        trees[a] = f"({trees[a]} JOIN {trees.pop(b)} ON true)"
        group = {alias: a if g == b else g for alias, g in group.items()}
    return next(iter(trees.values()))


class Varve:
    def __init__(self, connection):
        self.cursor = connection.cursor()

    def run(self, text, settings, rounds, limit_ms):
        """(best milliseconds, rows), or None where it takes longer than the limit."""
        self.cursor.execute("RESET ALL")
        for name, value in {"statement_timeout": str(int(limit_ms) + 1), **settings}.items():
            self.cursor.execute(f"SET {name} = {value}")
        best, rows = math.inf, None
        try:
            for _ in range(rounds):
                started = time.perf_counter()
                self.cursor.execute(text)
                rows = self.cursor.fetchall()
                best = min(best, (time.perf_counter() - started) * 1000)
        except psycopg2.errors.QueryCanceled:
            return None
        return best, rows


def try_all(varve, query, args, rng):
    """(chosen ms, best ms, how the best was found, rows, alternatives that were tried)."""
    chosen, rows = varve.run(sql(query), {}, args.rounds, 60000)
    best, how = chosen, "as planned"
    ways = [(" ".join(f"{k} {v}" for k, v in s.items()), sql(query), s) for s in SWITCHES]
    for n in range(args.orders):
        tree = random_tree(query, rng, bushy=n % 2 == 1)
        if tree is not None:
            ways.append((tree.replace(" ON true", ""), sql(query, tree), {"join_collapse_limit": "1"}))
    for name, text, settings in ways:
        # What is not faster need not end.
        found = varve.run(text, settings, args.rounds, best + NOISE_MS)
        if found is None:
            continue
        if found[1] != rows:
            sys.exit(f"{query}: another answer with {name}: {found[1]} instead of {rows}")
        if found[0] < best:
            best, how = found[0], name
    # The machine may have been slow at first.
    chosen = min(chosen, varve.run(sql(query), {}, args.rounds, 60000)[0])
    return chosen, min(best, chosen), how if best < chosen else "as planned", rows, len(ways)


def measure(varve, postgres, queries, args):
    rng = random.Random(args.seed)
    print("| query | tables | chosen ms | best found ms | ratio |" + (" PostgreSQL ms |" if postgres else ""))
    print("|---|---:|---:|---:|---:|" + ("---:|" if postgres else ""))
    worst, agree, ratios, notes = 0.0, True, [], []
    for query in queries:
        chosen, best, how, rows, tried = try_all(varve, query, args, rng)
        ratio = chosen / best if chosen - best > NOISE_MS else 1.0
        worst = max(worst, ratio)
        ratios.append(ratio)
        theirs = ""
        if postgres:
            started = time.perf_counter()
            cursor = postgres.cursor()
            cursor.execute(sql(query))
            answer = cursor.fetchall()
            theirs = f" {(time.perf_counter() - started) * 1000:,.1f} |"
            if answer != rows:
                agree = False
                theirs += " DIFFERENT"
        print(f"| {query} | {QUERIES[query][1].count(',') + 1} | {chosen:,.1f} | {best:,.1f} | {ratio:.2f} |{theirs}", flush=True)
        if ratio > 1.5:
            notes.append(f"{query}: {how} ({tried} ways tried)")
    within = sum(r <= 1.5 for r in ratios)
    print(f"\n{len(ratios)} queries, slowest {worst:.2f} times the best found, {within} within 1.5 times")
    for note in notes:
        print(note)
    return agree and worst <= args.limit


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--orders", type=int, default=16, help="random join orders a query")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each way; the best counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="queries, separated by commas")
    parser.add_argument("--limit", type=float, default=3.0)
    parser.add_argument("--varve", help="connection string of a running server, loaded by an earlier run with --load")
    parser.add_argument("--load", action="store_true", help="into the running server first")
    parser.add_argument("--postgres", action="store_true", help="compare the answers")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where clusters lie meanwhile")
    args = parser.parse_args()
    queries = args.only.split(",") if args.only else list(QUERIES)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-job-", dir=args.directory))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        postgres = None
        settings = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
        if args.varve:
            connection = connect(args.varve)
        else:
            (folder / "v").mkdir()
            connection = connect(stack.enter_context(servers.Varve(folder / "v", settings)).dsn())
        if args.postgres:
            (folder / "p").mkdir()
            postgres = connect(stack.enter_context(servers.Postgres(folder / "p", settings)).dsn())
            load(postgres, args.scale)
        if args.load or not args.varve:
            load(connection, args.scale)
        return 0 if measure(Varve(connection), postgres, queries, args) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
