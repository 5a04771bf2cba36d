"""The built pages in a browser: what it asks for, what it shows, on a desktop and on a phone."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gradlock import store

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
SCREENSHOTS = store.ROOT / "reports/site"
#: Width and height, in CSS pixels.
SIZES = {"desktop": (1400, 900), "phone": (390, 844)}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: apt-get install chromium"
)


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def served(built: Path) -> Iterator[str]:
    """Return the address at which the site is served, below a path as on GitHub Pages."""
    handler = functools.partial(Quiet, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a running browser."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def watch(page: Page, home: str) -> list[str]:
    """Return a list that grows with what a page asks for elsewhere, or complains of."""
    found: list[str] = []
    page.on(
        "request",
        lambda one: found.append(one.url) if not one.url.startswith((home, "data:")) else None,
    )
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda one: found.append(one.text) if one.type == "error" else None)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_fit_and_ask_for_nothing_elsewhere(
    chromium: Browser, served: str, built: Path, size: str, scheme: str
) -> None:
    """No page is wider than its screen, none logs an error; their pictures are kept."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    troubles = watch(page, served)
    names = [
        path.relative_to(built).as_posix()
        for path in sorted(built.rglob("*.html"))
        if "source" not in path.parts and not path.name.startswith("gradients-")
    ]
    assert len(names) > 15
    wide = []
    for name in names:
        page.goto(f"{served}/{name}")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(name)
        stem = name.removesuffix(".html").replace("/", "-")
        page.screenshot(path=SCREENSHOTS / f"{stem}-{size}-{scheme}.png")
    page.wait_for_load_state("networkidle")
    context.close()
    assert not wide
    assert not troubles


@pytest.mark.parametrize("how", ["served", "opened"])
def test_search_finds(chromium: Browser, served: str, built: Path, how: str) -> None:
    """Also where the site is a folder, which a browser starts no worker from."""
    page = chromium.new_page()
    home = served if how == "served" else built.as_uri()
    troubles = watch(page, home)
    page.goto(f"{home}/index.html")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    page.keyboard.type("lockstep")
    page.wait_for_selector(".md-search-result__link")
    found = page.locator(".md-search-result__link").evaluate_all(
        "links => links.map(link => link.href)"
    )
    assert any("locks.html" in link for link in found)
    page.close()
    assert not troubles


def test_code_is_copied(chromium: Browser, served: str) -> None:
    """The button beside a command copies it."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{served}/index.html")
    page.locator(".highlight").first.hover()
    page.locator(".highlight").first.get_by_role("button").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()
    assert copied.startswith("./inv setup image")
