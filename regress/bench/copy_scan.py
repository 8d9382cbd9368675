#!/usr/bin/python3
"""COPY of narrow rows, then scans and aggregates, on Varve and on PostgreSQL 15; prints a markdown table.

    regress/bench/copy_scan.py [--millions N] [--rounds N]

The answers of both are compared too. Parallel query stays as PostgreSQL sets it by default.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

QUERIES = {
    "count": "SELECT count(*) FROM n",
    "sum": "SELECT sum(v), min(k), max(k) FROM n",
    "filter 1 %": "SELECT count(*), sum(v) FROM n WHERE k < 10",
    "group by 1,000": "SELECT count(*), sum(s) FROM (SELECT k, sum(v) AS s FROM n GROUP BY k) q",
    "group by text": "SELECT t, count(*), sum(v) FROM n GROUP BY t ORDER BY t",
    "self join": "SELECT count(*) FROM n a JOIN n b ON a.id = b.id WHERE b.k = 7",
    "top 10": "SELECT id FROM n ORDER BY v DESC, id LIMIT 10",
}


def rows(count):
    for start in range(0, count, 10000):
        yield "".join(f"{i}\t{i * 7919 % 1000}\t{i * 104729 % 1000003}\tname{i % 20}\n"
                      for i in range(start, min(start + 10000, count))).encode()


def write_rows(path, count):
    with path.open("wb") as file:
        for block in rows(count):
            file.write(block)


def copy_in(server, path):
    """Best of three: the first also makes the files grow."""
    times = []
    for _ in range(3):
        server.execute("DROP TABLE IF EXISTS n")
        server.execute("CREATE TABLE n (id int, k int, v bigint, t text)")
        with path.open("rb") as file:
            started = time.monotonic()
            code = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "COPY n FROM STDIN", server.dsn()],
                                  stdin=file, env=servers.client_environment()).returncode
            times.append(time.monotonic() - started)
        if code != 0:
            raise servers.ServerError(f"COPY into {server.name} failed")
    return min(times)


def timed(server, query):
    started = time.monotonic()
    ok, answer = server.execute(query)
    elapsed = time.monotonic() - started
    if not ok:
        raise servers.ServerError(f"{server.name}: {answer}")
    return elapsed, answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT)
    args = parser.parse_args()
    count = int(args.millions * 1e6)
    folders = [pathlib.Path(tempfile.mkdtemp(prefix=f"bench-{n}-", dir=args.directory)) for n in ("v", "p")]
    for folder in folders:
        folder.chmod(0o755)
    try:
        settings = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
        with servers.Varve(folders[0], {"shared_buffers": "1GB", "max_wal_size": "4GB"}) as varve, servers.Postgres(folders[1], settings) as postgres:
            print(f"\n{count:,} rows (int, int, bigint, text), warm, best of {args.rounds}\n")
            print("| what | Varve ms | PostgreSQL 15 ms | times faster |\n|---|---:|---:|---:|")
            data = folders[0] / "rows.tsv"
            write_rows(data, count)
            ours, theirs = copy_in(varve, data), copy_in(postgres, data)
            print(f"| COPY | {ours * 1e3:,.0f} | {theirs * 1e3:,.0f} | {theirs / ours:.2f} |", flush=True)
            for server in (varve, postgres):
                server.execute("VACUUM ANALYZE n")
            # psql and the connection cost the same on both sides; the trivial query measures them.
            base = {s.name: statistics.median(timed(s, "SELECT 1")[0] for _ in range(5)) for s in (varve, postgres)}
            for name, query in QUERIES.items():
                best, answers = {}, set()
                for _ in range(args.rounds):
                    for server in (varve, postgres):
                        elapsed, answer = timed(server, query)
                        answers.add(answer)
                        elapsed = max(elapsed - base[server.name], 1e-3)  # what psql varies by
                        best[server.name] = min(best.get(server.name, 1e9), elapsed)
                note = "" if len(answers) == 1 else " (the answers differ!)"
                print(f"| {name}{note} | {best['varve'] * 1e3:,.1f} | {best['postgres'] * 1e3:,.1f} | "
                      f"{best['postgres'] / best['varve']:.2f} |", flush=True)
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
