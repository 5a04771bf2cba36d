"""The site, built once for all tests, and a browser to look at it with."""

from __future__ import annotations

from pathlib import Path

import pytest

from website import __main__ as website


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    website.build(folder)
    return folder / "html"
