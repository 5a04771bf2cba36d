"""What the tests of containers of people's folders share."""

from __future__ import annotations

import pytest

from gradlock.inside import workspace


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine see every folder of this machine."""
    monkeypatch.setattr(workspace, "_sees", lambda *_: True)
