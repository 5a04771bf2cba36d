"""The verb `tensorboard`: over the folder that is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context

from gradlock.inside import tensorboard as boards
from gradlock.verbs import building, connection
from gradlock.verbs.tensorboard import tensorboard


def test_it_serves_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(connection, "connect", lambda: "engine")
    monkeypatch.setattr(building, "present", lambda *_: "gradlock:cpu")
    monkeypatch.setattr(boards, "run", lambda *given, **how: ran.append((given, how)))
    tensorboard.body(Context(), logdir="runs", port="7000")
    (((docker, reference, request), how),) = ran
    assert (docker, reference, request.folder) == ("engine", "gradlock:cpu", Path("runs"))
    assert how == {"port": 7000, "detach": False, "browse": True}
