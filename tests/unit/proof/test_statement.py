"""Statements: one spelling, and nothing that is none is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradlock.errors import ProofError
from gradlock.proof import statement
from gradlock.proof.statement import Statement

SAID = Statement("gradlock/cpu", "sha256:" + "1" * 64, "urn:kind", {"a": 1})


def test_it_is_read_as_it_was_written() -> None:
    assert statement.read(SAID.data(), where="") == SAID
    assert json.loads(SAID.data())["_type"] == "https://in-toto.io/Statement/v1"


@pytest.mark.parametrize(
    "change",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"subject": [{"digest": {"sha1": "1"}}]},
        {"subject": [{"digest": {"sha256": "1"}}, {"digest": {"sha256": "2"}}]},
        {"predicate": "yes"},
        {"predicate": None},
    ],
)
def test_what_is_no_statement_is_refused(change: dict[str, Any]) -> None:
    data = json.dumps(json.loads(SAID.data()) | change).encode()
    with pytest.raises(ProofError, match="is none"):
        statement.read(data, where="there")


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"null", b"\xff", b"{}"])
def test_what_is_no_json_of_that_kind_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError, match="is none") as caught:
        statement.read(data, where="there")
    assert caught.value.where == "there"


def test_one_about_something_else_is_refused() -> None:
    with pytest.raises(ProofError, match="another image"):
        statement.about(SAID, "sha256:" + "2" * 64, "urn:kind", where="")
    with pytest.raises(ProofError, match="something else"):
        statement.about(SAID, SAID.subject, "urn:other", where="")
