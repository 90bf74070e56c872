# SPDX-License-Identifier: MIT
"""What the page sends, sent twice, at once, and while what it is about is being taken away."""
from __future__ import annotations

import base64
import json
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import rig
from client import Client, Reply

WIDGETS = rig.TOP / "tests/cases/action-once/widgets"
CONF = {
    "client_tools": [{"name": "get_page", "title": "Look", "description": "What the person sees.", "parameters": {"type": "object", "properties": {}}}],
    "actions": [{"type": "task.complete", "tool": "add_task", "arguments": {"title": "A task"}, "once": True}],
}
CARD = {"calls": [{"name": "show_task_card", "arguments": {"title": "milk"}}]}


@pytest.fixture
def attacked(model_site) -> Iterator[Callable[..., rig.Site]]:
    """attacked(answers): a site with a widget, an action that counts once, a tool of the page's."""
    here = rig.folder("ckatt-")

    def make(answers: list, **how) -> rig.Site:
        rig.shutil.copytree(WIDGETS, here / "widgets")
        (here / "chatkit.json").write_text(json.dumps(CONF | {"widgets": {"folder": str(here / "widgets")}}))
        for path in here.rglob("*"):
            rig.give(path)
        return model_site(answers, env={"CHATKIT_CONFIG": str(here / "chatkit.json")}, **how)
    yield make
    rig.shutil.rmtree(here, ignore_errors=True)


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
