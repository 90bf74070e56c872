# SPDX-License-Identifier: MIT
"""Attachments: what comes to the disk and what does not, who may read it and for how long, and what it costs in memory."""
from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import resource
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import fastcgi
from client import Client, Reply
from rig import SANITIZED, Site, give, wait_for

MIB = 1024 * 1024
LARGE = "%PDF-1.7\n".encode() + b"".join(i.to_bytes(4, "big") for i in range(25 * MIB // 4 - 100))


def png(width: int = 1, height: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"\0\0\0" * width for _ in range(height if width < 1000 else 1))
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PNG = png()


def form(data: bytes, name: str = "a.png", mime: str | None = "image/png", field: str = "file", boundary: str = "----b0undary") -> tuple[bytes, dict[str, str]]:
    name = name.replace('"', "%22")  # as browsers do
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n' + (f"Content-Type: {mime}\r\n" if mime else "") + "\r\n"
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def upload(me: Client, data: bytes, name: str = "a.png", mime: str | None = "image/png", path: str = "/api/chat/attachments", method: str = "POST",
           **how) -> Reply:
    body, headers = form(data, name, mime)
    return me.request(method, path, body=body, headers=headers | how)


def create(me: Client, name: str = "a.png", mime: str = "image/png", size: int = len(PNG)) -> dict:
    reply = me.op("attachments.create", name=name, mime_type=mime, size=size)
    assert reply.status == 200, reply
    return reply.json


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


def fetch(site: Site, url: str, **headers: str) -> Reply:
    """As the frame that shows previews does: a stranger, without cookie."""
    return site.client().get(path_of(url), headers=headers)


def fetch_part(site: Site, url: str, part: str) -> tuple[int, bytes]:
    """What the program itself makes of a Range. A web server that has all of an answer by then may cut it its own way."""
    path = path_of(url)
    with fastcgi.Connection(next((site.dir / "run").glob("fcgi.sock*"))) as connection:
        connection.send(fastcgi.request(fastcgi.variables(uri=path, HTTP_RANGE=part)))
        body = connection.read_all().split(b"\r\n\r\n", 1)[1]
        return connection.status, body if connection.status in (200, 206) else b""


def files(site: Site, sub: str = "files") -> list[Path]:
    return [p for p in (site.dir / "files" / sub).rglob("*") if p.is_file()]


def nothing_left(site: Site) -> None:
    wait_for("nothing to be left under way", lambda: not files(site, "tmp"))
    rows = {row[0] for row in site.db("SELECT id FROM chatkit.file WHERE state <> 'new'")}
    assert {p.name for p in files(site)} == rows, (files(site), rows)


@pytest.fixture
def store(site_factory) -> Site:
    return site_factory()


# --- there and back

@pytest.mark.parametrize("bare", [False, True])
def test_at_once(store: Site, bare: bool) -> None:
    me = store.client()
    if bare:
        reply = me.post("/api/chat/attachments?name=..%2Fa.png", body=PNG, headers={"Content-Type": "image/png"})
    else:
        reply = upload(me, PNG, name="../a.png")
    assert reply.status == 200, reply
    got = reply.json
    assert got["type"] == "image" and got["name"] == "a.png" and got["mime_type"] == "image/png" and "upload_descriptor" not in got
    assert got["preview_url"].startswith(store.url)
    assert fetch(store, got["preview_url"]).body == PNG
    [file] = files(store)
    assert file.read_bytes() == PNG and file.name == got["id"] and file.stat().st_mode & 0o777 == 0o600
    assert store.db("SELECT size, state, sha256 FROM chatkit.file")[0][:2] == (len(PNG), "here")
    nothing_left(store)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("bare", [False, True])
def test_announced(store: Site, method: str, bare: bool) -> None:
    me = store.client()
    announced = create(me)
    where = announced["upload_descriptor"]
    assert where["url"].startswith(store.url) and where["method"] == "POST" and where["headers"] == {}
    assert fetch(store, announced["preview_url"]).status == 404, "its bytes are not there yet"
    if bare:
        reply = me.request(method, path_of(where["url"]), body=PNG, headers={"Content-Type": "image/png"})
    else:
        reply = upload(me, PNG, path=path_of(where["url"]), method=method)
    assert reply.status == 200 and reply.json["id"] == announced["id"] and "upload_descriptor" not in reply.json, reply
    assert fetch(store, announced["preview_url"]).body == PNG
    # The same again is the same; something else is not.
    assert upload(me, PNG, path=path_of(where["url"])).status == 200
    assert upload(me, png(2, 1)[:len(PNG)], path=path_of(where["url"])).status in (409, 413)
    assert fetch(store, announced["preview_url"]).body == PNG
    assert me.op("attachments.get_preview", attachment_id=announced["id"]).json["preview_url"].startswith(store.url)
    nothing_left(store)


def test_how_it_is_served(store: Site) -> None:
    me = store.client()
    image = upload(me, PNG, name="Zürich \"1\".png").json
    reply = fetch(store, image["preview_url"])
    head = reply.headers
    assert reply.status == 200 and head["Content-Type"] == "image/png" and head["Content-Length"] == str(len(PNG))
    assert head["X-Content-Type-Options"] == "nosniff" and "sandbox" in head["Content-Security-Policy"]
    assert head["Content-Disposition"].startswith("inline;") and "filename*=UTF-8''Z%C3%BCrich%20" in head["Content-Disposition"]
    assert head["Cross-Origin-Resource-Policy"] == "cross-origin" and head["Cache-Control"].startswith("private, max-age=") and not head["Set-Cookie"]
    assert 3000 < int(head["Cache-Control"].split("=")[1]) <= 4200
    etag = head["ETag"]
    assert etag == f'"{hashlib.sha256(PNG).hexdigest()}"'
    again = fetch(store, image["preview_url"], **{"If-None-Match": etag})
    assert again.status == 304 and again.body == b""
    only_head = store.client().request("HEAD", path_of(image["preview_url"]))
    assert only_head.status == 200 and only_head.headers["Content-Length"] == str(len(PNG)) and only_head.body == b""
    for range_, status, want in [("bytes=0-3", 206, PNG[:4]), ("bytes=4-", 206, PNG[4:]), ("bytes=-5", 206, PNG[-5:]),
                                 (f"bytes={len(PNG)}-", 416, b""), ("lines=1-2", 200, PNG), ("bytes=5-2", 200, PNG), ("bytes=0-99999", 206, PNG),
                                 ("bytes=1", 200, PNG), ("bytes=0 - 3", 200, PNG), ("bytes=-", 200, PNG), ("bytes=-0", 416, b""), ("bytes=-999", 206, PNG),
                                 (f"bytes=0-{2**63 - 1}", 206, PNG), (f"bytes=0-{2**64}", 200, PNG), (f"bytes={2**63 - 1}-", 416, b""), ("bytes=1-1,3-4", 200, PNG)]:
        assert fetch_part(store, image["preview_url"], range_) == (status, want), range_
    part = fetch(store, image["preview_url"], Range="bytes=1-4")
    assert (part.status, part.body) == (206, PNG[1:5])
    stale = fetch(store, image["preview_url"], **{"Range": "bytes=0-3", "If-Range": '"other"'})
    assert stale.status == 200 and stale.body == PNG


def test_only_images_are_shown(store: Site) -> None:
    me = store.client()
    for data, name, mime, shown in [(b"%PDF-1.7\nx", "a.pdf", "application/pdf", "application/pdf"),
                                    (b"{}", "a.json", "application/json", "text/plain; charset=utf-8"),
                                    ("Zürich".encode(), "a.txt", "text/plain", "text/plain; charset=utf-8")]:
        got = upload(me, data, name, mime).json
        assert got["type"] == "file" and "preview_url" not in got and got["mime_type"] == mime
        url = me.op("attachments.get_preview", attachment_id=got["id"]).json["preview_url"]
        reply = fetch(store, url)
        assert reply.body == data and reply.headers["Content-Type"] == shown and reply.headers["Content-Disposition"].startswith("attachment;")


def test_without_a_type_the_bytes_tell(store: Site) -> None:
    me = store.client()
    assert upload(me, PNG, "a.bin", None).json["mime_type"] == "image/png"
    assert upload(me, b"# hello", "a.md", "application/octet-stream").json["mime_type"] == "text/markdown"
    assert upload(me, b"a\0b", "a.bin", "application/octet-stream").status == 415
    assert me.op("attachments.create", name="a.md", mime_type="", size=7).status == 200


def test_tables_that_windows_calls_excels(store: Site) -> None:
    """Where Excel is installed a browser says so of every .csv."""
    me, table, excel = store.client(), b"a;b\r\n1;2\r\n", "application/vnd.ms-excel"
    assert upload(me, table, "a.CSV", excel).json["mime_type"] == "text/csv"
    announced = create(me, "a.csv", excel, len(table))
    assert announced["mime_type"] == "text/csv"
    assert upload(me, table, "a.csv", excel, path=path_of(announced["upload_descriptor"]["url"])).json["mime_type"] == "text/csv"
    assert upload(me, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.csv", excel).status == 415
    assert upload(me, table, "a.xls", excel).status == 415


# --- what is refused

def bad_uploads() -> dict[str, tuple[bytes, dict[str, str], int | tuple[int, ...]]]:
    def of(data: bytes, *args, status: int = 415, **how) -> tuple[bytes, dict[str, str], int]:
        return *form(data, *args, **how), status
    whole, headers = form(PNG)
    html = b"<!DOCTYPE html><script>alert(1)</script>"
    return {
        "a page as an image": of(html),
        "a drawing as an image": of(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        "a zip as an image": of(b"PK\x03\x04" + b"x" * 100),
        "a page as a text": of(html, "a.txt", "text/plain"),
        "a page without a type": of(html, "a.txt", None),
        "a drawing": of(b"<svg/>", "a.svg", "image/svg+xml"),
        "a program": of(b"MZ\x90\0" + b"\0" * 100, "a.exe", "application/x-msdownload"),
        "bytes as a text": of(b"\xff\xfe\0a", "a.txt", "text/plain"),
        "bytes at the end of a text": of(b"a" * 100000 + b"\xff", "a.txt", "text/plain"),
        "a PDF that is none": of(b"hello", "a.pdf", "application/pdf"),
        "a png that is a gif": of(b"GIF89a\1\0\1\0" + b"\0" * 30),
        "pixels without end": of(png(65535, 65535)),
        "an image cut off": of(PNG[:20]),
        "empty": of(b"", status=400),
        "no file chosen": of(b"", "", "application/octet-stream", status=400),
        "no field file": of(PNG, field="upload", status=400),
        "two files": (whole[:-len("--\r\n")] + b"\r\n" + whole[len("------b0undary\r\n"):].join([b"", b""]) + whole[len("------b0undary\r\n"):], headers, 400),
        "no last boundary": (whole[:-6], headers, 400),
        "a boundary that is broken": (whole.replace(b"undary--", b"undary-x"), headers, 400),
        "another boundary": (whole, {"Content-Type": "multipart/form-data; boundary=other"}, 400),
        "no boundary": (whole, {"Content-Type": "multipart/form-data"}, 400),
        "a boundary too long": (whole, {"Content-Type": "multipart/form-data; boundary=" + "b" * 71}, 400),
        "another multipart": (whole, {"Content-Type": "multipart/mixed; boundary=----b0undary"}, 400),
        "no form at all": (b"hello", headers, 400),
        "no body": (b"", headers, 400),
        "urlencoded": (b"file=hello", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        "bare and lying": (html, {"Content-Type": "image/png"}, 415),
        "bare and empty": (b"", {"Content-Type": "text/plain"}, 400),
        "encoded": (whole.replace(b"Content-Type", b"Content-Transfer-Encoding: base64\r\nContent-Type"), headers, 400),
        "no name": (whole.replace(b'name="file"; ', b""), headers, 400),
    }


@pytest.mark.parametrize("announced", [False, True])
def test_bad_uploads_leave_nothing(store: Site, announced: bool) -> None:
    me = store.client()
    me.session()
    for what, (body, headers, status) in bad_uploads().items():
        path = path_of(create(me, size=1000000)["upload_descriptor"]["url"]) if announced else "/api/chat/attachments"
        reply = me.post(path, body=body, headers=headers)
        # Announced as an image, the type that comes with the bytes says nothing.
        expected = (400, 415) if announced else (status,)
        assert reply.status in expected, f"{what}: {reply}"
        said = reply.json
        assert said["message"] and said["code"] and said["error"] == said["detail"] == said["message"], what
        assert not files(store), what
    nothing_left(store)


@pytest.mark.parametrize("name, kept", [("../../etc/passwd.png", "passwd.png"), ("..\\..\\x.png", "x.png"), ("..", "file"), ("", "file"), ("a/b/", "file"),
                                        ("a" * 300 + ".png", "a" * 196 + ".png"), ("\x1b[31m\u202egnp.exe", "[31mgnp.exe"), ("%00a.png", "%00a.png")])
def test_names(site: Site, name: str, kept: str) -> None:
    me = site.client()
    body, headers = form(PNG, name.replace("\x1b", ""))
    if name:
        assert me.post("/api/chat/attachments", body=body, headers=headers).json["name"] == kept
    if len(name) <= 200:  # more is cut before anybody looks at its end
        assert me.op("attachments.create", name=name or "/", mime_type="image/png", size=9).json["name"] == kept


def test_announcing(site: Site) -> None:
    me = site.client()
    for params, status in [({"mime_type": "image/svg+xml"}, 415), ({"mime_type": "text/html"}, 415), ({"mime_type": "x"}, 415), ({"size": 26 * MIB}, 413),
                           ({"size": 0}, 400),
                           ({"size": -1}, 400), ({"size": "9"}, 400), ({"name": None}, 400)]:
        reply = me.op("attachments.create", **{"name": "a.png", "mime_type": "image/png", "size": 9} | params)
        assert reply.status == status, (params, reply)
    where = path_of(create(me, size=len(PNG) - 1)["upload_descriptor"]["url"])
    assert upload(me, PNG, path=where).status == 413, "more than was announced"
    assert upload(me, PNG, path="/api/chat/attachments/atc_" + "a" * 26).status == 404
    assert upload(me, PNG, path="/api/chat/attachments/..%2fx").status in (400, 404)


def test_too_large(site_factory) -> None:
    site = site_factory(env={"CHATKIT_ATTACHMENT_MIB": "1"})
    me = site.client()
    me.session()
    begun = time.monotonic()
    pdf = "application/pdf"
    for body, headers in (form(LARGE[:2 * MIB], "a.pdf", pdf), (LARGE[:MIB + 1], {"Content-Type": pdf}), form(LARGE[:MIB + 1], "a.pdf", pdf)):
        assert me.post("/api/chat/attachments", body=body, headers=headers).status == 413
    assert time.monotonic() - begun < 40
    assert upload(me, LARGE[:MIB], "a.pdf", "application/pdf").status == 200
    chunked = b"POST /api/chat/attachments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chunked\r\n\r\n"
    for size, status in ((MIB + 1, b"413"), (MIB, b"200")):
        answer = me.raw(chunked + f"{size:x}\r\n".encode() + LARGE[:size] + b"\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 " + status), answer[:300]
    nothing_left(site)


def test_quota(site_factory) -> None:
    site = site_factory(env={"CHATKIT_ATTACHMENTS_OWNER_COUNT": "2"})
    me = site.client()
    assert upload(me, PNG).status == 200
    announced = create(me)
    refused = upload(me, PNG)
    assert refused.status == 429 and refused.headers["Retry-After"] and "files" in refused.json["message"]
    assert me.op("attachments.create", name="a", mime_type="image/png", size=9).status == 429
    assert upload(me, PNG, path=path_of(announced["upload_descriptor"]["url"])).status == 200
    nothing_left(site)
    assert me.op("attachments.delete", attachment_id=announced["id"]).json == {}
    assert upload(me, PNG).status == 200
    assert len(files(site)) == 2


def test_not_offered(site_factory) -> None:
    site = site_factory(env={"CHATKIT_ATTACHMENTS": "false"})
    me = site.client()
    assert upload(me, PNG).status == 403
    assert me.op("attachments.create", name="a", mime_type="image/png", size=9).status == 403
    assert me.get("/api/chat/files/atc_x").status == 404


# --- whose it is

def test_two_people(store: Site) -> None:
    me, other = store.client(), store.client()
    other.session()
    mine = upload(me, PNG).json["id"]
    announced = create(me)
    for stranger in (other, store.client()):
        assert stranger.op("attachments.delete", attachment_id=mine).status == 404
        assert stranger.op("attachments.get_preview", attachment_id=mine).status == 404
        assert upload(stranger, PNG, path=path_of(announced["upload_descriptor"]["url"])).status == 404
    assert other.op("threads.create", input={"content": [{"type": "input_text", "text": "hi"}], "attachments": [mine]}).status == 404
    assert me.op("attachments.delete", attachment_id=mine).json == {}
    assert me.op("attachments.delete", attachment_id=mine).status == 404
    assert not files(store)


def sign(site: Site, file_id: str, owner: str, until: int, secret: str | None = None) -> str:
    """As the program does, with its secret: HKDF for the key, then a MAC over id, time and owner."""
    prk = hmac.new(bytes(32), (secret or site.secret).encode(), hashlib.sha256).digest()
    key = hmac.new(prk, b"chatkit link to a file\x01", hashlib.sha256).digest()

    def b64(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    mac = hmac.new(key, f"{file_id}\0{until}\0{owner}".encode(), hashlib.sha256).digest()
    return f"/api/chat/files/{file_id}?e={until}&o={b64(owner.encode())}&s={b64(mac)}"


def test_addresses(store: Site) -> None:
    me = store.client()
    before = int(time.time())
    got = upload(me, PNG).json
    other_id = upload(me, png(2, 2)).json["id"]
    url = got["preview_url"]
    query = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    owner = base64.urlsafe_b64decode(query["o"] + "==").decode()
    now = int(time.time())
    assert before + 3600 <= int(query["e"]) <= now + 3600 + 600
    assert sign(store, got["id"], owner, int(query["e"])) == path_of(url)
    assert fetch(store, sign(store, got["id"], owner, now + 600)).status == 200
    bad = [
        sign(store, got["id"], owner, now - 1),
        sign(store, got["id"], owner, now + 600, secret="another secret"),
        path_of(url).replace(got["id"], other_id),
        path_of(url).replace("e=" + query["e"], f"e={int(query['e']) + 1}"),
        path_of(url).replace("e=", "e=0"),
        path_of(url) + "&e=" + query["e"],
        path_of(url) + "A",
        path_of(url)[:-1],
        f"/api/chat/files/{got['id']}",
        f"/api/chat/files/{got['id']}?e={query['e']}&o=!&s={query['s']}",
    ]
    said = set()
    for address in bad:
        reply = store.client().get(address)
        assert reply.status == 403, (address, reply)
        said.add(reply.json["message"])
    assert len(said) == 1, "what is wrong with an address is not told"
    assert fetch(store, sign(store, got["id"], "anon:other", now + 600)).status == 404, "signed, but that person has no such file"
    assert fetch(store, sign(store, "atc_" + "a" * 26, owner, now + 600)).status == 404
    # Another secret, the old one still known.
    old = store.secret
    store.stop()
    store.env |= {"CHATKIT_SECRET": "n" * 64, "CHATKIT_SECRET_OLD": old}
    store.start()
    assert fetch(store, url).status == 200


def test_where_people_see_us(site_factory) -> None:
    site = site_factory(env={"CHATKIT_PUBLIC_URL": "https://chat.example/path"})
    me = site.client()
    got = upload(me, PNG).json
    assert got["preview_url"].startswith("https://chat.example/path/api/chat/files/")
    assert create(me)["upload_descriptor"]["url"].startswith("https://chat.example/path/api/chat/attachments/")


def test_other_origins(site_factory) -> None:
    site = site_factory(env={"CORS_ORIGINS": "https://app.example"})
    me = site.client()
    me.session()
    announced = path_of(create(me)["upload_descriptor"]["url"])
    for path in ("/api/chat/attachments", announced, "/api/chat/files/x"):
        asked = "authorization, chatkit-frame-instance-id, x-org-id, content-type, x-anything-else"
        reply = me.request("OPTIONS", path, headers={"Origin": "https://app.example", "Access-Control-Request-Method": "PUT",
                                                     "Access-Control-Request-Headers": asked})
        assert reply.status == 204 and reply.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert reply.headers["Access-Control-Allow-Headers"] == asked
        assert {"GET", "POST", "PUT"} <= set(reply.headers["Access-Control-Allow-Methods"].split(", "))
        reply = me.request("OPTIONS", path, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"})
        assert reply.headers["Access-Control-Allow-Origin"] is None
    listed = upload(me, PNG, Origin="https://app.example")
    assert listed.status == 200 and listed.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert fetch(site, listed.json["preview_url"], Origin="https://app.example").headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert upload(me, b"", Origin="https://app.example").headers["Access-Control-Allow-Origin"] == "https://app.example", "on errors too"
    # Another site's page sends a form with the person's cookie.
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        for path in ("/api/chat/attachments", announced):
            assert upload(me, PNG, path=path, **headers).status == 403, headers
    assert upload(me, PNG, **{"Sec-Fetch-Site": "same-origin"}).status == 200
    assert len(files(site)) == 2


def test_wrong_methods(site: Site) -> None:
    me = site.client()
    for method, path, allow in (("GET", "/api/chat/attachments", "POST, OPTIONS"), ("PUT", "/api/chat/attachments", "POST, OPTIONS"),
                                ("DELETE", "/api/chat/attachments/x", "POST, PUT, OPTIONS"), ("POST", "/api/chat/files/x", "GET, HEAD, OPTIONS")):
        reply = me.request(method, path, body=b"")
        assert reply.status == 405 and reply.headers["Allow"] == allow, (method, path, reply)


# --- what is broken off

def begin_upload(site: Site, me: Client, send: int, end: bytes = b"") -> fastcgi.Connection:
    """An upload to the responder itself, of which so many bytes come: lighttpd would keep it to itself until it is whole. There is a file under way then."""
    connection = fastcgi.Connection(next((site.dir / "run").glob("fcgi.sock*")))
    cookie = "; ".join(f"{k}={v}" for k, v in me.cookies.items())
    connection.send(fastcgi.head([*fastcgi.variables("POST", "/api/chat/attachments"), ("CONTENT_TYPE", "application/pdf"), ("CONTENT_LENGTH", str(len(LARGE))),
                                  ("HTTP_COOKIE", cookie)]))
    for at in range(0, send, 32000):
        connection.send(fastcgi.record(fastcgi.STDIN, LARGE[at:min(at + 32000, send)]))
    wait_for("a file under way", lambda: len(files(site, "tmp")) == 1)
    connection.send(end)
    return connection


def test_a_client_that_leaves(store: Site) -> None:
    me = store.client()
    me.session()
    for send in (0, 1, 100000, 20 * MIB):
        for end in (b"", fastcgi.record(fastcgi.ABORT)):
            begin_upload(store, me, send, end).sock.close()
            wait_for("it to be gone", lambda: not files(store, "tmp"))
        with begin_upload(store, me, send, fastcgi.record(fastcgi.STDIN)) as connection:  # as if that were all: some servers do that for who left
            connection.read_all()
            assert connection.status in (400, 415), connection.out
        nothing_left(store)
    assert upload(me, PNG).status == 200
    nothing_left(store)
    assert len(files(store)) == 1


def test_a_responder_that_is_killed(store: Site) -> None:
    """What it wrote has no name, and the sweep finds it when it is old."""
    me = store.client()
    me.session()
    aside = store.dir / "files"  # begin_upload wants to see its own alone
    for n, send in enumerate((1, 100000, 20 * MIB)):
        [pid] = store.pids()
        with begin_upload(store, me, send):
            store.kill(pid)
        left = files(store, "tmp")
        assert len(left) == 1 and not files(store) and store.db("SELECT count(*) FROM chatkit.file") == [(0,)]
        left[0].rename(aside / f"left{n}")
        wait_for("another responder", lambda: store.client().get("/api/chat/health").status == 200)
    for n in range(3):
        (aside / f"left{n}").rename(aside / f"tmp/left{n}")
    for n in range(2):
        os.utime(aside / f"tmp/left{n}", (time.time() - 7200,) * 2)
    # A start sweeps; what is young may be somebody's.
    store.stop()
    store.start()
    assert store.client().get("/api/chat/health").status == 200
    wait_for("the sweep", lambda: [p.name for p in files(store, "tmp")] == ["left2"])
    assert upload(me, PNG).status == 200


def test_killed_at_any_moment(store: Site) -> None:
    """Between the last byte and the answer: there are never bytes without a row."""
    me = store.client()
    me.session()
    data = LARGE[:2 * MIB]
    for moment in range(12):
        [pid] = store.pids()
        done = threading.Event()

        def killer() -> None:
            while not done.is_set():
                if files(store, "tmp"):
                    time.sleep(moment / 1000)
                    store.kill(pid)
                    return
        thread = threading.Thread(target=killer)
        thread.start()
        try:
            reply = upload(me, data, "a.pdf", "application/pdf")
            assert reply.status in (200, 500, 502, 503), reply
        except OSError:
            pass
        done.set()
        thread.join()
        wait_for("another responder", lambda: store.client().get("/api/chat/health").status == 200)
        rows = {row[0] for row in store.db("SELECT id FROM chatkit.file")}
        assert {p.name for p in files(store)} <= rows, "bytes without a row"
        for path in files(store, "tmp"):
            path.unlink()


def test_no_room(store: Site) -> None:
    """For want of a full disk: a limit on the size of files, in a responder of its own."""
    me = store.client()
    assert upload(me, PNG).status == 200
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (90000, old[1]))
    try:
        responder = fastcgi.Responder(store.env)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    try:
        cookie = "; ".join(f"{k}={v}" for k, v in me.cookies.items())
        for size, status in ((80000, 200), (100000, 507), (2 * MIB, 507), (80000, 200)):
            head = [*fastcgi.variables("POST", "/api/chat/attachments"), ("CONTENT_TYPE", "application/pdf"), ("CONTENT_LENGTH", str(size)),
                    ("HTTP_COOKIE", cookie)]
            with responder.connect() as c:
                with contextlib.suppress(BrokenPipeError):  # it need not read on
                    c.send(fastcgi.request(head, LARGE[:size]))
                c.read_all()
                assert c.status == status, c.out
                assert status == 200 or (b"no room" in c.out and b"Retry-After" in c.out)
            nothing_left(store)
    finally:
        responder.close()
    assert len(files(store)) == 3


def test_room_for_others(site_factory) -> None:
    """Who throws the cookie away has a new quota each time: what is left of the disk is for everybody."""
    site = site_factory(env={"CHATKIT_ATTACHMENTS_KEEP_FREE_MIB": "100000000"})
    me = site.client()
    me.session()
    refused = upload(me, PNG)
    assert refused.status == 507 and "no room" in refused.text, refused
    nothing_left(site)
    assert me.op("threads.create", text="hello").said


def test_bytes_that_did_not_come(store: Site) -> None:
    """The row says that they are here, as after a kill between the two: nobody can send them along, and the same upload again mends it."""
    me = store.client()
    first = upload(me, PNG).json["id"]
    announced = create(me)
    where = path_of(announced["upload_descriptor"]["url"])
    (store.dir / "files/files").chmod(0o500)
    for path in ("/api/chat/attachments", where):
        assert upload(me, PNG, path=path).status == 500
    (store.dir / "files/files").chmod(0o700)
    assert store.db("SELECT id, state FROM chatkit.file WHERE id <> %s", first) == [(announced["id"], "here")]
    [path] = files(store)
    path.unlink()
    for file_id in (first, announced["id"]):
        assert fetch(store, me.op("attachments.get_preview", attachment_id=file_id).json["preview_url"]).status == 404
        refused = me.op("threads.create", input=message("look", file_id))
        assert refused.status == 400 and "its upload is not complete" in refused.json["message"], refused
    assert upload(me, png(2, 1)[:len(PNG)], path=where).status == 409, "other bytes were promised"
    assert upload(me, PNG, path=where).status == 200
    assert me.op("threads.create", input=message("look", announced["id"])).is_stream
    assert me.op("attachments.delete", attachment_id=first).json == {}
    nothing_left(store)


def test_uploads_leave_room_for_others(site_factory) -> None:
    site = site_factory(env={"CHATKIT_REQUESTS": "6"})
    me = site.client()
    me.session()
    slow = [begin_upload(site, me, 1)]
    try:
        for _ in range(3):
            slow.append(fastcgi.Connection(next((site.dir / "run").glob("fcgi.sock*"))))
            slow[-1].send(fastcgi.head([*fastcgi.variables("POST", "/api/chat/attachments"), ("CONTENT_TYPE", "application/pdf"), ("CONTENT_LENGTH", "1000"),
                                        ("HTTP_COOKIE", "; ".join(f"{k}={v}" for k, v in me.cookies.items()))]))
        wait_for("four uploads", lambda: len(files(site, "tmp")) == 4)
        refused = upload(me, PNG)
        assert refused.status == 503 and refused.headers["Retry-After"] == "5", refused
        assert me.get("/api/chat/health").status == 200
    finally:
        for connection in slow:
            connection.sock.close()
    wait_for("room", lambda: upload(me, PNG).status == 200)
    nothing_left(site)


def test_no_database(cluster, store: Site) -> None:
    me = store.client()
    announced = create(me)
    here = upload(me, PNG).json
    store.stop_db()
    try:
        assert upload(me, PNG).status == 503
        assert upload(me, PNG, path=path_of(announced["upload_descriptor"]["url"])).status == 503
        assert fetch(store, here["preview_url"]).status == 503
        assert me.op("attachments.delete", attachment_id=here["id"]).status == 503
    finally:
        store.start_db()
    wait_for("the database", lambda: fetch(store, here["preview_url"]).status == 200)
    assert upload(me, PNG, path=path_of(announced["upload_descriptor"]["url"])).status == 200
    nothing_left(store)


def test_the_sweep(store: Site) -> None:
    me = store.client()
    kept = upload(me, PNG).json["id"]
    orphan, announced, gone = upload(me, PNG).json["id"], create(me)["id"], upload(me, PNG).json["id"]
    thread = me.op("threads.create", input={"content": [{"type": "input_text", "text": "hi"}], "attachments": [gone]}).thread_id
    assert me.op("attachments.delete", attachment_id=gone).status == 409
    assert me.op("threads.delete", thread_id=thread).status == 200
    store.db("UPDATE chatkit.file SET at = now() - interval '25 hours' WHERE id = ANY (%s)", [orphan, announced])
    store.stop()
    store.start()
    assert store.client().get("/api/chat/health").status == 200
    wait_for("the sweep", lambda: store.db("SELECT id FROM chatkit.file") == [(kept,)])
    assert [p.name for p in files(store)] == [kept]


def test_what_cannot_be_deleted_holds_up_nothing(store: Site) -> None:
    """A sweep takes the hundred oldest. For want of a disk with faults: a folder stands where each of them should be."""
    me = store.client()
    gone = upload(me, PNG).json["id"]
    stuck = [f"atc_{n:026}" for n in range(100)]
    for name in stuck:
        (store.dir / "files/files" / name[-2:] / name).mkdir(parents=True)
    for path in (store.dir / "files/files").rglob("*"):
        give(path)
    store.db("INSERT INTO chatkit.file SELECT (jsonb_populate_record(f, jsonb_build_object('id', x.id))).* FROM chatkit.file f, unnest(%s) AS x(id)", stuck)
    store.db("UPDATE chatkit.file SET state = 'gone', at = now() - CASE WHEN id = %s THEN 1 ELSE 2 END * interval '1 hour'", gone)
    store.stop()
    store.start()
    wait_for("the first sweep", lambda: store.db("SELECT count(*) FROM chatkit.file WHERE at > now() - interval '30 minutes'") == [(100,)])
    store.stop()
    store.start()
    wait_for("the second", lambda: store.db("SELECT count(*) FROM chatkit.file WHERE id = %s", gone) == [(0,)])
    assert store.db("SELECT count(*) FROM chatkit.file") == [(100,)]


# --- in a conversation

def said_to(site: Site) -> list[dict]:
    """What the model was shown last of the person's words."""
    return [m for m in site.model_requests()[-1].body["messages"] if m["role"] == "user"][-1]["content"]


def message(text: str, *ids: str) -> dict:
    return {"content": [{"type": "input_text", "text": text}], "attachments": list(ids), "inference_options": {}}


def test_what_the_model_reads(model_site) -> None:
    site = model_site(["I see."])
    me = site.client()
    text = "Zürich\n" * 40000
    image, pdf, note = (upload(me, *what).json["id"] for what in ((PNG, "a.png", "image/png"), (LARGE[:MIB], "a.pdf", "application/pdf"),
                                                                   (text.encode(), "a.txt", "text/plain")))
    reply = me.op("threads.create", input=message("look", image, pdf, note))
    assert reply.said == "I see.", reply
    parts = said_to(site)
    assert parts[0] == {"type": "text", "text": "look"}
    assert parts[1]["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert parts[2]["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64," + base64.b64encode(LARGE[:MIB]).decode()}
    shown = text.encode()[:200 * 1024].decode("utf-8", "ignore")
    assert shown in parts[3]["text"] and f"{len(shown.encode())} bytes of {len(text.encode())} are shown" in parts[3]["text"]
    assert [f[0] for f in site.db("SELECT state FROM chatkit.file")] == ["used"] * 3
    # A PDF that fills a request, and one that does not fit.
    sizes = 15 * MIB, 15 * MIB + 1
    full, over = (upload(me, LARGE[:size], "a.pdf", "application/pdf").json["id"] for size in sizes)
    assert me.op("threads.create", input=message("these", full)).said == "I see."
    assert said_to(site)[1]["file"]["file_data"] == "data:application/pdf;base64," + base64.b64encode(LARGE[:sizes[0]]).decode()
    assert me.op("threads.create", input=message("these", over)).said == "I see."
    assert f"its {sizes[1]} bytes are too many" in said_to(site)[1]["text"], said_to(site)[1]["text"][:200]
    for file_id in (full, over):
        assert me.op("threads.delete", thread_id=site.db("SELECT thread_id FROM chatkit.file WHERE id = %s", file_id)[0][0]).status == 200
    # What is deleted beneath is said, and the conversation goes on.
    for path in files(site):
        path.unlink()
    assert me.op("threads.add_user_message", thread_id=reply.thread_id, input=message("and now?")).said == "I see."
    first = [m for m in site.model_requests()[-1].body["messages"] if m["role"] == "user"][0]["content"]
    assert [part["type"] for part in first] == ["text"] * 4 and all("cannot be read" in part["text"] for part in first[1:])


def test_images_that_a_model_makes(model_site) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}}
    site = model_site([[{"delta": {"role": "assistant", "content": "Here.", "images": [picture]}}, {"finish": "stop"}, {"done": True}]])
    me = site.client()
    reply = me.op("threads.create", text="draw")
    [item] = [e["item"] for e in reply.of("thread.item.done") if e["item"]["type"] == "generated_image"]
    assert fetch(site, item["image"]["url"]).body == PNG
    [stored] = [i for i in me.items(reply.thread_id) if i["type"] == "generated_image"]
    assert stored["image"]["id"] == item["image"]["id"] and fetch(site, stored["image"]["url"]).body == PNG
    assert site.db("SELECT state, kind, mime, thread_id FROM chatkit.file") == [("used", "image", "image/png", reply.thread_id)]
    assert "chatkit-file:" in site.db("SELECT body FROM chatkit.item WHERE kind = 'generated_image'")[0][0]


def test_an_image_that_cannot_be_kept_costs_nothing(model_site) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}}
    site = model_site([[{"delta": {"role": "assistant", "content": "Here.", "images": [picture]}}, {"finish": "stop"}, {"done": True}]])
    me = site.client()
    thread_id = me.op("threads.create", text="draw").thread_id
    folder = site.dir / "files/files"
    folder.chmod(0o500)
    reply = me.op("threads.add_user_message", thread_id=thread_id, input=message("another"))
    folder.chmod(0o700)
    assert [n["message"] for n in reply.of("notice")] == ["An image could not be kept."] and reply.said == "Here.", reply
    nothing_left(site)
    assert site.db("SELECT count(*) FROM chatkit.file") == [(1,)], "it would count until its thread goes"


def test_addresses_are_new_on_every_way_out(model_site) -> None:
    site = model_site(["I see."])
    me = site.client()
    got = upload(me, PNG).json
    reply = me.op("threads.create", input=message("look", got["id"]))
    item = reply.of("thread.item.done")[0]["item"]
    thread_id = reply.thread_id
    history = [me.items(thread_id)[0], me.op("threads.get_by_id", thread_id=thread_id).json["items"]["data"][0]]
    for shown in [item, *history]:
        [attachment] = shown["attachments"]
        assert attachment["thread_id"] == thread_id and attachment["id"] == got["id"] and "upload_descriptor" not in attachment
        assert fetch(site, attachment["preview_url"]).body == PNG
    [(body,)] = site.db("SELECT body FROM chatkit.item WHERE kind = 'user_message'")
    assert f'"preview_url":"chatkit-file:{got["id"]}"' in body and "http" not in body
    # By another name of this machine, and after a new secret: what stands in the history is still shown.
    site.stop()
    site.env["CHATKIT_SECRET_OLD"], site.env["CHATKIT_SECRET"] = site.secret, "n" * 64
    site.env["CHATKIT_PUBLIC_URL"] = "https://chat.example"
    site.start()
    url = me.items(thread_id)[0]["attachments"][0]["preview_url"]
    assert url.startswith("https://chat.example/api/chat/files/") and fetch(site, url).body == PNG


def test_what_a_person_writes_is_no_placeholder(model_site) -> None:
    text = '"preview_url":"chatkit-file:atc_x","url":"chatkit-file:atc_x"'
    site = model_site([text])
    me = site.client()
    reply = me.op("threads.create", text=text)
    assert reply.said == text
    items = me.items(reply.thread_id)
    assert items[0]["content"][0]["text"] == text and items[1]["content"][0]["text"] == text


def test_files_that_cannot_be_sent(store: Site) -> None:
    me = store.client()
    image, announced = upload(me, PNG).json["id"], create(me)["id"]
    assert me.op("threads.create", input=message("x", announced)).status == 400
    assert me.op("threads.create", input=message("x", "atc_none")).status == 404
    assert me.op("threads.create", input=message("x", *(f"atc_{i}" for i in range(11)))).status in (400, 404)
    first = me.op("threads.create", input=message("x", image))
    assert first.of("thread.created")
    assert me.op("threads.create", input=message("x", image)).status == 404, "another conversation's"
    assert me.op("threads.add_user_message", thread_id=first.thread_id, input=message("x", image)).status == 200
    assert store.db("SELECT count(*) FROM chatkit.thread") == [(1,)]


# --- memory

def peak(site: Site) -> int:
    """Bytes of the responder's memory at its largest."""
    [pid] = site.pids()
    return int(next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


plain = pytest.mark.skipif(SANITIZED, reason="sanitizers have a memory of their own")


@plain
def test_large_files_take_no_memory(store: Site) -> None:
    me = store.client()
    me.session()
    first = upload(me, LARGE[:MIB], "a.pdf", "application/pdf").json["id"]  # what is needed once
    assert fetch(store, me.op("attachments.get_preview", attachment_id=first).json["preview_url"]).status == 200
    before = peak(store)
    got = upload(me, LARGE, "a.pdf", "application/pdf")
    assert got.status == 200, got
    assert peak(store) - before < 4 * MIB, f"uploading took {(peak(store) - before) / MIB:.1f} MiB"
    url = me.op("attachments.get_preview", attachment_id=got.json["id"]).json["preview_url"]
    reply = fetch(store, url)
    assert reply.body == LARGE and reply.headers["ETag"] == f'"{hashlib.sha256(LARGE).hexdigest()}"'
    assert peak(store) - before < 4 * MIB, f"reading took {(peak(store) - before) / MIB:.1f} MiB"


@plain
def test_twenty_large_files_at_once(site_factory) -> None:
    site = site_factory(env={"CHATKIT_ATTACHMENTS_OWNER_MIB": "1000"})
    me = site.client()
    me.session()
    assert upload(me, LARGE[:MIB], "a.pdf", "application/pdf").status == 200
    before = peak(site)
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda i: upload(me, LARGE, f"{i}.pdf", "application/pdf"), range(20)))
    assert [r.status for r in replies] == [200] * 20, replies
    assert peak(site) - before < 20 * 300 * 1024, f"twenty at once took {(peak(site) - before) / MIB:.1f} MiB"
    assert sum(p.stat().st_size for p in files(site)) == 20 * len(LARGE) + MIB
    nothing_left(site)
