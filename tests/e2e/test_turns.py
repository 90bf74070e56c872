# SPDX-License-Identifier: MIT
"""Turns that are sent twice, cut at any byte, stopped, or stand in each other's way."""
from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from client import BadStream, Client
from rig import Site, wait_for

SLOW = [{"pace_ms": 40}, {"text": "one two three four five six seven eight nine ten eleven twelve"}, {"finish": "stop"}, {"done": True}]
TEXT = "one two three four five six seven eight nine ten eleven twelve"
# The same words, the last of them when the test says that it saw "go": until then the turn runs, however slow everything is.
HELD = [{"text": "one two three four five "}, {"seen": "go"}, {"text": "six seven eight nine ten eleven twelve"}, {"finish": "stop"}, {"done": True}]
HELD_TEXT = "one two three four five "
FRAME = {"chatkit-frame-instance-id": "frame-1"}


def settled(site: Site) -> bool:
    """No turn runs, and nothing that only a running turn has is left."""
    return site.db("SELECT (SELECT count(*) FROM chatkit.live) + (SELECT count(*) FROM chatkit.chunk)")[0][0] == 0


def check_whole(site: Site) -> None:
    """What must hold whatever happened: every turn ended, every thread's order is unbroken, every stored body is JSON of its own id."""
    wait_for("all turns to end", lambda: settled(site))
    assert site.db("SELECT count(*) FROM chatkit.turn WHERE state = 'running'") == [(0,)]
    assert site.db("SELECT thread_id, seq FROM chatkit.item GROUP BY 1, 2, owner_id HAVING count(*) > 1") == []
    for item_id, body in site.db("SELECT id, body FROM chatkit.item"):
        assert json.loads(body)["id"] == item_id
    assert site.db("SELECT count(*) FROM chatkit.thread t WHERE NOT EXISTS (SELECT FROM chatkit.item i WHERE i.thread_id = t.id)") == [(0,)], "half a thread"


def works(me: Client, thread_id: str) -> None:
    reply = me.op("threads.add_user_message", thread_id=thread_id, text="still there?")
    assert reply.said, reply


# --- the same request again

def test_five_at_once_are_one_turn(model_site) -> None:
    """The front end sends a POST up to five times; here none of them is committed when the next arrives."""
    site = model_site([SLOW], procs=2)
    me = site.client()
    me.session()
    start = threading.Barrier(5)

    def send(_: int):
        start.wait()
        return me.op("threads.create", text="hello", headers=FRAME)
    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(send, range(5)))
    assert {r.status for r in replies} == {200}
    assert len({r.thread_id for r in replies}) == 1
    assert {r.said for r in replies} == {TEXT}
    assert len(site.model_requests()) == 1
    assert site.db("SELECT count(*) FROM chatkit.turn") == [(1,)]
    check_whole(site)
    assert all(r.of("thread.item.done") == replies[0].of("thread.item.done") for r in replies)


def test_again_while_it_runs_follows_it(model_site) -> None:
    site = model_site([HELD], procs=2)
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello", headers=FRAME) as first:
        first.next("assistant_message.content_part.text_delta")
        with me.open_op("threads.create", text="hello", headers=FRAME) as second:
            second.next("assistant_message.content_part.text_delta")
            site.saw("go")
            told = second.rest()
        rest = first.rest()
    assert told[-1]["item"]["content"][0]["text"] == TEXT
    assert rest[-1]["item"]["content"][0]["text"] == TEXT
    assert len(site.model_requests()) == 1
    check_whole(site)


def test_an_answer_again_while_it_runs_shows_the_form_answered(model_site) -> None:
    ask = {"calls": [{"name": "ask_user", "arguments": {"questions": [{"question": "Who?"}]}}]}
    site = model_site([ask, [{"sleep_ms": 4000}, "Ah.", {"finish": "stop"}, {"done": True}]])
    me = site.client()
    events = me.op("threads.create", text="ask").events
    form = next(e["item"] for e in events if e.get("item", {}).get("type") == "structured_input")
    params = {"thread_id": form["thread_id"], "item_id": form["id"], "input": {"answers": {"q1": {"values": ["Ann"]}}}}
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda _: me.op("threads.add_structured_input", **params), range(2)))
    for reply in replies:
        kinds = [e["type"] for e in reply.events]
        assert kinds[:2] == ["stream_options", "thread.item.replaced"] and kinds[-1] == "thread.item.done", kinds
        assert reply.events[1]["item"]["status"] == "answered"
    assert site.db("SELECT count(*) FROM chatkit.turn")[0][0] == 2


def test_again_while_it_runs_the_simple_way(model_site) -> None:
    """Who follows a running turn by the simple protocol gets each word once."""
    site = model_site([HELD])
    me = site.client()
    me.session()
    body = {"messages": [{"role": "user", "content": "hello"}]}
    with me.open("POST", "/api/chat", json=body) as first:
        words = first.next()["content"]
        with me.open("POST", "/api/chat", json=body) as second:
            again = [second.next()]
            site.saw("go")
            again += second.rest()
        rest = first.rest()
    assert len(site.model_requests()) == 1
    site.script([TEXT])
    assert "".join(e.get("content", "") for e in again) == TEXT
    assert words + "".join(e.get("content", "") for e in rest) == TEXT
    assert again[-1] == rest[-1] and again[-1]["done"]
    assert me.post("/api/chat/sync", body).status == 200
    assert len(site.model_requests()) == 1


def test_again_after_a_cut_is_no_second_message(model_site) -> None:
    """The connection broke; the same POST comes again: the message is not doubled, and what was said is shown."""
    site = model_site([HELD, "Fine."])
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello", headers=FRAME) as first:
        thread = first.next("thread.created")["thread"]["id"]
        first.next("assistant_message.content_part.text_delta")
        first.next("assistant_message.content_part.text_delta")
        first.drop()
    again = me.op("threads.create", text="hello", headers=FRAME)
    assert again.thread_id == thread
    check_whole(site)
    assert [item["type"] for item in me.items(thread)].count("user_message") == 1
    assert site.db("SELECT count(*) FROM chatkit.thread") == [(1,)]
    works(me, thread)


def test_the_same_words_of_others_are_their_own(model_site) -> None:
    site = model_site(["Hello."])
    anna, bob, tab = site.client(), site.client(), site.client()
    anna.session()
    bob.session()
    tab.cookies = dict(anna.cookies)
    threads = {anna.op("threads.create", text="hello", headers=FRAME).thread_id,
               bob.op("threads.create", text="hello", headers=FRAME).thread_id,
               tab.op("threads.create", text="hello", headers={"chatkit-frame-instance-id": "frame-2"}).thread_id}
    assert len(threads) == 3
    check_whole(site)


# --- one turn a thread

def test_stop_then_send(model_site) -> None:
    """Stop aborts the fetch; the next message, sent at once, waits for the one that is ending and then is answered; the partial text is there."""
    site = model_site([HELD, "Second."], procs=2)
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello") as first:
        thread = first.next("thread.created")["thread"]["id"]
        first.next("assistant_message.content_part.text_delta")
        first.next("assistant_message.content_part.text_delta")
        first.drop()
    second = me.op("threads.add_user_message", thread_id=thread, text="go on")
    assert second.said == "Second.", second
    user, partial, _, answer = me.items(thread)
    assert user["content"][0]["text"] == "hello"
    said = partial["content"][0]["text"]
    assert said and HELD_TEXT.startswith(said)
    assert answer["content"][0]["text"] == "Second."
    assert wait_for("the model to be left", lambda: site.model_requests()[0].left) < 60
    check_whole(site)


def test_a_second_message_meanwhile_is_refused_in_words(model_site) -> None:
    site = model_site([HELD])
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello") as first:
        thread = first.next("thread.created")["thread"]["id"]
        second = me.op("threads.add_user_message", thread_id=thread, text="me too")
        assert second.status == 200
        assert second.of("error"), second.events
        assert not second.of("thread.item.done")
    check_whole(site)
    assert len([i for i in me.items(thread) if i["type"] == "user_message"]) == 1


@pytest.mark.parametrize("procs", [1, 2], ids=["in-the-same-process", "in-another"])
def test_deleted_while_it_runs_is_told_as_that(model_site, procs) -> None:
    """Not as a conversation that somebody continued, nor as one that could go on."""
    site = model_site([HELD], procs=procs)
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello") as stream:
        thread = stream.next("thread.created")["thread"]["id"]
        stream.next("assistant_message.content_part.text_delta")
        assert me.op("threads.delete", thread_id=thread).status == 200
        stream.rest()
        errors = [(e["message"], e["allow_retry"]) for e in stream.events if e["type"] == "error"]
    assert errors == [("This conversation was deleted.", False)]
    assert me.op("threads.get_by_id", thread_id=thread).status == 404
    check_whole(site)


def test_who_renames_a_conversation_meanwhile_has_the_last_word(model_site) -> None:
    """The model's title for it comes later, is shown, and is not kept; the page hears of that, too."""
    site = model_site([HELD], env={"CHATKIT_TITLES": "model"})
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello") as stream:
        thread = stream.next("thread.created")["thread"]["id"]
        stream.next("assistant_message.content_part.text_delta")
        wait_for("both requests", lambda: len(site.model_requests()) == 2)
        assert me.op("threads.update", thread_id=thread, title="Mine").status == 200
        site.saw("go")
        stream.rest()
        titles = [e["thread"]["title"] for e in stream.events if e["type"] == "thread.updated"]
    assert titles[0] == "hello" and titles[-1] == "Mine", titles
    assert me.op("threads.get_by_id", thread_id=thread).json["title"] == "Mine"
    check_whole(site)


def test_a_reload_in_the_middle_shows_the_partial_text(model_site) -> None:
    site = model_site([HELD], procs=2)
    me = site.client()
    me.session()
    with me.open_op("threads.create", text="hello") as stream:
        thread = stream.next("thread.created")["thread"]["id"]
        stream.next("assistant_message.content_part.text_delta")
        # The keeper stores once a second.
        partial = wait_for("the partial text", lambda: [i for i in me.items(thread) if i["type"] == "assistant_message" and i["content"]])
        assert HELD_TEXT.startswith(partial[0]["content"][0]["text"])
        site.saw("go")
        stream.rest()
    assert me.items(thread)[-1]["content"][0]["text"] == TEXT


# --- cut at any byte

ANSWER = [{"delta": {"role": "assistant", "content": ""}}, {"text": "Grüße, 🙂 you"},
          {"tool_call": {"id": "c1", "name": "add_task", "arguments": {"title": "milk"}}}, {"finish": "tool_calls"}, {"done": True}]


def wire_bytes() -> bytes:
    """ANSWER as the fake model sends it, to cut it up."""
    def chunk(delta, finish=None) -> bytes:
        return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}, ensure_ascii=False).encode() + b"\n\n"
    return (chunk({"role": "assistant", "content": ""}) + chunk({"content": "Grüße, "}) + chunk({"content": "🙂 you"}) +
            chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "add_task", "arguments": "{\"title\""}}]}) +
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": ":\"milk\"}"}}]}) + chunk({}, "tool_calls") + b"data: [DONE]\n\n")


def b64(data: bytes) -> dict:
    return {"base64": base64.b64encode(data).decode()}


@pytest.mark.parametrize("part", range(4))
def test_the_model_cut_at_any_byte(model_site, part: int) -> None:
    """Wherever the model's connection ends: one clear error, or the answer; what was shown is what is stored; the thread goes on."""
    whole = wire_bytes()
    site = model_site(["x"], env={"CHATKIT_RETRIES": "0"})
    me = site.client()
    me.session()
    for cut in range(part * 3, len(whole), 12):
        site.script([[b64(whole[:cut]), {"cut": True}], "Fine."])
        reply = me.op("threads.create", text=f"cut at {cut}")
        assert reply.status == 200
        errors = reply.of("error")
        complete = b"tool_calls\"}" in whole[:cut]
        assert len(errors) == 1 or complete, (cut, reply.events)
        shown = reply.said
        assert "Grüße, 🙂 you".startswith(shown) or complete
        stored = "".join(i["content"][0]["text"] for i in me.items(reply.thread_id) if i["type"] == "assistant_message")
        assert stored == shown, cut
        site.script(["Fine."])
        assert me.op("threads.add_user_message", thread_id=reply.thread_id, text="and now?").said == "Fine.", cut
    check_whole(site)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_the_model_in_small_pieces(model_site, size: int) -> None:
    site = model_site([[{"split": size}, b64(wire_bytes())], "Added."])
    me = site.client()
    reply = me.op("threads.create", text="milk")
    assert not reply.of("error"), reply.events
    assert reply.said == "Grüße, 🙂 youAdded."
    assert site.db("SELECT title FROM chatkit.task") == [("milk",)]


def test_the_client_leaves_at_any_byte(model_site) -> None:
    """Wherever the reader goes: the turn ends within moments, nothing is half-written, and the thread works."""
    site = model_site([[{"pace_ms": 1}, *SLOW[1:]]])
    me = site.client()
    me.session()
    whole = len(me.op("threads.create", text="how long is it?").body)
    for n in range(0, whole, max(1, whole // 40)):
        with me.open_op("threads.create", text=f"until {n}") as stream:
            stream.drop_after(n)
    check_whole(site)
    threads = me.op("threads.list", limit=1000).json["data"]
    assert len(threads) == len(range(0, whole, max(1, whole // 40))) + 1
    for thread in threads:
        items = me.items(thread["id"])
        assert [i["type"] for i in items] in (["user_message"], ["user_message", "assistant_message"])
        assert all(TEXT.startswith(i["content"][0]["text"]) for i in items[1:])
    works(me, threads[0]["id"])


def test_streams_end_cleanly_with_many_at_once(model_site) -> None:
    """Two hundred people at once, each with an answer of their own and nobody else's."""
    site = model_site(["Hello there, how are you today?"], procs=2)

    def one(n: int) -> str:
        me = site.client()
        reply = me.op("threads.create", text=f"I am {n}")
        try:
            assert reply.of("thread.item.done")[0]["item"]["content"][0]["text"] == f"I am {n}"
            assert me.op("threads.list").json["data"][0]["id"] == reply.thread_id
            return reply.said
        except BadStream as bad:
            raise AssertionError(f"{n}: {bad}") from bad
    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(one, range(200))) == {"Hello there, how are you today?"}
    check_whole(site)
