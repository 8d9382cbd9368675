"""What the analytical benchmarks measure: Varve and PostgreSQL through psql, DuckDB inside a node process.

DuckDB needs `npm install @duckdb/node-api` somewhere; --duckdb-modules names the node_modules folder. Without it the
benchmarks leave DuckDB out and say so.
"""
import json
import math
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

SESSION = pathlib.Path(__file__).resolve().parent / "duckdb_session.cjs"
NULL = "\\N"


class Psql:
    """A server, with the settings of every session."""

    def __init__(self, name, dsn, settings):
        self.name, self.dsn, self.settings = name, dsn, settings

    def execute(self, script, timeout_s=3600):
        command = ["psql", "-X", "-A", "-t", "-q", "-F", "\t", "-P", f"null={NULL}", "-v", "ON_ERROR_STOP=1", self.dsn]
        sets = "".join(f"SET {k} = '{v}';\n" for k, v in self.settings.items())
        result = subprocess.run(command, input=(sets + script).encode(), capture_output=True, timeout=timeout_s,
                                env=servers.client_environment())
        if result.returncode != 0:
            raise servers.ServerError(f"{self.name}: {result.stderr.decode(errors='replace').strip()}")
        return result.stdout.decode(errors="replace").splitlines()

    def run(self, query, timeout_s=3600):
        """(milliseconds, rows) of the second of two runs in a session, by psql's clock: neither connecting nor
        printing is counted."""
        lines = self.execute(f"\\o /dev/null\n{query};\n\\o\n\\timing on\n{query};\n", timeout_s)
        return float(re.fullmatch(r"Time: ([0-9.]+) ms.*", lines[-1]).group(1)), [l.split("\t") for l in lines[:-1]]

    def execution_ms(self, query, timeout_s=3600):
        """The server's own time without the client: nothing is sent or read."""
        explain = f"EXPLAIN (ANALYZE, TIMING OFF) {query};\n"
        lines = self.execute(f"\\o /dev/null\n{explain}\\o\n{explain}", timeout_s)
        return next(float(line.split()[2]) for line in lines if line.startswith("Execution Time:"))

    def close(self):
        pass


class DuckDb:
    name = "duckdb"

    def __init__(self, path, threads, modules):
        self.path = pathlib.Path(path)
        environment = {**servers.client_environment(), "NODE_PATH": str(modules)}
        self.process = subprocess.Popen(["node", str(SESSION), str(path), str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=environment, text=True)
        self.execute("SET TimeZone = 'UTC'")

    def execute(self, query, _timeout_s=None):
        try:
            self.process.stdin.write(json.dumps({"sql": query}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise servers.ServerError("duckdb: the session has ended") from None
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the session has ended"}
        if "error" in answer:
            raise servers.ServerError(f"duckdb: {answer['error']}")
        return answer

    def run(self, query, timeout_s=None):
        self.execute(query)  # as with the others: the second run counts
        answer = self.execute(query, timeout_s)
        return answer["ms"], [[NULL if v is None else str(v) for v in row] for row in answer["rows"]]

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


def find_duckdb(modules):
    """Whether node finds the package there."""
    probe = subprocess.run(["node", "-e", "require('@duckdb/node-api')"], capture_output=True,
                           env={**servers.client_environment(), "NODE_PATH": str(modules or "")})
    return probe.returncode == 0


TIME = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def same_value(a, b):
    if a == b:
        return True
    if NULL in (a, b):
        return False
    try:
        # Parallel sums of floats differ in their last digits.
        return math.isclose(float(a), float(b), rel_tol=1e-9, abs_tol=1e-9)
    except ValueError:
        if TIME.match(a) and TIME.match(b):
            return a[:10] == b[:10] and (a[10:19] or " 00:00:00") == (b[10:19] or " 00:00:00")
        return {a, b} in ({"t", "true"}, {"f", "false"}) or a.rstrip() == b.rstrip()


def same_rows(ours, theirs):
    return len(ours) == len(theirs) and all(
        len(a) == len(b) and all(map(same_value, a, b)) for a, b in zip(ours, theirs))


def key_of(row):
    """Sorts rows that may come in any order: floats by what both print of them."""
    def key(value):
        try:
            return f"{float(value):.6g}"
        except ValueError:
            return value[:19] if TIME.match(value) else value
    return [key(v) for v in row]


def agree(ours, theirs):
    """'' or what is wrong."""
    if same_rows(ours, theirs):
        return ""
    if same_rows(sorted(ours, key=key_of), sorted(theirs, key=key_of)):
        return " (order)"
    return " DIFFERENT"


MANY_ROWS = 10_000  # of an answer: sending and reading it is what counts then


def measure_unsent(peers, texts, duckdb_ms, rounds):
    """A line of the table for the same query of which no row is sent: DuckDB's time never had that in it."""
    best = {}
    for _ in range(rounds):
        for p in peers:
            best[p.name] = duckdb_ms if p.name == "duckdb" else min(best.get(p.name, math.inf), p.execution_ms(texts[p.name]))
    others = [ms for name, ms in best.items() if name != "varve"]
    cells = " | ".join(f"{best[p.name]:,.1f}" for p in peers)
    print(f"| … its rows not sent | {cells} | {min(others) / best['varve']:.2f} | |", flush=True)


def measure(peers, queries, rounds, timeout_s=600):
    """Best time of each query {name: {peer: sql}} by each, run in turn; prints a markdown table with the ratio of the
    best other's time to Varve's. Returns whether all answers agree."""
    names = {"varve": "Varve", "postgres": "PostgreSQL 15", "duckdb": "DuckDB"}
    print("| query | " + " | ".join(f"{names[p.name]} ms" for p in peers) + " | best peer / Varve | rows |")
    print("|---|" + "---:|" * (len(peers) + 2))
    ratios, all_agree = [], True
    for query, texts in queries.items():
        best, answers, failed = {}, {}, set()
        for _ in range(rounds):
            for p in peers:
                if p.name in failed:
                    continue
                try:
                    elapsed, answers[p.name] = p.run(texts[p.name], timeout_s)
                    best[p.name] = min(best.get(p.name, math.inf), elapsed)
                except (servers.ServerError, subprocess.TimeoutExpired) as error:
                    failed.add(p.name)
                    print(f"{query}: {error}", file=sys.stderr)
        cells = [f"{best[p.name]:,.1f}" if p.name in best and p.name not in failed else "failed" for p in peers]
        others = [best[n] for n in best if n not in failed | {"varve"}]
        ratio, note = "", ""
        if "varve" in failed:
            all_agree = False
        elif others:
            ratios.append(min(others) / best["varve"])
            ratio = f"{ratios[-1]:.2f}"
            notes = {agree(answers["varve"], answers[n]) for n in answers if n not in failed | {"varve"}}
            note = max(notes, key=len)
            all_agree = all_agree and " DIFFERENT" not in notes
        rows = len(answers.get("varve", ()))
        print(f"| {query} | " + " | ".join(cells) + f" | {ratio} | {rows}{note} |", flush=True)
        if rows > MANY_ROWS and others and not failed:
            measure_unsent(peers, texts, best.get("duckdb"), rounds)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"\ngeometric mean {mean:.2f} over {len(ratios)} queries, slowest {min(ratios):.2f}")
    return all_agree
