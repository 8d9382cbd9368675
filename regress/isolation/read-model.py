#!/usr/bin/python3
"""Reads tables in many ways beside writers that take back most of what they do, and compares what each way has found.

    regress/isolation/read-model.py [--rounds N] [--seconds S] [--writers N] [--readers N] [--seed N] [--postgres] [--report FILE]

Writers change keys there and back, delete rows and insert them again, let rows grow out of their pages, upsert and merge; most of it
in savepoints and transactions that are rolled back. Readers compare, under one snapshot, what a scan of the table says with what its
indexes do: ranges, lists, single keys, joins from a list of keys, backward, cursors fetched in pieces; at READ COMMITTED within one
statement. Besides: the rows that stay are all there, transfers keep their sum, no row refers to one that is not there, unique keys are
unique. A row table, a partitioned and a columnar one; VACUUM, rebuilt indexes and settling beside it all.
"""
import collections
import functools
import random
import sys
import threading
import time

import psycopg2

import model  # puts the folder above on the path, where servers is
import servers
from configurations import SETTLING

ROWS = 1600      # that stay; more than an index scan reads ahead
GUESTS = 60      # that come and go
GROUPS = 8
HOT = 30         # unique keys that many want
TABLES = ("plain", "parted", "settled")
COLUMNAR = """DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_am WHERE amname = 'columnar') THEN
EXECUTE 'CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler'; END IF; END $$;"""
COLUMNS = "id int NOT NULL, g int, k int, u int, v int, tags int[], pad text"
SCHEMA = f"""
{COLUMNAR}
DROP TABLE IF EXISTS kids, plain, parted, settled;
CREATE TABLE plain ({COLUMNS}, PRIMARY KEY (id), UNIQUE (u));
CREATE TABLE parted ({COLUMNS}, PRIMARY KEY (id), UNIQUE (u, id)) PARTITION BY RANGE (id);
CREATE TABLE parted1 PARTITION OF parted FOR VALUES FROM (0) TO ({ROWS // 2});
CREATE TABLE parted2 PARTITION OF parted FOR VALUES FROM ({ROWS // 2}) TO (100000);
CREATE TABLE settled ({COLUMNS}, PRIMARY KEY (id), UNIQUE (u)) USING columnar;
CREATE TABLE kids (p int REFERENCES plain DEFERRABLE INITIALLY DEFERRED, q int REFERENCES settled DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX ON kids (p);
""" + "".join(f"""
INSERT INTO {t} SELECT i, i % {GROUPS}, i, i, 100, ARRAY[i % 5, i % 7 + 10], '' FROM generate_series(1, {ROWS}) i;
CREATE INDEX {t}_k ON {t} (k);
CREATE INDEX {t}_g ON {t} (g, k);
CREATE INDEX {t}_low ON {t} (k, v) WHERE k < 400;
CREATE INDEX {t}_sum ON {t} ((k + u));
CREATE INDEX {t}_tags ON {t} USING gin (tags);
""" for t in TABLES)
EXPECTED = ("40P01", "40001", "23505", "23503")  # deadlocks, conflicts, equal keys, keys that are referred to


class Wrong(Exception):
    pass


# --- writing

def values(chance, row, v, u=None):
    k, u = chance.randint(-200, ROWS + 200), u or chance.randint(1, 3 * ROWS)
    return (f"({row}, {row % GROUPS}, {k}, {u}, {v}, ARRAY[{chance.randint(0, 4)}, {chance.randint(10, 16)}], "
            f"repeat('i', {chance.choice([0, 0, 500])}))")


def transfer(chance, cursor, t):
    rows = sorted(chance.sample(range(1, ROWS + 1), 2))
    cursor.execute(f"SELECT id FROM {t} WHERE id IN ({rows[0]}, {rows[1]}) ORDER BY id FOR UPDATE")
    if cursor.rowcount == 2:
        amount = chance.randint(1, 20)
        cursor.execute(f"UPDATE {t} SET v = v + CASE id WHEN {rows[0]} THEN {amount} ELSE -{amount} END "
                       f"WHERE id IN ({rows[0]}, {rows[1]})")


def replace(chance, cursor, t):
    row = chance.randint(1, ROWS)
    cursor.execute(f"DELETE FROM {t} WHERE id = {row} RETURNING v")
    for (v,) in cursor.fetchall():
        cursor.execute(f"INSERT INTO {t} VALUES {values(chance, row, v)}")


def shift(chance, cursor, t):
    group, by = chance.randrange(GROUPS), chance.choice([-1, 1, 5, 300])
    cursor.execute(f"UPDATE {t} SET k = k + {by} WHERE g = {group} AND k BETWEEN {chance.randint(-200, ROWS)} AND {2 * ROWS}")
    if chance.random() < 0.5:
        cursor.execute(f"UPDATE {t} SET k = k - {by} WHERE g = {group} AND k > {chance.randint(-200, ROWS)}")


def change_one(chance, cursor, t):
    row = chance.randint(1, ROWS)
    what = chance.choice([f"k = {chance.randint(-200, ROWS + 200)}", f"u = {chance.randint(1, 3 * ROWS)}", "k = k + 1, u = u",
                          f"tags = ARRAY[{chance.randint(0, 4)}, {chance.randint(10, 16)}]", "tags = tags || 99",
                          f"pad = repeat('p', {chance.choice([0, 200, 1500, 3500])})"])
    cursor.execute(f"UPDATE {t} SET {what} WHERE id = {row}")


def grow_many(chance, cursor, t):
    low = chance.randint(1, ROWS)
    cursor.execute(f"UPDATE {t} SET pad = repeat('m', {chance.choice([0, 300, 1200])}), k = k - {chance.choice([0, 0, 2])} "
                   f"WHERE id BETWEEN {low} AND {low + 20}")


def guest(chance, cursor, t):
    row = ROWS + chance.randint(1, GUESTS)
    cursor.execute(chance.choice([f"DELETE FROM {t} WHERE id = {row}", f"INSERT INTO {t} VALUES {values(chance, row, 0)}",
                                  f"INSERT INTO {t} VALUES {values(chance, row, 0)} ON CONFLICT DO NOTHING",
                                  f"INSERT INTO {t} VALUES {values(chance, row, 0)} ON CONFLICT (id) DO UPDATE SET k = excluded.k",
                                  f"MERGE INTO {t} USING (SELECT {row} AS row) s ON id = row WHEN MATCHED AND k % 2 = 0 THEN DELETE "
                                  f"WHEN MATCHED THEN UPDATE SET k = k + 1 WHEN NOT MATCHED THEN INSERT VALUES {values(chance, row, 0)}"]))


def rekey(chance, cursor, t):
    """Keys that are waited for go to another row."""
    low = chance.randint(1, HOT)
    cursor.execute(f"SELECT id, u FROM {t} WHERE u BETWEEN {low} AND {low + 2} ORDER BY u FOR UPDATE")
    held = cursor.fetchall()
    time.sleep(chance.random() / 30)
    for row, u in held:
        cursor.execute(f"UPDATE {t} SET u = -u WHERE id = {row}")
        if chance.random() < 0.7:
            cursor.execute(f"UPDATE {t} SET u = {u} WHERE id = (SELECT min(id) FROM {t} WHERE u < 0 AND id <> {row})")
    if not held:
        cursor.execute(f"UPDATE {t} SET u = {low} WHERE id = {chance.randint(1, ROWS)}")


def upsert(chance, cursor, t):
    if t == "parted":
        return
    u = chance.randint(1, HOT)
    row = values(chance, ROWS + chance.randint(1, GUESTS), 0, u)
    cursor.execute(f"INSERT INTO {t} VALUES {row} ON CONFLICT (u) DO UPDATE SET pad = {t}.pad || 'u' RETURNING u")
    if cursor.fetchall() != [(u,)]:
        raise Wrong(f"an upsert of {u} into {t} has changed another row")


def refer(chance, cursor, _):
    p, q = (ROWS + chance.randint(1, GUESTS) for _ in range(2))
    cursor.execute(chance.choice([f"INSERT INTO kids VALUES ({p}, NULL)", f"INSERT INTO kids VALUES (NULL, {q})",
                                  f"DELETE FROM kids WHERE p = {p}", f"DELETE FROM kids WHERE q = {q}",
                                  f"INSERT INTO kids VALUES ({chance.randint(1, ROWS)}, {chance.randint(1, ROWS)})"]))


WRITES = [transfer, transfer, replace, shift, shift, change_one, change_one, change_one, grow_many, guest, guest, rekey, rekey, upsert, upsert, refer]


def write(focus, chance, cursor):
    cursor.execute(chance.choice(["BEGIN", "BEGIN", "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ"]))
    t = chance.choice((focus, focus, *TABLES))
    for _ in range(chance.randint(1, 4)):
        saved = chance.random() < 0.6
        if saved:
            cursor.execute("SAVEPOINT s")
        try:
            for _ in range(chance.randint(1, 2)):
                chance.choice(WRITES)(chance, cursor, t)
        except psycopg2.Error as error:
            if not saved or error.pgcode not in EXPECTED:
                raise
            cursor.execute("ROLLBACK TO s")
            continue
        if saved and chance.random() < 0.6:
            cursor.execute("ROLLBACK TO s")
    cursor.execute("ROLLBACK" if chance.random() < 0.4 else "COMMIT")


# --- reading

class Way:
    """A condition that an index answers, the same without the index, and whether a row (id, g, k, u, tags) meets it."""

    def __init__(self, chance):
        low = chance.randint(-200, ROWS)
        high = low + chance.choice([0, 20, 300, 2 * ROWS])
        group, some = chance.randrange(GROUPS), [chance.randint(-200, ROWS + 200) for _ in range(chance.choice([1, 5, 40]))]
        listed = ", ".join(map(str, some))
        tag, other = chance.randint(0, 4), chance.choice([12, 14, 99])
        groups = [chance.randrange(GROUPS) for _ in range(3)]
        self.index, self.scan, self.meets = chance.choice([
            (f"k BETWEEN {low} AND {high}", f"k + 0 BETWEEN {low} AND {high}", lambda r: low <= r[2] <= high),
            (f"k IN ({listed})", f"k + 0 IN ({listed})", lambda r: r[2] in some),
            (f"u IN ({listed})", f"u + 0 IN ({listed})", lambda r: r[3] in some),
            (f"u = {some[0]}", f"u + 0 = {some[0]}", lambda r: r[3] == some[0]),
            (f"g = {group}", f"g + 0 = {group}", lambda r: r[1] == group),
            (f"g = {group} AND k >= {low}", f"g + 0 = {group} AND k + 0 >= {low}", lambda r: r[1] == group and r[2] >= low),
            (f"g IN ({groups[0]}, {groups[1]})", f"g + 0 IN ({groups[0]}, {groups[1]})", lambda r: r[1] in groups[:2]),
            (f"k < 400 AND k >= {low}", f"k + 0 < 400 AND k + 0 >= {low}", lambda r: low <= r[2] < 400),
            (f"k + u BETWEEN {2 * low} AND {2 * high}", f"k + 0 + u BETWEEN {2 * low} AND {2 * high}",
             lambda r: 2 * low <= r[2] + r[3] <= 2 * high),
            (f"tags @> '{{{tag}}}'", f"{tag} = ANY (tags)", lambda r: tag in r[4]),
            (f"tags @> '{{{tag},{other}}}'", f"{tag} = ANY (tags) AND {other} = ANY (tags)", lambda r: tag in r[4] and other in r[4]),
            (f"tags && '{{{tag},{other}}}'", f"({tag} = ANY (tags) OR {other} = ANY (tags))",
             lambda r: tag in r[4] or other in r[4]),
            (f"id >= {low}", f"id + 0 >= {low}", lambda r: r[0] >= low)])
        self.join = chance.choice([
            (f"unnest(ARRAY[{groups[0]}, {(groups[0] + 1) % GROUPS}]) x JOIN t ON t.g = x",
             lambda r: r[1] in (groups[0], (groups[0] + 1) % GROUPS)),
            (f"generate_series({low}, {min(high, low + 50)}) x JOIN t ON t.k = x", lambda r: low <= r[2] <= min(high, low + 50)),
            (f"generate_series({low}, {min(high, low + 50)}) x JOIN t ON t.u = x", lambda r: low <= r[3] <= min(high, low + 50)),
            (f"generate_series({low}, {min(high, low + 50)}) x JOIN t ON t.id = x", lambda r: low <= r[0] <= min(high, low + 50))])


SELECTED = "t.id, t.g, t.k, t.u, t.tags::text"


def rows_of(cursor, by="?"):
    return collections.Counter((by, *row) for row in cursor.fetchall())


def same(what, one, other):
    if one != other:
        raise Wrong(f"{what}: {sum(one.values())} and {sum(other.values())} rows; "
                    f"only in the first: {list((one - other).elements())[:3]}, in the second: {list((other - one).elements())[:3]}")


def fetched(chance, cursor, query):
    """The rows of a cursor, with pauses in which others go on."""
    cursor.execute(f"DECLARE c {chance.choice(['', 'NO SCROLL '])}CURSOR FOR {query}")
    rows = []
    while True:
        cursor.execute(f"FETCH {chance.choice([1, 10, 400, 1500])} FROM c")
        if cursor.rowcount == 0:
            break
        rows += cursor.fetchall()
        if chance.random() < 0.3:
            time.sleep(chance.random() / 20)
    cursor.execute("CLOSE c")
    return rows


def within_statement(chance, cursor, t):
    """READ COMMITTED: both ways in one statement."""
    way = Way(chance)
    halves = [f"SELECT 'index' AS way, {SELECTED} FROM {t} t WHERE {way.index}",
              f"SELECT 'scan' AS way, {SELECTED} FROM {t} t WHERE {way.scan}"]
    chance.shuffle(halves)
    query = " UNION ALL ".join(halves)
    cursor.execute("BEGIN")
    cursor.execute("SET LOCAL enable_seqscan = off")
    if chance.random() < 0.5:
        found = fetched(chance, cursor, query)
    else:
        cursor.execute(query)
        found = cursor.fetchall()
    cursor.execute("COMMIT")
    same(f"{t}, {way.index}, in one statement", *(collections.Counter(r[1:] for r in found if r[0] == w) for w in ("index", "scan")))


def within_transaction(chance, cursor, t):
    """REPEATABLE READ: whatever the way, it is the same picture."""
    cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    answers = []
    ways = [Way(chance) for _ in range(3)]
    scan_at = chance.randrange(len(ways) + 1)
    all_rows = None
    for i in range(len(ways) + 1):
        if i == scan_at:
            cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"SELECT id, g, k, u, tags, v, tags::text FROM {t}")
            all_rows = cursor.fetchall()
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_bitmapscan = on")
        if i == len(ways):
            break
        way = ways[i]
        cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off")
        form = chance.choice(["rows", "backward", "cursor", "join", "count"])
        if form == "join":
            source, meets = way.join
            cursor.execute(f"SELECT {SELECTED} FROM {source.replace('JOIN t ', f'JOIN {t} t ')}")
            answers.append((source, meets, collections.Counter(cursor.fetchall())))
            continue
        query = f"SELECT {SELECTED} FROM {t} t WHERE {way.index}"
        if form == "count":
            cursor.execute(f"SELECT count(*) FROM {t} t WHERE {way.index}")
            answers.append((f"count {way.index}", way.meets, cursor.fetchone()[0]))
            continue
        if form == "backward":
            query += chance.choice([" ORDER BY k DESC", " ORDER BY u DESC", " ORDER BY g DESC, k DESC", " ORDER BY id DESC"])
        if form == "cursor":
            rows = fetched(chance, cursor, query)
        else:
            cursor.execute(query)
            rows = cursor.fetchall()
        answers.append((f"{form}: {query}", way.meets, collections.Counter(rows)))
    cursor.execute("SELECT count(*), count(DISTINCT id), count(DISTINCT u) FROM " + t)
    counts = cursor.fetchone()
    orphans = 0
    if t != "parted":
        column = "p" if t == "plain" else "q"
        cursor.execute(f"SELECT count(*) FROM kids LEFT JOIN {t} ON {column} = id WHERE {column} IS NOT NULL AND id IS NULL")
        orphans = cursor.fetchone()[0]
    cursor.execute("COMMIT")
    for what, meets, found in answers:
        wanted = collections.Counter((*r[:4], r[6]) for r in all_rows if meets(r))
        if isinstance(found, int):
            if found != sum(wanted.values()):
                raise Wrong(f"{t}, {what}: {found}, by the table {sum(wanted.values())}")
            continue
        same(f"{t}, {what} (and by the table)", found, wanted)
    stay = [r for r in all_rows if r[0] <= ROWS]
    if len(stay) != ROWS or sum(r[5] for r in all_rows) != 100 * ROWS:
        raise Wrong(f"{t}: {len(stay)} rows stay, their sum is {sum(r[5] for r in all_rows)}")
    if counts[:2] != (len(all_rows), len(all_rows)) or (t != "parted" and counts[2] != len(all_rows)):
        raise Wrong(f"{t}: {len(all_rows)} rows, ids and unique keys: {counts}")
    if orphans:
        raise Wrong(f"{orphans} rows refer to rows of {t} that are not there")


def read(focus, chance, cursor):
    (within_statement if chance.random() < 0.6 else within_transaction)(chance, cursor, chance.choice((focus, focus, *TABLES)))


def disturb(focus, chance, cursor):
    t = chance.choice((focus, *TABLES))
    cursor.execute(chance.choice([f"VACUUM {t}", f"VACUUM {t}", f"ANALYZE {t}", f"REINDEX INDEX CONCURRENTLY {t}_k",
                                  f"REINDEX INDEX CONCURRENTLY {t}_g", f"REINDEX INDEX CONCURRENTLY {t}_tags",
                                  f"REINDEX INDEX {t}_low"]))
    time.sleep(chance.random() / 5)


def round_of(server, args, seed):
    control = model.control_connection(server)
    cursor = control.cursor()
    cursor.execute(SCHEMA)
    ending = threading.Event()
    steps = [write] * args.writers + [read] * args.readers + [disturb]
    sessions = [model.Session(server.dsn(), seed * 100 + i, ending, functools.partial(step, TABLES[seed % len(TABLES)]),
                              first="SET deadlock_timeout = '20ms'", expected=EXPECTED) for i, step in enumerate(steps)]
    for session in sessions:
        session.start()
    ending.wait(args.seconds)
    ending.set()
    for session in sessions:
        session.join()
    problem = model.first_problem(sessions)
    try:
        for i in range(10 if problem is None else 0):
            within_transaction(random.Random(seed * 1000 + i), cursor, TABLES[i % len(TABLES)])
    except (Wrong, psycopg2.Error) as error:
        problem = f"at the end: {error!r}"
    control.close()
    done = collections.Counter()
    for step, session in zip(steps, sessions):
        done[step.__name__] += session.done
    return problem, f"{done['write']} transactions, {done['read']} readings, {done['disturb']} disturbances"


def main():
    parser = model.parser_of(__doc__, rounds=4)
    parser.add_argument("--seconds", type=float, default=15, help="of each round")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=3)
    args = parser.parse_args()
    rounds = model.Rounds(args)
    with (servers.Postgres() if args.postgres else servers.Varve(settings=SETTLING)) as server:
        rounds.run(lambda seed: round_of(server, args, seed))
    return rounds.conclude()


if __name__ == "__main__":
    sys.exit(main())
