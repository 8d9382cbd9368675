#!/usr/bin/python3
"""Interleaves the statements of several sessions and compares what each saw with what PostgreSQL 15 showed.

    regress/isolation/run.py [SPEC…]                        run (all) specs against Varve
    regress/isolation/run.py --update-from-postgres [SPEC…] record expected/*.out
    regress/isolation/run.py --configuration NAME [SPEC…]   under other settings (regress/configurations.py)

A spec (specs/NAME.spec):
    setup                        statements, indented, before each permutation
      CREATE TABLE …;
    teardown
      DROP TABLE …;
    session a [dbname=… user=…]  named steps, one a line: NAME  STATEMENT
      begin   BEGIN;
      write   UPDATE …;
    permutation a.begin b.begin a.write b.write a.commit b.commit

A step marked `!` in a permutation ends its wait by itself (deadlock, lock_timeout): its end is waited for. Any other
step that cannot finish shows `<waiting>`; when a later step lets it finish, its result follows that step. Times decide
nothing: whether a step has to wait is known from the recording. Only a step that ought to wait is watched for a moment to
see that it does not finish.
"""
import argparse
import difflib
import pathlib
import queue
import sys
import threading
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import outcome  # noqa: E402
import servers  # noqa: E402
from configurations import CONFIGURATIONS  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent
KNOWN = FOLDER / "known_differences.txt"
WATCH_S = 0.3     # how long a step that ought to wait is watched
PATIENCE_S = 30   # how long a step that ought to finish may take


class Spec:
    def __init__(self, path):
        self.name = path.stem
        self.setup, self.teardown, self.steps, self.permutations = [], [], {}, []
        self.connect = {}  # by session: where it connects to, other than the rest
        section = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            words = text.split(None, 1)
            if not line[0].isspace():
                section = None
                if words[0] == "permutation":
                    self.permutations.append(words[1].split())
                elif words[0] in ("setup", "teardown"):
                    section = words[0]
                elif words[0] == "session":
                    name, *parameters = words[1].split(None, 1)
                    section = ("session", name)
                    self.connect[name] = "".join(parameters)
                else:
                    raise ValueError(f"{path}:{number}: {words[0]}?")
            elif section in ("setup", "teardown"):
                getattr(self, section).append(text)
            else:
                self.steps[f"{section[1]}.{words[0]}"] = words[1]
        for permutation in self.permutations:
            for step in permutation:
                if step.rstrip("!") not in self.steps:
                    raise ValueError(f"{path}: there is no step {step}")


class Session:
    """A connection and the thread that runs its statements."""

    def __init__(self, name, dsn):
        self.name = name
        self.connection = psycopg2.connect(dsn + f" application_name={name}")
        self.connection.autocommit = True
        self.pid = self.connection.get_backend_pid()
        self.todo, self.done = queue.Queue(), queue.Queue()
        self.running = None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while (statement := self.todo.get()) is not None:
            self.done.put(self.execute(statement))

    def execute(self, statement):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(statement)
                lines = []
                if cursor.description is not None:
                    lines = ["  " + " | ".join("" if v is None else str(v) for v in row) for row in cursor.fetchall()]
                return [cursor.statusmessage or ""] + lines
        except psycopg2.Error as error:
            if self.connection.closed:
                return ["connection lost"]  # whether the server's word arrives first is chance
            diagnostics = error.diag
            if diagnostics.sqlstate is None:
                return [f"ERROR (connection): {str(error).strip()}"]
            return [f"{diagnostics.severity} {diagnostics.sqlstate}: {diagnostics.message_primary}"]

    def start(self, step, statement):
        self.running = step
        self.todo.put(statement)

    def result(self, wait_s):
        """Lines of the finished step, or None."""
        try:
            lines = self.done.get(timeout=wait_s) if wait_s > 0 else self.done.get_nowait()
        except queue.Empty:
            return None
        self.running = None
        return lines

    def close(self):
        self.todo.put(None)
        if self.running is not None:
            self.connection.cancel()
        self.thread.join(10)
        try:
            self.connection.close()
        except psycopg2.Error:
            pass


class Recorder:
    """PostgreSQL decides: a step waits when pg_blocking_pids says so."""

    def __init__(self, dsn):
        self.control = psycopg2.connect(dsn)
        self.control.autocommit = True

    def finish(self, session, step, index):
        while True:
            lines = session.result(0.02)
            if lines is not None:
                return lines
            with self.control.cursor() as cursor:
                cursor.execute("SELECT pg_blocking_pids(%(pid)s) <> '{}' OR pg_safe_snapshot_blocking_pids(%(pid)s) <> '{}'",
                               {"pid": session.pid})
                if cursor.fetchone()[0]:
                    time.sleep(0.01)  # a finished wait may not have been reported yet
                    return session.result(0.01)

    completes = finish

    def close(self):
        self.control.close()


class Replay:
    """The recording decides how long it is worth to wait; what is shown is what happened."""

    def __init__(self, expected):
        self.waits, self.completions = set(), set()
        index = -1
        for line in expected:
            if line.startswith("step "):
                index += 1
                if line.endswith("<waiting>"):
                    self.waits.add(index)
            elif line.startswith("then "):
                self.completions.add((index, line.split()[1].rstrip(":")))

    def finish(self, session, step, index):
        return session.result(WATCH_S if index in self.waits else PATIENCE_S)

    def completes(self, session, step, index):
        return session.result(PATIENCE_S if (index, step) in self.completions else 0)

    def close(self):
        pass


def run_permutation(spec, permutation, dsn, judge):
    out = [f"permutation {' '.join(permutation)}"]
    control = psycopg2.connect(dsn)
    control.autocommit = True
    with control.cursor() as cursor:
        for statement in spec.setup:
            cursor.execute(statement)
    sessions = {}
    try:
        for step in permutation:
            name = step.split(".")[0]
            if name not in sessions:
                sessions[name] = Session(name, f"{dsn} {spec.connect[name]}")
        for index, marked in enumerate(permutation):
            step = marked.rstrip("!")
            session = sessions[step.split(".")[0]]
            if session.running is not None:
                out.append(f"step {step}: not run, {session.running} still waits")
                continue
            session.start(step, spec.steps[step])
            lines = session.result(PATIENCE_S) if marked != step else judge.finish(session, step, index)
            if lines is None:
                out.append(f"step {step}: <waiting>")
            else:
                out += [f"step {step}: {lines[0]}"] + lines[1:]
            # What this step let go on, in the order of the sessions' names.
            progress = True
            while progress:
                progress = False
                for name in sorted(sessions):
                    other = sessions[name]
                    if other.running is None or other is session and lines is None:
                        continue
                    waited = other.running
                    finished = judge.completes(other, waited, index)
                    if finished is not None:
                        out += [f"then {waited}: {finished[0]}"] + finished[1:]
                        progress = True
        for name in sorted(sessions):
            if sessions[name].running is not None:
                out.append(f"end  {sessions[name].running}: still waits")
    finally:
        for session in sessions.values():
            session.close()
        with control.cursor() as cursor:
            for statement in spec.teardown:
                cursor.execute(statement)
        control.close()
    return out


def split_expected(text):
    parts, current = [], []
    for line in text.splitlines():
        if line.startswith("permutation ") and current:
            parts.append(current)
            current = []
        if line:  # a row of one empty value is two blanks
            current.append(line)
    return parts + ([current] if current else [])


def record(paths):
    with servers.Postgres(settings={"deadlock_timeout": "100ms"}) as postgres:
        for path in paths:
            spec = Spec(path)
            text = []
            for permutation in spec.permutations:
                recorder = Recorder(postgres.dsn())
                text.append("\n".join(run_permutation(spec, permutation, postgres.dsn(), recorder)))
                recorder.close()
            (FOLDER / "expected" / f"{spec.name}.out").write_text("\n\n".join(text) + "\n")
            print(f"recorded {spec.name}: {len(spec.permutations)} permutations")
    return 0


def read_known():
    if not KNOWN.exists():
        return set()
    lines = (line.split("#")[0].strip() for line in KNOWN.read_text().splitlines())
    return {line for line in lines if line}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update-from-postgres", action="store_true")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--configuration", choices=CONFIGURATIONS)
    parser.add_argument("specs", nargs="*")
    args = parser.parse_args()
    paths = [FOLDER / "specs" / f"{pathlib.Path(s).stem}.spec" for s in args.specs]
    paths = paths or sorted((FOLDER / "specs").glob("*.spec"))
    if args.update_from_postgres:
        return record(paths)

    settings = {"deadlock_timeout": "100ms"} | CONFIGURATIONS.get(args.configuration, {})
    known, passed, listed, failed = read_known(), 0, 0, []
    server = None
    try:
        for path in paths:
            spec = Spec(path)
            expected = split_expected((FOLDER / "expected" / f"{spec.name}.out").read_text())
            for number, permutation in enumerate(spec.permutations, 1):
                name = f"{spec.name}:{number}"
                try:
                    if server is None or not server.is_running():
                        if server is not None:
                            server.close()
                        server = servers.Varve(settings=settings).__enter__()
                    actual = run_permutation(spec, permutation, server.dsn(), Replay(expected[number - 1]))
                except (psycopg2.Error, servers.ServerError) as error:
                    actual = [f"permutation {' '.join(permutation)}", f"failed: {str(error).strip()}"]
                    if server is not None:  # tables may be left behind
                        server.close()
                        server = None
                same = actual == expected[number - 1]
                if same and name in known:
                    print(f"{name} agrees now: take it off known_differences.txt")
                if same:
                    passed += 1
                elif name in known:
                    listed += 1
                else:
                    failed.append(name)
                    print(f"--- {name}")
                    print("\n".join(list(difflib.unified_diff(expected[number - 1], actual, "expected", "varve",
                                                              lineterm="", n=20))[2:]), flush=True)
            print(f"{spec.name}: {len(spec.permutations)} permutations", flush=True)
            if server is not None:  # each spec starts from an empty server, so that running one alone gives the same
                server.close()
                server = None
    finally:
        if server is not None:
            server.close()
    notes = [f"{listed} permutations are listed in {KNOWN.relative_to(FOLDER.parent.parent)}"] if listed else []
    return outcome.conclude(args.report, passed, failed, notes)


if __name__ == "__main__":
    sys.exit(main())
