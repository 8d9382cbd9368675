#!/usr/bin/python3
"""Loops in PL/pgSQL on Varve and on PostgreSQL 15, alternating; prints a markdown table.

    regress/bench/plpgsql.py [--rounds N]

Each loop also tells what it computed; the two must agree.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

SETUP = """CREATE TABLE points (k int PRIMARY KEY, v int); INSERT INTO points SELECT i, i % 1000 FROM generate_series(1, 100000) i;
ANALYZE points;
CREATE FUNCTION fib(n int) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN IF n < 2 THEN RETURN n; END IF; RETURN fib(n - 1) + fib(n - 2); END $$;"""
LOOPS = {
    "1,000,000 assignments": "DECLARE x int := 0; BEGIN FOR i IN 1..1000000 LOOP x := x + i % 7; END LOOP; RAISE NOTICE '%', x; END",
    "100,000 point reads": """DECLARE x int := 0; t int; BEGIN FOR i IN 1..100000 LOOP SELECT v INTO t FROM points WHERE k = i;
      x := (x + t) % 1000; END LOOP; RAISE NOTICE '%', x; END""",
    "20,000 point updates": """DECLARE n int := 0; BEGIN FOR i IN 1..20000 LOOP UPDATE points SET v = v WHERE k = i; n := n + 1; END LOOP;
      RAISE NOTICE '%', n; END""",
    "100,000 rows in a loop": """DECLARE r record; n int := 0; BEGIN FOR r IN SELECT * FROM points ORDER BY k LOOP n := n + r.v % 3; END LOOP;
      RAISE NOTICE '%', n; END""",
    "recursive function, 28,655 calls": "BEGIN RAISE NOTICE '%', fib(22); END",
    "sieve in an array of 100,000": """DECLARE a bool[] := array_fill(true, ARRAY[100000]); n int := 0; BEGIN
      FOR i IN 2..316 LOOP IF a[i] THEN FOR j IN i*i..100000 BY i LOOP a[j] := false; END LOOP; END IF; END LOOP;
      FOR i IN 2..100000 LOOP IF a[i] THEN n := n + 1; END IF; END LOOP; RAISE NOTICE '%', n; END""",
    "100,000 texts appended to an array": """DECLARE a text[] := '{}'; BEGIN FOR i IN 1..100000 LOOP a := a || i::text; END LOOP;
      RAISE NOTICE '%', array_length(a, 1); END""",
}


def timed(server, body):
    """(seconds, what it said). A block around it looks at the clock: starting psql takes longer than some loops."""
    block = (f"DO $do$ DECLARE begun timestamptz := clock_timestamp(); BEGIN {body}; "
             "RAISE NOTICE '%', extract(epoch FROM clock_timestamp() - begun); END $do$")
    run = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", block, server.dsn()], capture_output=True, text=True,
                         env=servers.client_environment())
    if run.returncode != 0:
        raise servers.ServerError(f"{server.name}: {run.stderr[-500:]}")
    *said, seconds = run.stderr.strip().splitlines()
    return float(seconds.split()[-1]), "\n".join(said)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    folders = [tempfile.mkdtemp(prefix="bench-plpgsql-") for _ in range(2)]
    try:
        with servers.Varve(folders[0], {}) as varve, servers.Postgres(folders[1], {}) as postgres:
            both = (varve, postgres)
            for server in both:
                server.execute(SETUP)
            print(f"\nPL/pgSQL loops, median of {args.rounds} runs\n\n| loop | Varve ms | PostgreSQL 15 ms | times faster |\n|---|---:|---:|---:|")
            for name, body in LOOPS.items():
                times = {server.name: [] for server in both}
                answers = set()
                for _ in range(args.rounds):
                    for server in both:
                        seconds, said = timed(server, body)
                        times[server.name].append(seconds)
                        answers.add(said)
                if len(answers) != 1:
                    raise servers.ServerError(f"{name}: the answers differ: {sorted(answers)}")
                ours, theirs = (statistics.median(times[server.name]) * 1000 for server in both)
                print(f"| {name} | {ours:,.1f} | {theirs:,.1f} | {theirs / ours:.2f} |", flush=True)
    except servers.ServerError as error:
        sys.exit(f"plpgsql: {error}")
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
