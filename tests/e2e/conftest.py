"""Real Chromium against a live server: `open_page(client, path, width=390, scheme="dark")`, and axe.

Skips, and says so, where no Chromium is found; with REQUIRE_BROWSER=1, as `.ci/run` sets it, that is a failure.
Tests that use these carry `pytest.mark.browser`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        missing = "no Chromium on this machine: install `chromium` to run the browser tests"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    # Playwright's loop runs in this thread; Django would take it for async code of ours.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(chromium: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Opens a path as the signed-in `client` (None: nobody). A script error or refused load fails the test."""
    contexts, complaints = [], []

    def open_as(
        client: Client | None,
        path: str,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        javascript: bool = True,
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            base_url=live_server.url,
        )
        contexts.append(context)
        if client is not None:
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
            context.add_cookies([cookie])  # type: ignore[list-item]  # playwright wants its own TypedDict
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complain(message, complaints))
        page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


def complain(message: ConsoleMessage, complaints: list[str]) -> None:
    """A refused load or a failed script; that an answer was 422 or 404 is no complaint."""
    if message.type == "error" and "Failed to load resource" not in message.text:
        complaints.append(f"{message.text} {message.location.get('url', '')}")


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(
            AXE.read_text()
        )  # not as a script element: the CSP refuses those, as it should
    found: dict[str, Any] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'],"
        " runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})"
    )
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window, or a table in it than its place."""
    width: int = page.evaluate(
        "Math.max(...[document.documentElement, ...document.querySelectorAll('.table-wrap')]"
        ".map(box => box.scrollWidth - box.clientWidth))"
    )
    return width
