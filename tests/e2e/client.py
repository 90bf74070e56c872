# SPDX-License-Identifier: MIT
"""A small HTTP client for tests: a cookie jar, streams read event by event, connections dropped at any byte, raw bytes.

    me = site.client()
    me.session()                                        # mints the cookie, as the page does
    reply = me.op("threads.create", text="Hi")          # the whole stream: reply.events
    with me.open_op("threads.create", text="Hi") as s:  # or as it comes
        first = s.next("thread.created")
        s.drop()
"""
from __future__ import annotations

import http.client
import json as jsonlib
import select
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

SECONDS = 60.0  # how long anything may take before it counts as hanging; sanitizers on a busy machine are slow


class Event(dict):
    """A server-sent event's JSON, and when it arrived (time.monotonic)."""
    at: float = 0.0


class BadStream(AssertionError):
    """The bytes are not the event stream that the protocol promises."""


class EventReader:
    """Turns bytes into events, strictly: each is `data: <one line of JSON>\\n\\n`, a heartbeat is `:\\n`, and there is nothing else."""

    def __init__(self) -> None:
        self.raw = bytearray()
        self.heartbeats = 0
        self.rest = b""
        self.want_blank = False

    def feed(self, data: bytes) -> list[Event]:
        self.raw += data
        *lines, self.rest = (self.rest + data).split(b"\n")
        events = []
        for line in lines:
            if self.want_blank:
                if line:
                    raise BadStream(f"no blank line after an event but {line!r}")
                self.want_blank = False
            elif line.startswith(b":"):
                self.heartbeats += 1
            elif line.startswith(b"data: "):
                event = Event(jsonlib.loads(line[6:].decode("utf-8")))
                event.at = time.monotonic()
                events.append(event)
                self.want_blank = True
            else:
                raise BadStream(f"not a line of an event stream: {line!r}")
        return events

    def end(self) -> None:
        if self.rest or self.want_blank:
            raise BadStream(f"the stream ended inside an event: {bytes(self.raw[-80:])!r}")


class Reply:
    """A whole answer."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        return jsonlib.loads(self.body)

    @property
    def is_stream(self) -> bool:
        return (self.headers.get("Content-Type") or "").startswith("text/event-stream")

    @property
    def events(self) -> list[Event]:
        assert self.is_stream, f"no event stream but {self!r}"
        reader = EventReader()
        events = reader.feed(self.body)
        reader.end()
        return events

    def of(self, kind: str) -> list[Event]:
        return [e for e in self.events if e.get("type") == kind]

    @property
    def said(self) -> str:
        """What the assistant said, from the finished items."""
        return "".join(part["text"] for e in self.of("thread.item.done") if e["item"]["type"] == "assistant_message" for part in e["item"]["content"])

    @property
    def thread_id(self) -> str:
        return self.of("thread.created")[0]["thread"]["id"]

    def __repr__(self) -> str:
        return f"<{self.status} {self.headers.get('Content-Type')} {self.body[:2000]!r}>"


class Stream:
    """An answer while it comes. Leaving the `with` closes the connection, whether the end was reached or not."""

    def __init__(self, sock: socket.socket, response: http.client.HTTPResponse) -> None:
        self.sock, self.response = sock, response
        self.status, self.headers = response.status, response.headers
        self.reader = EventReader()
        self.events: list[Event] = []  # all so far
        self.taken = 0
        self.ended = False

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def read_some(self, seconds: float = SECONDS) -> bytes:
        """The next bytes as they come; b"" is the end."""
        self.sock.settimeout(seconds)
        data = self.response.read1(65536)
        if not data:
            self.ended = True
        return data

    def __iter__(self) -> Iterator[Event]:
        while (event := self.next_or_end()) is not None:
            yield event

    def next_or_end(self, seconds: float = SECONDS) -> Event | None:
        deadline = time.monotonic() + seconds
        while self.taken == len(self.events):
            if self.ended:
                return None
            data = self.read_some(max(0.01, deadline - time.monotonic()))
            if data:
                self.events += self.reader.feed(data)
            else:
                self.reader.end()
        self.taken += 1
        return self.events[self.taken - 1]

    def next(self, kind: str | None = None, seconds: float = SECONDS) -> Event:
        """The next event, or the next of a type (or of an update's type); the end of the stream is a failure."""
        deadline = time.monotonic() + seconds
        while True:
            event = self.next_or_end(max(0.01, deadline - time.monotonic()))
            assert event is not None, f"the stream ended before {kind or 'another event'}: {self.events}"
            if kind in (None, event.get("type"), (event.get("update") or {}).get("type")):
                return event

    def rest(self) -> list[Event]:
        return list(self)

    def drop_after(self, n: int) -> bytes:
        """Reads n bytes of the body and drops the connection."""
        data = b""
        while len(data) < n and (more := self.response.read(n - len(data) if n - len(data) < 4096 else 4096)):
            data += more
        self.drop()
        return data

    def drop(self, reset: bool = False) -> None:
        """Leaves without a word, or with a reset."""
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.ended = True
        self.response.close()
        self.sock.close()


class Client:
    """One visitor: cookies, and headers that go with every request (Authorization, say)."""

    def __init__(self, host: str, port: int, headers: dict[str, str] | None = None, prefix: str = "") -> None:
        self.host, self.port, self.prefix = host, port, prefix
        self.headers = dict(headers or {})
        self.cookies: dict[str, str] = {}

    # --- HTTP

    def open(self, method: str, path: str, *, json: Any = None, body: bytes | str | None = None, headers: dict[str, str | None] | None = None,
             seconds: float = SECONDS) -> Stream:
        """Sends a request and returns when the answer's head is there. A header of None is left out."""
        send: dict[str, str | None] = {}
        if json is not None:
            body = jsonlib.dumps(json, ensure_ascii=False)
            send["Content-Type"] = "application/json"
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        if self.cookies:
            send["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        send |= self.headers
        send |= headers or {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        connection.connect()
        sock = connection.sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.putrequest(method, self.prefix + path, skip_accept_encoding=True, skip_host="Host" in send)
        given = {k.lower() for k in send}
        if body is not None and not given & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in send.items():
            if value is not None:
                connection.putheader(name, value)
        connection.putheader("Connection", "close")
        connection.endheaders(body)
        response = connection.getresponse()
        self.take_cookies(response.headers)
        return Stream(sock, response)

    def request(self, method: str, path: str, **how: Any) -> Reply:
        """Sends a request and returns the whole answer."""
        with self.open(method, path, **how) as stream:
            return Reply(stream.status, stream.headers, stream.response.read())

    def get(self, path: str, **how: Any) -> Reply:
        return self.request("GET", path, **how)

    def post(self, path: str, json: Any = None, **how: Any) -> Reply:
        return self.request("POST", path, json=json, **how)

    def take_cookies(self, headers: http.client.HTTPMessage) -> None:
        for line in headers.get_all("Set-Cookie") or []:
            pair, *attributes = [part.strip() for part in line.split(";")]
            name, _, value = pair.partition("=")
            flags = {a.lower() for a in attributes}
            if "secure" in flags:
                continue  # as a browser does on plain http that is not localhost
            if "max-age=0" in flags:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def raw(self, data: bytes, seconds: float = SECONDS, half_close: bool = False) -> bytes:
        """Sends these very bytes and returns all that comes back until the server closes, or is silent that long."""
        with socket.create_connection((self.host, self.port), timeout=seconds) as sock:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            answer = b""
            while select.select([sock], [], [], seconds)[0]:
                try:
                    more = sock.recv(65536)
                except ConnectionResetError:
                    break
                if not more:
                    break
                answer += more
            return answer

    # --- ChatKit

    def session(self) -> dict:
        reply = self.post("/api/chat/session", {})
        assert reply.status == 200, reply
        return reply.json

    def op(self, kind: str, *, text: str | None = None, headers: dict[str, str | None] | None = None, **params: Any) -> Reply:
        """A ChatKit operation; `text` is short for an input of that text."""
        return self.post("/api/chat", chatkit(kind, text, params), headers=headers)

    def open_op(self, kind: str, *, text: str | None = None, headers: dict[str, str | None] | None = None, **params: Any) -> Stream:
        return self.open("POST", "/api/chat", json=chatkit(kind, text, params), headers=headers)

    def items(self, thread_id: str) -> list[dict]:
        """All of a thread's items, oldest first."""
        return self.op("items.list", thread_id=thread_id, order="asc", limit=1000).json["data"]


def chatkit(kind: str, text: str | None, params: dict[str, Any]) -> dict:
    if text is not None:
        params = {**params, "input": {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}}
    return {"type": kind, "params": params}
