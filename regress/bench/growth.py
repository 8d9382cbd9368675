#!/usr/bin/python3
"""What a hypertable's history costs: planning over many chunks, the last value of a series, and scans of more and more chunks.

    regress/bench/growth.py [--chunks 10000] [--devices 10] [--times 51] [--directory DIR]

Chunks are of an hour, with a row of each device every five minutes. Planning is EXPLAIN's own "Planning Time", the median of
many; the rest is the server's processor time for a run, of as many runs as take 50 ms or more, the least of five such series. Answers
are compared with what arithmetic says. Ends with 1 if one is wrong, planning takes more than 2 ms, the last value by an index more than
three times as long with all chunks as with a hundredth of them, or a chunk of the longest scan twice as long as one of the shortest.
"""
import argparse
import contextlib
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import planning  # noqa: E402
import servers  # noqa: E402
import tsbs_dml  # noqa: E402

STEPS = 12  # an hour
START = "timestamptz '2020-01-01 00:00+00'"


def fill(server, devices, first, last):
    """Hours [first, last), a day's worth of chunks a transaction."""
    for hour in range(first, last, 240):
        until = min(hour + 240, last)
        server.cursor.execute(
            f"INSERT INTO m SELECT {START} + s * interval '5 minutes', 'device_' || d, s FROM "
            f"generate_series({hour * STEPS}, {until * STEPS - 1}) s, generate_series(0, {devices - 1}) d")
    server.cursor.execute("SELECT varve_settle('m')")
    server.settle_down()


def cost_us(server, statement, expected):
    """Processor time of a run, which must answer as expected."""
    server.cursor.execute(statement)
    answer = server.cursor.fetchone()
    if answer != expected:
        raise servers.ServerError(f"{statement}\n  answers {answer}, not {expected}")
    best, runs = None, 1
    for _ in range(5):
        while True:
            before = server.cpu_ns()
            for _ in range(runs):
                server.cursor.execute(statement)
            spent = server.cpu_ns() - before
            if spent >= 50_000_000:
                break
            runs *= 2
        best = min(best or spent / runs, spent / runs)
    return best / 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10000)
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--times", type=int, default=51)
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where the cluster lies meanwhile")
    args = parser.parse_args()
    ok = True
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-growth-", dir=args.directory))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(servers.Varve(folder, {"columnar_settle_interval": "0"}))
        varve = tsbs_dml.Measured(server.dsn(), server.process.pid)
        varve.cursor.execute("CREATE EXTENSION timescaledb")
        varve.cursor.execute("CREATE TABLE m (time timestamptz NOT NULL, device text NOT NULL, v float8)")
        varve.cursor.execute("SELECT create_hypertable('m', by_range('time', INTERVAL '1 hour'))")
        varve.cursor.execute("ALTER TABLE m SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device', "
                             "timescaledb.orderby = 'time')")
        varve.cursor.execute("CREATE INDEX ON m (device, time)")
        print("| chunks | planning, all | planning, one hour | last value by the index | without an index | scan of all | of it a chunk |\n"
              "|---:|---:|---:|---:|---:|---:|---:|")
        filled, first = 0, {}
        for chunks in (args.chunks // 100, args.chunks // 10, args.chunks):
            fill(varve, args.devices, filled, chunks)
            filled = chunks
            varve.cursor.execute("ANALYZE m")
            hour = f"time >= {START} + interval '{chunks // 2} hours' AND time < {START} + interval '{chunks // 2 + 1} hours'"
            plans = [planning.planning_ms(varve.cursor, f"SELECT sum(v) FROM m WHERE {condition}", args.times)
                     for condition in ("v > 3", hour)]
            steps = chunks * STEPS
            newest = "SELECT v FROM m WHERE device = 'device_3' ORDER BY time DESC LIMIT 1"
            last = cost_us(varve, newest, (float(steps - 1),))
            varve.cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
            scanned = cost_us(varve, newest, (float(steps - 1),))
            varve.cursor.execute("RESET enable_indexscan; RESET enable_bitmapscan")
            scan = cost_us(varve, "SELECT sum(v) FROM m", (float(steps * (steps - 1) // 2 * args.devices),))
            print(f"| {chunks:,} | {plans[0]:.3f} ms | {plans[1]:.3f} ms | {last:.0f} µs | {scanned:.0f} µs | {scan / 1000:.2f} ms | {scan / chunks:.2f} µs |", flush=True)
            first = first or {"last": last, "scan": scan / chunks}
            ok = ok and max(plans) <= 2
        ok = ok and last <= 3 * first["last"] and scan / chunks <= 2 * first["scan"]
    return 0 if ok else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except servers.ServerError as error:
        sys.exit(str(error))
