"""The locks of gradlock's own tools: what was edited in them does not outlive a run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradlock.inputs import variants, wanted
from gradlock.locks import lockfile, paths
from gradlock.locks.resolve import tools

TABLE = variants.load()


@pytest.mark.parametrize(
    ("source", "path", "follow"),
    [(wanted.TOOLS, paths.TOOLS, None), (wanted.DESK, paths.DESK, paths.TOOLS)],
    ids=["tools", "desk"],
)
def test_an_edited_hash_is_the_indexs_again(source: Path, path: Path, follow: Path | None) -> None:
    body = lockfile.read(path).body
    edited = re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{64 * '0'}", body, count=1)
    theirs = lockfile.read(follow).body if follow else ""
    found = tools.resolve(source, TABLE.tools_as_of, keep=edited, follow=theirs)
    assert found == body != edited
