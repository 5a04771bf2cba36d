"""The kinds: the same order gives the same bytes; an unknown one is told which there are."""

from __future__ import annotations

import pytest

from gradlock.deploy import kinds
from gradlock.errors import InputError
from tests.unit.deploy.orders import JOB


@pytest.mark.parametrize("name", kinds.KINDS)
def test_the_same_order_gives_the_same_bytes(name: str) -> None:
    text = kinds.named(name).text(JOB)
    assert text == kinds.named(name).text(JOB)
    assert "&id" not in text


def test_an_unknown_kind_is_told_which_there_are() -> None:
    with pytest.raises(InputError, match="jobset"):
        kinds.named("swarm")
