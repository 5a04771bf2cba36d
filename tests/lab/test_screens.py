"""What else is on the screen: a terminal, a dark theme, no advertisement."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.lab.conftest import Shoot
from tests.lab.desk import Desk


def test_a_terminal_runs_what_is_typed(desk: Desk, folder: Path) -> None:
    desk.launch("terminal")
    terminal = desk.page.locator(".jp-Terminal .xterm")
    expect(terminal).to_be_visible()
    terminal.click()
    desk.page.keyboard.type("echo $((6 * 7)) in $PWD | tee typed; ls --color\n")
    typed = folder / "typed"
    desk.until(lambda: typed.exists() and typed.read_text() != "")
    assert typed.read_text() == "42 in /home/gradlock/work\n"


def test_nothing_asks_for_attention(desk: Desk) -> None:
    """JupyterLab asks about its news a moment after it is there, and looks for updates then."""
    desk.page.wait_for_timeout(3000)
    expect(desk.page.locator(".Toastify__toast, .jp-Dialog")).to_have_count(0)


def test_a_dark_theme_is_dark_all_over(desk: Desk, shoot: Shoot) -> None:
    desk.notebook()
    desk.menu("Settings", "Theme", "JupyterLab Dark")
    body = desk.page.locator("body")
    expect(body).to_have_attribute("data-jp-theme-light", "false")
    desk.run("print('in the dark')")
    for part in (".jp-Notebook", "#jp-menu-panel", ".jp-FileBrowser", ".cm-editor"):
        colour = desk.page.locator(part).first.evaluate(
            """element => {
                while (getComputedStyle(element).backgroundColor === 'rgba(0, 0, 0, 0)')
                    element = element.parentElement;
                return getComputedStyle(element).backgroundColor;
            }"""
        )
        assert max(map(int, re.findall(r"\d+", colour)[:3])) < 100, (part, colour)
    shoot(desk.page, "dark")
    desk.menu("Settings", "Theme", "JupyterLab Light")  # it is the server's, for all tabs to come
    expect(body).to_have_attribute("data-jp-theme-light", "true")
