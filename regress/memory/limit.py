#!/usr/bin/python3
"""Many queries at a time that want more memory than max_process_memory allows: the process never has more, what ends is right, what does
not fails with 53200, and afterwards the memory is there again.

    regress/memory/limit.py [--limit MB] [--clients N] [--seconds S] [--only QUERY] [--report FILE]
"""
import argparse
import json
import pathlib
import random
import sys
import tempfile
import threading
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

ROWS = 600_000
SCHEMA = f"""CREATE TABLE wide AS SELECT i AS id, (i * 7919::bigint % {ROWS})::int AS k, 'text number ' || i * 31 % {ROWS} AS t, repeat(chr(97 + i % 26), 40) AS pad
FROM generate_series(0, {ROWS - 1}) i; ANALYZE wide;"""
# What spills, and what cannot.
QUERIES = {
    "sort": "SELECT md5(string_agg(k::text, ',')) FROM (SELECT k FROM (SELECT * FROM wide ORDER BY t DESC, k) x LIMIT 500 OFFSET 300000) y",
    "group": "SELECT count(*), sum(n), min(t), max(m) FROM (SELECT t, count(*) AS n, max(pad) AS m FROM wide GROUP BY t) x",
    "join": "SELECT count(*), sum(a.id), max(b.pad) FROM wide a JOIN wide b ON a.t = b.t AND a.k = b.k",
    "window": "SELECT sum(r), max(s) FROM (SELECT rank() OVER (PARTITION BY k % 97 ORDER BY t) AS r, sum(id) OVER (PARTITION BY k % 97 ORDER BY t) AS s "
              "FROM wide) x",
    "distinct": "SELECT count(*), count(DISTINCT t), sum(length(d)) FROM (SELECT DISTINCT t || pad AS d, t FROM wide) x",
    "materialized": "WITH w AS MATERIALIZED (SELECT * FROM wide) SELECT (SELECT count(*) FROM w), (SELECT max(t) FROM w), (SELECT min(pad) FROM w)",
    "array": "SELECT array_length(array_agg(t || pad), 1), length(string_agg(pad, '')) FROM wide",
    "arrays": "SELECT count(*), sum(array_length(a, 1)) FROM (SELECT k % 1000 AS g, array_agg(t || pad) AS a FROM wide GROUP BY g) x",
    "json": "SELECT length(jsonb_agg(jsonb_build_object('k', k, 't', t))::text) FROM wide",
    "loop": """DO $$ DECLARE a text[] := '{}'; BEGIN FOR i IN 1 .. 400000 LOOP a := a || ('some text that is not short ' || i); END LOOP; END $$""",
}
MEMORY = "256MB"


def peak_mb(pid, key="VmHWM"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) // 1024
    raise servers.ServerError(f"no {key}")


def answer(cursor, query):
    cursor.execute(query)
    return cursor.fetchall() if cursor.description else []


class Clients:
    def __init__(self, server, expected, seconds):
        self.server, self.expected, self.until = server, expected, time.monotonic() + seconds
        self.wrong, self.ended, self.refused = [], {n: 0 for n in QUERIES}, {n: 0 for n in QUERIES}

    def run(self, number):
        chance = random.Random(number)
        try:
            connection = psycopg2.connect(self.server.dsn())
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(f"SET work_mem = '{MEMORY}'")
            while time.monotonic() < self.until:
                name = chance.choice(list(QUERIES))
                try:
                    got = answer(cursor, QUERIES[name])
                except psycopg2.errors.OutOfMemory:
                    self.refused[name] += 1
                    continue
                self.ended[name] += 1
                if got != self.expected[name]:
                    self.wrong.append(f"{name}: {got} in the place of {self.expected[name]}")
        except psycopg2.Error as error:
            self.wrong.append(f"client {number}: {error}")


def run(limit_mb, clients, seconds):
    """(number of checks that held, failures, notes)"""
    failed, passed, notes = [], 0, []
    with tempfile.TemporaryDirectory(prefix="memory-limit-") as folder:
        with servers.Varve(folder, {"max_process_memory": f"{limit_mb}MB", "shared_buffers": "64MB"}) as server:
            ok, said = server.execute(SCHEMA)
            if not ok:
                raise servers.ServerError(said)
            # Alone, and within little memory, each query is right or as large as it is.
            connection = psycopg2.connect(server.dsn())
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SET work_mem = '4MB'")
            expected = {name: answer(cursor, query) for name, query in QUERIES.items()}
            alone_mb = peak_mb(server.process.pid, "VmRSS")
            work = Clients(server, expected, seconds)
            threads = [threading.Thread(target=work.run, args=(n,)) for n in range(clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            peak = peak_mb(server.process.pid)
            ended, refused = sum(work.ended.values()), sum(work.refused.values())
            notes.append(f"{clients} clients, {limit_mb} MB: peak {peak} MB ({alone_mb} before); {ended} queries ended, {refused} refused "
                         f"({', '.join(f'{n} {c}' for n, c in work.refused.items() if c)})")
            checks = {
                f"the process had {peak} MB of {limit_mb}": peak <= limit_mb,
                f"{ended} queries ended": ended > 0,
                f"wrong answers: {work.wrong[:3]}": not work.wrong,
                "what spills was refused while little else ran": refused < ended * 4,
                # Alone again, all have room.
                "queries fail though nothing else runs": all(answer(cursor, q) == expected[n] for n, q in QUERIES.items()),
            }
            for text, holds in checks.items():
                passed += holds
                if not holds:
                    failed.append(text)
    return passed, failed, notes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=640)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--only", choices=list(QUERIES))
    parser.add_argument("--report", type=pathlib.Path)
    args = parser.parse_args()
    for name in [n for n in QUERIES if args.only not in (None, n)]:
        del QUERIES[name]
    try:
        passed, failed, notes = run(args.limit, args.clients, args.seconds)
    except servers.ServerError as error:
        sys.exit(f"memory: {error}")
    for line in notes + [f"failed: {f}" for f in failed]:
        print(line)
    print(f"{passed} passed, {len(failed)} failed")
    if args.report:
        args.report.write_text(json.dumps({"passed": passed, "failed": failed, "notes": notes}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
