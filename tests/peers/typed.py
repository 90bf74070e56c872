# SPDX-License-Identifier: MIT
"""Judges "node" and "ts": what went over the wire as literals of TypeScript's types, the guide's snippets and the page's options for the hosted component,
through `tsc --strict`.

A literal with a member that its type does not have, or without one that it needs, does not compile. The types of chatkit-node-backend-sdk describe
events, items, threads and requests; those of @openai/chatkit what reaches a page: widgets, attachments, entities, effects, a client tool's call.
What one of them is known not to have is taken off before, and listed here: these are their gaps, not ours.
"""
from __future__ import annotations

import html.parser
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The Node SDK 1.1.2 is older than the protocol.
NODE_NO_OPERATION = {"threads.add_structured_input", "threads.sync_custom_action", "input.transcribe"}
NODE_NO_EVENT = {"stream_options", "client_effect"}
NODE_NO_UPDATE = {"generated_image.updated"}
NODE_NO_ITEM = {"structured_input", "generated_image"}
NODE_NO_WIDGET = {"Basic"}
NODE_NO_MEMBER = {
    "input_tag": {"group"},
    "entity": {"label", "inline_label", "interactive", "data"},
    "attachment": {"upload_descriptor", "thread_id"},
    "Card": {"border"},
}
# The front end's types say less of an action than its guides do; and of attachments only what a page may pass to sendUserMessage.
ACTION_MEMBERS = {"handler", "loadingBehavior", "streaming"}
ACTIONS = {"action", "onClickAction", "onSubmitAction", "onChangeAction"}
TS_NO_WIDGET = {"Chart"}

HEAD = """\
import type * as Node from "chatkit-node-backend-sdk";
import type { Attachment, ChatKitEvents, ChatKitIcon, ChatKitOptions, Entity, OpenAIChatKit, ToolChoice, UserMessageContent, Widgets } from "@openai/chatkit";

// JSON leaves out what is null.
type Nullable<T> = { [K in keyof T]-?: null extends T[K] ? K : never }[keyof T];
type Flat<T> = { [K in keyof T]: T[K] };
type Wire<T> = unknown extends T ? T : T extends readonly (infer U)[] ? Wire<U>[] : T extends object ? string extends keyof T ? T :
	Flat<{ [K in keyof Omit<T, Nullable<T>>]: Wire<T[K & keyof T]> } & { [K in Nullable<T> & keyof T]?: Wire<Exclude<T[K], null>> }> : T;
type ToolCall = Parameters<NonNullable<ChatKitOptions["onClientTool"]>>[0];
type ToolResult = Awaited<ReturnType<NonNullable<ChatKitOptions["onClientTool"]>>>;
type Effect = ChatKitEvents["chatkit.effect"]["detail"];
type CustomAction = Parameters<OpenAIChatKit["sendCustomAction"]>[0];

// Types that could not be found would accept anything.
// @ts-expect-error
const canary1: Widgets.WidgetRoot = {type: "Card", children: [{type: "Text", value: "", nope: 1}]};
// @ts-expect-error
const canary2: Wire<Node.ThreadStreamEvent> = {type: "thread.item.removed", item_id: "", nope: 1};
// @ts-expect-error
const canary3: Attachment = {type: "file", id: "", name: ""};
"""
# What a stranger's tsconfig.json for a bundler has.
OPTIONS = ["--noEmit", "--strict", "--skipLibCheck", "--allowJs", "--checkJs", "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022",
           "--lib", "es2022,dom,dom.iterable", "--jsx", "react-jsx", "--moduleDetection", "force", "--pretty", "false", "--types", ""]


@dataclass
class Finding:
    """Something that one judge looked at, and what was wrong with it."""
    judge: str
    n: int
    problems: list[str] = field(default_factory=list)


# --- the Node SDK's types

def node_form(value: Any, key: str = "") -> Any:
    """The value without what this SDK cannot have; None when nothing is left."""
    if isinstance(value, list):
        return [kept for kept in (node_form(v, key) for v in value) if kept is not None]
    if not isinstance(value, dict):
        return value
    kind = value.get("type", "")
    if kind in NODE_NO_EVENT | NODE_NO_UPDATE | NODE_NO_ITEM or (key == "widget" and kind in NODE_NO_WIDGET):
        return None
    off = NODE_NO_MEMBER.get(kind, set()) | (NODE_NO_MEMBER["attachment"] if "mime_type" in value and "id" in value else set())
    if key in ACTIONS:
        off = off | {"streaming"}
    kept = {k: node_form(v, k) for k, v in value.items() if k not in off}
    lost = {"item", "update", "widget", "component"} & {k for k, v in kept.items() if v is None}
    return None if lost else kept


NODE_ANSWERS = {
    "threads.get_by_id": "Node.Thread",
    "threads.list": "Node.Page<Node.Thread>",
    "threads.update": "Node.Thread",
    "threads.delete": "Record<string, never>",
    "items.list": "Node.Page<Node.ThreadItem>",
    "items.feedback": "Record<string, never>",
    "attachments.create": "Node.Attachment",
    "attachments.delete": "Record<string, never>",
    "upload, direct": "Node.Attachment",
}


def node_literals(op: str, kind: str, value: Any) -> Iterator[tuple[str, Any]]:
    if op in NODE_NO_OPERATION and kind != "event":
        return
    name = {"request": "Node.ChatKitReq", "event": "Node.ThreadStreamEvent", "answer": NODE_ANSWERS.get(op)}[kind]
    form = node_form(value)
    if name and form is not None:
        yield f"Wire<{name}>", form


# --- the front end's types

def page_form(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [page_form(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: page_form(v, k) for k, v in value.items() if not (key in ACTIONS and k in ACTION_MEMBERS)}


def picked(value: dict, *keys: str) -> dict:
    return {k: value[k] for k in keys if k in value}


def has_component(value: Any, names: set[str]) -> bool:
    if isinstance(value, list):
        return any(has_component(v, names) for v in value)
    return isinstance(value, dict) and (value.get("type") in names or has_component(value.get("children"), names))


def page_literals(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a value that the page's types describe."""
    if isinstance(value, list):
        for v in value:
            yield from page_literals(v, key)
        return
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    if key in ("widget", "component"):
        if not has_component(value, TS_NO_WIDGET):
            yield f"Widgets.Widget{'Root' if key == 'widget' else 'Component'}", page_form(value)
        return
    if kind == "client_effect":
        yield "Effect", picked(value, "name", "data")
    elif kind == "client_tool_call":
        yield "ToolCall", {"name": value["name"], "params": value["arguments"]}
        if value.get("output") is not None:
            yield "ToolResult", value["output"]
    elif kind in ("input_text", "input_tag"):
        yield "UserMessageContent", value
    elif kind == "entity":
        yield "Entity", picked(value, "title", "id", "icon", "interactive", "group", "data")
    elif kind in ("file", "image") and "mime_type" in value:
        yield "Attachment", picked(value, "type", "id", "name", "mime_type", "preview_url")
    elif key == "tool_choice":
        yield "ToolChoice", value
    if isinstance(value.get("icon"), str) and kind != "entity":
        yield "ChatKitIcon", value["icon"]
    for k, v in value.items():
        yield from page_literals(v, k)


def ts_literals(op: str, kind: str, value: Any) -> Iterator[tuple[str, Any]]:
    if kind == "request" and "action" in value["params"]:
        action = value["params"]["action"]
        yield "CustomAction", action
    if kind == "request" and op == "threads.add_client_tool_output":
        yield "ToolResult", value["params"]["result"]
    yield from page_literals([value])


# --- the compiler

def compile_all(peers: Path, observed: list[dict], snippets: list["Snippet"]) -> tuple[list[Finding], list[str]]:
    """Compiles every literal and snippet at once. Findings, and what the compiler said that belongs to none of them."""
    check = peers / "check"
    check.mkdir(exist_ok=True)
    for old in check.glob("*"):
        old.unlink()
    lines = HEAD.splitlines()
    findings: dict[int, Finding] = {}
    seen: dict[tuple, Finding] = {}
    for one in observed:
        for judge, literals in (("node", node_literals), ("ts", ts_literals)):
            for name, value in literals(one["op"], one["kind"], one["value"]):
                text = json.dumps(value, ensure_ascii=False)
                if (judge, one["op"], name, text) not in seen:
                    lines.append(f"const v{len(lines)}: {name} = {text};")
                    seen[judge, one["op"], name, text] = findings[len(lines)] = Finding(judge, one["n"])
    (check / "observed.ts").write_text("\n".join(lines) + "\n")
    (check / "page.d.ts").write_text('/// <reference path="../node_modules/@openai/chatkit/types/dom-augment.d.ts" />\n')
    (check / "tools.d.ts").write_text("export function runTool(name: string, args: unknown, signal: AbortSignal): Promise<Record<string, unknown>>;\n")
    for snippet in filter(lambda s: s.file, snippets):
        (check / snippet.file).write_text(snippet.code)
    files = sorted(p.name for p in check.iterdir())
    done = subprocess.run([str(peers / "node_modules/.bin/tsc"), *OPTIONS, *files], cwd=check, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    stray = [] if done.returncode == 0 or done.stdout else [done.stderr or f"tsc ended with {done.returncode}"]
    by_file = {snippet.file: snippet for snippet in snippets}
    for line in done.stdout.splitlines():
        place = re.match(r"([^(]+)\((\d+),\d+\): error (.*)", line)
        if not place:
            continue  # an explanation of the line before
        file, row, text = place[1], int(place[2]), place[3]
        if file == "observed.ts" and row in findings:
            findings[row].problems.append(f"{lines[row - 1].split(' = ')[0].split(': ', 1)[1]}: {text[:300]} in {lines[row - 1].split(' = ', 1)[1][:300]}")
        elif file in by_file:
            by_file[file].problems.append(f"line {by_file[file].line + row}: {text}")
        else:
            stray.append(line)
    return list(findings.values()), stray


# --- the guide

@dataclass
class Snippet:
    """A fenced block of the guide, or a script within one. line: of the fence."""
    language: str
    code: str
    line: int
    file: str = ""
    problems: list[str] = field(default_factory=list)


class Scripts(html.parser.HTMLParser):
    """The scripts of a piece of HTML, and whether its elements are closed."""
    VOID = {"meta", "link", "br", "img", "input", "hr"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[tuple[int, str]] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        if self.open and self.open[-1] == "script" and data.strip():
            self.scripts.append((self.getpos()[0] - 1, data))


def hosted(page: Path) -> Snippet:
    """The built-in page's options for the hosted component; its only import is declared beside it."""
    return Snippet("js", (page / "hosted_options.js").read_text(), 0, "hosted_options.js")


def snippets_of(guide: Path) -> list[Snippet]:
    """Every fenced block with a language; html gives its scripts."""
    found: list[Snippet] = []
    block: Snippet | None = None
    for number, line in enumerate(guide.read_text().splitlines(), 1):
        fence = re.match(r"\s*```(\w*)", line)
        if block is not None and fence:
            found.append(block)
            block = None
        elif block is not None:
            block.code += line + "\n"
        elif fence and fence[1]:
            block = Snippet(fence[1], "", number)
        else:
            assert not fence, f"{guide.name}:{number}: a block without a language is not checked"
    assert block is None, f"{guide.name}: a block is not closed"
    for snippet in list(found):
        if snippet.language == "html":
            parser = Scripts()
            parser.feed(snippet.code)
            parser.close()
            snippet.problems += parser.problems + [f"<{tag}> is not closed" for tag in parser.open]
            found += [Snippet("js", code, snippet.line + row) for row, code in parser.scripts]
    for snippet in found:
        if snippet.language in ("ts", "tsx", "js", "jsx"):
            snippet.file = f"guide{snippet.line}.{snippet.language}"
    return found
