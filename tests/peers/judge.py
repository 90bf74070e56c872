# SPDX-License-Identifier: MIT
"""Judge "py": the types of openai-chatkit, strictly.

pydantic alone accepts members that no type has, and fills in those that are left out. So a value is validated and then written again as the SDK writes
it (what has no place is gone, what is null is absent, defaults are there): that must be what was sent, a time in any spelling.
"""
from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

warnings.filterwarnings("ignore", category=DeprecationWarning)

from chatkit import types as ck  # noqa: E402
from chatkit import widgets as ckw  # noqa: E402
from pydantic import TypeAdapter, ValidationError  # noqa: E402

# What answers an operation that does not stream. None: the empty object.
ANSWERS: dict[str, Any] = {
    "threads.get_by_id": ck.Thread,
    "threads.list": ck.Page[ck.Thread],
    "threads.update": ck.Thread,
    "threads.delete": None,
    "items.list": ck.Page[ck.ThreadItem],
    "items.feedback": None,
    "attachments.create": ck.Attachment,
    "attachments.delete": None,
    "input.transcribe": ck.TranscriptionResult,
    "threads.sync_custom_action": ck.SyncCustomActionResponse,
}
STREAMS = [get_args(cls.model_fields["type"].annotation)[0] for cls in get_args(ck.StreamingReq)]
OPERATIONS = [*STREAMS, *ANSWERS]

# Known to OpenAI's front end (judge "ts" sees them) but not to this version of the Python SDK.
NEWER_WIDGETS = {"Table", "Table.Row", "Table.Cell"}
NEWER_MEMBERS = {"Card": {"border"}}
# The SDK lets a Basic root have any member; these are those of the front end's types.
BASIC = {"type", "key", "id", "children", "theme", "direction", "gap", "padding", "align", "justify"}
WIDGETS = {cls.model_fields["type"].default: cls for cls in (ckw.Card, ckw.ListView, *get_args(get_args(ckw.StrictWidgetComponent)[0]))}

_adapters: dict[Any, TypeAdapter] = {}


def adapter(kind: Any) -> TypeAdapter:
    return _adapters.setdefault(str(kind), TypeAdapter(kind))


def request(kind: str, params: dict, nulls: bool) -> str:
    """A request's body as the SDK's own types write it: with every null and default, or without the nulls."""
    made = adapter(ck.ChatKitReq).validate_python({"type": kind, "params": params})
    problems = list(differences(params, made.params.model_dump(mode="json", exclude_unset=True), "params"))
    assert not problems, f"{kind} is no request of the SDK's: {problems}"
    return made.model_dump_json(exclude_none=not nulls)


def event(value: Any) -> list[str]:
    return judge(value, ck.ThreadStreamEvent)


def answer(operation: str, value: Any) -> list[str]:
    kind = ANSWERS[operation]
    if kind is None:
        return [] if value == {} else [f"expected {{}}, came {short(value)}"]
    return judge(value, kind)


def judge(value: Any, kind: Any) -> list[str]:
    """What is wrong with a value of that type; empty when it is right."""
    try:
        known = adapter(kind).validate_python(value)
    except ValidationError as e:
        return told(e, "")[:8]
    again = adapter(kind).dump_python(known, mode="json", by_alias=True, exclude_none=True, context={"exclude_metadata": True})
    return [*differences(value, again, ""), *private(value, "")]


def private(value: Any, path: str) -> Iterator[str]:
    """What the types have but no server sends."""
    if isinstance(value, dict):
        if value.get("type") in ("hidden_context_item", "sdk_hidden_context"):
            yield f"{path}: a {value['type']} is for the model alone"
        if "status" in value and value.get("metadata"):
            yield f"{path}.metadata: a thread's is the server's alone"
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from private(inner, f"{path}.{key}")


def differences(sent: Any, again: Any, path: str) -> Iterator[str]:
    if path.endswith((".widget", ".component")) and isinstance(sent, dict):
        yield from widget_problems(sent, path)
    elif isinstance(sent, dict) and isinstance(again, dict):
        for key in [*sent, *(key for key in again if key not in sent)]:
            if key not in again:
                yield f"{path}.{key}: sent, but the SDK has no such member or leaves it out ({short(sent[key])})"
            elif key not in sent:
                yield f"{path}.{key}: left out, but the SDK sends {short(again[key])}"
            else:
                yield from differences(sent[key], again[key], f"{path}.{key}")
    elif isinstance(sent, list) and isinstance(again, list):
        if len(sent) != len(again):
            yield f"{path}: {len(sent)} elements, the SDK writes {len(again)}"
        for i, (one, other) in enumerate(zip(sent, again)):
            yield from differences(one, other, f"{path}[{i}]")
    elif sent != again and not same_time(sent, again):
        yield f"{path}: {short(sent)}, the SDK writes {short(again)}"


def widget_problems(node: dict, path: str) -> Iterator[str]:
    """The SDK takes any member in a widget that a template made; its classes for hand-written widgets know what there is."""
    name, children = node.get("type"), node.get("children")
    path = f"{path}<{name}>"
    if name in WIDGETS:
        newer = NEWER_MEMBERS.get(name, set())
        alone = {key: value for key, value in node.items() if key not in newer}
        if children is not None:  # they are judged one by one
            alone["children"] = None if name == "Transition" else []
        try:
            known = WIDGETS[name].model_validate(alone)
            yield from differences(alone, known.model_dump(mode="json", exclude_unset=True), path)
        except ValidationError as e:
            yield from told(e, path)
    elif name == "Basic":
        yield from (f"{path}.{key}: no such member" for key in node if key not in BASIC)
    elif name not in NEWER_WIDGETS:
        yield f"{path}: no such widget"
    for key, value in node.items():
        if value is None:
            yield f"{path}.{key}: null, the SDK leaves it out"
    for i, child in enumerate(children if isinstance(children, list) else [children] if children else []):
        yield from widget_problems(child, f"{path}.children[{i}]")


def told(e: ValidationError, path: str) -> list[str]:
    return [f"{path}.{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in e.errors()]


def same_time(one: Any, other: Any) -> bool:
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (TypeError, ValueError):
        return False


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."
