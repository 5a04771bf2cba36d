"""Root's own folder: what root saves there is saved, and is root's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Invoke
from tests.lab.conftest import serving
from tests.lab.desk import Address, Desk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of whoever runs this, who must be root."""
    if os.getuid() != 0:
        pytest.skip("only root has a folder of root's; who is not is served in all other tests")
    return tmp_path


@pytest.fixture
def address(folder: Path, invoke: Invoke) -> Iterator[Address]:
    """Serve that folder."""
    with serving(invoke, folder) as printed:
        yield printed


def test_root_saves_in_a_folder_of_roots(desk: Desk, folder: Path) -> None:
    desk.notebook()
    out = desk.run("print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])")
    expect(out.last).to_have_text("0" * 16 + "\n")
    desk.save("roots.ipynb")
    saved = folder / "roots.ipynb"
    desk.until(lambda: saved.exists() and "CapEff" in saved.read_text())
    assert saved.stat().st_uid == 0
