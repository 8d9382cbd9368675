#!/usr/bin/python3
"""Records what PostgreSQL 15 answers to the expressions of regress/functions/*.txt.

usage: regress/functions/record.py [psql options, e.g. -h /tmp -U postgres]
Each line of x.txt is one SQL expression; x.tsv gets `expression TAB type TAB result`, the result escaped as in COPY,
\\N for NULL, and `ERROR TAB SQLSTATE: message` where it fails. Time zone UTC, ISO dates, collation C, characters as in C.UTF-8 (as in Varve's databases).
"""
import pathlib
import subprocess
import sys

SETUP = """
set client_min_messages = error; set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres';
set extra_float_digits = 1; set bytea_output = 'hex';
create function pg_temp.answer(expression text) returns text language plpgsql as $f$
declare t text; r text;
begin
  execute format('select pg_typeof(x)::text, case when x is null then null else format(''%%s'', x) end '
                 'from (select (%s) as x) s', expression) into t, r;
  r := replace(replace(replace(replace(r, E'\\\\', E'\\\\\\\\'), E'\\n', E'\\\\n'), E'\\t', E'\\\\t'), E'\\r', E'\\\\r');
  return t || E'\\t' || coalesce(r, E'\\\\N');
exception when others then
  return E'ERROR\\t' || sqlstate || ': ' || replace(replace(sqlerrm, E'\\\\', E'\\\\\\\\'), E'\\n', E'\\\\n');
end $f$;
"""


DATABASE = "varve_record"


def psql(arguments, script):
    return subprocess.run(["psql", *sys.argv[1:], "-XqAt", "-v", "ON_ERROR_STOP=1", *arguments], input=script,
                          capture_output=True, text=True)


def main():
    psql([], f"drop database if exists {DATABASE};\n")
    made = psql([], f"create database {DATABASE} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8';\n")
    if made.returncode != 0:
        sys.exit(made.stderr)
    try:
        record()
    finally:
        psql([], f"drop database {DATABASE};\n")


def record():
    folder = pathlib.Path(__file__).resolve().parent
    for path in sorted(folder.glob("*.txt")):
        lines = [s for s in path.read_text().splitlines() if s and not s.startswith("#")]
        script = SETUP + "".join(f"select pg_temp.answer($exp${s}$exp$);\n" for s in lines)
        run = psql(["-d", DATABASE], script)
        if run.returncode != 0:
            sys.exit(run.stderr)
        answers = run.stdout.splitlines()
        assert len(answers) == len(lines), (path, len(answers), len(lines))
        path.with_suffix(".tsv").write_text("".join(f"{e}\t{a}\n" for e, a in zip(lines, answers)))
        print(path.name, len(lines))


main()
