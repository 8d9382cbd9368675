#!/usr/bin/python3
"""pgbench on Varve and on PostgreSQL 15, side by side on this machine; prints a markdown table.

    regress/bench/pgbench.py [--scale N] [--seconds S] [--rounds N] [--clients 1,8,64] [--modes simple,extended,prepared]
                             [--socket unix|tcp]

Both commit durably (fsync on) in the same file system. Runs alternate between the two, so that a slow minute of the
machine hits both; the table shows the median of the rounds. The pgbench process shares the machine with the server.
"""
import argparse
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import servers  # noqa: E402

PGBENCH = shutil.which("pgbench") or str(servers.POSTGRES_BIN / "pgbench")
WORKLOADS = {"select-only": ["-S"], "tpcb-like": []}
POSTGRES_SETTINGS = {"shared_buffers": "1GB", "max_connections": "200", "fsync": "on", "synchronous_commit": "on",
                     "max_wal_size": "4GB"}


def pgbench(server, *options, timeout):
    command = [PGBENCH, "-h", server.socket_host, "-p", str(server.port), "-U", server.user, *map(str, options), "postgres"]
    result = subprocess.run(command, capture_output=True, text=True, env=servers.client_environment(), timeout=timeout)
    return result.returncode, result.stdout + result.stderr


def measure(server, workload, mode, clients, seconds):
    code, output = pgbench(server, "-n", "-M", mode, *WORKLOADS[workload], "-c", clients, "-j", min(clients, 2), "-T",
                           seconds, timeout=seconds * 3 + 60)
    found = re.search(r"^tps = ([\d.]+)", output, re.M)
    if code != 0 or not found:
        raise servers.ServerError(f"pgbench on {server.name}: {output[-500:]}")
    return float(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", default="1,8,64")
    parser.add_argument("--modes", default="simple,extended,prepared")
    parser.add_argument("--workloads", default="select-only,tpcb-like")
    parser.add_argument("--socket", choices=["unix", "tcp"], default="unix", help="how pgbench reaches the servers")
    parser.add_argument("--directory", type=pathlib.Path, default=servers.ROOT, help="where both keep their data")
    args = parser.parse_args()
    folders = [pathlib.Path(tempfile.mkdtemp(prefix=f"bench-{n}-", dir=args.directory)) for n in ("v", "p")]
    for folder in folders:
        folder.chmod(0o755)
    try:
        ours = {"shared_buffers": "1GB", "max_wal_size": "4GB", "unix_socket_directories": str(folders[0])}
        with servers.Varve(folders[0], ours) as varve, servers.Postgres(folders[1], POSTGRES_SETTINGS) as postgres:
            both = (varve, postgres)
            for server, folder in zip(both, folders):
                server.socket_host = server.host if args.socket == "tcp" else str(folder)
                code, output = pgbench(server, "-i", "-q", "-s", args.scale, timeout=3600)
                if code != 0:
                    print(f"pgbench -i on {server.name} failed: {output[-500:]}")
                    return 1
                server.execute("CHECKPOINT")
            print(f"\npgbench, scale {args.scale}, median of {args.rounds} runs of {args.seconds} s, durable commits, "
                  f"{'TCP' if args.socket == 'tcp' else 'Unix-domain'} sockets\n")
            print("| workload | mode | clients | Varve tps | PostgreSQL 15 tps | ratio |")
            print("|---|---|---:|---:|---:|---:|")
            for workload in args.workloads.split(","):
                for mode in args.modes.split(","):
                    for clients in map(int, args.clients.split(",")):
                        rates = {server.name: [] for server in both}
                        for round_number in range(args.rounds):
                            for server in both if round_number % 2 == 0 else reversed(both):
                                rates[server.name].append(measure(server, workload, mode, clients, args.seconds))
                        ours, theirs = (statistics.median(rates[s.name]) for s in both)
                        print(f"| {workload} | {mode} | {clients} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} |",
                              flush=True)
    finally:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
