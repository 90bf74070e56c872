# SPDX-License-Identifier: MIT
"""Runs and compares declarative cases; tests/cases/README.md says how one is written."""
from __future__ import annotations

import base64
import difflib
import hashlib
import hmac
import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import yaml

from client import Client, Event, Reply
from rig import folder, give, wait_for

ID = re.compile(r"\b(thr|msg|wf|tsk|tc|atc|trn|anon)([_:])([0-9A-Za-z_-]{16,})")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
NAME = re.compile(r"<([a-z]+_\d+)>")
JWT_SECRET = "a secret for tests, long enough: 0123456789"


class Loader(yaml.SafeLoader):
    """YAML with JSON's idea of a scalar: no `yes`, no dates, no octal numbers."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (("merge", r"^<<$", "<"), ("bool", r"^(true|false)$", "tf"), ("null", r"^(null|~|)$", ["n", "~", ""]), ("int", r"^-?(0|[1-9][0-9]*)$", "-0123456789"),
                            ("float", r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$", "-0123456789")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def load(path: Path) -> dict:
    return yaml.load(path.read_text(), Loader)


def flow(value: Any) -> str:
    """One line of YAML; `type` comes first, so that a line says at once what it is."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (key != "type", key))
        return "{" + ", ".join("..." if key == "..." else f"{key}: {flow(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[<A-Za-z/.][^,:{}\[\]#\"\\\n]*", value) and value not in ("true", "false", "null") and value == value.strip():
        return value
    return json.dumps(value, ensure_ascii=False)


def show(value: Any, width: int = 150) -> list[str]:
    """As it would stand in a case: on one line where it fits."""
    if len(flow(value)) <= width and not isinstance(value, list):
        return [flow(value)]
    lines = []
    if isinstance(value, list):
        for element in value:
            first, *rest = show(element, width - 2)
            lines += ["- " + first, *("  " + line for line in rest)]
        return lines or ["[]"]
    if isinstance(value, dict):
        for key in sorted(value, key=lambda key: (key != "type", key)):
            if len(flow(value[key])) + len(key) + 2 <= width:
                lines.append(f"{key}: {flow(value[key])}")
            else:
                lines += [f"{key}:", *("  " + line for line in show(value[key], width - 2))]
        return lines
    return [flow(value)]


class Names:
    """Ids and their names: the first id of a kind that a case sees is <thr_1>, the next <thr_2>."""

    def __init__(self) -> None:
        self.by_id: dict[str, str] = {}
        self.by_name: dict[str, str] = {}
        self.count: dict[str, int] = {}

    def hide(self, value: Any) -> Any:
        """Ids and times to names, everywhere."""
        if isinstance(value, dict):
            return {self.hide(k): self.hide(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hide(v) for v in value]
        if isinstance(value, str):
            return TIME.sub("<time>", ID.sub(self.name, value))
        return value

    def name(self, match: re.Match) -> str:
        id_, kind = match.group(0), match.group(1)
        if id_ not in self.by_id:
            self.count[kind] = self.count.get(kind, 0) + 1
            name = f"{kind}_{self.count[kind]}"
            self.by_id[id_] = f"<{name}>"
            self.by_name[name] = id_
        return self.by_id[id_]

    def fill(self, value: Any) -> Any:
        """Names to ids, in what is sent."""
        if isinstance(value, dict):
            return {k: self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if isinstance(value, str):
            return NAME.sub(lambda m: self.by_name.get(m.group(1), m.group(0)), value)
        return value


def settle(want: Any, got: Any) -> Any:
    """`got`, with what `want` leaves open replaced by the words of `want`, so that only real differences remain."""
    if want == "<any>" and got is not None:
        return want
    if isinstance(want, str) and isinstance(got, (str, int, float)):
        return want if re.fullmatch(r"</.*/>", want, re.S) and re.search(want[2:-2], str(got), re.S) else got
    if isinstance(want, dict) and isinstance(got, dict):
        open_ended = "..." in want
        settled = {k: settle(want[k], v) if k in want else v for k, v in got.items() if k in want or not open_ended}
        return settled | ({"...": want["..."]} if open_ended else {})
    if isinstance(want, list) and isinstance(got, list):
        return settle_list(want, got) if "..." in want else [settle(want[i], v) if i < len(want) else v for i, v in enumerate(got)]
    return got


def settle_list(want: list, got: list) -> list:
    """The pieces between `...` are looked for in their order; the first stands at the beginning, the last at the end."""
    pieces: list[list] = [[]]
    for element in want:
        if element == "...":
            pieces.append([])
        else:
            pieces[-1].append(element)
    first, *middle, last = pieces
    if len(got) < len(first) + len(last):
        return got
    settled = settle(first, got[:len(first)]) + ["..."]
    at, end = len(first), len(got) - len(last)
    for piece in middle:
        while at + len(piece) <= end and settle(piece, got[at:at + len(piece)]) != piece:
            at += 1
        if at + len(piece) > end:
            return settled + got[len(first):]
        settled += piece + ["..."]
        at += len(piece)
    return settled + settle(last, got[end:])


def difference(want: Any, got: Any) -> str:
    """Empty when they agree; else lines with - (expected) and + (came)."""
    got = settle(want, got)
    if want == got and type(want) is type(got):
        return ""
    lines = difflib.unified_diff(show(want), show(got), "expected", "came", lineterm="", n=3)
    return "\n".join(lines) or f"expected {want!r}, came {got!r}"


def join_deltas(events: list[Event]) -> list[dict]:
    """Neighbouring text deltas become one: how a text is cut is the model's affair, not the protocol's."""
    joined: list[dict] = []
    for event in events:
        last = joined[-1] if joined else {}
        if is_delta(event) and is_delta(last) and event["item_id"] == last["item_id"]:
            last["update"]["delta"] += event["update"]["delta"]
        elif set(event) == {"content"} and set(last) == {"content"}:  # the simple protocol
            last["content"] += event["content"]
        else:
            joined.append(json.loads(json.dumps(event)))
    return joined


def is_delta(event: dict) -> bool:
    return (event.get("update") or {}).get("type") == "assistant_message.content_part.text_delta"


def jwt(claims: dict, secret: str = JWT_SECRET, header: dict | None = None) -> str:
    """An HS256 token; `exp` is an hour from now unless the claims say otherwise (null: none)."""
    claims = {k: v for k, v in ({"exp": int(time.time()) + 3600} | claims).items() if v is not None}

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    head = part(json.dumps({"alg": "HS256", "typ": "JWT"} | (header or {})).encode()) + "." + part(json.dumps(claims).encode())
    return head + "." + part(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())


SENT = {"op", "params", "text", "get", "post", "put", "delete", "options", "request", "json", "body", "headers", "token", "sql", "until"}


class Case:
    """One folder of tests/cases, run step by step against a site."""

    def __init__(self, where: Path) -> None:
        self.folder = where
        self.case = load(where / "case.yaml")
        unknown = set(self.case) - {"about", "conf", "env", "model", "steps", "procs"}
        assert not unknown, f"unknown keys {unknown}"
        self.names = Names()
        self.clients: dict[str, Client] = {}

    def run(self, make_site: Any, model_site: Any) -> None:
        here = folder("ckconf-")
        try:
            self.run_in(here, make_site, model_site)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    def configure(self, here: Path) -> dict[str, str]:
        """The case's conf as a chatkit.json in this folder, with the case's widgets beside it; <here> in it is the folder."""
        if "conf" not in self.case:
            return {}
        if (self.folder / "widgets").is_dir():
            shutil.copytree(self.folder / "widgets", here / "widgets")
        (here / "chatkit.json").write_text(json.dumps(self.case["conf"]).replace("<here>", str(here)))
        for path in here.rglob("*"):
            give(path)
        return {"CHATKIT_CONFIG": str(here / "chatkit.json")}

    def run_in(self, here: Path, make_site: Any, model_site: Any) -> None:
        env = self.configure(here) | self.case.get("env", {})
        if "model" in self.case:
            self.site = model_site(self.case["model"], env=env)
        else:
            self.site = make_site(env=env)
        for number, step in enumerate(self.case["steps"], 1):
            problem = self.step(step)
            assert not problem, f"\n{self.folder.name}, step {number}: {step.get('note') or self.headline(step)}\n{problem}"

    @staticmethod
    def headline(step: dict) -> str:
        return " ".join(str(step[k]) for k in ("op", "get", "post", "put", "delete", "options", "request", "sql", "until") if k in step)[:160] or next(iter(step))

    def step(self, step: dict) -> str:
        """Does one step and returns what is wrong with it."""
        step = {k: self.names.fill(v) if k in SENT else v for k, v in step.items()}
        if "sql" in step:
            rows = [list(row) for row in self.site.db(step["sql"])]
            return difference(step["rows"], self.names.hide(json.loads(json.dumps(rows, default=str))))
        if "until" in step:  # something that the program does a moment later
            wait_for(step["until"], lambda: self.site.db(step["until"])[0][0])
            return ""
        if "asked" in step:  # what the model was asked so far
            came = [self.names.hide(r.body) for r in self.site.model_requests()]
            return difference(step["asked"], came)
        if "db" in step:
            getattr(self.site, step["db"] + "_db")()
            return ""
        if "answers" in step:
            self.site.script(step["answers"])
            return ""
        return self.exchange(step)

    def exchange(self, step: dict) -> str:
        allowed = {"note", "as", "op", "params", "text", "get", "post", "put", "delete", "options", "request", "json", "body", "base64", "headers", "token",
                   "status", "events", "reply", "has", "head", "body_is", "join", "twice"}
        assert set(step) <= allowed, f"unknown keys {set(step) - allowed}"
        client = self.clients.setdefault(step.get("as", "me"), self.site.client())
        headers = dict(step.get("headers", {}))
        if "token" in step:
            token = step["token"]
            headers["Authorization"] = "Bearer " + (token if isinstance(token, str) else jwt(token))
        method, path, how = self.request_of(step)
        with client.open(method, path, headers=headers, **how) as stream:
            body = b""
            if "text/event-stream" in (stream.headers.get("Content-Type") or ""):
                while more := stream.read_some():
                    body += more
                    self.saw(more)
            else:
                body = stream.response.read()
        return self.check(step, Reply(stream.status, stream.headers, body))

    def saw(self, what: bytes) -> None:
        """The model's script may wait for what was shown."""
        if "model" in self.case:
            self.site.saw(what)

    def request_of(self, step: dict) -> tuple[str, str, dict]:
        if "op" in step:
            params = dict(step.get("params", {}))
            if "text" in step:
                params["input"] = {"content": [{"type": "input_text", "text": step["text"]}], "attachments": [], "inference_options": {}} | params.get("input", {})
            return "POST", "/api/chat", {"json": {"type": step["op"], "params": params}}
        how: dict[str, Any] = {}
        if "json" in step:
            how["json"] = step["json"]
        if "body" in step:
            how["body"] = step["body"]
        if "base64" in step:
            how["body"] = base64.b64decode(step["base64"])
        for method in ("get", "post", "put", "delete", "options"):
            if method in step:
                return method.upper(), step[method], how
        method, path = step["request"].split(" ")
        return method, path, how

    def check(self, step: dict, reply: Reply) -> str:
        problems = []
        status = step.get("status", 200)
        if difference(status, reply.status):
            problems.append(f"status {reply.status}, expected {status}: {self.names.hide(reply.body[:1500].decode('utf-8', 'replace'))}")
        for name, want in step.get("head", {}).items():
            problems.append(difference({name: want}, {name: self.names.hide(reply.headers.get(name))}))
        if "events" in step and not problems:
            if not reply.is_stream:
                problems.append(f"no event stream: {reply!r}")
            else:
                events = reply.events if step.get("join", True) is False else join_deltas(reply.events)
                problems.append(difference(step["events"], self.names.hide(events)))
        elif "reply" not in step:
            self.names.hide(reply.text)  # what it names may be used by later steps
        if "reply" in step and not problems:
            try:
                problems.append(difference(step["reply"], self.names.hide(reply.json)))
            except ValueError:
                problems.append(f"no JSON: {reply!r}")
        if "has" in step:
            for word in [step["has"]] if isinstance(step["has"], str) else step["has"]:
                if word not in self.names.hide(reply.text):
                    problems.append(f"{word!r} is not in {self.names.hide(reply.text)[:3000]}")
        return "\n".join(p for p in problems if p)
