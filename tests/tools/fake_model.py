#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A scripted model server: OpenAI's chat completions, as well or as badly behaved as a script says.

    python3 tests/tools/fake_model.py [--port P]        prints its address
    with FakeModel() as fake: fake.script("a", ["Hello there."]); use fake.base_url("a")

Every script has an id and a base URL of its own, http://127.0.0.1:P/<id>/v1. A script is a list of answers; each request takes the next one and the
last repeats. An answer is a text (the whole well-behaved answer), an object {"calls": [{"name", "arguments", "id"?}], "text"?} (a well-behaved round
of tool calls), or a list of steps, done one after another:

    {"text": "words come one delta each"}     {"tool_call": {"id", "name", "arguments"}}   arguments cut into several deltas; an object or raw text
    {"finish": "stop"}  {"usage": {...}}  {"done": true}                                   the usual end
    {"delta": {...}}  {"sse": {...}}  {"raw": "bytes as they are\\r\\n"}  {"base64": "..."}   anything else
    {"split": N}         what follows is sent N bytes at a time    {"pace_ms": N}          and with this pause between two deltas
    {"sleep_ms": N}      {"stall": true}      nothing more, until the client leaves
    {"seen": "words"}    nothing more, until the test says with saw() that it was shown these words since the request
    {"cut": true}        close without the end of the body          {"rst": true}          the same as a reset
    {"status": 429, "headers": {...}, "body": "..."}               instead of a stream; only as the first step

POST P/<id>/v1/audio/transcriptions takes answers of the same script: a text is what was heard, steps may sleep, stall, or refuse. The form is read strictly;
its body, as requests() has it, is {"model", "response_format", ..., "file": {"name", "type", "size", "sha256"}}.

Over HTTP: POST /__script {"id", "answers"}; GET /__requests/<id> -> [{"path", "headers", "body", "left": seconds until the client left early, or null}].
"""
from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STALL_SECONDS = 120  # a stall ends some time, so that a forgotten test does not hold a thread forever

Answer = Any


@dataclass
class Request:
    """One request to a script, as it came."""
    path: str
    headers: dict[str, str]
    body: Any
    at: float
    left: float | None = None  # when the client closed before the answer's end, in seconds since `at`
    over: bool = False         # the answer was sent as far as the script wanted


@dataclass
class Script:
    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)
    seen: bytes = b""


class ClientLeft(Exception):
    """The client closed its connection before our answer's end."""


def steps_of(answer: Answer) -> list[dict]:
    """Expands the two short forms of an answer."""
    if isinstance(answer, str):
        answer = {"text": answer}
    if isinstance(answer, list):
        return [{"text": step} if isinstance(step, str) else step for step in answer]
    if set(answer) <= {"text", "calls", "usage"} and ("text" in answer or "calls" in answer):
        steps: list[dict] = [{"delta": {"role": "assistant", "content": ""}}]
        steps += [{"text": answer["text"]}] if answer.get("text") else []
        calls = answer.get("calls", [])
        steps += [{"tool_call": {"index": i, **call}} for i, call in enumerate(calls)]
        steps += [{"finish": "tool_calls" if calls else "stop"}, {"usage": answer.get("usage", {})}, {"done": True}]
        return steps
    return [answer]


def words(text: str) -> list[str]:
    return re.findall(r"\S*\s*", text)[:-1] if text else []


def read_form(content_type: str, raw: bytes) -> dict[str, Any]:
    """multipart/form-data (RFC 7578), exactly; ValueError says what is wrong with it."""
    match = re.fullmatch(r"multipart/form-data; boundary=([0-9A-Za-z'()+_,./:=?-]{1,70})", content_type)
    if not match:
        raise ValueError(f"Content-Type {content_type}")
    mark = b"--" + match[1].encode()
    if not raw.startswith(mark + b"\r\n") or not raw.endswith(b"\r\n" + mark + b"--\r\n"):
        raise ValueError("it does not begin and end with its boundary")
    form: dict[str, Any] = {}
    for part in raw[len(mark) + 2:-len(mark) - 6].split(b"\r\n" + mark + b"\r\n"):
        head, blank, data = part.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        what = re.fullmatch(r'Content-Disposition: form-data; name="([a-z_]+)"(?:; filename="([a-z0-9.]+)")?', lines[0])
        if not blank or not what or what[1] in form or mark in data:
            raise ValueError(f"a part of {lines}")
        if what[2] is None and len(lines) == 1:
            form[what[1]] = data.decode("utf-8")
        elif what[2] and len(lines) == 2 and lines[1].startswith("Content-Type: "):
            form[what[1]] = {"name": what[2], "type": lines[1][14:], "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        else:
            raise ValueError(f"a part of {lines}")
    if not isinstance(form.get("file"), dict) or not form.get("model"):
        raise ValueError(f"file or model is missing among {sorted(form)}")
    return form


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"
    disable_nagle_algorithm = True

    def log_message(self, *args) -> None:
        pass

    # --- requests

    def do_GET(self) -> None:
        if self.path.startswith("/__requests/"):
            script = self.server.scripts.get(self.path.removeprefix("/__requests/"))
            self.answer_json(200, [r.__dict__ for r in script.requests] if script else [])
        elif self.path.endswith("/models"):
            self.answer_json(200, {"object": "list", "data": [{"id": "test", "object": "model"}]})
        else:
            self.answer_json(404, {"error": {"message": "no such page"}})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sound = self.path.endswith("/v1/audio/transcriptions")
        try:
            body = read_form(self.headers.get("Content-Type", ""), raw) if sound else json.loads(raw)
        except ValueError as error:
            if sound:
                self.answer_json(400, {"error": {"message": f"not a form: {error}"}})
                return
            body = raw.decode("utf-8", "replace")
        if self.path == "/__script":
            self.server.scripts[body["id"]] = Script(body["answers"])
            self.answer_json(200, {})
            return
        script = self.server.scripts.get(self.path.split("/")[1])
        if script is None or not (sound or self.path.endswith("/v1/chat/completions")):
            self.answer_json(404, {"error": {"message": f"no script for {self.path}"}})
            return
        request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body, time.monotonic())
        with self.server.lock:
            n = len(script.requests)
            script.seen = b""
            script.requests.append(request)
        answer = script.answers[min(n, len(script.answers) - 1)]
        self.script = script
        if sound:
            self.hear(answer, request)
        else:
            self.play(steps_of(answer), request)

    def hear(self, answer: Answer, request: Request) -> None:
        """A transcription: the answer's text as JSON, after what the steps before it say."""
        steps = [answer] if isinstance(answer, str) else steps_of(answer)
        self.split, self.pace, self.chunked = 0, 0.0, False
        try:
            for step in steps:
                if isinstance(step, str) or "text" in step:
                    self.answer_json(200, {"text": step if isinstance(step, str) else step["text"]})
                elif "status" in step:
                    self.refuse(step, [])
                elif not self.step(step):
                    return
        except (ClientLeft, BrokenPipeError, ConnectionResetError):
            request.left = time.monotonic() - request.at
            self.close_connection = True
        finally:
            request.over = True

    def answer_json(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # --- the script

    def play(self, steps: list[dict], request: Request) -> None:
        self.split, self.pace, self.chunked = 0, 0.0, False
        self.model = request.body.get("model", "test") if isinstance(request.body, dict) else "test"
        try:
            if steps and "status" in steps[0]:
                self.refuse(steps[0], steps[1:])
            else:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.chunked = True
                self.wfile.flush()
                for step in steps:
                    if not self.step(step):
                        return
                self.write_bytes(b"0\r\n\r\n")
        except (ClientLeft, BrokenPipeError, ConnectionResetError):
            request.left = time.monotonic() - request.at
            self.close_connection = True
        finally:
            request.over = True

    def refuse(self, first: dict, rest: list[dict]) -> None:
        body = first.get("body", "")
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(first["status"])
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | first.get("headers", {})
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.write_bytes(body)
        for step in rest:
            if not self.step(step):
                return

    def step(self, step: dict) -> bool:
        """Does one step; False when it ended the connection."""
        (kind, value), *_ = step.items()
        if kind == "text":
            for word in words(value):
                self.delta({"content": word})
        elif kind == "tool_call":
            self.tool_call(value)
        elif kind == "delta":
            self.delta(value)
        elif kind == "finish":
            self.sse(self.chunk({}, value))
        elif kind == "usage":
            usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15} | (value or {})
            self.sse({**self.chunk(None, None), "choices": [], "usage": usage})
        elif kind == "done":
            self.send(b"data: [DONE]\n\n")
        elif kind == "sse":
            self.sse(value)
        elif kind == "raw":
            self.send(value.encode("utf-8", "surrogatepass"))
        elif kind == "base64":
            self.send(base64.b64decode(value))
        elif kind == "split":
            self.split = value
        elif kind == "pace_ms":
            self.pace = value / 1000
        elif kind == "sleep_ms":
            self.pause(value / 1000)
        elif kind == "stall":
            self.pause(STALL_SECONDS)
        elif kind == "seen":
            end = time.monotonic() + STALL_SECONDS
            while value.encode() not in self.script.seen and time.monotonic() < end:
                self.pause(0.01)
        elif kind in ("cut", "rst"):
            if kind == "rst":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
            self.close_connection = True
            return False
        else:
            raise ValueError(f"unknown step {kind}")
        return True

    def chunk(self, delta: dict | None, finish: str | None) -> dict:
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": self.model,
                "choices": [{"index": 0, "delta": delta or {}, "finish_reason": finish}]}

    def delta(self, delta: dict) -> None:
        self.sse(self.chunk(delta, None))
        if self.pace:
            self.pause(self.pace)

    def tool_call(self, call: dict) -> None:
        index = call.get("index", 0)
        arguments = call.get("arguments", {})
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments, ensure_ascii=False)
        third = max(1, len(arguments) // 3)
        name = {"name": call["name"], "arguments": ""}
        self.delta({"tool_calls": [{"index": index, "id": call.get("id", f"call_{index + 1}"), "type": "function", "function": name}]})
        for i in range(0, len(arguments), third):
            self.delta({"tool_calls": [{"index": index, "function": {"arguments": arguments[i:i + third]}}]})

    # --- bytes

    def sse(self, value: Any) -> None:
        self.send(b"data: " + json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n\n")

    def send(self, data: bytes) -> None:
        size = self.split or len(data)
        for i in range(0, len(data), size):
            part = data[i:i + size]
            self.write_bytes(b"%x\r\n%s\r\n" % (len(part), part) if self.chunked else part)
            if self.split and not self.pace:
                time.sleep(0.0002)  # lets the parts travel as packets of their own

    def write_bytes(self, data: bytes) -> None:
        if self.client_left(0):
            raise ClientLeft
        self.wfile.write(data)
        self.wfile.flush()

    def pause(self, seconds: float) -> None:
        if self.client_left(seconds):
            raise ClientLeft

    def client_left(self, seconds: float) -> bool:
        """Waits that long, or until the client closes."""
        end = time.monotonic() + seconds
        while True:
            readable, _, _ = select.select([self.connection], [], [], max(0.0, end - time.monotonic()))
            if not readable:
                return False
            try:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    return True
            except ConnectionResetError:
                return True
            if time.monotonic() >= end:
                return False  # a pipelined request
            time.sleep(0.01)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.scripts: dict[str, Script] = {}
        self.lock = threading.Lock()

    def handle_error(self, request, client_address) -> None:
        pass  # a client that leaves is what tests are about


class FakeModel:
    """The server in a thread of this process."""

    def __init__(self, port: int = 0) -> None:
        self.server = Server(port)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "FakeModel":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def script(self, name: str, answers: list[Answer]) -> str:
        """Sets a script and forgets its requests; returns its base URL."""
        self.server.scripts[name] = Script(list(answers))
        return self.base_url(name)

    def base_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    def saw(self, name: str, what: bytes | str) -> None:
        """The test was shown this."""
        self.server.scripts[name].seen += what.encode() if isinstance(what, str) else what

    def requests(self, name: str) -> list[Request]:
        return self.server.scripts[name].requests


def main() -> None:
    parser = argparse.ArgumentParser(description="a scripted model server")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with FakeModel(options.port) as fake:
        print(f"http://127.0.0.1:{fake.port}/", flush=True)
        try:
            fake.thread.join()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
