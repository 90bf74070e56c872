# SPDX-License-Identifier: MIT
"""What a page shows as the events come, and what it shows when it is loaded again, stand in one order."""
from __future__ import annotations

import json

import pytest

CARD = {"version": "1.0", "name": "Card", "jsonSchema": {"type": "object", "properties": {"title": {"type": "string"}, "note": {"type": "string"}}, "required": ["title"]},
        "template": '{"type":"Card","children":[{"type":"Text","id":"t","value":{{ title | tojson }}},{"type":"Text","id":"n","value":{{ note | default("") | tojson }}}]}'}
PAUSE = {"sleep_ms": 300}  # between two states of a widget that grows there is a pause
END = [{"finish": "tool_calls"}, {"done": True}]


def call(index: int, note: str) -> list[dict]:
    """A call whose widget is seen growing before it is complete."""
    def part(arguments: str, **more: object) -> dict:
        return {"delta": {"tool_calls": [{"index": index, "function": {"arguments": arguments} | more} | ({"id": f"call_{index}", "type": "function"} if more else {})]}}
    text = json.dumps({"title": f"card {index}", "note": note})
    return [part(text[:20], name="show_card"), PAUSE, part(text[20:-2]), PAUSE, part(text[-2:])]


def on_the_screen(events: list[dict]) -> list[str]:
    ids: list[str] = []
    for event in events:
        if event["type"] == "thread.item.removed":
            ids.remove(event["item_id"])
        elif event["type"] in ("thread.item.added", "thread.item.done") and event["item"]["id"] not in ids:
            ids.append(event["item"]["id"])
    return ids


BIG, SMALL = "x" * 6000, "small"  # what is big is made on another thread, and takes longer


@pytest.mark.parametrize("round_", [
    [*call(0, BIG), *call(1, SMALL), *END],
    [*call(0, SMALL), *call(1, BIG), *END],
    [*call(0, SMALL), {"text": "And that is it."}, *END],
    [{"text": "Here it is."}, *call(0, SMALL), *call(1, SMALL), {"text": "And that is it."}, *END],
], ids=["big-small", "small-big", "words-after", "words-around"])
def test_a_round_with_growing_widgets(model_site, tmp_path_factory, round_) -> None:
    folder = tmp_path_factory.mktemp("widgets")
    (folder / "card.widget").write_text(json.dumps(CARD))
    for path in (folder, *folder.parents):
        if path.name.startswith(("widgets", "pytest-", "popen-")):
            path.chmod(0o755)
    site = model_site([round_], env={"CHATKIT_WIDGETS": str(folder)})
    me = site.client()
    reply = me.op("threads.create", text="show it")
    assert not reply.of("error"), reply
    assert [e for e in reply.events if e["type"] == "thread.item.added" and e["item"]["type"] == "widget"], "nothing was seen growing"
    assert on_the_screen(reply.events) == [item["id"] for item in me.items(reply.thread_id)], reply
