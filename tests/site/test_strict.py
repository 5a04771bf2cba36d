"""What the build refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradlock.errors import CommandError, InputError
from website import __main__ as website
from website import pages
from website.pages import Site

FAULTS = {
    "a dead link": ("locks.md", "[gone](gone.md)"),
    "a dead anchor": ("locks.md", "[gone](images.md#gone)"),
    "a page that the navigation lacks": ("stray.md", ""),
    "an address of the server": ("locks.md", "[gone](/locks.html)"),
}


def stubs() -> dict[str, bytes]:
    """Return the pages of the navigation, each with a title alone, and what all of them load."""
    names = re.findall(r"[\w-]+\.md", pages.CONFIG.read_text(encoding="utf-8"))
    return {**dict(pages._assets()), **dict.fromkeys(names, b"# A page\n")}


def build(files: dict[str, bytes], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "site", lambda: Site(files, (), ()))
    website.build(folder)


def test_pages_without_a_fault_are_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(stubs(), tmp_path, monkeypatch)
    assert (tmp_path / "html/locks.html").is_file()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_stops_the_build(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, text = FAULTS[fault]
    with pytest.raises(CommandError, match=r"gone|stray|/locks"):
        build({**stubs(), name: f"# A page\n\n{text}\n".encode()}, tmp_path, monkeypatch)


def test_a_complete_site_lacks_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = Site({}, (), ("the suite gradients left no report",))
    monkeypatch.setattr(pages, "site", lambda: lacking)
    with pytest.raises(InputError, match="no report"):
        website.build(tmp_path, complete=True)
