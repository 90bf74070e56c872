# SPDX-License-Identifier: MIT
"""What the page sends, sent twice, at once, and while what it is about is being taken away."""
from __future__ import annotations

import base64
import json
import os
import random
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

import rig
import test_kill
from client import Client, Reply
from test_kill import own_cluster  # noqa: F401

WIDGETS = rig.TOP / "tests/cases/action-once/widgets"
CONF = {
    "client_tools": [{"name": "get_page", "title": "Look", "description": "What the person sees.", "parameters": {"type": "object", "properties": {}}}],
    "actions": [{"type": "task.complete", "tool": "add_task", "arguments": {"title": "A task"}, "once": True}],
}
CARD = {"calls": [{"name": "show_task_card", "arguments": {"title": "milk"}}]}


@pytest.fixture
def configured() -> Iterator[dict[str, str]]:
    """What a site's environment needs for a widget, an action that counts once, a tool of the page's."""
    here = rig.folder("ckatt-")
    rig.shutil.copytree(WIDGETS, here / "widgets")
    (here / "chatkit.json").write_text(json.dumps(CONF | {"widgets": {"folder": str(here / "widgets")}}))
    for path in here.rglob("*"):
        rig.give(path)
    yield {"CHATKIT_CONFIG": str(here / "chatkit.json")}
    rig.shutil.rmtree(here, ignore_errors=True)


@pytest.fixture
def attacked(model_site, configured) -> Callable[..., rig.Site]:
    return lambda answers, **how: model_site(answers, env=configured, **how)


def at_once(n: int, do: Callable[[int], Reply]) -> list[Reply]:
    """do(0) to do(n - 1), each in a thread of its own."""
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda i=i: replies.append(do(i))) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def item(reply: Reply, kind: str) -> str:
    return [e["item"]["id"] for e in reply.of("thread.item.done") if e["item"]["type"] == kind][0]


def visitor(site: rig.Site) -> Client:
    me = site.client()
    me.session()
    return me


def test_ten_presses_at_once_count_once(attacked) -> None:
    site = attacked([CARD, "As you see."], procs=2)
    me = visitor(site)
    made = me.op("threads.create", text="show milk")
    press = {"thread_id": made.thread_id, "item_id": item(made, "widget"), "action": {"type": "task.complete", "payload": {"task_id": 1}}}
    replies = at_once(10, lambda i: me.op("threads.sync_custom_action" if i % 2 else "threads.custom_action", **press))
    assert {r.status for r in replies} <= {200, 409}
    assert site.db("SELECT count(*) FROM chatkit.task") == [(1,)]


def test_a_list_that_many_press_at_once_shows_what_all_did(model_site) -> None:
    here = rig.folder("ckatt-")
    case = rig.TOP / "tests/cases/widget-in-place"
    rig.shutil.copytree(case / "widgets", here / "widgets")
    conf = yaml.safe_load((case / "case.yaml").read_text())["conf"]["actions"]
    (here / "chatkit.json").write_text(json.dumps({"widgets": {"folder": str(here / "widgets")}, "actions": conf}))
    for path in here.rglob("*"):
        rig.give(path)
    names = [f"task {n}" for n in range(6)]
    add = {"calls": [{"name": "add_task", "arguments": {"title": name}} for name in names]}
    show = {"calls": [{"name": "show_tasks", "arguments": {"tasks": []}}]}
    site = model_site([add, show], env={"CHATKIT_CONFIG": str(here / "chatkit.json")}, procs=2)
    me = visitor(site)
    made = me.op("threads.create", text="show my list")
    press = {"thread_id": made.thread_id, "item_id": item(made, "widget")}
    ids = [row[0] for row in site.db("SELECT id FROM chatkit.task ORDER BY id")]
    assert len(ids) == len(names)
    replies = at_once(len(ids), lambda i: me.op("threads.sync_custom_action", **press, action={"type": "task.done", "payload": {"id": ids[i]}}))
    assert [r.status for r in replies] == [200] * len(ids)
    [(body,)] = site.db("SELECT body FROM chatkit.item WHERE id = %s", press["item_id"])
    shown = body if isinstance(body, dict) else json.loads(body)
    assert sorted(child["children"][0]["value"] for child in shown["widget"]["children"]) == sorted(f"{name} (done)" for name in names)
    rig.shutil.rmtree(here, ignore_errors=True)


def png(n: int) -> str:
    """An image of about n bytes, as models send it."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"tEXt", b"k\0" + os.urandom(n)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(image).decode()


def test_images_come_while_others_are_being_stored(attacked) -> None:
    images = [{"delta": {"images": [{"type": "image_url", "image_url": {"url": png(2_000_000)}}]}} for _ in range(6)]
    site = attacked([[*images, {"text": "Six of them."}, {"finish": "stop"}, {"done": True}]])
    drawn = visitor(site).op("threads.create", text="draw")
    assert drawn.said == "Six of them."
    assert len([e for e in drawn.of("thread.item.done") if e["item"]["type"] == "generated_image"]) == 6


# What the model calls; what then stands in the thread; what the page sends for it, and what of that there may be but once.
FLOWS = [
    (CARD, "widget", "threads.sync_custom_action", {"action": {"type": "task.complete", "payload": {}}}, "FROM chatkit.task WHERE owner_id = %s"),
    ({"calls": [{"name": "ask_user", "arguments": {"questions": [{"question": "Which day?"}]}}]}, "structured_input", "threads.add_structured_input",
     {"input": {"status": "answered", "answers": {"q1": {"values": ["Monday"]}}}},
     "FROM chatkit.entry WHERE owner_id = %s AND body LIKE '%%<StructuredInput>%%'"),
    ({"calls": [{"name": "get_page", "arguments": {}}]}, "client_tool_call", "threads.add_client_tool_output", {"result": "a page"},
     "FROM chatkit.entry WHERE owner_id = %s AND body LIKE '%%\"t\":\"result\"%%'"),
]


def sent(me: Client, op: str, **params) -> int | list:
    """The events that came to their end without an error; else the status, or 0 for a breakdown."""
    try:
        reply = me.op(op, **params)
        return reply.status if not reply.is_stream else 0 if reply.of("error") else reply.events
    except test_kill.BROKEN:
        return 0


def until_sent(site: rig.Site, me: Client, op: str, kind: str, **params) -> list:
    """The same, as soon as an item of this kind comes of it: what was killed is back a lease later at most."""
    def try_it() -> list | None:
        me.port = site.port
        events = sent(me, op, **params)
        ours = isinstance(events, list) and any(e["type"] == "thread.item.done" and e["item"]["type"] == kind for e in events)
        return events if ours else None
    return rig.wait_for(f"{op} brings a {kind}", try_it)


def test_kills_between_the_page_and_its_turn(own_cluster, fake_model, configured) -> None:  # noqa: F811
    seed = int(os.environ.get("KILL_SEED") or random.randrange(1 << 30))
    rng = random.Random(seed)
    url = fake_model.script("page", [])
    site = rig.Site(own_cluster, procs=2, env=configured | {"CHATKIT_MODEL": "openai/test", "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": url})
    try:
        for n in range(max(3, test_kill.KILLS // 8)):
            calls, kind, op, params, once = FLOWS[n % 3]
            me = visitor(site)
            fake_model.script("page", [calls])
            events = until_sent(site, me, "threads.create", kind, text="begin")
            fake_model.script("page", [[{"pace_ms": 8}, {"text": test_kill.ANSWER}, {"finish": "stop"}, {"done": True}]])
            params = params | {"thread_id": next(e["thread"]["id"] for e in events if e["type"] == "thread.created"),
                               "item_id": next(e["item"]["id"] for e in events if e["type"] == "thread.item.done" and e["item"]["type"] == kind)}
            first = threading.Thread(target=sent, args=(me, op), kwargs=params)
            first.start()
            time.sleep(rng.random() * rng.choice([0.03, 0.3]))
            test_kill.kill(site, rng.choice(test_kill.VICTIMS[:2]), rng)
            first.join()
            rig.wait_for("the page sends it again", lambda: sent(me, op, **params) not in (0, 500, 503))
            until_sent(site, me, "threads.add_user_message", "assistant_message", thread_id=params["thread_id"], text="and now?")
            owner = site.db("SELECT owner_id FROM chatkit.thread WHERE id = %s", params["thread_id"])[0][0]
            assert site.db("SELECT count(*) " + once, owner)[0][0] <= 1, f"{op} counted twice (KILL_SEED={seed})"
            assert kind == "widget" or site.db("SELECT count(*) " + once, owner)[0][0] == 1, f"{op} was lost (KILL_SEED={seed})"
            assert site.db("SELECT count(*) FROM chatkit.item WHERE owner_id = %s AND state IN ('open', 'waiting')", owner) == [(0,)], f"KILL_SEED={seed}"
        rig.wait_for("no turn runs", lambda: site.db("SELECT count(*) FROM chatkit.live")[0][0] == 0)
    finally:
        site.close()


def test_a_long_page_of_items_arrives_whole(attacked) -> None:
    site = attacked([[{"delta": {"content": "w" * 500_000}}, {"finish": "stop"}, {"done": True}]])
    me = visitor(site)
    thread = me.op("threads.create", text="0").thread_id
    for n in range(1, 18):
        me.op("threads.add_user_message", thread_id=thread, text=str(n))
    assert [len(i["content"][0]["text"]) for i in me.items(thread) if i["type"] == "assistant_message"] == [500_000] * 18
