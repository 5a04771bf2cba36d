"""What the build refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.errors import CommandError, InputError
from website import __main__ as website
from website import pages
from website.pages import Site


@pytest.mark.parametrize(
    ("fault", "name", "text"),
    [
        ("a dead link", "locks.md", "# Locks\n\n[gone](gone.md)\n"),
        ("a dead anchor", "locks.md", "# Locks\n\n[gone](images.md#gone)\n"),
        ("a page that the navigation lacks", "stray.md", "# Stray\n"),
        ("an address of another site", "locks.md", "# Locks\n\n[gone](/locks.html)\n"),
    ],
)
def test_a_fault_stops_the_build(
    fault: str, name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pages.site()
    faulty = Site({**whole.files, name: text.encode()}, whole.notebooks, ())
    monkeypatch.setattr(pages, "site", lambda: faulty)
    with pytest.raises(CommandError, match=r"strict mode|gone|stray"):
        website.build(tmp_path)


def test_a_complete_site_lacks_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = Site({}, (), ("the suite gradients left no report",))
    monkeypatch.setattr(pages, "site", lambda: lacking)
    with pytest.raises(InputError, match="no report"):
        website.build(tmp_path, complete=True)
