"""What the tests share: one run."""

from __future__ import annotations

import pytest

from distributed import record
from distributed.record import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what the workers computed, and what one process does."""
    return record.read(tmp_path_factory.mktemp("alone"))
