# SPDX-License-Identifier: MIT
"""Random pairs of widgets: what we say of the second turns the first into it, as a page would do it; and it is what OpenAI's SDK says, where that is right.

WIDGET_SEEDS=1000:50000 looks further. Where OpenAI's SDK is, its own diff_widget is asked too: make test-peers does that, with build/peers/venv's python and
PYTHONPATH=/usr/lib/python3/dist-packages for pytest.
"""
from __future__ import annotations

import copy
import os
import random
from collections.abc import Iterator

import pytest
from lines import Lines

try:
    from chatkit.server import diff_widget
    from chatkit.widgets import WidgetRoot
    from pydantic import TypeAdapter
    read = TypeAdapter(WidgetRoot).validate_python
except ImportError:
    diff_widget = None

SEEDS = range(*map(int, os.environ.get("WIDGET_SEEDS", "0:1500").split(":")))
CHANGES_MAX = 32


class Differ(Lines):
    def __call__(self, before: dict, after: dict) -> list[dict]:
        answer = self.ask(before=before, after=after)
        assert "changes" in answer, answer
        return answer["changes"]


@pytest.fixture(scope="module")
def differ() -> Iterator[Differ]:
    """Our comparison."""
    one = Differ("diff")
    yield one
    one.close()


class Gen:
    """A widget, and what becomes of it: mostly texts that grow, now and then anything."""

    WORDS = ["a", "b ", "é", "🙂", "\n", "<b>", '"', "\\", "lo"]

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.n = 0

    def maybe(self, part: float) -> bool:
        return self.r.random() < part

    def text(self) -> str:
        return "".join(self.r.choices(self.WORDS, k=self.r.randint(0, 4)))

    def marks(self) -> dict:
        self.n += 1
        marks = {}
        if self.maybe(0.6):
            marks["id"] = f"n{self.n if self.maybe(0.95) else 1}"
        if self.maybe(0.1):
            marks["key"] = self.r.choice("kl")
        return marks

    def node(self, depth: int) -> dict:
        kind = self.r.choice(["Text", "Markdown", "Text", "Markdown", "Title", "Button", "Image", "Box", "Row", "Col", "Transition"] if depth else ["Text", "Markdown", "Badge", "Divider"])
        node = {"type": kind} | self.marks()
        if kind in ("Text", "Markdown", "Title"):
            node["value"] = self.text()
            if kind != "Title" and self.maybe(0.5):
                node["streaming"] = self.maybe(0.6)
        elif kind == "Badge":
            node["label"] = self.text()
        elif kind == "Button":
            node |= {"label": self.text(), "onClickAction": {"type": "go", "payload": {"n": self.r.randint(0, 1), "list": [1, {"x": None}]}}}
        elif kind == "Image":
            node["src"] = "https://example.org/" + self.r.choice("ab")
        elif kind in ("Box", "Row", "Col"):
            if self.maybe(0.5):
                node["gap"] = self.r.choice([1, 2])
            if self.maybe(0.9):
                node["children"] = [self.node(depth - 1) for _ in range(self.r.randint(0, 3))]
        elif kind == "Transition" and self.maybe(0.9):
            node["children"] = self.node(depth - 1)
        return node

    def widget(self) -> dict:
        root = self.r.choice(["Card", "Card", "Basic", "ListView"])
        children = [self.node(3) for _ in range(self.r.randint(0, 4) if self.maybe(0.97) else 40)]
        if root == "ListView":
            children = [{"type": "ListViewItem"} | self.marks() | {"children": [child]} for child in children]
        return {"type": root} | self.marks() | {"children": children}

    def change(self, node: dict, rate: float) -> None:
        """Texts grow; with the rate anything happens."""
        if "value" in node and node["type"] in ("Text", "Markdown") and self.maybe(0.5):
            node["value"] += self.text()
        if self.maybe(rate):
            how = self.r.randint(0, 7)
            if how == 0 and "streaming" in node:
                node["streaming"] = not node["streaming"]
            elif how == 1 and "value" in node:
                node["value"] = self.text()
            elif how == 2:
                node.pop("id", None)
            elif how == 3:
                node["id"] = "new"
            elif how == 4 and isinstance(node.get("children"), list):
                node["children"].append(self.node(1))
            elif how == 5 and node.get("children"):
                node.pop("children") if node["type"] == "Transition" else node["children"].pop()
            elif how == 6 and "onClickAction" in node:
                node["onClickAction"]["payload"]["n"] += 1
            elif how == 7 and node["type"] in ("Box", "Row", "Col"):
                node["gap"] = 7
        children = node.get("children") or []
        for child in children if isinstance(children, list) else [children]:
            self.change(child, rate)

    def pair(self) -> tuple[dict, dict]:
        before = self.widget()
        after = copy.deepcopy(before)
        self.change(after, self.r.choice([0, 0, 0.02, 0.1]))
        return before, after


def nodes(node: dict) -> Iterator[dict]:
    yield node
    children = node.get("children") or []
    for child in children if isinstance(children, list) else [children]:
        yield from nodes(child)


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value if v is not None] if isinstance(value, list) else value


def apply(widget: dict, changes: list[dict]) -> dict:
    """As a page does it: a text is found by its id."""
    widget = copy.deepcopy(widget)
    for change in changes:
        if change["kind"] == "root":
            return change["json"]
        found = [node for node in nodes(widget) if node.get("id") == change["id"]]
        assert len(found) == 1 and change["delta"] and change["done"] == (found[0].get("streaming") is not True)
        found[0]["value"] += change["delta"]
    return widget


def rule(before: dict, after: dict) -> list[tuple]:
    """The SDK's rule (chatkit-protocol 3) but for what it loses: a text without an id of its own, which cannot be told of by itself, is told of with the root."""
    grown = []

    def differs(b: dict, a: dict) -> bool:
        text = b.get("type") in ("Text", "Markdown") and a.get("type") in ("Text", "Markdown")
        for key in {"type", "id", "key", *b, *a}:
            x, y = b.get(key), a.get(key)
            if key == "value" and text and isinstance(x, str) and isinstance(y, str) and y.startswith(x):
                if y != x:
                    grown.append(("text", a.get("id"), y[len(x):], a.get("streaming") is not True))
            elif key == "children" and isinstance(x, list) and isinstance(y, list):
                if len(x) != len(y) or any([differs(*two) for two in zip(x, y)]):
                    return True
            elif key == "children" and isinstance(x, dict) and isinstance(y, dict):
                if differs(x, y):
                    return True
            elif x != y:
                return True
        return False
    ids = [node.get("id") for node in nodes(after)]
    if differs(before, after) or len(grown) > CHANGES_MAX or any(not id_ or ids.count(id_) != 1 for _, id_, _, _ in grown):
        return [("root",)]
    return grown


def told(changes: list[dict]) -> list[tuple]:
    return [("root",) if c["kind"] == "root" else ("text", c["id"], c["delta"], c["done"]) for c in changes]


def official(before: dict, after: dict) -> list[dict] | None:
    """OpenAI's own; None: it raises, or does not lead to the second widget."""
    try:
        deltas = diff_widget(read(before), read(after))
        changes = [{"kind": "root", "json": after} if d.type == "widget.root.updated" else {"kind": "text", "id": d.component_id, "delta": d.delta, "done": d.done} for d in deltas]
        return changes if apply(before, changes) == after else None
    except (ValueError, AttributeError, AssertionError):
        return None


def test_random_pairs(differ: Differ) -> None:
    """What is said is the rule's, and leads to the second widget."""
    texts = 0
    for seed in SEEDS:
        before, after = Gen(seed).pair()
        before, after = without_nulls(before), without_nulls(after)
        changes = differ(before, after)
        assert told(changes) == rule(before, after), seed
        assert apply(before, changes) == after, seed
        texts += any(c["kind"] == "text" for c in changes)
    assert texts > len(SEEDS) / 10, texts


def as_the_sdk(differ: Differ) -> None:
    """The same as diff_widget's, where that is enough to know the second widget. (It says nothing of a text without an id, nor within a Transition.)"""
    same = 0
    for seed in SEEDS:
        before, after = Gen(seed).pair()
        theirs = official(before, after)
        if theirs is not None and len(theirs) <= CHANGES_MAX:
            assert sorted(told(differ(before, after))) == sorted(told(theirs)), seed
            same += 1
    assert same > len(SEEDS) / 2, same


if diff_widget:
    test_as_the_sdk = as_the_sdk
