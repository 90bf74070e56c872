# SPDX-License-Identifier: MIT
"""Real parts for the tests: a throw-away PostgreSQL cluster, and sites of real lighttpd with the real program behind it.

Everything is started as a child with a parent-death signal, listens on loopback or on unix sockets in short temporary folders, and is ended by pid. As
root the servers run as nobody; then they see copies, because nobody may be unable to enter the clone.
"""
from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras

from client import Client

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD") or TOP / "build")
PROGRAM = Path(os.environ.get("CHATKIT_PROGRAM") or BUILD / "chatkit.fcgi")
NOBODY = pwd.getpwnam("nobody") if os.getuid() == 0 else None
START_SECONDS = 60
STOP_SECONDS = 25  # less than a responder's 30 s of grace: who needs those was held up by something
SANITIZED = BUILD.name == "asan"


def wait_for(what: str, check: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """Asks again until the answer is true, and returns it."""
    end = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < end, f"{what}: not within {seconds} s"
        time.sleep(0.02)
    return value


def folder(prefix: str) -> Path:
    """A private folder with a short name, of the user that the servers run as."""
    path = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    give(path)
    return path


def give(path: Path) -> None:
    if NOBODY:
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)


def spawn(argv: list[str], log: Path, death: str, env: dict[str, str]) -> subprocess.Popen:
    """Starts a server in a process group of its own; it dies with us, even when we are killed."""
    who = [f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups"] if NOBODY else []
    with open(log, "ab") as out:
        return subprocess.Popen(["setpriv", *who, "--pdeathsig", death, "--", *argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                env=env, cwd="/", start_new_session=True)


def run(argv: list[str], env: dict[str, str], seconds: float = START_SECONDS) -> subprocess.CompletedProcess:
    """Runs a program as the servers' user, to its end."""
    who = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if NOBODY else {}
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, cwd="/", timeout=seconds, **who)


WORKER = int("0" + "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))))
PORTS = itertools.cycle(range(20000 + 1000 * (WORKER % 12), 21000 + 1000 * (WORKER % 12)))


def free_port() -> int:
    """A port that nobody takes before it is used: below those that the kernel gives away, in a range of this worker's own, each in its turn."""
    for port in PORTS:
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is always another port")


def processes() -> dict[int, tuple[int, int, str]]:
    """Every process that has not ended: its parent, its group, its name."""
    found = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                head, tail = Path(entry.path, "stat").read_text().rsplit(") ", 1)
                state, parent, group = tail.split()[:3]
                if state != "Z":
                    found[int(entry.name)] = (int(parent), int(group), head.split("(", 1)[1])
    return found


def group_pids(group: int) -> list[int]:
    return [pid for pid, (_, of, _) in processes().items() if of == group]


def signals(pid: int, which: str) -> set[int]:
    """A set of signals out of a process' status: SigBlk (blocked), ShdPnd (sent and not yet taken), ..."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(which + ":"):
                mask = int(line.split()[1], 16)
                return {n for n in range(1, 65) if mask & 1 << n - 1}
    return set()


def obeys(pid: int) -> bool:
    """The process is past its start: a SIGTERM, which the program's loop takes when it comes to it, no longer ends it where it stands."""
    return signal.SIGTERM in signals(pid, "SigBlk")


def base_env() -> dict[str, str]:
    """What a server sees of our environment: nothing that configures the program."""
    keep = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")
    return {k: os.environ[k] for k in keep if k in os.environ} | {"HOME": "/nonexistent"}


class Cluster:
    """A PostgreSQL of our own on a unix socket. The program's role is not a superuser, so that row-level security binds it."""

    # For tests: nothing needs to survive this machine's power going.
    SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "shared_buffers=64MB")

    def __init__(self) -> None:
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.dir = folder("ckpg-")
        self.log = self.dir / "log"
        self.server: subprocess.Popen | None = None
        self.numbers = itertools.count(1)
        self.template: str | None = None
        made = run([str(self.bin / "initdb"), "-D", str(self.dir / "data"), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8",
                    "--locale=C.UTF-8"], base_env())
        assert made.returncode == 0, made.stderr
        self.start()
        self.sql("postgres", "CREATE ROLE chatkit LOGIN")

    def start(self) -> None:
        assert self.server is None
        self.server = spawn([str(self.bin / "postgres"), "-D", str(self.dir / "data"), "-k", str(self.dir), "-c", "listen_addresses=",
                             *(word for setting in self.SETTINGS for word in ("-c", setting))],
                            self.log, "INT", base_env())
        server = self.server

        def ready() -> bool:
            assert server.poll() is None, "PostgreSQL does not start: " + self.log.read_text()[-2000:]
            with contextlib.suppress(psycopg2.OperationalError):
                self.connect("postgres").close()
                return True
            return False
        # After a kill its old children may hold the shared memory for a moment.
        wait_for("PostgreSQL", ready)

    def stop(self, how: str = "fast") -> None:
        """fast: sessions are cut; immediate: as after a crash."""
        if self.server is not None:
            self.server.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
            self.server.wait(START_SECONDS)
            self.server = None

    def close(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self.dir, ignore_errors=True)

    def connect(self, database: str):
        connection = psycopg2.connect(host=str(self.dir), user="postgres", dbname=database)
        connection.autocommit = True
        return connection

    def sql(self, database: str, query: str, *args: Any) -> list[tuple]:
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(query, args or None)
            return cursor.fetchall() if cursor.description else []

    def url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.dir}&user=chatkit"

    def database(self, empty: bool = False) -> str:
        """A new database; with the schema in it unless an empty one is wanted. It is copied from one that the program itself prepared."""
        if not empty and self.template is None:
            self.template = self.database(empty=True)
            done = run([str(program()), "migrate"], base_env() | {"DATABASE_URL": self.url(self.template), "CHATKIT_MODEL": "demo/todo"})
            assert done.returncode == 0, f"chatkit.fcgi migrate: {done.stdout}{done.stderr}"
        name = f"site{next(self.numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name} OWNER chatkit" + ("" if empty else f" TEMPLATE {self.template}"))
        return name


class Copies:
    """Program, page and configuration, where the servers' user can read them."""

    def __init__(self) -> None:
        self.dir = folder("ckbin-")
        self.program = self.dir / "chatkit.fcgi"
        self.www = self.dir / "www"
        self.conf = self.dir / "lighttpd.conf"
        shutil.copy(PROGRAM, self.program)
        shutil.copytree(TOP / "deploy/www", self.www)
        shutil.copy(TOP / "deploy/lighttpd-run.conf", self.conf)
        for path in [self.dir, *self.dir.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path == self.program else 0o644)
            give(path)

    def close(self) -> None:
        shutil.rmtree(self.dir, ignore_errors=True)


_copies: Copies | None = None


def copies() -> Copies:
    global _copies
    if _copies is None:
        _copies = Copies()
    return _copies


def program() -> Path:
    return copies().program


def close_copies() -> None:
    if _copies:
        _copies.close()


class Site:
    """lighttpd, its responders and a database.

    env: for the program, over the defaults (the demo model, a database of this site's own, a secret); a value of None takes a variable away.
    procs: responders. database: a name in the cluster; None makes one. empty: that one without the schema.
    """

    def __init__(self, cluster: Cluster, env: dict[str, str | None] | None = None, procs: int = 1, database: str | None = None, empty: bool = False) -> None:
        self.cluster = cluster
        self.procs = procs
        self.database = database or cluster.database(empty)
        self.dir = folder("ck-")
        for name in ("log", "run", "files"):
            (self.dir / name).mkdir(mode=0o700)
            give(self.dir / name)
        (self.dir / "run/chatkit.fcgi").symlink_to(program())
        self.secret = secrets.token_hex(32)
        wanted: dict[str, str | None] = {
            "CHATKIT_MODEL": "demo/todo",
            "DATABASE_URL": cluster.url(self.database),
            "CHATKIT_SECRET": self.secret,
            "CHATKIT_STATE_DIR": str(self.dir / "files"),
        }
        wanted |= env or {}
        self.env = {k: v for k, v in wanted.items() if v is not None}
        self.server: subprocess.Popen | None = None
        self.port = 0
        self.start()

    # --- lighttpd and its children

    def start(self) -> None:
        for attempt in range(5):
            self.port = self.port or free_port()
            env = base_env() | {
                "HOST": "127.0.0.1", "PORT": str(self.port), "LIGHTTPD_BIND": "127.0.0.1", "LIGHTTPD_PROCS": str(self.procs),
                "LIGHTTPD_WWW": str(copies().www), "LIGHTTPD_LOG": str(self.dir / "log"), "LIGHTTPD_RUN": str(self.dir / "run"),
            } | self.env
            if SANITIZED:
                for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
                    env[name] = env.get(name, "") + f":log_path={self.dir}/log/sanitizer"
            self.server = spawn(["/usr/sbin/lighttpd", "-D", "-f", str(copies().conf)], self.dir / "web.log", "TERM", env)
            try:
                wait_for("the site", self.serves)
                return
            except AssertionError:
                self.stop()
                if attempt == 4:
                    raise
                self.port = 0  # somebody was faster

    def serves(self) -> bool:
        """lighttpd answers and has all its responders. It listens before it has started them, and one that dies before it answers takes it along."""
        assert self.server and self.server.poll() is None, "lighttpd does not run: " + self.all_logs()
        with contextlib.suppress(OSError, http.client.HTTPException):
            page = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
            with contextlib.closing(page):
                page.request("GET", "/")
                page.getresponse()
                return len(self.pids()) == self.procs
        return False

    def stop(self, how: int = signal.SIGTERM, seconds: float = STOP_SECONDS) -> None:
        """Ends lighttpd and waits for its responders, which lighttpd does not; one that does not end is killed, and that is a failure."""
        if self.server is None:
            return
        group = self.server.pid
        if self.server.poll() is None:
            self.server.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(seconds)
        self.server = None
        deaf = {pid for pid in group_pids(group) if not obeys(pid)}  # what was just forked loses the signal in lighttpd's handler
        self.end_each(group_pids(group))
        end = time.monotonic() + seconds
        while (left := group_pids(group)) and time.monotonic() < end:
            heard = {pid for pid in deaf if obeys(pid)}
            self.end_each(heard)
            deaf -= heard
            time.sleep(0.02)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for path in (self.dir / "run").glob("fcgi.sock*"):
            path.unlink()
        assert not left, f"responders {left} did not end within {seconds} s of SIGTERM:\n" + self.all_logs()

    @staticmethod
    def end_each(pids: Iterable[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def close(self) -> None:
        """Ends the site; what a sanitizer found in it meanwhile is a failure."""
        try:
            self.stop()
            found = self.sanitizer()
            assert not found, found
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)
            with contextlib.suppress(psycopg2.Error):
                self.cluster.sql("postgres", f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    def sanitizer(self) -> str:
        """What the sanitizers found, without their maps of memory; a warning alone (ASan says one about swapcontext) is nothing."""
        found = []
        for path in (self.dir / "log").glob("sanitizer*"):
            text = path.read_text(errors="replace")
            if "ERROR:" in text or "runtime error:" in text:
                found.append(text.split("Shadow bytes", 1)[0])
        return "\n".join(found)

    def pids(self) -> list[int]:
        """The responders: lighttpd's children, once they are the program and past its start. (A SIGTERM between fork and exec ends in lighttpd's own handler.)"""
        assert self.server
        parent = self.server.pid
        return sorted(pid for pid, (of, _, name) in processes().items() if of == parent and name == "chatkit.fcgi" and obeys(pid))

    def log(self) -> str:
        """What the responders logged."""
        path = self.dir / "log/responder.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def all_logs(self) -> str:
        paths = [self.dir / "web.log", self.dir / "log/lighttpd.log", self.dir / "log/responder.log"]
        return "".join(f"--- {p.name}\n{p.read_text(errors='replace')[-4000:]}" for p in paths if p.exists()) + self.sanitizer()

    # --- what tests use

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def client(self, **headers: str) -> Client:
        """A new visitor; headers by keyword, with _ for -."""
        return Client("127.0.0.1", self.port, {k.replace("_", "-"): v for k, v in headers.items()})

    def db(self, query: str, *args: Any) -> list[tuple]:
        """Runs SQL as a superuser; psycopg2's %s placeholders when there are arguments."""
        return self.cluster.sql(self.database, query, *args)

    def stop_db(self, how: str = "fast") -> None:
        self.cluster.stop(how)

    def start_db(self) -> None:
        self.cluster.start()

    def restart_db(self, how: str = "fast") -> None:
        self.cluster.stop(how)
        self.cluster.start()

    def kill(self, pid: int, how: int = signal.SIGKILL) -> None:
        assert pid in self.pids(), f"{pid} is not a responder of this site"
        os.kill(pid, how)
