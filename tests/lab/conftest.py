"""A served lab and a real browser; each test ends with a picture of what it left on the screen."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gradlock import store
from tests.e2e.conftest import Invoke, cpu_image, docker_engine, invoke
from tests.lab.desk import Address, Desk, Watch

__all__ = ["cpu_image", "docker_engine", "invoke"]

#: What Chromium is called: Debian's, Ubuntu's, Google's own.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
#: Seconds until a lab must have printed its URL.
START = 90
SHOTS = store.ROOT / "reports/lab"

Shoot = Callable[..., None]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start a Chromium of this system, which reaches this machine alone."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    options = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]
    if os.getuid() == 0:
        options.append("--no-sandbox")  # it refuses to sandbox root's
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """Return a browser's profile that is new: no cookie, no setting."""
    made = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield made
    made.close()


@pytest.fixture
def watch(context: BrowserContext, address: Address) -> Iterator[Watch]:
    """Watch what the pages ask for: nothing but the lab's own address, in every test."""
    made = Watch(context)
    yield made
    assert made.asked
    assert made.elsewhere(address.host) == []


@pytest.fixture
def page(context: BrowserContext, watch: Watch, shoot: Shoot) -> Iterator[Page]:
    """Return a tab; its last screen is kept."""
    made = context.new_page()
    yield made
    shoot(made)


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Shoot:
    """Return what keeps a picture of a tab, under the test's name."""

    def keep(page: Page, what: str = "") -> None:
        name = "-".join(filter(None, [request.node.name.removeprefix("test_"), what]))
        # Not every system takes every character, nor does what keeps the pictures of CI.
        page.screenshot(path=SHOTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}.png")

    return keep


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the lab serves: a plain user's."""
    made = tmp_path_factory.mktemp("work")
    if os.getuid() == 0:
        os.chown(made, 12345, 12345)
    return made


@pytest.fixture(scope="session")
def address(invoke: Invoke, chromium: Browser, folder: Path) -> Iterator[Address]:
    """Serve the folder until the tests end; return what was printed."""
    with serving(invoke, folder) as printed:
        yield printed


@contextmanager
def serving(invoke: Invoke, folder: Path) -> Iterator[Address]:
    """Serve a folder by the verb, as a person does, and end it by Ctrl-C."""
    served = invoke("lab", "--no-browser", "--folder", str(folder))
    assert served.stdout
    try:
        url = served.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), served.communicate(timeout=START)
        yield Address(url)
    finally:
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=START)


@pytest.fixture
def desk(page: Page, address: Address, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Return JupyterLab in a tab, with a launcher alone; the kernels started end with the test."""
    yield Desk(page).open(address.workspace(request.node.name))
    headers = {"Authorization": f"token {address.token}"}
    for kernel in page.request.get(f"{address.root}/api/kernels", headers=headers).json():
        page.request.delete(f"{address.root}/api/kernels/{kernel['id']}", headers=headers)
