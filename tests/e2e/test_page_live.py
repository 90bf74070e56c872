# SPDX-License-Identifier: MIT
"""What happens on the page while it is used: items that stream in, widgets that change and are used, questions, files, dictation, tools of the page. The
server is scripted (page_stub.py), so that every event comes when the test says so."""
from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import page_items as items
import pytest
from browser import Page, browser, page  # noqa: F401
from page_stub import CUT, HOLD, SECONDS, THREAD, Status, Stub, added, done, replaced, update, with_id
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

OPTIONS = {"type": "stream_options", "stream_options": {"allow_cancel": True}}
ITEM = '[data-id="%s"]'


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


def said(params: dict, item_id: str = "msg_u") -> dict:
    """The event that says a message was stored."""
    given = params["input"]
    return done(with_id({"type": "user_message", "content": given["content"], "attachments": [], "quoted_text": "", "inference_options": {}}, item_id))


def turn(*events: dict | str, item_id: str = "msg_u"):
    """An answer to add_user_message."""
    return lambda params: [said(params, item_id), OPTIONS, *events]


def answer(text: str, item_id: str = "msg_a") -> dict:
    return done(with_id(items.message(text), item_id))


def item(page: Page, item_id: str):
    return page.driver.find_element(By.CSS_SELECTOR, ITEM % item_id)


def text_of(page: Page, item_id: str) -> str:
    return page.js("return document.querySelector(arguments[0])?.innerText ?? ''", ITEM % item_id)


def begin(stub: Stub, page: Page, *history: dict) -> None:
    """Opens the one chat, with these items in it."""
    stub.history = [with_id(one, one.get("id", f"itm_{n}")) for n, one in enumerate((items.user("Hello"), *history))]
    page.open(stub.address)
    page.wait("the items", lambda: len(page.driver.find_elements(By.CSS_SELECTOR, ".items > [data-id]")) == len(stub.history))


def shows(page: Page, item_id: str, words: str) -> None:
    page.wait(words, lambda: words in text_of(page, item_id))


def test_an_old_list_of_chats_takes_none_away(stub: Stub, page: Page) -> None:
    """Who comes back to the window asks for the chats, and begins one before the list is there that does not have it yet."""
    go = threading.Event()

    def old(_: dict) -> dict:
        go.wait(SECONDS)
        return {"data": [], "has_more": False}
    page.open(stub.url)
    stub.on("threads.list", old)
    page.js("dispatchEvent(new Event('focus'))")
    page.wait("the chats are asked for", lambda: len(stub.asked("threads.list")) == 2)
    stub.on("threads.create", lambda params: [{"type": "thread.created", "thread": stub.thread}, said(params), OPTIONS, answer("Hello to you.")])
    assert page.say("Hello") == "Hello to you."
    stub.history = [with_id(items.user("Hello"), "msg_u"), answer("Hello to you.")["item"]]
    go.set()
    page.wait("they are asked for again", lambda: len(stub.asked("threads.list")) == 3)
    page.wait("the list is read", lambda: page.js("return performance.getEntriesByName(new URL('api/chat', document.baseURI).href).length") >= 4)
    assert len(page.all("thread-title")) == 1


# ---- items as they stream in


def test_an_answer_with_everything(stub: Stub, page: Page) -> None:
    """Thoughts, an icon of a progress line, sources, images in states, things nobody knows."""
    thought = {"type": "thought", "title": "Weighing", "content": "First", "status_indicator": "loading"}
    stub.on("threads.create", lambda params: [
        {"type": "thread.created", "thread": stub.thread}, said(params), OPTIONS,
        {"type": "progress_update", "text": "Looking around", "icon": "search"}, HOLD,
        {"type": "from_the_future", "x": 1}, update("msg_nobody", "x.y"), update("msg_u", "x.y"), {"type": "constructor"},
        added(with_id({"type": "workflow", "workflow": {"type": "reasoning", "tasks": [], "expanded": False}}, "wf")),
        update("wf", "workflow.task.added", task_index=0, task=thought),
        update("wf", "workflow.task.updated", task_index=0, task=thought | {"content": "First this, **then** that"}), HOLD,
        done(with_id({"type": "workflow", "workflow": {"type": "reasoning", "tasks": [thought | {"content": "All of it", "status_indicator": "complete"}],
                                                       "summary": {"duration": 3}, "expanded": False}}, "wf")),
        added(with_id({"type": "generated_image"}, "img")), update("img", "generated_image.updated", image={"id": "p", "url": items.SQUARE}, progress=0.5), HOLD,
        done(with_id({"type": "generated_image", "image": {"id": "p", "url": "https://tracker.example/p.png"}}, "img")),
        added(with_id({"type": "assistant_message", "content": []}, "msg_a")),
        update("msg_a", "assistant_message.content_part.added", content_index=0, content={"type": "output_text", "text": "", "annotations": []}),
        update("msg_a", "assistant_message.content_part.text_delta", content_index=0, delta=items.CITED),
        update("msg_a", "assistant_message.content_part.annotation_added", content_index=0, annotation_index=0, annotation=items.annotation(items.URL_SOURCE, items.AT_PRICE)),
        update("msg_a", "assistant_message.content_part.annotation_added", content_index=0, annotation_index=1, annotation=items.annotation(items.FILE_SOURCE, 999)), HOLD,
        update("msg_a", "assistant_message.content_part.done", content_index=0, content={"type": "output_text", "text": items.CITED, "annotations": []}),
        done(with_id({"type": "from_the_future", "widget": 3}, "odd")), done(with_id({"type": "widget", "widget": None}, "none")),
        done(with_id({"type": "assistant_message", "content": None}, "bad")), done(with_id({"type": "end_of_turn"}, "end")),
        done(with_id(items.message(items.CITED, [items.annotation(items.URL_SOURCE, items.AT_PRICE), items.annotation(items.FILE_SOURCE, items.AT_END)]), "msg_a")),
    ])
    page.open(stub.url)
    page.start("hello")
    page.wait("the progress line", lambda: page.all("progress") and "Looking around" in page.one("progress").text)
    assert page.one("progress").find_elements(By.CSS_SELECTOR, "svg[data-icon=search]")
    stub.go()
    page.wait("the thought", lambda: page.js("return document.querySelector('[data-testid=task] .prose')?.textContent") == "First this, then that")
    flow = item(page, "wf")
    assert flow.find_element(By.TAG_NAME, "summary").text == "Thinking" and flow.get_attribute("data-status") == "loading"
    stub.go()
    page.wait("half an image", lambda: page.js("return document.querySelector('.generated progress')?.value") == 0.5)
    assert flow.find_element(By.TAG_NAME, "summary").text == "Thought for 3 s" and flow.get_attribute("data-status") == "complete"
    assert item(page, "img").find_element(By.TAG_NAME, "img").get_attribute("src") == items.SQUARE
    stub.go()
    page.wait("the text and its source", lambda: page.answer().startswith("Milk") and page.all("sources"))
    page.wait("a mark", lambda: page.js("return document.querySelector('[data-id=msg_a] .prose').textContent") == "Milk 🥛 costs 1.20.1 It is sold at the corner.")
    assert not item(page, "img").find_elements(By.TAG_NAME, "img"), "a stranger's image is a link"
    assert item(page, "img").find_element(By.TAG_NAME, "a").get_attribute("href") == "https://tracker.example/p.png"
    stub.go()
    page.ready()
    assert page.js("return document.querySelector('[data-id=msg_a] .prose').textContent") == "Milk 🥛 costs 1.20.1 It is sold at the corner.2"
    assert [li.text for li in item(page, "msg_a").find_elements(By.CSS_SELECTOR, ".sources li")] == ["A page about milk Dairy Board", "Prices 2026"]
    assert "from_the_future" in text_of(page, "odd") and "assistant_message" in text_of(page, "bad")
    assert not page.errors() and not page.all("progress")
    assert page.js("return document.getElementById('live').textContent") == items.CITED, "read out without the marks"


def test_a_widget_that_grows(stub: Stub, page: Page) -> None:
    tree = {"type": "Card", "children": [{"type": "Title", "value": "Draft", "id": "t"}, {"type": "Markdown", "value": "", "id": "m", "streaming": True},
                                         {"type": "Input", "name": "x", "defaultValue": "", "placeholder": "Words"}]}
    grown = {"type": "Card", "children": [{"type": "Title", "value": "Final", "id": "t"}, {"type": "Text", "value": "Short", "id": "m"}, tree["children"][2]]}
    stub.on("threads.add_user_message", turn(
        added(with_id(items.widget(tree), "w")),
        update("w", "widget.streaming_text.value_delta", component_id="m", delta="Some **bo", done=False),
        update("w", "widget.streaming_text.value_delta", component_id="m", delta="ld** words", done=False), HOLD,
        update("w", "widget.component.updated", component_id="t", component={"type": "Title", "value": "Better", "id": "t"}),
        update("w", "widget.component.updated", component_id="nobody", component={}), HOLD,
        update("w", "widget.root.updated", widget=grown), HOLD,
        done(with_id(items.widget(grown), "w")), HOLD,
        replaced(with_id(items.widget({"type": "Basic", "children": [items.text("Another one")]}), "w"))))
    begin(stub, page)
    page.start("draw")
    page.wait("growing text", lambda: text_of(page, "w").split() == ["Draft", "Some", "bold", "words"])
    field = item(page, "w").find_element(By.TAG_NAME, "input")
    field.send_keys("typed")
    stub.go()
    shows(page, "w", "Better")
    assert "Some bold words" in text_of(page, "w")
    stub.go()
    shows(page, "w", "Final")
    assert "Short" in text_of(page, "w") and "bold" not in text_of(page, "w")
    field = item(page, "w").find_element(By.TAG_NAME, "input")
    assert field.get_property("value") == "typed", "an update does not take away what is being typed"
    assert page.js("return document.activeElement === arguments[0]", field)
    stub.go()
    field.send_keys(" more")
    assert field.get_property("value") == "typed more", "a widget that did not change is not drawn again"
    stub.go()
    shows(page, "w", "Another one")
    page.ready()


def test_notices_effects_and_what_may_be_stopped(stub: Stub, page: Page) -> None:
    stub.on("threads.add_user_message", turn(
        {"type": "client_effect", "name": "glow", "data": {"n": None}}, {"type": "notice", "level": "info", "message": "A *small* thing"},
        {"type": "notice", "level": "warning", "message": "Careful", "title": "Watch out"}, {"type": "notice", "level": "danger", "message": "Bad"},
        {"type": "stream_options", "stream_options": {"allow_cancel": False}}, HOLD, answer("Done."),
        {"type": "thread.updated", "thread": stub.thread | {"status": {"type": "locked", "reason": "Come back on Monday"}}}))
    page.before_load("window.effects = []; document.addEventListener('chatkit-effect', e => effects.push(e.detail))")
    begin(stub, page)
    page.start("go")
    page.wait("three notices", lambda: len(page.all("notice")) == 3)
    page.wait("no Stop", lambda: not page.one("stop").is_displayed())
    assert [(n.get_attribute("data-level"), n.text) for n in page.all("notice")] == [("info", "A small thing"), ("warning", "Watch out\nCareful"), ("danger", "Bad")]
    assert page.js("return window.effects") == [{"name": "glow", "data": {"n": None}, "thread_id": THREAD}]
    page.press(Keys.ESCAPE)
    assert page.state() == "streaming"
    stub.go()
    page.ready()
    composer = page.one("composer")
    assert not composer.is_enabled() and composer.get_attribute("placeholder") == "Come back on Monday"
    stub.thread["status"] = {"type": "closed", "reason": "This case is closed"}
    stub.thread["allowed_image_domains"] = ["images.example"]
    page.reload()
    page.wait("the banner", lambda: page.one("closed").is_displayed())
    assert page.one("closed").text == "This case is closed" and not page.one("composer").is_displayed()


def test_a_choice_of_models(stub: Stub, page: Page) -> None:
    stub.session |= {"model": "small", "models": ["small", "large"]}
    stub.on("threads.add_user_message", turn(answer("One.")), turn(answer("Two.", "msg_b"), item_id="msg_v"))
    begin(stub, page)
    page.say("first")
    page.one("models").send_keys("large")
    page.say("second")
    assert [p["input"]["inference_options"] for p in stub.asked("threads.add_user_message")] == [{}, {"model": "large"}]


# ---- what is done with widgets


def test_actions(stub: Stub, page: Page) -> None:
    after = items.widget({"type": "Card", "children": [items.text("Bought")]})
    stub.on("threads.custom_action", [OPTIONS, HOLD, answer("Milk is on its way.", "msg_1")], [OPTIONS, answer("Confirmed.", "msg_2")], [answer("Shop it is.", "msg_3")])
    stub.on("threads.sync_custom_action", {"updated_item": with_id(after, "quick")}, {}, Status(409, "Somebody was faster."))
    page.before_load("window.actions = []; document.addEventListener('chatkit-action', e => { actions.push(e.detail); if (e.detail.type === 'mine') e.preventDefault(); })")
    sync = {"type": "Card", "children": [
        {"type": "Button", "label": "Quick", "onClickAction": {"type": "quick", "streaming": False, "loadingBehavior": "container"}},
        {"type": "Select", "name": "size", "placeholder": "Size", "options": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}],
         "onChangeAction": {"type": "size", "streaming": False, "payload": {"old": 1}}},
        {"type": "Button", "label": "Mine", "onClickAction": {"type": "mine", "handler": "client", "payload": {"n": 1}}}]}
    begin(stub, page, items.widget(items.CARD) | {"id": "card"}, items.widget(items.LIST) | {"id": "list"}, items.widget(sync) | {"id": "quick"})

    def button(name: str):
        found = page.driver.find_element(By.XPATH, f"//*[@class='widget']//button[normalize-space()='{name}']")
        page.js("arguments[0].scrollIntoView({block: 'center'})", found)
        return found

    # one that streams: the button waits, others are not sent meanwhile, except those that do not stream
    button("Buy milk").click()
    page.wait("it streams", lambda: page.state() == "streaming")
    assert button("Buy milk").get_attribute("aria-busy") == "true" and not page.all("feedback")
    button("Buy milk").click()
    button("Confirm order").click()
    page.wait("it is told why not", lambda: page.all("toast"))
    select = item(page, "quick").find_element(By.TAG_NAME, "select")
    select.send_keys("Lar")
    page.wait("the second kind", lambda: False if not stub.asked("threads.sync_custom_action") else True)
    stub.go()
    page.ready()
    page.wait("the button is free again", lambda: button("Buy milk").get_attribute("aria-busy") is None)
    shows(page, "msg_1", "Milk is on its way.")
    assert stub.asked("threads.custom_action") == [{"thread_id": THREAD, "item_id": "card", "action": {"type": "shop.buy", "payload": {"what": "milk"}}}]
    assert stub.asked("threads.sync_custom_action")[0] == {"thread_id": THREAD, "item_id": "quick", "action": {"type": "size", "payload": {"old": 1, "size": "l"}}}
    shows(page, "quick", "Bought")

    # the card's own buttons, a row by keyboard, and what stays in the page
    button("Confirm order").click()
    shows(page, "msg_2", "Confirmed.")
    page.ready()
    row = item(page, "list").find_element(By.CSS_SELECTOR, "[role=button]")
    page.js("arguments[0].focus()", row)
    page.press(Keys.ENTER)
    shows(page, "msg_3", "Shop it is.")
    page.ready()
    assert [a["action"] for a in stub.asked("threads.custom_action")[1:]] == [{"type": "shop.confirm"}, {"type": "shop.open", "payload": {"id": 1}}]
    button("More").click()
    page.wait("a notice", lambda: "shop.more" in "".join(n.text for n in page.all("notice")))
    assert page.js("return window.actions") == [{"type": "shop.more", "item_id": "card", "thread_id": THREAD}]

    # a page that handles an action itself says so; one that the server refuses is said
    page.reload()
    page.wait("the widgets", lambda: len(page.all("widget")) == 3)
    button("Mine").click()
    assert page.js("return window.actions") == [{"type": "mine", "payload": {"n": 1}, "item_id": "quick", "thread_id": THREAD}] and not page.all("notice")
    button("Quick").click()
    page.wait("it is done", lambda: len(stub.asked("threads.sync_custom_action")) == 2 and not item(page, "quick").get_property("inert"))
    button("Quick").click()
    page.wait("the server's words", lambda: "Somebody was faster." in page.errors())
    page.driver.get_log("browser")  # the refusal, as the browser notes it


def test_a_form(stub: Stub, page: Page) -> None:
    stub.on("threads.custom_action", [OPTIONS, HOLD, answer("Ordered.")])
    begin(stub, page, items.widget(items.FORM) | {"id": "form"})
    send = item(page, "form").find_element(By.TAG_NAME, "button")
    send.click()
    assert page.js("return document.querySelector('[data-id=form] :invalid:not(form)') === document.activeElement"), "the browser asks for what is required"
    assert not stub.asked("threads.custom_action")
    page.press("Ann")
    item(page, "form").find_element(By.CSS_SELECTOR, "input[value=cash]").click()
    send.click()
    page.wait("it is sent", lambda: stub.asked("threads.custom_action"))
    assert page.js("return document.querySelector('[data-id=form]').inert"), "the whole form waits"
    stub.go()
    page.ready()
    (sent,) = stub.asked("threads.custom_action")
    assert sent["action"] == {"type": "order.send", "payload": {
        "order": {"id": 7, "name": "Ann"}, "who": "server", "note": "Ring twice", "size": "l", "when": "2026-11-24", "pay": "cash"}}
    assert not page.js("return document.querySelector('[data-id=form]').inert")
    assert item(page, "form").find_element(By.TAG_NAME, "input").get_property("value") == "Ann"


def test_a_card_that_is_a_form(stub: Stub, page: Page) -> None:
    card = {"type": "Card", "asForm": True, "confirm": {"label": "Keep", "action": {"type": "keep"}}, "cancel": {"label": "Drop", "action": {"type": "drop"}}, "children": [
        {"type": "Text", "value": "a name", "editable": {"name": "title", "required": True}},
        {"type": "Chart", "data": [{"d": 1, "a": 2, "b": 3}, {"d": 2, "a": 4, "b": -1}], "xAxis": {"dataKey": "d", "labels": {"1": "one"}},
         "series": [{"type": "area", "dataKey": "a", "stack": "s"}, {"type": "area", "dataKey": "b", "stack": "s", "color": "red-500"}]}]}
    stub.on("threads.custom_action", [OPTIONS, answer("Kept.")], [OPTIONS, answer("Dropped.", "msg_b")])
    begin(stub, page, items.widget(card) | {"id": "card"})
    assert len(item(page, "card").find_elements(By.CSS_SELECTOR, "svg .line")) == 2 and "one" in text_of(page, "card")
    title = item(page, "card").find_element(By.TAG_NAME, "input")
    title.clear()
    press = "[...document.querySelectorAll('[data-id=card] button')].find(b => b.textContent === arguments[0]).click()"
    page.js(press, "Keep")
    assert not stub.asked("threads.custom_action"), "a name is required"
    title.send_keys("Nora")
    page.js(press, "Keep")
    shows(page, "msg_a", "Kept.")
    page.ready()
    title.clear()
    page.js(press, "Drop")
    shows(page, "msg_b", "Dropped.")
    assert [p["action"] for p in stub.asked("threads.custom_action")] == [{"type": "keep", "payload": {"title": "Nora"}}, {"type": "drop", "payload": {"title": ""}}]


# ---- questions, files, speech, tools, thumbs


def test_questions(stub: Stub, page: Page) -> None:
    answered = items.questions({"values": ["Rice"], "skipped": False}, {"values": ["North", "West"], "skipped": False}, {"values": [], "skipped": True}, status="answered")
    stub.on("threads.add_structured_input", Status(409, "Wait a moment."), [OPTIONS, replaced(with_id(answered, "si")), answer("Rice, then.")],
            [OPTIONS, replaced(with_id(items.questions(status="skipped"), "si2")), answer("Nothing, then.", "msg_b")])
    begin(stub, page, items.questions(status="pending") | {"id": "si"}, items.questions(status="pending") | {"id": "si2"})
    form = item(page, "si")
    one, two, three = form.find_elements(By.TAG_NAME, "fieldset")
    form.find_element(By.CSS_SELECTOR, "[data-testid=si-send]").click()
    assert "Answer this question, or skip it." in one.text and not stub.requests[-1]["type"].startswith("threads.add")
    one.find_element(By.CSS_SELECTOR, "input[value=Oat]").click()
    one.find_element(By.CSS_SELECTOR, "[data-testid=si-other]").send_keys("Rice")  # its own answer takes the place of a choice
    for value in ("North", "South"):
        two.find_element(By.CSS_SELECTOR, f"input[value={value}]").click()
    two.find_element(By.CSS_SELECTOR, "input[value=South]").click()
    two.find_element(By.CSS_SELECTOR, "[data-testid=si-other]").send_keys("West")
    three.find_element(By.CSS_SELECTOR, "textarea").send_keys("never mind")
    three.find_element(By.CSS_SELECTOR, "[data-testid=si-skip]").click()
    for _ in range(2):  # refused once: what was filled in is still there
        page.js("document.querySelector('[data-id=si] [data-testid=si-send]').click()")
        page.wait("an end", lambda: page.errors() or "Rice, then." in text_of(page, "msg_a"))
        page.ready()
    page.wait("the answer", lambda: "Rice, then." in text_of(page, "msg_a"))
    given = {"thread_id": THREAD, "item_id": "si", "input": {"status": "answered", "answers": {
        "q1": {"values": ["Rice"], "skipped": False}, "q2": {"values": ["North", "West"], "skipped": False}, "q3": {"values": [], "skipped": True}}}}
    assert stub.asked("threads.add_structured_input") == [given, given]
    assert text_of(page, "si").split("\n")[:2] == ["Which milk?", "Rice"] and not form.find_elements(By.TAG_NAME, "form")
    item(page, "si2").find_element(By.CSS_SELECTOR, "[data-testid=si-skip-all]").click()
    page.wait("the second", lambda: text_of(page, "si2").startswith("You skipped"))
    assert stub.asked("threads.add_structured_input")[-1]["input"] == {"status": "skipped", "answers": {}}
    page.ready()
    page.driver.get_log("browser")  # the refusal, as the browser notes it


PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


def test_files(stub: Stub, page: Page, tmp_path: Path) -> None:
    stub.session["attachments"] = {"accept": ["image/png", "text/plain"], "max_bytes": 1000, "per_message": 3}
    picture = {"id": "atc_1", "type": "image", "name": "dot.png", "mime_type": "image/png", "preview_url": items.SQUARE}
    note = {"id": "atc_2", "type": "file", "name": "note.txt", "mime_type": "text/plain"}
    stub.on("upload", picture, note, Status(415, "That is no text."))
    stub.on("threads.add_user_message", lambda params: [done(with_id(items.user("look", attachments=[picture, note]), "msg_u")), OPTIONS, answer("I see.")])
    for name, content in (("dot.png", PNG), ("note.txt", b"words"), ("large.txt", b"x" * 1001), ("odd.pdf", b"%PDF"), ("odd.txt", b"\x00")):
        (tmp_path / name).write_bytes(content)
    begin(stub, page)
    assert page.one("attach").is_displayed()

    def add(*names: str) -> None:
        page.one("file").send_keys("\n".join(str(tmp_path / name) for name in names))

    add("large.txt", "odd.pdf")
    page.wait("both are refused", lambda: len(page.errors()) == 2)
    assert "too large" in page.errors()[0] and "application/pdf" in page.errors()[1] and not page.all("chip") and not stub.uploads
    add("dot.png")  # one after the other: the stub answers in the order that they come in
    page.wait("one is sent", lambda: [c.get_attribute("data-status") for c in page.all("chip")] == ["complete"])
    add("note.txt")
    page.wait("both are sent", lambda: [c.get_attribute("data-status") for c in page.all("chip")] == ["complete"] * 2)
    assert b'name="file"; filename="dot.png"' in stub.uploads[0] and PNG in stub.uploads[0]
    assert page.all("chip")[0].find_element(By.TAG_NAME, "img").get_property("naturalWidth") == 1 and page.one("send").is_enabled()
    add("odd.txt")
    page.wait("the server's words", lambda: "That is no text." in page.all("chip")[2].text)
    page.all("chip")[2].find_element(By.TAG_NAME, "button").click()
    page.all("chip")[1].find_element(By.TAG_NAME, "button").click()
    page.wait("one is deleted", lambda: stub.asked("attachments.delete") == [{"attachment_id": "atc_2"}])
    assert len(page.all("chip")) == 1

    # dropped and pasted: the browser hands over a DataTransfer
    stub.on("upload", note, note | {"id": "atc_3"})
    carry = "const d = new DataTransfer(); d.items.add(new File(['words'], 'note.txt', {type: 'text/plain'}));"
    page.js(carry + "document.getElementById('main').dispatchEvent(new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true}))")
    page.wait("it is dropped", lambda: len(page.all("chip")) == 2)
    page.js(carry + "document.getElementById('composer').dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true}))")
    page.wait("it is pasted", lambda: [c.get_attribute("data-status") for c in page.all("chip")] == ["complete"] * 3)
    add("dot.png")
    page.wait("a fourth is too many", lambda: any("3 files" in error for error in page.errors()))
    page.start("look")
    page.ready()
    assert stub.asked("threads.add_user_message")[0]["input"] == {
        "content": [{"type": "input_text", "text": "look"}], "attachments": ["atc_1", "atc_2", "atc_3"], "quoted_text": "", "inference_options": {}}
    assert not page.all("chip") and [a.tag_name for a in page.all("attachment")] == ["img", "span"] and "note.txt" in text_of(page, "msg_u")
    page.driver.get_log("browser")  # the refusal, as the browser notes it


def test_a_refused_message_gives_its_files_back(stub: Stub, page: Page, tmp_path: Path) -> None:
    stub.session["attachments"] = {"accept": ["text/plain"], "max_bytes": 1000, "per_message": 3}
    stub.on("upload", {"id": "atc_2", "type": "file", "name": "note.txt", "mime_type": "text/plain"})
    stub.on("threads.add_user_message", Status(400, "Not today."), turn(answer("Thanks.")))
    (tmp_path / "note.txt").write_text("words")
    begin(stub, page)
    page.one("file").send_keys(str(tmp_path / "note.txt"))
    page.wait("it is sent", lambda: page.one("send").is_enabled())
    page.one("send").click()  # a file without a word
    page.wait("the server's words", lambda: page.errors() == ["Not today."])
    assert [c.text for c in page.all("chip")] == ["note.txt"] and page.one("send").is_enabled()
    page.start("here")
    page.ready()
    assert [p["input"]["attachments"] for p in stub.asked("threads.add_user_message")] == [["atc_2"]] * 2
    assert [p["input"]["content"] for p in stub.asked("threads.add_user_message")] == [[], [{"type": "input_text", "text": "here"}]]
    page.driver.get_log("browser")


def test_dictation(stub: Stub, page: Page) -> None:
    stub.session["transcription"] = True
    stub.on("input.transcribe", {"text": " what was said "}, Status(502, "The transcriber does not answer."))
    begin(stub, page)
    button = page.one("dictate")
    page.type("I say:")
    button.click()
    page.wait("it records", lambda: button.get_attribute("data-state") == "recording")
    assert button.get_attribute("aria-pressed") == "true" and button.accessible_name == "Stop recording"
    page.wait("some sound", lambda: page.js("return window.since ??= Date.now(), Date.now() - window.since > 300"))
    button.click()
    page.wait("the text", lambda: page.one("composer").get_property("value") == "I say: what was said")
    (asked,) = stub.asked("input.transcribe")
    assert asked["mime_type"].startswith("audio/webm") and base64.b64decode(asked["audio_base64"])[:4] == b"\x1aE\xdf\xa3"  # EBML, as WebM begins
    assert button.get_attribute("data-state") == "idle" and page.focused() == "composer"

    button.click()
    page.wait("it records", lambda: button.get_attribute("data-state") == "recording")
    page.press(Keys.ESCAPE)
    page.wait("it was thrown away", lambda: button.get_attribute("data-state") == "idle")
    assert len(stub.asked("input.transcribe")) == 1
    button.click()
    page.wait("it records", lambda: button.get_attribute("data-state") == "recording")
    button.click()
    page.wait("the server's words", lambda: page.errors() == ["The transcriber does not answer."])
    page.js("navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))")
    button.click()
    page.wait("a readable refusal", lambda: any("may not use the microphone" in error for error in page.errors()))
    assert page.one("composer").get_property("value") == "I say: what was said"
    page.driver.get_log("browser")


def call(name: str, item_id: str, **arguments) -> dict:
    return with_id({"type": "client_tool_call", "status": "pending", "call_id": item_id, "name": name, "arguments": arguments}, item_id)


def test_client_tools(stub: Stub, page: Page) -> None:
    stub.on("threads.add_user_message", turn(done(call("get_page_info", "tc_1"))))
    stub.on("threads.add_client_tool_output", [OPTIONS, done(call("add", "tc_2", a=1, b=2))], [OPTIONS, done(call("fail", "tc_3"))], [OPTIONS, done(call("nobody", "tc_4"))],
            Status(500, "It broke."), [OPTIONS, answer("Three.")])
    page.before_load("window.chatkitTools = {add: async ({a, b}) => ({sum: a + b}), fail: () => { throw new Error('no luck'); }}")
    begin(stub, page, call("get_page_info", "tc_old"))
    assert not stub.asked("threads.add_client_tool_output"), "a call of long ago is not answered by itself"
    page.start("how wide is this page?")
    page.wait("the fifth request fails", lambda: page.errors() and page.all("retry"))
    page.one("retry").click()
    shows(page, "msg_a", "Three.")
    page.ready()
    info, added_up, failed, unknown, again = (p["result"] for p in stub.asked("threads.add_client_tool_output"))
    assert set(info) == {"title", "url_path", "viewport", "language", "time_zone"}
    assert (info["url_path"], info["viewport"]["width"]) == ("/", 1280) and "A chat" in info["title"] and info["time_zone"]
    assert added_up == {"sum": 3} and failed == {"error": "no luck"} and unknown == again == {"error": "This page has no tool nobody."}
    assert {p["thread_id"] for p in stub.asked("threads.add_client_tool_output")} == {THREAD}
    assert item(page, "tc_2").find_element(By.TAG_NAME, "summary").text == "Asked this page: add" and item(page, "tc_2").get_attribute("data-status") == "complete"
    page.driver.get_log("browser")


def test_stop_ends_a_client_tool(stub: Stub, page: Page) -> None:
    stub.on("threads.add_user_message", turn(done(call("slow", "tc_1"))))
    page.before_load("window.chatkitTools = {slow: () => { window.begun = true; return new Promise(() => {}); }}")
    begin(stub, page)
    page.start("wait")
    page.wait("the tool runs", lambda: page.js("return window.begun"))
    assert page.state() == "streaming"
    page.one("stop").click()
    page.ready()
    assert not page.errors() and not stub.asked("threads.add_client_tool_output")


def test_thumbs(stub: Stub, page: Page) -> None:
    stub.on("threads.add_user_message", turn(
        done(with_id({"type": "workflow", "workflow": {"type": "custom", "tasks": items.TASKS[:1], "expanded": False}}, "wf_2")), HOLD, answer("Two.", "msg_2")))
    begin(stub, page, items.message("One.") | {"id": "msg_1"})
    assert len(page.all("feedback")) == 1
    page.start("and?")
    page.wait("the second answer begins", lambda: page.all("workflow"))
    assert len(page.all("feedback")) == 1, "none under an answer that is not complete"
    stub.go()
    page.ready()
    up, down = page.all("feedback-positive"), page.all("feedback-negative")
    assert len(up) == 2
    up[1].click()
    page.wait("it is shown", lambda: up[1].get_attribute("aria-pressed") == "true" and len(stub.asked("items.feedback")) == 1)
    up[1].click()
    down[1].click()
    page.wait("it has changed", lambda: len(stub.asked("items.feedback")) == 2)
    up[0].click()
    page.wait("the other one", lambda: len(stub.asked("items.feedback")) == 3)
    assert stub.asked("items.feedback") == [{"thread_id": THREAD, "item_ids": ["wf_2", "msg_2"], "kind": "positive"},
                                            {"thread_id": THREAD, "item_ids": ["wf_2", "msg_2"], "kind": "negative"},
                                            {"thread_id": THREAD, "item_ids": ["msg_1"], "kind": "positive"}]
    assert [b.get_attribute("aria-pressed") for b in (*up, *down)] == ["true", "false", "false", "true"]
    stub.on("items.feedback", Status(404, "There is no such thread."))
    up[1].click()
    page.wait("the server's words", lambda: page.errors() == ["There is no such thread."])
    assert [b.get_attribute("aria-pressed") for b in (*up, *down)] == ["true", "false", "false", "true"]
    page.driver.get_log("browser")


def test_images_of_hosts_that_a_thread_allows(stub: Stub, page: Page) -> None:
    """The page draws them; the policy of index.html is the operator's to widen, and until then there is a link."""
    stub.thread["allowed_image_domains"] = ["images.example"]
    page.before_load("window.refused = []; document.addEventListener('securitypolicyviolation', e => window.refused.push(e.blockedURI))")
    begin(stub, page, items.message("![one](https://images.example/1.png) ![two](https://other.example/2.png)") | {"id": "m"})
    page.wait("a link again", lambda: set(page.js("return window.refused")) == {"https://images.example/1.png"} and not page.driver.find_elements(By.CSS_SELECTOR, ITEM % "m" + " img"))
    assert [a.get_attribute("href") for a in item(page, "m").find_elements(By.TAG_NAME, "a")] == ["https://images.example/1.png", "https://other.example/2.png"]
    page.driver.get_log("browser")
    page.collect()
    page.requests = [r for r in page.requests if "images.example" not in r["url"]]  # refused, and noted all the same


def test_a_stream_that_breaks_in_an_action(stub: Stub, page: Page) -> None:
    stub.on("threads.custom_action", [OPTIONS, added(with_id({"type": "assistant_message", "content": []}, "msg_a")), CUT], [OPTIONS, answer("Now.")])
    begin(stub, page, items.widget(items.CARD) | {"id": "card"})
    page.js("document.querySelector('[data-id=card] [data-part=Button]').click()")
    page.wait("an error", page.errors)
    page.ready()
    assert not page.all("retry"), "the button is still there, and says what it would do"
    page.js("document.querySelector('[data-id=card] [data-part=Button]').click()")
    shows(page, "msg_a", "Now.")
    page.ready()
    assert len(stub.asked("threads.custom_action")) == 2 and not page.errors()




# ---- trust

EVIL = "https://tracker.example/"
HOSTILE = [
    items.widget({"type": "Card", "background": f"red url({EVIL}bg.png)", "border": {"size": 1, "color": f"url({EVIL}b.png)"}, "status": {"text": "<b>x</b>", "favicon": EVIL + "f.ico"},
                  "children": [
                      {"type": "Image", "src": EVIL + "i.png", "alt": "<img src=x onerror=window.pwned=1>"}, {"type": "Image", "src": "javascript:window.pwned=1"},
                      {"type": "Image", "src": "//tracker.example/j.png"}, {"type": "Markdown", "value": f"![a]({EVIL}m.png) [b](javascript:window.pwned=1) <img src=x onerror=window.pwned=1>"},
                      items.text("<script>window.pwned=1</script>", color=f"red;background:url({EVIL}c.png)", width=f"1px;background-image:url({EVIL}w.png)"),
                      {"type": "Box", "background": {"light": f"url({EVIL}l.png)", "dark": "expression(1)"}, "children": [{"type": "Icon", "name": "constructor"}]},
                      {"type": "Form", "onSubmitAction": {"type": "send"}, "children": [
                          {"type": "Input", "name": "__proto__.polluted", "defaultValue": "1"}, {"type": "Input", "name": "constructor.prototype.polluted", "defaultValue": "1"},
                          {"type": "Input", "name": "submit"}, {"type": "Input", "name": "elements.0", "defaultValue": "e"}, {"type": "Button", "label": "Send", "submit": True}]},
                      {"type": "__proto__", "children": [{"type": "constructor", "children": "words"}, {"type": "toString"}]}]}) | {"id": "evil"},
    {"type": "generated_image", "image": {"id": "x", "url": EVIL + "g.png"}}, {"type": "generated_image", "image": {"id": "y", "url": "javascript:window.pwned=1"}},
    items.message("x", [items.annotation({"type": "url", "title": "t", "url": "javascript:window.pwned=1"}, 1), items.annotation({"type": "url", "title": "<b>", "url": EVIL})]),
    {"type": "workflow", "workflow": {"type": "custom", "expanded": True, "tasks": [{"type": "web_search", "sources": [{"type": "url", "title": "t", "url": "data:text/html,x"}]},
                                                                                   {"type": "custom", "title": "<i>", "content": f"![x]({EVIL}t.png)"}]}},
]
# What no server should send; each is survived by itself.
BROKEN = [{"type": kind} | more for kind in ("user_message", "assistant_message", "client_tool_call", "widget", "generated_image", "structured_input", "workflow", "task", "end_of_turn")
          for more in ({}, {"content": None, "widget": None, "workflow": None, "task": None, "inputs": None, "image": None, "arguments": None},
                       {"content": [None, 5, {}], "widget": [], "workflow": {"tasks": [None, {}, 5], "summary": 3}, "task": 5, "inputs": [None, {}, {"type": "multiple_choice", "options": 5}],
                        "image": {"url": 5}, "arguments": 5, "attachments": 5, "status": "pending"})]
BROKEN += [items.widget({"type": kind, "children": children, "options": options, "data": 5, "series": [None], "xAxis": None, "value": {}, "size": {}, "padding": 5.5, "border": {"top": None}})
           for kind in ("Card", "ListView", "Basic", "Table", "Table.Row", "Chart", "Select", "RadioGroup", "Text", "Badge", "Image", "Form", "Button")
           for children, options in ((None, None), (5, 5), ([None, 5, "words", {}, [], {"type": None}], [None, 5, {}]))]


def test_hostile_items(stub: Stub, page: Page) -> None:
    """What a model or a tool makes up is shown, runs nothing, asks nobody and leaves the page as it was."""
    stub.on("threads.custom_action", [OPTIONS, answer("Sent.")])
    page.before_load("window.refused = []; document.addEventListener('securitypolicyviolation', e => window.refused.push(e.blockedURI))")
    begin(stub, page, *HOSTILE)
    page.js("document.querySelector('[data-id=evil] button').click()")
    shows(page, "msg_a", "Sent.")
    (sent,) = stub.asked("threads.custom_action")
    assert sent["action"] == {"type": "send", "payload": {"constructor": {"prototype": {"polluted": "1"}}, "submit": "", "elements": {"0": "e"}}}
    assert page.js("return [window.pwned ?? null, ({}).polluted ?? null, window.refused]") == [None, None, []], "not even the policy had anything to refuse"
    assert page.js("""return [...document.querySelectorAll('#conversation *')].filter(e => ['SCRIPT', 'IFRAME', 'OBJECT', 'IMG', 'B', 'I'].includes(e.tagName) && !e.closest('.progress')
        || e.getAttributeNames().some(n => n.startsWith('on')) || /url\\(/.test(e.getAttribute('style'))).map(e => e.outerHTML)""") == []
    hrefs = page.js("return [...document.querySelectorAll('#conversation a')].map(a => [a.href, a.rel])")
    assert hrefs and all(href.startswith("https://tracker.example/") and rel == "noopener noreferrer" for href, rel in hrefs)


def test_broken_items(stub: Stub, page: Page) -> None:
    """From history, and again as a stream with changes for each: the answer behind them is there."""
    def changes(n: int, one: dict) -> list[dict]:
        i = f"new_{n}"
        return [added(with_id(one, i)), update(i, "workflow.task.added", task_index=2, task=None), update(i, "widget.root.updated", widget=5),
                update(i, "widget.component.updated", component_id="x", component=None),
                update(i, "assistant_message.content_part.text_delta", content_index=3, delta=None),
                update(i, "assistant_message.content_part.annotation_added", content_index=0, annotation_index=9, annotation={"source": None}),
                update(i, "generated_image.updated", image=5, progress="x"), done(with_id(one, i))]
    half = [added(with_id({"type": "assistant_message", "content": []}, "half")),
            update("half", "assistant_message.content_part.done", content_index=0, content={"text": 5}), {"type": "thread.item.removed", "item_id": "half"}]
    stub.on("threads.add_user_message", turn(*half, *(event for n, one in enumerate(BROKEN) for event in changes(n, one))))
    stub.on("threads.add_client_tool_output", [OPTIONS, answer("Still here.")])  # of a call without a name
    begin(stub, page, *BROKEN)
    page.start("go on")
    shows(page, "msg_a", "Still here.")
    page.ready()
    assert len(page.driver.find_elements(By.CSS_SELECTOR, ".items > [data-id]")) == 2 * len(BROKEN) + 3 and not page.errors()
