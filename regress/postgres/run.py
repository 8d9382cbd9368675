#!/usr/bin/python3
"""PostgreSQL's own regression scripts on Varve and on PostgreSQL 15, side by side; prints how many statements agree.

    regress/postgres/run.py SOURCE [--show] [--results FILE] [SCRIPT…]

SOURCE is an unpacked source of PostgreSQL 15 (its src/test/regress is used, nothing of it is kept here). The scripts run
in the order of its schedule, in one database, on servers of their own, because they build on each other's tables. With
SCRIPTs only these run, after test_setup. Without a library of C functions the statements that need one fail on both.

Not counted: EXPLAIN, whose text is each planner's own, and psql's own output.
"""
import argparse
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import psql_output  # noqa: E402
import servers  # noqa: E402

# What looks at the server's own insides, or needs a build of PostgreSQL with extras.
SKIPPED = {"opr_sanity", "type_sanity", "misc_sanity", "oidjoins", "sanity_check", "collate.linux.utf8", "euc_kr", "encoding", "conversion",
           "compression", "maintain_every", "regproc", "tablespace", "vacuum_parallel", "security_label", "indirect_toast", "largeobject"}
NOT_COUNTED = re.compile(r"(?is)^\s*(explain|\\)|explain_filter|explain_")
TIMEOUT_S = 120


def schedule(folder):
    for line in (folder / "parallel_schedule").read_text().splitlines():
        if line.startswith("test:"):
            yield from line.removeprefix("test:").split()


def statement_texts(script):
    """{number of its last line: its text}"""
    lines, ends, texts, begin = script.splitlines(), psql_output.statements(script), {}, 0
    for end in sorted(ends):
        texts[end] = "\n".join(lines[begin:end])
        begin = end
    return texts


def bare(text):
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("--"))


class Side:
    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        server.execute("CREATE DATABASE regression TEMPLATE template0")
        server.execute("ALTER DATABASE regression SET intervalstyle = 'postgres_verbose'")

    def run(self, script):
        if not self.server.is_running():
            self.server.start()
        variables = ["VERBOSITY=verbose"]
        environment = {"PG_ABS_SRCDIR": str(self.folder), "PG_ABS_BUILDDIR": "/tmp", "PG_LIBDIR": "/nowhere", "PG_DLSUFFIX": ".so",
                       "PGTZ": "PST8PDT", "PGDATESTYLE": "Postgres, MDY"}
        return self.server.psql(script, "regression", variables, TIMEOUT_S, environment)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("--show", action="store_true", help="print each difference")
    parser.add_argument("--results", type=pathlib.Path, help="write the differences there")
    parser.add_argument("scripts", nargs="*")
    args = parser.parse_args()
    folder = args.source.resolve() / "src/test/regress"
    names = ["test_setup", *args.scripts] if args.scripts else [n for n in schedule(folder) if n not in SKIPPED]
    total = agree = 0
    with servers.Varve() as varve, servers.Postgres() as postgres:
        ours, theirs = Side(varve, folder), Side(postgres, folder)
        for name in names:
            script = (folder / f"sql/{name}.sql").read_text(errors="replace")
            expected, _ = theirs.run(script)
            actual, code = ours.run(script)
            texts = {line: text for line, text in statement_texts(script).items() if not NOT_COUNTED.search(bare(text))}
            differences = {line: d for line, d in psql_output.compare(script, expected, actual)[0].items() if line in texts}
            total += len(texts)
            agree += len(texts) - len(differences)
            ended = "" if varve.is_running() else ", the server ended"
            ended = ended or (f", psql ended with code {code}" if code != 0 else "")
            print(f"{name}: {len(texts) - len(differences)} of {len(texts)} agree{ended}", flush=True)
            out = "".join(f"--- {name}:{line}\n{texts[line]}\n" + "\n".join(d) + "\n" for line, d in sorted(differences.items()))
            if args.show:
                print(out)
            if args.results:
                with open(args.results, "a") as results:
                    results.write(out)
    print(f"{agree} of {total} statements agree ({100 * agree / max(total, 1):.1f} %)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
