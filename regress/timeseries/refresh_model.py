#!/usr/bin/python3
"""Continuous aggregates beside writers: sessions insert, update, delete, move, roll back and drop chunks, late rows and
rows at the head, while others refresh. In the middle the server is killed. When all are done, a last refresh must make
every aggregate equal to its query.

    regress/timeseries/refresh_model.py [SEED [TRANSACTIONS]]
"""
import pathlib
import random
import sys
import threading
import time

import psycopg2

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import servers  # noqa: E402

DATABASE = "refresh_model"
SCHEMA = """
CREATE EXTENSION timescaledb;
CREATE TABLE m (ts timestamptz NOT NULL, k int NOT NULL, v int, PRIMARY KEY (k, ts));
SELECT create_hypertable('m', by_range('ts', interval '1 day'));
CREATE MATERIALIZED VIEW hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
  SELECT time_bucket('1 hour', ts) AS b, k, count(*) AS n, sum(v) AS s, count(DISTINCT v) AS d FROM m GROUP BY 1, 2 WITH NO DATA;
CREATE MATERIALIZED VIEW minutes WITH (timescaledb.continuous) AS
  SELECT time_bucket('1 minute', ts) AS b, sum(v) AS s FROM m GROUP BY 1 WITH NO DATA;
CREATE MATERIALIZED VIEW monthly WITH (timescaledb.continuous) AS
  SELECT time_bucket('1 month', ts, 'Europe/Berlin') AS b, count(*) AS n, sum(v) AS s FROM m GROUP BY 1 WITH NO DATA;
CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS
  SELECT time_bucket('1 day', b) AS day, sum(n) AS n, sum(s) AS s FROM hourly GROUP BY 1 WITH NO DATA;
"""
EQUAL = {  # an aggregate, and what it must be; `daily` after `hourly`
    "hourly": "SELECT time_bucket('1 hour', ts), k, count(*), sum(v), count(DISTINCT v) FROM m GROUP BY 1, 2",
    "minutes": "SELECT time_bucket('1 minute', ts), sum(v) FROM m GROUP BY 1",
    "monthly": "SELECT time_bucket('1 month', ts, 'Europe/Berlin'), count(*), sum(v) FROM m GROUP BY 1",
    "daily": "SELECT time_bucket('1 day', ts), count(*)::numeric, sum(v)::numeric FROM m GROUP BY 1",
}


class Model:
    def __init__(self, server, seed, transactions):
        self.server, self.seed, self.transactions = server, seed, transactions
        self.head = 0
        self.lock = threading.Lock()
        self.committed = 0
        self.reached = threading.Event()  # so many that the server is to be killed
        self.kill_at = None
        self.killed = False
        self.unexpected = []

    def connect(self, autocommit=True):
        connection = psycopg2.connect(self.server.dsn(DATABASE))
        connection.autocommit = autocommit
        return connection

    @staticmethod
    def place(r):
        return f"timestamptz '2024-03-01 00:00+00' + interval '{r.randrange(60 * 24 * 20)} minutes'"

    def change(self, r):
        what, at, key = r.random(), self.place(r), r.randrange(6)
        if what < 0.3:
            with self.lock:
                self.head += 1
                head = self.head
            return f"INSERT INTO m SELECT timestamptz '2024-03-21 00:00+00' + interval '{head * 20} s', {key}, 1"
        if what < 0.5:
            return f"INSERT INTO m SELECT {at}, {key}, {r.randrange(100)} ON CONFLICT (k, ts) DO UPDATE SET v = m.v + 1"
        if what < 0.6:
            return (f"INSERT INTO m SELECT {at} + i * interval '1 s', {key}, i FROM generate_series(1, 200) i "
                    "ON CONFLICT DO NOTHING")
        if what < 0.75:
            return f"UPDATE m SET v = v + 1 WHERE ts >= {at} AND ts < {at} + interval '2 hours'"
        if what < 0.85:
            return f"DELETE FROM m WHERE ts >= {at} AND ts < {at} + interval '3 hours' AND k = {key}"
        if what < 0.9:
            return (f"MERGE INTO m USING (VALUES ({key}, {at})) s (k, t) ON m.k = s.k AND m.ts = s.t "
                    "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.t, s.k, 3)")
        if what < 0.95:
            return f"UPDATE m SET ts = ts + interval '1 day 7 minutes' WHERE ts >= {at} AND ts < {at} + interval '9 minutes'"
        return f"SAVEPOINT s; INSERT INTO m SELECT {at}, 9, 9 ON CONFLICT DO NOTHING; ROLLBACK TO s"

    def attempt(self, work):
        """False: the server is gone."""
        try:
            work()
        except psycopg2.Error as error:
            gone = error.pgcode is None
            # Two may bring one new key, and so may moving rows; two may change the same rows in another order; a window
            # may be too small.
            if not (gone and self.killed) and error.pgcode not in ("23505", "40P01", "22023"):
                self.unexpected.append(str(error).strip())
            return not gone
        return True

    def write(self, number):
        r, connection = random.Random(f"{self.seed} w{number}"), self.connect(False)
        cursor = connection.cursor()

        def transaction():
            try:
                for _ in range(r.randint(1, 4)):
                    cursor.execute(self.change(r))
            except psycopg2.Error:
                if not connection.closed:
                    connection.rollback()
                raise
            if r.random() < 0.15:
                connection.rollback()
                return
            connection.commit()
            with self.lock:
                self.committed += 1
                if self.kill_at is not None and self.committed >= self.kill_at:
                    self.reached.set()

        for _ in range(self.transactions):
            if not self.attempt(transaction):
                return

    def refresh(self, number, done):
        r, cursor = random.Random(f"{self.seed} r{number}"), self.connect().cursor()
        while not done.is_set():
            view = r.choice(["hourly", "minutes", "monthly", "daily"])
            low, high = ("NULL", "NULL") if r.random() < 0.6 else (self.place(r), self.place(r))
            if not self.attempt(lambda: cursor.execute(f"CALL refresh_continuous_aggregate('{view}', {low}, {high})")):
                return
            done.wait(0.03)  # writers need a share of the processors, too
            if r.random() < 0.05 and not self.attempt(lambda: cursor.execute(
                    f"SELECT drop_chunks('m', older_than => t + interval '1 day', newer_than => t) FROM date_trunc('day', {self.place(r)}) t")):
                return

    def run(self, kill_at=None):
        self.kill_at, self.committed, self.killed = kill_at, 0, False
        self.reached.clear()
        done = threading.Event()
        writers = [threading.Thread(target=self.write, args=(i,)) for i in range(4)]
        refreshers = [threading.Thread(target=self.refresh, args=(i, done)) for i in range(2)]
        for thread in writers + refreshers:
            thread.start()
        if kill_at is not None:
            while not self.reached.wait(1) and any(t.is_alive() for t in writers):
                pass
            self.killed = True
            self.server.kill()
        for thread in writers:
            thread.join()
        done.set()
        for thread in refreshers:
            thread.join()

    def compare(self):
        failures, passed = [], 0
        cursor = self.connect().cursor()
        for view, query in EQUAL.items():
            cursor.execute(f"CALL refresh_continuous_aggregate('{view}', NULL, NULL)")
            cursor.execute(f"SELECT count(*) FROM ((TABLE {view} EXCEPT ALL ({query})) UNION ALL (({query}) EXCEPT ALL TABLE {view})) x")
            different = cursor.fetchone()[0]
            cursor.execute(f"SELECT count(*) FROM {view}")
            if different or cursor.fetchone()[0] == 0:
                failures.append(f"refresh_model (seed {self.seed}): {view} differs from its query in {different} rows")
            else:
                passed += 1
        return passed, failures


def wait_until(cursor, condition, over=None):
    """Other sessions get there sooner or later; not if it is over."""
    for _ in range(2400):
        cursor.execute(f"SELECT {condition}")
        if cursor.fetchone()[0]:
            return True
        if over is not None and over.is_set():
            return False
        time.sleep(0.05)
    return False


def held_commit(model):
    """A writer that has decided to note nothing of m, as no aggregate reaches so far, and then has to wait before it has
    committed. A refresh that reaches so far must wait for it: nobody would know of its rows afterwards."""
    output, code = model.server.psql("""
CREATE TABLE late (ts timestamptz NOT NULL, v int);
SELECT create_hypertable('late', by_range('ts', interval '1 day'));
CREATE MATERIALIZED VIEW late_hourly WITH (timescaledb.continuous) AS
  SELECT time_bucket('1 hour', ts) AS b, count(*) AS n FROM late GROUP BY 1 WITH NO DATA;
""", DATABASE, ["ON_ERROR_STOP=1"])
    if code != 0:
        return [f"refresh_model: {output}"]
    holder, watch, writer = model.connect(False).cursor(), model.connect().cursor(), model.connect(False)
    holder.execute("SELECT _timescaledb_functions.cagg_prepare(mat_hypertable_id, 9223372036854775) "
                   "FROM _timescaledb_catalog.continuous_agg WHERE user_view_name = 'late_hourly'")
    cursor = writer.cursor()
    cursor.execute("INSERT INTO m VALUES ('2030-01-01 00:30+00', 1, 1)")
    cursor.execute("INSERT INTO late VALUES ('2030-01-01 00:30+00', 1)")
    waiting = "EXISTS (SELECT FROM pg_locks WHERE locktype = 'object' AND objid = '{}'::regclass::oid AND NOT granted)"
    refreshed = threading.Event()

    def refresh():
        model.connect().cursor().execute("CALL refresh_continuous_aggregate('minutes', '2029-12-31', '2030-01-02')")
        refreshed.set()

    threads = [threading.Thread(target=writer.commit), threading.Thread(target=refresh)]
    threads[0].start()
    held = wait_until(watch, waiting.format("late"))
    threads[1].start()
    wait_until(watch, waiting.format("m"), refreshed)
    holder.connection.rollback()
    for thread in threads:
        thread.join()
    watch.execute("SELECT count(*) FROM minutes WHERE b = '2030-01-01 00:30+00' AND s = 1")
    seen = watch.fetchone()[0] == 1
    return [] if held and seen else ["refresh_model: a refresh has not waited for a writer that is committing"]


def check(server, seed=1, transactions=30):
    """(passed, failures)"""
    ok, message = server.execute(f"CREATE DATABASE {DATABASE}")
    if not ok:
        raise servers.ServerError(message)
    output, code = server.psql(SCHEMA, DATABASE, ["ON_ERROR_STOP=1"])
    if code != 0:
        return 0, [f"refresh_model: {output}"]
    model = Model(server, seed, transactions)
    model.run(kill_at=transactions)
    server.start()
    model.seed = seed + 1
    model.run()
    passed, failures = (0, []) if model.unexpected else model.compare()
    failures += held_commit(model)
    return passed, failures + [f"refresh_model: {message}" for message in model.unexpected]


def main():
    seed, transactions = (int(v) for v in [*sys.argv[1:], *["1", "30"][len(sys.argv) - 1:]])
    with servers.Varve() as server:
        passed, failures = check(server, seed, transactions)
    print("\n".join([*failures, f"refresh_model: {passed} passed, {len(failures)} failed"]))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
