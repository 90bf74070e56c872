# SPDX-License-Identifier: MIT
"""What is seen when texts run from right to left, words are long, pictures small, and several things are said at once."""
from __future__ import annotations

import json
from pathlib import Path

import page_items as items
from browser import PHONE, Page, browser, page  # noqa: F401
from page_stub import HOLD, Status, Stub, replaced, with_id
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from test_page import FAULTS
from test_page_live import answer, begin, item, stub, turn, update  # noqa: F401

HEBREW, ENGLISH = "שלום עולם, milk", "milk and שלום"
DRAGGED = """const d = new DataTransfer(); d.items.add(new File(['words'], 'note.txt', {type: 'text/plain'}));
    const e = new DragEvent(arguments[1], {dataTransfer: d, bubbles: true, cancelable: true}); document.getElementById(arguments[0]).dispatchEvent(e); return e.defaultPrevented"""


def rect(page: Page, element) -> dict:
    return page.js("return arguments[0].getBoundingClientRect().toJSON()", element)


def test_right_to_left(stub: Stub, page: Page) -> None:
    """Each block runs the way its first letter does; code never turns round."""
    stub.thread["title"] = HEBREW
    both = "\n\n".join((HEBREW, ENGLISH, f"- {HEBREW}", f"> {HEBREW}", f"| {HEBREW} | x |\n|---|---|\n| a | b |", f"# {HEBREW}", f"```\n{HEBREW}\n```"))
    widget = {"type": "Card", "children": [items.text(HEBREW), items.text(ENGLISH), {"type": "Input", "name": "x", "defaultValue": HEBREW}]}
    begin(stub, page, items.user(HEBREW), items.message(both) | {"id": "msg"}, items.widget(widget) | {"id": "w"})
    page.type(HEBREW)
    way = "return [...document.querySelectorAll(arguments[0])].map(e => getComputedStyle(e).direction)"
    assert page.js(way, "#composer, #title, .thread-title") == ["rtl"] * 3
    assert page.js(way, ".bubble") == ["ltr", "rtl"]
    assert page.js(way, "[data-id=msg] .prose > *") == ["rtl", "ltr", "rtl", "rtl", "rtl", "rtl", "ltr"]
    assert page.js(way, "[data-id=msg] pre, [data-id=w] [data-part=Text], [data-id=w] input") == ["ltr", "rtl", "ltr", "rtl"]
    point, text = page.js("const e = document.querySelector('[data-id=msg] ul'), s = getComputedStyle(e); return [s.paddingRight, s.paddingLeft]")
    assert point == "24px" and text == "0px", "the points of a list are on the side where its lines begin"


def test_long_words_in_narrow_places(stub: Stub, page: Page) -> None:
    long = "Donaudampfschifffahrtsgesellschaft" * 8
    source, choice = {"type": "url", "title": long, "url": "https://a.example/", "attribution": long}, {"type": "multiple_choice", "id": "a", "question": long, "options": [{"value": long}]}
    task = {"type": "web_search", "title": long, "queries": [long], "sources": [source], "content": long}
    page.size(PHONE)
    begin(stub, page, items.message(f"```{long}\nx\n```\n\n> one\n> > two") | {"id": "msg"}, items.message(long, [items.annotation(source | {"inline_label": long}, 9)]),
          {"type": "workflow", "workflow": {"type": "custom", "tasks": [task], "summary": {"title": long}, "expanded": True}}, {"type": "task", "task": task},
          {"type": "client_tool_call", "status": "completed", "call_id": "c", "name": long, "arguments": {long: long}, "output": long},
          items.widget({"type": "Card", "status": {"text": long}, "children": [
              items.text(long), {"type": "Badge", "label": long}, {"type": "Button", "label": long}, {"type": "Checkbox", "name": "x", "label": long},
              {"type": "Row", "children": [items.text(long), {"type": "Badge", "label": long}]}, {"type": "Select", "name": "y", "options": [{"value": "a", "label": long}], "defaultValue": "a"}],
              "confirm": {"label": long, "action": {"type": "x"}}}),
          {"type": "structured_input", "status": "pending", "inputs": [choice, choice | {"multiple": True}, {"type": "freeform", "id": "f", "question": long, "description": long}]},
          {"type": long})
    for details in page.driver.find_elements(By.TAG_NAME, "details"):
        page.js("arguments[0].open = true", details)
    button = rect(page, item(page, "msg").find_element(By.TAG_NAME, "button"))
    assert button["height"] < 45 < button["width"]
    assert page.js("const s = document.getElementById('scroller'); return s.scrollWidth - s.clientWidth") <= 0, "nothing is cut off"
    outer, inner = (rect(page, quote)["left"] for quote in item(page, "msg").find_elements(By.TAG_NAME, "blockquote"))
    assert 10 < inner - outer < 25


def test_filled_icons_are_as_large_as_the_others(stub: Stub, page: Page) -> None:
    """The line around the ground is of its colour; only what is drawn on it has the paper's."""
    names = ("check-circle", "check-circle-filled", "star-filled", "dot")
    begin(stub, page, items.widget({"type": "Row", "children": [{"type": "Icon", "name": name, "color": "success"} for name in names]}) | {"id": "w"})
    seen = page.js("""return [...document.querySelectorAll('[data-id=w] svg')].map(s => { const own = getComputedStyle(s).color;
        return [...s.querySelectorAll('path')].map(p => { const c = getComputedStyle(p); return [c.stroke === own, c.fill === own]; }); })""")
    assert seen == [[[True, False]], [[True, True], [False, False]], [[True, True]], [[True, True]]]


def test_several_things_are_said_at_once(stub: Stub, page: Page, tmp_path: Path) -> None:
    """One below the other, and above nothing that is being used."""
    stub.session["attachments"] = {"accept": ["text/plain"], "max_bytes": 10, "per_message": 3}
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text("x" * 20)
    begin(stub, page)
    page.one("file").send_keys("\n".join(str(tmp_path / f"{n}.txt") for n in range(3)))
    page.wait("three refusals", lambda: len(page.errors()) == 3)
    boxes = [rect(page, box) for box in page.all("error")]
    form = rect(page, page.driver.find_element(By.ID, "form"))
    assert all(a["bottom"] <= b["top"] for a, b in zip(boxes, boxes[1:])) and boxes[-1]["bottom"] < form["top"]


def test_a_file_may_be_dropped_anywhere(stub: Stub, page: Page) -> None:
    """Beside the conversation, too: there the browser would open it and leave the page."""
    begin(stub, page)
    assert page.js(DRAGGED, "sidebar", "dragover") and page.js(DRAGGED, "sidebar", "drop"), "also where no files are taken"
    assert not page.all("chip") and not page.js("return 'drop' in document.getElementById('main').dataset")
    stub.session["attachments"] = {"accept": ["text/plain"], "max_bytes": 1000, "per_message": 1}
    stub.on("upload", Status(415, "That is no text."), {"id": "atc_1", "type": "file", "name": "note.txt", "mime_type": "text/plain"})
    page.reload()
    assert page.js(DRAGGED, "sidebar", "dragover") and page.js("return 'drop' in document.getElementById('main').dataset")
    assert page.js(DRAGGED, "sidebar", "drop") and not page.js("return 'drop' in document.getElementById('main').dataset")
    page.wait("it was sent and refused", lambda: [c.get_attribute("data-status") for c in page.all("chip")] == ["failed"])
    page.js(DRAGGED, "composer", "drop")  # what failed is none of the files of the message
    page.wait("another one was not", lambda: [c.get_attribute("data-status") for c in page.all("chip")] == ["failed", "complete"])
    page.driver.get_log("browser")


def test_a_small_picture(stub: Stub, page: Page) -> None:
    dot = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='2' height='2'%3E%3C/svg%3E"
    begin(stub, page, items.user("look", attachments=[{"type": "image", "id": "a", "name": "dot", "mime_type": "image/png", "preview_url": dot},
                                                      {"type": "file", "id": "b", "name": "note" * 60, "mime_type": "text/plain"}]))
    box = rect(page, page.driver.find_element(By.CSS_SELECTOR, ".files img"))
    assert (box["width"], box["height"]) == (44, 44)


def test_a_field_that_grows(stub: Stub, page: Page) -> None:
    """With what it begins with, with what is typed, and still when the server changes something else."""
    def tree(title: str, text: str) -> dict:
        return {"type": "Card", "children": [{"type": "Title", "value": title, "id": "t"},
                                             {"type": "Textarea", "name": "x", "rows": 1, "autoResize": True, "maxRows": 6, "defaultValue": text}]}
    stub.on("threads.add_user_message", turn(HOLD, update("w", "widget.component.updated", component_id="t", component={"type": "Title", "value": "Two", "id": "t"}),
                                             answer("Changed.")))
    begin(stub, page, items.widget(tree("Zero", "1\n2\n3\n4")) | {"id": "v"}, items.widget(tree("One", "")) | {"id": "w"})

    def height(of: str) -> float:
        return rect(page, item(page, of).find_element(By.TAG_NAME, "textarea"))["height"]

    page.wait("room for four lines", lambda: 90 < height("v") < 120)
    one = height("w")
    page.start("change it")
    item(page, "w").find_element(By.TAG_NAME, "textarea").send_keys("1\n2\n3\n4")
    four = height("w")
    assert one < 45 and 90 < four < 120
    stub.go()
    page.ready()
    assert "Two" in item(page, "w").text and height("w") == four
    item(page, "w").find_element(By.TAG_NAME, "textarea").send_keys("\n5\n6\n7\n8\n9")
    assert four < height("w") < 170


def test_escape_belongs_to_an_input_method_first(stub: Stub, page: Page) -> None:
    stub.on("threads.add_user_message", turn(HOLD, answer("All of it.")))
    begin(stub, page)
    page.start("go")
    page.wait("it streams", lambda: page.state() == "streaming")
    page.js("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', isComposing: true, bubbles: true}))")
    assert page.state() == "streaming"
    stub.go()
    page.ready()
    assert page.answer() == "All of it."


def test_a_widget_of_a_megabyte(stub: Stub, page: Page) -> None:
    """Nothing in it costs more than its length."""
    rows = {"type": "ListView", "limit": "auto", "children": [
        {"type": "ListViewItem", "onClickAction": {"type": "x"}, "children": [{"type": "Icon", "name": "star"}, items.text(f"Row {n} " + "x" * 200)]} for n in range(3000)]}
    select = {"type": "Select", "name": "a", "options": [{"value": str(n), "label": f"Option {n}"} for n in range(20000)]}
    chart = {"type": "Chart", "data": [{"x": n, "y": n % 97} for n in range(10000)], "xAxis": "x", "series": [{"type": "area", "dataKey": "y"}]}
    deep = items.text("deep")
    for _ in range(200):
        deep = {"type": "Box", "children": [deep]}
    begin(stub, page, *(items.widget({"type": "Basic", "children": [one]}) for one in (rows, select, chart, deep)))
    took = page.js("return performance.now()")
    assert took < 15000
    assert page.driver.find_element(By.XPATH, "//button[.='Show 2990 more']").is_displayed() and "This goes too deep to be shown." in item(page, "itm_4").text


def test_markdown_that_nobody_writes(stub: Stub, page: Page) -> None:
    """All of it is shown, in about the time that its length takes."""
    page.open(stub.url)
    page.driver.set_script_timeout(60)
    for text in ("*a " * 50000, "_a" * 50000, "[x](" + " " * 100000 + "y", "[" * 100000, "`a ``b " * 10000, "> " * 50000, "- " * 50000, "<http://" * 20000):
        length, took = page.driver.execute_async_script("""const [text, done] = arguments, root = document.createElement('div'), start = performance.now();
            import('./markdown.js').then(({Markdown}) => new Markdown(root).set(text)).catch(() => {}).then(() => done([root.textContent.length, performance.now() - start]))""", text)
        assert took < 3000 and (length > len(text) * 0.5 or text.startswith(("> ", "- "))), (text[:8], length, took)


def test_icons_that_are_pressed_have_names(stub: Stub, page: Page) -> None:
    def row(title: str) -> dict:
        return {"type": "ListViewItem", "children": [{"type": "Button", "iconStart": "empty-circle", "onClickAction": {"type": "x"}}, items.text(title), {"type": "Badge", "label": "new"}]}
    begin(stub, page, items.widget({"type": "ListView", "children": [row("Milk"), row("Bread")]}) | {"id": "w"})
    assert [b.accessible_name for b in item(page, "w").find_elements(By.TAG_NAME, "button")] == ["empty-circle: Milk", "empty-circle: Bread"]


def test_the_readers_own_colours(stub: Stub, page: Page) -> None:
    begin(stub, page, {"type": "workflow", "workflow": {"type": "custom", "tasks": items.TASKS, "summary": {"title": "Looked around", "icon": "search"}, "expanded": True}})
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "forced-colors", "value": "active"}]})
    seen = page.js("""const canvas = getComputedStyle(document.body).backgroundColor;
        return [...document.querySelectorAll('.mark')].map(m => { const s = getComputedStyle(m); return [Boolean(m.dataset.icon), s.borderTopColor === canvas, s.backgroundColor === canvas]; })""")
    assert seen[0][:2] == seen[1][:2] == [True, True], "no circle around an icon"
    assert (seen[3][0], seen[3][2]) == (False, False), "a point is seen"


def test_the_focus_stays_where_it_is_of_use(stub: Stub, page: Page) -> None:
    """What a press takes away or closes for a while takes the focus with it, and who has no mouse would begin at the top of the page."""
    ask = items.questions(status="pending") | {"id": "q", "inputs": items.QUESTIONS[:1]}
    form = {"type": "Card", "children": [{"type": "Form", "onSubmitAction": {"type": "send"}, "children": [{"type": "Button", "label": "Send it", "submit": True}]}]}
    stub.on("threads.add_user_message", turn({"type": "error", "code": "x", "message": "No.", "allow_retry": True}))
    stub.on("threads.retry_after_item", [HOLD, answer("Yes.")])
    begin(stub, page, items.widget(form) | {"id": "w"}, ask)
    page.start("go")
    page.wait("an error", page.errors)
    page.tab_to("retry", back=True)
    page.press(Keys.ENTER)
    page.wait("it is tried again", lambda: page.state() == "streaming")
    assert page.focused() == "composer"
    stub.go()
    page.ready()

    stub.on("threads.custom_action", [HOLD, answer("Sent.", "msg_b")])
    button = item(page, "w").find_element(By.TAG_NAME, "button")
    page.js("arguments[0].focus()", button)
    page.press(Keys.ENTER)
    page.wait("it is closed for a while", lambda: page.js("return document.querySelector('[data-id=w]').inert && document.activeElement === document.body"))
    stub.go()
    page.ready()
    page.wait("the button", lambda: page.js("return document.activeElement === arguments[0]", button))

    stub.on("threads.add_structured_input", Status(500, "Not now."),
            [replaced(with_id(ask | {"status": "answered"}, "q")), HOLD, answer("Good.", "msg_c")])
    page.js("document.querySelector('[data-id=q] input').click(); document.querySelector('[data-testid=si-send]').focus()")
    page.press(Keys.ENTER)
    page.wait("an error", page.errors)
    page.wait("the same button", lambda: page.focused() == "si-send")
    page.press(Keys.ENTER)
    page.wait("the answers", lambda: not page.all("si-send"))
    stub.go()
    page.ready()
    page.wait("the composer", lambda: page.focused() == "composer")
    page.driver.get_log("browser")


def test_a_page_that_cannot_begin(stub: Stub, page: Page) -> None:
    """Without a session nothing works but trying again, and nothing looks as if it did."""
    page.before_load(FAULTS % json.dumps([{"unreachable": True}]))
    page.driver.get(stub.url)
    page.origin = stub.url
    page.wait("it says so", lambda: page.errors() == ["The server could not be reached.\nTry again"])
    assert page.js("return [...document.querySelectorAll('button, a, textarea')].filter(e => !e.closest('[inert]') && e.checkVisibility()).map(e => e.dataset.testid || e.id)") == ["skip", "retry"]
