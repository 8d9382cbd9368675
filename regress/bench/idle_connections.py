#!/usr/bin/python3
"""What idle connections cost: memory of the server for each, threads, and the latency of a query beside them.

    regress/bench/idle_connections.py [--connections N] [--postgres]
"""
import argparse
import pathlib
import resource
import statistics
import sys
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402


def tree(pid):
    """The process and its descendants."""
    found = [pid]
    for parent in found:
        for children in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def memory_kib(pid):
    """Proportional set size: pages shared by several processes count once."""
    total = 0
    for one in tree(pid):
        for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def threads(pid):
    return sum(len(list(pathlib.Path(f"/proc/{one}/task").iterdir())) for one in tree(pid))


def latency_us(dsn):
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    samples = []
    with connection.cursor() as cursor:
        for _ in range(2000):
            started = time.perf_counter()
            cursor.execute("SELECT 1")
            samples.append(time.perf_counter() - started)
    connection.close()
    return statistics.median(samples) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--postgres", action="store_true")
    args = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server_class = servers.Postgres if args.postgres else servers.Varve
    with server_class(settings={"max_connections": str(args.connections + 20)}) as server:
        pid = server.process.pid
        latency_us(server.dsn())
        before, threads_before, latency_before = memory_kib(pid), threads(pid), latency_us(server.dsn())
        started = time.monotonic()
        idle = []
        for _ in range(args.connections):
            connection = psycopg2.connect(server.dsn())
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            idle.append(connection)
        connect_s = time.monotonic() - started
        time.sleep(2)
        after, threads_after, latency_after = memory_kib(pid), threads(pid), latency_us(server.dsn())
        print(f"| {server.name} | without | with {args.connections:,} idle |\n|---|---:|---:|")
        print(f"| memory, MiB | {before / 1024:.1f} | {after / 1024:.1f} |")
        print(f"| threads and processes | {threads_before} | {threads_after} |")
        print(f"| latency of SELECT 1, µs | {latency_before:.0f} | {latency_after:.0f} |")
        print(f"\n{(after - before) / args.connections:.1f} KiB for each connection; {args.connections / connect_s:,.0f} "
              "connections made each second")
        for connection in idle:
            connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
