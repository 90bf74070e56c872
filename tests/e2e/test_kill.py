# SPDX-License-Identifier: MIT
"""Killing what a turn depends on, at random moments: no acknowledged message is lost, none is doubled, and every thread works afterwards.

A message is acknowledged when its client has read the event that shows it. KILLS=n changes how many (default 100); KILL_SEED=n repeats a run.
"""
from __future__ import annotations

import contextlib
import http.client
import os
import random
import time

import pytest

import rig

KILLS = int(os.environ.get("KILLS") or 100)
VICTIMS = ("responder", "postgres", "lighttpd")
BROKEN = (OSError, http.client.HTTPException, AssertionError, ValueError)
ANSWER = "These are some words that come one after the other so that there is a middle in which to be killed."


class Durable(rig.Cluster):
    """What is committed survives the server's death (not the machine's: no fsync)."""
    SETTINGS = ("fsync=off", "synchronous_commit=on", "max_connections=100")


@pytest.fixture
def own_cluster():
    cluster = Durable()
    yield cluster
    cluster.close()


class Record:
    """What one visitor sent, and what was acknowledged."""

    def __init__(self, client) -> None:
        self.client = client
        self.thread: str | None = None
        self.sent: list[str] = []
        self.acknowledged: list[str] = []

    def send(self, text: str, watch) -> bool:
        """Sends text and reads until the end or the breakdown; watch(event) is called for each event. True: the whole answer came."""
        self.sent.append(text)
        with contextlib.suppress(*BROKEN):
            kind, where = ("threads.add_user_message", {"thread_id": self.thread}) if self.thread else ("threads.create", {})
            with self.client.open_op(kind, text=text, **where) as stream:
                if stream.status != 200:
                    return False
                failed = False
                for event in stream:
                    watch(event)
                    if event["type"] == "thread.created":
                        self.thread = event["thread"]["id"]
                    if event["type"] == "thread.item.done" and event["item"]["type"] == "user_message":
                        self.acknowledged.append(text)
                    failed = failed or event["type"] == "error"
                return not failed and any(e["type"] == "thread.item.done" and e["item"]["type"] == "assistant_message" for e in stream.events)
        return False


def kill(site: rig.Site, victim: str, rng: random.Random) -> None:
    if victim == "responder":
        pids = site.pids()
        for pid in [rng.choice(pids)] if pids and rng.random() < 0.5 else pids:
            site.kill(pid)
    elif victim == "postgres":
        site.stop_db("immediate")
        site.start_db()
    else:
        site.server.kill()
        site.server.wait()
        site.stop()
        site.start()


def works_again(site: rig.Site, record: Record, text: str) -> None:
    """The next message is answered, as soon as what was killed is back: at most a lease later."""
    end = time.monotonic() + 120
    while not record.send(text, lambda event: None):
        assert time.monotonic() < end, f"the thread does not work again after 120 s: {record.thread}\n" + site.all_logs()
        time.sleep(0.2)


def texts(site: rig.Site, thread: str) -> list[str]:
    rows = site.db("SELECT body::json->'content'->0->>'text' FROM chatkit.item WHERE thread_id = %s AND kind = 'user_message' ORDER BY seq", thread)
    return [row[0] for row in rows]


def test_a_hundred_kills_lose_and_double_nothing(own_cluster, fake_model, capsys) -> None:
    seed = int(os.environ.get("KILL_SEED") or random.randrange(1 << 30))
    rng = random.Random(seed)
    url = fake_model.script("kill", [[{"pace_ms": 12}, {"text": ANSWER}, {"finish": "stop"}, {"done": True}]])
    site = rig.Site(own_cluster, procs=2, env={"CHATKIT_MODEL": "openai/test", "OPENAI_API_KEY": "sk-test-not-a-real-key", "OPENAI_BASE_URL": url})
    began, cut, records = time.monotonic(), 0, []
    try:
        for n in range(KILLS):
            if n % 5 == 0:
                client = site.client()
                client.session()
                records.append(Record(client))
            record = records[-1]
            record.client.port = site.port
            after = rng.randrange(0, 26)  # events; the moment within one is chance's
            seen = 0
            victim = VICTIMS[n % 3] if n >= 3 or record.thread else "responder"

            def watch(event) -> None:
                nonlocal seen
                seen += 1
                if seen == after + 1:
                    kill(site, victim, rng)
            if after == 0:
                watch({})
            cut += not record.send(f"message {n}", watch)
            record.client.port = site.port
            works_again(site, record, f"again {n}")
        check(site, records, seed)
        with capsys.disabled():
            print(f"\n{KILLS} kills in {time.monotonic() - began:.0f} s (KILL_SEED={seed}): {cut} turns were cut, "
                  f"{sum(len(r.acknowledged) for r in records)} messages acknowledged, none lost, none doubled")
    finally:
        site.close()


def check(site: rig.Site, records: list[Record], seed: int) -> None:
    for record in records:
        stored = texts(site, record.thread)
        for text in record.acknowledged:
            assert stored.count(text) >= 1, f"lost: {text!r} (KILL_SEED={seed})"
        for text in set(record.sent):
            # Each time it was sent is one message at most; a kill before the acknowledgement leaves it open which.
            assert stored.count(text) <= record.sent.count(text), f"doubled: {text!r} (KILL_SEED={seed})"
            assert record.acknowledged.count(text) <= stored.count(text) or record.sent.count(text) > 1, f"lost: {text!r}"
    rig.wait_for("no turn runs", lambda: site.db("SELECT count(*) FROM chatkit.live")[0][0] == 0)
    assert site.db("SELECT count(*) FROM chatkit.turn WHERE state = 'running'")[0][0] == 0
    assert site.db("SELECT count(*) FROM chatkit.chunk")[0][0] == 0
    doubled = site.db("SELECT thread_id, seq FROM (SELECT thread_id, seq FROM chatkit.item UNION ALL SELECT thread_id, seq FROM chatkit.entry) s "
                      "GROUP BY 1, 2 HAVING count(*) > 1")
    assert not doubled, f"a seq was given twice: {doubled}"
