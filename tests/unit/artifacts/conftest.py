"""What tests of artifacts share: an index on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradlock.artifacts import network
from tests.unit.artifacts.loopback import Index, serving


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """Serve an index; no pause between the tries of a download, and no proxy before it."""
    monkeypatch.setattr(network, "BACKOFF", (0.0, 0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as served:
        yield served
