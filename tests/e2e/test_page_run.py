# SPDX-License-Identifier: MIT
"""What `make run` shows to who has configured nothing: the page, the demo model, deploy/run.json and the widgets of deploy/widgets."""
from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import rig
from browser import Page, browser, page  # noqa: F401
from selenium.webdriver.common.by import By
from test_page_items import part, press


@pytest.fixture
def run_site(site_factory) -> Iterator[rig.Site]:
    here = rig.folder("ckrun-")
    shutil.copytree(rig.TOP / "deploy/widgets", here / "widgets")
    shutil.copy(rig.TOP / "deploy/run.json", here / "chatkit.json")
    for path in here.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        rig.give(path)
    yield site_factory(env={"CHATKIT_CONFIG": str(here / "chatkit.json"), "CHATKIT_WIDGETS": str(here / "widgets")})
    shutil.rmtree(here, ignore_errors=True)


def rows(page: Page) -> list[tuple[str, str, list[str]]]:
    """Of the last list: the icon, the title, the badges."""
    return [(part(row, "Button")[0].find_element(By.TAG_NAME, "svg").get_attribute("data-icon"), part(row, "Text")[0].text, [b.text for b in part(row, "Badge")])
            for row in part(page.all("widget")[-1], "ListViewItem")]


def test_the_list_of_tasks(run_site, page: Page) -> None:
    page.open(run_site.url)
    page.say("add milk to my shopping list")
    page.say("remind me to call Anna, high priority")
    page.say("add bread to my list")
    page.say("show me the task list")
    empty, full = "empty-circle", "check-circle-filled"
    assert sorted(rows(page)) == [(empty, "bread", []), (empty, "call Anna", ["high"]), (empty, "milk", ["shopping"])]
    for title, before, after in (("milk", empty, full), ("milk", full, empty), ("call Anna", empty, full)):
        assert next(row for row in rows(page) if row[1] == title)[0] == before
        press(page, next(b for b in part(page.all("widget")[-1], "Button") if b.accessible_name == f"{before}: {title}"))
        page.wait(f"{title} is {after}", lambda: any(row[:2] == (after, title) for row in rows(page)))
    assert sorted(rows(page)) == [(full, "call Anna", []), (empty, "bread", []), (empty, "milk", ["shopping"])]
    before = rows(page)
    page.reload()
    assert rows(page) == before and len(page.all("widget")) == 1


def test_the_feedback_form_and_questions(run_site, page: Page) -> None:
    page.open(run_site.url)
    page.say("show me the feedback form")
    form = page.all("widget")[-1]
    part(form, "Textarea")[0].send_keys("More tea")
    press(page, part(form, "Button")[0])
    page.wait("thanks", lambda: page.answer() == "Thank you for your feedback." and page.state() == "ready")
    page.start("ask me something")
    page.wait("a question", lambda: page.all("structured-input") and page.state() == "ready")
    press(page, page.driver.find_element(By.CSS_SELECTOR, "input[value=Tea]"))
    press(page, page.one("si-send"))
    page.wait("the answer came", lambda: "What shall we have for breakfast?: Tea" in page.answer() and page.state() == "ready")
