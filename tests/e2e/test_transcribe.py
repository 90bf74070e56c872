# SPDX-License-Identifier: MIT
"""Recordings: bodies that are a hundred times larger than any other operation's, held once, a few at a time."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from collections.abc import Callable

import pytest

import fastcgi
import rig
from fastcgi import Responder, record, variables

RECORDING_MAX = 25 * 1024 * 1024  # bytes of the JSON
SOUND = os.urandom(1 << 20) * 14  # 14 MiB; the JSON has 18.7 MiB
ENV = {"CHATKIT_TRANSCRIPTION": "on", "CHATKIT_MODEL": "demo/todo", "OPENAI_API_KEY": "sk-test-not-a-real-key"}


def dictation(sound: bytes, kind: str = "input.transcribe", type_last: bool = False) -> bytes:
    said = {"type": kind}
    params = {"params": {"audio_base64": base64.b64encode(sound).decode(), "mime_type": "audio/webm;codecs=opus"}}
    return json.dumps(params | said if type_last else said | params).encode()


@pytest.fixture
def listener(cluster, fake_model):
    """listener(answers, NAME=value): a responder without a web server, whose transcriber is a script; and the script's requests."""
    made: list[Responder] = []

    def make(answers: list, **more: str) -> tuple[Responder, Callable[[], list]]:
        name = rig.secrets.token_hex(4)
        made.append(Responder(env=ENV | {"OPENAI_BASE_URL": fake_model.script(name, answers)} | more))
        return made[-1], lambda: fake_model.requests(name)
    yield make
    for one in made:
        one.close()


def json_of(connection: fastcgi.Connection) -> dict:
    return json.loads(connection.out.partition(b"\r\n\r\n")[2])


def begin(responder: Responder, body: bytes, said: int | None) -> fastcgi.Connection:
    """Sends a request's head and these bytes of its body, but not the body's end."""
    connection = responder.connect()
    pairs = [p for p in variables("POST", "/api/chat", b"") if p[0] != "CONTENT_LENGTH"]
    connection.send(fastcgi.head(pairs + ([("CONTENT_LENGTH", str(said))] if said is not None else [])))
    for i in range(0, len(body), 32000):
        connection.send(record(fastcgi.STDIN, body[i:i + 32000]))
    return connection


def test_a_large_recording_is_held_once_and_its_memory_goes_back(listener) -> None:
    responder, requests = listener(["Buy milk."])
    responder.ask()
    before, most = responder.rss_kib(), 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.005):
            most = max(most, responder.rss_kib())
    watcher = threading.Thread(target=watch)
    watcher.start()
    body = dictation(SOUND)
    try:
        answer = responder.ask(variables("POST", "/api/chat", body), body)
        assert (answer.status, json_of(answer)) == (200, {"text": "Buy milk."})
    finally:
        done.set()
        watcher.join()
    assert requests()[0].body["file"] == {"name": "audio.webm", "type": "audio/webm", "size": len(SOUND), "sha256": hashlib.sha256(SOUND).hexdigest()}
    if not rig.SANITIZED:
        assert most - before < 1.5 * len(body) / 1024, f"{most - before} KiB for a body of {len(body) / 1024} KiB"
        assert responder.rss_kib() - before < 4096
    # The allocator learns from the first one: the ones after it must go back as well.
    for _ in range(3):
        assert responder.ask(variables("POST", "/api/chat", body), body).status == 200
        assert rig.SANITIZED or responder.rss_kib() - before < 4096


def test_large_bodies_of_anything_else_are_refused_early(listener) -> None:
    responder, requests = listener(["Never."])
    small = 256 * 1024
    message = b'{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"' + b"x" * 70000
    for said in (small + 1, 10 * 1024 * 1024, None):  # of which 70 KB came, or none is told: then the small limit's worth
        with begin(responder, message if said else message + b"x" * small, said) as connection:
            connection.read_all()
            assert connection.status == 413, said
    with begin(responder, b"", RECORDING_MAX + 1) as connection:
        connection.read_all()
        assert connection.status == 413 and f"larger than {RECORDING_MAX} bytes" in json_of(connection)["message"], "not the limit of other bodies"
    # The type behind the recording is not looked for; one that says it where it does not count is not believed.
    for body in (dictation(SOUND[:1 << 20], type_last=True), b'{"x":"input.transcribe","y":["input.transcribe"],' + dictation(SOUND[:1 << 20], kind="threads.list")[1:]):
        answer = responder.ask(variables("POST", "/api/chat", body), body)
        assert answer.status == 413, body[:60]
    # In a small body both are as good as any.
    body = dictation(b"sound", type_last=True)
    assert responder.ask(variables("POST", "/api/chat", body), body).status == 200
    assert len(requests()) == 1


def test_a_small_limit_below_the_first_bytes(listener) -> None:
    responder, requests = listener(["Heard."], CHATKIT_BODY_KIB="16", CHATKIT_TEXT_KIB="8")
    message = b'{"type":"threads.create","params":{"input":{"content":[{"type":"input_text","text":"' + b"x" * 20000 + b'"}]}}}'
    for body in (message, message.replace(b"xx", b"xxxxxxxxxx")):
        for said in (len(body), None):
            with begin(responder, body, said) as connection:
                connection.send(record(fastcgi.STDIN))
                connection.read_all()
                assert connection.status == 413, (len(body), said)
    for size in (10, 30000, 100000):
        body = dictation(SOUND[:size])
        for said in (len(body), None):
            with begin(responder, body, said) as connection:
                connection.send(record(fastcgi.STDIN))
                connection.read_all()
                assert connection.status == 200, (size, said)
    assert len(requests()) == 6


def test_a_few_recordings_at_once(listener) -> None:
    responder, requests = listener(["Heard."])
    body = dictation(SOUND[:1 << 20])
    held = [begin(responder, body[:100000], len(body)) for _ in range(4)]
    rig.wait_for("four in hand", lambda: refused(responder, body))
    # Small ones, and everything else, go on.
    small = dictation(b"sound")
    assert responder.ask(variables("POST", "/api/chat", small), small).status == 200
    # One that left, and one that was refused, gave their places back.
    held.pop().sock.close()
    rig.wait_for("a place", lambda: not refused(responder, body, said=len(body)))
    for connection in held:
        for i in range(100000, len(body), 32000):
            connection.send(record(fastcgi.STDIN, body[i:i + 32000]))
        connection.send(record(fastcgi.STDIN))
        connection.read_all()
        assert (connection.status, json_of(connection)) == (200, {"text": "Heard."})
        connection.sock.close()
    for _ in range(6):
        answer = responder.ask(variables("POST", "/api/chat", body), body)
        assert answer.status == 200


def refused(responder: Responder, body: bytes, said: int | None = None) -> bool:
    """Is a fifth recording told to come back? Asked with no more than its first bytes; if not, it leaves."""
    with begin(responder, body[:70000], said or len(body)) as fifth:
        fifth.sock.settimeout(0.2)
        try:
            fifth.read_all()
        except TimeoutError:
            return False
        assert fifth.status == 503 and b"Retry-After: 2" in fifth.out
        return True


def test_a_person_who_leaves_ends_the_request(listener) -> None:
    responder, requests = listener([[{"stall": True}]])
    body = dictation(b"sound")
    with responder.connect() as connection:
        connection.send(fastcgi.request(variables("POST", "/api/chat", body), body))
        rig.wait_for("the request", requests)
    rig.wait_for("its end", lambda: requests()[0].left is not None)


def test_through_a_web_server(site_factory, fake_model) -> None:
    name = rig.secrets.token_hex(4)
    site = site_factory(env=ENV | {"OPENAI_BASE_URL": fake_model.script(name, ["Heard."])})
    answer = site.client().post("/api/chat", json=json.loads(dictation(SOUND)))
    assert (answer.status, answer.json) == (200, {"text": "Heard."})
