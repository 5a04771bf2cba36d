"""The verb `key`: a key is made once, and what it prints is what a policy says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from invoke.context import Context

from gradlock.proof import keys
from gradlock.verbs.key import key


def test_it_makes_a_key_once_and_prints_a_policys_row(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "alice.pem"
    key.body(Context(), str(path))
    made = path.read_bytes()
    first = capfd.readouterr().out
    key.body(Context(), str(path))
    assert capfd.readouterr().out == first
    assert path.read_bytes() == made
    assert tomllib.loads(first) == {"keys": {"alice": {"public": keys.public(keys.load(path))}}}


def test_a_name_that_toml_does_not_take_bare_is_quoted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    key.body(Context(), str(tmp_path / "a b.c.pem"))
    assert list(tomllib.loads(capfd.readouterr().out)["keys"]) == ["a b.c"]
