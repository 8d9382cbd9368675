#!/usr/bin/python3
"""Runs sqllogictest files (*.test) against Varve; their expected results come from PostgreSQL 15.

    regress/sqllogic/run.py [FILE…]             run (all) files; FILE may also be the path of somebody else's file
    regress/sqllogic/run.py --record [--errors] [FILE…]
                                                write the results of all records anew, from a temporary PostgreSQL 15;
                                                --errors: what fails there becomes a record that expects the error

A file is records, separated by blank lines; `#` begins a comment. Every file runs in a database of its own.
    statement ok | statement count N | statement error [SQLSTATE or part of the message]
    <SQL>
    query TYPES [nosort|rowsort|valuesort] [label]      TYPES: I integer, R real (three decimals), T text, one letter a column
    <SQL>
    ----
    <one value a line, or one row a line; or "N values hashing to MD5">
    query error [SQLSTATE or part of the message]
    hash-threshold N        more than N values: recorded as a hash
    skipif SYSTEM, onlyif SYSTEM        of the next record; Varve is "postgresql" and "varve": `skipif varve` marks a
                                        record that is recorded all the same, and known to differ
    halt                    end of the file
    mode, sleep, user, connection lines are refused: nothing here needs them
NULL is written NULL, an empty string (empty), other unprintable bytes as @. Results with the same label must be equal.
"""
import argparse
import hashlib
import pathlib
import sys
import time

import psycopg2

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import outcome  # noqa: E402
import servers  # noqa: E402
from text_results import results_as_text  # noqa: E402

SYSTEMS = {"varve": ("postgresql", "varve"), "postgres": ("postgresql",)}  # what a server answers to
DEFAULT_HASH_THRESHOLD = 0  # never
STATEMENT_TIMEOUT_MS = 30000


class FormatError(Exception):
    pass


class Record:
    """A statement or query as it stands in the file."""

    def __init__(self, kind, line, words):
        self.kind = kind        # "statement", "query", "hash-threshold", "halt"
        self.line = line        # number of its first line
        self.words = words      # what follows the kind
        self.sql = ""
        self.expected = None    # lines below ----, if there are any
        self.result_at = None   # lines of the file that hold them: [from, to)
        self.applies = True

    @property
    def expects_error(self):
        return bool(self.words) and self.words[0] == "error"


def parse(text, systems):
    lines = text.splitlines()
    records, at, applies = [], 0, True
    while at < len(lines):
        line = lines[at].split("#")[0].strip() if lines[at].lstrip().startswith("#") else lines[at].strip()
        if not line:
            at += 1
            continue
        words = line.split()
        kind = words[0]
        if kind in ("skipif", "onlyif"):
            applies = applies and (words[1].lower() in systems) == (kind == "onlyif")
            at += 1
            continue
        record = Record(kind, at + 1, words[1:])
        record.applies, applies = applies, True
        if kind not in ("statement", "query", "hash-threshold", "halt"):
            raise FormatError(f"line {at + 1}: unknown record {kind}")
        at += 1
        if kind in ("statement", "query"):
            at = parse_body(lines, at, record)
        records.append(record)
    return lines, records


def parse_body(lines, at, record):
    sql = []
    while at < len(lines) and lines[at].strip() and lines[at].strip() != "----":
        sql.append(lines[at])
        at += 1
    record.sql = "\n".join(sql)
    record.result_at = (at, at)
    if at < len(lines) and lines[at].strip() == "----":
        first = at
        at += 1
        record.expected = []
        while at < len(lines) and lines[at].strip():
            record.expected.append(lines[at])
            at += 1
        record.result_at = (first, at)
    if record.kind == "query" and not record.expects_error:
        if not record.words or set(record.words[0]) - set("IRT"):
            raise FormatError(f"line {record.line}: types of a query are letters I, R and T")
        if len(record.words) > 1 and record.words[1] not in ("nosort", "rowsort", "valuesort"):
            raise FormatError(f"line {record.line}: unknown sort mode {record.words[1]}")
    return at


def shown(value, letter):
    if value is None:
        return "NULL"
    if letter == "I":
        try:
            return str(int(float(value))) if "." in value or "e" in value.lower() else str(int(value))
        except ValueError:
            return {"t": "1", "f": "0"}.get(value, "0")
    if letter == "R":
        try:
            return f"{float(value):.3f}"
        except ValueError:
            return value
    if value == "":
        return "(empty)"
    return "".join(c if " " <= c and c != "\x7f" else "@" for c in value)


class Session:
    def __init__(self, server, database):
        self.connection = psycopg2.connect(server.dsn(database))
        results_as_text(self.connection)
        self.connection.autocommit = True
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO, MDY'", "client_min_messages = error",
                        f"statement_timeout = {STATEMENT_TIMEOUT_MS}"):
            self.connection.cursor().execute(f"SET {setting}")

    def close(self):
        self.connection.close()

    def execute(self, sql):
        """(rows or None, number of rows, error)"""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            return (cursor.fetchall() if cursor.description else None), cursor.rowcount, None
        except psycopg2.Error as error:
            code = error.pgcode or "connection lost"
            return None, 0, f"{code}: {error.diag.message_primary or error}"


def values_of(record, rows):
    letters = record.words[0]
    mode = record.words[1] if len(record.words) > 1 else "nosort"
    cells = [[shown(v, l) for v, l in zip(row, letters)] for row in rows]
    if mode == "rowsort":
        cells.sort()
    flat = [v for row in cells for v in row]
    return sorted(flat) if mode == "valuesort" else flat


def hashed(values):
    digest = hashlib.md5("".join(v + "\n" for v in values).encode()).hexdigest()
    return f"{len(values)} values hashing to {digest}"


class FileRun:
    """One file on one server. `recording`: lines of the file are replaced by what the server says."""

    def __init__(self, path, server, session, recording, errors):
        self.session, self.recording, self.errors = session, recording, errors
        self.lines, self.records = parse(path.read_text(), SYSTEMS[server.name])
        self.replacements = []  # (from, to, lines)
        self.threshold = DEFAULT_HASH_THRESHOLD
        self.labels = {}
        self.passed, self.failed, self.skipped = 0, [], 0

    def run(self):
        for record in self.records:
            if not record.applies:
                self.skipped += 1
                continue
            if record.kind == "halt":
                break
            if record.kind == "hash-threshold":
                self.threshold = int(record.words[0])
                continue
            problem = self.statement(record) if record.kind == "statement" or record.expects_error else self.query(record)
            if problem is None:
                self.passed += 1
            else:
                self.failed.append((record, problem))
                if "connection lost" in problem:
                    break

    def statement(self, record):
        rows, count, error = self.session.execute(record.sql)
        if record.expects_error:
            if error is None:
                return "an error was expected"
            wanted = " ".join(record.words[1:])
            if self.recording:
                return self.record_error(record, error)
            return None if wanted in error else f"expected error {wanted}, got {error}"
        if error is not None:
            return self.record_error(record, error) if self.errors else error
        if record.words and record.words[0] == "count":
            if self.recording:
                at = record.line - 1
                self.replacements.append((at, at + 1, [f"statement count {count}"]))
                return None
            return None if count == int(record.words[1]) else f"expected {record.words[1]} rows, got {count}"
        return None if record.words and record.words[0] == "ok" else f"unknown statement {' '.join(record.words)}"

    def query(self, record):
        rows, _, error = self.session.execute(record.sql)
        if error is not None:
            return self.record_error(record, error) if self.errors else error
        if rows is None:
            return "no result"
        letters = record.words[0]
        if rows and len(rows[0]) != len(letters):
            return f"{len(rows[0])} columns, expected {len(letters)}"
        values = values_of(record, rows)
        label = record.words[2] if len(record.words) > 2 else None
        if label is not None and self.labels.setdefault(label, hashed(values)) != hashed(values):
            return f"differs from the other results labelled {label}"
        if self.recording:
            mode = record.words[1] if len(record.words) > 1 else "nosort"
            self.replacements.append((*record.result_at, ["----", *self.written(values, len(letters), mode)]))
            return None
        if record.expected is None:
            return "nothing recorded"
        return self.mismatch(record, values, len(letters))

    def record_error(self, record, error):
        at = record.line - 1
        self.replacements.append((at, at + 1, [f"{record.kind} error {error.split(':')[0]}"]))
        if record.expected is not None:
            self.replacements.append((*record.result_at, []))

    def written(self, values, width, mode):
        if self.threshold and len(values) > self.threshold:
            return [hashed(values)]
        if mode == "valuesort" or any(" " in v or v == "" for v in values):
            return values
        return [" ".join(values[i:i + width]) for i in range(0, len(values), width)]

    @staticmethod
    def mismatch(record, values, width):
        expected = record.expected
        if len(expected) == 1 and " values hashing to " in expected[0]:
            return None if expected[0].strip() == hashed(values) else f"expected {expected[0]}, got {hashed(values)}"
        if expected == values:
            return None
        rows = [" ".join(values[i:i + width]) for i in range(0, len(values), width)]
        if expected == rows:
            return None
        return "\n".join(["expected:", *expected[:20], "got:", *rows[:20]])

    def recorded(self):
        lines = list(self.lines)
        for first, last, new in sorted(self.replacements, reverse=True):
            lines[first:last] = new
        return "\n".join(lines) + "\n"


def run_file(server, path, number, args):
    database = f"sqllogic_{number}"
    ok, message = server.execute(f"CREATE DATABASE {database}")
    if not ok:
        raise servers.ServerError(message)
    session = Session(server, database)
    try:
        run = FileRun(path, server, session, args.record, args.record and args.errors)
        run.run()
    finally:
        session.close()
    if server.is_running():
        server.execute(f"DROP DATABASE {database}")
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    paths = [pathlib.Path(f) if f.endswith(".test") else HERE / f"{f}.test" for f in args.files] or sorted(HERE.glob("*.test"))
    passed, failed, skipped = 0, [], 0
    with (servers.Postgres if args.record else servers.Varve)() as server:
        for number, path in enumerate(paths):
            if not server.is_running():
                server.start()
            started = time.monotonic()
            run = run_file(server, path, number, args)
            passed += run.passed
            skipped += run.skipped
            for record, problem in run.failed:
                failed.append(f"{path.stem}:{record.line}")
                print(f"--- {path.stem}:{record.line}\n{record.sql}\n{problem}")
            if args.record and not run.failed:
                path.write_text(run.recorded())
            print(f"{path.stem}: {run.passed} of {run.passed + len(run.failed)} records ({time.monotonic() - started:.1f} s)", flush=True)
    return outcome.conclude(args.report, passed, failed, [f"{skipped} records are skipped"] if skipped else [])


if __name__ == "__main__":
    sys.exit(main())
