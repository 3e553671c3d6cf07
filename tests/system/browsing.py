"""A headless Chromium for tests, cut off from everything but this machine, and what happens in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""The last one: no name is looked up, so that nothing but this machine can be reached, by whatever way."""

PATIENCE_MILLISECONDS = 20_000


@dataclass(frozen=True, slots=True)
class Visit:
    """A page under watch: what left the server's own origin, what the console complained of, what was done."""

    page: Page
    url: str
    strays: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to `path` of the server."""
        self.step(f"open {path}")
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path} answers {answer.status}"

    def step(self, text: str) -> None:
        """Note what is done, or seen; `pytest -s` shows it."""
        self.steps.append(text)
        print(f"  {len(self.steps):2}  {text}")

    def guard(self, route: Route) -> None:
        """Let a request through to the server; note and stop any other."""
        address = route.request.url
        if address.startswith(self.url + "/"):
            route.continue_()
            return
        self.strays.append(address)
        route.abort()


def chromium() -> str:
    """Where Chromium is; skips the test where there is none, and fails it on CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no Chromium: apt-get install chromium"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, url: str) -> Iterator[Visit]:
    """A fresh page, with nothing remembered, for the server at `url`."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    visit = Visit(context.new_page(), url)
    # A function: Playwright would write notes of its own into the object of a method.
    context.route("**/*", lambda route: visit.guard(route))
    visit.page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    try:
        yield visit
    finally:
        context.close()
