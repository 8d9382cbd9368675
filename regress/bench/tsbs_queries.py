"""The query classes of TSBS's "devops" use case, and some that it lacks, as {name: {peer: sql}}.

BUCKET(width) stands for the function that rounds times down, which has another name everywhere.
"""
import random
import re

METRICS = ["usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait", "usage_irq", "usage_softirq",
           "usage_steal", "usage_guest", "usage_guest_nice"]
BUCKETS = {"varve": r"time_bucket('\1', time)", "postgres": r"date_bin('\1', time, timestamptz '2000-01-01 00:00:00+00')",
           "duckdb": r"time_bucket(INTERVAL '\1', time)"}
COLUMNS = "time timestamptz NOT NULL, host text NOT NULL, " + ", ".join(f"{m} float8" for m in METRICS)


def spelled(sql):
    return {peer: re.sub(r"BUCKET\(([^)]*)\)", text, sql) for peer, text in BUCKETS.items()}


class Choices:
    """Hosts and spans of time, the same in every run."""

    def __init__(self, hosts, steps, seed):
        self.hosts, self.seconds, self.random = hosts, steps * 10, random.Random(seed)

    def some_hosts(self, count):
        chosen = self.random.sample(range(self.hosts), min(count, self.hosts))
        return "host IN (" + ", ".join(f"'host_{h}'" for h in sorted(chosen)) + ")"

    def time(self, seconds):
        day, rest = divmod(seconds, 86400)
        return f"timestamptz '2024-01-01 00:00:00+00' + interval '{day} days' + interval '{rest} seconds'"

    def span(self, hours):
        length = min(int(hours * 3600), self.seconds)
        start = self.random.randrange(0, self.seconds - length + 1)
        return f"time >= {self.time(start)} AND time < {self.time(start + length)}"


def aggregates(function, count):
    return ", ".join(f"{function}({m})" for m in METRICS[:count])


def gapfill(choices):
    host, start = choices.some_hosts(1), choices.random.randrange(0, choices.seconds // 7200) * 3600
    begin, end = choices.time(start), choices.time(start + 7200)
    where = f"{host} AND time >= {begin} AND time < {end} AND extract(minute FROM time) < 30"
    filled = """SELECT g.t, avg(c.usage_user) FROM generate_series({0}, {1} - interval '5 minutes', interval '5 minutes') g(t)
        LEFT JOIN (SELECT {2} AS b, usage_user FROM cpu WHERE {3}) c ON c.b = g.t GROUP BY g.t ORDER BY g.t"""
    texts = {p: filled.format(begin, end, BUCKETS[p].replace(r"\1", "5 minutes"), where)
             for p in ("postgres", "duckdb")}
    texts["varve"] = f"SELECT time_bucket_gapfill('5 minutes', time) AS b, avg(usage_user) FROM cpu WHERE {where} GROUP BY b ORDER BY b"
    return texts


def queries(hosts, steps, seed=1):
    c = Choices(hosts, steps, seed)
    made = {}
    for metrics, some, hours in ((1, 1, 1), (1, 1, 12), (1, 8, 1), (5, 1, 1), (5, 1, 12), (5, 8, 1)):
        made[f"single-groupby-{metrics}-{some}-{hours}"] = spelled(
            f"SELECT BUCKET(1 minute) AS minute, {aggregates('max', metrics)} FROM cpu "
            f"WHERE {c.some_hosts(some)} AND {c.span(hours)} GROUP BY minute ORDER BY minute")
    for metrics, name in ((1, "1"), (5, "5"), (10, "all")):
        made[f"double-groupby-{name}"] = spelled(
            f"SELECT BUCKET(1 hour) AS hour, host, {aggregates('avg', metrics)} FROM cpu WHERE {c.span(12)} "
            "GROUP BY hour, host ORDER BY hour, host")
    for some in (1, 8):
        made[f"cpu-max-all-{some}"] = spelled(
            f"SELECT BUCKET(1 hour) AS hour, {aggregates('max', 10)} FROM cpu WHERE {c.some_hosts(some)} AND {c.span(8)} "
            "GROUP BY hour ORDER BY hour")
    made["high-cpu-1"] = spelled(
        f"SELECT * FROM cpu WHERE usage_user > 90.0 AND {c.span(12)} AND {c.some_hosts(1)} ORDER BY time")
    made["high-cpu-all"] = spelled(f"SELECT * FROM cpu WHERE usage_user > 90.0 AND {c.span(12)} ORDER BY host, time")
    made["lastpoint"] = spelled("SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, time DESC")
    made["groupby-orderby-limit"] = spelled(
        "SELECT BUCKET(1 minute) AS minute, max(usage_user) FROM cpu "
        f"WHERE time < {c.time(c.seconds - 3600)} GROUP BY minute ORDER BY minute DESC LIMIT 5")
    made["gapfill"] = gapfill(c)
    made["percentile by host"] = spelled(
        "SELECT host, percentile_cont(0.95) WITHIN GROUP (ORDER BY usage_user) FROM cpu "
        f"WHERE {c.span(6)} GROUP BY host ORDER BY host")
    made["moving average"] = spelled(
        "SELECT host, max(a) FROM (SELECT host, avg(usage_user) OVER (PARTITION BY host ORDER BY time "
        f"ROWS 59 PRECEDING) AS a FROM cpu WHERE {c.some_hosts(8)} AND {c.span(12)}) m GROUP BY host ORDER BY host")
    made["top hosts"] = spelled(
        f"SELECT host, avg(usage_user) AS busy FROM cpu WHERE {c.span(6)} GROUP BY host ORDER BY busy DESC, host LIMIT 10")
    made["count"] = spelled("SELECT count(*) FROM cpu")
    made["min, max of time"] = spelled("SELECT min(time), max(time) FROM cpu")
    made["full scan, 1 metric"] = spelled("SELECT sum(usage_user), min(usage_user), max(usage_user) FROM cpu")
    made["full scan, all metrics"] = spelled(f"SELECT count(*), {aggregates('avg', 10)} FROM cpu")
    made["full scan, rare values"] = spelled("SELECT count(*), avg(usage_idle) FROM cpu WHERE usage_system > 99.5")
    made["full scan by host"] = spelled("SELECT host, count(*), avg(usage_user), max(usage_system) FROM cpu GROUP BY host ORDER BY host")
    made["top 10 rows"] = spelled(
        "SELECT time, host, usage_user + usage_system AS busy FROM cpu ORDER BY busy DESC, time, host LIMIT 10")
    made["latest 10 rows"] = spelled("SELECT time, host, usage_user FROM cpu ORDER BY time DESC, host LIMIT 10")
    return made
