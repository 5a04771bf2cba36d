"""The verb `fetch`: carrying artifacts, one way at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.verbs.fetch import fetch


def test_contradicting_folders_are_refused() -> None:
    with pytest.raises(Exit, match="choose one of --to and --from"):
        fetch.body(Context(), to="a", from_="b")


def test_a_folder_that_is_not_there_is_named(own_store: Path, tmp_path: Path) -> None:
    with pytest.raises(Exit, match="no such folder"):
        fetch.body(Context(), from_=str(tmp_path / "absent"))
