"""Real headless Chromium for tests: the one the machine has, nothing is downloaded."""

from __future__ import annotations

import importlib.resources
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

DESKTOP, NARROW = (1280, 900), (360, 740)
SERIOUS = {"serious", "critical"}


def find_chromium() -> str | None:
    """The browser's program, by the names distributions give it."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """A browser without window; root may not use its sandbox."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One page as opened.

    Attributes:
        complaints: What its console and uncaught exceptions said.
        requests: Every address it asked for, its own first.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def focused(self) -> str:
        """What the focused element says, or its label."""
        expression = (
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || '').trim()"
        )
        return str(self.page.evaluate(expression))

    def faults(self, part: str = "html") -> list[tuple[str, str, str]]:
        """What axe-core finds of the serious kind in a part of the page: rule, element, what to do."""
        axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
        self.page.evaluate(axe)
        found: dict[str, Any] = self.page.evaluate("part => axe.run(part, {resultTypes: ['violations']})", part)
        return [
            (v["id"], node["html"][:200], node["failureSummary"])
            for v in found["violations"]
            if v["impact"] in SERIOUS
            for node in v["nodes"]
        ]


@contextmanager
def opened(
    browser: Browser,
    path: Path,
    *,
    size: tuple[int, int] = DESKTOP,
    dark: bool = False,
    script: bool = True,
    hash_: str = "",
) -> Iterator[Tab]:
    """A file on the disk in a tab of its own, as a double click opens it; there is no network."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        offline=True,
    )
    tab = Tab(page=context.new_page())
    tab.page.on("console", lambda said: tab.complaints.append(said.text))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.page.on("request", lambda one: None if one.url.startswith("data:") else tab.requests.append(one.url))
    tab.page.goto(path.as_uri() + hash_)
    try:
        yield tab
    finally:
        context.close()
