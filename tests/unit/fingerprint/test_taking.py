"""What is asked of a fingerprint before an engine is."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from gradlock.errors import InputError
from gradlock.fingerprint import taking


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"onednn": "maybe"}, "default, on, off"), ({"threads": 0}, "one at least")],
)
def test_a_setting_that_does_not_exist_is_refused(settings: dict[str, object], said: str) -> None:
    engine = Mock()
    with pytest.raises(InputError, match=said):
        taking.take(engine, "gradlock:cpu", **settings)  # type: ignore[arg-type]
    assert not engine.mock_calls


def test_the_program_that_runs_is_there() -> None:
    assert taking.PROGRAM.is_file()
