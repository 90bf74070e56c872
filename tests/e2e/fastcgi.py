# SPDX-License-Identifier: MIT
"""The program as a web server sees it: a responder on a socket of our own (as spawn-fcgi and systemd start it), and FastCGI spoken by hand, so that a test
can do what no web server does: cut anywhere, fall silent, stop reading, talk rubbish."""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

import rig

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
KEEP = 1


def record(kind: int, content: bytes = b"", padding: int = 0, request: int = 1) -> bytes:
    return struct.pack(">BBHHBx", 1, kind, request, len(content), padding) + content + b"#" * padding


def pair(name: str, value: str) -> bytes:
    def length(n: int) -> bytes:
        return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)
    n, v = name.encode(), value.encode()
    return length(len(n)) + length(len(v)) + n + v


def head(pairs: list[tuple[str, str]], flags: int = 0, padding: int = 0) -> bytes:
    """BEGIN_REQUEST and the parameters, up to their end."""
    content = b"".join(pair(*p) for p in pairs)
    chunks = [content[i:i + 65000] for i in range(0, len(content), 65000)]
    return (record(BEGIN, struct.pack(">HB5x", 1, flags)) + b"".join(record(PARAMS, c, padding) for c in chunks) + record(PARAMS, b"", padding))


def variables(method: str = "GET", uri: str = "/api/chat/health", body: bytes | None = None, **more: str) -> list[tuple[str, str]]:
    pairs = [("REQUEST_METHOD", method), ("REQUEST_URI", uri), ("QUERY_STRING", uri.partition("?")[2]), ("REQUEST_SCHEME", "http"),
             ("GATEWAY_INTERFACE", "CGI/1.1"), ("REMOTE_ADDR", "127.0.0.1"), ("HTTP_HOST", "example.test")]
    if body is not None:
        pairs += [("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", str(len(body)))]
    return pairs + list(more.items())


def request(pairs: list[tuple[str, str]], body: bytes = b"", padding: int = 0, piece: int = 32000) -> bytes:
    """All of a request."""
    return head(pairs, 0, padding) + b"".join(record(STDIN, body[i:i + piece], padding) for i in range(0, len(body), piece)) + record(STDIN, b"", padding)


class Connection:
    """One connection to a responder; what comes back is taken apart."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(rig.START_SECONDS)
        self.sock.connect(str(path))
        self.rest = b""
        self.out = b""
        self.ended = self.closed = False

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def read_some(self) -> bool:
        """False: the responder closed."""
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        self.closed = not data
        self.rest += data
        while len(self.rest) >= 8:
            version, kind, _, length, padding = struct.unpack(">BBHHBx", self.rest[:8])
            assert version == 1
            if len(self.rest) < 8 + length + padding:
                break
            content, self.rest = self.rest[8:8 + length], self.rest[8 + length + padding:]
            assert not self.ended, "a record after the end"
            if kind == STDOUT:
                self.out += content
            elif kind == END:
                assert content[:5] == b"\0\0\0\0\0", content
                self.ended = True
            else:
                raise AssertionError(f"a record of type {kind}")
        return not self.closed

    def read_until(self, what: bytes) -> bytes:
        while what not in self.out:
            assert self.read_some(), f"closed before {what!r}: ...{self.out[-100:]!r}"
        return self.out

    def read_all(self) -> bytes:
        while self.read_some():
            pass
        return self.out

    @property
    def status(self) -> int:
        return int(self.out.split(b"\r\n", 1)[0].removeprefix(b"Status: ")[:3])


class Responder:
    """The program with a listening socket as its descriptor 0, started. listen: share another's socket. descriptors: so many and no more."""

    def __init__(self, env: dict[str, str] | None = None, argv: list[str] | None = None, listen: socket.socket | None = None,
                 descriptors: int | None = None) -> None:
        self.dir = rig.folder("ckfc-")
        self.path = self.dir / "s"
        self.listen = listen or self.bind()
        who = [f"--reuid={rig.NOBODY.pw_uid}", f"--regid={rig.NOBODY.pw_gid}", "--clear-groups"] if rig.NOBODY else []
        limit = ["prlimit", f"--nofile={descriptors}:{descriptors}", "--"] if descriptors else []
        env = rig.base_env() | {"CHATKIT_MODEL": "demo/todo", "CHATKIT_SECRET": "x" * 32} | (env or {})
        if rig.SANITIZED:
            for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
                env[name] = env.get(name, "") + f":log_path={self.dir}/sanitizer"
        with open(self.dir / "log", "wb") as log:
            self.process = subprocess.Popen([*limit, "setpriv", *who, "--pdeathsig", "KILL", "--", str(rig.program()), *(argv or [])], stdin=self.listen,
                                            stdout=log, stderr=log, env=env, cwd="/")
        rig.wait_for("the responder to start, or to refuse", lambda: rig.obeys(self.process.pid) or self.process.poll() is not None)

    def bind(self) -> socket.socket:
        listen = socket.socket(socket.AF_UNIX)
        listen.bind(str(self.path))
        listen.listen(1024)
        return listen

    def connect(self) -> Connection:
        return Connection(Path(self.listen.getsockname()))

    def ask(self, pairs: list[tuple[str, str]] | None = None, body: bytes = b"") -> Connection:
        """A whole exchange."""
        with self.connect() as c:
            c.send(request(variables() if pairs is None else pairs, body))
            c.read_all()
            return c

    def log(self) -> str:
        return (self.dir / "log").read_text(errors="replace")

    def rss_kib(self) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def close(self) -> None:
        """Ends it as a web server does; one that does not end, or that a sanitizer has something to say about, is a failure."""
        self.listen.close()
        late = False
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(rig.STOP_SECONDS)
            except subprocess.TimeoutExpired:
                late = True
                self.process.kill()
                self.process.wait()
        found = "\n".join(p.read_text(errors="replace") for p in self.dir.glob("sanitizer*") if "ERROR" in p.read_text(errors="replace"))
        log = self.log()
        with contextlib.suppress(OSError):
            shutil.rmtree(self.dir)
        assert not late, f"the responder did not end within {rig.STOP_SECONDS} s of SIGTERM:\n" + log
        assert not found, found


def seconds_since(start: float) -> float:
    return time.monotonic() - start
