# SPDX-License-Identifier: MIT
"""Uploads by odd clients and at odd moments: what they say is believed or refused, and what is kept is whole."""
from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import fastcgi
from client import Client
from rig import Site
from test_files import LARGE, PNG, create, fetch, files, form, message, nothing_left, path_of, upload


def head_of(me: Client, *lines: str) -> bytes:
    cookie = "; ".join(f"{k}={v}" for k, v in me.cookies.items())
    return "\r\n".join(["POST /api/chat/attachments HTTP/1.1", "Host: x", "Connection: close", f"Cookie: {cookie}", *lines, "", ""]).encode()


def test_odd_requests(site_factory) -> None:
    site = site_factory()
    me = site.client()
    me.session()
    body, headers = form(PNG)
    kind, length = f"Content-Type: {headers['Content-Type']}", f"Content-Length: {len(body)}"
    bytewise = b"".join(b"1;x=y\r\n" + body[i:i + 1] + b"\r\n" for i in range(len(body))) + b"0\r\nX: trailer\r\n\r\n"
    kept = 0
    for what, lines, data, status in (
            ("waits to be asked", [kind, length, "Expect: 100-continue"], body, 200),
            ("in chunks of a byte", [kind, "Transfer-Encoding: chunked"], bytewise, 200),
            ("a broken chunk", [kind, "Transfer-Encoding: chunked"], b"zz\r\n", 400),
            ("ends before its boundary", [kind, f"Content-Length: {len(body) - 9}"], body, 400),
            ("no length", [kind], body, 411),
            ("two lengths", [kind, length, length], body, 400),
            ("two types", [kind, "Content-Type: image/png", length], body, 400),
            ("a length below nothing", [kind, "Content-Length: -1"], body, 400),
            ("a length beyond all", [kind, "Content-Length: 99999999999999999999999"], body, 400),
            ("a length beyond the limit", [kind, "Content-Length: 40000000"], body, 413)):
        answer = me.raw(head_of(me, *lines) + data, 20)
        if answer.startswith(b"HTTP/1.1 100 "):
            answer = answer.partition(b"\r\n\r\n")[2]
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (what, answer[:200])
        kept += status == 200
        assert len(files(site)) == kept, what
    nothing_left(site)


def test_cut_off_anywhere(site_factory) -> None:
    """Before the web server, and as one that passes bodies on as they come."""
    site = site_factory()
    me = site.client()
    me.session()
    body, headers = form(PNG)
    whole = head_of(me, f"Content-Type: {headers['Content-Type']}", f"Content-Length: {len(body)}") + body
    for at in range(0, len(whole), 41):
        with socket.create_connection(("127.0.0.1", site.port)) as sock:
            sock.sendall(whole[:at])
    cookie = "; ".join(f"{k}={v}" for k, v in me.cookies.items())
    record = fastcgi.request([*fastcgi.variables("POST", "/api/chat/attachments"), ("CONTENT_TYPE", headers["Content-Type"]), ("CONTENT_LENGTH", str(len(body))),
                              ("HTTP_COOKIE", cookie)], body, piece=50)
    for at in range(0, len(record) - 8, 13):  # of the last record the body's end
        with fastcgi.Connection(next((site.dir / "run").glob("fcgi.sock*"))) as connection:
            connection.send(record[:at])
    assert upload(me, PNG).status == 200
    nothing_left(site)
    assert len(files(site)) == 1


def at_once(*calls: Callable[[], int]) -> tuple[int, ...]:
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], int]) -> int:
        start.wait()
        return call()
    with ThreadPoolExecutor(len(calls)) as pool:
        return tuple(pool.map(run, calls))


def test_two_uploads_of_one_id(site_factory) -> None:
    """Of two files one stands, whole, and the other is told so; two times the same is the same."""
    site = site_factory(procs=2)
    me = site.client()
    me.session()
    for n in range(12):
        a = LARGE[:(1000, 200000)[n % 2]]
        b = a[:-1] + b"!" if n % 3 else a
        announced = create(me, "a.pdf", "application/pdf", len(a))
        where = path_of(announced["upload_descriptor"]["url"])
        told = at_once(*(lambda data=data: upload(me, data, path=where).status for data in (a, b, a, b)))
        assert sorted(told) == ([200, 200, 409, 409] if a != b else [200] * 4), told
        stands = fetch(site, me.op("attachments.get_preview", attachment_id=announced["id"]).json["preview_url"]).body
        assert stands in (a, b)
        [(digest,)] = site.db("SELECT sha256 FROM chatkit.file WHERE id = %s", announced["id"])
        assert hashlib.sha256(stands).digest() == bytes(digest)
    nothing_left(site)


def test_upload_against_deletion_and_message(site_factory) -> None:
    site = site_factory(procs=2)
    me = site.client()
    me.session()
    chance = random.Random(1)
    for n in range(25):
        announced = create(me)

        def late(call: Callable[[], int]) -> Callable[[], int]:
            pause = chance.random() * 0.012
            return lambda: (time.sleep(pause), call())[1]
        told = at_once(lambda: upload(me, PNG, path=path_of(announced["upload_descriptor"]["url"])).status,
                       late(lambda: me.op("attachments.delete", attachment_id=announced["id"]).status),
                       late(lambda: me.op("threads.create", input=message("look", announced["id"])).status))
        assert told[0] in (200, 404) and told[1] in (200, 409) and told[2] in (200, 400, 404), told
        assert (told[1] == 409) == (told[2] == 200), told
        assert site.db("SELECT count(*) FROM chatkit.file WHERE id = %s AND state <> 'gone'", announced["id"]) == [(int(told[1] == 409),)]
    nothing_left(site)
