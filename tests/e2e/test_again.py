# SPDX-License-Identifier: MIT
"""The same request again, where it is easily taken for what it is not."""
from __future__ import annotations

FRAME = {"chatkit-frame-instance-id": "frame-1"}


def test_a_press_on_another_responder_is_no_retry_of_the_last(model_site) -> None:
    """A page that sends the same action again as soon as its answer is over, where another responder gets it: it counts twice."""
    site = model_site(["One."], procs=2)
    me, other = site.client(), site.client()
    other.session()
    thread = me.op("threads.create", text="hello", headers=FRAME).thread_id
    for i in range(8):
        # While one responder has a stream, lighttpd gives the next request to the other.
        busy = other.open("POST", "/api/chat", json={"messages": [{"role": "user", "content": f"hello {i}"}]}) if i % 2 else None
        press = me.op("threads.custom_action", thread_id=thread, action={"type": "more"}, headers=FRAME)
        assert press.said == "One.", press
        if busy:
            busy.close()
    assert site.db("SELECT count(*) FROM chatkit.turn WHERE thread_id = %s", thread) == [(9,)]
    assert len(site.db("SELECT DISTINCT runner FROM chatkit.turn WHERE thread_id = %s", thread)) == 2, "this tested nothing"
