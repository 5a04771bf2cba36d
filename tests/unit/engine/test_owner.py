"""Whose something is: told from other machines, earlier boots, and numbers used again."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine import owner


def test_it_is_read_as_it_was_written() -> None:
    assert owner.parse(str(owner.me())) == owner.me()
    assert owner.me().pid == os.getpid()


@pytest.mark.parametrize("text", ["", "1234", "a:b:c:d", "a:b:c:pid:e", "a:b:c:1:d:e"])
def test_what_is_no_owner_is_none(text: str) -> None:
    assert owner.parse(text) is None


def test_a_process_that_lives_has_not_ended() -> None:
    assert not owner.me().ended(local=True)


def test_a_process_that_ended_has(tmp_path: Path) -> None:
    code = "from gradlock.engine import owner; print(owner.me())"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=store.ROOT, capture_output=True, text=True, check=True
    )
    other = owner.parse(printed.stdout.strip())
    assert other is not None
    assert replace(other, pid=0, start="") == replace(owner.me(), pid=0, start="")
    assert other.ended(local=True)
    assert other.ended(local=False)


def test_one_that_its_parent_has_not_asked_for_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        mine = replace(owner.me(), pid=child.pid, start=owner.started(child.pid))
        assert not mine.ended(local=True)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert mine.ended(local=True)


def test_a_number_that_is_used_again_is_another_process() -> None:
    assert replace(owner.me(), start="1").ended(local=True)


@pytest.mark.parametrize(
    ("change", "local", "remote"),
    [
        ({"machine": "another"}, False, False),
        ({"machine": "another", "boot": "another"}, False, False),
        ({"boot": "another"}, True, False),
        ({"space": "another", "pid": 0}, False, False),
    ],
    ids=["another-machine", "another-machines-boot", "before-a-reboot", "another-container"],
)
def test_of_what_cannot_be_seen_nothing_is_known(
    change: dict[str, object], local: bool, remote: bool
) -> None:
    other = replace(owner.me(), **change)  # type: ignore[arg-type]
    assert other.ended(local=True) is local
    assert other.ended(local=False) is remote


def test_a_copied_machine_with_another_name_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = owner.me()
    owner._here.cache_clear()
    monkeypatch.setattr("platform.node", lambda: "a-copy")
    assert owner.me().machine != ours.machine
    owner._here.cache_clear()


def test_without_proc_ps_tells_when_a_process_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda self: str(self) != "/proc/self/stat" and real(self))
    mine = owner.me()
    assert mine.start
    assert ":" not in mine.start
    assert owner.parse(str(mine)) == mine
    assert not mine.ended(local=True)
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert replace(mine, pid=child.pid).ended(local=True)
