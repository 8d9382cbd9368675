#!/usr/bin/python3
"""Runs regress/sql/*.sql against Varve and compares with what PostgreSQL 15 answered.

    regress/run-sql.py [SCRIPT…]               run (all) scripts
    regress/run-sql.py --update-from-postgres [SCRIPT…]
                                               record expected/*.out from a temporary PostgreSQL 15 cluster
    regress/run-sql.py --update-known          rewrite known_differences.txt from this run
    regress/run-sql.py --configuration NAME    run under other settings of the server (--configuration all: each in turn):
                                               answers must not depend on plans, chunk sizes, memory or threads

Each script runs in a database of its own, through psql -X -a -q with verbose errors, so SQLSTATE and every message,
detail, hint and position are compared. A case is one statement. Statements listed in known_differences.txt may
differ: one that agrees is reported, so that the list only holds what is true.
"""
import argparse
import contextlib
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import outcome  # noqa: E402
import psql_output  # noqa: E402
import servers  # noqa: E402
from configurations import CONFIGURATIONS, DIFFERENT  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "sql"
EXPECTED = FOLDER / "expected"
KNOWN = FOLDER / "known_differences.txt"
VARIABLES = ["VERBOSITY=verbose"]
SCRIPT_TIMEOUT_S = int(os.environ.get("VARVE_SCRIPT_TIMEOUT_S", "150"))
KNOWN_HEAD = """# Statements whose answers differ from PostgreSQL's so far:  SCRIPT:LINE  or  SCRIPT  for a whole script.
# LINE is the line on which the statement ends. A listed statement that agrees is reported: take it off the list.
# Written by regress/run-sql.py --update-known.
"""


# What a script asks about the settings themselves, or prints of a plan, differs of course.
ABOUT_SETTINGS = re.compile(r"(?i)^\s*(show|explain|reset)\b|pg_settings|current_setting|set_config")


class Fixture:
    """One server for all scripts; a new one after a crash, or for each script while CREATE DATABASE is refused."""

    def __init__(self, server_class, settings=None):
        self.server_class = server_class
        self.settings = settings or {}
        self.server = None
        self.has_databases = True

    def close(self):
        if self.server:
            self.server.close()
            self.server = None

    def run(self, name, text):
        if self.server is None or not self.server.is_running() or not self.has_databases:
            self.close()
            self.server = self.server_class(settings=self.settings).__enter__()
        database = "postgres"
        if self.has_databases:
            ok, message = self.server.execute(f"CREATE DATABASE regress_{name}")
            if ok:
                database = f"regress_{name}"
            elif "0A000" in message:
                self.has_databases = False
            else:
                raise servers.ServerError(f"CREATE DATABASE: {message}\n{self.server.log_tail()}")
        output, code = self.server.psql(text, database, VARIABLES, SCRIPT_TIMEOUT_S)
        if code == 124:
            self.close()  # something hangs: the next script gets a fresh server
        elif database != "postgres" and self.server.is_running():
            self.server.execute(f"DROP DATABASE {database}")
        return output, code


def record(scripts):
    with servers.Postgres() as postgres:
        for script in scripts:
            database = f"regress_{script.stem}"
            postgres.execute(f"CREATE DATABASE {database}")
            output, code = postgres.psql(script.read_text(), database, VARIABLES)
            if code != 0:
                print(f"{script.stem}: psql ended with code {code}\n{output[-500:]}")
                return 1
            output = "\n".join(l for l in output.splitlines() if not psql_output.LOCATION.match(l)) + "\n"
            (EXPECTED / f"{script.stem}.out").write_text(output)
            postgres.execute(f"DROP DATABASE {database}")
            for role in postgres.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'regress%'")[1].splitlines():
                print(f"{script.stem}: leaves the role {role} behind")
                postgres.execute(f"DROP ROLE {role}")
            print(f"recorded {script.stem}: {len(psql_output.statements(script.read_text()))} statements")
    return 0


def read_known():
    known = {}
    if KNOWN.exists():
        for line in KNOWN.read_text().splitlines():
            entry = re.sub(r"\s*#.*", "", line).strip()
            if entry:
                script, _, number = entry.partition(":")
                known.setdefault(script, set()).add(int(number) if number else None)
    return known


def run(scripts, args, configuration):
    """(passed, failed, notes) of all scripts under one configuration (None: as the server is)."""
    known = read_known()
    passed, expected_differences, failed = 0, 0, []
    found = {}
    fixture = Fixture(servers.Varve, CONFIGURATIONS.get(configuration))
    with contextlib.closing(fixture):
        for script in scripts:
            name, text = script.stem, script.read_text()
            expected = (EXPECTED / f"{name}.out").read_text()
            try:
                output, code = fixture.run(name, text)
            except servers.ServerError as error:
                output, code = f"{error}", 3
                if fixture.server and not fixture.server.is_running():
                    fixture.close()
            differences, count = psql_output.compare(text, expected, output, any_order=configuration is not None)
            if configuration is not None:
                lines = text.splitlines()
                differences = {l: d for l, d in differences.items() if not ABOUT_SETTINGS.search(lines[l - 1])}
                if configuration in DIFFERENT:
                    differences = {l: d for l, d in differences.items() if not re.search(DIFFERENT[configuration], lines[l - 1])}
            found[name] = differences
            listed = known.get(name, set())
            whole = None in listed
            new = {} if whole else {l: d for l, d in differences.items() if l not in listed}
            stale = [] if whole or configuration is not None else sorted(l for l in listed if l not in differences)
            if code != 0:
                print(f"{name}: psql ended with code {code}: {output[-300:].strip()}")
                if not whole:
                    failed.append(f"{name} (session ended)")
            for line in sorted(differences if args.show_known else new):
                print(f"--- {name}:{line}")
                print("\n".join(differences[line]))
            for line in stale:
                print(f"{name}:{line} agrees now: take it off known_differences.txt")
            if whole and not differences and configuration is None:
                print(f"{name} agrees now: take it off known_differences.txt")
            failed += [f"{name}:{line}" for line in new]
            expected_differences += len(differences) - len(new)
            passed += count - len(differences) - len(stale)
            state = "ok" if not new and not stale else f"{len(new)} differ, {len(stale)} listed but agree"
            print(f"{name}: {count - len(differences)} of {count} statements agree: {state}", flush=True)

    note = f"{expected_differences} statements are listed in {KNOWN.relative_to(FOLDER.parent.parent)}"
    print(note)
    if args.update_known and configuration is None:
        keep = [f"{s}:{n}" if n else s for s, ns in known.items() if s not in found for n in ns]
        lines = keep + [f"{name}:{line}" for name, lines in found.items() for line in sorted(lines)]
        KNOWN.write_text(KNOWN_HEAD + "".join(f"{l}\n" for l in lines))
    return passed, failed, [note] if expected_differences else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update-from-postgres", action="store_true")
    parser.add_argument("--update-known", action="store_true")
    parser.add_argument("--show-known", action="store_true", help="print the known differences too")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--configuration", choices=[*CONFIGURATIONS, "all"], help="settings of the server")
    parser.add_argument("scripts", nargs="*")
    args = parser.parse_args()
    scripts = [FOLDER / f"{pathlib.Path(s).stem}.sql" for s in args.scripts] or sorted(FOLDER.glob("*.sql"))
    for script in scripts:
        if not script.exists():
            parser.error(f"there is no {script}")
    if args.update_from_postgres:
        return record(scripts)

    names = list(CONFIGURATIONS) if args.configuration == "all" else [args.configuration]
    total, failed, notes = 0, [], []
    for name in names:
        if name is not None:
            print(f"=== {name}: {CONFIGURATIONS[name]}", flush=True)
        passed, failures, note = run(scripts, args, name)
        total += passed
        failed += [f"{name} {f}" if name else f for f in failures]
        notes += note
    return outcome.conclude(args.report, total, failed, notes)


if __name__ == "__main__":
    sys.exit(main())
