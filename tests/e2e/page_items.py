# SPDX-License-Identifier: MIT
"""Thread items of every kind, and a widget of every component, as a server stores and sends them: what the page's tests show."""
from __future__ import annotations

from typing import Any

# A drawn picture: no request, no file.
SQUARE = ("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='640' height='400'%3E%3Crect width='640' height='400' fill='%230f6b55'/%3E"
          "%3Ccircle cx='430' cy='150' r='70' fill='%23eab85c'/%3E%3Cpath d='M0 400L220 180L400 400z' fill='%2308241b'/%3E%3C/svg%3E")

URL_SOURCE = {"type": "url", "title": "A page about milk", "url": "https://dairy.example/milk", "attribution": "Dairy Board"}
FILE_SOURCE = {"type": "file", "title": "Prices 2026", "filename": "prices.pdf"}
ENTITY_SOURCE = {"type": "entity", "id": "ent_1", "title": "Corner shop", "label": "Corner shop", "inline_label": "shop", "icon": "map-pin", "interactive": True, "data": {}}


def annotation(source: dict, index: int | None = None) -> dict:
    return {"type": "annotation", "source": source} | ({} if index is None else {"index": index})


def message(text: str, annotations: list[dict] | None = None) -> dict:
    return {"type": "assistant_message", "content": [{"type": "output_text", "text": text, "annotations": annotations or []}]}


def user(text: str, **more: Any) -> dict:
    return {"type": "user_message", "content": [{"type": "input_text", "text": text}], "attachments": [], "quoted_text": "", "inference_options": {}} | more


CITED = "Milk 🥛 costs 1.20. It is sold at the corner."
AT_PRICE, AT_END = len("Milk 🥛 costs 1.20.") + 1, len(CITED) + 1  # in UTF-16 units, of which the glass has two

TASKS = [
    {"type": "custom", "title": "Read the list", "icon": "notebook", "content": "Found **3** entries.", "status_indicator": "complete"},
    {"type": "web_search", "title_query": "price of milk", "queries": ["price of milk", "milk 2026"], "sources": [URL_SOURCE], "status_indicator": "complete"},
    {"type": "thought", "title": "Weighing it", "content": "The user *probably* wants the cheapest.", "status_indicator": "none"},
    {"type": "file", "title": "Looked into files", "sources": [FILE_SOURCE], "status_indicator": "complete"},
    {"type": "image", "title": "Drew a cow", "status_indicator": "complete"},
    {"type": "custom", "title": "Asked a tool", "content": '{"rows": [1, 2]}', "status_indicator": "loading"},
]

QUESTIONS = [
    {"type": "multiple_choice", "id": "q1", "question": "Which milk?", "options": [{"value": "Whole"}, {"value": "Oat"}], "multiple": False},
    {"type": "multiple_choice", "id": "q2", "question": "Which shops?", "options": [{"value": "North"}, {"value": "South"}], "multiple": True},
    {"type": "freeform", "id": "q3", "question": "Anything else?", "description": "Allergies, for example."},
]


def questions(*answers: dict | None, status: str) -> dict:
    inputs = [q | ({} if a is None else {"answer": a}) for q, a in zip(QUESTIONS, answers or (None,) * 3, strict=True)]
    return {"type": "structured_input", "status": status, "inputs": inputs}


def text(value: str, **more: Any) -> dict:
    return {"type": "Text", "value": value} | more


# Every component of chatkit-protocol.md, section 3; each shows words of its own, so that a test can look for them.
CARD = {
    "type": "Card", "size": "md", "status": {"text": "Shopping helper", "icon": "bolt"},
    "children": [
        {"type": "Row", "justify": "between", "children": [
            {"type": "Title", "value": "Milk and bread", "size": "lg"},
            {"type": "Badge", "label": "New", "color": "success", "pill": True}]},
        {"type": "Caption", "value": "Two things, one shop"},
        {"type": "Image", "src": SQUARE, "alt": "A hill in the evening", "height": 140, "width": "100%", "fit": "cover"},
        {"type": "Divider"},
        {"type": "Box", "padding": 3, "background": "surface-secondary", "radius": "lg", "children": [
            {"type": "Col", "gap": 1, "children": [
                {"type": "Row", "children": [{"type": "Icon", "name": "calendar", "color": "info"}, text("Open until eight", weight="semibold"), {"type": "Spacer"},
                                             text("2 km", color="secondary", size="sm")]},
                {"type": "Markdown", "value": "Bring a **bag** and [look here](https://shop.example/)."}]}]},
        {"type": "Transition", "children": text("It is not far", color={"light": "blue-700", "dark": "blue-200"}, italic=True)},
        {"type": "Row", "gap": 2, "wrap": "wrap", "children": [
            {"type": "Badge", "label": "Organic", "variant": "outline", "color": "info"}, {"type": "Badge", "label": "Sold out", "color": "danger", "variant": "solid"},
            {"type": "Badge", "label": "Few left", "color": "warning"}]},
        {"type": "Row", "gap": 2, "children": [
            {"type": "Button", "label": "Buy milk", "style": "primary", "iconStart": "check", "onClickAction": {"type": "shop.buy", "payload": {"what": "milk"}}},
            {"type": "Button", "label": "More", "variant": "ghost", "onClickAction": {"type": "shop.more", "handler": "client"}}]},
    ],
    "confirm": {"label": "Confirm order", "action": {"type": "shop.confirm"}}, "cancel": {"label": "Not now", "action": {"type": "shop.cancel"}},
}

FORM = {
    "type": "Card", "children": [
        {"type": "Form", "gap": 3, "onSubmitAction": {"type": "order.send", "payload": {"order": {"id": 7}, "who": "server"}}, "children": [
            {"type": "Col", "gap": 1, "children": [{"type": "Label", "value": "Your name", "fieldName": "order.name"},
                                                   {"type": "Input", "name": "order.name", "placeholder": "First name", "required": True}]},
            {"type": "Col", "gap": 1, "children": [{"type": "Label", "value": "Note", "fieldName": "note"}, {"type": "Textarea", "name": "note", "defaultValue": "Ring twice", "rows": 2}]},
            {"type": "Row", "gap": 2, "wrap": "wrap", "children": [
                {"type": "Select", "name": "size", "placeholder": "Size", "options": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}], "defaultValue": "l"},
                {"type": "DatePicker", "name": "when", "placeholder": "Day", "defaultValue": "2026-11-24T09:00:00Z", "min": "2026-01-01"}]},
            {"type": "RadioGroup", "name": "pay", "ariaLabel": "Payment", "options": [{"label": "Cash", "value": "cash"}, {"label": "Card", "value": "card"}], "defaultValue": "card"},
            {"type": "Checkbox", "name": "who", "label": "For somebody else", "defaultChecked": True},
            {"type": "Button", "label": "Send order", "submit": True}]}]}

LIST = {
    "type": "ListView", "status": {"text": "3 shops"}, "limit": 2, "children": [
        {"type": "ListViewItem", "gap": 3, "onClickAction": {"type": "shop.open", "payload": {"id": n}}, "children": [
            {"type": "Icon", "name": "map-pin", "color": "secondary"}, {"type": "Col", "children": [text(f"Shop {n}", weight="medium"), {"type": "Caption", "value": f"{n} km away"}]}]}
        for n in (1, 2, 3)]}

CHART = {
    "type": "Basic", "gap": 3, "children": [
        {"type": "Chart", "data": [{"day": "Mon", "milk": 3, "bread": 1}, {"day": "Tue", "milk": 5, "bread": 2}, {"day": "Wed", "milk": 2, "bread": 4}],
         "series": [{"type": "bar", "dataKey": "milk", "label": "Milk sold"}, {"type": "line", "dataKey": "bread", "label": "Bread sold"}], "xAxis": "day", "showYAxis": True},
        {"type": "Table", "children": [
            {"type": "Table.Row", "header": True, "children": [{"type": "Table.Cell", "children": [text("Thing")]}, {"type": "Table.Cell", "align": "end", "children": [text("Price")]}]},
            {"type": "Table.Row", "children": [{"type": "Table.Cell", "children": [text("Butter")]}, {"type": "Table.Cell", "align": "end", "children": [text("2.40")]}]}]},
        {"type": "Hologram", "children": [text("Inside of the unknown")]}]}


def widget(root: dict, **more: Any) -> dict:
    return {"type": "widget", "widget": root} | more


ATTACHMENTS = [{"type": "image", "id": "atc_1", "name": "evening.svg", "mime_type": "image/svg+xml", "preview_url": SQUARE},
               {"type": "file", "id": "atc_2", "name": "prices.pdf", "mime_type": "application/pdf"}]

# A conversation in which everything occurs.
HISTORY: list[dict] = [
    user("What does milk cost, and where?", quoted_text="the usual", attachments=ATTACHMENTS),
    {"type": "workflow", "workflow": {"type": "reasoning", "tasks": [TASKS[2]], "summary": {"duration": 12}, "expanded": False}},
    {"type": "workflow", "workflow": {"type": "custom", "tasks": TASKS, "summary": {"title": "Looked around", "icon": "search"}, "expanded": True}},
    {"type": "task", "task": {"type": "custom", "title": "Wrote a note", "icon": "write", "content": "On the fridge.", "status_indicator": "complete"}},
    {"type": "client_tool_call", "status": "completed", "call_id": "call_1", "name": "get_page_info", "arguments": {"deep": True}, "output": {"title": "Chat"}},
    message(CITED, [annotation(URL_SOURCE, AT_PRICE), annotation(FILE_SOURCE, AT_END), annotation(ENTITY_SOURCE, AT_END), annotation(URL_SOURCE)]),
    widget(CARD), widget(FORM), widget(LIST), widget(CHART, copy_text="3 days"),
    {"type": "generated_image", "image": {"id": "img_1", "url": SQUARE}},
    {"type": "end_of_turn"},
    user("Thank you", content=[{"type": "input_text", "text": "Thank you, "}, {"type": "input_tag", "id": "t1", "text": "Cook", "data": {}, "interactive": False}]),
    questions({"values": ["Oat"], "skipped": False}, {"values": ["North", "a third"], "skipped": False}, {"values": [], "skipped": True}, status="answered"),
    questions(*({"values": [], "skipped": True},) * 3, status="skipped"),
    {"type": "image_generation", "anything": 1},
    {"type": "poem", "copy_text": "Roses are red"},
    questions(status="pending"),
]
