"""What tests of the audit share: services on loopback that answer what was recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradlock.artifacts import network
from gradlock.audit import osv, tracker
from tests.unit.audit.recorded import Service, serving


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Serve OSV; no pause between tries, a short patience, no proxy, and no tracker of Debian's."""
    monkeypatch.setattr(network, "BACKOFF", (0.0,))
    monkeypatch.setattr(network, "TIMEOUT", 0.3)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv(tracker.VARIABLE, raising=False)
    with serving() as served:
        monkeypatch.setenv(osv.VARIABLE, served.url)
        yield served
