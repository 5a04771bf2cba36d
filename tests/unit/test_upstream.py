"""The reports for upstream tell what is wrong from what is right, and stand on their page."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from gradlock import store

IMAGE_SUITES = Path(__file__).parents[1] / "image"
FOLDER = IMAGE_SUITES / "gradients/upstream"
NAMES = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.glob("*/*.py"))]


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module that reads them."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    module = importlib.import_module("gradients.upstream.reports")
    yield module
    sys.modules.pop("gradients.upstream.reports")


@pytest.mark.parametrize("name", NAMES)
def test_found_is_not_expected_and_the_remedy_is(reports: Any, name: str) -> None:
    """Three lines, and a program that prints each; the text says how to mend it, and until then."""
    report = reports.read(FOLDER / name)
    assert list(report.answers) == ["found", "expected", "remedy"]
    assert report.answers["found"] != report.answers["expected"] == report.answers["remedy"]
    text = " ".join(report.text.split())
    assert [word for word in ("A mend", "Until then: ") if word not in text] == []


def test_the_page_is_written_from_them(reports: Any) -> None:
    """To mend it: `python tests/image/gradients/upstream/reports.py`."""
    assert (store.ROOT / reports.PAGE).read_text(encoding="utf-8") == reports.page(reports.load())


def test_each_is_told_of_beside_what_others_reported(reports: Any) -> None:
    """A reader of what is known to be wrong is led to its report."""
    told = (store.ROOT / "docs/wrong.md").read_text(encoding="utf-8")
    missing = [one.name for one in reports.load() if f"(upstream.md#{one.name})" not in told]
    assert missing == []


def test_a_program_that_does_not_say_what_it_prints_is_refused(
    reports: Any, tmp_path: Path
) -> None:
    path = tmp_path / "silent.py"
    path.write_text('"""A title."""\nprint(1)\n', encoding="utf-8")
    with pytest.raises(ValueError, match="does not say what it prints"):
        reports.read(path)
