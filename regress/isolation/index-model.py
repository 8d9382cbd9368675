#!/usr/bin/python3
"""Rebuilds, makes and drops indexes CONCURRENTLY beside random writers, and compares what the indexes say with the table.

    regress/isolation/index-model.py [--rounds N] [--statements N] [--writers N] [--seed N] [--postgres] [--report FILE]

Writers change the columns of several indexes (plain, unique, partial, on an expression, a partition's), hold transactions open and
roll some of them back. Whoever looks compares, under one snapshot, what each index finds with what a scan of the table does; at the end,
when nobody writes, all indexes must be valid, none may be left over, and the unique ones must still refuse.
"""
import sys
import threading

import psycopg2

import model  # puts the folder above on the path, where servers is
import servers

ROWS = 400
SCHEMA = f"""
DROP TABLE IF EXISTS busy, part;
CREATE TABLE busy (id int PRIMARY KEY, k int, u int, pad text);
CREATE INDEX busy_k ON busy (k);
CREATE UNIQUE INDEX busy_u ON busy (u);
CREATE INDEX busy_low ON busy (k, id) WHERE k < 100;
CREATE INDEX busy_sum ON busy ((k + u));
CREATE TABLE part (id int, k int) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (200);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (200) TO (10000);
CREATE INDEX part_k ON part (k);
INSERT INTO busy SELECT i, i, i, '' FROM generate_series(1, {ROWS}) i;
INSERT INTO part SELECT i, i FROM generate_series(1, {ROWS}) i;
"""
QUERIES = ["SELECT id, k FROM busy WHERE k >= -1000 ORDER BY 1", "SELECT id, u FROM busy WHERE u >= -1000 ORDER BY 1",
           "SELECT id, k FROM busy WHERE k < 100 ORDER BY 1", "SELECT id, k FROM busy WHERE k + u >= -1000 ORDER BY 1",
           "SELECT id FROM busy WHERE id >= 0 ORDER BY 1", "SELECT id, k FROM part WHERE k >= -1000 ORDER BY 1, 2"]
REBUILDS = ["REINDEX INDEX CONCURRENTLY busy_k", "REINDEX INDEX CONCURRENTLY busy_u", "REINDEX TABLE CONCURRENTLY busy",
            "REINDEX TABLE CONCURRENTLY part", "REINDEX INDEX CONCURRENTLY part_k",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS more ON busy (u, k)", "DROP INDEX CONCURRENTLY IF EXISTS more",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS part1_more ON part1 (k, id)",
            "DROP INDEX CONCURRENTLY IF EXISTS part1_more"]
LEFT = ["busy_k", "busy_low", "busy_pkey", "busy_sum", "busy_u", "part1_k_idx", "part2_k_idx", "part_k"]


DEADLOCK, EQUAL_KEYS = "40P01", "23505"


def write(chance, cursor):
    row, value = chance.randint(1, ROWS), chance.randint(-500, 500)
    statement = chance.choice([
        f"UPDATE busy SET k = {value} WHERE id = {row}", f"UPDATE busy SET k = k + 1, u = u WHERE k BETWEEN {row} AND {row + 3}",
        f"UPDATE busy SET k = {value}, u = {value} WHERE id = {row}", f"DELETE FROM busy WHERE id = {row}",
        f"INSERT INTO busy VALUES ({row}, {value}, {row}, repeat('x', {chance.choice([0, 900])})) ON CONFLICT DO NOTHING",
        f"UPDATE busy SET pad = repeat('y', {chance.choice([0, 3000])}) WHERE id = {row}",
        f"UPDATE part SET k = {value}, id = {row} WHERE k BETWEEN {row} AND {row + 1}", f"INSERT INTO part VALUES ({row}, {value})",
        f"DELETE FROM part WHERE id = {row}"])
    if chance.random() < 0.3:
        cursor.execute("BEGIN")
        cursor.execute(statement)
        cursor.execute(f"UPDATE busy SET k = {value} WHERE id = {chance.randint(1, ROWS)}")
        cursor.execute(chance.choice(["COMMIT", "COMMIT", "ROLLBACK"]))
    else:
        cursor.execute(statement)


def rebuild(chance, cursor):
    cursor.execute(chance.choice(REBUILDS))


def compare(cursor, query):
    answers = []
    for seqscan in ("on", "off"):
        cursor.execute(f"SET LOCAL enable_seqscan = {seqscan}")
        cursor.execute(f"SET LOCAL enable_indexscan = {'off' if seqscan == 'on' else 'on'}")
        cursor.execute(f"SET LOCAL enable_bitmapscan = {'off' if seqscan == 'on' else 'on'}")
        cursor.execute(query)
        answers.append(cursor.fetchall())
    if answers[0] != answers[1]:
        differing = sorted(set(answers[0]) ^ set(answers[1]))[:5]
        raise AssertionError(f"{query}: {len(answers[0])} rows by the table, {len(answers[1])} by the index; {differing}")


def look(chance, cursor):
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    for query in chance.sample(QUERIES, 2):
        compare(cursor, query)
    cursor.execute("COMMIT")


def check_end(cursor):
    for query in QUERIES:
        cursor.execute("BEGIN")
        compare(cursor, query)
        cursor.execute("COMMIT")
    cursor.execute("DROP INDEX IF EXISTS more, part1_more")
    cursor.execute("SELECT relname, indisvalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relname ~ '^(busy|part)' "
                   "ORDER BY 1")
    left = cursor.fetchall()
    if left != [(name, True) for name in LEFT]:
        raise AssertionError(f"indexes: {left}")
    cursor.execute("SELECT count(*), count(DISTINCT u), count(DISTINCT id) FROM busy")
    if len(set(cursor.fetchone())) != 1:
        raise AssertionError("a unique index has let equal keys in")


def round_of(server, args, seed):
    control = model.control_connection(server)
    cursor = control.cursor()
    cursor.execute(SCHEMA)
    ending = threading.Event()
    writers = [model.Session(server.dsn(), seed * 100 + i, ending, write, args.statements, expected=(DEADLOCK, EQUAL_KEYS))
               for i in range(args.writers)]
    rebuilder = model.Session(server.dsn(), seed * 100 + 50, ending, rebuild, expected=(DEADLOCK,))
    looker = model.Session(server.dsn(), seed * 100 + 51, ending, look)
    for session in (*writers, rebuilder, looker):
        session.start()
    for session in writers:
        session.join()
    ending.set()
    for session in (rebuilder, looker):
        session.join()
    problem = model.first_problem([*writers, rebuilder, looker])
    try:
        if problem is None:
            check_end(cursor)
    except AssertionError as error:
        problem = str(error)
    control.close()
    return problem, f"{rebuilder.done} rebuilds, {looker.done} looks"


def main():
    parser = model.parser_of(__doc__, rounds=6)
    parser.add_argument("--statements", type=int, default=400, help="of each writer")
    parser.add_argument("--writers", type=int, default=4)
    args = parser.parse_args()
    rounds = model.Rounds(args)
    with (servers.Postgres() if args.postgres else servers.Varve()) as server:
        rounds.run(lambda seed: round_of(server, args, seed))
    return rounds.conclude()


if __name__ == "__main__":
    sys.exit(main())
