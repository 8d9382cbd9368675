#!/usr/bin/python3
"""What changing settled rows costs: UPDATE, DELETE, INSERT … ON CONFLICT and upserts on a hypertable of which every row lies in
columns, beside the same statements on a row table with the same unique key.

    regress/bench/tsbs_dml.py [--hosts 100] [--steps 20000] [--rounds 9] [--together 100] [--only NAME] [--directory DIR] [--varve PID DSN]

Measured is the processor time of the server (of its threads or processes: schedstat), in turn on both tables, until the server is quiet again: what a
statement leaves for later is part of it; the median of the rounds counts. Each round changes rows that no other has touched; nothing settles in between.
PostgreSQL 15 does the same on its table: its time is another column, what it answers is compared, and so are all rows at the end. Ends with 1 if
answers differ.
"""
import argparse
import contextlib
import datetime
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
COLUMNS = "time timestamptz NOT NULL, host text NOT NULL, busy float8, idle float8, calls bigint"
SINGLE = 2000
BATCHES, BATCH = 5, 1000


def schema(table, is_hypertable, hosts, steps):
    yield f"CREATE TABLE {table} ({COLUMNS})"
    if is_hypertable:
        yield f"SELECT create_hypertable('{table}', by_range('time', INTERVAL '1 day'), create_default_indexes => false)"
        yield f"ALTER TABLE {table} SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'host', timescaledb.orderby = 'time')"
    yield f"""INSERT INTO {table} SELECT timestamptz '{START}' + s * interval '10 s', 'host_' || h, 50 + 40 * sin(s / 5000.0 + h),
              (s * 7919 % 10000) / 100.0, s * 31 + h FROM generate_series(0, {steps - 1}) s, generate_series(0, {hosts - 1}) h"""
    yield f"CREATE UNIQUE INDEX ON {table} (host, time)"
    if is_hypertable:
        yield f"SELECT varve_settle('{table}')"
    yield f"ANALYZE {table}"


class Work:
    """The operations. Single rows and batches are of hosts' quarters that only one operation and round uses."""

    def __init__(self, hosts, steps, rounds):
        self.hosts, self.steps, self.rounds = hosts, steps, rounds

    def keys(self, name, turn, count, first, last):
        """Distinct keys with steps of [first, last), none of another round's."""
        r = random.Random(f"{name} {turn}")
        places = set()
        while len(places) < count:
            places.add((r.randrange(self.hosts), first + r.randrange((last - first) // self.rounds) * self.rounds + turn))
        return sorted(places, key=lambda p: r.random())

    def at(self, step, more_s=0):
        return f"'{START + datetime.timedelta(seconds=10 * step + more_s)}'"

    def part(self, n):
        """One of ten parts of time."""
        return self.steps // 10 * n, self.steps // 10 * (n + 1)

    def operations(self):
        """Name: statements of a round."""
        return {
            "UPDATE by key": self.update_by_key,
            "DELETE by key": self.delete_by_key,
            "INSERT … ON CONFLICT DO NOTHING, all there": self.do_nothing,
            "INSERT … ON CONFLICT DO UPDATE by key": self.upsert_by_key,
            "upserts in batches of 1,000, half there": self.upsert_batches,
            "INSERT into settled ranges": self.insert_between,
            "UPDATE of 1 % by condition": self.update_some,
            "DELETE of 1 % by condition": self.delete_some,
            "UPDATE of a range": self.update_range,
            "DELETE of a range": self.delete_range,
        }

    def prepared(self, table, types, statement, calls):
        yield f"PREPARE p ({types}) AS {statement.format(t=table)}"
        yield from (f"EXECUTE p ({c})" for c in calls)
        yield "DEALLOCATE p"

    def update_by_key(self, table, turn):
        keys = self.keys("update", turn, SINGLE, *self.part(0))
        return self.prepared(table, "text, timestamptz", "UPDATE {t} SET busy = busy + 1 WHERE host = $1 AND time = $2",
                             (f"'host_{h}', {self.at(s)}" for h, s in keys))

    def delete_by_key(self, table, turn):
        keys = self.keys("delete", turn, SINGLE, *self.part(1))
        return self.prepared(table, "text, timestamptz", "DELETE FROM {t} WHERE host = $1 AND time = $2",
                             (f"'host_{h}', {self.at(s)}" for h, s in keys))

    def do_nothing(self, table, turn):
        keys = self.keys("nothing", turn, SINGLE, *self.part(2))
        return self.prepared(table, "text, timestamptz", "INSERT INTO {t} VALUES ($2, $1, 1, 2, 3) ON CONFLICT DO NOTHING",
                             (f"'host_{h}', {self.at(s)}" for h, s in keys))

    def upsert_by_key(self, table, turn):
        keys = self.keys("upsert", turn, SINGLE, *self.part(3))
        return self.prepared(
            table, "text, timestamptz", "INSERT INTO {t} AS x VALUES ($2, $1, 1, 2, 3) ON CONFLICT (host, time) "
            "DO UPDATE SET busy = excluded.busy, calls = x.calls + excluded.calls", (f"'host_{h}', {self.at(s)}" for h, s in keys))

    def upsert_batches(self, table, turn):
        keys = self.keys("batches", turn, BATCHES * BATCH, *self.part(4))
        for b in range(BATCHES):
            rows = ", ".join(f"({self.at(s, 5 * (i % 2))}, 'host_{h}', 1, 2, 3)"
                             for i, (h, s) in enumerate(keys[b * BATCH:(b + 1) * BATCH]))
            yield (f"INSERT INTO {table} AS x VALUES {rows} ON CONFLICT (host, time) DO UPDATE SET busy = excluded.busy, "
                   "calls = x.calls + excluded.calls")

    def insert_between(self, table, turn):
        keys = self.keys("between", turn, SINGLE, *self.part(5))
        return self.prepared(table, "text, timestamptz", "INSERT INTO {t} VALUES ($2, $1, 1, 2, 3)",
                             (f"'host_{h}', {self.at(s, 5)}" for h, s in keys))

    def update_some(self, table, turn):
        low = 100 * turn // self.rounds
        yield f"UPDATE {table} SET calls = calls + 1 WHERE idle >= {low} AND idle < {low + 1}"

    def delete_some(self, table, turn):
        low = 100 * turn // self.rounds + 2
        yield f"DELETE FROM {table} WHERE idle >= {low} AND idle < {low + 1}"

    def eighth(self, turn):
        first, last = self.part(6)
        width = (last - first) // self.rounds
        return first + width * turn, first + width * (turn + 1)

    def update_range(self, table, turn):
        first, last = self.eighth(turn)
        yield f"UPDATE {table} SET busy = busy * 2 WHERE time >= {self.at(first)} AND time < {self.at(last)}"

    def delete_range(self, table, turn):
        first, last = self.eighth(turn)
        shift = self.part(8)[0] - self.part(6)[0]
        yield f"DELETE FROM {table} WHERE time >= {self.at(first + shift)} AND time < {self.at(last + shift)}"


class Measured:
    """A server's connection, and the processor time that its process and its children have used."""

    def __init__(self, dsn, pid=None):
        self.connection = psycopg2.connect(dsn)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.pid = pid

    def processes(self):
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *children]

    def cpu_ns(self):
        total = 0
        for pid in self.processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    total += int((task / "schedstat").read_text().split()[0])
        return total

    def settle_down(self):
        before = self.cpu_ns()
        while True:
            time.sleep(0.1)
            now = self.cpu_ns()
            if now - before < 2_000_000:
                return now
            before = now

    def run(self, statements, together):
        """In one transaction, so many in a message; how many rows the last of each message says that it has changed."""
        counts = []
        self.cursor.execute("BEGIN")
        for first in range(0, len(statements), together):
            self.cursor.execute(";".join(statements[first:first + together]))
            counts.append(self.cursor.rowcount)
        self.cursor.execute("COMMIT")
        return counts

    def cost_ms(self, statements, together):
        statements = list(statements)
        before = self.settle_down()
        counts = self.run(statements, together)
        return (self.settle_down() - before) / 1e6, counts

    def content(self, table):
        self.cursor.execute(f"SELECT count(*), sum(calls), sum(busy::numeric(20, 6)), sum(idle::numeric(20, 6)), min(time), max(time), "
                            f"sum(hashtext(host || calls)::bigint) FROM {table}")
        return self.cursor.fetchone()


def compare(varve, postgres, work, only, together):
    ok = True
    print("| operation | rows | row table ms | settled ms | settled / row table | PostgreSQL 15 ms | PostgreSQL / settled |\n"
          "|---|---:|---:|---:|---:|---:|---:|")
    for name, statements in work.operations().items():
        if only and only not in name:
            continue
        costs = {"rows": [], "settled": [], "postgres": []}
        for turn in range(work.rounds):
            answers = []
            for table in ("rows", "settled")[::1 if turn % 2 == 0 else -1]:
                cost, counts = varve.cost_ms(statements(table, turn), together)
                costs[table].append(cost)
                answers.append(counts)
            if postgres is not None:
                cost, counts = postgres.cost_ms(statements("rows", turn), together)
                costs["postgres"].append(cost)
                answers.append(counts)
            ok = ok and all(a == answers[0] for a in answers)
        changed = sum(c for c in answers[0] if c > 0)
        row_ms, settled_ms = (statistics.median(costs[t]) for t in ("rows", "settled"))
        peer_ms = statistics.median(costs["postgres"]) if postgres is not None else None
        peer = f" {peer_ms:.1f} | {peer_ms / settled_ms:.2f} |" if postgres is not None else " | |"
        ratio = settled_ms / row_ms
        different = "" if all(a == answers[0] for a in answers) else " DIFFERENT"
        print(f"| {name} | {changed:,} | {row_ms:.1f} | {settled_ms:.1f} | {ratio:.2f} |{peer}{different}",
              flush=True)
    contents = [varve.content("rows"), varve.content("settled")] + ([postgres.content("rows")] if postgres else [])
    if any(c != contents[0] for c in contents):
        print("the tables differ:", *contents, sep="\n")
        ok = False
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--steps", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", help="part of the name of the operations to measure")
    parser.add_argument("--together", type=int, default=1, help="statements in a message: what a round trip costs is shared by them")
    parser.add_argument("--varve", nargs=2, metavar=("PID", "DSN"), help="a running server")
    parser.add_argument("--without-postgres", action="store_true")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where clusters lie meanwhile")
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-dml-", dir=args.directory))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)

        def start(kind, settings):
            (folder / kind.name).mkdir()
            return stack.enter_context(kind(folder / kind.name, settings))
        if args.varve:
            varve = Measured(args.varve[1], int(args.varve[0]))
        else:
            server = start(servers.Varve, {"columnar_settle_interval": "0"})
            varve = Measured(server.dsn(), server.process.pid)
        postgres = None
        if not args.without_postgres:
            peer = start(servers.Postgres, {})
            postgres = Measured(peer.dsn(), peer.process.pid)
        varve.cursor.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        for table, is_hypertable in (("rows", False), ("settled", True)):
            varve.cursor.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in schema(table, is_hypertable, args.hosts, args.steps):
                varve.cursor.execute(statement)
        if postgres is not None:
            for statement in schema("rows", False, args.hosts, args.steps):
                postgres.cursor.execute(statement)
        varve.cursor.execute("CHECKPOINT")
        return 0 if compare(varve, postgres, Work(args.hosts, args.steps, args.rounds), args.only, args.together) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
