# SPDX-License-Identifier: MIT
"""deploy/run.sh as `make run` calls it: what it starts, what it says, what it leaves."""
from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rig

OURS = {"postgres", "lighttpd", "chatkit.fcgi", "run.sh"}


def heed_sigint() -> None:
    """Tests that run in a shell's background inherit that SIGINT is ignored, and what is ignored a script cannot trap."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Clone:
    """A clone's deploy folder and program in a home that nobody else can enter, under a name with a blank."""

    def __init__(self, as_root: bool = False) -> None:
        self.top = rig.folder("ckrun-")
        self.home = self.top / "home"
        self.dir = self.home / "my clone"
        self.user = rig.NOBODY if not as_root else None
        (self.dir / "build").mkdir(parents=True)
        shutil.copytree(rig.TOP / "deploy", self.dir / "deploy")
        shutil.copy(rig.PROGRAM, self.dir / "build/chatkit.fcgi")
        # The last line of the real target: building is not what is tried here.
        (self.dir / "Makefile").write_text("run:\n\t@exec sh deploy/run.sh build/chatkit.fcgi\nerase:\n\t@sh deploy/erase.sh\n")
        if self.user:
            for path in [self.home, *self.home.rglob("*")]:
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
        elif rig.NOBODY:
            os.chown(self.top, 0, 0)
        self.home.chmod(0o700)
        self.port = rig.free_port()
        self.makes: list[subprocess.Popen] = []
        self.groups: set[int] = set()

    def make(self, target: str = "run", **env: str) -> subprocess.Popen:
        """Starts make without a terminal; its output goes to a file, as a pipe could outlive it."""
        who = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        out = self.top / f"out{len(self.makes)}"
        with open(out, "wb") as file:
            process = subprocess.Popen(["make", "--no-print-directory", target], cwd=self.dir, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                       env=rig.base_env() | {"HOME": str(self.home), "PORT": str(self.port)} | env, start_new_session=True,
                                       preexec_fn=heed_sigint, **who)
        process.out = out
        self.makes.append(process)
        return process

    def run(self, **env: str) -> subprocess.Popen:
        """make run, until it says that it is ready."""
        process = self.make(**env)
        rig.wait_for("ready", lambda: "ready: " in said(process) or process.poll() is not None)
        assert process.poll() is None, said(process)
        return process

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=rig.START_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status

    def session(self) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=rig.START_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", "/api/chat/session", "{}", {"Content-Type": "application/json"})
            return json.load(connection.getresponse())

    def processes(self) -> dict[int, str]:
        """What of ours lives, wherever it was reparented to: known by its environment, or by lighttpd's process group (responders hide theirs)."""
        found = {}
        table = rig.processes()
        for pid, (_, _, name) in table.items():
            with contextlib.suppress(OSError):
                environ = Path(f"/proc/{pid}/environ").read_bytes()
                if str(self.dir).encode() + b"\0" in environ.replace(b"/deploy/www", b"") + b"\0" and name in OURS | {"sh", "sleep", "make"}:
                    found[pid] = name
        self.groups |= {pid for pid, name in found.items() if name == "lighttpd"}
        return found | {pid: name for pid, (_, group, name) in table.items() if group in self.groups}

    def pid_of(self, name: str) -> int:
        """The first of this name, which started the others."""
        found = {pid for pid, n in self.processes().items() if n == name}
        table = rig.processes()
        return min(pid for pid in found if pid in table and table[pid][0] not in found)

    def all_gone(self) -> bool:
        return not self.processes()

    def close(self) -> None:
        for process in self.makes:
            if process.poll() is None:
                process.terminate()
                process.wait(rig.START_SECONDS)
        try:
            rig.wait_for("the end of all processes", self.all_gone)
        finally:
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.make("erase", ERASE="yes").wait(rig.START_SECONDS)
            shutil.rmtree(self.top, ignore_errors=True)


def said(process: subprocess.Popen) -> str:
    return process.out.read_text(errors="replace")


@pytest.fixture
def clone() -> Iterator[Callable[..., Clone]]:
    made: list[Clone] = []

    def make(as_root: bool = False) -> Clone:
        made.append(Clone(as_root))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_an_ordinary_user_gets_a_page_and_everything_ends_with_sigint(clone) -> None:
    mine = clone()
    run = mine.run()
    assert f"chatkit: ready: http://127.0.0.1:{mine.port}/\n" in said(run)
    assert mine.get("/") == 200
    assert mine.get("/api/chat/health") == 200
    offers = mine.session()
    assert offers["demo"] and offers["client_tools"] == ["get_page_info"] and offers["attachments"]["per_message"] > 0, offers
    assert len([line for line in said(run).splitlines() if line.startswith("chatkit:")]) <= 4, "a stranger reads it all"
    state = mine.dir / ".chatkit"
    secret = (state / "secret").read_bytes()
    assert len(secret) == 64 and (state / "secret").stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700

    names = mine.processes().values()
    assert {"postgres", "lighttpd", "chatkit.fcgi"} <= set(names)
    assert listening_ports(mine.processes()) == {mine.port}, "nothing but the page may listen on TCP"

    again = mine.make()
    assert again.wait(rig.START_SECONDS) != 0
    assert "runs already" in said(again) and str(mine.port) in said(again)
    assert mine.get("/") == 200

    sockets = [line.split("=", 1)[1] for line in (state / "running").read_text().splitlines() if line.startswith("sockets=")]
    assert Path(sockets[0]).is_dir()
    run.send_signal(signal.SIGINT)  # to make alone, as `kill -INT` does
    run.wait(rig.START_SECONDS)
    rig.wait_for("the end of all processes", mine.all_gone)
    assert not Path(sockets[0]).exists() and not (state / "running").exists()

    began = time.monotonic()
    mine.run()
    assert time.monotonic() - began < 30, "a second run starts in seconds, and waits for nothing"
    assert (state / "secret").read_bytes() == secret
    assert "making a database" not in said(mine.makes[-1])


def test_after_a_kill_everything_ends_and_the_next_run_recovers(clone) -> None:
    mine = clone()
    run = mine.run()
    script = mine.pid_of("sh") if "sh" in mine.processes().values() else mine.pid_of("run.sh")
    os.kill(script, signal.SIGKILL)
    run.wait(rig.START_SECONDS)
    rig.wait_for("the end of all processes", mine.all_gone)
    mine.run()
    assert mine.get("/api/chat/health") == 200

    # All at once, so that nobody can tell anybody: sockets, lock files and shared memory stay behind.
    for pid in mine.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    rig.wait_for("the end of all processes", mine.all_gone)
    mine.makes[-1].wait(rig.START_SECONDS)
    mine.run()
    assert mine.get("/api/chat/health") == 200

    # make alone: nobody is left who could say stop
    mine.makes[-1].kill()
    rig.wait_for("the end of all processes", mine.all_gone)


def test_what_dies_is_started_again(clone) -> None:
    mine = clone()
    run = mine.run()
    for nth, name in enumerate(("postgres", "lighttpd"), 1):
        old = mine.pid_of(name)
        os.kill(old, signal.SIGKILL)
        rig.wait_for("word of it", lambda: said(run).count("ended by itself") == nth)
        rig.wait_for(f"a new {name}", lambda: any(n == name and pid != old for pid, n in mine.processes().items()))
        rig.wait_for("health", lambda: answers(mine))
    run.terminate()
    run.wait(rig.START_SECONDS)
    rig.wait_for("the end of all processes", mine.all_gone)


def test_two_clones_side_by_side_and_a_port_that_is_taken(clone) -> None:
    one, two = clone(), clone()
    one.run()
    two.run()
    assert one.get("/api/chat/health") == two.get("/api/chat/health") == 200
    three = clone()
    taken = three.make(PORT=str(one.port))
    assert taken.wait(rig.START_SECONDS) != 0
    assert f"port {one.port} is taken" in said(taken) and "PORT=" in said(taken)
    assert one.get("/") == two.get("/") == 200


def test_what_it_says_under_ssh_and_on_another_address(clone) -> None:
    mine = clone()
    run = mine.run(SSH_CONNECTION="192.0.2.7 50000 192.0.2.9 22", HOST="0.0.0.0")
    assert f"ssh -L {mine.port}:127.0.0.1:{mine.port} -p 22 " in said(run) and "@192.0.2.9" in said(run)
    assert "WARNING: HOST=0.0.0.0" in said(run)


def test_the_database_of_the_environment_is_used(clone, cluster) -> None:
    mine = clone()
    name = cluster.database(empty=True)
    mine.run(DATABASE_URL=cluster.url(name))
    assert mine.get("/api/chat/health") == 200
    assert "postgres" not in mine.processes().values()
    assert not (mine.dir / ".chatkit/data").exists()
    assert cluster.sql(name, "SELECT count(*) > 0 FROM information_schema.tables WHERE table_schema = 'chatkit'") == [(True,)]
    mine.makes[-1].terminate()
    mine.makes[-1].wait(rig.START_SECONDS)


def test_a_configuration_of_ones_own_takes_the_place_of_the_demonstration(clone) -> None:
    mine = clone()
    (mine.dir / "chatkit.json").write_text('{"title": "Mine", "attachments": {"enabled": false}}')
    (mine.dir / "chatkit.json").chmod(0o644)
    mine.run()
    offers = mine.session()
    assert offers["title"] == "Mine" and offers["client_tools"] == [] and "attachments" not in offers, offers


def test_erase_asks_and_refuses_while_it_runs(clone) -> None:
    mine = clone()
    run = mine.run()
    busy = mine.make("erase", ERASE="yes")
    assert busy.wait(rig.START_SECONDS) != 0 and "running" in said(busy)
    run.terminate()
    run.wait(rig.START_SECONDS)
    unasked = mine.make("erase")
    assert unasked.wait(rig.START_SECONDS) != 0 and (mine.dir / ".chatkit/secret").exists()
    assert mine.make("erase", ERASE="yes").wait(rig.START_SECONDS) == 0
    assert not (mine.dir / ".chatkit").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_as_root_the_servers_run_as_another_user_outside_the_clone(clone) -> None:
    mine = clone(as_root=True)
    run = mine.run()
    assert mine.get("/") == 200 and mine.get("/api/chat/health") == 200
    assert mine.session()["client_tools"] == ["get_page_info"] and mine.session()["attachments"]
    assert not (mine.dir / ".chatkit").exists()
    owners = {name: os.stat(f"/proc/{pid}").st_uid for pid, name in root_processes(run.pid).items()}
    assert {"postgres", "lighttpd", "chatkit.fcgi"} <= set(owners)
    assert 0 not in {uid for name, uid in owners.items() if name in ("postgres", "lighttpd", "chatkit.fcgi")}
    run.terminate()
    run.wait(rig.START_SECONDS)
    rig.wait_for("the end of all processes", lambda: not root_processes(run.pid))


def root_processes(ancestor: int) -> dict[int, str]:
    """The living descendants of a process."""
    table = rig.processes()

    def under(pid: int) -> bool:
        while pid in table:
            pid = table[pid][0]
            if pid == ancestor:
                return True
        return False
    return {pid: table[pid][2] for pid in table if under(pid)}


def listening_ports(pids: dict[int, str]) -> set[int]:
    """The TCP ports that any of these processes listens on."""
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for fd in os.scandir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    inodes.add(os.readlink(fd.path).removeprefix("socket:[").removesuffix("]"))
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            field = line.split()
            if field[3] == "0A" and field[9] in inodes:
                ports.add(int(field[1].rsplit(":", 1)[1], 16))
    return ports


def answers(clone: Clone) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException, socket.timeout):
        return clone.get("/api/chat/health") == 200
    return False
