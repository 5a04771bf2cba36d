"""The verb `cuda`: it says what it wrote, and from where the pins are."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.errors import InputError
from gradlock.locks.resolve import toolkit
from gradlock.locks.resolve.toolkit import Toolkit
from gradlock.verbs.cuda import cuda

FOUND = Toolkit("12.99.0", {"nvidia-cublas-cu12": "12.99.1"}, "the metapackage")


def test_it_says_what_it_wrote_and_whether_that_is_new(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    monkeypatch.setattr(toolkit, "find", lambda *_: FOUND)
    for said in ("wrote requirements/cuda-12.99.0.txt", "as it was: requirements/cuda-12.99.0.txt"):
        cuda.body(Context(), "12.99.0")
        assert capsys.readouterr().out == f"{said}\n  1 parts; source: the metapackage\n"
    assert "nvidia-cublas-cu12==12.99.1" in (project / "requirements/cuda-12.99.0.txt").read_text()


def test_a_release_that_cannot_be_trusted_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Toolkit:
        raise InputError("what the index says of CUDA 12.5.1 cannot be trusted")

    monkeypatch.setattr(toolkit, "find", refuse)
    with pytest.raises(Exit, match="cannot be trusted"):
        cuda.body(Context(), "12.5.1")
