#!/usr/bin/python3
"""TPC-H on Varve and on PostgreSQL 15: generates and loads the data, runs the 22 queries on both in turn, compares the
answers row by row and prints a markdown table with the ratios and their geometric mean.

    regress/bench/tpch.py [--scale 0.1] [--rounds 3] [--only 1,6,14]

Both get the same memory (--shared-buffers, --work-mem); parallel query stays as each sets it by default. With
--varve DSN and --postgres DSN running servers are used, whose database has been loaded before with --load.

With --columnar Varve's tables are columnar ones, and DuckDB joins in where --duckdb-modules says where node finds it;
neither has keys or indexes then (--columnar keys: Varve has them all), and each has --threads threads for a query.
"""
import argparse
import contextlib
import math
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import peers  # noqa: E402
import servers  # noqa: E402
from tpch_queries import INDEXES, QUERIES, SCHEMA, TABLES  # noqa: E402

GENERATOR = servers.ROOT / "build/bin/tpch_generate"


class Connection:
    """Where psql goes, with the settings of every session."""

    def __init__(self, name, dsn, settings):
        self.name, self.dsn, self.settings = name, dsn, settings

    def psql(self, script, timeout_s=3600):
        result = subprocess.run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", self.dsn],
                                input=script.encode(), capture_output=True, env=servers.client_environment(),
                                timeout=timeout_s)
        if result.returncode != 0:
            raise servers.ServerError(f"{self.name}: {result.stderr.decode(errors='replace').strip()}")
        return result.stdout.decode(errors="replace")

    def run(self, query, timeout_s):
        """(milliseconds, rows) of one query, by psql's own clock: connecting is not counted."""
        sets = "".join(f"SET {k} = '{v}';\n" for k, v in self.settings.items())
        output = self.psql(f"{sets}\\timing on\n{query};\n", timeout_s)
        lines = output.splitlines()
        return float(re.fullmatch(r"Time: ([0-9.]+) ms.*", lines[-1]).group(1)), lines[:-1]


def generate(scale, directory):
    if not GENERATOR.exists():
        subprocess.run(["ninja", "-C", str(servers.ROOT / "build"), "tpch_generate"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([str(GENERATOR), str(scale), str(directory)], check=True)


def load(connection, directory):
    started = time.monotonic()
    copies = "".join(f"\\copy {t} FROM '{directory}/{t}.tbl'\n" for t in TABLES)
    connection.psql(SCHEMA + copies)
    copied = time.monotonic()
    connection.psql(INDEXES)
    connection.psql("".join(f"VACUUM ANALYZE {t};\n" for t in TABLES))
    return copied - started, time.monotonic() - copied


def columnar_schema(keys):
    schema = re.sub(r"\);", ") USING columnar;", SCHEMA)
    return schema if keys else without_keys(schema)


def without_keys(schema):
    return re.sub(r",\s*PRIMARY KEY \([^)]*\)| PRIMARY KEY", "", schema)


def load_columnar(peer, directory, keys):
    """Creates and loads the tables of one peer; returns the seconds of COPY and of what comes after it."""
    tables = {"varve": columnar_schema(keys), "postgres": SCHEMA, "duckdb": without_keys(SCHEMA)}[peer.name]
    options = " (DELIMITER '\t', HEADER false, NULL '\\N')" if peer.name == "duckdb" else ""
    peer.execute(tables)
    started = time.monotonic()
    for table in TABLES:
        peer.execute(f"COPY {table} FROM '{directory}/{table}.tbl'{options};")
    copied = time.monotonic()
    if peer.name == "duckdb":
        peer.execute("CHECKPOINT")
    else:
        if peer.name == "postgres" or keys:
            peer.execute(INDEXES)
        peer.execute("".join(f"VACUUM ANALYZE {t};\n" for t in TABLES))
    return copied - started, time.monotonic() - copied


def run_columnar(args, stack, folder, numbers):
    """Columnar tables beside the others: whether all answers agree."""
    varve_settings = {"work_mem": args.work_mem, **dict(s.split("=", 1) for s in args.set)}
    postgres_settings = {"work_mem": args.work_mem, "max_parallel_workers_per_gather": str(args.threads - 1)}
    if args.varve:
        everybody = [peers.Psql("varve", args.varve, varve_settings)]
        if args.postgres:
            everybody.append(peers.Psql("postgres", args.postgres, postgres_settings))
    else:
        settings = {"shared_buffers": args.shared_buffers, "max_wal_size": "8GB"}
        for name in ("v", "p"):
            (folder / name).mkdir()
        varve = stack.enter_context(servers.Varve(folder / "v", settings))
        postgres = stack.enter_context(servers.Postgres(folder / "p", settings))
        everybody = [peers.Psql("varve", varve.dsn(), varve_settings),
                     peers.Psql("postgres", postgres.dsn(), postgres_settings)]
    if not peers.find_duckdb(args.duckdb_modules):
        print("DuckDB is left out: node does not find @duckdb/node-api, see --duckdb-modules", file=sys.stderr)
    elif not args.varve or args.duckdb:
        everybody.append(peers.DuckDb(args.duckdb or folder / "duck.db", args.threads, args.duckdb_modules))
        stack.callback(everybody[-1].close)
    wanted = {p.name for p in everybody} if not args.varve or args.load in ("both", "all") else {args.load}
    if wanted != {None}:
        generate(args.scale, folder)
        for path in folder.glob("*.tbl"):
            path.chmod(0o644)
    for peer in everybody:
        if peer.name in wanted:
            copied, rest = load_columnar(peer, folder, args.columnar == "keys")
            print(f"{peer.name}: loaded in {copied:.1f} s, indexed, analyzed or checkpointed in {rest:.1f} s", flush=True)
    print(f"\nTPC-H scale {args.scale:g}, columnar tables, {args.threads} threads each, warm, best of {args.rounds}\n")
    queries = {str(n): dict.fromkeys(("varve", "postgres", "duckdb"), QUERIES[n]) for n in numbers}
    return peers.measure(everybody, queries, args.rounds, args.timeout)


def measure(connections, numbers, rounds, timeout_s):
    """Best time of each query on each server, run in turn; prints a line a query. Returns whether all agree."""
    print("| query | Varve ms | PostgreSQL 15 ms | times faster | rows |\n|---|---:|---:|---:|---:|")
    ratios, agree = [], True
    for number in numbers:
        best, answers, failure = {}, {}, None
        for _ in range(rounds):
            for c in connections:
                try:
                    elapsed, answers[c.name] = c.run(QUERIES[number], timeout_s)
                except (servers.ServerError, subprocess.TimeoutExpired) as error:
                    failure = f"{c.name}: {error}"
                    break
                best[c.name] = min(best.get(c.name, math.inf), elapsed)
            if failure:
                break
        if failure:
            print(f"| {number} | {failure[:100]} | | | |", flush=True)
            agree = False
            continue
        ours, theirs = answers["varve"], answers["postgres"]
        note = ""
        if ours != theirs:
            # Rows that the ORDER BY leaves in any order.
            note = " (order)" if sorted(ours) == sorted(theirs) else " DIFFERENT"
            agree = agree and note != " DIFFERENT"
        ratio = best["postgres"] / best["varve"]
        ratios.append(ratio)
        print(f"| {number} | {best['varve']:,.1f} | {best['postgres']:,.1f} | {ratio:.2f} | {len(ours)}{note} |", flush=True)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"\ngeometric mean {mean:.2f} over {len(ratios)} queries, slowest {min(ratios):.2f}")
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="numbers of queries, separated by commas")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where data and clusters lie meanwhile")
    parser.add_argument("--shared-buffers", default="2GB")
    parser.add_argument("--work-mem", default="128MB")
    parser.add_argument("--timeout", type=float, default=600)
    parser.add_argument("--varve", help="connection string of a running server")
    parser.add_argument("--postgres", help="connection string of a running server")
    parser.add_argument("--columnar", nargs="?", const="plain", choices=("plain", "keys"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--duckdb-modules", type=pathlib.Path, help="the node_modules folder with @duckdb/node-api")
    parser.add_argument("--duckdb", type=pathlib.Path, help="a database file that stays")
    parser.add_argument("--load", choices=("varve", "postgres", "duckdb", "both", "all"), help="load into the running servers first")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="of Varve's sessions alone")
    args = parser.parse_args()
    numbers = [int(n) for n in args.only.split(",")] if args.only else sorted(QUERIES)
    memory = {"work_mem": args.work_mem}
    ours = {**memory, **dict(s.split("=", 1) for s in args.set)}
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-tpch-", dir=args.directory))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        if args.columnar:
            return 0 if run_columnar(args, stack, folder, numbers) else 1
        if args.varve and args.postgres:
            connections = [Connection("varve", args.varve, ours), Connection("postgres", args.postgres, memory)]
            wanted = {"both": ("varve", "postgres"), None: ()}.get(args.load, (args.load,))
        else:
            settings = {"shared_buffers": args.shared_buffers, "max_wal_size": "8GB"}
            for name in ("v", "p"):
                (folder / name).mkdir()
            varve = stack.enter_context(servers.Varve(folder / "v", settings))
            postgres = stack.enter_context(servers.Postgres(folder / "p", settings))
            connections = [Connection("varve", varve.dsn(), ours), Connection("postgres", postgres.dsn(), memory)]
            wanted = ("varve", "postgres")
        if wanted:
            generate(args.scale, folder)
        for c in connections:
            if c.name in wanted:
                copied, indexed = load(c, folder)
                print(f"{c.name}: loaded in {copied:.1f} s, indexed and analyzed in {indexed:.1f} s", flush=True)
        print(f"\nTPC-H scale {args.scale:g}, warm, best of {args.rounds}\n")
        return 0 if measure(connections, numbers, args.rounds, args.timeout) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
