# SPDX-License-Identifier: MIT
"""A scripted ChatKit server for the page alone: it serves deploy/www and answers each operation as the test says.

    with Stub() as stub:
        stub.history = [...]                                    # what items.list answers
        stub.on("threads.custom_action", [events...])           # one stream; HOLD in it waits for stub.go()
        stub.on("threads.sync_custom_action", {"updated_item": ...})
        stub.asked("items.feedback")                            # params of every such request so far
"""
from __future__ import annotations

import json
import mimetypes
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

WWW = Path(__file__).resolve().parents[2] / "deploy/www"
THREAD = "thr_1"
NOW = "2026-11-22T10:00:00.000000Z"
HOLD = "hold"  # in a stream: wait for stub.go()
CUT = "cut"  # in a stream: break the connection
SECONDS = 30


def done(item: dict) -> dict:
    return {"type": "thread.item.done", "item": item}


def added(item: dict) -> dict:
    return {"type": "thread.item.added", "item": item}


def replaced(item: dict) -> dict:
    return {"type": "thread.item.replaced", "item": item}


def update(item_id: str, kind: str, **more: Any) -> dict:
    return {"type": "thread.item.updated", "item_id": item_id, "update": {"type": kind} | more}


def with_id(item: dict, item_id: str) -> dict:
    return {"id": item_id, "thread_id": THREAD, "created_at": NOW} | item


class Status(Exception):
    """An answer with a status of its own, to be given to on()."""

    def __init__(self, status: int, message: str) -> None:
        self.status, self.message = status, message


class Stub:
    def __init__(self) -> None:
        self.session: dict[str, Any] = {"user_id": "u", "anonymous": True, "model": "stub", "demo": False, "title": "Chat", "domain_key": None}
        self.thread: dict[str, Any] = {"id": THREAD, "title": "A chat", "created_at": NOW, "status": {"type": "active"}, "metadata": {}, "items": {"data": [], "has_more": False}}
        self.history: list[dict] = []
        self.requests: list[dict] = []
        self.uploads: list[bytes] = []
        self.scripts: dict[str, deque] = defaultdict(deque)
        self.holding = threading.Semaphore(0)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    @property
    def address(self) -> str:
        """Of the one thread."""
        return f"{self.url}#thread={THREAD}"

    def on(self, operation: str, *answers: list | dict | Status | Callable[[dict], Any]) -> None:
        """The next answers of an operation: a list is a stream, a dict JSON; a function of the parameters makes either."""
        self.scripts[operation].extend(answers)

    def go(self) -> None:
        self.holding.release()

    def asked(self, operation: str) -> list[dict]:
        return [r["params"] for r in self.requests if r["type"] == operation]

    def answer(self, request: dict) -> Any:
        kind = request["type"]
        if self.scripts[kind]:
            script = self.scripts[kind].popleft()
            return script(request["params"]) if callable(script) else script
        if kind == "threads.list":
            return {"data": [self.thread] if self.history else [], "has_more": False}
        if kind == "items.list":
            return {"data": self.history, "has_more": False}
        if kind in ("items.feedback", "attachments.delete"):
            return {}
        return Status(400, f"no script for {kind}")

    def handler(stub) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def send(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def json(self, value: Any, status: int = 200) -> None:
                self.send(status, "application/json", json.dumps(value).encode())

            def do_GET(self) -> None:
                path = (WWW / (urlsplit(self.path).path.lstrip("/") or "index.html")).resolve()
                if path.is_file() and path.is_relative_to(WWW):
                    self.send(200, mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes())
                else:
                    self.json({"message": "nothing here"}, 404)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = urlsplit(self.path).path
                if path == "/api/chat/session":
                    self.json(stub.session)
                elif path == "/api/chat/cancel":
                    self.json({})
                elif path == "/api/chat/attachments":
                    stub.uploads.append(body)
                    self.reply(stub.scripts["upload"].popleft())
                else:
                    request = json.loads(body)
                    stub.requests.append(request)
                    self.reply(stub.answer(request))

            def reply(self, answer: Any) -> None:
                if isinstance(answer, Status):
                    self.json({"message": answer.message, "code": "x"}, answer.status)
                elif isinstance(answer, dict):
                    self.json(answer)
                else:
                    self.stream(answer)

            def stream(self, events: list) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                for event in events:
                    if event == HOLD:
                        stub.holding.acquire(timeout=SECONDS)
                    elif event == CUT:
                        return
                    else:
                        try:
                            self.wfile.write(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")
                        except OSError:
                            return  # the page stopped

        return Handler
