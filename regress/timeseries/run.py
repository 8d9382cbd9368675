#!/usr/bin/python3
"""Runs regress/timeseries/*.sql against Varve and compares with what TimescaleDB prints for them.

    regress/timeseries/run.py [SCRIPT…]       run (all) scripts
    regress/timeseries/run.py --update-known  rewrite known_differences.txt from this run, keeping its reasons

expected/*.out were printed by TimescaleDB 2.28.3 (Community edition) in PostgreSQL 15.20: they are never made by Varve.
checks/*.sql are for what has no such recording: each cell that they print must be true. refresh_model.py refreshes
continuous aggregates beside writers.

Each script runs in a database of its own, through psql -X -a -q. A case is one statement. Statements listed in
known_differences.txt (SCRIPT:LINE, the line on which the statement ends, and why) may differ; one that agrees fails the
run, so that the list only holds what is true; but for those whose reason begins with "sometimes:".
"""
import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import outcome  # noqa: E402
import psql_output  # noqa: E402
import refresh_model  # noqa: E402
import servers  # noqa: E402

EXPECTED = HERE / "expected"
KNOWN = HERE / "known_differences.txt"
SOMETIMES = "sometimes:"  # a reason that begins so: where rows lie may make the answers agree
KNOWN_HEAD = "# Statements whose answers differ from TimescaleDB's:  SCRIPT:LINE  reason\n"


def read_known():
    """{script: {line: reason}}"""
    known = {}
    for line in KNOWN.read_text().splitlines() if KNOWN.exists() else []:
        match = re.match(r"(\w+):(\d+)\s*(.*)", line)
        if match:
            known.setdefault(match[1], {})[int(match[2])] = match[3]
    return known


def run_checks(server, script):
    """(passed, failures): lines of output whose cells are all true, and the others."""
    name = script.stem
    ok, message = server.execute(f"CREATE DATABASE checks_{name}")
    if not ok:
        raise servers.ServerError(message)
    text = "\\pset tuples_only on\n\\pset format unaligned\n\\set QUIET on\n" + script.read_text()
    output, code = server.psql(text, f"checks_{name}", ["ECHO=none"])
    failed, passed = [], 0
    for line in output.splitlines():
        if re.fullmatch(r"t(\|t)*", line):
            passed += line.count("t")
        elif line.strip() and not line.startswith(("NOTICE:", "DETAIL:", "drop cascades to")):
            failed.append(f"checks/{name}: {line}")
    if code != 0 or passed == 0:
        failed.append(f"checks/{name} (psql ended with code {code})")
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update-known", action="store_true")
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("scripts", nargs="*")
    args = parser.parse_args()
    scripts = [HERE / f"{pathlib.Path(s).stem}.sql" for s in args.scripts] or sorted(HERE.glob("*.sql"))
    checks = sorted((HERE / "checks").glob("*.sql")) if not args.scripts else []
    for script in scripts:
        if not script.exists():
            parser.error(f"there is no {script}")
    known, found = read_known(), {}
    passed, failed = 0, []
    with servers.Varve() as server:
        for script in scripts:
            name, text = script.stem, script.read_text()
            ok, message = server.execute(f"CREATE DATABASE api_{name}")
            if not ok:
                raise servers.ServerError(message)
            output, code = server.psql(text, f"api_{name}")
            differences, count = psql_output.compare(text, (EXPECTED / f"{name}.out").read_text(), output)
            found[name] = differences
            listed = known.get(name, {})
            new = {l: d for l, d in differences.items() if l not in listed}
            stale = [l for l, why in listed.items() if l not in differences and not why.startswith(SOMETIMES)]
            for line in sorted(new):
                print(f"--- {name}:{line}")
                print("\n".join(new[line]))
            for line in stale:
                print(f"{name}:{line} agrees now: take it off known_differences.txt")
            if code != 0:
                failed.append(f"{name} (psql ended with code {code})")
            failed += [f"{name}:{line}" for line in new] + [f"{name}:{line} (listed but agrees)" for line in stale]
            passed += count - len(differences)
            print(f"{name}: {count - len(differences)} of {count} statements agree, {len(differences) - len(new)} listed",
                  flush=True)
        for script in checks:
            good, bad = run_checks(server, script)
            passed += good
            failed += bad
            print("\n".join([*bad, f"checks/{script.stem}: {good} true, {len(bad)} not"]), flush=True)
        if checks:
            good, bad = refresh_model.check(server)
            passed += good
            failed += bad
            print("\n".join([*bad, f"refresh_model: {good} aggregates equal, {len(bad)} failures"]), flush=True)
    if args.update_known:
        lines = [f"{s}:{n}  {why}" for s, entries in known.items() if s not in found for n, why in entries.items()]
        for s, d in found.items():
            kept = {n for n, why in known.get(s, {}).items() if why.startswith(SOMETIMES)}
            lines += [f"{s}:{n}  {known.get(s, {}).get(n, 'reason?')}" for n in sorted(kept | set(d))]
        KNOWN.write_text(KNOWN_HEAD + "".join(f"{l}\n" for l in lines))
    return outcome.conclude(args.report, passed, failed)


if __name__ == "__main__":
    sys.exit(main())
