# SPDX-License-Identifier: MIT
"""Every kind of thread item and every component of a widget, from the history of the real server, in a real browser."""
from __future__ import annotations

import json
import os
from pathlib import Path

import page_items as items
import pytest
from browser import NARROW, PHONE, WIDE, Page, browser, page  # noqa: F401
from selenium.webdriver.common.by import By


def store(site, thread_id: str, history: list[dict]) -> list[str]:
    """Puts items behind those of a thread, in one turn; returns their ids."""
    ids = []
    for i, item in enumerate(history):
        ids.append(f"itm_{thread_id}_{i}")
        body = {"id": ids[-1], "thread_id": thread_id, "created_at": "2026-11-22T10:00:00.000000Z"} | item
        site.db("""WITH t AS (UPDATE chatkit.thread SET last_seq = last_seq + 1 WHERE id = %s RETURNING owner_id, id, last_seq)
            INSERT INTO chatkit.item (owner_id, thread_id, seq, id, turn_id, kind, state, hidden, body)
            SELECT owner_id, id, last_seq, %s, 'turn_of_test', %s, 'done', false, %s FROM t RETURNING id""",
                thread_id, ids[-1], item["type"], json.dumps(body, ensure_ascii=False))
    return ids


def part(root, name: str) -> list:
    return root.find_elements(By.CSS_SELECTOR, f"[data-part='{name}']")


def press(page: Page, element) -> None:
    """Clicks where nothing floats above."""
    page.js("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def shoot(page: Page, shots: Path) -> None:
    """Pictures of everything at once, for whoever wants to look."""
    shots.mkdir(parents=True, exist_ok=True)
    for name, size, dark in (("wide", WIDE, False), ("wide", WIDE, True), ("phone", PHONE, False)):
        page.dark(dark)
        page.size(size)
        page.size((size[0], page.js("return document.getElementById('scroller').scrollHeight") + 250))
        page.wait("the drawer is where it belongs", lambda: page.js("return document.getAnimations().length") == 0)
        assert page.driver.save_screenshot(str(shots / f"items-{name}-{'dark' if dark else 'light'}.png"))


def test_everything_from_history(site, page: Page) -> None:
    page.open(site.url)
    page.say("hello")
    ids = store(site, page.thread_id(), items.HISTORY)
    page.reload()
    page.wait("the last item", lambda: page.all("structured-input"))
    at = {i: page.driver.find_element(By.CSS_SELECTOR, f"[data-id='{i}']") for i in ids}
    (said, thoughts, work, task, tool, answer, card, form, listing, chart, picture, end, thanks, answered, skipped, image_generation, poem, pending) = at.values()

    # what was said
    assert "the usual" in said.text and "What does milk cost, and where?" in said.text and "prices.pdf" in said.text
    assert said.find_element(By.CSS_SELECTOR, "img").get_attribute("alt") == "evening.svg"
    assert thanks.text == "Thank you, @Cook"

    # steps
    assert thoughts.find_element(By.TAG_NAME, "summary").text == "Thought for 12 s" and thoughts.get_attribute("open") is None
    assert work.find_element(By.TAG_NAME, "summary").text == "Looked around" and work.get_attribute("open")
    tasks = work.find_elements(By.CSS_SELECTOR, "[data-testid=task]")
    assert [t.get_attribute("data-kind") for t in tasks] == ["custom", "web_search", "thought", "file", "image", "custom"]
    assert [t.get_attribute("data-status") for t in tasks] == ["complete", "complete", "none", "complete", "complete", "loading"]
    for one, words in zip(tasks, (["Read the list", "Found 3 entries."], ["price of milk", "milk 2026", "A page about milk", "Dairy Board"], ["Weighing it", "probably"],
                                  ["Looked into files", "Prices 2026"], ["Drew a cow"], ["Asked a tool", '{"rows": [1, 2]}']), strict=True):
        assert all(word in one.text for word in words), one.text
    assert tasks[1].find_element(By.TAG_NAME, "a").get_attribute("href") == "https://dairy.example/milk"
    assert task.text.split("\n") == ["Wrote a note", "On the fridge."] and not task.find_elements(By.TAG_NAME, "summary")
    assert tool.text == "Asked this page: get_page_info"
    press(page, tool.find_element(By.TAG_NAME, "summary"))
    assert '"deep": true' in tool.text and '"title": "Chat"' in tool.text

    # sources: three, each once, in the text where their index says
    assert answer.find_element(By.CSS_SELECTOR, ".prose").get_attribute("textContent") == "Milk 🥛 costs 1.20.1 It is sold at the corner.2shop"
    sources = [li.text for li in answer.find_elements(By.CSS_SELECTOR, "[data-testid=sources] li")]
    assert sources == ["A page about milk Dairy Board", "Prices 2026", "Corner shop"]
    assert [mark.get_attribute("href") for mark in answer.find_elements(By.CSS_SELECTOR, ".cite a")] == ["https://dairy.example/milk"]
    assert not answer.find_elements(By.XPATH, ".//a[contains(., 'Corner')] | .//button[contains(., 'Corner')]"), "an entity is shown only"

    # widgets, component by component
    words = card.text
    for word in ("Shopping helper", "Milk and bread", "New", "Two things, one shop", "Open until eight", "2 km", "bag", "It is not far", "Organic", "Sold out", "Few left"):
        assert word in words, word
    for name, count in {"Card": 1, "Row": 4, "Col": 1, "Box": 1, "Spacer": 1, "Divider": 1, "Transition": 1, "Title": 1, "Caption": 1, "Text": 3, "Markdown": 1, "Badge": 4,
                        "Icon": 1, "Image": 1, "Button": 2}.items():
        assert len(part(card, name)) == count, name
    assert part(card, "Title")[0].tag_name == "h3" and part(card, "Divider")[0].tag_name == "hr"
    assert part(card, "Icon")[0].accessible_name == "calendar" and part(card, "Icon")[0].find_elements(By.TAG_NAME, "svg")
    assert part(card, "Image")[0].accessible_name == "A hill in the evening" and part(card, "Image")[0].get_attribute("src").startswith("data:image/svg")
    assert [b.accessible_name for b in card.find_elements(By.TAG_NAME, "button")] == ["Buy milk", "More", "Confirm order", "Not now"]
    assert part(card, "Markdown")[0].find_element(By.TAG_NAME, "a").get_attribute("rel") == "noopener noreferrer"

    assert part(form, "Form")[0].tag_name == "form"
    assert {name: (part(form, name)[0].tag_name, part(form, name)[0].get_attribute("type")) for name in ("Input", "Textarea", "Select", "DatePicker")} == {
        "Input": ("input", "text"), "Textarea": ("textarea", "textarea"), "Select": ("select", "select-one"), "DatePicker": ("input", "date")}
    assert [part(form, name)[0].accessible_name for name in ("Input", "Textarea", "Select", "DatePicker")] == ["Your name", "Note", "Size", "Day"]
    assert [part(form, name)[0].get_property("value") for name in ("Input", "Textarea", "Select", "DatePicker")] == ["", "Ring twice", "l", "2026-11-24"]
    assert part(form, "Input")[0].get_property("required") and not part(form, "Input")[0].get_attribute("name")
    radios = part(form, "RadioGroup")[0]
    assert (radios.aria_role, radios.accessible_name) == ("radiogroup", "Payment")
    assert [(r.accessible_name, r.is_selected()) for r in radios.find_elements(By.TAG_NAME, "input")] == [("Cash", False), ("Card", True)]
    box = part(form, "Checkbox")[0].find_element(By.TAG_NAME, "input")
    assert (box.aria_role, box.accessible_name, box.is_selected()) == ("checkbox", "For somebody else", True)

    rows = listing.find_elements(By.CSS_SELECTOR, "[role=button]")
    assert "3 shops" in listing.text and [r.is_displayed() for r in rows] == [True, True, False] and "Shop 2" in rows[1].text
    press(page, listing.find_element(By.XPATH, ".//button[.='Show 1 more']"))
    assert rows[2].is_displayed()

    assert "Milk sold" in chart.text and "Mon" in chart.text and len(chart.find_elements(By.CSS_SELECTOR, "svg rect")) == 3
    press(page, part(chart, "Chart")[0].find_element(By.TAG_NAME, "summary"))
    assert "Tue 5 2" in chart.text
    cells = [c.text for c in part(chart, "Table")[0].find_elements(By.CSS_SELECTOR, "th, td")]
    assert cells == ["Thing", "Price", "Butter", "2.40"] and len(part(chart, "Table.Row")) == 2 and len(part(chart, "Table.Cell")) == 4
    assert "Inside of the unknown" in chart.text and "“Hologram”" in chart.text

    # the rest
    assert picture.find_element(By.TAG_NAME, "img").accessible_name == "Generated image" and not end.is_displayed()
    assert answered.text.split("\n") == ["Which milk?", "Oat", "Which shops?", "North, a third", "Anything else?", "Skipped"]
    assert skipped.text.startswith("You skipped these questions.")
    assert "image_generation" in image_generation.text and poem.text == "Roses are red"
    assert [f.find_element(By.TAG_NAME, "legend").text for f in pending.find_elements(By.TAG_NAME, "fieldset")] == ["Which milk?", "Which shops?", "Anything else?"]
    assert [i.get_attribute("type") for i in pending.find_elements(By.TAG_NAME, "input")] == ["radio"] * 3 + ["text"] + ["checkbox"] * 3 + ["text"]
    assert "Allergies, for example." in pending.text and pending.find_elements(By.TAG_NAME, "textarea")
    assert page.js("""return [...document.querySelectorAll('#conversation :is(button, input, textarea, select, a[href], [role=button])')]
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.placeholder)).map(e => e.outerHTML)""") == []

    # thumbs: under the first turn and under the second, not under the one that only asks
    assert len(page.all("feedback")) == 2
    if os.environ.get("PAGE_SHOTS"):
        shoot(page, Path(os.environ["PAGE_SHOTS"]))


@pytest.mark.parametrize("page", [NARROW], indirect=True)
def test_everything_fits_a_phone(site, page: Page) -> None:
    page.open(site.url)
    page.say("hello")
    store(site, page.thread_id(), items.HISTORY)
    page.reload()
    page.wait("the last item", lambda: page.all("structured-input"))
    assert page.js("return document.documentElement.scrollWidth") <= NARROW[0]
    assert page.js("const s = document.getElementById('scroller'); return s.scrollWidth - s.clientWidth") <= 0
    small = page.js("""return [...document.querySelectorAll('#conversation :is(button, summary, .w-control, .w-choice, .w-row)')].filter(e => e.checkVisibility({visibilityProperty: true}))
        .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.height < 39.5 || r.width < 39.5)).map(([html, r]) => [html, r.width, r.height])""")
    assert not small


def test_modules_are_named() -> None:
    """index.html asks for every module at once, and for none that is not there."""
    www = Path(__file__).resolve().parents[2] / "deploy/www"
    text = (www / "index.html").read_text()
    assert {path.name for path in www.glob("*.js")} == {line.split('"')[3] for line in text.splitlines() if 'rel="modulepreload"' in line} | {"chat.js"}
