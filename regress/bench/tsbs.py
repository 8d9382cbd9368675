#!/usr/bin/python3
"""Time series, after TSBS's "devops" use case: CPU metrics of hosts in a columnar table of Varve, in PostgreSQL 15
with the indexes that TSBS makes, and in DuckDB. Compares the answers row by row and prints markdown tables.

    regress/bench/tsbs.py [--hosts 100] [--days 1] [--rounds 3] [--only double,lastpoint] [--no-ingest]
                          [--insert-rows 50000] [--duckdb-modules DIRECTORY/node_modules]

Each gets --threads threads for a query. With --varve DSN, --postgres DSN and --duckdb FILE what runs already is used,
loaded before by the same script with --load all. 400 hosts and three days are ten million rows.
"""
import argparse
import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import peers  # noqa: E402
import servers  # noqa: E402
import tsbs_queries  # noqa: E402

GENERATOR = servers.ROOT / "build/bin/tsbs_generate"
INSERTER = servers.ROOT / "build/bin/tsbs_insert"
MAKE = {
    "varve": "CREATE TABLE {0} ({1}) USING columnar WITH (orderby = 'host, time')",
    "postgres": "CREATE TABLE {0} ({1})",
    "duckdb": "CREATE TABLE {0} ({1})",
}
COPY = {"varve": "COPY {0} FROM '{1}'", "postgres": "COPY {0} FROM '{1}'",
        "duckdb": "COPY {0} FROM '{1}' (DELIMITER '\t', HEADER false, NULL '\\N')"}
AFTER = {
    "varve": "VACUUM ANALYZE cpu;",
    "postgres": "CREATE INDEX ON cpu (host, time DESC); CREATE INDEX ON cpu (time DESC); VACUUM ANALYZE cpu;",
    "duckdb": "CHECKPOINT",
}


def generate(hosts, steps, path):
    if not GENERATOR.exists():
        subprocess.run(["ninja", "-C", str(servers.ROOT / "build"), "tsbs_generate"], check=True, stdout=subprocess.DEVNULL)
    with path.open("wb") as file:
        subprocess.run([str(GENERATOR), str(hosts), str(steps), "1"], check=True, stdout=file)
    path.chmod(0o644)


def copy_in(peer, table, columns, path):
    """Seconds of COPY into a new table."""
    peer.execute(f"DROP TABLE IF EXISTS {table};")
    peer.execute(MAKE[peer.name].format(table, columns) + ";")
    started = time.monotonic()
    peer.execute(COPY[peer.name].format(table, path) + ";")
    return time.monotonic() - started


def stored_bytes(peer):
    if peer.name == "duckdb":
        return peer.path.stat().st_size
    return int(peer.execute("SELECT pg_total_relation_size('cpu');")[0])


def load(peer, path, rows):
    """Returns a line of the table of loads."""
    seconds = copy_in(peer, "cpu", tsbs_queries.COLUMNS, path)
    started = time.monotonic()
    peer.execute(AFTER[peer.name])
    after = time.monotonic() - started
    return (f"| {peer.name} | {seconds:.2f} | {rows / seconds / 1e3:,.0f} | {after:.2f} | "
            f"{stored_bytes(peer) / rows:.1f} |")


# What users have: a table in the order in which it is asked, or a hypertable, against PostgreSQL with the indexes that
# TSBS makes; and what is alike on all sides. Each: (name, columns' suffix, statements for Varve, for PostgreSQL).
TSBS_INDEXES = "CREATE INDEX ON {0} (host, time DESC); CREATE INDEX ON {0} (time DESC);"
HYPERTABLE = "SELECT create_hypertable('{0}', 'time', chunk_time_interval => interval '12 hours');"
KEY = ", PRIMARY KEY (host, time)"
CASES = (
    ("as used: columnar, PostgreSQL with TSBS's indexes", "", "", TSBS_INDEXES),
    ("as used: hypertable, PostgreSQL with TSBS's indexes", "", HYPERTABLE, TSBS_INDEXES),
    ("alike: no index", "", "", ""),
    ("alike: primary key (host, time)", KEY, "", ""),
    ("alike: TSBS's indexes", "", TSBS_INDEXES, TSBS_INDEXES),
)
INSERTS = (("batch", 100), ("batch", 1000), ("pipeline", 100), ("pipeline", 1000))


def make_table(peer, case, table="loaded"):
    _, suffix, varve, postgres = case
    peer.execute(f"DROP TABLE IF EXISTS {table};")
    peer.execute(MAKE[peer.name].format(table, tsbs_queries.COLUMNS + suffix) + ";")
    more = {"varve": varve, "postgres": postgres}.get(peer.name, "")
    if more:
        peer.execute(more.format(table))


def ingest(everybody, path, rows, rounds):
    """COPY into new tables, in turn, the best of all rounds."""
    print("\n| COPY of the rows | " + " | ".join(f"{p.name}, 1,000 rows/s" for p in everybody) + " | Varve / PostgreSQL |")
    print("|---|" + "---:|" * (len(everybody) + 1))
    for case in CASES:
        best = {}
        for _ in range(rounds):
            for peer in everybody:
                make_table(peer, case)
                started = time.monotonic()
                peer.execute(COPY[peer.name].format("loaded", path) + ";")
                best[peer.name] = min(best.get(peer.name, 1e9), time.monotonic() - started)
        print_rates(case[0], everybody, best, rows)
    for peer in everybody:
        peer.execute("DROP TABLE loaded;")


def print_rates(name, everybody, best, rows):
    ratio = f"{best['postgres'] / best['varve']:.2f}" if "postgres" in best else ""
    print(f"| {name} | " + " | ".join(f"{rows / best[p.name] / 1e3:,.0f}" for p in everybody) + f" | {ratio} |", flush=True)


def inserts(everybody, path, rows, rounds):
    """Prepared INSERT statements of many rows, and pipelined ones of one row, durably committed one after the other."""
    if not INSERTER.exists():
        subprocess.run(["ninja", "-C", str(servers.ROOT / "build"), "tsbs_insert"], check=True, stdout=subprocess.DEVNULL)
    servers_only = [p for p in everybody if p.name != "duckdb"]
    print("\n| prepared INSERT | " + " | ".join(f"{p.name}, 1,000 rows/s" for p in servers_only) + " | Varve / PostgreSQL |")
    print("|---|" + "---:|" * (len(servers_only) + 1))
    for case in CASES:
        for way, size in INSERTS:
            best = {}
            for _ in range(rounds):
                for peer in servers_only:
                    make_table(peer, case)
                    command = [str(INSERTER), peer.dsn, str(path), "loaded", str(rows), way, str(size)]
                    done = subprocess.run(command, check=True, capture_output=True, text=True, env=servers.client_environment())
                    best[peer.name] = min(best.get(peer.name, 1e9), float(done.stdout))
            what = f"{size} rows a statement" if way == "batch" else f"one row a statement, {size} pipelined"
            print_rates(f"{case[0]}; {what}", servers_only, best, rows)
    for peer in servers_only:
        peer.execute("DROP TABLE loaded;")


def start(args, stack, folder):
    """The peers, Varve first, and the names of those that must be loaded."""
    varve_settings = {"work_mem": args.work_mem}
    postgres_settings = {"work_mem": args.work_mem, "max_parallel_workers_per_gather": str(args.threads - 1)}
    running = args.varve is not None
    everybody = []
    if running:
        everybody.append(peers.Psql("varve", args.varve, varve_settings))
        if args.postgres:
            everybody.append(peers.Psql("postgres", args.postgres, postgres_settings))
    else:
        settings = {"shared_buffers": args.shared_buffers, "max_wal_size": "8GB"}
        for name in ("v", "p"):
            (folder / name).mkdir()
        varve = stack.enter_context(servers.Varve(folder / "v", settings))
        postgres = stack.enter_context(servers.Postgres(folder / "p", settings))
        everybody += [peers.Psql("varve", varve.dsn(), varve_settings), peers.Psql("postgres", postgres.dsn(), postgres_settings)]
    if not peers.find_duckdb(args.duckdb_modules):
        print("DuckDB is left out: node does not find @duckdb/node-api, see --duckdb-modules", file=sys.stderr)
    elif not running or args.duckdb:
        duckdb = peers.DuckDb(args.duckdb or folder / "duck.db", args.threads, args.duckdb_modules)
        stack.callback(duckdb.close)
        everybody.append(duckdb)
    wanted = {p.name for p in everybody} if not running or args.load == "all" else set((args.load or "").split(","))
    return everybody, wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--days", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", help="beginnings of queries' names, separated by commas")
    parser.add_argument("--no-ingest", action="store_true", help="only what the queries need is loaded")
    parser.add_argument("--no-queries", action="store_true")
    parser.add_argument("--insert-rows", type=int, default=0, help="so many rows by prepared INSERT statements, too")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where data and clusters lie meanwhile")
    parser.add_argument("--shared-buffers", default="2GB")
    parser.add_argument("--work-mem", default="256MB")
    parser.add_argument("--duckdb-modules", type=pathlib.Path, help="the node_modules folder with @duckdb/node-api")
    parser.add_argument("--varve", help="connection string of a running server")
    parser.add_argument("--postgres", help="connection string of a running server")
    parser.add_argument("--duckdb", type=pathlib.Path, help="a database file that stays")
    parser.add_argument("--load", help="which of the running ones to load first: all, or names separated by commas")
    args = parser.parse_args()
    steps = int(args.days * 8640)
    rows = args.hosts * steps
    queries = tsbs_queries.queries(args.hosts, steps)
    if args.only:
        queries = {n: q for n, q in queries.items() if n.startswith(tuple(args.only.split(",")))}
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-tsbs-", dir=args.directory))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        everybody, wanted = start(args, stack, folder)
        data = folder / "cpu.tsv"
        if wanted or not args.no_ingest:
            generate(args.hosts, steps, data)
        print(f"{args.hosts} hosts, {args.days:g} days: {rows:,} rows; {args.threads} threads each\n")
        if wanted:
            print("| | COPY s | 1,000 rows/s | indexes, VACUUM ANALYZE or CHECKPOINT s | bytes a row |\n|---|---:|---:|---:|---:|")
            for peer in everybody:
                if peer.name == "varve":
                    peer.execute("CREATE EXTENSION IF NOT EXISTS timescaledb;")
                if peer.name in wanted:
                    print(load(peer, data, rows), flush=True)
        if not args.no_ingest:
            everybody[0].execute("CREATE EXTENSION IF NOT EXISTS timescaledb;")
            ingest(everybody, data, rows, args.rounds)
            if args.insert_rows:
                inserts(everybody, data, args.insert_rows, args.rounds)
        if args.no_queries:
            return 0
        print(f"\nwarm, best of {args.rounds}, run in turn\n")
        return 0 if peers.measure(everybody, queries, args.rounds) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
