"""The verb `base`: one variant's, chosen as everywhere."""

from __future__ import annotations

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.verbs.base import base


@pytest.mark.usefixtures("no_engine")
def test_contradicting_choices_are_told_before_an_engine_is_sought() -> None:
    with pytest.raises(Exit, match="choose one of --variant, --cuda, --gpu and --all"):
        base.body(Context(), variant="cpu", gpu=True)
