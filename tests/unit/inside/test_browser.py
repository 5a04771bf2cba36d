"""Where a browser is opened, and that nobody else gets to see the token by it."""

from __future__ import annotations

import os
import stat
import sys
import threading
import webbrowser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from gradlock.inside import browser


@pytest.fixture(autouse=True)
def desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sit a plain user at a terminal on a desktop of Linux."""
    for name in ("BROWSER", "SSH_CONNECTION", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys, "platform", "linux")


def test_a_desktop_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert browser.wanted()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert browser.wanted()


def test_nobody_at_a_terminal_sees_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert not browser.wanted()


def test_without_a_display_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY")
    assert not browser.wanted()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert browser.wanted()


def test_root_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not browser.wanted()


def test_behind_ssh_there_is_none_but_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "198.51.100.7 50022 198.51.100.9 22")
    assert not browser.wanted()
    monkeypatch.setenv("BROWSER", "/editor/open-at-home")
    assert browser.wanted()


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        ("", ""),
        ("198.51.100.7 1 198.51.100.9 22", "ssh -N -L {port}:127.0.0.1:{port} ada@198.51.100.9"),
        (
            "198.51.100.7 1 198.51.100.9 2222",
            "ssh -N -L {port}:127.0.0.1:{port} -p 2222 ada@198.51.100.9",
        ),
    ],
)
def test_who_came_by_ssh_is_told_the_way_back(
    monkeypatch: pytest.MonkeyPatch, connection: str, told: str
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", connection)
    monkeypatch.setenv("USER", "ada")
    assert browser.remote() == told


def test_the_address_is_on_no_command_line_and_for_this_user_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    came, opened = threading.Event(), []

    def show(url: str) -> None:
        opened.append(url)
        came.set()

    monkeypatch.setattr(webbrowser, "open", show)
    with browser.shown("http://127.0.0.1:8888/lab?token=secret&b"):
        assert came.wait(10)
        (url,) = opened
        assert "secret" not in url
        page = Path(unquote(urlsplit(url).path))
        assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
        assert "url=http://127.0.0.1:8888/lab?token=secret&amp;b" in page.read_text()
    assert not page.exists()
