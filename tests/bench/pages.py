# SPDX-License-Identifier: MIT
"""pages.py [N]: the figures of `make bench`. What a page of conversations or of a conversation costs among few and among many, through lighttpd, the
program and PostgreSQL: the time and the processors of each page (N times, 300), and the plans of the statements behind it, as the server itself tells them.
Judges nothing: a ratio of about 1 is what is wanted."""
from __future__ import annotations

import http.client
import json
import re
import statistics
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "tools")]

import rig  # noqa: E402
from bench import Durable, children, cpu_us  # noqa: E402

N = int(sys.argv[1]) if len(sys.argv) > 1 else 300
SIZES = {"few": 100, "many": 100_000}
PAGE = 20

# A conversation's items as the page gets them. Every tenth is hidden; of thr_hidden all but the first and the last hundred are.
ITEMS = """INSERT INTO chatkit.item (owner_id, thread_id, seq, id, turn_id, kind, state, hidden, body)
SELECT %s, t, g, 'msg_' || g, 'turn_' || g / 2, 'assistant_message', 'done', {hidden},
    json_build_object('id', 'msg_' || g, 'thread_id', t, 'created_at', '2026-01-01T00:00:00', 'type', 'assistant_message', 'content',
        json_build_array(json_build_object('type', 'output_text', 'text', repeat('words of an answer, ', 20), 'annotations', json_build_array())))::text
FROM (SELECT %s::text AS t) t, generate_series(1, %s) g"""


class Quiet(Durable):
    """Nothing else at work in it."""
    SETTINGS = (*Durable.SETTINGS, "autovacuum=off")


class Visitor:
    """One connection, one cookie, one owner."""

    def __init__(self, site: rig.Site) -> None:
        client = site.client()
        self.owner = "anon:" + client.post("/api/chat/session", {}).json["user_id"].removeprefix("anon:")
        self.cookie = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        self.connect(site)

    def connect(self, site: rig.Site) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)

    def ask(self, op: str, **params) -> dict:
        self.http.request("POST", "/api/chat", json.dumps({"type": op, "params": params}), {"Content-Type": "application/json", "Cookie": self.cookie})
        answer = self.http.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body[:300])
        return json.loads(body)


def fill(site: rig.Site, owner: str, n: int) -> None:
    def items(thread: str, count: int, hidden: str) -> None:
        site.db("INSERT INTO chatkit.thread (owner_id, id, title, last_seq, updated_at) VALUES (%s, %s, 'Long', %s, now() - interval '1 h')", owner, thread, count)
        site.db(ITEMS.format(hidden=hidden), owner, thread, count)

    site.db("INSERT INTO chatkit.owner (owner_id) VALUES (%s) ON CONFLICT DO NOTHING", owner)
    site.db("INSERT INTO chatkit.thread (owner_id, id, title, updated_at)\n"
            "SELECT %s, 'thr_' || g, 'Conversation ' || g, now() - g * interval '1 min' FROM generate_series(1, %s) g", owner, n)
    items("thr_long", n, "g %% 10 = 0")
    items("thr_hidden", n * 2, f"g BETWEEN 101 AND {n * 2 - 100}")


def pages(n: int) -> list[tuple[str, str, dict, int]]:
    """Name, operation, parameters, how many it must bring. Deep: so far in that a page is left at both sizes."""
    deep = n * 7 // 10
    return [
        ("threads.list, newest", "threads.list", {"limit": PAGE, "order": "desc"}, PAGE),
        ("threads.list, deep", "threads.list", {"limit": PAGE, "order": "desc", "after": f"thr_{deep}"}, PAGE),
        ("items.list, oldest", "items.list", {"thread_id": "thr_long", "limit": PAGE, "order": "asc"}, PAGE),
        ("items.list, newest", "items.list", {"thread_id": "thr_long", "limit": PAGE, "order": "desc"}, PAGE),
        ("items.list, deep", "items.list", {"thread_id": "thr_long", "limit": PAGE, "order": "asc", "after": f"msg_{deep}"}, PAGE),
        ("items.list, over hidden", "items.list", {"thread_id": "thr_hidden", "limit": PAGE, "order": "asc", "after": "msg_100"}, PAGE),
        ("threads.get_by_id", "threads.get_by_id", {"thread_id": "thr_long"}, PAGE),
    ]


def count(op: str, answer: dict) -> int:
    return len((answer["items"] if op == "threads.get_by_id" else answer)["data"])


def measure(site: rig.Site, me: Visitor, op: str, params: dict, brings: int) -> dict[str, float]:
    """Medians of N requests, one after the other: ms for the client; microseconds of processor for the program and for PostgreSQL."""
    got = [count(op, me.ask(op, **params)) for _ in range(5)]
    assert got == [brings] * 5, (op, params, got)
    groups = {"program": site.pids(), "postgres": [site.cluster.server.pid, *children(site.cluster.server.pid)]}
    before = {pid: cpu_us([pid]) for pids in groups.values() for pid in pids}
    times = []
    for _ in range(N):
        began = time.perf_counter()
        me.ask(op, **params)
        times.append((time.perf_counter() - began) * 1000)
    # A process that ended meanwhile has no figure any more: it did not serve us last.
    return {"ms": statistics.median(times)} | {name: sum(max(cpu_us([pid]) - before[pid], 0) for pid in pids) / N for name, pids in groups.items()}


def plans(site: rig.Site, me: Visitor, op: str, params: dict) -> list[tuple[str, list[str], int]]:
    """Of one request: each statement that reads rows, its plan (EXPLAIN ANALYZE, BUFFERS), and how many pages it touched."""
    me.ask(op, **params)
    time.sleep(0.2)
    start = site.cluster.log.stat().st_size
    me.ask(op, **params)
    time.sleep(0.2)
    text = site.cluster.log.read_bytes()[start:].decode(errors="replace")
    found = []
    for part in text.split("LOG:  duration: ")[1:]:
        lines = [line[1:] for line in part.splitlines()[1:] if line.startswith("\t")]
        at = next((i for i, line in enumerate(lines) if "(cost=" in line), None)
        if at is None or " on " not in "".join(lines[at:]) or "Function Scan" in lines[at]:
            continue  # set_config and its like; a function's statements are told one by one
        end = next((i for i, line in enumerate(lines[at:], at) if line.startswith(("SQL ", "PL/"))), len(lines))
        buffers = next((line for line in lines[at:end] if line.strip().startswith("Buffers:")), "")
        found.append((" ".join(lines[:at]).removeprefix("Query Text: "), lines[at:end], sum(map(int, re.findall(r"(?:hit|read)=(\d+)", buffers)))))
    return found


def show_plans(name: str, few: list, many: list) -> None:
    print(f"\n{name}")
    for (query, _, few_pages), (_, plan, many_pages) in zip(few, many):
        print(f"  {query[:150]}{'...' if len(query) > 150 else ''}\n  pages touched: {few_pages} among few, {many_pages} among many. Among many:")
        for line in plan:
            print("    " + re.sub(r"current_setting\('chatkit\.(\w+)'::text, true\)", r"\1?", line)[:170])
    if len(few) != len(many):
        print(f"  {len(few)} statements among few, {len(many)} among many")


def main() -> None:
    cluster = Quiet()
    site = None
    try:
        site = rig.Site(cluster, env={"CHATKIT_LOG": "warn"})
        rig.wait_for("the site", lambda: site.client().get("/api/chat/health").status == 200)
        who = {name: Visitor(site) for name in SIZES}
        for name, n in SIZES.items():
            fill(site, who[name].owner, n)
        site.db("VACUUM ANALYZE")
        print(f"pages of {PAGE}; few: {SIZES['few']:,} threads or items, many: {SIZES['many']:,}; medians of {N} requests, one at a time, of this machine",
              flush=True)
        asked = list(zip(*(pages(n) for n in SIZES.values())))
        for few, many in asked:
            a, b = measure(site, who["few"], *few[1:]), measure(site, who["many"], *many[1:])
            print(f"  {few[0]:<24} {a['ms']:.2f} and {b['ms']:.2f} ms: {b['ms'] / a['ms']:.2f} times;   processor: program {a['program']:.0f} and "
                  f"{b['program']:.0f} µs, postgres {a['postgres']:.0f} and {b['postgres']:.0f} µs: {b['postgres'] / max(a['postgres'], 1):.2f} times", flush=True)

        for setting, value in {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_nested_statements": "on",
                               "auto_explain.log_analyze": "on", "auto_explain.log_buffers": "on", "auto_explain.log_timing": "on"}.items():
            site.db(f"ALTER DATABASE {site.database} SET {setting} = '{value}'")
        site.stop()
        site.start()
        for visitor in who.values():
            visitor.connect(site)
        for few, many in asked:
            show_plans(few[0], plans(site, who["few"], *few[1:3]), plans(site, who["many"], *many[1:3]))
    finally:
        if site:
            site.close()
        cluster.close()
        rig.close_copies()


if __name__ == "__main__":
    main()
