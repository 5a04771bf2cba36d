"""The machine's indexes: what uv and pip are set up with, uv's first."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pypi_simple
import pytest

from gradlock.artifacts import indexes

NAMES = (*indexes.DEFAULTS, *indexes.OTHERS, "UV_CONFIG_FILE", "PIP_CONFIG_FILE")
PIP = (
    "[global]\nindex-url = https://pip.example/simple/\nextra-index-url =\n  https://x.example/a\n"
)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep this machine's own settings out of the tests."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(indexes, "UV_SYSTEM", tmp_path / "system/uv.toml")
    monkeypatch.setattr(indexes, "PIP_SYSTEM", tmp_path / "system/pip.conf")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_machine_that_names_none_has_the_usual_one() -> None:
    assert indexes.urls() == (pypi_simple.PYPI_SIMPLE_ENDPOINT.rstrip("/"),)


@pytest.mark.parametrize("name", indexes.DEFAULTS)
def test_a_variable_names_the_index(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "https://named.example/simple/")
    assert indexes.urls() == ("https://named.example/simple",)


def test_uvs_variables_come_before_pips(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in reversed(indexes.DEFAULTS):
        monkeypatch.setenv(name, f"https://{name.lower().replace('_', '-')}.example")
        assert indexes.urls()[0] == f"https://{name.lower().replace('_', '-')}.example"


def test_others_are_asked_after_it_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://main.example")
    monkeypatch.setenv("UV_INDEX", "inner=https://a.example/?x=1 https://b.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://b.example/simple/ file:///folder")
    assert indexes.urls() == (
        *("https://main.example", "https://a.example/?x=1"),
        "https://b.example/simple",
    )


@pytest.mark.parametrize(
    "place",
    [
        "config/pip/pip.conf",
        ".pip/pip.conf",
        "venv/pip.conf",
        "xdg/pip/pip.conf",
        "system/pip.conf",
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="pip's files lie elsewhere on macOS")
def test_pips_files_are_read(home: Path, place: str) -> None:
    write(home / place, PIP)
    assert indexes.urls() == ("https://pip.example/simple", "https://x.example/a")


def test_pips_named_file_goes_over_all_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / "venv/pip.conf", PIP)
    write(home / "own.conf", "[global]\nindex-url = https://own.example\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(home / "own.conf"))
    assert indexes.urls() == ("https://own.example", "https://x.example/a")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    assert indexes.urls() == (pypi_simple.PYPI_SIMPLE_ENDPOINT.rstrip("/"),)


@pytest.mark.parametrize(
    "text",
    [
        'index-url = "https://uv.example"\nextra-index-url = ["https://x.example"]\n',
        '[[index]]\nurl = "https://x.example"\n'
        '[[index]]\nname = "own"\nurl = "https://uv.example"\ndefault = true\n',
    ],
)
def test_uvs_file_is_read(home: Path, text: str) -> None:
    write(home / "config/uv/uv.toml", text)
    write(home / "config/pip/pip.conf", "[global]\nindex-url = https://pip.example\n")
    assert indexes.urls() == ("https://uv.example", "https://x.example")


@pytest.mark.parametrize("text", ["no = [", "[global\nx", "\x00\xff", "[global]\nno value"])
def test_a_broken_file_names_nothing(home: Path, text: str) -> None:
    for place in ("config/uv/uv.toml", "config/pip/pip.conf"):
        path = home / place
        path.parent.mkdir(parents=True)
        path.write_bytes(text.encode("latin-1"))
    assert indexes.urls() == (pypi_simple.PYPI_SIMPLE_ENDPOINT.rstrip("/"),)
