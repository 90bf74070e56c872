# SPDX-License-Identifier: MIT
"""bench.py [LEVEL...]: the figures of `make bench-streams`. See run.sh."""
from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "tools")]

import rig  # noqa: E402

TOOLS = rig.BUILD / "bench"
EVENTS, RATE, RAMP_MS = 100, 20, 3000
LEVELS = [int(arg) for arg in sys.argv[1:]] or [100, 500, 1000]
ASK = json.dumps({"type": "threads.create", "params": {"input": {"content": [{"type": "input_text", "text": "Please answer at length."}],
                                                                 "attachments": [], "inference_options": {}}}})


class Durable(rig.Cluster):
    """PostgreSQL as people run it: what is committed is on the disk."""
    SETTINGS = ("max_connections=200", "shared_buffers=128MB")


def cpu_us(pids: list[int]) -> float:
    """Time on a processor, all threads, in microseconds."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except OSError:
                pass
    return total / 1000


def rss_kb(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1])
    return total


@contextmanager
def server(argv: list[str]):
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def measure(port: int, path: str, n: int, groups: dict[str, list[int]], memory: dict[str, list[int]]) -> dict:
    """Runs one level. groups: processes whose time is counted; memory: those whose growth is."""
    before = {name: cpu_us(pids) for name, pids in groups.items()}
    idle = {name: rss_kb(pids) for name, pids in memory.items()}
    peak = dict(idle)
    load = subprocess.Popen([str(TOOLS / "load"), "streams", str(port), path, str(n), str(EVENTS), str(RAMP_MS)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    load.stdin.write(ASK)
    load.stdin.close()
    own = 0.0
    while load.poll() is None:
        for name, pids in memory.items():
            peak[name] = max(peak[name], rss_kb(pids))
        own = max(own, cpu_us([load.pid]))
        time.sleep(0.25)
    figures = json.loads(load.stdout.read())
    time.sleep(1.5)  # what is written behind belongs to the cost
    events = max(1, figures["events"])
    figures["cpu"] = {name: round((cpu_us(pids) - before[name]) / events, 1) for name, pids in groups.items()} | {"client": round(own / events, 1)}
    figures["kb"] = {name: round((peak[name] - idle[name]) / n, 1) for name in memory}
    return figures


def relay_conf(folder: Path, port: int, stub: int) -> Path:
    conf = folder / "relay.conf"
    conf.write_text(f'''server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_proxy")
server.stream-response-body = 1
server.max-fds = 16384
server.max-connections = 8000
server.max-keep-alive-requests = 0
proxy.server = ("" => (("host" => "127.0.0.1", "port" => {stub})))
''')
    return conf


def show(name: str, f: dict) -> None:
    cpu = " ".join(f"{k} {v}" for k, v in f["cpu"].items())
    kb = " ".join(f"{k} {v}" for k, v in f["kb"].items())
    print(f"{f['streams']:>5} {name:<8} first {f['first_p50_ms']:.2f}/{f['first_p99_ms']:.2f} ms   late p50 {f['late_p50_ms']:.2f} p99 {f['late_p99_ms']:.1f} "
          f"max {f['late_max_ms']:.1f} ms   >50ms {f['over_50ms']} >100ms {f['over_100ms']}   µs/event: {cpu}   KB/stream: {kb or '-'}   "
          f"incomplete {f['incomplete']} failed {f['failed']}", flush=True)


def children(pid: int) -> list[int]:
    return [p for p, (parent, _, _) in rig.processes().items() if parent == pid]


def level(n: int, cluster: rig.Cluster, stub_port: int, stub: int, relay_port: int, relay: int) -> None:
    direct = measure(stub_port, "/v1/chat/completions", n, {"stub": [stub]}, {})
    show("direct", direct)
    relayed = measure(relay_port, "/v1/chat/completions", n, {"lighttpd": [relay], "stub": [stub]}, {"lighttpd": [relay]})
    show("relay", relayed)
    site = rig.Site(cluster, procs=2, env={"CHATKIT_MODEL": "openai/bench", "OPENAI_API_KEY": "sk-bench-0000000000000000",
                                           "OPENAI_BASE_URL": f"http://127.0.0.1:{stub_port}/v1", "CHATKIT_LOG": "warn"})
    try:
        rig.wait_for("the site", lambda: site.client().get("/api/chat/health").status == 200)
        web, responders = site.server.pid, site.pids()
        warm = [site.client() for _ in range(4)]
        for client in warm:
            client.post("/api/chat", json.loads(ASK))
        time.sleep(1.5)
        postgres = [cluster.server.pid, *children(cluster.server.pid)]
        ours = measure(site.port, "/api/chat", n, {"lighttpd": [web], "responder": responders, "postgres": postgres, "stub": [stub]},
                       {"lighttpd": [web], "responder": responders})
        show("chatkit", ours)
        stored = site.db("SELECT count(*) FROM chatkit.turn WHERE state='done'")[0][0]
        a, b = ours["cpu"]["lighttpd"] + ours["cpu"]["responder"], relayed["cpu"]["lighttpd"]
        print(f"{n:>5} ratio    {a / max(b, 0.1):.2f} times the relay's CPU (lighttpd and responder together); first token "
              f"{ours['first_p50_ms'] - direct['first_p50_ms']:+.2f} ms over direct; {stored - len(warm)} of {n} turns stored as done", flush=True)
    finally:
        site.close()


def lists(cluster: rig.Cluster, stub_port: int) -> None:
    """threads.list of 50, as fast as one visitor's browser tabs could ask."""
    site = rig.Site(cluster, procs=2, env={"CHATKIT_LOG": "warn"})
    try:
        client = site.client()
        client.post("/api/chat/session", {})
        cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        owner = "anon:" + client.post("/api/chat/session", {}).json["user_id"].removeprefix("anon:")
        site.db("INSERT INTO chatkit.owner (owner_id) VALUES (%s) ON CONFLICT DO NOTHING", owner)
        site.db("INSERT INTO chatkit.thread (owner_id, id, title) SELECT %s, 'thr_bench' || n, 'A conversation about something, number ' || n FROM generate_series(1, 50) n", owner)
        body = json.dumps({"type": "threads.list", "params": {"limit": 50, "order": "desc"}})
        page = client.post("/api/chat", json.loads(body)).json
        assert len(page["data"]) == 50, page
        responders, web = site.pids(), site.server.pid
        postgres = [cluster.server.pid, *children(cluster.server.pid)]
        before = [cpu_us(responders), cpu_us([web]), cpu_us(postgres)]
        done = subprocess.run([str(TOOLS / "load"), "hammer", str(site.port), "/api/chat", "8", "5", cookie], input=body, capture_output=True, text=True, check=True)
        figures = json.loads(done.stdout)
        spent = [after - b for after, b in zip([cpu_us(responders), cpu_us([web]), cpu_us(postgres)], before)]
        per = [round(s / figures["answers"]) for s in spent]
        print(f"threads.list of 50: {figures['a_second']:.0f} a second on 8 connections, {figures['bad']} bad; µs a request: responder {per[0]} lighttpd {per[1]} postgres {per[2]}")
    finally:
        site.close()


def main() -> None:
    cluster = Durable()
    folder = Path(tempfile.mkdtemp(prefix="ckbench-", dir="/tmp"))
    stub_port, relay_port = rig.free_port(), rig.free_port()
    print(f"{EVENTS} events a stream at {RATE} a second, begun over {RAMP_MS} ms; PostgreSQL with fsync; everything on this machine", flush=True)
    try:
        with server([str(TOOLS / "stub"), str(stub_port), str(EVENTS), str(RATE)]) as stub, \
             server(["/usr/sbin/lighttpd", "-D", "-f", str(relay_conf(folder, relay_port, stub_port))]) as relay:
            time.sleep(0.5)
            for n in LEVELS:
                level(n, cluster, stub_port, stub.pid, relay_port, relay.pid)
            lists(cluster, stub_port)
    finally:
        cluster.close()
        rig.close_copies()
        subprocess.run(["rm", "-rf", str(folder)], check=False)


if __name__ == "__main__":
    main()
