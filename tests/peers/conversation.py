# SPDX-License-Identifier: MIT
"""One conversation, held with two servers: what is asked, what comes, and how two answers are compared."""
from __future__ import annotations

import base64
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import official
import rig

HIDDEN = {"hidden_context_item", "sdk_hidden_context"}


# --- events in words, as the scenarios have them

def word(event: dict) -> str:
    kind = event["type"]
    if kind == "thread.item.updated":
        update = event["update"]
        return update["type"].replace("assistant_message.content_part.", "part.") + (f" {update['task']['type']}" if "task" in update else "")
    if kind in ("thread.item.added", "thread.item.done", "thread.item.replaced"):
        return f"{kind.rpartition('.')[2]} {item_word(event['item'])}"
    return {"client_effect": f"effect {event.get('name')}", "notice": f"notice {event.get('level')}", "error": f"error {event.get('code')}"}.get(kind, kind)


def item_word(item: dict) -> str:
    """A workflow is of tools or of thoughts."""
    return item["type"] + (f" {item['workflow']['type']}" if item["type"] == "workflow" else "")


def words(events: list[dict]) -> list[str]:
    """How often a text is cut is the model's affair: neighbouring deltas are one."""
    said: list[str] = []
    for one in map(word, events):
        if not said or said[-1] != one or one != "part.text_delta":
            said.append(one)
    return said


def flat(pattern: Any) -> list[str]:
    return [w for part in pattern for w in flat(part)] if isinstance(pattern, list) else [pattern]


def fits(pattern: list, said: list[str]) -> bool:
    """`...` is any number of events, (one in parentheses) may be missing."""
    expression = ""
    for w in flat(pattern):
        expression += r"(.*\n)*?" if w == "..." else f"({re.escape(w.strip('()'))}\n)" + ("?" if w[0] == "(" else "")
    return re.fullmatch(expression, "".join(w + "\n" for w in said)) is not None


def shapes_differ(one: Any, other: Any, path: str) -> Iterator[str]:
    """Members that only one of two answers has, and values of another kind. Lists are compared as far as both go."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.get("type") != other.get("type"):
            yield f"{path}.type: ours {one.get('type')!r}, theirs {other.get('type')!r}"
            return
        for key in one.keys() | other.keys():
            if key not in other:
                yield f"{path}.{key}: only ours"
            elif key not in one:
                yield f"{path}.{key}: only theirs"
            elif key in ("status", "has_more") and not isinstance(one[key], dict):
                if one[key] != other[key]:
                    yield f"{path}.{key}: ours {one[key]!r}, theirs {other[key]!r}"
            else:
                yield from shapes_differ(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield f"{path}: ours has {len(one)}, theirs {len(other)}"
        for a, b in zip(one, other):
            yield from shapes_differ(a, b, f"{path}[]")
    elif type(one) is not type(other):
        yield f"{path}: ours {type(one).__name__}, theirs {type(other).__name__}"


# --- one step of a conversation, as it went

@dataclass
class Outcome:
    """What a server did with a request: a stream's events, or an answer; or why there is neither."""
    events: list[dict] | None = None
    answer: Any = None
    problem: str = ""


class Seen:
    """What a conversation has named so far: $thread, $user_message, $widget, $attachment, ... are the latest of their kind."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def take(self, value: Any) -> None:
        if isinstance(value, list):
            for v in value:
                self.take(v)
        elif isinstance(value, dict):
            if value.get("id") and "thread_id" in value and "created_at" in value:
                self.ids[value["type"]] = value["id"]
                self.ids |= {f"question{i}": q["id"] for i, q in enumerate(value.get("inputs", []))}
            elif value.get("id") and "status" in value and "items" in value:
                self.ids["thread"] = value["id"]
            if value.get("id") and "mime_type" in value:
                self.ids["attachment"] = value["id"]
                self.ids["upload"] = value.get("upload_descriptor", {}).get("url", "")
            if value.get("after"):
                self.ids["after"] = value["after"]
            for v in value.values():
                self.take(v)

    def fill(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if isinstance(value, str) and value.startswith("$"):
            return self.ids.get(value[1:], value)
        return value


class Ours:
    """The real program behind lighttpd."""

    def __init__(self, site: rig.Site) -> None:
        self.site = site
        self.client = site.client()
        self.client.session()

    def ask(self, body: str) -> Outcome:
        reply = self.client.request("POST", "/api/chat", body=body, headers={"Content-Type": "application/json", "chatkit-frame-instance-id": "peer"})
        if reply.status != 200:
            return Outcome(problem=f"status {reply.status}: {reply.text[:300]}")
        if reply.is_stream:
            return Outcome(events=[dict(e) for e in reply.events])
        return Outcome(answer=reply.json)

    def put(self, item: dict) -> None:
        owner = self.site.db("SELECT owner_id FROM chatkit.thread WHERE id = %s", item["thread_id"])[0][0]
        self.site.db("""WITH t AS (UPDATE chatkit.thread SET last_seq = last_seq + 1 WHERE owner_id = %s AND id = %s RETURNING last_seq)
                        INSERT INTO chatkit.item (owner_id, thread_id, seq, id, turn_id, kind, state, hidden, body)
                        SELECT %s, %s, last_seq, %s, 'trn_peers', %s, 'done', %s, %s FROM t""",
                     owner, item["thread_id"], owner, item["thread_id"], item["id"], item["type"], item["type"] in HIDDEN,
                     json.dumps(item, ensure_ascii=False, separators=(",", ":")))

    def upload(self, step: dict, url: str) -> Outcome:
        """direct: a form to the upload's address; two phases: the bytes, or a form, to the address that attachments.create gave."""
        path = re.sub(r"^https?://[^/]+", "", url) if url else "/api/chat/attachments"
        data = base64.b64decode(step["base64"])
        body, kind = data, step["mime_type"]
        if step.get("method", "POST") == "POST":
            kind = "multipart/form-data; boundary=peers"
            body = (f'--peers\r\nContent-Disposition: form-data; name="file"; filename="{step["name"]}"\r\nContent-Type: {step["mime_type"]}\r\n\r\n'.encode()
                    + data + b"\r\n--peers--\r\n")
        reply = self.client.request(step.get("method", "POST"), path, body=body, headers={"Content-Type": kind, "chatkit-frame-instance-id": "peer"})
        if reply.status not in (200, 201, 204):
            return Outcome(problem=f"status {reply.status}: {reply.text[:300]}")
        return Outcome(answer=reply.json if reply.body else None)

    def close(self) -> None:
        pass


class Theirs(official.Peer):
    """OpenAI's."""

    def ask(self, body: str) -> Outcome:
        try:
            events, answer = super().ask(body)
        except Exception as e:  # noqa: BLE001  what it raises, its user's framework turns into a 500
            return Outcome(problem=f"{type(e).__name__}: {e}")
        return Outcome(events=events, answer=answer)


class Ear:
    """Who turns speech into text: hears hello in everything that is asked as OpenAI's endpoint wants it."""

    def __init__(self) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                good = self.headers["Content-Type"].startswith("multipart/form-data") and b'name="file"' in asked and b'name="model"' in asked
                self.send_response(200 if good else 400)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps({"text": "hello"} if good else {"error": {"message": "what?"}}).encode())

            def log_message(self, *args) -> None:
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/audio/transcriptions"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
