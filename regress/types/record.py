#!/usr/bin/python3
"""Records what PostgreSQL 15 answers to many calls on scalar values: the expected results of types_test.

Usage: record.py [directory of PostgreSQL's programs]     (as root: the cluster runs as user postgres)

Starts a temporary cluster, evaluates the cases below and writes numeric.tsv, datetime.tsv, interval.tsv and scalar.tsv
beside this file. One case a line, tab-separated, with \\t \\n \\\\ escaped:
    operation  settings  result  arguments...
settings is "DateStyle;IntervalStyle;TimeZone;extra_float_digits"; result is =value, =NULL, or !SQLSTATE message, followed
by |detail: ... and |hint: ... where PostgreSQL gives one.
"""
import os, random, shutil, subprocess, sys, tempfile

BIN = sys.argv[1] if len(sys.argv) > 1 else "/usr/lib/postgresql/15/bin"
HERE = os.path.dirname(os.path.abspath(__file__))
PLAIN = "ISO, MDY;postgres;UTC;1"
rng = random.Random(20000101)
files = {}


def case(file, op, sql, *args, settings=PLAIN):
    """sql: the expression, with {0} {1} ... for the quoted arguments."""
    quoted = ["'" + str(a).replace("'", "''") + "'" for a in args]
    files.setdefault(file, []).append((op, settings, sql.format(*quoted), [str(a) for a in args]))


# --- numeric
def digits(n):
    return "".join(rng.choice("0123456789") for _ in range(n)) if n else ""


def number(kind):
    sign = rng.choice(["", "-"])
    if kind == "small":
        return sign + str(rng.randint(0, 999))
    if kind == "money":
        return sign + f"{rng.randint(0, 10**9)}.{digits(2)}"
    if kind == "decimal":
        return sign + f"{rng.randint(0, 10**rng.randint(1, 15))}.{digits(rng.randint(1, 12))}"
    if kind == "tiny":
        return sign + "0." + "0" * rng.randint(1, 30) + digits(rng.randint(1, 20))
    if kind == "edge":
        return sign + str(2 ** rng.choice([31, 32, 53, 63, 64, 100, 110, 111, 112, 126, 127]) + rng.randint(-1, 1))
    if kind == "nines":
        return sign + "9" * rng.randint(1, 40) + rng.choice(["", "." + "9" * rng.randint(1, 30)])
    if kind == "wide":
        return sign + digits(rng.randint(20, 40)).lstrip("0") + "0." + digits(rng.randint(10, 40))
    if kind == "huge":
        return sign + "7" + digits(rng.randint(60, 200)) + rng.choice(["", "." + digits(rng.randint(1, 100))])
    if kind == "round":
        return sign + str(rng.randint(1, 99)) + "0" * rng.randint(1, 60) + rng.choice(["", ".000"])
    return rng.choice(["NaN", "Infinity", "-Infinity", "0", "0.000", "1", "-1", "10"])


KINDS = ["small", "money", "decimal", "tiny", "edge", "nines", "wide", "huge", "round", "special"]


def any_number():
    return number(rng.choice(KINDS))


def numeric_cases():
    f = "numeric"
    binary = {"add": "{0}::numeric + {1}::numeric", "sub": "{0}::numeric - {1}::numeric",
              "mul": "{0}::numeric * {1}::numeric", "div": "{0}::numeric / {1}::numeric",
              "mod": "{0}::numeric % {1}::numeric", "div_trunc": "div({0}::numeric, {1}::numeric)"}
    for op, sql in binary.items():
        for _ in range(450):
            case(f, op, sql, any_number(), any_number())
    for _ in range(300):
        case(f, "compare", "numeric_cmp({0}::numeric, {1}::numeric)", *rng.choice(
            [(any_number(), any_number()), (lambda n: (n, n + ".0" if "." not in n and n[-1].isdigit() else n))(any_number())]))
    for _ in range(60):
        case(f, "gcd", "gcd({0}::numeric, {1}::numeric)", any_number(), any_number())
        case(f, "lcm", "lcm({0}::numeric, {1}::numeric)", number(rng.choice(["small", "money", "edge"])), any_number())
    for op in ["ceil", "floor", "abs", "sign", "scale", "min_scale", "trim_scale"]:
        for _ in range(60):
            case(f, op, op + "({0}::numeric)", any_number())
    for op in ["round", "trunc"]:
        for _ in range(200):
            case(f, op, op + "({0}::numeric, {1}::int)", any_number(), rng.choice([0, 1, 2, 5, 10, 40, -1, -2, -5, -20, 130]))
    for _ in range(200):
        case(f, "sqrt", "sqrt({0}::numeric)", any_number().lstrip("-") if rng.random() < .9 else any_number())
    for _ in range(150):
        case(f, "ln", "ln({0}::numeric)", any_number().lstrip("-") if rng.random() < .9 else any_number())
        case(f, "log10", "log({0}::numeric)", any_number().lstrip("-"))
    for x in ["0.9", "1.1", "1.05", "0.99999", "1.0000000001", "1.00", "2.718281828459045", "1e100", "1e-100", "1e1000"]:
        case(f, "ln", "ln({0}::numeric)", x)
    for _ in range(80):
        case(f, "log", "log({0}::numeric, {1}::numeric)", number(rng.choice(["small", "money", "tiny", "special"])).lstrip("-"),
             any_number().lstrip("-"))
    for _ in range(150):
        x = rng.choice([f"{rng.uniform(-50, 50):.{rng.randint(0, 20)}f}", f"{rng.uniform(-3000, 3000):.3f}", number("tiny"),
                        number("special")])
        case(f, "exp", "exp({0}::numeric)", x)
    for _ in range(250):
        base = number(rng.choice(["small", "decimal", "tiny", "special", "money"]))
        e = rng.choice([str(rng.randint(-30, 30)), f"{rng.uniform(-5, 5):.{rng.randint(1, 8)}f}", "0.5", "2", "-1", number("special")])
        if rng.random() < .7:
            base = base.lstrip("-")
        case(f, "power", "power({0}::numeric, {1}::numeric)", base, e)
    for b, e in [("1.0000001", "100000"), ("2", "1000"), ("10", "-50"), ("0.1", "400"), ("9.99", "-1000"), ("1.5", "4294967297"),
                 ("1", "4294967297"), ("-1", "4294967297"), ("10", "131072"), ("10", "131071.5"), ("0", "0"), ("0", "0.5")]:
        case(f, "power", "power({0}::numeric, {1}::numeric)", b, e)
    for n in [-1, 0, 1, 2, 3, 10, 20, 21, 33, 34, 50, 100, 300, 32178]:
        case(f, "factorial", "factorial({0}::bigint)", n)
    for _ in range(100):
        case(f, "width_bucket", "width_bucket({0}::numeric, {1}::numeric, {2}::numeric, {3}::int)",
             rng.choice([number("small"), number("money"), number("special")]), rng.choice(["0", "10", "-100", "500.5", "NaN"]),
             rng.choice(["1000", "0.0", "-3.33", "Infinity", "10"]), rng.choice([1, 3, 10, 0, 2147483647]))
    for _ in range(120):
        x = rng.choice([any_number(), number("edge"), "32767.5", "-32768.4", "2147483647.49", "9223372036854775807.5"])
        for op, t in [("int2", "int2"), ("int4", "int4"), ("int8", "int8"), ("float4", "float4"), ("float8", "float8")]:
            case(f, "to_" + op, "{0}::numeric::" + t, x)
    for _ in range(60):
        x = rng.choice([repr(rng.uniform(-1e6, 1e6)), repr(rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 30)), "NaN", "Infinity", "0"])
        case(f, "from_float8", "{0}::float8::numeric", x)
        case(f, "from_float4", "{0}::float4::numeric", x)
    for _ in range(300):
        p = rng.randint(1, 40)
        s = rng.choice([0, 2, rng.randint(0, p), rng.randint(-5, 45)])
        case(f, "typmod", "pg_catalog.\"numeric\"({0}::numeric, ((({1}::int << 16) | ({2}::int & 2047)) + 4))", any_number(), p, s)
    for _ in range(120):
        case(f, "send", "encode(numeric_send({0}::numeric), 'hex')", any_number())
    texts = ["", " ", "1", " 1 ", "+1", "--1", "1.", ".5", ".", "1e5", "1e-5", "1E+3", "1e", "1e+", "1.5e3", "nan", "NAN", "+nan", "inf", "-inf",
             "+Infinity", "infinit", "1 2", "0x10", "1_000", "1e400", "1e131071", "1e131072", "1e-16383", "1e-16384", "0e99999", "1e2147483647",
             "1e99999999999", "000123.4500", "-0", "-0.00", "12a", "1..2", "1.2.3", "\t1\n", "123456789012345678901234567890123456789"]
    for t in texts:
        case(f, "parse", "{0}::numeric", t)
    for _ in range(200):
        case(f, "parse", "{0}::numeric", rng.choice(["", " ", "+"]) + any_number() + rng.choice(["", " ", f"e{rng.randint(-40, 40)}"]))


# --- dates and times
DATE_TEXTS = """1999-01-08|January 8, 1999|1/8/1999|1/18/1999|01/02/03|1999-Jan-08|Jan-08-1999|08-Jan-1999|99-Jan-08|08-Jan-99|Jan-08-99
19990108|990108|1999.008|J2451187|January 8, 99 BC|8.1.1999|18.1.1999|2001-02-29|2000-02-29|2001-13-01|2001-02-30|0000-01-01|0001-01-01
0001-01-01 BC|4713-11-24 BC|4714-11-23 BC|4714-11-24 BC|5874897-12-31|5874898-01-01|294276-12-31|infinity|-infinity|+infinity|epoch
Mon Jan 8 1999|Monday, January 8 1999|8 January 1999|1999 8 January|1999 January 8|Jan 8|1999-1|1999|99|1999-01-08 04:05:06|1999-01-08T04:05:06Z
13/12/2001|12/13/2001|31/12/01|2001/12/31|2001-366|2000-366|2001-001|20010101T040506|J0|J-1|jd 2451187|julian 2451187|x|1999-01-08x|
1999-01-08 BC|01-08-1999 AD|08/01/99|1999 jan 08 monday|tuesday|2020-02-|2020-|-2020-01-01|99999-01-01|10000-01-01|1-1-1|1-2-3|2020-01-01-05
2020-01-01+05|feb 30 2020|sept 5 2020|Sep-5-2020|5-sept-2020|2020.01.05|05.01.2020|20200105|2020 01 05|200105|1999-01-08 foo|99999999999-01-01""".replace("\n", "|").split("|")
TIME_TEXTS = """04:05:06.789|04:05:06|04:05|040506|0405|04:05 AM|04:05 PM|12:00 AM|12:00 PM|13:00 PM|13:00 AM|04:05:06.789-8|04:05:06-08:00|04:05-08:00
040506-08|040506+0730|040506+07:30:00|04:05:06 PST|04:05:06 America/New_York|2003-04-12 04:05:06 America/New_York|24:00:00|24:00:01|23:59:60
23:59:60.5|25:00|12:60|12:00:61|allballs|04:05:06.1234567|04:05:06.9999999|4:5:6|4:5|4|T040506|t 04:05:06|04:05:06 BC|noon||04:05:06 utc
04:05:06 zulu|04:05:06z|04:05:06 EST5EDT|04:05:06+15:59:59|04:05:06+16|04:05:06 MET DST|00:00:00.000001|1:2:3.4 pm|040506.789|12:34:56.5 +02:30
04:05:06 Asia/Kolkata|04:05:06 Foo/Bar|04:05:06 foo|123456789|2000-01-01|12:00:00-|12.5|1234.5|10:00:00 CET""".replace("\n", "|").split("|")
STAMP_TEXTS = """1999-01-08 04:05:06|1999-01-08 04:05:06 -8:00|January 8 04:05:06 1999 PST|1999-01-08T04:05:06.123456789Z|1999-01-08T040506|19990108T040506
19990108 040506|1999-01-08 04:05:06 America/New_York|2021-03-14 02:30:00 America/New_York|2021-11-07 01:30:00 America/New_York|2021-03-14 02:30:00
2021-11-07 01:30:00|2021-03-28 02:30:00|2021-10-31 02:30:00|2021-11-07 01:30:00 EST|2021-11-07 01:30:00 EDT|2014-10-26 01:30:00 Europe/Moscow
2011-03-27 02:30 MSK|2010-06-01 12:00 MSK|2000-01-01 00:00 MSK|2015-01-01 00:00 MSK|1900-01-01 00:00:00|1883-11-18 12:03:58|1850-06-01 12:00:00|0044-03-15 12:00:00 BC
4714-11-24 00:00:00 BC|4714-11-23 23:59:59 BC|294276-12-31 23:59:59.999999|294277-01-01|infinity|-infinity|epoch|2000-01-01 24:00:00|2000-01-01 23:59:60
2000-02-30 00:00|2000-01-01 25:00|Sat Feb 16 17:32:01 1997 PST|Feb 16 17:32:01 1997 -0800|97FEB10 5:32:01PM UTC|97-02-10 17:32:01.0-08|1997.041 17:32:01 UTC
Feb 16 17:32:01 97 PST|1997-02-16T17:32:01+08|2000-01-01 12:34:56+07:30:15|2000-01-01 12:34:56 +15:59|2000-01-01 12:34:56+16:00|2000-01-01 12:00 PM|2000-01-01 00:00 AM|2000-01-01 13:00 AM
J2451545.5|J2451545 12:00|J2451545-08|20000101|2000-01-01 zulu|2000-01-01 allballs|2000-01-01 10:00 PST PST|2000-01-01 10:00 10:00|2050-07-01 12:00:00|2100-01-01 12:00:00 Europe/Berlin
2000-01-01 10:00 nehwon/lankhmar|2000-01-01 10:00 abc|2000-01-01 10:00:00.5 EST5EDT|2000-06-01 10:00 EST5EDT|1/2/2000 3:04|31/12/2000 03:04|12.31.2000 03:04|31.12.2000 03:04|2000-01-01 04:05:06.|2000-01-01 04:05:06.1234565
10:00|now foo||2000-01-01 10|2000-01-01 10:00 +|2000-01-01 10:00 @|2000-01-01 10:00:00-07:00:00.5|Wed Jul 01 12:00:00 2020 CEST|2020-07-01 12:00 CEST|2020-07-01 12:00 CLT|2020-07-01 12:00 ART|2000-01-01 10:00 MET DST|2000-07-01 10:00 <+05>-5""".replace("\n", "|").split("|")
ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "EST5EDT", "Europe/Dublin", "Etc/GMT+5"]
STYLES = ["ISO, MDY", "ISO, DMY", "ISO, YMD", "SQL, MDY", "SQL, DMY", "Postgres, MDY", "Postgres, DMY", "German, DMY", "German, YMD"]


def stamp(lo=1800, hi=2200):
    return (f"{rng.randint(lo, hi):04d}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:"
            f"{rng.randint(0, 59):02d}" + rng.choice(["", "." + digits(rng.randint(1, 6))]))


def settings_of(style="ISO, MDY", interval="postgres", zone="UTC", extra=1):
    return f"{style};{interval};{zone};{extra}"


def datetime_cases():
    f = "datetime"
    for style in STYLES:
        zone = rng.choice(ZONES)
        for t in DATE_TEXTS:
            case(f, "date", "{0}::date", t, settings=settings_of(style, zone=zone))
    for style in ["ISO, MDY", "SQL, DMY", "Postgres, MDY", "German, YMD"]:
        for t in STAMP_TEXTS:
            case(f, "timestamp", "{0}::timestamp", t, settings=settings_of(style, zone=rng.choice(ZONES)))
            case(f, "timestamptz", "{0}::timestamptz", t, settings=settings_of(style, zone=rng.choice(ZONES)))
    for t in TIME_TEXTS:
        case(f, "time", "{0}::time", t)
        # The offset of a time without a date is today's: only zones that never change give the same answer every day.
        case(f, "timetz", "{0}::timetz", t, settings=settings_of(zone=rng.choice(["UTC", "Asia/Kolkata", "Etc/GMT+5"])))
    for zone in ZONES:
        for _ in range(60):
            case(f, "timestamptz", "{0}::timestamptz", stamp(), settings=settings_of(rng.choice(STYLES), zone=zone))
            case(f, "to_local", "({0}::timestamptz at time zone {1})", stamp() + "+00", zone)
            case(f, "to_utc", "({0}::timestamp at time zone {1})", stamp(), zone)
    for _ in range(200):
        case(f, "timestamp", "{0}::timestamp", stamp(1, 9999), settings=settings_of(rng.choice(STYLES)))
    for _ in range(250):
        iv = rng.choice([f"{rng.randint(-50, 50)} months {rng.randint(-40, 40)} days", f"{rng.randint(-100, 100)} hours",
                         f"{rng.randint(-10, 10)} years {rng.randint(-90, 90)} minutes", "1 month", "-1 month", "1 day", "300000 years", "-1 day 2 hours"])
        t = rng.choice([stamp(), "2020-01-31 10:00", "2020-03-31 02:30", "2021-03-13 02:30", "2021-11-06 01:30", "infinity"])
        case(f, "add", "{0}::timestamp + {1}::interval", t, iv)
        case(f, "sub", "{0}::timestamp - {1}::interval", t, iv)
        case(f, "add_tz", "{0}::timestamptz + {1}::interval", t, iv, settings=settings_of(zone=rng.choice(ZONES)))
        case(f, "sub_tz", "{0}::timestamptz - {1}::interval", t, iv, settings=settings_of(zone=rng.choice(ZONES)))
        a, b = stamp(), rng.choice([stamp(), "2020-02-29 00:00", "2020-03-01 00:00:00.5"])
        case(f, "age", "age({0}::timestamp, {1}::timestamp)", a, b)
        case(f, "age_tz", "age({0}::timestamptz, {1}::timestamptz)", a, b, settings=settings_of(zone=rng.choice(ZONES)))
        case(f, "diff", "{0}::timestamp - {1}::timestamp", a, b)
    units = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
             "millennium", "dow", "isodow", "doy", "isoyear", "julian", "epoch", "timezone", "timezone_hour", "timezone_minute", "fortnight", "TODAY", "Hours"]
    stamps = [stamp() for _ in range(4)] + ["2020-12-31 23:59:59.999999", "2021-01-03 00:00", "0044-03-15 12:00:01 BC", "0001-01-01 00:00", "infinity", "-infinity"]
    for unit in units:
        for t in stamps:
            zone = rng.choice(ZONES)
            case(f, "extract", f"extract({unit} from {{1}}::timestamp)", unit, t)
            case(f, "extract_tz", f"extract({unit} from {{1}}::timestamptz)", unit, t, settings=settings_of(zone=zone))
            case(f, "extract_date", f"extract({unit} from {{1}}::date)", unit, t)
            case(f, "date_trunc", "date_trunc({0}, {1}::timestamp)", unit, t)
            case(f, "date_trunc_tz", "date_trunc({0}, {1}::timestamptz)", unit, t, settings=settings_of(zone=zone))
            case(f, "date_part", "date_part({0}, {1}::timestamp)", unit, t)
        case(f, "extract_time", f"extract({unit} from {{1}}::time)", unit, "13:30:25.575401")
        case(f, "extract_timetz", f"extract({unit} from {{1}}::timetz)", unit, "13:30:25.575401-04:30")
    for _ in range(60):
        case(f, "date_bin", "date_bin({0}::interval, {1}::timestamp, {2}::timestamp)",
             rng.choice(["15 minutes", "1 day", "7 days", "1 month", "0 s", "-1 s", "2.5 hours"]), stamp(), rng.choice([stamp(), "2001-01-01", "infinity"]))
        y, m, d = rng.choice([2020, -44, 0, 5874897, 6000000, 1999]), rng.randint(0, 13), rng.randint(0, 32)
        case(f, "make_date", "make_date({0}::int, {1}::int, {2}::int)", y, m, d)
        h, mi, s = rng.randint(-1, 25), rng.randint(0, 60), rng.choice([0, 59.9999999, 60, 60.5, 12.345678, 30])
        case(f, "make_time", "make_time({0}::int, {1}::int, {2}::float8)", h, mi, s)
        case(f, "make_timestamp", "make_timestamp({0}::int, {1}::int, {2}::int, {3}::int, {4}::int, {5}::float8)",
             rng.choice([2020, -44, 294277, 0]), rng.randint(1, 12), rng.randint(1, 31), h, mi, s)
    for _ in range(60):
        case(f, "to_timestamp", "to_timestamp({0}::float8)", rng.choice(["0", "1e9", "NaN", "Infinity", "1e15", "-1e15", repr(rng.uniform(-1e10, 1e10))]))
    for t, d in [("2020-01-01", "5"), ("5874897-12-31", "1"), ("infinity", "3"), ("4714-11-24 BC", "-1")]:
        case(f, "date_add", "{0}::date + {1}::int", t, d)
    for t in ["2020-01-01", "5874897-12-31", "infinity", "294276-12-31", "294277-01-01", "2021-03-14"]:
        case(f, "date_to_timestamp", "{0}::date::timestamp", t)
        case(f, "date_to_timestamptz", "{0}::date::timestamptz", t, settings=settings_of(zone="America/New_York"))


INTERVAL_TEXTS = """1|1 day|-1 day|1 day 2 hours|1 year 2 months 3 days 4 hours 5 minutes 6 seconds|1-2|1-2 3 4:05:06|-1-2 +3 -4:05:06|3 4:05:06|4:05:06|4:05|-4:05:06.789|1 4:05
P1Y2M3DT4H5M6S|P1Y|PT6S|P0001-02-03T04:05:06|P00010203T040506|P1.5Y|P-1Y-2M3DT-4H|PT|P|P1|PT1|P1W|PT0.000001S|P1Y2W|PT-.5S|P0.1D|PT1.5H|P1YT|p1y
@ 1 minute|1 min ago|@ 1 year -2 mons ago|1.5 years|1.5 months|1.5 weeks|1.5 days|1.5 hours|.5 s|-.5 s|1.123456789 s|1 decade|1 century 2 decades|1 millennium|3 ms|5 us|1 microsecond
1 week|2 weeks 3 days|1 mon|5 m|5 M|5 minutes 3|1 day 1 day|1 day day|day 1|day||x|1 x|1 quarter|infinity|now|today|1 fortnight|1e5|1 1|1 2 3|01:02:03.5 ago|1 year ago ago|99999999999 years
2147483647 months|2147483648 months|178956970 years 7 months|178956970 years 8 months|-178956970 years -8 months|9223372036854775807 us|9223372036854775808 us|2562047788:00:54.775807|2562047788:00:54.775808|106751991167 days|2147483647 days|2147483648 days
1 12:59:60|1:60|1:59:61|12:34.5|1 +02:03|-1 +02:03:04|-1 2:03:04|+1 -2:03|1 year 2-3|1.5-2|1-12|1-11|-0-1|100 hours 100 minutes 100 secs|1 day -1 hours|1 mon -1 days|-23 hours 45 min 12.34 sec|1yr 2mons 3d 4hr 5min 6sec|1h 2m 3s|6 days ago 3 hours""".replace("\n", "|").split("|")
INTERVAL_STYLES = ["postgres", "postgres_verbose", "sql_standard", "iso_8601"]


def interval_cases():
    f = "interval"
    for style in INTERVAL_STYLES:
        for t in INTERVAL_TEXTS:
            case(f, "interval", "{0}::interval", t, settings=settings_of(interval=style))

    def some():
        parts = [f"{rng.randint(-30, 30)} {u}" for u in ["years", "mons", "days", "hours", "mins"] if rng.random() < .5]
        if rng.random() < .5:
            parts.append(f"{rng.uniform(-100, 100):.{rng.randint(0, 6)}f} secs")
        return " ".join(parts) or "0"
    for _ in range(250):
        case(f, "interval", "{0}::interval", some(), settings=settings_of(interval=rng.choice(INTERVAL_STYLES)))
        a, b = some(), some()
        case(f, "add", "{0}::interval + {1}::interval", a, b)
        case(f, "sub", "{0}::interval - {1}::interval", a, b)
        case(f, "compare", "interval_cmp({0}::interval, {1}::interval)", a, rng.choice([b, a]))
        k = rng.choice(["2", "0.5", "-1.3", "1e10", "0", "3", "NaN", repr(rng.uniform(-9, 9))])
        case(f, "mul", "{0}::interval * {1}::float8", a, k)
        case(f, "div", "{0}::interval / {1}::float8", a, k)
        for op in ["justify_hours", "justify_days", "justify_interval"]:
            case(f, op, op + "({0}::interval)", rng.choice([a, f"{rng.randint(-99, 99)} mons {rng.randint(-99, 99)} days {rng.randint(-99, 99)} hours"]))
    for unit in ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
                 "millennium", "epoch", "dow", "timezone", "foo"]:
        for _ in range(5):
            t = some()
            case(f, "extract", f"extract({unit} from {{1}}::interval)", unit, t)
            case(f, "date_trunc", "date_trunc({0}, {1}::interval)", unit, t)
    for q in ["year", "month", "day", "hour", "minute", "second", "year to month", "day to hour", "day to minute", "day to second",
              "hour to minute", "hour to second", "minute to second", "second(2)", "day to second(0)"]:
        for t in ["1", "1 2:03", "1:02", "1 2:03:04.567", "1-2", "1 year 2 mons 3 days 04:05:06.789"]:
            case(f, "qualified", f"{{1}}::interval {q}", q, t)


def scalar_cases():
    f = "scalar"
    for t in ["1", "0", "-1", "1.5", "1e10", "1e400", "-1e400", "1e-400", "1e-320", "NaN", "nan", "inf", "-Infinity", "infinit", "", " ", " 1 ", "1x", "0x1F", "1e", "+1",
              "--1", "3.4e38", "3.5e38", "1e-45", "1e-46", "123456789", "1e15", "1e16", "123456.789", "1234567", "0.0001", "0.00001", "100000", "1000000", "-0", ".5", "5.", ".", "1_0", "+-1"]:
        for extra in [1, 0, -3]:
            case(f, "float8", "{0}::float8", t, settings=settings_of(extra=extra))
            case(f, "float4", "{0}::float4", t, settings=settings_of(extra=extra))
    for _ in range(300):
        x = rng.choice([repr(rng.uniform(-1, 1) * 10.0 ** rng.randint(-20, 25)), repr(rng.uniform(-1e6, 1e6)), str(rng.randint(0, 10**17))])
        case(f, "float8", "{0}::float8", x)
        case(f, "float4", "{0}::float4", x)
        case(f, "float8", "{0}::float8", x, settings=settings_of(extra=0))
    for t in ["0", "1", "-1", "+5", " 7 ", "32767", "32768", "-32768", "-32769", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807",
              "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "", " ", "-", "1.5", "1e3", "0x1", "1 2", "a", "4294967295", "4294967296", "99999999999999999999x", "\t1\n"]:
        for ty in ["int2", "int4", "int8", "oid"]:
            case(f, ty, "{0}::" + ty, t)
    for t in ["t", "true", "TRUE", "tr", "yes", "y", "on", "o", "of", "off", "1", "0", "n", "no", "f", "fals", " true ", "", "2", "truee", "10"]:
        case(f, "bool", "{0}::bool", t)
    for t in ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
              "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "", "x", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11x", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]:
        case(f, "uuid", "{0}::uuid", t)
    for t in ["", "\\x", "\\xDEAD", "\\xDE AD", "\\xD", "\\xGG", "abc", "a\\\\b", "a\\000b", "\\377", "\\400", "a\\b", "\\", "\\1"]:
        case(f, "bytea", "{0}::bytea", t)
        case(f, "bytea_escape", "encode({0}::bytea, 'escape')", t)
    for t in ["abc", "abcd", "abc  ", "ab", "", "äöü", "äöüx", "  a"]:
        case(f, "varchar3", "'<' || {0}::text::varchar(3) || '>'", t)
        case(f, "bpchar3", "octet_length({0}::text::char(3))::text", t)
    for t in ["101", "b101", "x1F", "X1g", "102", "", "x"]:
        case(f, "varbit", "{0}::varbit", t)
        case(f, "bit3", "bit_in({0}::cstring, 0, 3)", t)


SETUP = r"""
create function pg_temp.attempt(settings text, expression text) returns text language plpgsql as $$
declare r text; m text; d text; h text; s text[] := string_to_array(settings, ';');
begin
  perform set_config('datestyle', s[1], true), set_config('intervalstyle', s[2], true), set_config('timezone', s[3], true),
          set_config('extra_float_digits', s[4], true);
  begin
    execute 'select (' || expression || ')::text' into r;
    return '=' || coalesce(r, 'NULL');
  exception when others then
    get stacked diagnostics m = message_text, d = pg_exception_detail, h = pg_exception_hint;
    return '!' || sqlstate || ' ' || m || case when d <> '' then '|detail: ' || d else '' end || case when h <> '' then '|hint: ' || h else '' end;
  end;
end $$;
create temp table cases(id int, settings text, expression text);
"""


def escape(s):
    return s.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def main():
    numeric_cases()
    datetime_cases()
    interval_cases()
    scalar_cases()
    work = tempfile.mkdtemp(prefix="varve-record-")
    as_postgres = lambda command: ["su", "postgres", "-c", command] if os.geteuid() == 0 else ["sh", "-c", command]
    if os.geteuid() == 0:
        shutil.chown(work, "postgres")
    try:
        subprocess.run(as_postgres(f"{BIN}/initdb -D {work}/d -E UTF8 --locale=C -A trust > {work}/log"), check=True)
        subprocess.run(as_postgres(f"{BIN}/pg_ctl -D {work}/d -w -l {work}/log -o \"-k {work} -c listen_addresses= -c fsync=off\" start > /dev/null"), check=True)
        for name, cases in files.items():
            data = "".join(f"{i}\t{escape(c[1])}\t{escape(c[2])}\n" for i, c in enumerate(cases))
            script = SETUP + "copy cases from stdin;\n" + data + "\\.\ncopy (select pg_temp.attempt(settings, expression) from cases order by id) to stdout;\n"
            out = subprocess.run(["psql", "-h", work, "-U", "postgres", "-qX", "-v", "ON_ERROR_STOP=1", "-f", "-", "postgres"], input=script,
                                 capture_output=True, text=True, check=True).stdout.splitlines()
            assert len(out) == len(cases), (name, len(out), len(cases))
            with open(f"{HERE}/{name}.tsv", "w") as f:
                for c, result in zip(cases, out):
                    f.write("\t".join([c[0], c[1], result] + [escape(a) for a in c[3]]) + "\n")
            print(f"{name}.tsv: {len(cases)} cases")
    finally:
        subprocess.run(as_postgres(f"{BIN}/pg_ctl -D {work}/d -m immediate stop > /dev/null"))
        shutil.rmtree(work, ignore_errors=True)


main()
