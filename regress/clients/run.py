#!/usr/bin/python3
"""Runs unmodified PostgreSQL clients against Varve: psql, pg_dump, pgbench, drivers of seven languages, three object mappers.

    regress/clients/run.py [CLIENT…] [--postgres]

A client that is not installed is skipped, and that is said. Each part of a client's program is one case; the programs in
drivers/ print what they get, which must be what they printed on PostgreSQL 15 (--record writes that down). --postgres runs
the same against PostgreSQL 15, to check the tests themselves.
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import outcome  # noqa: E402
import servers  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent
KNOWN = FOLDER / "known_failures.txt"
JDBC = pathlib.Path("/usr/share/java/postgresql.jar")
PGBENCH = shutil.which("pgbench") or str(servers.POSTGRES_BIN / "pgbench")


class Skipped(Exception):
    pass


def run(command, **options):
    result = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=servers.client_environment(), timeout=options.pop("timeout", 180), **options)
    return result.returncode, result.stdout


def parts(output, code):
    """The "ok NAME" and "FAILED NAME: why" lines of a client's program."""
    cases = [(m.group(2), m.group(1) == "ok", m.group(0)) for m in re.finditer(r"^(ok|FAILED) ([\w ]+).*$", output, re.M)]
    if code != 0 and all(ok for _, ok, _ in cases):
        cases.append(("ends well", False, output[-1500:]))
    return cases


def psql(server, scratch):
    if not shutil.which("psql"):
        raise Skipped("psql")
    cases = []
    code, output = run(["psql", "-X", "-v", "ON_ERROR_STOP=0", "-f", FOLDER / "session.sql", server.dsn()])
    unexpected = [l for l in output.splitlines() if "ERROR" in l and "division by zero" not in l]
    cases.append(("script ends", code == 0, output[-1500:]))
    cases.append(("no error but the meant one", not unexpected, "\n".join(unexpected[:10])))
    for wanted in ("first 1", "ann\nbob\ncyd\ndan", "22012", "visits_pkey"):
        cases.append((f"shows {wanted.split()[0]}", wanted in output, f"{wanted!r} is missing"))
    for option in (["-c", "SELECT 1", "-c", "SELECT 2"], ["-l"], ["-1", "-c", "SELECT 3"]):
        code, output = run(["psql", "-X", *option, server.dsn()])
        cases.append((" ".join(option), code == 0, output))
    code, output = run(["psql", "-X", "-At", "-c", "SELECT g FROM generate_series(1, 3) g", "-v", "FETCH_COUNT=2", server.dsn()])
    cases.append(("FETCH_COUNT", (code, output) == (0, "1\n2\n3\n"), output))
    return cases


def psycopg2(server, scratch):
    code, _ = run([sys.executable, "-c", "import psycopg2"])
    if code != 0:
        raise Skipped("python3-psycopg2")
    code, output = run([sys.executable, FOLDER / "session.py", server.dsn()])
    return parts(output, code)


def jdbc(server, scratch):
    if not shutil.which("javac") or not JDBC.exists():
        raise Skipped("default-jdk-headless or libpostgresql-jdbc-java")
    code, output = run(["javac", "-cp", JDBC, "-d", scratch, FOLDER / "Session.java"])
    if code != 0:
        return [("compiles", False, output)]
    code, output = run(["java", "-cp", f"{JDBC}:{scratch}", "Session",
                        f"jdbc:postgresql://{server.host}:{server.port}/postgres"])
    return parts(output, code)


def libpqxx(server, scratch):
    if not pathlib.Path("/usr/include/pqxx/pqxx").exists():
        raise Skipped("libpqxx-dev")
    program = scratch / "pqxx_session"
    code, output = run(["g++", "-std=c++17", "-O0", "-w", FOLDER / "session.cpp", "-o", program, "-lpqxx", "-lpq"])
    if code != 0:
        return [("compiles", False, output)]
    code, output = run([program, server.dsn()])
    return parts(output, code)


def pgbench(server, scratch):
    if not os.access(PGBENCH, os.X_OK):
        raise Skipped("pgbench (postgresql-contrib)")
    base = [PGBENCH, "-h", server.host, "-p", server.port, "-U", server.user]
    code, output = run([*base, "-i", "-s", "1", "-q", "postgres"])
    cases = [("initialises", code == 0, output[-1500:])]
    if code != 0:
        return cases
    for mode in ("simple", "extended", "prepared"):
        for name, options in (("select", ["-S"]), ("tpcb", []), ("update", ["-N"])):
            code, output = run([*base, "-n", "-M", mode, *options, "-c", "4", "-j", "2", "-t", "50", "postgres"])
            ok = code == 0 and "number of transactions actually processed: 200/200" in output
            cases.append((f"{mode} {name}", ok, output[-1500:]))
    ok, sums = server.execute("SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM "
                              "pgbench_branches), (SELECT sum(tbalance) FROM pgbench_tellers), count(*) FROM pgbench_history")
    values = sums.split("|")
    # TPC-B touches all three tables, the simple update only the accounts; the history tells all.
    ok2, history = server.execute("SELECT sum(delta) FROM pgbench_history")
    cases.append(("balances agree", ok and ok2 and values[0] == history and values[1] == values[2] and values[3] == "1200",
                  f"{sums} / {history}"))
    return cases


DUMP = shutil.which("pg_dump") or str(servers.POSTGRES_BIN / "pg_dump")
DUMP_EXPECTED = FOLDER / "dump.expected"


def dump_text(server, database):
    code, output = run([DUMP, "-h", server.host, "-p", server.port, "-U", server.user, database])
    # Versions, and a key that is another every time.
    lines = [l for l in output.splitlines() if not re.match(r"-- Dumped (from|by) |\\(un)?restrict ", l)]
    return code, "\n".join(lines) + "\n"


def make_dumped_database(server):
    server.execute("CREATE ROLE dump_reader")
    server.execute("CREATE DATABASE dumped")
    return run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", FOLDER / "dump.sql", server.dsn("dumped")])


def pg_dump(server, scratch):
    if not os.access(DUMP, os.X_OK):
        raise Skipped("pg_dump (postgresql-client)")
    code, output = make_dumped_database(server)
    cases = [("database is made", code == 0, output[-1500:])]
    code, first = dump_text(server, "dumped")
    cases.append(("dumps", code == 0, first[-1500:]))
    expected = DUMP_EXPECTED.read_text()
    difference = "\n".join(difflib.unified_diff(expected.splitlines(), first.splitlines(), "PostgreSQL", "Varve", lineterm="", n=1))
    cases.append(("text is that of PostgreSQL", first == expected, difference[:4000]))
    server.execute("CREATE DATABASE restored")
    (scratch / "dump.sql").write_text(first)
    code, output = run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", scratch / "dump.sql", server.dsn("restored")])
    cases.append(("restores", code == 0, output[-1500:]))
    code, second = dump_text(server, "restored")
    difference = "\n".join(difflib.unified_diff(first.splitlines(), second.splitlines(), lineterm="", n=1))
    cases.append(("restored database dumps the same", second == first, difference[:4000]))
    archive = scratch / "archive"
    code, output = run([DUMP, "-Fc", "-h", server.host, "-p", server.port, "-U", server.user, "-f", archive, "dumped"])
    cases.append(("custom format", code == 0 and archive.stat().st_size > 0, output))
    return cases


def record_dump():
    with servers.Postgres() as server:
        code, output = make_dumped_database(server)
        if code != 0:
            return output
        code, text = dump_text(server, "dumped")
        DUMP_EXPECTED.write_text(text)
        return ""


DRIVERS = FOLDER / "drivers"


def transcript(server, name, command):
    """What a driver's program prints, in a database of its own."""
    database = f"drivers_{name}"
    server.execute(f"DROP DATABASE IF EXISTS {database}")
    server.execute(f"CREATE DATABASE {database}")
    code, output = run([*command, server.port, server.user, database])
    return code, output.replace(str(server.port), "PORT").replace(database, "DATABASE")


def driver(name, probe, package, command):
    """A client whose program is drivers/<name>_session.*."""
    expected = DRIVERS / f"{name}.expected"

    def client(server, scratch):
        if not shutil.which(probe[0]) or run(probe)[0] != 0:
            raise Skipped(package)
        code, output = transcript(server, name, command)
        if server.records:
            expected.write_text(output)
        wanted = expected.read_text()
        difference = "\n".join(difflib.unified_diff(wanted.splitlines(), output.splitlines(), "PostgreSQL", "Varve", lineterm="", n=1))
        return [("ends well", code == 0, output[-1500:]), ("gets what PostgreSQL gives", wanted == output, difference[:4000])]

    return client


def sqlalchemy(server, scratch):
    """SQLAlchemy's own suite for dialects: the same tests pass as on PostgreSQL."""
    if run([sys.executable, "-c", "import sqlalchemy.testing, pytest, psycopg2"])[0] != 0:
        raise Skipped("python3-sqlalchemy or python3-pytest")
    server.execute("DROP DATABASE IF EXISTS sqlalchemy")
    server.execute("CREATE DATABASE sqlalchemy")
    for schema in ("test_schema", "test_schema_2"):
        server.execute(f"CREATE SCHEMA {schema}", "sqlalchemy")
    url = f"postgresql+psycopg2://{server.user}@{server.host}:{server.port}/sqlalchemy"
    code, output = run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-o", f"cache_dir={scratch}", "--dburi", url,
                        "test_suite.py"], cwd=DRIVERS / "sqlalchemy", timeout=600)
    outcomes = sorted({re.sub(r"_postgresql\S*?::", "::", f"{m.group(2)} {m.group(1)}")
                       for m in re.finditer(r"^test_suite.py::(\S+.*?) (PASSED|FAILED|ERROR)", output, re.M)})
    expected = DRIVERS / "sqlalchemy.expected"
    if server.records:
        expected.write_text("\n".join(outcomes) + "\n")
    wanted = expected.read_text().splitlines()
    difference = "\n".join(difflib.unified_diff(wanted, outcomes, "PostgreSQL", "Varve", lineterm="", n=0))
    return [("runs", bool(outcomes), output[-1500:]), ("passes what PostgreSQL passes", wanted == outcomes, difference[:4000])]


PYTHON = sys.executable
CLIENTS = {"psql": psql, "pg_dump": pg_dump, "psycopg2": psycopg2, "jdbc": jdbc, "libpqxx": libpqxx, "pgbench": pgbench,
           "asyncpg": driver("asyncpg", [PYTHON, "-c", "import asyncpg"], "python3-asyncpg", [PYTHON, DRIVERS / "asyncpg_session.py"]),
           "psycopg": driver("psycopg", [PYTHON, "-c", "import psycopg"], "python3-psycopg", [PYTHON, DRIVERS / "psycopg_session.py"]),
           "dbi": driver("dbi", ["perl", "-e", "use DBD::Pg"], "libdbd-pg-perl", ["perl", DRIVERS / "dbi_session.pl"]),
           "pdo": driver("pdo", ["php", "-r", "exit(extension_loaded('pdo_pgsql') ? 0 : 1);"], "php-pgsql", ["php", DRIVERS / "pdo_session.php"]),
           "odbc": driver("odbc", [PYTHON, "-c", "import pyodbc; assert 'PostgreSQL Unicode' in pyodbc.drivers()"], "odbc-postgresql",
                          [PYTHON, DRIVERS / "odbc_session.py"]),
           "django": driver("django", [PYTHON, "-c", "import django"], "python3-django", [PYTHON, DRIVERS / "django_session.py"]),
           "active_record": driver("active_record", ["ruby", "-e", "require 'active_record'; require 'pg'"], "ruby-activerecord",
                                   ["ruby", DRIVERS / "active_record_session.rb"]),
           "sqlalchemy": sqlalchemy}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--record", action="store_true", help="write what the programs in drivers/ print on PostgreSQL 15")
    parser.add_argument("--record-dump", action="store_true", help="write dump.expected from PostgreSQL 15")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=" ".join(CLIENTS))
    args = parser.parse_args()
    if args.record_dump:
        problem = record_dump()
        print(problem or f"recorded {DUMP_EXPECTED.name}")
        return 1 if problem else 0
    known = set()
    if KNOWN.exists() and not args.postgres:
        known = {l.split("#")[0].strip() for l in KNOWN.read_text().splitlines()} - {""}
    passed, listed, failed, notes = 0, 0, [], []
    server = None
    try:
        for name in args.clients or CLIENTS:
            if server is None or not server.is_running():
                if server is not None:
                    server.close()
                server = (servers.Postgres if args.postgres or args.record else servers.Varve)().__enter__()
                server.records = args.record
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    cases = CLIENTS[name](server, pathlib.Path(scratch))
                except Skipped as missing:
                    notes.append(f"{name} skipped: {missing} is not installed")
                    continue
                except subprocess.TimeoutExpired as timeout:
                    cases = [("ends", False, f"{timeout}\n{(timeout.output or b'')[-1000:]}")]
                    server.close()
                    server = None
            for case, ok, detail in cases:
                full = f"{name}: {case}"
                if ok and full in known:
                    print(f"{full} passes now: take it off known_failures.txt")
                if ok:
                    passed += 1
                elif full in known:
                    listed += 1
                else:
                    failed.append(full)
                    print(f"--- {full}\n{detail.strip()}")
            if server is not None and not server.is_running():
                failed.append(f"{name}: the server ended\n{server.log_tail()}")
            print(f"{name}: {sum(ok for _, ok, _ in cases)} of {len(cases)} pass", flush=True)
    finally:
        if server is not None:
            server.close()
    if listed:
        notes.append(f"{listed} cases are listed in {KNOWN.relative_to(FOLDER.parent.parent)}")
    return outcome.conclude(args.report, passed, failed, notes)


if __name__ == "__main__":
    sys.exit(main())
