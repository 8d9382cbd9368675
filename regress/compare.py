#!/usr/bin/python3
"""Runs one SQL script against Varve and against PostgreSQL 15 and shows where the answers differ.

    regress/compare.py SCRIPT.sql [--postgres 'host=… port=… user=… dbname=…']

Without --postgres a temporary cluster is made. Exit code 1 if something differs.
"""
import argparse
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import psql_output  # noqa: E402
import servers  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("script", type=pathlib.Path)
    parser.add_argument("--postgres", help="connection string of a running PostgreSQL 15")
    args = parser.parse_args()
    text = args.script.read_text()
    variables = ["VERBOSITY=verbose"]
    if args.postgres:
        command = ["psql", "-X", "-a", "-q", "-vVERBOSITY=verbose", args.postgres]
        expected = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=servers.client_environment()).stdout.decode(errors="replace")
    else:
        with servers.Postgres() as postgres:
            expected, _ = postgres.psql(text, variables=variables)
    with servers.Varve() as varve:
        actual, _ = varve.psql(text, variables=variables)
    differences, count = psql_output.compare(text, expected, actual)
    lines = text.splitlines()
    for line, diff in sorted(differences.items()):
        print(f"--- line {line}: {lines[line - 1]}")
        print("\n".join(diff))
    print(f"{count - len(differences)} of {count} statements agree")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
