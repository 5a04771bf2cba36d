"""The verb `compose`: writes a file once."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.context import Context

from gradlock.inside import compose as files
from gradlock.verbs.compose import compose


def test_it_says_whether_the_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "PATH", tmp_path / "compose.yaml")
    compose.body(Context())
    compose.body(Context())
    assert capsys.readouterr().out == "changed compose.yaml\ncurrent: compose.yaml\n"
