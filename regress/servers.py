"""Starts and stops the servers that the system tests talk to, each in a temporary directory and on a free port.

Varve: the program under test. Postgres: PostgreSQL 15, for recording expected results and for comparisons; running
the tests does not need it.
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VARVE = pathlib.Path(os.environ.get("VARVE", ROOT / "build/bin/varve"))
POSTGRES_BIN = pathlib.Path(os.environ.get("POSTGRES_BIN", "/usr/lib/postgresql/15/bin"))
# The same client settings everywhere, whatever the developer's environment.
CLIENT_ENVIRONMENT = {"PGTZ": "UTC", "PGDATESTYLE": "ISO, MDY", "PGCLIENTENCODING": "UTF8", "LC_ALL": "C.UTF-8",
                      "PGCONNECT_TIMEOUT": "10", "PSQLRC": "/dev/null", "PAGER": "cat"}


class ServerError(Exception):
    pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def client_environment(**more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    environment.update(CLIENT_ENVIRONMENT)
    environment.update(more)
    return environment


class Server:
    """What both have in common. Use as a context manager: the server is stopped and its files are removed."""
    user = "postgres"
    host = "127.0.0.1"

    def __init__(self, directory=None, settings=None):
        self.owns_directory = directory is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix=f"varve-regress-{self.name}-"))
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.settings = dict(settings or {})
        self.port = free_port()
        self.process = None

    def __enter__(self):
        try:
            if not self.data.exists():
                self.init()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process is not None:
            self.kill()
        if self.owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def _spawn(self, command, wait_s, **popen):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, start_new_session=True, **popen)
        deadline = time.monotonic() + wait_s
        probe = ["psql", "-X", "-A", "-t", "-q", "-c", "SELECT 1", self.dsn("postgres")]
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerError(f"{self.name} ended with code {self.process.returncode}\n{self.log_tail()}")
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                with socket.create_connection((self.host, self.port), timeout=1):
                    pass
                if subprocess.run(probe, capture_output=True, env=client_environment(), timeout=20).returncode == 0:
                    return
            time.sleep(0.05)
        raise ServerError(f"{self.name} does not answer after {wait_s} s\n{self.log_tail()}")

    def stop(self, wait_s=60):
        if self.is_running():
            self.process.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self.process.wait(wait_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise ServerError(f"{self.name} does not stop") from None
        code = self.process.returncode if self.process else 0
        self.process = None
        return code

    def kill(self):
        """kill -9, of the process and what it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def dsn(self, database="postgres"):
        return f"host={self.host} port={self.port} user={self.user} dbname={database}"

    def psql(self, text, database="postgres", variables=(), timeout_s=120, environment=None):
        """Runs a script through psql; returns (output with errors in their places, exit code)."""
        command = ["psql", "-X", "-a", "-q", *(f"-v{v}" for v in variables), self.dsn(database)]
        try:
            result = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    env=client_environment(**(environment or {})), timeout=timeout_s)
        except subprocess.TimeoutExpired as timeout:
            partial = (timeout.output or b"").decode(errors="replace")
            return f"{partial}\npsql: stopped after {timeout_s} seconds\n", 124
        return result.stdout.decode(errors="replace"), result.returncode

    def execute(self, statement, database="postgres"):
        """One statement; returns (ok, output)."""
        result = subprocess.run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose",
                                 "-c", statement, self.dsn(database)],
                                capture_output=True, text=True, env=client_environment(), timeout=120)
        return result.returncode == 0, (result.stdout + result.stderr).strip()

    def log_tail(self, lines=20):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Varve(Server):
    name = "varve"

    def init(self):
        if not VARVE.exists():
            raise ServerError(f"{VARVE} is not built")
        command = [str(VARVE), "init", "-D", str(self.data), "-U", self.user, "--auth", "trust"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if result.returncode != 0:
            raise ServerError(f"varve init failed\n{result.stdout}{result.stderr}")

    def start(self, wait_s=60):
        settings = [word for k, v in self.settings.items() for word in ("-c", f"{k}={v}")]
        self._spawn([VARVE, "serve", "-D", self.data, "-h", self.host, "-p", self.port, *settings], wait_s)


class Postgres(Server):
    """A temporary cluster: UTF8, locale C.UTF-8, UTC. PostgreSQL refuses to run as root, so root becomes `postgres`."""
    name = "postgres"

    def __init__(self, directory=None, settings=None):
        super().__init__(directory, settings)
        self.as_user = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
            self.as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}

    def init(self):
        command = [str(POSTGRES_BIN / "initdb"), "-D", str(self.data), "-U", self.user, "-A", "trust", "-E", "UTF8",
                   "--locale=C.UTF-8", "--no-sync"]
        result = subprocess.run(command, capture_output=True, text=True, env=client_environment(TZ="UTC"), **self.as_user)
        if result.returncode != 0:
            raise ServerError(f"initdb failed\n{result.stdout}{result.stderr}")

    def start(self, wait_s=60):
        fixed = {"timezone": "UTC", "log_timezone": "UTC", "unix_socket_directories": str(self.directory),
                 "listen_addresses": self.host, "port": self.port}
        settings = [word for k, v in {**fixed, **self.settings}.items() for word in ("-c", f"{k}={v}")]
        self._spawn([POSTGRES_BIN / "postgres", "-D", self.data, *settings], wait_s, env=client_environment(TZ="UTC"),
                    **self.as_user)
