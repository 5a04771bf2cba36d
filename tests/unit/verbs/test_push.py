"""The verb `push`: what it refuses before it asks a registry."""

from __future__ import annotations

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.verbs.push import push


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "needs a place"),
        ({"to": "gradlock"}, "names no registry"),
        ({"to": "ghcr.io/team/x:tag", "all": True}, "one tag cannot name"),
        ({"to": "ghcr.io/team/x", "variant": "absent"}, "absent"),
        ({"to": "ghcr.io/team/x", "receipts": "absent.pem"}, "key cannot be read"),
    ],
)
def test_what_cannot_be_is_told_at_once(given: dict[str, object], words: str) -> None:
    with pytest.raises(Exit, match=words):
        push.body(Context(), **given)
