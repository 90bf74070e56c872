# SPDX-License-Identifier: MIT
"""The built-in page in a real browser, as a visitor uses it.

The demo model answers where any answer will do; a scripted model where the test must know what is said, or must be faster than it.
"""
from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from browser import NARROW, PHONE, WIDE, Page, browser, page  # noqa: F401
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

WORDS = " ".join(f"word{i}" for i in range(1, 1201))
SLOWLY = [{"pace_ms": 50}, {"text": WORDS}, {"finish": "stop"}, {"usage": {}}, {"done": True}]  # a minute: nobody waits for its end

HOSTILE = """Hello <script>window.pwned = 1</script> <img src="x" onerror="window.pwned = 1"> <svg onload="window.pwned = 1"></svg>

[press me](javascript:window.pwned=1) [and me](data:text/html,<script>window.pwned=1</script>) [me](vbscript:x) <javascript:window.pwned=1>

![a picture](https://tracker.example/pixel.png?secret) <iframe src="https://tracker.example/"></iframe> [good](https://good.example/page)

| a | b |
|---|---|
| <img src=x onerror=window.pwned=1> | [x](JaVaScRiPt:window.pwned=1) |

```html
<script>window.pwned = 1</script>
```

The end.
"""


# ---- talking


def test_ten_messages_with_tools(site, page: Page) -> None:
    page.open(site.url)
    said = ["add milk to my list", "add bread to my list", "what is on my list", "mark milk as done", "what is on my list",
            "add apples to my list", "add tea to my list", "mark bread as done", "add coffee to my list", "what is on my list"]
    for i, text in enumerate(said, 1):
        answer = page.say(text)
        messages = page.messages()
        assert [role for role, _ in messages] == ["user", "assistant"] * i
        assert messages[-2][1] == text and answer
        assert len(page.all("workflow")) == i, "every one of these needs a tool"
    for thing in ("milk", "bread", "apples", "tea", "coffee"):
        assert thing in answer.lower()
    assert {task.get_attribute("data-status") for task in page.all("task")} == {"complete"}

    rows = site.db("SELECT title, completed FROM chatkit.task WHERE owner_id = (SELECT owner_id FROM chatkit.thread WHERE id = %s)", page.thread_id())
    assert {title.lower(): done for title, done in rows} == {"milk": True, "bread": True, "apples": False, "tea": False, "coffee": False}

    before, tasks = page.messages(), len(page.all("task"))
    page.reload()
    assert page.messages() == before and len(page.all("task")) == tasks and len(page.all("workflow")) == 10


def test_workflow_unfolds(site, page: Page) -> None:
    page.open(site.url)
    page.say("add milk to my list")
    task = page.all("task")[0]
    visible = "return arguments[0].checkVisibility()"
    assert not page.js(visible, task)
    page.one("workflow").find_element(By.TAG_NAME, "summary").click()
    assert page.js(visible, task) and task.text


def test_session_comes_first_and_alone(site, page: Page) -> None:
    page.open(site.url)
    page.say("hello")
    posts = page.posts()
    assert posts[0] == ("/api/chat/session", {})
    assert [path for path, _ in posts].count("/api/chat/session") == 1
    assert {path for path, _ in posts[1:]} == {"/api/chat"}
    # Nothing else was asked before the session was there: resource timings of the page itself.
    times = page.js("return performance.getEntriesByType('resource').filter(e => e.name.includes('/api/')).map(e => [e.startTime, e.responseEnd])")
    assert all(start >= times[0][1] for start, _ in times[1:])


def test_examples_are_sent(site, page: Page) -> None:
    page.open(site.url)
    page.driver.find_element(By.ID, "examples").find_elements(By.TAG_NAME, "button")[0].click()
    page.wait("the answer", lambda: page.answer() and page.state() == "ready")
    assert page.messages()[0] == ("user", "Add milk to my list")
    assert not page.driver.find_element(By.ID, "welcome").is_displayed()


def test_composer(site, page: Page) -> None:
    page.open(site.url)
    assert page.focused() == "composer" and not page.one("send").is_enabled()
    page.type("   ")
    assert not page.one("send").is_enabled()
    page.start("")
    assert page.messages() == []
    page.one("composer").clear()
    height = page.one("composer").size["height"]
    page.type("hello" + Keys.SHIFT + Keys.ENTER + Keys.NULL + "there")
    assert page.one("composer").get_attribute("value") == "hello\nthere"
    assert page.one("composer").size["height"] > height
    # Enter that ends a composition of an input method picks a word; it sends nothing.
    page.js("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))")
    assert page.messages() == [] and page.state() == "ready"
    page.one("send").click()
    page.ready()
    assert page.messages()[0] == ("user", "hello\nthere")
    assert page.one("composer").get_attribute("value") == "" and page.focused() == "composer"
    assert page.one("composer").size["height"] == height


# ---- answers that do not end well


def under_way(page: Page) -> str:
    """Waits until some of a slow answer is there; returns what."""
    return page.wait("some of the answer", lambda: page.answer() if "word10 " in page.answer() else "")


def settled(page: Page, seen: str) -> str:
    """Waits until the stored answer has all that was seen, looking again as a visitor does who comes back to the window."""
    def look() -> str:
        page.js("window.dispatchEvent(new Event('focus'))")
        return page.answer() if page.answer().startswith(seen) else ""
    return page.wait("the text that was seen", look)


def test_reload_in_the_middle_of_an_answer(model_site, page: Page) -> None:
    site = model_site([SLOWLY])
    page.open(site.url)
    page.start("tell me a lot")
    seen = under_way(page)
    assert page.state() == "streaming"
    page.reload()
    text = settled(page, seen)
    assert WORDS.startswith(text)
    assert [role for role, _ in page.messages()] == ["user", "assistant"]


def test_what_is_typed_survives_a_refresh(model_site, page: Page) -> None:
    site = model_site(["An answer."])
    page.open(site.url)
    page.say("hello")
    page.type("half a thou")
    page.collect()
    before = len(page.requests)
    page.js("window.dispatchEvent(new Event('focus'))")
    page.wait("the items are read again", lambda: any(body.get("type") == "items.list" for _, body in page.posts()[-2:]) and len(page.requests) > before)
    page.ready()
    assert page.one("composer").get_attribute("value") == "half a thou" and page.focused() == "composer"
    assert len(page.messages()) == 2


def test_stop_keeps_what_arrived(model_site, page: Page) -> None:
    site = model_site([SLOWLY, "A short one."])
    page.open(site.url)
    page.start("tell me a lot")
    seen = under_way(page)
    page.one("stop").click()
    page.ready()
    stopped = page.answer()
    assert stopped.startswith(seen) and WORDS.startswith(stopped) and not page.errors()
    assert page.focused() == "composer"
    page.wait("the model is told", lambda: site.model_requests()[0].left is not None)
    page.reload()
    assert WORDS.startswith(settled(page, seen))
    assert page.say("and now a short one") == "A short one."
    assert [role for role, _ in page.messages()] == ["user", "assistant"] * 2


def test_escape_stops(model_site, page: Page) -> None:
    site = model_site([SLOWLY])
    page.open(site.url)
    page.start("tell me a lot")
    under_way(page)
    page.press(Keys.ESCAPE)
    page.ready()
    assert page.answer() and not page.errors()


def test_another_chat_meanwhile(model_site, page: Page) -> None:
    site = model_site(["First.", [{"pace_ms": 100}, {"text": " ".join(WORDS.split()[:40])}, {"finish": "stop"}, {"usage": {}}, {"done": True}]])
    page.open(site.url)
    page.say("one")
    first = page.thread_id()
    page.one("new-chat").click()
    page.start("two")
    under_way(page)
    second = page.thread_id()
    page.driver.find_element(By.CSS_SELECTOR, f"[data-id='{first}'] [data-testid=thread-title]").click()
    page.wait("the first chat", lambda: page.answer() == "First.")
    assert page.state() == "ready"
    page.driver.find_element(By.CSS_SELECTOR, f"[data-id='{second}'] [data-testid=thread-title]").click()
    page.wait("the whole answer", lambda: page.answer().endswith("word40"))
    page.ready()
    assert not page.errors()


def test_a_failed_answer_is_tried_again(model_site, page: Page) -> None:
    site = model_site([[{"text": "only half of "}, {"cut": True}], "The whole answer."])
    page.open(site.url)
    page.start("please")
    page.wait("an error with a button", lambda: page.errors() and page.all("retry"))
    page.ready()
    page.one("retry").click()
    page.wait("the whole answer", lambda: page.answer() == "The whole answer." and page.state() == "ready")
    assert page.messages() == [("user", "please"), ("assistant", "The whole answer.")] and not page.errors()
    page.reload()
    assert page.messages() == [("user", "please"), ("assistant", "The whole answer.")]


# The page's fetch, with a fault put in front of the next request of one type.
FAULTS = """
    const real = window.fetch;
    window.faults = %s;
    window.fetch = async (path, options) => {
      const {type} = JSON.parse(options.body);
      const fault = window.faults[0]?.type === type ? window.faults.shift() : {};
      if (fault.status) return new Response(JSON.stringify({message: fault.message}), {status: fault.status, headers: fault.headers});
      if (fault.unreachable) throw new TypeError('Failed to fetch');
      const response = await real(path, options);
      if (!fault.cut_after) return response;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '', end = 0;
      const body = new ReadableStream({async pull(controller) {
        if (end) { await reader.cancel(); controller.error(new TypeError('network error')); return; }
        while (!end) {  /* passes on exactly the events up to the one that was named */
          const {done, value} = await reader.read();
          if (done) throw new Error('the stream ended before ' + fault.cut_after);
          text += value;
          const at = text.indexOf(fault.cut_after);
          end = at < 0 ? 0 : text.indexOf('\\n\\n', at) + 2;
          if (end === 1) end = 0;
        }
        controller.enqueue(new TextEncoder().encode(text.slice(0, end)));
      }});
      return new Response(body, {headers: response.headers});
    };"""


def test_a_full_server_is_asked_again(site, page: Page) -> None:
    full = {"type": "threads.create", "status": 503, "message": "The server is full.", "headers": {"Retry-After": "1"}}
    page.before_load(FAULTS % json.dumps([full, full]))
    page.open(site.url)
    assert page.say("add milk to my list")
    assert page.js("return window.faults.length") == 0
    assert [role for role, _ in page.messages()] == ["user", "assistant"]


def test_a_server_that_stays_full(site, page: Page) -> None:
    full = {"type": "threads.create", "status": 503, "message": "The server is full.", "headers": {"Retry-After": "1"}}
    page.before_load(FAULTS % json.dumps([full] * 4))
    page.open(site.url)
    page.start("add milk to my list")
    page.wait("the server's own words", lambda: "The server is full." in "".join(page.errors()))
    page.one("retry").click()
    page.wait("the answer", lambda: page.answer() and page.state() == "ready")
    assert [role for role, _ in page.messages()] == ["user", "assistant"] and not page.errors()


def test_a_server_that_cannot_be_reached(site, page: Page) -> None:
    page.before_load(FAULTS % json.dumps([{"type": "threads.create", "unreachable": True}]))
    page.open(site.url)
    page.start("add milk to my list")
    page.wait("an error", page.errors)
    assert page.messages() == [("user", "add milk to my list")]
    page.one("retry").click()
    page.wait("the answer", lambda: page.answer() and page.state() == "ready")
    assert [role for role, _ in page.messages()] == ["user", "assistant"] and not page.errors()


def test_a_message_that_is_refused_comes_back(site, page: Page) -> None:
    page.before_load(FAULTS % json.dumps([{"type": "threads.create", "status": 413, "message": "This is too long."}]))
    page.open(site.url)
    page.start("a very long text")
    page.wait("the server's own words", lambda: page.errors() == ["This is too long."])
    assert page.messages() == [] and page.one("composer").get_attribute("value") == "a very long text"


@pytest.mark.parametrize(("cut_after", "on_disconnect"), [("thread.created", "finish"), ("user_message", "cancel"), ("text_delta", "cancel")])
def test_a_connection_that_breaks(model_site, page: Page, cut_after: str, on_disconnect: str) -> None:
    """Before the message was acknowledged (then the second send joins the first) and after it: in the end it was sent once and answered once."""
    site = model_site([[{"pace_ms": 30}, {"text": " ".join(WORDS.split()[:20])}, {"finish": "stop"}, {"usage": {}}, {"done": True}]],
                      env={"CHATKIT_ON_DISCONNECT": on_disconnect})
    page.before_load(FAULTS % json.dumps([{"type": "threads.create", "cut_after": cut_after}]))
    page.open(site.url)
    page.start("please")
    page.wait("an error with a button", lambda: page.errors() and page.all("retry"))
    page.one("retry").click()
    page.wait("the whole answer", lambda: page.answer().endswith("word20") and page.state() == "ready")
    assert [role for role, _ in page.messages()] == ["user", "assistant"] and not page.errors()
    page.reload()
    assert [role for role, _ in page.messages()] == ["user", "assistant"] and len(page.all("thread")) == 1


# ---- the list of chats


def test_rename(site, page: Page) -> None:
    page.open(site.url)
    page.say("add milk to my list")
    page.one("rename").click()
    page.one("rename-input").send_keys(Keys.ESCAPE)
    assert not page.all("rename-input") and page.state() == "ready"
    page.one("rename").click()
    page.one("rename-input").send_keys(Keys.CONTROL + "a" + Keys.NULL + "Groceries <b>&amp;" + Keys.ENTER)
    page.wait("the new title", lambda: page.one("thread-title").text == "Groceries <b>&amp;")
    page.wait("it is stored", lambda: site.db("SELECT title FROM chatkit.thread WHERE id = %s", page.thread_id()) == [("Groceries <b>&amp;",)])
    page.reload()
    assert page.one("thread-title").text == "Groceries <b>&amp;"
    assert page.driver.find_element(By.ID, "title").text == "Groceries <b>&amp;"


def test_delete(site, page: Page) -> None:
    page.open(site.url)
    page.say("add milk to my list")
    kept = page.thread_id()
    page.one("new-chat").click()
    assert page.messages() == [] and page.thread_id() == ""
    page.say("what is on my list")
    gone = page.thread_id()
    assert [row.get_attribute("data-id") for row in page.all("thread")] == [gone, kept]

    row = page.driver.find_element(By.CSS_SELECTOR, f"[data-testid=thread][data-id='{gone}']")
    row.find_element(By.CSS_SELECTOR, "[data-testid=delete]").click()
    page.press(Keys.ESCAPE)
    assert not page.all("confirm-delete") and len(page.all("thread")) == 2
    row.find_element(By.CSS_SELECTOR, "[data-testid=delete]").click()
    page.one("confirm-delete").click()
    page.wait("the row is gone", lambda: [row.get_attribute("data-id") for row in page.all("thread")] == [kept])
    assert page.messages() == [] and page.thread_id() == ""
    assert site.db("SELECT count(*) FROM chatkit.thread WHERE id = %s", gone) == [(0,)]
    page.reload()
    assert [row.get_attribute("data-id") for row in page.all("thread")] == [kept]
    page.one("thread-title").click()
    page.wait("the other chat", lambda: len(page.messages()) == 2)


def test_a_reload_comes_back_to_the_chat(site, page: Page) -> None:
    page.open(site.url)
    page.say("add milk to my list")
    first = page.thread_id(), page.messages()
    page.one("new-chat").click()
    page.say("what is on my list")
    page.driver.find_element(By.CSS_SELECTOR, f"[data-id='{first[0]}'] [data-testid=thread-title]").click()
    page.wait("the first chat", lambda: page.messages() == first[1])
    page.reload()
    assert (page.thread_id(), page.messages()) == first


def test_a_chat_that_does_not_exist(site, page: Page) -> None:
    page.open(site.url)
    page.js("location.hash = 'thread=thr_nobody'")
    page.wait("it says so", page.errors)
    assert not page.all("retry")
    page.one("new-chat").click()
    page.ready()
    assert page.say("add milk to my list")
    severe = [entry["message"] for entry in page.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert len(severe) == 1 and "404" in severe[0]  # the browser's own note of that answer


# ---- anybody, anywhere


def test_keyboard_alone(site, page: Page) -> None:
    page.open(site.url)
    page.tab_to("skip", back=True)
    assert page.js("return document.querySelector('a, button, input, textarea') === document.activeElement"), "the skip link is the first thing"
    page.press(Keys.ENTER)
    assert page.focused() == "composer"
    page.press("add milk to my list", Keys.ENTER)
    page.wait("the answer", lambda: page.answer() and page.state() == "ready")
    assert page.focused() == "composer"

    page.tab_to("new-chat", back=True)
    page.press(Keys.ENTER)
    page.wait("a new chat", lambda: page.thread_id() == "" and page.focused() == "composer")
    page.tab_to("thread-title", back=True)
    page.press(Keys.ENTER)
    page.wait("the chat is back", lambda: len(page.messages()) == 2 and page.focused() == "composer")

    page.tab_to("new-chat", back=True)
    page.tab_to("rename")
    outline = page.js("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]")
    assert outline[0] == "solid" and outline[1] >= 2
    page.press(Keys.ENTER)
    assert page.focused() == "rename-input"
    page.press("Shopping", Keys.ENTER)
    page.wait("the new title", lambda: page.one("thread-title").text == "Shopping")
    assert page.focused() == "thread-title"

    page.tab_to("delete")
    page.press(Keys.ENTER)
    page.tab_to("confirm-delete")
    page.press(Keys.ENTER)
    page.wait("the row is gone", lambda: not page.all("thread"))
    assert page.focused() == "composer"


def test_a_screen_reader_hears_the_answer_once(model_site, page: Page) -> None:
    site = model_site(["Some **bold** words."])
    page.open(site.url)
    live = page.driver.find_element(By.CSS_SELECTOR, "[aria-live=polite]")
    page.say("hello")
    assert live.get_attribute("textContent") == "Some bold words."
    nameless = page.js("""return [...document.querySelectorAll('button, a[href], textarea, input')]
        .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map(e => e.outerHTML)""")
    assert not nameless


WIDE_TEXT = f"""A {'long' * 60} word and https://good.example/{'path/' * 40}

| {' | '.join(f'column {i}' for i in range(20))} |
|{'---|' * 20}
| {' | '.join('a cell' for _ in range(20))} |

```
{'a line of code that does not end ' * 10}
```
"""


@pytest.mark.parametrize("page", [NARROW], indirect=True)
def test_narrow(model_site, page: Page) -> None:
    site = model_site([WIDE_TEXT])
    page.open(site.url)
    page.say("wide" * 50)
    assert page.js("return document.documentElement.scrollWidth") <= NARROW[0]
    assert page.js("const s = document.getElementById('scroller'); return s.scrollWidth - s.clientWidth") <= 0
    composer = page.driver.find_element(By.ID, "form").rect
    assert composer["x"] >= 0 and composer["x"] + composer["width"] <= NARROW[0] and composer["y"] + composer["height"] <= NARROW[1]

    page.wait("the conversation in the list", lambda: page.all("thread-title"))
    assert not page.one("thread-title").is_displayed()
    page.driver.find_element(By.ID, "open-menu").click()
    page.wait("the drawer", lambda: page.one("thread-title").is_displayed() and page.one("thread").rect["x"] >= 0)
    page.press(Keys.ESCAPE)
    page.wait("the drawer is closed", lambda: not page.one("thread-title").is_displayed())
    page.driver.find_element(By.ID, "open-menu").click()
    page.wait("the drawer", lambda: page.one("thread").rect["x"] >= 0)
    page.one("new-chat").click()
    page.wait("a new chat", lambda: not page.one("thread-title").is_displayed() and page.messages() == [])


@pytest.mark.parametrize("page", [NARROW], indirect=True)
def test_targets_are_large(model_site, page: Page) -> None:
    site = model_site([WIDE_TEXT])
    page.open(site.url)
    page.say("hello")

    def small() -> list:
        return page.js("""return [...document.querySelectorAll('button, summary, input, textarea, .thread-title')].filter(e => e.checkVisibility({visibilityProperty: true}))
            .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.height < 39.5 || r.width < 39.5)).map(([html, r]) => [html, r.width, r.height])""")
    assert not small()
    page.driver.find_element(By.ID, "open-menu").click()
    page.wait("the drawer", lambda: page.one("thread").rect["x"] >= 0)
    assert not small()


def test_the_view_follows_only_a_reader_at_the_bottom(model_site, page: Page) -> None:
    site = model_site([[{"pace_ms": 40}, {"text": WORDS.replace(" ", "\n\n")}, {"finish": "stop"}, {"usage": {}}, {"done": True}]])
    page.open(site.url)
    page.start("tell me a lot")
    below = "const s = document.getElementById('scroller'); return s.scrollHeight - s.scrollTop - s.clientHeight"
    page.wait("more than a screen", lambda: page.js("const s = document.getElementById('scroller'); return s.scrollHeight > 2 * s.clientHeight"))
    assert page.js(below) < 48
    page.js("document.getElementById('scroller').scrollTop = 10")
    length = len(page.answer())
    page.wait("more text", lambda: len(page.answer()) > length + 200)
    assert page.js("return document.getElementById('scroller').scrollTop") == 10
    page.driver.find_element(By.ID, "jump").click()
    page.wait("the end again", lambda: page.js(below) < 48)
    page.press(Keys.ESCAPE)
    page.ready()


# ---- trust


def test_hostile_text_stays_text(model_site, page: Page) -> None:
    site = model_site([HOSTILE])
    page.open(site.url)
    page.say(HOSTILE.replace("\n", " "))
    for _ in range(2):  # as it was streamed, and as it is loaded
        assert [role for role, _ in page.messages()] == ["user", "assistant"]
        assert page.js("return window.pwned ?? null") is None
        found = page.js("""const root = document.getElementById('conversation').cloneNode(true);
            root.querySelectorAll('.thumbs').forEach(e => e.remove()); // the page's own icons
            return {elements: [...new Set([...root.querySelectorAll('*')].map(e => e.localName))], links: [...root.querySelectorAll('a')].map(a => [a.href, a.rel, a.target]),
                    handlers: [...root.querySelectorAll('*')].filter(e => e.getAttributeNames().some(n => n.startsWith('on') || n === 'src' || n === 'style')).length}""")
        assert not {"script", "img", "iframe", "svg", "object", "embed", "style"} & set(found["elements"])
        assert found["handlers"] == 0
        hrefs = [href for href, _, _ in found["links"]]
        assert "https://good.example/page" in hrefs and all(href.startswith("https://") for href in hrefs)
        assert all(rel == "noopener noreferrer" and target == "_blank" for _, rel, target in found["links"])
        assert "<script>window.pwned = 1</script>" in page.answer() and page.answer().endswith("The end.")
        for title in page.all("thread-title"):
            assert not title.find_elements(By.XPATH, "./*")
        page.reload()


def test_the_policy_holds(site, page: Page) -> None:
    """The second lock: a script that got into the page would not run."""
    page.open(site.url)
    page.collect()
    page.js("""window.refused = [];
        document.addEventListener('securitypolicyviolation', e => window.refused.push(e.effectiveDirective));
        const s = document.createElement('script'); s.textContent = 'window.pwned = 1'; document.body.append(s);
        const i = new Image(); i.src = 'https://tracker.example/pixel.png'; document.body.append(i);""")
    page.wait("both were refused", lambda: set(page.js("return window.refused")) >= {"script-src-elem", "img-src"})
    assert page.js("return window.pwned ?? null") is None
    assert len([e for e in page.driver.get_log("browser") if "Content Security Policy" in e["message"]]) == 2  # this test's own doing
    page.driver.get_log("performance")  # the refused request stands there, too


# ---- looks


def test_screenshots(site, page: Page, tmp_path: Path) -> None:
    """Pictures of the page for whoever wants to look, in $PAGE_SHOTS."""
    shots = Path(os.environ.get("PAGE_SHOTS") or tmp_path / "shots")
    shots.mkdir(parents=True, exist_ok=True)
    page.open(site.url)
    steps = {"empty": [], "chat": ["Add milk to my list", "Add bread to my list", "Mark milk as done", "What is on my list?"]}
    backgrounds = set()
    for step, texts in steps.items():
        for text in texts:
            page.say(text)
        for name, size in (("wide", WIDE), ("phone", PHONE)):
            for dark in (False, True):
                page.size(size)
                page.dark(dark)
                page.wait("the drawer is where it belongs", lambda: page.js("return document.getAnimations().length") == 0)
                backgrounds.add(page.js("return getComputedStyle(document.body).backgroundColor"))
                path = shots / f"{step}-{name}-{'dark' if dark else 'light'}.png"
                assert page.driver.save_screenshot(str(path)) and path.stat().st_size > 5000
        page.size(WIDE)
    assert len(backgrounds) == 2
