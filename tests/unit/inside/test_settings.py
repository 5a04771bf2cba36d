"""How TensorFlow is told to compute."""

from __future__ import annotations

from typing import Any

import pytest

from gradlock.errors import InputError
from gradlock.inside.settings import Settings


def test_by_default_nothing_is_told() -> None:
    assert Settings().environment == {}
    assert Settings().name == ""


def test_each_setting_is_told_and_named() -> None:
    settings = Settings(threads=1, onednn="off")
    assert settings.environment == {
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }
    assert settings.name == "threads-1-onednn-off"


@pytest.mark.parametrize(
    ("given", "said"),
    [({"onednn": "maybe"}, "default, on, off"), ({"threads": 0}, "one at least")],
)
def test_a_setting_that_does_not_exist_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Settings(**given)
