#!/usr/bin/python3
"""Kills the server (SIGKILL) under concurrent load, restarts it and checks what it kept.

    regress/recovery/kill-loop.py [--cycles N] [--seconds S] [--workers N] [--seed N] [--postgres]

Each worker runs transactions and writes down, after the server's acknowledgement, what was acknowledged. After each
restart must hold:
 - every acknowledged transaction is there, whole;
 - a transaction whose acknowledgement never came is there whole or not at all;
 - transfers between accounts keep the bank's total, and each account agrees with its journal;
 - what an index says and what a full scan says is the same, of an inverted index also beside the writers;
 - rows whose keys change there and back, that go and come back, and that move, mostly in savepoints that are rolled back, are each there
   once, whatever index is asked;
 - nothing is left of the sessions' temporary tables (PostgreSQL leaves that to later).
`--postgres` runs the same against PostgreSQL 15, to check the check.
"""
import argparse
import json
import pathlib
import random
import sys
import threading
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import outcome  # noqa: E402
import servers  # noqa: E402

ACCOUNTS = 50
START_BALANCE = 1000
ROWS_PER_TRANSACTION = 3
KEYED_WORKERS, KEYED_ROWS = 16, 30
SCHEMA = f"""
CREATE TABLE entries (worker int, txn int, part int, body text, PRIMARY KEY (worker, txn, part));
CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, moves int NOT NULL);
CREATE TABLE journal (worker int, txn int, source int, target int, amount int, PRIMARY KEY (worker, txn));
CREATE INDEX journal_source ON journal (source);
CREATE TABLE documents (worker int, txn int, tags text[], data jsonb, PRIMARY KEY (worker, txn));
CREATE INDEX documents_gin ON documents USING gin (tags, data);
CREATE TABLE keyed (worker int, n int, k int, u int, pad text, PRIMARY KEY (worker, n));
CREATE UNIQUE INDEX keyed_u ON keyed (u);
CREATE INDEX keyed_k ON keyed (k, n);
CREATE INDEX keyed_low ON keyed (n, k) WHERE k < 50;
CREATE INDEX keyed_sum ON keyed ((k + n));
INSERT INTO keyed SELECT w, n, n, w * 1000 + n, '' FROM generate_series(0, {KEYED_WORKERS - 1}) w, generate_series(1, {KEYED_ROWS}) n;
INSERT INTO accounts SELECT g, {START_BALANCE}, 0 FROM generate_series(1, {ACCOUNTS}) g;
"""


class Worker(threading.Thread):
    """Appends, and moves money; `acknowledged` holds what the server confirmed, `pending` what was under way last."""

    def __init__(self, number, dsn, seed, first_txn):
        super().__init__(daemon=True)
        self.number, self.dsn, self.random = number, dsn, random.Random(seed)
        self.txn = first_txn
        self.acknowledged, self.unknown, self.rolled_back = set(), set(), set()
        self.stopping = threading.Event()
        self.problem = None

    def run(self):
        try:
            connection = psycopg2.connect(self.dsn)
        except psycopg2.Error:
            return
        is_new = True
        while not self.stopping.is_set():
            self.txn += 1
            try:
                with connection.cursor() as cursor:
                    if is_new:
                        cursor.execute("CREATE TEMP TABLE scratch (id serial PRIMARY KEY, txn int, body text)")
                        connection.commit()
                        is_new = False
                    self.work(cursor)
                    if self.random.random() < 0.1:
                        connection.rollback()
                        self.rolled_back.add(self.txn)
                        continue
                    self.unknown.add(self.txn)
                    connection.commit()
                    self.unknown.discard(self.txn)
                    self.acknowledged.add(self.txn)
            except (psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure):
                connection.rollback()
                self.rolled_back.add(self.txn)
            except psycopg2.OperationalError:
                return  # the server is gone
            except psycopg2.Error as error:
                if connection.closed:
                    return
                self.problem = f"worker {self.number}: {error.diag.sqlstate} {error}"
                return

    def work(self, cursor):
        for part in range(ROWS_PER_TRANSACTION):
            body = f"{self.number}/{self.txn}/{part} " + "x" * self.random.choice((10, 100, 1000, 6000))
            cursor.execute("INSERT INTO entries VALUES (%s, %s, %s, %s)", (self.number, self.txn, part, body))
        if self.random.random() < 0.2:
            cursor.execute("INSERT INTO scratch (txn, body) VALUES (%s, repeat('scratch ', 2000))", (self.txn,))
        source, target = self.random.sample(range(1, ACCOUNTS + 1), 2)
        amount = self.random.randint(1, 50)
        for account, delta in sorted(((source, -amount), (target, amount))):
            cursor.execute("UPDATE accounts SET balance = balance + %s, moves = moves + 1 WHERE id = %s", (delta, account))
        cursor.execute("INSERT INTO journal VALUES (%s, %s, %s, %s, %s)",
                       (self.number, self.txn, source, target, amount))
        self.change_documents(cursor)
        for _ in range(self.random.randrange(4)):
            self.change_keys(cursor)
        if self.txn > 20 and self.random.random() < 0.3:  # deletes and in-place growth
            victim = self.txn - 10
            cursor.execute("UPDATE entries SET body = body || ' more' WHERE worker = %s AND txn = %s", (self.number, victim))

    def change_keys(self, cursor):
        """Keys of this worker's rows, there and back."""
        worker, n = self.number % KEYED_WORKERS, self.random.randint(1, KEYED_ROWS)
        k, u = self.random.randint(0, 100), worker * 1000 + self.random.randint(1, 4 * KEYED_ROWS)
        taken_back = self.random.random() < 0.6
        if taken_back:
            cursor.execute("SAVEPOINT before")
        row = f"worker = {worker} AND n = {n}"
        kind = self.random.randrange(5)
        if kind == 0:
            cursor.execute(f"UPDATE keyed SET k = {k}, pad = repeat('p', {self.random.choice((0, 100, 3000))}) WHERE {row}")
        elif kind == 1:
            cursor.execute(f"UPDATE keyed SET k = k + 7 WHERE worker = {worker}")
            cursor.execute(f"UPDATE keyed SET k = k - 7 WHERE worker = {worker} AND n <> {n}")
        elif kind == 2:
            cursor.execute(f"UPDATE keyed SET u = {u} WHERE {row} AND NOT EXISTS (SELECT FROM keyed WHERE u = {u})")
        else:
            cursor.execute(f"DELETE FROM keyed WHERE {row} RETURNING k, u")
            (_, u), = cursor.fetchall()
            cursor.execute(f"INSERT INTO keyed VALUES ({worker}, {n}, {k}, {u}, '')")
        if taken_back:
            cursor.execute("ROLLBACK TO before")

    def change_documents(self, cursor):
        """Rows whose keys in an inverted index come, go and come back."""
        def words():
            return [f"w{self.random.randrange(20)}" for _ in range(self.random.randrange(6))]

        cursor.execute("INSERT INTO documents VALUES (%s, %s, %s, %s)",
                       (self.number, self.txn, words(), json.dumps({"worker": self.number, "words": words()})))
        for _ in range(self.random.randrange(3)):
            target = (self.number, self.random.randint(1, self.txn))
            taken_back = self.random.random() < 0.2
            if taken_back:
                cursor.execute("SAVEPOINT before")
            if self.random.random() < 0.2:
                cursor.execute("DELETE FROM documents WHERE worker = %s AND txn = %s", target)
            else:
                cursor.execute("UPDATE documents SET tags = %s, data = data || %s WHERE worker = %s AND txn = %s",
                               (words(), json.dumps({"words": words()}), *target))
            if taken_back:
                cursor.execute("ROLLBACK TO before")


def check_documents(cursor):
    """What the inverted index finds and what a full scan finds is the same."""
    queries = [f"tags @> '{{w{n}}}'" for n in range(20)] + [f"data @> '{{\"words\": [\"w{n}\"]}}'" for n in range(20)]
    queries += ["tags && '{w1,w2,w3}' AND data ? 'words'", "tags <@ '{w1,w2,w3,w4,w5}'", "data @> '{\"worker\": 1}'"]
    for query in queries:
        found = []
        for index in ("off", "on"):
            cursor.execute(f"SET LOCAL enable_seqscan = {'off' if index == 'on' else 'on'}; "
                           f"SET LOCAL enable_indexscan = {index}; SET LOCAL enable_bitmapscan = {index}")
            cursor.execute(f"SELECT worker, txn FROM documents WHERE {query} ORDER BY 1, 2")
            found.append(cursor.fetchall())
        if found[0] != found[1]:
            yield f"{query}: {len(found[1])} rows by the index, {len(found[0])} without"


def check_keys(cursor):
    """Every row once, by the table and by each index."""
    answers = {}
    for index, query in ((None, "k IS NOT NULL"), ("keyed_u", "u >= 0"), ("keyed_k", "k >= -1000"), ("keyed_sum", "k + n >= -1000"),
                         ("keyed_pkey", "worker >= 0")):
        cursor.execute(f"SET LOCAL enable_seqscan = {'off' if index else 'on'}; "
                       f"SET LOCAL enable_indexscan = {'on' if index else 'off'}; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"SELECT worker, n, k, u FROM keyed WHERE {query} ORDER BY 1, 2, 3, 4")
        answers[index] = cursor.fetchall()
        if answers[index] != answers[None]:
            yield f"{index} finds {len(answers[index])} rows, the table has {len(answers[None])}"
    cursor.execute("SELECT n, k FROM keyed WHERE k < 50 AND n > 0 ORDER BY 1, 2")
    if cursor.fetchall() != sorted((n, k) for _, n, k, _ in answers[None] if k < 50):
        yield "the partial index finds other rows than the table has"
    if [row[:2] for row in answers[None]] != [(w, n) for w in range(KEYED_WORKERS) for n in range(1, KEYED_ROWS + 1)]:
        yield f"{len(answers[None])} rows with changing keys are there"
    if len({row[3] for row in answers[None]}) != len(answers[None]):
        yield "a unique key is there twice"


class Reader(threading.Thread):
    """Compares what indexes find with a full scan, under one snapshot beside the writers."""

    def __init__(self, dsn):
        super().__init__(daemon=True)
        self.dsn = dsn
        self.stopping = threading.Event()
        self.problems = []

    def run(self):
        try:
            connection = psycopg2.connect(self.dsn)
            connection.set_session(isolation_level="REPEATABLE READ")
            while not self.stopping.is_set() and not self.problems:
                with connection.cursor() as cursor:
                    self.problems += [f"beside writers: {p}" for p in (*check_keys(cursor), *check_documents(cursor))]
                connection.rollback()
        except psycopg2.OperationalError:
            return  # the server is gone
        except psycopg2.Error as error:
            if not connection.closed:
                self.problems.append(f"reader: {error.diag.sqlstate} {error}")


def check(dsn, acknowledged, unknown, rolled_back, leaves_temporary):
    """Returns a list of what is wrong, and the transactions that are there."""
    problems, present = [], {}
    connection = psycopg2.connect(dsn)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")
        if (left := cursor.fetchone()[0]) != 0 and not leaves_temporary:
            problems.append(f"{left} temporary relations are left of before the crash")
        cursor.execute("SELECT worker, txn, count(*), count(DISTINCT part) FROM entries GROUP BY worker, txn")
        for worker, txn, rows, parts in cursor.fetchall():
            present.setdefault(worker, set()).add(txn)
            if rows != ROWS_PER_TRANSACTION or parts != ROWS_PER_TRANSACTION:
                problems.append(f"transaction {worker}/{txn} has {rows} of {ROWS_PER_TRANSACTION} rows")
        cursor.execute("SELECT worker, txn FROM journal")
        journal = {}
        for worker, txn in cursor.fetchall():
            journal.setdefault(worker, set()).add(txn)
        if journal != present:
            problems.append("entries and journal hold different transactions")
        cursor.execute("SELECT count(*) FROM entries WHERE body NOT LIKE worker || '/' || txn || '/' || part || ' x%'")
        if (bad := cursor.fetchone()[0]) != 0:
            problems.append(f"{bad} rows have another row's body")
        cursor.execute("SELECT sum(balance), count(*) FROM accounts")
        total, count = cursor.fetchone()
        if (total, count) != (ACCOUNTS * START_BALANCE, ACCOUNTS):
            problems.append(f"the bank holds {total} in {count} accounts")
        cursor.execute("SELECT id, balance, moves FROM accounts ORDER BY id")
        balances = {row[0]: (int(row[1]), row[2]) for row in cursor.fetchall()}
        cursor.execute("SELECT source, target, amount FROM journal")
        computed = {account: [START_BALANCE, 0] for account in range(1, ACCOUNTS + 1)}
        for source, target, amount in cursor.fetchall():
            for account, delta in ((source, -amount), (target, amount)):
                computed[account][0] += delta
                computed[account][1] += 1
        wrong = [a for a in computed if tuple(computed[a]) != balances.get(a)]
        if wrong:
            problems.append(f"accounts {wrong[:5]} disagree with the journal")
        cursor.execute("SELECT source, count(*) FROM journal GROUP BY source")
        for source, count in cursor.fetchall():
            cursor.execute("SELECT count(*) FROM journal WHERE source = %s", (source,))
            if cursor.fetchone()[0] != count:
                problems.append(f"the index on source finds another number of rows for {source}")
        problems += check_documents(cursor)
        problems += check_keys(cursor)
        for worker, txns in sorted(present.items()):
            for txn in sorted(txns)[:: max(1, len(txns) // 50)]:
                cursor.execute("SELECT count(*) FROM entries WHERE worker = %s AND txn = %s", (worker, txn))
                if cursor.fetchone()[0] != ROWS_PER_TRANSACTION:
                    problems.append(f"the primary key does not find all of {worker}/{txn}")
    connection.rollback()
    connection.close()
    for worker, txns in acknowledged.items():
        lost = txns - present.get(worker, set())
        if lost:
            problems.append(f"worker {worker}: {len(lost)} acknowledged transactions are lost, first {min(lost)}")
        ghosts = present.get(worker, set()) & rolled_back.get(worker, set())
        if ghosts:
            problems.append(f"worker {worker}: {len(ghosts)} rolled back transactions are there, first {min(ghosts)}")
        strange = present.get(worker, set()) - txns - unknown.get(worker, set()) - ghosts
        if strange:
            problems.append(f"worker {worker}: {len(strange)} transactions nobody committed, first {min(strange)}")
    return problems, present


def run(args, server):
    rng = random.Random(args.seed)
    acknowledged = {n: set() for n in range(args.workers)}
    unknown = {n: set() for n in range(args.workers)}
    rolled_back = {n: set() for n in range(args.workers)}
    next_txn = {n: 0 for n in range(args.workers)}
    failed, passed = [], 0
    for statement in filter(None, map(str.strip, SCHEMA.split(";\n"))):
        ok, message = server.execute(statement)
        if not ok:
            return 0, [f"setup: {message}"]
    for cycle in range(1, args.cycles + 1):
        workers = [Worker(n, server.dsn(), rng.random(), next_txn[n]) for n in range(args.workers)]
        reader = Reader(server.dsn())
        for thread in (*workers, reader):
            thread.start()
        time.sleep(args.seconds * rng.uniform(0.3, 1.7))
        died = not server.is_running()
        server.kill()
        reader.stopping.set()
        reader.join(60)
        failed += reader.problems
        for worker in workers:
            worker.stopping.set()
            worker.join(60)
            acknowledged[worker.number] |= worker.acknowledged
            unknown[worker.number] |= worker.unknown
            rolled_back[worker.number] |= worker.rolled_back
            next_txn[worker.number] = worker.txn
            if worker.problem:
                failed.append(worker.problem)
        if died:
            failed.append(f"cycle {cycle}: the server ended by itself\n{server.log_tail()}")
        started = time.monotonic()
        server.start(wait_s=120)
        restart_s = time.monotonic() - started
        problems, present = check(server.dsn(), acknowledged, unknown, rolled_back,
                                  isinstance(server, servers.Postgres))
        failed += [f"cycle {cycle}: {p}" for p in problems]
        for n in unknown:  # now it is known
            acknowledged[n] |= unknown[n] & present.get(n, set())
            rolled_back[n] |= unknown[n] - present.get(n, set())
            unknown[n] = set()
        total = sum(map(len, acknowledged.values()))
        if not problems and not died:
            passed += 1
        print(f"cycle {cycle}: {total} transactions acknowledged so far, restart took {restart_s:.1f} s, "
              f"{len(problems)} problems", flush=True)
        if problems:
            break
    if sum(map(len, acknowledged.values())) == 0:
        failed.append("no transaction was ever acknowledged")
    server.stop()
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5, help="mean load before a kill")
    parser.add_argument("--workers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the data directory if something is wrong")
    parser.add_argument("--report", type=pathlib.Path)
    args = parser.parse_args()
    if args.workers > KEYED_WORKERS:
        parser.error(f"at most {KEYED_WORKERS} workers")
    server = (servers.Postgres if args.postgres else servers.Varve)()
    try:
        server.init()
        server.start()
        passed, failed = run(args, server)
    except (servers.ServerError, psycopg2.Error) as error:
        passed, failed = 0, [str(error).strip()]
    if failed and args.keep:
        server.owns_directory = False
        print(f"the data directory is kept: {server.directory}")
    server.close()
    for problem in failed:
        print(problem)
    return outcome.conclude(args.report, passed, failed)


if __name__ == "__main__":
    sys.exit(main())
