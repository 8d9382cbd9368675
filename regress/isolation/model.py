"""What the models have in common: sessions that take random steps at once, and rounds of them, each with a seed of its own."""
import argparse
import pathlib
import random
import sys
import threading

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import outcome  # noqa: E402


class Session(threading.Thread):
    """One connection that takes steps, so many or until the end; what goes wrong in one ends it for all that share `ending`.

    `step(chance, cursor)` does something random. Errors with a SQLSTATE of `expected` roll back what was begun.
    """

    def __init__(self, dsn, seed, ending, step, steps=None, first="", expected=()):
        super().__init__(daemon=True)
        self.dsn, self.random, self.ending, self.step = dsn, random.Random(seed), ending, step
        self.steps, self.first, self.expected = steps, first, expected
        self.done, self.problem = 0, None

    def run(self):
        try:
            connection = psycopg2.connect(self.dsn)
            connection.autocommit = True
            with connection.cursor() as cursor:
                if self.first:
                    cursor.execute(self.first)
                while self.done != self.steps and not self.ending.is_set():
                    self.attempt(cursor)
            connection.close()
        except Exception as error:  # pylint: disable=broad-except
            self.problem = repr(error)
            self.ending.set()

    def attempt(self, cursor):
        try:
            self.step(self.random, cursor)
            self.done += 1
        except psycopg2.Error as error:
            if error.pgcode not in self.expected:
                raise
            cursor.execute("ROLLBACK")


def first_problem(sessions):
    return next((s.problem for s in sessions if s.problem), None)


def control_connection(server):
    connection = psycopg2.connect(server.dsn())
    connection.autocommit = True
    return connection


def parser_of(description, rounds):
    """The options that every model has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; the others follow")
    parser.add_argument("--postgres", action="store_true", help="against PostgreSQL 15, to check the check")
    parser.add_argument("--report", type=pathlib.Path)
    return parser


class Rounds:
    """Runs `round_of(seed)`, which says what was wrong (or None) and what was done, and keeps count."""

    def __init__(self, args):
        self.args, self.passed, self.failed = args, 0, []
        self.name = pathlib.Path(sys.argv[0]).name

    def run(self, round_of):
        for seed in range(self.args.seed, self.args.seed + self.args.rounds):
            problem, done = round_of(seed)
            print(f"seed {seed}: {done}" + (f": {problem}" if problem else ""), flush=True)
            if problem:
                self.failed.append(f"{self.name} --seed {seed} --rounds 1: {problem}")
            else:
                self.passed += 1

    def conclude(self):
        """The exit code."""
        return outcome.conclude(self.args.report, self.passed, self.failed)
