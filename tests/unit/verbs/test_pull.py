"""The verb `pull`: what it refuses before it asks a registry."""

from __future__ import annotations

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.verbs.pull import pull


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "needs a place"),
        ({"from_": "gradlock"}, "names no registry"),
        ({"from_": "ghcr.io/team/x:tag"}, "a tag may name anything"),
        ({"from_": "ghcr.io/team/x", "variant": "absent"}, "absent"),
    ],
)
def test_what_cannot_be_is_told_at_once(given: dict[str, object], words: str) -> None:
    with pytest.raises(Exit, match=words):
        pull.body(Context(), **given)
