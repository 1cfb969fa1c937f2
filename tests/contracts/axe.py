"""Pages laid before axe: made by the product itself, shown by a real browser, one after the other.

The browser asks nobody outside this process. What it asks for is answered by Django's test client,
in the transaction of the test: one database and one browser do for hundreds of pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, Page, Route

HOST = "http://pages.test"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
WORDS = {"runOnly": WCAG, "rules": {"color-contrast": {"enabled": False}}}
RUN = """(what) => axe.run({...what, resultTypes: ["violations"], preload: false})
  .then((found) => found.violations.map((one) => [one.id, one.nodes[0].target.join(" ")]))"""
# Everything that can be unfolded is: what is folded axe does not see.
UNFOLD = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@dataclass(frozen=True)
class Shown:
    """A page to look at: `sent` is posted instead of asking for the path; `plain`: its colours
    are those of another page."""

    path: str
    client: Client
    sent: dict[str, Any] | None = None
    status: int = 200
    script: str = ""
    plain: bool = False

    def answer(self, language: str) -> tuple[int, str]:
        ask = self.client.get if self.sent is None else self.client.post
        said = ask(self.path, self.sent or {}, headers={"accept-language": language})
        return said.status_code, said.content.decode()


def _reply(route: Route, pages: dict[str, str]) -> None:
    path = urlsplit(route.request.url).path
    if route.request.resource_type == "document":
        route.fulfill(body=pages["now"], content_type="text/html; charset=utf-8")
    elif path.startswith(settings.STATIC_URL):
        file = finders.find(path.removeprefix(settings.STATIC_URL))
        if file is None:
            route.abort()
        else:
            route.fulfill(path=Path(file))
    else:
        route.abort()  # a page that asks for news hears nothing


class Look:
    """A window in which pages are opened in turn, in light and in dark."""

    def __init__(self, browser: Browser, language: str, width: int = 1280) -> None:
        from axe_playwright_python.sync_playwright import Axe

        self.language = language
        self.now: dict[str, str] = {}
        # bypass_csp: axe brings a script of its own.
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900},
            locale=language,
            bypass_csp=True,
            reduced_motion="reduce",
        )
        self.page.add_init_script(Axe().axe_script)
        self.page.route("**/*", lambda route: _reply(route, self.now))

    def faults(self, shown: Shown) -> list[tuple[str, ...]]:
        status, self.now["now"] = shown.answer(self.language)
        if status != shown.status:
            return [(shown.path, f"answers {status}")]
        self.page.emulate_media(color_scheme="light")
        self.page.goto(HOST + shown.path, wait_until="load")
        self.page.evaluate(UNFOLD)
        if shown.script:
            self.page.evaluate(shown.script)
        found = self.page.evaluate(RUN, WORDS)
        # Colours are the same in every language.
        if self.language == "en" and not shown.plain:
            found += self.page.evaluate(RUN, COLOURS)
            self.page.emulate_media(color_scheme="dark")
            found += self.page.evaluate(RUN, COLOURS)
        return [(shown.path, *one) for one in found]


def faults(browser: Browser, language: str, pages: Iterable[Shown]) -> list[tuple[str, ...]]:
    look = Look(browser, language)
    try:
        return [fault for shown in pages for fault in look.faults(shown)]
    finally:
        look.page.close()
