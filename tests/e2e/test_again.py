# SPDX-License-Identifier: MIT
"""The same request again, where it is easily taken for what it is not."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from rig import wait_for

FRAME = {"chatkit-frame-instance-id": "frame-1"}


def test_a_press_on_another_responder_is_no_retry_of_the_last(model_site) -> None:
    """A page that sends the same action again as soon as its answer is over, where another responder gets it: it counts twice."""
    held = ["One.", {"seen": "go"}, {"finish": "stop"}, {"done": True}]
    site = model_site(["One.", *["One.", held, "One."] * 4], procs=2)
    me, other = site.client(), site.client()
    other.session()
    thread = me.op("threads.create", text="hello", headers=FRAME).thread_id
    for i in range(8):
        # While one responder has a stream, lighttpd gives the next request to the other.
        asked = len(site.model_requests())
        busy = other.open("POST", "/api/chat", json={"messages": [{"role": "user", "content": f"hello {i}"}]}) if i % 2 else None
        if busy:
            wait_for("its model", lambda: len(site.model_requests()) > asked)
        press = me.op("threads.custom_action", thread_id=thread, action={"type": "more"}, headers=FRAME)
        assert press.said == "One.", press
        if busy:
            busy.close()
    assert site.db("SELECT count(*) FROM chatkit.turn WHERE thread_id = %s", thread) == [(9,)]
    assert len(site.db("SELECT DISTINCT runner FROM chatkit.turn WHERE thread_id = %s", thread)) == 2, "this tested nothing"


def test_who_follows_a_turn_sees_all_of_its_calls(model_site) -> None:
    """The workflow of the first round stands complete; the calls of the second belong to it."""
    slowly = {"sleep_ms": 800}
    call = [slowly, {"tool_call": {"index": 0, "name": "add_task", "arguments": {"title": "milk"}}}, {"finish": "tool_calls"}, {"done": True}]
    site = model_site([call, call, [slowly, "Done.", {"finish": "stop"}, {"done": True}]])
    me = site.client()
    me.session()
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda _: me.op("threads.create", text="milk, twice", headers=FRAME), range(2)))
    stored = [item for item in me.items(replies[0].thread_id) if item["type"] == "workflow"]
    assert [len(item["workflow"]["tasks"]) for item in stored] == [2]
    for reply in replies:
        shown = [e["item"] for e in reply.events if e.get("item", {}).get("type") == "workflow" and e["type"] != "thread.item.added"]
        assert shown[-1:] == stored, reply


@pytest.mark.parametrize("procs", [1, 2])
def test_a_retry_that_was_left_is_retried(model_site, procs) -> None:
    """Who stops a retry, or loses its connection, and presses Retry again gets an answer, and not what became of the first."""
    slow = [{"pace_ms": 500}, {"text": "one two three four five six seven eight " * 10}, {"finish": "stop"}, {"done": True}]
    site = model_site(["Hello.", slow, slow, "As new."], procs=procs)
    me = site.client()
    first = me.op("threads.create", text="hello", headers=FRAME)
    params = {"thread_id": first.thread_id, "item_id": me.items(first.thread_id)[0]["id"]}
    for _ in range(2):
        with me.open_op("threads.retry_after_item", headers=FRAME, **params) as stream:
            stream.next("assistant_message.content_part.text_delta")
            stream.drop()
        wait_for("the turn to end", lambda: site.db("SELECT count(*) FROM chatkit.live") == [(0,)])
    again = me.op("threads.retry_after_item", headers=FRAME, **params)
    assert again.said == "As new." and not again.of("error"), again
    assert [item["type"] for item in me.items(first.thread_id)] == ["user_message", "assistant_message"]
