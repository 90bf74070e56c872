# SPDX-License-Identifier: MIT
"""The built-in page in a real browser: what its tests share. Every test fails when the browser logged an error or asked anybody but the site."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

SECONDS = 30
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
WIDE, PHONE, NARROW = (1280, 800), (390, 844), (360, 740)


class Page:
    """The page as a visitor sees it; elements are found by the data-testid that the page promises."""

    def __init__(self, driver: webdriver.Chrome, size: tuple[int, int]) -> None:
        self.driver = driver
        self.requests: list[dict] = []
        self.scripts: list[str] = []
        self.origin = ""
        self.size(size)

    def size(self, size: tuple[int, int]) -> None:
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 700})

    def dark(self, dark: bool) -> None:
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def before_load(self, script: str) -> None:
        """Runs a script in every document before the page's own."""
        self.scripts.append(self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})["identifier"])

    def forget(self) -> None:
        for script in self.scripts:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})

    def open(self, url: str) -> None:
        self.origin = url.split("#")[0]
        self.driver.get(url)
        self.ready()

    def reload(self) -> None:
        self.driver.refresh()
        self.ready()

    # --- looking

    def js(self, script: str, *args):
        return self.driver.execute_script(script, *args)

    def wait(self, what: str, check: Callable[[], object]):
        """Asks again until the answer is true, and returns it."""
        return WebDriverWait(self.driver, SECONDS, 0.05, [StaleElementReferenceException]).until(lambda _: check(), what)

    def state(self) -> str:
        return self.js("return document.body.dataset.state")

    def ready(self) -> None:
        self.wait("the page is ready", lambda: self.state() == "ready")

    def all(self, testid: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, f"[data-testid={testid}]")

    def one(self, testid: str) -> WebElement:
        found = self.all(testid)
        assert len(found) == 1, f"{len(found)} elements of {testid}"
        return found[0]

    def messages(self) -> list[tuple[str, str]]:
        """(role, text) of every message, however much of it is scrolled out of sight."""
        return [tuple(pair) for pair in self.js("return [...document.querySelectorAll('[data-testid=message]')].map(m => [m.dataset.role, m.innerText.trim()])")]

    def answer(self) -> str:
        """The last message, when it is the assistant's."""
        role, text = (self.messages() or [("", "")])[-1]
        return text if role == "assistant" else ""

    def errors(self) -> list[str]:
        return [box.text for box in self.all("error")]

    def thread_id(self) -> str:
        fragment = parse_qs(urlsplit(self.driver.current_url).fragment)
        return fragment["thread"][0] if "thread" in fragment else ""

    def focused(self) -> str:
        """The data-testid, or the id, of what has the focus."""
        return self.js("return document.activeElement.dataset.testid || document.activeElement.id")

    # --- doing

    def type(self, text: str) -> None:
        self.one("composer").send_keys(text)

    def start(self, text: str) -> None:
        self.type(text + Keys.ENTER)

    def say(self, text: str) -> str:
        """Sends a message and waits for the end of the answer, which it returns."""
        self.start(text)
        self.ready()
        assert not self.errors()
        return self.answer()

    def press(self, *keys: str) -> None:
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, name: str, back: bool = False) -> None:
        for _ in range(60):
            if self.focused() == name:
                return
            self.press(*([Keys.SHIFT, Keys.TAB, Keys.NULL] if back else [Keys.TAB]))
        raise AssertionError(f"Tab never reaches {name}")

    # --- what the browser noticed

    def collect(self) -> None:
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"])

    def posts(self) -> list[tuple[str, dict]]:
        """(path, body) of every POST so far."""
        self.collect()
        return [(urlsplit(r["url"]).path, json.loads(r.get("postData") or "{}")) for r in self.requests if r["method"] == "POST"]

    def check(self) -> None:
        severe = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        assert not severe
        self.collect()
        assert self.requests, "the log of requests is empty, so it proves nothing"
        strangers = [r["url"] for r in self.requests if not r["url"].startswith((self.origin, "data:", "blob:"))]
        assert not strangers


class Browser:
    """One Chromium for the tests of a worker: starting one costs more than most tests do. Each test gets it as if it were new."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    def fresh(self, size: tuple[int, int]) -> Page:
        """No page, no cookies, nothing stored, nothing logged, nothing of what the last test set. Every site has a port, so an origin, of its own."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        return Page(self.driver, size)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.driver.quit()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = browser.fresh(getattr(request, "param", WIDE))
    try:
        yield page
        page.check()
    finally:
        page.forget()
