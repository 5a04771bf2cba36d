"""JupyterLab in a tab of a browser, as a person uses it: by what is on the screen, and keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, Request, WebSocket, expect

#: Milliseconds that a screen may take, and a cell: TensorFlow's import and a training included, on
#: a machine that does much else.
SCREEN, CELL = 30_000, 180_000
#: The panel that is on top: others of a window are there, too.
SHOWN = ":not(.lm-mod-hidden)"

expect.set_options(timeout=SCREEN)


class Address:
    """Where a lab is: `http://127.0.0.1:8888/base/lab?token=...` in its parts."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self.root = f"http://{parts.netloc}{parts.path.rpartition('/lab')[0]}"
        self.token = parse_qs(parts.query).get("token", [""])[0]
        self.url = url

    def workspace(self, name: str) -> str:
        """Return the URL of an arrangement of windows of its own, which starts empty."""
        return f"{self.root}/lab/workspaces/{name}?reset&token={self.token}"


class Watch:
    """Notes every address that pages of a browser ask for."""

    def __init__(self, context: BrowserContext) -> None:
        self.asked: list[str] = []
        context.on("request", self._request)
        context.on("page", lambda page: page.on("websocket", self._socket))

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _socket(self, socket: WebSocket) -> None:
        self.asked.append(socket.url)

    def elsewhere(self, host: str) -> list[str]:
        """Return what was asked of anything but a host; what a page has in itself asks nobody."""
        inner = ("data", "blob", "about")
        asked = ((urlsplit(url), url) for url in self.asked)
        return [url for parts, url in asked if parts.scheme not in inner and parts.netloc != host]


class Desk:
    """One tab with JupyterLab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(SCREEN)
        # jupyter_server answers 404 for a whole folder when one of its files is renamed or removed
        # while it lists them (2.21.1: AsyncFileContentsManager._dir_model), so a name given to a
        # notebook may raise this, once. A folder that is really gone raises it again.
        gone = page.locator(".jp-Dialog", has_text="Directory not found")
        page.add_locator_handler(gone, lambda: self.dialog("Close"), times=1, no_wait_after=True)

    def open(self, url: str) -> Desk:
        """Go to a URL and wait until there is something to work with."""
        self.page.goto(url)
        return self.here()

    def here(self) -> Desk:
        """Wait until there is something to work with."""
        expect(self.page.locator("#jp-main-dock-panel")).to_be_visible()
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        return self

    def launcher(self) -> None:
        """Open another launcher, as the first one becomes what is chosen there."""
        self.page.get_by_role("button", name="New Launcher").first.click()

    def launch(self, title: str) -> None:
        """Click a tile of the launcher: of two with a title (notebook, console), the first."""
        self.page.locator(f".jp-LauncherCard[title*='{title}']").first.click()

    def notebook(self) -> None:
        """Make a notebook, and wait until it can be typed into, and its kernel waits."""
        self.launch("Python 3")
        self.ready()

    def ready(self) -> None:
        """Wait until the notebook on top has a kernel that has answered, and waits."""
        expect(self.panel.locator(".jp-Notebook .cm-content").first).to_be_visible()
        # Not by the notebook's own indicator: it begins as idle, before there is a kernel.
        bar = self.page.locator("#jp-main-statusbar")
        expect(bar).to_contain_text("Python 3 (ipykernel) | Idle", timeout=CELL)

    @property
    def panel(self) -> Locator:
        """The notebook on top."""
        return self.page.locator(f".jp-NotebookPanel{SHOWN}")

    @property
    def cells(self) -> Locator:
        """The cells of code that the notebook shows."""
        return self.panel.locator(".jp-Notebook .jp-CodeCell")

    def run(self, code: str) -> Locator:
        """Type code into the last cell, run it, wait for its end; return what came out."""
        number = self.cells.count() - 1
        cell = self.cells.nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=CELL)
        return cell.locator(".jp-OutputArea-output")

    def save(self, name: str = "") -> None:
        """Save what is on top, and wait until it is; a new notebook is asked for its name."""
        self.page.keyboard.press("Control+s")
        if name:
            field = self.page.locator(".jp-Dialog input[type=text]").first
            field.fill(name)
            self.dialog("Rename and Save")
        tab = self.page.locator("#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current")
        expect(tab).to_contain_text(name)
        expect(tab).not_to_have_class(re.compile("jp-mod-dirty"))

    def menu(self, *labels: str) -> None:
        """Choose from the menus: the first word is in the bar."""
        first, *rest = labels
        self.page.locator(".lm-MenuBar-item").get_by_text(first, exact=True).click()
        for label in rest:
            item = self.page.locator(".lm-Menu-item").filter(
                has=self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{label}$"))
            )
            item.last.click()

    def dialog(self, button: str) -> None:
        """Answer the question that is asked."""
        self.page.locator(".jp-Dialog-button").get_by_text(button, exact=True).click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until what the screen does not show is so."""
        deadline = time.monotonic() + SCREEN / 1000
        while not holds():
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(50)


@contextmanager
def tab(context: BrowserContext) -> Iterator[Desk]:
    """Open a tab, which is closed at the end."""
    page = context.new_page()
    try:
        yield Desk(page)
    finally:
        page.close()
