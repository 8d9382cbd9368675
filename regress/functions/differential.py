#!/usr/bin/python3
"""Calls every immutable built-in function, operator, cast and aggregate that Varve has, here and on PostgreSQL 15.

    regress/functions/differential.py [NAME…]       all, or those of these names
    regress/functions/differential.py --update-known

Arguments are taken from samples for each type, in a fixed selection of combinations. Compared are the result's type and
text, and SQLSTATE and message of errors. Calls whose answers differ are listed, by function, in differential_known.txt;
the list is exact.
"""
import argparse
import itertools
import pathlib
import random
import re
import sys

import psycopg2

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import outcome  # noqa: E402
import servers  # noqa: E402
from text_results import results_as_text  # noqa: E402

KNOWN = HERE / "differential_known.txt"
CALLS_PER_FUNCTION = 14

INTEGERS = ["0", "1", "-1", "7", "100"]
TEXTS = ["''", "'abc'", "'a b,c'", "'ÄÖü€'", "'12.5'"]
SAMPLES = {
    "bool": ["true", "false"],
    "int2": [*INTEGERS, "32767", "-32768"],
    "int4": [*INTEGERS, "2147483647", "-2147483648"],
    "int8": [*INTEGERS, "9223372036854775807", "-9223372036854775808"],
    "float4": ["0", "1.5", "-2.25", "1e20", "'NaN'", "'Infinity'"],
    "float8": ["0", "1.5", "-2.25", "0.5", "1e200", "'NaN'", "'-Infinity'"],
    "numeric": ["0", "1.50", "-2.25", "123456789.987654321", "0.0001", "1e30", "'NaN'", "'Infinity'"],
    "money": ["'12.34'", "'-0.99'", "'0'"],
    "text": TEXTS, "varchar": TEXTS, "bpchar": ["'abc  '", "''", "'x'"], "name": ["'abc'", "'pg_class'"], "char": ["'a'", "''"],
    "unknown": ["'abc'"],
    "bytea": ["'\\x'", "'\\x00ff10'", "'abc'"],
    "bit": ["B'1010'", "B'0'", "B'1111'"], "varbit": ["B'1010'", "B''", "B'110'"],
    "date": ["'2024-02-29'", "'1999-12-31'", "'infinity'", "'0044-03-15 BC'"],
    "time": ["'00:00'", "'13:14:15.5'", "'24:00'"], "timetz": ["'13:14:15+02'", "'00:00-08'"],
    "timestamp": ["'2024-02-29 13:14:15.678'", "'1999-12-31'", "'-infinity'", "'2000-01-01'"],
    "timestamptz": ["'2024-02-29 13:14:15.678+02'", "'1999-12-31+00'", "'infinity'"],
    "interval": ["'1 day'", "'1 year 2 mons -3 days 04:05:06.7'", "'-00:00:01'", "'0'"],
    "uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'"],
    "json": ["'{\"a\": [1, null, \"x\"]}'", "'[]'", "'\"s\"'", "'5'"], "jsonb": ["'{\"a\": [1, null, \"x\"], \"b\": {}}'", "'[1, 2]'", "'\"s\"'", "'null'"],
    "jsonpath": ["'$.a[*]'", "'$'", "'$.a ? (@ > 1)'"],
    "inet": ["'192.168.1.5/24'", "'10.0.0.1'", "'::1'", "'fe80::/10'"], "cidr": ["'192.168.1.0/24'", "'::/0'"],
    "macaddr": ["'08:00:2b:01:02:03'", "'ff:ff:ff:ff:ff:ff'"], "macaddr8": ["'08:00:2b:01:02:03:04:05'"],
    "oid": ["0", "1259", "4294967295"], "xid": ["'5'"], "xid8": ["'5'", "'77'"], "cid": ["'3'"], "tid": ["'(1,2)'", "'(0,9)'"],
    "pg_lsn": ["'0/0'", "'16/B374D848'"], "regclass": ["'pg_class'"], "regtype": ["'int4'"],
    "int2vector": ["'1 2 3'"], "oidvector": ["'1 2'", "''"],
    "int4range": ["'[1,5)'", "'empty'", "'(,3]'"], "int8range": ["'[1,5)'", "'[4,9]'"], "numrange": ["'[1.5,2.5]'", "'(,)'"],
    "daterange": ["'[2024-01-01,2024-02-01)'", "'empty'"], "tsrange": ["'[2024-01-01,2024-02-01)'"], "tstzrange": ["'[2024-01-01,2024-02-01)'"],
    "int4multirange": ["'{[1,5),[8,9)}'", "'{}'"], "int8multirange": ["'{[1,5)}'"], "nummultirange": ["'{[1.5,2.5]}'"],
    "datemultirange": ["'{[2024-01-01,2024-02-01)}'"], "tsmultirange": ["'{[2024-01-01,2024-02-01)}'"], "tstzmultirange": ["'{}'"],
    "point": ["'(1,2)'", "'(-0.5,0)'", "'(0,0)'", "'(1e300,-1e300)'", "'(NaN,1)'", "'(Infinity,0)'", "'(5.1,34.5)'"],
    "line": ["'{1,2,3}'", "'{0,-1,5}'", "'{1,0,5}'", "'{1,-1,0}'", "'{-0.4,-1,-6}'", "'{NaN,NaN,NaN}'"],
    "lseg": ["'[(0,0),(1,1)]'", "'[(0,1),(2,-1)]'", "'[(1,0),(1,5)]'", "'[(-3,2),(4,2)]'", "'[(1,1),(1,1)]'", "'[(NaN,1),(1,2)]'"],
    "box": ["'(2,2),(0,0)'", "'(5,5),(1,1)'", "'(0.5,0.25),(0.4,-3)'", "'(3,3),(3,3)'", "'(Infinity,1),(0,0)'"],
    "path": ["'((0,0),(1,1),(2,0))'", "'[(0,0),(3,4)]'", "'[(1,2),(3,4),(-1,5)]'", "'((10,20))'", "'((1,2),(3,0),(7,8),(9,1))'"],
    "polygon": ["'((0,0),(2,0),(2,2))'", "'((1,1),(1,3),(3,3),(3,1))'", "'((0,0))'", "'((0,0),(4,0),(4,4),(2,1),(0,4))'", "'((2,2),(0,0),(2,0))'"],
    "circle": ["'<(1,1),2>'", "'<(0,0),0>'", "'<(100,200),10>'", "'<(1,2),NaN>'", "'<(1.5,1),1>'"],
    "tsvector": ["'a b:3A c'", "''", "'a:1 b:2 c:3B d:4,9C'", "'fat:2,4 cat:3 rat:5A'", "'abc ab a'"],
    "tsquery": ["'a & b'", "'!c'", "''", "'a <-> b'", "'ca:* & !(d | x:A)'", "'fat <2> rat | b:AB'", "'(a|b) <-> c'"],
    "xml": ["'<a/>'"], "pg_snapshot": ["'1:5:2,4'", "'7:7:'"], "txid_snapshot": ["'1:5:2,4'"],
    "regconfig": ["'simple'", "'english'"], "regdictionary": ["'english_stem'", "'simple'"], "_float4": ["'{0.1,0.2,0.4,1}'", "'{1}'"],
    "_int4": ["'{1,2,3}'", "'{}'", "'{{1,2},{3,NULL}}'"], "_int2": ["'{1,2}'"], "_int8": ["'{1,-2}'"], "_float8": ["'{0.1,0.5,0.9}'", "'{2}'"],
    "_text": ["'{a,b,NULL}'", "'{}'", "'{\"x y\",12}'"], "_numeric": ["'{1.5,2}'"], "_bool": ["'{t,f}'"], "_char": ["'{a,b}'"], "_oid": ["'{1,2}'"],
    "_date": ["'{2024-01-01}'"], "_timestamp": ["'{2024-01-01}'"], "_interval": ["'{1 day}'"], "_jsonb": ["'{1,2}'"], "_uuid": ["'{}'"],
}
# Polymorphic parameters are called with these types.
STAND_IN = {"anyelement": "int4", "anyarray": "_int4", "anynonarray": "int4", "anyrange": "int4range", "anymultirange": "int4multirange",
            "anycompatible": "int4", "anycompatiblearray": "_int4", "anycompatiblenonarray": "int4", "anycompatiblerange": "int4range",
            "anycompatiblemultirange": "int4multirange", "any": "int4"}
SQL_TYPE = {"char": '"char"'}
# What is made for other purposes than to be called: the system's own support functions.
INTERNAL = re.compile(r"(?:_(?:in|out|recv|send|sortsupport|support|accum|accum_inv|combine|serialize|deserialize|transfn|finalfn|sel|joinsel)"
                      r"|typmodin|typmodout|sel|in|out|recv|send)$|^(?:hash|bt|gist|gin|spg|brin|in_range|float[48]_(?:var|std|regr|corr|cov|avg)"
                      r"|int[248]_avg|numeric_(?:avg|sum|var|std|poly)|interval_avg|int[24]_sum|int8_sum|utf8_|.*_to_utf8|iso_to|.*_to_mic|mic_to"
                      r"|pg_replication|postgresql_fdw|json_populate|jsonb_populate|json_to_record|jsonb_to_record)")
INTERNAL_EXCEPT = {"asin", "sin", "min", "begin", "login", "justify", "join", "width_bucket", "range_intersect_agg", "hashtext"}

FUNCTIONS = """
SELECT p.oid, p.proname, p.prokind, p.proretset, p.provariadic <> 0, array(SELECT t.typname::text FROM unnest(p.proargtypes) WITH ORDINALITY a(o, n)
       JOIN pg_type t ON t.oid = a.o ORDER BY n)::text, r.typname
FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'i' AND p.prokind IN ('f', 'a') AND p.oid < 10000
ORDER BY p.proname, p.oid"""
OPERATORS = """
SELECT o.oid, o.oprname, coalesce(l.typname::text, ''), r.typname
FROM pg_operator o LEFT JOIN pg_type l ON l.oid = o.oprleft JOIN pg_type r ON r.oid = o.oprright JOIN pg_proc p ON p.oid = o.oprcode
WHERE p.provolatile = 'i' ORDER BY o.oprname, o.oid"""
CASTS = """
SELECT s.typname, t.typname FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
LEFT JOIN pg_proc p ON p.oid = c.castfunc WHERE coalesce(p.provolatile, 'i') = 'i' ORDER BY 1, 2"""


class Subject:
    """What is called: its name for people and its calls."""

    def __init__(self, label, calls):
        self.label, self.calls = label, calls


def argument(kind, sample):
    return f"{sample}::{SQL_TYPE.get(kind, kind)}" if sample[0] != "-" else f"({sample})::{SQL_TYPE.get(kind, kind)}"


def combinations(label, kinds):
    """Arguments for some of the combinations of samples, NULL among them; the same ones every time."""
    if any(k not in SAMPLES for k in kinds):
        return []
    if not kinds:
        return [()]
    values = [[argument(k, s) for s in SAMPLES[k]] for k in kinds]
    everything = list(itertools.islice(itertools.product(*values), 4000))
    rng = random.Random(label)
    chosen = everything if len(everything) <= CALLS_PER_FUNCTION else rng.sample(everything, CALLS_PER_FUNCTION)
    nulls = [tuple(f"NULL::{SQL_TYPE.get(k, k)}" if i == at else values[i][0] for i, k in enumerate(kinds)) for at in range(len(kinds))]
    return chosen + nulls


def function_subject(row):
    _, name, kind, is_set, variadic, arguments, result = row
    is_set, variadic = is_set == "t", variadic == "t"
    kinds = [STAND_IN.get(k, k) for k in arguments.strip("{}").split(",") if k]
    kinds = [k.strip('"') for k in kinds]
    label = f"{name}({', '.join(kinds)})"
    if result in ("internal", "cstring", "trigger", "event_trigger", "void", "record") and not is_set or "cstring" in kinds or "internal" in kinds:
        return None
    if INTERNAL.search(name) and name not in INTERNAL_EXCEPT:
        return None
    quoted = f'"{name}"' if name in ("overlaps", "position", "substring", "overlay", "like", "notlike", "char", "bit", "interval", "time", "timestamp",
                                     "varchar", "numeric", "bpchar", "name", "timetz", "timestamptz", "int4range") else name
    calls = []
    for values in combinations(label, kinds):
        given = list(values)
        if variadic:
            given[-1] = "VARIADIC " + given[-1]
        text = f"pg_catalog.{quoted}({', '.join(given)})"
        if kind == "a":
            continue
        calls.append(f"SELECT {text} LIMIT 20" if is_set else f"SELECT pg_typeof({text}), {text}")
    if kind == "a" and kinds and all(k in SAMPLES for k in kinds):
        names = [f"c{i}" for i in range(len(kinds))]
        rows = list(itertools.islice(zip(*[itertools.cycle(SAMPLES[k]) for k in kinds]), 7))
        rows = [", ".join(argument(k, v) for k, v in zip(kinds, r)) for r in rows] + [", ".join("NULL" for _ in kinds)]
        if "NaN" not in str(rows) and "nfinity" not in str(rows):
            ordered = f"ORDER BY {', '.join(names)}" if not any(k in ("json", "xml", "point", "xid") for k in kinds) else ""
            values = ", ".join(f"({r})" for r in rows)
            calls.append(f"SELECT {name}({', '.join(names)} {ordered}) FROM (VALUES {values}) v({', '.join(names)})")
            calls.append(f"SELECT {name}({', '.join(names)}) FROM (VALUES {values}) v({', '.join(names)}) WHERE false")
            calls.append(f"SELECT {name}({', '.join(names)}) FROM (VALUES ({rows[0]})) v({', '.join(names)})")
    return Subject(label, calls) if calls else None


def subjects(cursor):
    out = []
    cursor.execute(FUNCTIONS)
    out += [s for s in map(function_subject, cursor.fetchall()) if s]
    cursor.execute(OPERATORS)
    for _, name, left, right in cursor.fetchall():
        kinds = [STAND_IN.get(k, k) for k in (left, right) if k]
        label = f"{left} {name} {right}".strip()
        calls = [f"SELECT pg_typeof({' '.join([*v[:-1], name, v[-1]])}), {' '.join([*v[:-1], name, v[-1]])}" for v in combinations(label, kinds)]
        out.append(Subject(f"operator {label}", calls))
    cursor.execute(CASTS)
    for source, target in cursor.fetchall():
        if source in SAMPLES:
            calls = [f"SELECT CAST({argument(source, s)} AS {SQL_TYPE.get(target, target)})" for s in [*SAMPLES[source], "NULL"]]
            out.append(Subject(f"cast {source} as {target}", calls))
    return [s for s in out if s.calls]


class Server:
    def __init__(self, server):
        self.connection = psycopg2.connect(server.dsn("postgres"))
        results_as_text(self.connection)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        for setting in ("timezone = 'UTC'", "datestyle = 'ISO, MDY'", "client_min_messages = error", "statement_timeout = 5000"):
            self.cursor.execute(f"SET {setting}")

    def answer(self, call):
        try:
            self.cursor.execute(call)
            return [tuple(map(rounded, row)) for row in self.cursor.fetchall()]
        except psycopg2.Error as error:
            if self.connection.closed:
                raise
            return f"{error.pgcode}: {error.diag.message_primary}"


def agree(call, expected, got):
    """Comparison functions of index classes give any number of the right sign; what takes PostgreSQL too long tells nothing."""
    if expected == got or str(expected).startswith("57014"):
        return True
    if "cmp(" in call and isinstance(expected, list) and isinstance(got, list):
        sign = lambda answer: [(row[0], row[1] and (int(row[1]) > 0) - (int(row[1]) < 0)) for row in answer]
        return sign(expected) == sign(got)
    return False


def rounded(cell):
    """The last digits of a float8 are the mathematical library's."""
    if isinstance(cell, str) and re.fullmatch(r"-?\d+\.\d{12,}(e[-+]?\d+)?", cell):
        return f"{float(cell):.12g}"
    return cell


def read_known():
    return set(KNOWN.read_text().splitlines()) if KNOWN.exists() else set()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--update-known", action="store_true")
    parser.add_argument("--report", type=pathlib.Path)
    args = parser.parse_args()
    if not (servers.POSTGRES_BIN / "postgres").exists():
        return outcome.conclude(args.report, 0, [], ["skipped: PostgreSQL 15 is not installed"])
    with servers.Varve() as varve, servers.Postgres(settings={"jit": "off"}) as postgres:
        ours, theirs = Server(varve), Server(postgres)
        known, differ, passed, missing, calls = read_known(), [], 0, 0, 0
        for subject in subjects(theirs.cursor):
            if args.names and not any(n in subject.label for n in args.names):
                continue
            wrong = []
            for call in subject.calls:
                expected, got = theirs.answer(call), ours.answer(call)
                calls += 1
                if not agree(call, expected, got):
                    wrong.append((call, expected, got))
            absent = all(isinstance(g, str) and g[:5] in ("42883", "42704", "0A000", "42846") for _, _, g in wrong)
            if wrong and absent and (len(wrong) == len(subject.calls) or all(not isinstance(e, str) for _, e, _ in wrong)):
                missing += 1
            elif wrong:
                differ.append(subject.label)
                if subject.label not in known or args.names:
                    print(f"--- {subject.label}: {len(wrong)} of {len(subject.calls)} calls")
                    for call, expected, got in wrong[:3]:
                        print(f"{call}\n  PostgreSQL: {expected}\n  Varve:      {got}")
            else:
                passed += 1
    print(f"{calls} calls; {missing} of these functions, operators and casts are not there")
    if args.update_known and not args.names:
        KNOWN.write_text("".join(f"{d}\n" for d in sorted(set(differ))))
    failed = [d for d in differ if d not in known]
    if not args.names:
        failed += [f"{k} agrees now: take it off {KNOWN.name}" for k in sorted(known - set(differ))]
    return outcome.conclude(args.report, passed, failed, [f"{len(known)} are listed in {KNOWN.name}"] if known else [])


if __name__ == "__main__":
    sys.exit(main())
