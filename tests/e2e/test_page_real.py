# SPDX-License-Identifier: MIT
"""The page and the real server, one conversation through everything that goes both ways: a tool of the page, questions, files, a widget's form, dictation."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import rig
from browser import Page, browser, page  # noqa: F401
from selenium.webdriver.common.by import By
from test_files import PNG
from test_page_items import press

FORM = {"type": "Card", "children": [{"type": "Form", "onSubmitAction": {"type": "survey.send", "payload": {"from": "card"}}, "children": [
    {"type": "Label", "value": "Who", "fieldName": "who"}, {"type": "Input", "name": "who", "required": True},
    {"type": "Select", "name": "mark.value", "options": [{"value": "1", "label": "Good"}, {"value": "2", "label": "Bad"}], "defaultValue": "1"},
    {"type": "Checkbox", "name": "again", "label": "Again?"}, {"type": "Button", "label": "Send", "submit": True},
    {"type": "Button", "label": "Draft", "onClickAction": {"type": "survey.keep", "streaming": False}}]}]}
CONF = {
    "client_tools": [{"name": "get_page_info", "title": "Look at the page", "description": "What the person looks at."}],
    "actions": [{"type": "survey.keep", "sync": True},
                {"type": "survey.send", "once": True, "message": "Thank you, {{ payload.who }}.", "effects": [{"name": "confetti", "data": {"n": 1}}],
                 "notice": {"level": "info", "message": "Well done."}}],
}


@pytest.fixture
def configured() -> Iterator[dict[str, str]]:
    """An environment that names CONF and a folder with FORM as a widget."""
    here = rig.folder("ckpage-")
    (here / "widgets").mkdir()
    template = {"version": "1.0", "name": "Survey", "template": json.dumps(FORM), "jsonSchema": {"type": "object", "properties": {}}, "outputJsonPreview": {}}
    (here / "widgets/survey.widget").write_text(json.dumps(template))
    (here / "chatkit.json").write_text(json.dumps(CONF | {"widgets": {"folder": str(here / "widgets")}}))
    for path in here.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        rig.give(path)
    yield {"CHATKIT_CONFIG": str(here / "chatkit.json"), "CHATKIT_TRANSCRIPTION": "on"}
    shutil.rmtree(here, ignore_errors=True)


def test_a_conversation_that_goes_both_ways(model_site, page: Page, configured: dict[str, str], tmp_path: Path) -> None:
    ask = {"questions": [{"question": "Which day?", "options": ["Monday", "Tuesday"]}, {"question": "Anything else?"}]}
    site = model_site([{"calls": [{"name": "get_page_info", "arguments": {}}]}, "You look at a chat.", {"calls": [{"name": "ask_user", "arguments": ask}]}, "Tuesday it is.",
                       "A green dot.", {"calls": [{"name": "show_survey", "arguments": {}}]}, " what was said "], env=configured)
    page.before_load("window.effects = []; document.addEventListener('chatkit-effect', e => effects.push(e.detail.name))")
    page.open(site.url)

    assert page.say("where am I?") == "You look at a chat."
    (tool,) = page.all("client-tool")
    assert tool.text == "Asked this page: get_page_info" and tool.get_attribute("data-status") == "complete"
    told = json.loads(site.model_requests()[1].body["messages"][-1]["content"])
    assert told["url_path"] == "/" and told["viewport"]["width"] == 1280

    page.start("plan something")
    page.wait("questions", lambda: page.all("structured-input") and page.state() == "ready")
    press(page, page.driver.find_element(By.CSS_SELECTOR, "input[value=Tuesday]"))
    press(page, page.all("si-skip")[1])
    press(page, page.one("si-send"))
    page.wait("the answer", lambda: page.answer() == "Tuesday it is." and page.state() == "ready")
    assert page.one("structured-input").text.split("\n") == ["Which day?", "Tuesday", "Anything else?", "Skipped"]

    (tmp_path / "dot.png").write_bytes(PNG)
    page.one("file").send_keys(str(tmp_path / "dot.png"))
    page.wait("the file is there", lambda: [c.get_attribute("data-status") for c in page.all("chip")] == ["complete"])
    assert page.say("what is this?") == "A green dot."
    page.wait("its picture", lambda: page.js("return document.querySelector('[data-testid=attachment]').naturalWidth") == 1)

    page.start("a survey")
    page.wait("a form", lambda: page.all("widget") and page.state() == "ready")

    def field(name: str):
        return page.one("widget").find_element(By.CSS_SELECTOR, f"[data-field='{name}']")

    def button(name: str):
        return page.one("widget").find_element(By.XPATH, f".//button[.='{name}']")

    field("who").send_keys("Ann")
    field("mark.value").send_keys("Bad")
    press(page, button("Draft"))
    stored = "SELECT body FROM chatkit.item WHERE kind = 'widget'"
    page.wait("the draft is kept", lambda: '"defaultValue":"Ann"' in site.db(stored)[0][0].replace(": ", ":"))
    page.reload()
    page.wait("the form", lambda: page.all("widget"))
    assert (field("who").get_property("value"), field("mark.value").get_property("value")) == ("Ann", "2")
    press(page, button("Send"))
    page.wait("thanks", lambda: page.answer() == "Thank you, Ann." and page.state() == "ready")
    assert page.js("return window.effects") == ["confetti"] and "Well done." in page.one("notice").text
    assert not button("Send").is_enabled()

    page.one("dictate").click()
    page.wait("it records", lambda: page.one("dictate").get_attribute("data-state") == "recording")
    page.wait("some sound", lambda: page.js("return window.since ??= Date.now(), Date.now() - window.since > 300"))
    page.one("dictate").click()
    page.wait("the text", lambda: page.one("composer").get_property("value") == "what was said")

    press(page, page.all("feedback-positive")[0])
    page.wait("it is stored", lambda: site.db("SELECT count(*) FROM chatkit.feedback")[0][0] == 3)  # steps, the page's answer, words
    before = page.driver.find_element(By.CSS_SELECTOR, ".items").text
    page.reload()
    page.wait("all of it again", lambda: page.driver.find_element(By.CSS_SELECTOR, ".items").text == before)
