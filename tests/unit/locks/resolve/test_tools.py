"""gradlock's own tools: any host, all hashes, from what there is."""

from __future__ import annotations

import pytest

from gradlock.inputs import wanted
from gradlock.locks.moves import Move
from gradlock.locks.resolve import tools
from tests.unit.locks.resolve.conftest import AS_OF, Index

pytestmark = pytest.mark.usefixtures("own_store")


def test_the_tools_lock_starts_from_what_there_is(index: Index) -> None:
    index.compiled = "ruff==1.0 \\\n    --hash=sha256:0\n"
    body = tools.resolve(wanted.TOOLS, AS_OF, keep="ruff==0.9\n", moves=[Move("ruff")])
    assert body == index.compiled
    assert index.start == "ruff==0.9\n"
    asked = " ".join(index.argv)
    assert "--universal" in asked
    assert "--generate-hashes" in asked
    assert "--exclude-newer 2026-11-20" in asked


def test_hashes_are_the_indexs_and_not_those_of_what_there_is(index: Index) -> None:
    """Uv takes over what its start has; `lock --verify` would find any hash to be right."""
    keep = "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:0 \\\n    --hash=sha256:1\nb==2\n"
    tools.resolve(wanted.TOOLS, AS_OF, keep=keep)
    assert index.start == "a==1 ; sys_platform == 'win32'\nb==2\n"


def test_tools_follow_the_pins_of_another_lock(index: Index) -> None:
    tools.resolve(wanted.DESK, AS_OF, keep="", follow="ruff==0.9 \\\n    --hash=sha256:0\n")
    assert index.constraints == "ruff==0.9 \\\n    --hash=sha256:0\n"
    assert index.argv[-1] == str(wanted.DESK)
