# SPDX-License-Identifier: MIT
"""The edge: what web servers, clients and operators do to the program, with real lighttpd, as CGI, and by FastCGI spoken by hand."""
from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import fastcgi
import rig
from fastcgi import Responder, record, request, seconds_since, variables

WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
PACED = [[{"pace_ms": 100}, {"text": WORDS}, {"finish": "stop"}, {"done": True}]]
# A minute of words: nobody waits for its end.
LONG = [[{"pace_ms": 100}, {"text": 40 * WORDS}, {"finish": "stop"}, {"done": True}]]
# Each word when the one before was seen.
ASKED = [[*({"text": f"w{n} "} if step == 0 else {"seen": f"w{n} "} for n in range(15) for step in range(2)), {"finish": "stop"}, {"done": True}]]
# A turn that runs until the test lets it end.
HELD = [[{"text": "word "}, {"seen": "go"}, {"text": "and its end."}, {"finish": "stop"}, {"done": True}]]
SILENT = [[{"text": "word "}, {"stall": True}]]
NOPE = b'{"type":"nope","params":{}}'


@pytest.fixture
def responder_factory(cluster):
    """A responder without a web server; it needs no database unless it is given one."""
    made: list[Responder] = []

    def make(**how) -> Responder:
        made.append(Responder(**how))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def responder(responder_factory) -> Responder:
    return responder_factory()


def start(client, text: str = "Hi"):
    """A turn whose first words have come."""
    stream = client.open_op("threads.create", text=text)
    assert stream.status == 200
    stream.next("assistant_message.content_part.text_delta")
    return stream


def visitor(site):
    client = site.client()
    client.session()
    return client


def is_whole(stream) -> bool:
    return any(e["type"] == "thread.item.done" and e["item"]["type"] == "assistant_message" for e in stream.rest())


def health(site) -> int:
    try:
        return site.client().get("/api/chat/health", seconds=30).status
    except OSError:
        return 0


# --- streams

def test_events_come_as_they_are_made(model_site) -> None:
    """In lumps none would come: a word is not made before its predecessor was here."""
    site = model_site(ASKED)
    with start(visitor(site)) as stream:
        site.saw(bytes(stream.reader.raw))
        while not stream.ended:
            site.saw(stream.read_some())
    assert not site.model_requests()[0].left and site.db("SELECT state FROM chatkit.turn") == [("done",)]


def test_first_bytes_are_one_comment_line(model_site) -> None:
    with start(visitor(model_site(PACED))) as stream:
        assert bytes(stream.reader.raw).startswith(b":\ndata: ")
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-cache, no-transform"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert stream.headers["X-Content-Type-Options"] == "nosniff"
        assert stream.headers["X-Request-Id"]


def test_silence_is_filled_with_heartbeats(model_site) -> None:
    me = visitor(model_site(SILENT, env={"CHATKIT_BEAT_SECONDS": "1"}))
    began = time.monotonic()
    with start(me) as stream:
        before = stream.reader.heartbeats
        while (beats := stream.reader.heartbeats - before) < 3:
            stream.events += stream.reader.feed(stream.read_some())
        assert beats <= seconds_since(began), "one a second, at most"


@pytest.mark.parametrize("answers, reset", [(LONG, False), (LONG, True), (SILENT, False), (SILENT, True)], ids=["talking", "talking-reset", "silent", "silent-reset"])
def test_client_leaves_and_the_model_is_told_soon(model_site, answers, reset) -> None:
    site = model_site(answers, env={"CHATKIT_BEAT_SECONDS": "1"})
    with start(visitor(site)) as stream:
        asked = site.model_requests()[0]
        stream.drop(reset=reset)
        left = time.monotonic()
        rig.wait_for("the model's client to leave", lambda: site.model_requests()[0].left)
    assert asked.at + site.model_requests()[0].left - left < 20, "a beat's second and a little, not the minutes of the answer"


# --- readers that do not read, or are gone

def knock(site) -> fastcgi.Connection:
    """A connection to a responder of the site's, past lighttpd."""
    return fastcgi.Connection(next((site.dir / "run").glob("fcgi.sock*")))


def rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def ask_simply(connection: fastcgi.Connection, text: str = "Hi") -> None:
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    connection.send(request(variables("POST", "/api/chat", body), body))


def test_hang_up_is_noticed_without_writing(model_site) -> None:
    """nginx closes its connection to us as soon as the client leaves."""
    site = model_site(SILENT, env={"CHATKIT_BEAT_SECONDS": "15"})
    with knock(site) as one:
        ask_simply(one)
        one.read_until(b"word")
    rig.wait_for("the model's client to leave", lambda: site.model_requests()[0].left)


# More than the sockets and the reply hold (256 KiB), less than an answer may have.
MUCH = [{"delta": {"content": "word " * 1000}}] * 100


def test_slow_reader_holds_up_only_itself(model_site) -> None:
    """A web server that stops reading (lighttpd's stream-response-body = 2, nginx without buffering) pushes back: the turn waits, memory does not grow."""
    site = model_site([[*MUCH, {"finish": "stop"}, {"done": True}]], env={"CHATKIT_BEAT_SECONDS": "1"})
    pid, = site.pids()
    assert health(site) == 200
    before = rss_kib(pid)
    with knock(site) as slow:
        ask_simply(slow)
        slow.read_until(b"word")
        time.sleep(3)
        assert health(site) == 200
        assert rss_kib(pid) - before < (60000 if rig.SANITIZED else 8000)
        # Nothing was lost meanwhile.
        slow.read_until(b'"done":true')
        assert slow.out.count(b"word") == 100000
        slow.read_all()
        assert slow.ended


def test_slow_reader_that_leaves_is_noticed(model_site) -> None:
    site = model_site([[*MUCH, {"stall": True}]])
    with knock(site) as slow:
        ask_simply(slow)
        slow.read_until(b"word")
        time.sleep(0.5)
    rig.wait_for("the model's client to leave", lambda: site.model_requests()[0].left)


# --- full

def test_full_is_503_before_anything_happened(model_site) -> None:
    site = model_site(HELD, env={"CHATKIT_STREAMS": "1", "CHATKIT_REQUESTS": "1"})
    me = visitor(site)
    with start(me) as stream, knock(site) as waiting:
        # lighttpd collects a body before it speaks to us, so the request that holds the second slot is made by hand.
        waiting.send(fastcgi.head(variables("POST", "/api/chat", NOPE)))
        time.sleep(0.3)
        reply = me.get("/api/chat/health")
        assert reply.status == 503, reply
        assert reply.headers["Retry-After"] == "1"
        assert reply.json["code"] == "busy" and reply.json["error"] == reply.json["detail"] == reply.json["message"]
        site.saw("go")
        assert is_whole(stream)
        waiting.send(record(fastcgi.STDIN, NOPE) + record(fastcgi.STDIN))
        waiting.read_all()
        assert waiting.status == 400 and waiting.ended
    assert health(site) == 200


def test_more_than_all_slots_and_refusals_wait_their_turn(responder_factory) -> None:
    responder = responder_factory(env={"CHATKIT_STREAMS": "1", "CHATKIT_REQUESTS": "1"})
    held = [responder.connect() for _ in range(34)]  # two slots and 32 that only refuse
    for connection in held:
        connection.send(fastcgi.head(variables("POST", "/api/chat", NOPE))[:20])
    time.sleep(0.3)
    with responder.connect() as late:
        late.send(request(variables()))
        late.sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            late.read_some()
        for connection in held:
            connection.sock.close()
        late.sock.settimeout(20)
        late.read_all()
        assert late.ended


# --- ends and accidents

def listeners(site) -> int:
    """How many of the site's sockets are listened on."""
    lines = Path("/proc/net/unix").read_text().splitlines()
    return sum(f"{site.dir}/run/" in line and line.split()[3] == "00010000" for line in lines)


def test_sigterm_lets_the_stream_finish(model_site) -> None:
    site = model_site(PACED, procs=2)
    streams = [start(visitor(site)) for _ in range(2)]
    old, other = site.pids()
    site.kill(old, signal.SIGTERM)
    rig.wait_for("it to listen no more", lambda: listeners(site) < 2 or old not in site.pids())
    # So many that lighttpd would give some to the one that ends, if that still listened; there they would wait for its end, and fail.
    streams += [start(visitor(site)) for _ in range(6)]
    assert {health(site) for _ in range(10)} == {200}
    for stream in streams:
        with stream:
            assert is_whole(stream)
    rig.wait_for("the old one to end", lambda: old not in site.pids())
    assert {health(site) for _ in range(10)} == {200}
    assert other in site.pids()


def test_sigterm_stops_what_outlasts_the_grace(model_site) -> None:
    site = model_site(SILENT, env={"CHATKIT_DRAIN_SECONDS": "1"})
    with start(visitor(site)) as stream:
        pid, = site.pids()
        began = time.monotonic()
        site.kill(pid, signal.SIGTERM)
        rig.wait_for("the responder to end", lambda: pid not in site.pids())
        assert 0.8 < seconds_since(began) < 20, "a second, not 30"
        stream.rest()
    assert site.db("SELECT count(*) FROM chatkit.live") == [(0,)], "the turn was closed, not left"


def test_second_sigterm_ends_at_once(model_site) -> None:
    site = model_site(SILENT)
    with start(visitor(site)):
        pid, = site.pids()
        site.kill(pid, signal.SIGTERM)
        rig.wait_for("the first one to be taken", lambda: not rig.signals(pid, "ShdPnd"))
        time.sleep(0.3)
        assert pid in site.pids()
        site.kill(pid, signal.SIGTERM)
        rig.wait_for("the responder to end, long before its 30 s of grace", lambda: pid not in site.pids(), 15)


@pytest.mark.parametrize("streaming", [True, False], ids=["streaming", "idle"])
def test_lighttpd_reloads_on_usr1(model_site, streaming) -> None:
    """lighttpd waits for its children without an end: one that does not go hangs the site."""
    site = model_site(PACED, procs=2)
    old = site.pids()
    stream = start(visitor(site)) if streaming else None
    site.server.send_signal(signal.SIGUSR1)
    if stream:
        with stream:
            assert is_whole(stream)
    rig.wait_for("new responders", lambda: len(site.pids()) == 2 and not set(old) & set(site.pids()))
    rig.wait_for("answers", lambda: health(site) == 200)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_lighttpd_ends_and_so_do_we(model_site, how) -> None:
    site = model_site(PACED)
    with start(visitor(site)) as stream:
        if how == signal.SIGTERM:
            site.stop(how)  # fails when a responder stays
        else:
            site.server.send_signal(how)
            assert is_whole(stream), "SIGINT is lighttpd's graceful end"
            site.stop()


def test_killed_responders_are_replaced(site_factory) -> None:
    site = site_factory(procs=2)
    old = site.pids()
    assert len(old) == 2
    for pid in old:
        site.kill(pid)
    # lighttpd answers 500 or 503 for up to two seconds when the request comes before the news of the death.
    rig.wait_for("an answer", lambda: health(site) == 200)
    rig.wait_for("two others", lambda: len(site.pids()) == 2 and not set(old) & set(site.pids()))


def test_out_of_descriptors_is_waited_out(responder_factory) -> None:
    responder = responder_factory(descriptors=30)
    assert responder.ask().ended
    held = [responder.connect() for _ in range(30)]
    with responder.connect() as late:
        late.send(request(variables()))
        rig.wait_for("the complaint", lambda: "Too many open files" in responder.log())
        time.sleep(0.2)
        assert responder.log().count("Too many open files") == 1, "said once, not at each try"
        for connection in held:
            connection.sock.close()
        late.read_all()
        assert late.ended
    assert responder.ask().ended


def test_shared_socket_is_handed_over_without_a_lost_request(responder_factory) -> None:
    """A new process on the same socket, then SIGTERM to the old one: a supervisor's hot replacement."""
    old = responder_factory()
    stop, failures = threading.Event(), []

    def ask_on() -> None:
        while not stop.is_set():
            try:
                if not old.ask().ended:
                    failures.append("cut off")
            except (OSError, AssertionError) as e:
                failures.append(repr(e))
    askers = [threading.Thread(target=ask_on) for _ in range(4)]
    for asker in askers:
        asker.start()
    new = responder_factory(listen=old.listen)
    time.sleep(0.5)
    old.process.send_signal(signal.SIGTERM)
    old.process.wait(rig.STOP_SECONDS)
    time.sleep(0.5)
    stop.set()
    for asker in askers:
        asker.join()
    assert failures == []
    assert old.process.returncode == 0 and new.process.poll() is None


# --- what a web server may send

def test_any_cut_of_a_request_is_understood(responder) -> None:
    body = json.dumps({"type": "nope", "pad": "x" * 300}).encode()
    whole = request(variables("POST", "/api/chat", body), body, padding=5, piece=100)
    for step in (1, 7, 8, 9, 100, 333):
        with responder.connect() as c:
            for i in range(0, len(whole), step):
                try:
                    c.send(whole[i:i + step])
                except BrokenPipeError:  # it knows the body's length: answered, and did not wait for the record that ends it
                    assert len(whole) - i < 32
                    break
                if step < 100 and i % 50 == 0:
                    time.sleep(0.001)
            c.read_all()
            assert c.ended and c.status == 400 and b"unknown operation 'nope'" in c.out, (step, c.out)


def test_large_bodies_arrive_whole_or_are_refused(responder_factory) -> None:
    responder = responder_factory(env={"CHATKIT_BODY_KIB": "1024"})
    for size in (8191, 8192, 65535, 65536, 1000000):
        body = json.dumps({"type": "nope", "pad": "x" * size}).encode()
        c = responder.ask(variables("POST", "/api/chat", body), body)
        assert c.ended and c.status == 400 and b"unknown operation" in c.out, size
    body = b"x" * 3000000
    for pairs in (variables("POST", "/api/chat", body), variables("POST", "/api/chat", b"")[:-1]):
        c = responder.ask(pairs, body)
        assert c.ended and c.status == 413, c.out


def test_slow_uploads_that_were_refused_hold_nothing_up(responder) -> None:
    """The answer comes at once; what is still sent is read for a while, on the loop, and then the connection ends."""
    began = time.monotonic()
    uploads = [responder.connect() for _ in range(8)]
    for c in uploads:
        c.send(fastcgi.head(variables("POST", "/api/chat", b"x" * 30000000)) + record(fastcgi.STDIN, b"x" * 1000))
    for c in uploads:
        while not c.ended:
            c.read_some()
        assert c.status == 413
    open_ones = list(uploads)
    while open_ones:
        assert seconds_since(began) < 60
        assert responder.ask().ended
        for c in list(open_ones):
            try:
                c.send(record(fastcgi.STDIN, b"x"))
            except (BrokenPipeError, ConnectionResetError):
                open_ones.remove(c)
        time.sleep(0.1)
    assert seconds_since(began) > 3
    for c in uploads:
        c.sock.close()


def test_rubbish_is_hung_up_on(responder) -> None:
    for bad in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, record(fastcgi.STDIN, b"x"), record(fastcgi.BEGIN, b"\0\1\0\0\0\0\0\0") * 2,
                record(fastcgi.BEGIN, b"\0\1") + record(fastcgi.PARAMS),
                record(fastcgi.BEGIN, b"\0\x09\0\0\0\0\0\0") + record(fastcgi.PARAMS),
                record(fastcgi.BEGIN, b"\0\1\0\0\0\0\0\0") + record(fastcgi.PARAMS, b"\x7f\x7fab") + record(fastcgi.PARAMS),
                fastcgi.head([("HTTP_X", "x" * 70000)]) + record(fastcgi.STDIN)):
        with responder.connect() as c:
            try:
                c.send(bad)
            except BrokenPipeError:
                pass
            c.read_all()
            assert c.out == b"" and not c.ended, bad[:40]
        assert responder.ask().ended
    assert responder.process.poll() is None


def test_one_that_says_nothing_is_hung_up_on_and_holds_up_nobody(responder) -> None:
    began = time.monotonic()
    with responder.connect() as silent, responder.connect() as half:
        half.send(fastcgi.head(variables())[:30])
        assert responder.ask().ended
        silent.read_all()
        half.read_all()
        assert 3 < seconds_since(began) < 60


def test_abort_and_hang_up_amid_the_body(responder) -> None:
    for end in (record(fastcgi.ABORT), b""):
        with responder.connect() as c:
            c.send(fastcgi.head(variables("POST", "/api/chat", NOPE)) + record(fastcgi.STDIN, NOPE[:5]) + end)
            time.sleep(0.1)
        assert responder.ask().ended
    responder.process.send_signal(signal.SIGTERM)
    assert responder.process.wait(rig.STOP_SECONDS) == 0, "a request was still held, for its 30 s of grace"


def test_kept_connections_are_closed_all_the_same(responder) -> None:
    """nginx with fastcgi_keep_conn asks to keep it: another request on it would wait for a reader for ever."""
    with responder.connect() as c:
        c.send(fastcgi.head(variables(), fastcgi.KEEP) + record(fastcgi.STDIN))
        c.read_all()
        assert c.ended and c.closed


def test_descriptors_are_given_back(responder) -> None:
    responder.ask()
    before = responder.descriptors()
    for _ in range(300):
        assert responder.ask().ended
    for _ in range(50):
        with responder.connect() as c:
            c.send(fastcgi.head(variables("POST", "/api/chat", NOPE)))
    rig.wait_for("descriptors to be given back", lambda: responder.descriptors() <= before)


# --- what a client may send

def test_header_twice_is_refused(site) -> None:
    me = site.client()
    raw = b"GET /api/chat/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    assert me.raw(raw + b"X-Foo: a\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert me.raw(raw + b"X-Foo: a\r\nX_Foo: b\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_forged_content_headers_are_not_believed(responder) -> None:
    c = responder.ask(variables("POST", "/api/chat", NOPE, HTTP_CONTENT_LENGTH="3", HTTP_CONTENT_TYPE="text/plain"), NOPE)
    assert c.status == 400 and b"unknown operation" in c.out
    c = responder.ask(variables("POST", "/api/chat", HTTP_CONTENT_LENGTH="27", HTTP_CONTENT_TYPE="application/json"), NOPE)
    assert c.status == 415


@pytest.mark.parametrize("path, status", [("/api/chat%2fhealth", 400), ("/api//chat/health", 400), ("/api/./chat/health", 400), ("/api/x/../chat/health", 400),
                                          ("/api/chat/health%00", 400), ("/api/chat/%68ealth", 200), ("/api/chathealth", 404), ("/api/chat/health/", 404)])
def test_paths_have_one_reading(site, path, status) -> None:
    answer = site.client().raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split()[1]) == status


def test_base_path(responder_factory) -> None:
    responder = responder_factory(env={"CHATKIT_BASE_PATH": "/app"})
    assert responder.ask(variables(uri="/app/api/chat/health?x=1")).status != 404
    assert responder.ask(variables(uri="/api/chat/health")).status == 404
    assert responder.ask(variables(uri="/appEVIL/api/chat/health")).status == 404


# --- how it is started

def test_command_line_of_a_server_is_not_read(responder_factory) -> None:
    responder = responder_factory(argv=["migrate", "--version"])
    assert responder.ask().ended


def test_secrets_leave_the_environment(responder_factory) -> None:
    if os.getuid() != 0:
        responder = responder_factory()
        responder.ask()
        with pytest.raises(PermissionError):  # not dumpable: not even its own user may look
            Path(f"/proc/{responder.process.pid}/environ").read_bytes()
        return
    responder = responder_factory(env={"CHATKIT_SECRET": "canary-" * 8, "OPENAI_API_KEY": "canary-key", "DATABASE_URL": "postgresql://u:canary@127.0.0.1:1/x"})
    responder.ask()
    environ = Path(f"/proc/{responder.process.pid}/environ").read_bytes()
    assert b"CHATKIT_SECRET=" in environ and b"canary" not in environ


def cgi(pairs: list[tuple[str, str]], body: bytes = b"", argv: list[str] | None = None) -> tuple[int, bytes]:
    """The program as a web server starts it for one request; its status, and what it said."""
    env = rig.base_env() | {"CHATKIT_MODEL": "demo/todo", "CHATKIT_SECRET": "x" * 32} | dict(pairs)
    done = subprocess.run([str(rig.program()), *(argv or [])], input=body, capture_output=True, env=env, cwd="/", timeout=rig.START_SECONDS)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split(b"\r\n", 1)[0].removeprefix(b"Status: ")[:3]), done.stdout


def test_cgi_by_hand(cluster) -> None:
    assert cgi(variables(), argv=["--version"])[1].startswith(b"Status: ")
    assert cgi(variables(uri="/api/chat/%2e%2e"))[0] == 400
    status, out = cgi(variables("POST", "/api/chat", NOPE), NOPE + b"and what is not ours")
    assert status == 400 and b"unknown operation" in out
    assert cgi(variables("POST", "/api/chat", b"x" * 3000000), b"x" * 3000000)[0] == 413
    assert cgi(variables("POST", "/api/chat", NOPE), NOPE[:5])[0] == 499


def test_cgi_answer_survives_an_unread_body(cluster) -> None:
    """Apache's cgid gives one socket for both ways, and writes all of the body before it reads: bytes left unread would turn our end into a reset."""
    body = b"x" * 3000000
    env = rig.base_env() | {"CHATKIT_MODEL": "demo/todo", "CHATKIT_SECRET": "x" * 32} | dict(variables("POST", "/api/chat", body))
    ours, its = socket.socketpair()
    with ours, subprocess.Popen([str(rig.program())], stdin=its, stdout=its, stderr=subprocess.DEVNULL, env=env, cwd="/") as one:
        its.close()
        ours.settimeout(rig.START_SECONDS)
        ours.sendall(body)
        ours.shutdown(socket.SHUT_WR)
        assert ours.recv(65536).startswith(b"Status: 413\r\n")
        assert one.wait(rig.START_SECONDS) == 0


CGI_CONF = """
server.modules = ("mod_cgi", "mod_setenv")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}/www"
server.errorlog = "{dir}/error.log"
server.upload-dirs = ("{dir}")
server.stream-response-body = 1
cgi.assign = (".fcgi" => "")
setenv.set-environment = ({env})
"""


class CgiSite:
    """lighttpd that starts the program anew for each request, in a site's surroundings."""

    def __init__(self, site) -> None:
        self.dir = rig.folder("ckcgi-")
        (self.dir / "www").mkdir(mode=0o755)
        shutil.copy(rig.program(), self.dir / "www/chatkit.fcgi")
        for path in (self.dir, self.dir / "www", self.dir / "www/chatkit.fcgi"):
            path.chmod(0o755)
            rig.give(path)
        self.port = rig.free_port()
        env = ", ".join(f'"{k}" => "{v}"' for k, v in (rig.base_env() | site.env | {"CHATKIT_BASE_PATH": "/chatkit.fcgi"}).items())
        (self.dir / "conf").write_text(CGI_CONF.format(port=self.port, dir=self.dir, env=env))
        self.server = rig.spawn(["/usr/sbin/lighttpd", "-D", "-f", str(self.dir / "conf")], self.dir / "web.log", "TERM", rig.base_env())
        rig.wait_for("lighttpd", self.listens)

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def client(self):
        return rig.Client("127.0.0.1", self.port, prefix="/chatkit.fcgi")

    def children(self) -> list[int]:
        return [pid for pid, (of, _, name) in rig.processes().items() if of == self.server.pid and name.startswith("chatkit")]

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(rig.START_SECONDS)
        shutil.rmtree(self.dir)


@pytest.fixture
def cgi_site(model_site):
    site = model_site(PACED, env={"CHATKIT_BEAT_SECONDS": "1"})
    made = CgiSite(site)
    made.behind = site
    yield made
    made.close()


def test_cgi_through_lighttpd(cgi_site) -> None:
    me = cgi_site.client()
    assert me.get("/api/chat/health").status == 200
    assert me.get("/api/chat/health?--version").json["status"] == "ok"
    me.session()
    cgi_site.behind.script(HELD)
    with start(me) as stream:  # before the answer's end is made
        cgi_site.behind.saw("go")
        assert is_whole(stream)
    assert me.post("/api/chat", {"type": "nope"}).status == 400
    rig.wait_for("the last one to end", lambda: not cgi_site.children())


def test_cgi_sigterm_is_the_hang_up(model_site) -> None:
    """Apache says so, and kills 3 s later; the pipe may stay open."""
    site = model_site(SILENT, env={"CHATKIT_BEAT_SECONDS": "15"})
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()
    env = rig.base_env() | site.env | dict(variables("POST", "/api/chat", body))
    with subprocess.Popen([str(rig.program())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, cwd="/") as one:
        one.stdin.write(body)
        one.stdin.flush()
        out = b""
        while b"word" not in out:
            out += one.stdout.read1()
        began = time.monotonic()
        one.send_signal(signal.SIGTERM)
        assert one.wait(rig.START_SECONDS) == 0
        assert seconds_since(began) < 20, "Apache's 3 s, and time for a busy machine"
    rig.wait_for("the model to be left", lambda: site.model_requests()[0].left)
    assert site.db("SELECT count(*) FROM chatkit.live") == [(0,)], "the turn was closed, not left"


def test_cgi_answer_ends_before_the_process(model_site) -> None:
    """What runs beside requests may take its time to end, here a sweep of files that waits for a lock; nobody waits for it."""
    site = model_site(HELD)
    body = json.dumps({"messages": [{"role": "user", "content": "Hi"}]}).encode()
    env = rig.base_env() | site.env | dict(variables("POST", "/api/chat", body))

    def waits() -> bool:
        return site.db("SELECT count(*) FROM pg_locks WHERE relation = 'chatkit.file'::regclass AND NOT granted") == [(1,)]
    site.stop()  # it sweeps, too
    with contextlib.closing(site.cluster.connect(site.database)) as db, db.cursor() as lock:
        db.autocommit = False
        lock.execute("LOCK TABLE chatkit.file IN ACCESS EXCLUSIVE MODE")
        with subprocess.Popen([str(rig.program())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, cwd="/") as one:
            one.stdin.write(body)
            one.stdin.close()
            out = one.stdout.read1()
            rig.wait_for("the sweep to wait", waits)
            site.saw("go")
            out += one.stdout.read()
            assert out.startswith(b"Status: 200\r\n") and b'"done":true' in out
            assert waits() and one.poll() is None
            db.rollback()
            assert one.wait(rig.STOP_SECONDS) == 0


def test_cgi_client_leaves(cgi_site) -> None:
    me = cgi_site.client()
    me.session()
    cgi_site.behind.script(SILENT)
    rig.wait_for("the first one to end", lambda: not cgi_site.children())
    with start(me) as stream:
        assert len(cgi_site.children()) == 1
        stream.drop()
    rig.wait_for("it to end", lambda: not cgi_site.children())
    rig.wait_for("the model to be left", lambda: cgi_site.behind.model_requests()[0].left)
    assert cgi_site.behind.db("SELECT count(*) FROM chatkit.live") == [(0,)], "the turn was closed, not left"
