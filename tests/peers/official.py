# SPDX-License-Identifier: MIT
"""OpenAI's own server on the same script: ChatKitServer of openai-chatkit with the Agents SDK, in this process, its store in memory.

It is written as its documentation says, from the same chatkit.json members that the site gets (client_tools, actions, widgets.folder), and asks the same
scripted model. What is ours here is only what the SDK leaves to its user: the store, the tools, what an action does.
"""
from __future__ import annotations

import asyncio
import fnmatch
import gc
import json
import logging
import os
import re
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

# Neither traces nor telemetry leave this machine.
os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"
logging.disable(logging.CRITICAL)

from agents import Agent, FunctionTool, OpenAIChatCompletionsModel, Runner, StopAtTools  # noqa: E402
from chatkit import types as ck  # noqa: E402
from chatkit.agents import AgentContext, ClientToolCall, ThreadItemConverter, stream_agent_response  # noqa: E402
from chatkit.server import ChatKitServer, StreamingResult  # noqa: E402
from chatkit.store import AttachmentStore, NotFoundError, Store  # noqa: E402
from chatkit.widgets import DynamicWidgetRoot, WidgetTemplate  # noqa: E402
from openai import AsyncOpenAI  # noqa: E402
from pydantic import TypeAdapter  # noqa: E402

TITLE = 48
ASK_USER = {"type": "object", "properties": {"questions": {"type": "array"}}}


def now() -> datetime:
    return datetime.now(timezone.utc)


def mint(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class Memory(Store, AttachmentStore):
    """The store that everybody who uses the SDK has to write."""

    def __init__(self) -> None:
        self.threads: dict[str, ck.ThreadMetadata] = {}
        self.items: dict[str, list[ck.ThreadItem]] = {}
        self.attachments: dict[str, ck.Attachment] = {}

    def generate_thread_id(self, context):
        return mint("thr")

    def generate_item_id(self, item_type, thread, context):
        return mint({"message": "msg", "tool_call": "tc", "workflow": "wf", "task": "tsk"}.get(item_type, "it"))

    @staticmethod
    def page(rows: list, limit: int, after: str | None, order: str) -> ck.Page:
        rows = rows[::-1] if order == "desc" else list(rows)
        if after:
            rows = rows[next((i + 1 for i, row in enumerate(rows) if row.id == after), len(rows)):]
        more = len(rows) > limit
        return ck.Page(data=[row.model_copy(deep=True) for row in rows[:limit]], has_more=more, after=rows[limit - 1].id if more else None)

    async def load_thread(self, thread_id, context):
        if thread_id not in self.threads:
            raise NotFoundError(thread_id)
        return self.threads[thread_id].model_copy(deep=True)

    async def save_thread(self, thread, context):
        self.threads[thread.id] = ck.ThreadMetadata(**{k: v for k, v in thread.model_dump().items() if k != "items"})
        self.items.setdefault(thread.id, [])

    async def load_threads(self, limit, after, order, context):
        return self.page(list(self.threads.values()), limit, after, order)

    async def delete_thread(self, thread_id, context):
        del self.threads[thread_id], self.items[thread_id]

    async def load_thread_items(self, thread_id, after, limit, order, context):
        return self.page(self.items[thread_id], limit, after, order)

    async def add_thread_item(self, thread_id, item, context):
        self.items[thread_id].append(item.model_copy(deep=True))

    async def save_item(self, thread_id, item, context):
        rows = self.items[thread_id]
        rows[[row.id for row in rows].index(item.id)] = item.model_copy(deep=True)

    async def load_item(self, thread_id, item_id, context):
        for row in self.items[thread_id]:
            if row.id == item_id:
                return row.model_copy(deep=True)
        raise NotFoundError(item_id)

    async def delete_thread_item(self, thread_id, item_id, context):
        self.items[thread_id] = [row for row in self.items[thread_id] if row.id != item_id]

    async def save_attachment(self, attachment, context):
        self.attachments[attachment.id] = attachment

    async def load_attachment(self, attachment_id, context):
        return self.attachments[attachment_id]

    async def create_attachment(self, input, context):
        id_ = mint("atc")
        where = {"url": f"http://127.0.0.1/api/chat/attachments/{id_}", "method": "PUT", "headers": {}}
        image = input.mime_type.startswith("image/")
        return TypeAdapter(ck.Attachment).validate_python(
            {"type": "image" if image else "file", "id": id_, "name": input.name, "mime_type": input.mime_type, "upload_descriptor": where}
            | ({"preview_url": f"http://127.0.0.1/api/chat/files/{id_}"} if image else {}))

    async def delete_attachment(self, attachment_id, context):
        self.attachments.pop(attachment_id, None)


class Converter(ThreadItemConverter):
    async def attachment_to_message_content(self, attachment):
        return {"type": "input_text", "text": f"file {attachment.name}"}

    async def tag_to_message_content(self, tag):
        return {"type": "input_text", "text": f"tag {tag.id}"}

    async def hidden_context_to_input(self, item):
        return {"role": "user", "content": json.dumps(item.content)}

    async def assistant_message_to_input(self, item):
        # The default's parts are of the Responses API: over Chat Completions the second turn fails with them.
        return {"role": "assistant", "content": "".join(part.text for part in item.content)}


class Server(ChatKitServer):
    def __init__(self, config: dict, base_url: str) -> None:
        self.memory = Memory()
        super().__init__(self.memory, self.memory)
        self.config = config
        self.model = OpenAIChatCompletionsModel("test", AsyncOpenAI(base_url=base_url, api_key="sk-test", max_retries=0))

    # --- tools

    def client_tool(self, tool: dict) -> FunctionTool:
        async def call(ctx, arguments: str) -> str:
            ctx.context.client_tool_call = ClientToolCall(name=tool["name"], arguments=json.loads(arguments))
            return ""
        return FunctionTool(name=tool["name"], description=tool["description"], params_json_schema=tool["parameters"], on_invoke_tool=call,
                            strict_json_schema=False)

    def widget_tool(self, path: Path) -> FunctionTool:
        template = json.loads(path.read_text())

        async def call(ctx, arguments: str) -> str:
            await ctx.context.stream_widget(WidgetTemplate(template).build(json.loads(arguments)))
            return "It is shown."
        return FunctionTool(name="show_" + path.stem, description=template["name"], params_json_schema=template["jsonSchema"], on_invoke_tool=call,
                            strict_json_schema=False)

    def question_tool(self) -> FunctionTool:
        async def call(ctx, arguments: str) -> str:
            inputs: list[dict] = [{"id": mint("q"), "question": q["question"], "type": "freeform"} for q in json.loads(arguments)["questions"]]
            for given, q in zip(inputs, json.loads(arguments)["questions"]):
                if q.get("options"):
                    given |= {"type": "multiple_choice", "options": [{"value": o} for o in q["options"]], "multiple": q.get("multiple", False)}
            item = ck.StructuredInputItem(id=mint("msg"), thread_id=ctx.context.thread.id, created_at=now(), inputs=inputs)
            await ctx.context.stream(ck.ThreadItemDoneEvent(item=item))
            return ""
        return FunctionTool(name="ask_user", description="Asks.", params_json_schema=ASK_USER, on_invoke_tool=call, strict_json_schema=False)

    # --- what the SDK asks of its user

    async def respond(self, thread: ck.ThreadMetadata, input_user_message: ck.UserMessageItem | None, context: Any) -> AsyncIterator[ck.ThreadStreamEvent]:
        if thread.title is None and input_user_message is not None:
            thread.title = "".join(part.text for part in input_user_message.content)[:TITLE] or None
        folder = self.config.get("widgets", {}).get("folder")
        clients = [self.client_tool(tool) for tool in self.config.get("client_tools", [])]
        shows = [self.widget_tool(path) for path in sorted(Path(folder).glob("*.widget"))] if folder else []
        stops = [tool.name for tool in clients + shows] + ["ask_user"]
        agent = Agent(name="peer", model=self.model, tools=[*clients, *shows, self.question_tool()], tool_use_behavior=StopAtTools(stop_at_tool_names=stops))
        history = await self.memory.load_thread_items(thread.id, None, 100, "asc", context)
        run = AgentContext(thread=thread, store=self.memory, request_context=context)
        result = Runner.run_streamed(agent, await Converter().to_agent_input(history.data), context=run)
        minted: dict[str, str] = {}
        async for event in stream_agent_response(run, result):
            yield self.with_own_ids(event, minted)

    @staticmethod
    def with_own_ids(event: ck.ThreadStreamEvent, minted: dict[str, str]) -> ck.ThreadStreamEvent:
        """Over Chat Completions all that comes from the model has the id __fake_id__."""
        item = getattr(event, "item", None)
        if event.type == "thread.item.added" or getattr(item, "type", "") == "client_tool_call":
            minted["id"] = mint("msg" if event.type == "thread.item.added" else "tc")
        if item is not None and item.id == "__fake_id__":
            event.item = item.model_copy(update={"id": minted["id"]})
        elif getattr(event, "item_id", None) == "__fake_id__":
            event.item_id = minted["id"]
        return event

    def rule(self, action: Any) -> dict:
        return next((rule for rule in self.config.get("actions", []) if fnmatch.fnmatch(action.type, rule["type"])), {})

    def drawn(self, rule: dict, action: Any, sender: ck.WidgetItem | None) -> ck.WidgetItem | None:
        """The sender with the widget that the rule puts in its place."""
        if sender is None or "widget" not in rule:
            return None
        path = Path(self.config["widgets"]["folder"]) / f"{rule['widget']['template']}.widget"
        data = json.loads(fill(json.dumps(rule["widget"].get("data", {})), action))
        widget = WidgetTemplate(json.loads(path.read_text())).build(data)
        return sender.model_copy(update={"widget": DynamicWidgetRoot.model_validate(widget.model_dump())})

    async def action(self, thread, action, sender, context) -> AsyncIterator[ck.ThreadStreamEvent]:
        rule = self.rule(action)
        if (item := self.drawn(rule, action, sender)) is not None:
            yield ck.ThreadItemReplacedEvent(item=item)
        if "message" in rule:
            text = fill(rule["message"], action)
            yield ck.ThreadItemDoneEvent(item=ck.AssistantMessageItem(id=mint("msg"), thread_id=thread.id, created_at=now(),
                                                                      content=[ck.AssistantMessageContent(text=text)]))
        if "hidden_context" in rule:
            yield ck.ThreadItemDoneEvent(item=ck.HiddenContextItem(id=mint("msg"), thread_id=thread.id, created_at=now(), content=rule["hidden_context"]))
        for effect in rule.get("effects", []):
            yield ck.ClientEffectEvent(name=effect["name"], data=effect.get("data", {}))
        if "notice" in rule:
            yield ck.NoticeEvent(**rule["notice"])
        if rule.get("resume"):
            async for event in self.respond(thread, None, context):
                yield event

    async def sync_action(self, thread, action, sender, context) -> ck.SyncCustomActionResponse:
        item = self.drawn(self.rule(action), action, sender)
        if item is not None:
            await self.memory.save_item(thread.id, item, context)
        return ck.SyncCustomActionResponse(updated_item=item)

    async def transcribe(self, audio_input, context) -> ck.TranscriptionResult:
        return ck.TranscriptionResult(text="hello")


def fill(text: str, action: Any) -> str:
    return re.sub(r"\{\{?\s*payload\.(\w+)\s*\}?\}", lambda m: str((action.payload or {}).get(m.group(1), "")), text)


class Peer:
    """One conversation with it, step by step; everything in one event loop."""

    def __init__(self, config: dict, base_url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.server = Server(config, base_url)

    def ask(self, body: str) -> tuple[list[dict] | None, Any]:
        """The events of a stream, or the answer."""
        return self.loop.run_until_complete(self._ask(body))

    async def _ask(self, body: str) -> tuple[list[dict] | None, Any]:
        result = await self.server.process(body, {})
        if isinstance(result, StreamingResult):
            return [json.loads(line.removeprefix(b"data: ")) async for line in result], None
        return None, json.loads(result.json)

    def put(self, item: dict) -> None:
        self.loop.run_until_complete(self.server.memory.add_thread_item(item["thread_id"], TypeAdapter(ck.ThreadItem).validate_python(item), {}))

    def uploaded(self, attachment_id: str) -> None:
        self.server.memory.attachments[attachment_id].upload_descriptor = None

    def close(self) -> None:
        self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self) -> None:
        """A run that its error ended leaves tasks behind."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        gc.collect()
        await asyncio.sleep(0)
