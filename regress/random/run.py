#!/usr/bin/python3
"""Random statements on Varve and on PostgreSQL 15: the answers must agree.

    regress/random/run.py --seconds 60 --seed 1          as many rounds as fit
    regress/random/run.py --rounds 20 --seed 1           so many rounds
    regress/random/run.py --seed 1 --only 3:17           one statement again (round:number), with its round's tables

A round makes random tables (schema.py), picks the settings Varve runs under (configurations.py) and sends random
statements (generator.py) to both servers. Compared are column types, rows as a multiset (in order where the statement
orders them), SQLSTATE and message of errors, and after a change of a table its contents. Floats may differ in the last
digits, and numeric in trailing zeros where a grouping picks one of several equal values. Errors of values (class 22: overflow,
division by zero) depend on which expression a plan computes first, and do not count; nor does what one server refuses
(0A000), but it is noted. A statement that differs is made smaller (tree.py) and printed with its seed and the tables it needs.
"""
import argparse
import pathlib
import random
import re
import sys
import threading
import time

import psycopg2

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import outcome  # noqa: E402
import servers  # noqa: E402
from configurations import CONFIGURATIONS, SETTLING  # noqa: E402
from generator import Generator  # noqa: E402
from schema import make_schema  # noqa: E402
from text_results import results_as_text  # noqa: E402
from tree import reduce  # noqa: E402

TIMEOUT_MS = 1500
HANG_S = 30
STATEMENTS_PER_ROUND = 60
FLOAT_TYPES = (700, 701)
NUMERIC_TYPES = (1700, 1231)
ORDER_FREE = re.compile(r"(?i)group by|distinct|union|except|intersect|min\(|max\(|percentile|least|greatest")
CONNECTION_LOST = "connection lost"


class Answer:
    """What one server said: types and rows, or an error."""

    def __init__(self, types=None, rows=None, error=None, message=None):
        self.types, self.rows, self.error, self.message = types, rows, error, message

    def summary(self):
        if self.error:
            return f"{self.error}: {self.message}"
        if self.rows is None:
            return "no rows"
        shown = sorted(self.rows, key=repr)[:6]
        return f"{len(self.rows)} rows of types {self.types}: {shown}"


class Client:
    """A connection to one server; a server that does not answer for long is killed."""

    def __init__(self, server, database, settings=()):
        self.server = server
        self.database = database
        self.settings = list(settings)
        self.connect()

    def connect(self):
        self.connection = psycopg2.connect(self.server.dsn(self.database))
        results_as_text(self.connection)
        self.connection.autocommit = True
        cursor = self.connection.cursor()
        for setting in ["timezone = 'UTC'", "datestyle = 'ISO, MDY'", f"statement_timeout = {TIMEOUT_MS}", "client_min_messages = error",
                        *self.settings]:
            cursor.execute(f"SET {setting}")

    def run(self, text):
        watch = threading.Timer(HANG_S, self.server.kill)
        watch.start()
        try:
            cursor = self.connection.cursor()
            cursor.execute(text)
            if cursor.description is None:
                return Answer()
            return Answer([c.type_code for c in cursor.description], cursor.fetchall())
        except psycopg2.Error as error:
            if self.connection.closed or error.pgcode is None:
                return Answer(error=CONNECTION_LOST, message=str(error).strip())
            return Answer(error=error.pgcode, message=error.diag.message_primary)
        except UnicodeDecodeError as error:
            return Answer(error="invalid UTF8", message=str(error))
        finally:
            watch.cancel()

    def change(self, text, table):
        """Runs a statement that changes `table`, and takes it back. Its answer, with the table's rows after it."""
        self.run("BEGIN")
        answer = self.run(text)
        if answer.error is None:
            after = self.run(f"SELECT * FROM {table}")
            answer.types = (answer.types or []) + [0] + (after.types or [])
            answer.rows = [("returned", *row) for row in answer.rows or []] + [("after", *row) for row in after.rows or []]
            answer.error, answer.message = after.error, after.message
        if answer.error != CONNECTION_LOST:
            self.run("ROLLBACK")
        return answer


def plain_number(text, digits):
    try:
        value = float(text)
    except ValueError:
        return text
    if value == 0 or abs(value) < 1e-9:
        return "0"
    return f"{value:.{digits}g}"


def without_zeros(text):
    return re.sub(r"(\.\d*?)0+\b", r"\1", text).replace(".}", "}").rstrip(".") if "." in text else text


def canonical(rows, types, loose):
    out = []
    for row in rows:
        cells = []
        for cell, kind in zip(row, types + [None] * len(row)):
            if cell is None or not isinstance(cell, str):
                cells.append(cell)
            elif kind in FLOAT_TYPES or (kind is None and re.fullmatch(r"-?[\d.]+(e[-+]\d+)?", cell)):
                cells.append(plain_number(cell, 10))
            else:
                cells.append(without_zeros(cell) if loose else cell)
        out.append(tuple(cells))
    return out


def difference(text, ours, theirs, ordered, changes):
    """None when they agree; else a word for the kind of difference. Answers that tell nothing agree."""
    if ours.error == CONNECTION_LOST:
        return "crash or hang"
    if ours.error == "XX000":
        return "internal error"
    if "57014" in (ours.error, theirs.error):
        return "slow" if theirs.error is None else None
    if ours.error or theirs.error:
        if ours.error == theirs.error:
            same = ours.message == theirs.message or ours.error[:2] == "22"
            return None if same else "message"
        if "22" in ((ours.error or "")[:2], (theirs.error or "")[:2]) or "0A000" in (ours.error, theirs.error):
            return None
        if "21000" in (ours.error, theirs.error):
            return None
        return "error"
    if ours.rows is None or theirs.rows is None:
        return None if ours.rows is theirs.rows else "rows"
    if not changes and ours.types != theirs.types:
        return "types"
    types = [] if changes else theirs.types
    for loose in (False, True):
        if loose and not ORDER_FREE.search(text):
            break
        left, right = canonical(ours.rows, types, loose), canonical(theirs.rows, types, loose)
        if not ordered:
            left, right = sorted(left, key=repr), sorted(right, key=repr)
        if left == right:
            return None
    return "rows"


class Round:
    def __init__(self, seed, number):
        self.seed, self.number = seed, number
        rng = random.Random(f"{seed}:{number}")
        self.tables, self.setup = make_schema(rng)
        self.configuration = rng.choice([None, None, *CONFIGURATIONS])

    def settings(self):
        return [f"{name} = '{value}'" for name, value in CONFIGURATIONS.get(self.configuration, {}).items() if name not in SETTLING]

    def statement(self, index):
        return Generator(f"{self.seed}:{self.number}:{index}", self.tables).statement()

    def prepare(self, client):
        for statement in ["DROP SCHEMA IF EXISTS random CASCADE", "CREATE SCHEMA random", "SET search_path = random", *self.setup]:
            answer = client.run(statement)
            if answer.error:
                raise servers.ServerError(f"{client.server.name}: {statement}: {answer.summary()}")


class Run:
    def __init__(self, varve, postgres, args):
        self.varve, self.postgres, self.args = varve, postgres, args
        self.passed, self.failed, self.empty, self.errors, self.refused, self.slow = 0, [], 0, 0, 0, 0
        self.theirs = Client(postgres, "postgres")
        self.ours, self.crash_log = None, ""

    def prepare(self, round_):
        round_.prepare(self.theirs)
        self.prepare_ours(round_)

    def prepare_ours(self, round_):
        if not self.varve.is_running():
            self.varve.start()
        self.ours = Client(self.varve, "postgres", round_.settings())
        round_.prepare(self.ours)

    def restart_ours(self, round_):
        """After a lost connection: a server that is about to end gets a moment for it."""
        for _ in range(20):
            if not self.varve.is_running():
                break
            time.sleep(0.1)
        if not self.varve.is_running():
            self.crash_log = self.varve.log_tail(12)
        self.prepare_ours(round_)

    def compare(self, round_, text, ordered, table):
        """(kind of difference or None, ours, theirs)"""
        theirs = self.theirs.change(text, table.name) if table else self.theirs.run(text)
        if theirs.error == CONNECTION_LOST:
            raise servers.ServerError(f"PostgreSQL: {theirs.message}\n{text}")
        ours = self.ours.change(text, table.name) if table else self.ours.run(text)
        kind = difference(text, ours, theirs, ordered, table is not None)
        if ours.error == CONNECTION_LOST:
            self.restart_ours(round_)
            ours.message += "\n" + self.crash_log
        return kind, ours, theirs

    def statement(self, round_, index):
        tree, ordered, table = round_.statement(index)
        text = str(tree)
        if self.args.print:
            print(f"{text};", flush=True)
        kind, ours, theirs = self.compare(round_, text, ordered, table)
        self.empty += not theirs.error and not theirs.rows
        self.errors += theirs.error is not None
        self.refused += ours.error == "0A000" != theirs.error
        if kind is None:
            self.passed += 1
            return
        if kind == "slow" and not self.args.slow:
            self.slow += 1
            return
        name = f"{self.args.seed}:{round_.number}:{index}"
        self.failed.append(f"{name} ({kind})")
        code = ours.error, theirs.error

        def still(candidate):
            again, left, right = self.compare(round_, candidate, ordered and " ORDER BY " in candidate, table)
            return again == kind and (kind not in ("error", "message") or (left.error, right.error) == code)

        if not self.args.no_reduce:
            small = reduce(tree, still, 40 if kind == "slow" else 200 if kind == "crash or hang" else 600)
            text = str(small)
            kind, ours, theirs = self.compare(round_, text, ordered and " ORDER BY " in text, table)
        self.print_failure(round_, index, kind, text, ours, theirs)

    def print_failure(self, round_, index, kind, text, ours, theirs):
        print(f"--- {kind}: --seed {self.args.seed} --only {round_.number}:{index}"
              f"{f'  under {round_.configuration}' if round_.configuration else ''}")
        for statement in round_.setup:
            words = re.findall(r"\bt\d\b|\bt\d(?=_)", statement)
            if words and re.search(rf"\b{words[0]}\b", text):
                print(f"{statement};")
        print(f"{text};\n  PostgreSQL: {theirs.summary()}\n  Varve:      {ours.summary()}", flush=True)


def rounds(args):
    if args.only:
        number, _, index = args.only.partition(":")
        yield Round(args.seed, int(number)), [int(index)] if index else range(STATEMENTS_PER_ROUND)
        return
    end = time.monotonic() + args.seconds if args.seconds else None
    number = 0
    while (args.rounds and number < args.rounds) or (end and time.monotonic() < end):
        yield Round(args.seed, number), range(STATEMENTS_PER_ROUND)
        number += 1


LETTERS = {"int4": "I", "int8": "I", "float8": "R"}


def write_sqllogic(args):
    """The statements as records of a sqllogictest file; regress/sqllogic/run.py --record --errors fills in the results."""
    out = [f"# Written by regress/random/run.py --seed {args.seed} --rounds {args.rounds} --sqllogic", "", "hash-threshold 40"]
    for number in range(args.rounds):
        round_ = Round(args.seed, number)
        for table in round_.tables:
            out += ["", "statement ok", f"DROP TABLE IF EXISTS {table.name}"]
        for statement in round_.setup:
            out += ["", "statement ok", statement]
        for index in range(STATEMENTS_PER_ROUND // 3):
            generator = Generator(f"{args.seed}:{number}:{index}", round_.tables)
            tree, ordered, table = generator.statement()
            if table is not None:
                out += ["", "statement count 0", str(tree), "", "query " + "".join(LETTERS.get(k, "T") for _, k in table.columns) + " rowsort",
                        f"SELECT * FROM {table.name}"]
            else:
                letters = "".join(LETTERS.get(k, "T") for k in generator.types)
                out += ["", f"query {letters} {'nosort' if ordered else 'rowsort'}", str(tree)]
    args.sqllogic.write_text("\n".join(out) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", metavar="ROUND:NUMBER")
    parser.add_argument("--no-reduce", action="store_true", help="print what differs as it was made")
    parser.add_argument("--slow", action="store_true", help="what runs into the timeout here, and not on PostgreSQL, is a failure too")
    parser.add_argument("--print", action="store_true", help="print every statement")
    parser.add_argument("--max-failures", type=int, default=50, help="stop after so many")
    parser.add_argument("--sqllogic", type=pathlib.Path, help="write the statements of --rounds there, run none")
    parser.add_argument("--report", type=pathlib.Path)
    args = parser.parse_args()
    if not (args.seconds or args.rounds or args.only):
        args.rounds = 10
    if args.sqllogic:
        write_sqllogic(args)
        return 0
    passed, failed, notes = 0, [], []
    if not (servers.POSTGRES_BIN / "postgres").exists():
        notes.append("skipped: PostgreSQL 15 is not installed")
    else:
        with servers.Varve(settings=SETTLING) as varve, servers.Postgres(settings={"jit": "off", "fsync": "off"}) as postgres:
            run = Run(varve, postgres, args)
            for round_, indexes in rounds(args):
                run.prepare(round_)
                for index in indexes:
                    run.statement(round_, index)
                if len(run.failed) >= args.max_failures:
                    break
            passed, failed = run.passed, run.failed
            if run.slow:
                notes.append(f"{run.slow} statements took longer than {TIMEOUT_MS} ms (--slow shows them)")
            if run.refused:
                notes.append(f"{run.refused} statements are refused (0A000) and not on PostgreSQL")
            print(f"{run.passed + len(run.failed)} statements, {run.empty} without rows, {run.errors} with errors")
    return outcome.conclude(args.report, passed, failed, notes)


if __name__ == "__main__":
    sys.exit(main())
