"""A real browser for tests: Chromium with the network refused, where every request, error and dialog is noted.

    def test_the_page_opens(browser, tmp_path):
        with visit(browser, page_file.as_uri()) as seen:
            seen.page.click("text=Reset")
        assert seen.quiet

``visit`` lets the browser ask for nothing but the address itself and those that ``allowed`` begins; from ``file://``
the browser is offline as well.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
HOW_TO_GET_ONE = (
    "there is no Chromium here, which this test looks at the page with. Install one (Debian and Ubuntu: "
    "sudo apt-get install chromium), or name yours in the environment variable CHROMIUM."
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW, LAPTOP, WIDE = (320, 640), (1366, 768), (1920, 1080)


def executable() -> str | None:
    """Return the path of a Chromium on this machine, if there is one."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def started() -> Iterator[Browser]:
    """Yield a browser, and close it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page being looked at, and what it did that it should not have done."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def quiet(self) -> bool:
        """Whether the page asked for nothing, complained of nothing and opened no dialog."""
        assert (self.requests, self.errors, self.dialogs) == ([], [], [])
        return True

    def violations(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 A and AA, one line an element."""
        self.page.evaluate(_axe())
        found = self.page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", STANDARDS)
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@contextmanager
def visit(
    browser: Browser, address: str, size: tuple[int, int] = LAPTOP, *, allowed: str = "", **context: Any
) -> Iterator[Visit]:
    """Open an address and yield the page, with the network refused but for what begins with ``allowed``."""
    from_disk = address.startswith("file:")
    tab = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        offline=from_disk,
        locale="en-GB",
        reduced_motion="reduce",
        **context,
    )
    seen = Visit(tab.new_page())

    def permitted(url: str) -> bool:
        return url.split("#")[0] == address.split("#")[0] or bool(allowed and url.startswith(allowed))

    def judge(route: Route, request: Request) -> None:
        route.continue_() if permitted(request.url) else route.abort()

    def note_request(request: Request) -> None:
        if not permitted(request.url) and not request.url.startswith(("data:", "blob:")):
            seen.requests.append(request.url)

    def note_dialog(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    tab.route("**/*", judge)
    seen.page.on("request", note_request)
    seen.page.on("console", lambda one: seen.errors.append(one.text) if one.type in ("error", "warning") else None)
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("dialog", note_dialog)
    try:
        seen.page.goto(address)
        yield seen
    finally:
        tab.close()


@cache
def _axe() -> str:
    return (Path(str(importlib.resources.files("axe_playwright_python"))) / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser for all tests of a session; skipped where the machine has none."""
    if executable() is None:
        pytest.skip(HOW_TO_GET_ONE)
    with started() as one:
        yield one
