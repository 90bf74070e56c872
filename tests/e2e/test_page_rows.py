# SPDX-License-Identifier: MIT
"""What a reader has done to a widget or written into it survives what the server makes of it meanwhile, and nothing gets into another row."""
from __future__ import annotations

import threading
from collections.abc import Iterator

import page_items as items
import pytest
from browser import Page, browser, page  # noqa: F401
from page_stub import HOLD, SECONDS, THREAD, Status, Stub, added, done, replaced, update, with_id
from selenium.webdriver.common.by import By
from test_page_live import OPTIONS, answer, begin, item, shows, text_of, turn


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as stub:
        yield stub


def row(n: int, **more) -> dict:
    form = {"type": "Form", "onSubmitAction": {"type": "note.save", "payload": {"id": n}}, "children": [{"type": "Input", "name": "note"}, {"type": "Button", "label": f"Save {n}", "submit": True}]}
    pick = {"type": "Select", "name": "size", "options": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large"}],
            "onChangeAction": {"type": "pick", "payload": {"id": n}, "streaming": False, "loadingBehavior": "none"}}
    return {"type": "ListViewItem", "children": [items.text(f"Row {n}"), form, pick]} | more


def rows(*numbers: int, **more) -> dict:
    return items.widget({"type": "ListView", "children": [row(n) for n in numbers]} | more)


def values(page: Page, name: str) -> list[str]:
    return page.js("return [...document.querySelectorAll(`[data-field=${arguments[0]}]`)].map((one) => one.value)", name)


def test_rows_with_fields_of_one_name(stub: Stub, page: Page) -> None:
    later = rows(2, 3, status={"text": "One less"})
    stub.on("threads.sync_custom_action", {"updated_item": with_id(rows(1, 2, 3, status={"text": "Picked"}), "w")}, {"updated_item": with_id(later, "w")})
    begin(stub, page, rows(1, 2, 3) | {"id": "w"})
    page.driver.find_elements(By.CSS_SELECTOR, "[data-field=note]")[1].send_keys("Bread")
    selects = page.driver.find_elements(By.CSS_SELECTOR, "[data-field=size]")
    selects[0].send_keys("Lar")
    shows(page, "w", "Picked")
    assert values(page, "note") == ["", "Bread", ""], "what was written in one row stays in it, and in it alone"
    assert values(page, "size") == ["l", "", ""]
    page.driver.find_elements(By.CSS_SELECTOR, "[data-field=size]")[2].send_keys("Sma")
    shows(page, "w", "One less")
    assert values(page, "note") == ["Bread", ""] and values(page, "size") == ["", "s"], "it moves with its row"


def test_what_was_unfolded_stays_so(stub: Stub, page: Page) -> None:
    folded = {"type": "Card", "collapsed": True, "status": {"text": "Details"}, "children": [
        {"type": "Select", "name": "size", "options": [{"value": "s", "label": "Small"}], "onChangeAction": {"type": "pick", "streaming": False}}]}
    stub.on("threads.sync_custom_action", {"updated_item": with_id(rows(1, 2, 3, limit=1, status={"text": "Picked"}), "list")},
            {"updated_item": with_id(items.widget({"type": "Basic", "children": [folded | {"size": "lg"}, folded]}), "card")})
    begin(stub, page, rows(1, 2, 3, limit=1) | {"id": "list"}, items.widget({"type": "Basic", "children": [folded, folded]}) | {"id": "card"})
    assert "Row 3" not in text_of(page, "list")
    page.js("document.querySelector('[data-id=list] .w-more').click()")
    assert "Row 3" in text_of(page, "list")
    item(page, "list").find_elements(By.CSS_SELECTOR, "[data-field=size]")[2].send_keys("Sma")
    shows(page, "list", "Picked")
    assert "Row 3" in text_of(page, "list")
    item(page, "card").find_element(By.TAG_NAME, "summary").click()
    item(page, "card").find_element(By.TAG_NAME, "select").send_keys("Sma")
    page.wait("the answer", lambda: page.js("return document.querySelector('[data-id=card] [data-size=lg]')"))
    assert page.js("return [...document.querySelectorAll('[data-id=card] details')].map((one) => one.open)") == [True, False], "the other card stays folded"


def slow_list(stub: Stub, then: list[dict]) -> threading.Event:
    """The next list of items, which comes when the test says so."""
    go = threading.Event()

    def answer(_: dict) -> dict:
        go.wait(SECONDS)
        return {"data": then, "has_more": False}
    stub.on("items.list", answer)
    return go


def test_an_old_list_of_items_undoes_nothing(stub: Stub, page: Page) -> None:
    """Who comes back to the window by a press in a widget asks for the items and changes them in the same moment."""
    begin(stub, page, rows(1, 2) | {"id": "w"})
    before, picked, saved = stub.history, *(with_id(rows(1, 2, status={"text": text}), "w") for text in ("Picked", "Saved"))
    go = slow_list(stub, before)
    stub.on("threads.sync_custom_action", {"updated_item": picked})
    page.js("dispatchEvent(new Event('focus'))")
    page.wait("the items are asked for", lambda: len(stub.asked("items.list")) == 2)
    page.driver.find_elements(By.CSS_SELECTOR, "[data-field=size]")[0].send_keys("Lar")
    shows(page, "w", "Picked")
    stub.history = [before[0], picked]
    go.set()
    page.wait("they are asked for again", lambda: len(stub.asked("items.list")) == 3)
    assert "Picked" in text_of(page, "w")

    # the same with a whole turn
    go = slow_list(stub, stub.history)
    stub.on("threads.custom_action", [OPTIONS, replaced(saved), answer("Saved it.")])
    page.wait("the items are asked for", lambda: page.js("dispatchEvent(new Event('focus'))") or len(stub.asked("items.list")) == 4)  # once the last are there
    page.js("document.querySelector('[data-id=w] form button').click()")
    shows(page, "msg_a", "Saved it.")
    page.ready()
    stub.history = [before[0], saved, answer("Saved it.")["item"]]
    go.set()
    page.wait("they are asked for again", lambda: len(stub.asked("items.list")) == 5)
    shows(page, "msg_a", "Saved it.")
    assert "Saved" in text_of(page, "w")


def test_a_message_before_the_history_is_there(stub: Stub, page: Page) -> None:
    """On a slow network somebody writes before the conversation is read: what was said earlier is shown all the same."""
    stub.history = [with_id(items.user("Hello"), "msg_0"), with_id(items.message("Good morning."), "msg_1")]
    go = slow_list(stub, stub.history)
    stub.on("threads.add_user_message", turn(HOLD, answer("Fine."), item_id="msg_2"))
    page.open(stub.url)
    page.js("location.hash = arguments[0]", f"thread={THREAD}")
    page.wait("the items are asked for", lambda: stub.asked("items.list"))
    page.start("How are you?")
    page.wait("it is sent", lambda: stub.asked("threads.add_user_message"))
    go.set()
    page.wait("the list is read", lambda: page.js("return performance.getEntriesByName(new URL('api/chat', document.baseURI).href).length") >= 2)
    stub.history = [*stub.history, with_id(items.user("How are you?"), "msg_2"), answer("Fine.")["item"]]
    stub.go()
    shows(page, "msg_a", "Fine.")
    page.wait("all of it", lambda: page.js("return [...document.querySelectorAll('.items > [data-id]')].map((one) => one.dataset.id)") == ["msg_0", "msg_1", "msg_2", "msg_a"])


def test_rows_on_a_phone(stub: Stub, page: Page) -> None:
    """Where there is little room, what can be pressed is there whole and no word of it is broken; a circle stays one."""
    def buttons(*labels: str) -> list[dict]:
        return [{"type": "Button", "label": label, "onClickAction": {"type": "x"}} for label in labels]
    card = {"type": "Card", "children": [{"type": "Row", "children": children} for children in [
        [items.text("Buy whole milk and bread"), {"type": "Spacer"}, {"type": "Badge", "label": "In progress"}, *buttons("Mark as done")],
        [{"type": "Badge", "label": "Waiting for confirmation by the seller"}, *buttons("Reschedule", "Cancel")],
        [{"type": "Badge", "label": label} for label in ("alpha", "beta gamma", "delta epsilon", "zeta eta theta")] + buttons("More"),
        buttons("Yes, please", "No, thank you", "Ask me later"), buttons("Bestellung bestätigen", "Benachrichtigungen abbestellen"), buttons("A", "B"),
        [{"type": "Input", "name": "a"}, {"type": "Select", "name": "b", "options": [{"value": "1", "label": "A very long option label here"}], "defaultValue": "1"}, *buttons("Add")]]]}
    row = {"type": "ListViewItem", "children": [{"type": "Box", "size": 40, "radius": "full", "background": "red-300"},
                                                {"type": "Col", "children": [items.text("Very important customer name GmbH & Co. KG")]}, {"type": "Badge", "label": "shipped"}, *buttons("Track")]}
    page.size((360, 740))
    begin(stub, page, items.widget(card) | {"id": "card"}, items.widget({"type": "ListView", "children": [row]}) | {"id": "list"})
    cut = page.js("""return [...document.querySelectorAll('.w-button, .w-badge')].filter((one) => {
        const box = one.getBoundingClientRect(), around = one.closest('.w-card').getBoundingClientRect();
        return box.left < around.left || box.right > around.right;
    }).map((one) => one.textContent)""")
    assert not cut
    broken = page.js("""return [...document.querySelectorAll('.w-button, .w-badge')].filter((one) => {
        const text = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
        return [...text.data.matchAll(/\\S+/g)].some((word) => {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            return range.getClientRects().length > 1;
        });
    }).map((one) => one.textContent)""")
    assert not broken
    assert all(size >= 40 for size in page.js("return [...document.querySelectorAll('.w-button')].flatMap((one) => [one.offsetWidth, one.offsetHeight])"))
    assert page.js("const { offsetWidth, offsetHeight } = document.querySelector('[data-part=Box]'); return [offsetWidth, offsetHeight]") == [40, 40]


def test_quick_changes_arrive_in_order(stub: Stub, page: Page) -> None:
    """A choice that is made with the arrow keys is several in a row: the last one is the one that counts, whichever request is faster."""
    def picked(value: str) -> dict:
        one = {"type": "Select", "name": "size", "defaultValue": value, "options": [{"value": v, "label": v} for v in "abc"], "onChangeAction": {"type": "pick", "streaming": False}}
        return with_id(items.widget({"type": "Card", "children": [one]}), "w")
    go = threading.Event()

    def slow(_: dict) -> dict:
        go.wait(SECONDS)
        return {"updated_item": picked("b")}
    stub.on("threads.sync_custom_action", slow, Status(500, "Not now."), {"updated_item": picked("c")})
    begin(stub, page, picked("a"))
    change = "const node = document.querySelector('[data-field=size]'); node.value = arguments[0]; node.dispatchEvent(new Event('change', { bubbles: true }))"
    for value in "bac":
        page.js(change, value)
    page.wait("the first", lambda: stub.asked("threads.sync_custom_action"))
    page.js("window.waited = false; setTimeout(() => { window.waited = true; }, 300)")
    page.wait("a while", lambda: page.js("return window.waited"))
    assert [p["action"]["payload"]["size"] for p in stub.asked("threads.sync_custom_action")] == ["b"]
    go.set()
    page.wait("the others", lambda: [p["action"]["payload"]["size"] for p in stub.asked("threads.sync_custom_action")] == ["b", "a", "c"])
    page.wait("the last", lambda: values(page, "size") == ["c"])
    assert "Not now." in page.errors()
    page.driver.get_log("browser")  # the refusal, as the browser notes it


def test_a_table_that_windows_calls_excels(stub: Stub, page: Page) -> None:
    stub.session["attachments"] = {"accept": ["text/csv"], "max_bytes": 1000, "per_message": 3}
    stub.on("upload", {"type": "file", "id": "atc_1", "name": "a.csv", "mime_type": "text/csv"})
    page.open(stub.url)
    page.js("""const files = new DataTransfer();
        for (const name of ['a.csv', 'a.xls']) files.items.add(new File(['a;b'], name, { type: 'application/vnd.ms-excel' }));
        const input = document.querySelector('[data-testid=file]');
        input.files = files.files;
        input.dispatchEvent(new Event('change'))""")
    page.wait("the table", lambda: [chip.get_attribute("data-status") for chip in page.all("chip")] == ["complete"])
    assert page.errors() == ["a.xls: files of the type application/vnd.ms-excel are not taken here."]


def test_labels_of_a_chart_stand_under_their_points(stub: Stub, page: Page) -> None:
    chart = {"type": "Chart", "data": [{"x": f"d{n}", "y": n} for n in range(31)], "series": [{"type": "bar", "dataKey": "y"}], "xAxis": {"dataKey": "x"}}
    begin(stub, page, items.widget({"type": "Card", "children": [chart]}) | {"id": "w"})
    plot, *labels = page.js("""const middle = (node) => { const box = node.getBoundingClientRect(); return (box.left + box.right) / 2; };
        const bars = [...document.querySelectorAll('.w-plot rect')], step = middle(bars[1]) - middle(bars[0]);
        const text = (span) => { const range = document.createRange(); range.selectNodeContents(span); return range; };
        return [bars.map(middle), ...[...document.querySelectorAll('.w-axis span')].map((span) => [span.textContent, middle(text(span)), step])]""")
    assert [text for text, *_ in labels] == ["d0", "d15", "d30"]
    for (_, at, step), bar in zip(labels, (0, 15, 30), strict=True):
        assert abs(at - plot[bar]) <= step


def test_a_text_that_can_be_written_in_grows(stub: Stub, page: Page) -> None:
    def card(value: str) -> dict:
        return with_id(items.widget({"type": "Card", "children": [items.text(value, id="t", editable={"name": "title"})]}), "w")

    def delta(text: str) -> dict:
        return update("w", "widget.streaming_text.value_delta", component_id="t", delta=text, done=False)
    stub.on("threads.add_user_message", turn(added(card("A")), delta(" quiet"), HOLD, delta(" place"), done(card("A quiet place")), HOLD))
    begin(stub, page)
    page.start("show it")
    page.wait("the beginning", lambda: values(page, "title") == ["A quiet"])
    stub.go()
    page.wait("all of it", lambda: values(page, "title") == ["A quiet place"])
    item(page, "w").find_element(By.TAG_NAME, "input").send_keys("!")
    stub.go()
    page.ready()
    assert values(page, "title") == ["A quiet place!"]
