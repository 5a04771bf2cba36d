"""The verb `lab`: what was asked for is checked first, and handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.inside import lab as labs
from gradlock.verbs import building, connection
from gradlock.verbs.lab import lab


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"port": "http"}, "--port takes a whole number"),
        ({"memory": "much"}, "--memory takes an amount"),
        ({"env": ["1=2"]}, "--env 1=2 is no variable"),
        ({"mount": ["/no/such/folder"]}, "no such file or folder"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_told_before_an_engine_is_sought(
    flags: dict[str, Any], told: str
) -> None:
    with pytest.raises(Exit, match=told):
        lab.body(Context(), **{"env": [], "mount": [], **flags})


def test_what_was_asked_for_is_handed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(connection, "connect", lambda: "engine")
    monkeypatch.setattr(building, "present", lambda *_: "gradlock:cpu")
    monkeypatch.setattr(labs, "run", lambda *given, **how: ran.append((given, how)))
    env, mount = ["A=1"], [str(tmp_path)]
    lab.body(Context(), env, mount, memory="1g", port="9000", detach=True, browser=False)
    ((given, how),) = ran
    assert given[:2] == ("engine", "gradlock:cpu")
    request = given[2]
    assert (request.folder, request.environment, request.memory) == (Path(), {"A": "1"}, 1 << 30)
    assert request.mounts[0]["Source"] == str(tmp_path)
    assert (request.gpu, request.gpu_required) == (False, False)
    assert how == {"port": 9000, "detach": True, "browse": False}


@pytest.mark.parametrize(("flag", "required"), [({"gpu": True}, True), ({"cuda": "12.5"}, False)])
def test_a_gpu_that_is_asked_for_by_name_is_required(
    monkeypatch: pytest.MonkeyPatch, flag: dict[str, Any], required: bool
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(connection, "connect", lambda: "engine")
    monkeypatch.setattr(building, "present", lambda *_: "gradlock:cu")
    monkeypatch.setattr(labs, "run", lambda *given, **_: ran.append(given[2]))
    lab.body(Context(), [], [], **flag)
    assert [(request.gpu, request.gpu_required) for request in ran] == [(True, required)]
