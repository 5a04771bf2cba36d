"""The verb `shell`: the command's status is its own."""

from __future__ import annotations

from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.inside import shell as shells
from gradlock.verbs import building, connection
from gradlock.verbs.shell import shell


@pytest.mark.parametrize(
    ("command", "argv"), [("", ["bash"]), ("exit 3", ["bash", "-c", "exit 3"])]
)
def test_the_status_is_handed_on(
    command: str, argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []

    def run(_docker: None, _image: str, argv: list[str], **_: Any) -> int:
        ran.append(argv)
        return 3

    monkeypatch.setattr(connection, "connect", lambda: None)
    monkeypatch.setattr(building, "present", lambda *_: "gradlock:cpu")
    monkeypatch.setattr(shells, "run", run)
    with pytest.raises(Exit) as caught:
        shell.body(Context(), [], [], command=command)
    assert (ran, caught.value.code) == ([argv], 3)
