"""uv: its words in errors, with the inputs in the place of its command line."""

from __future__ import annotations

import pytest

from gradlock.errors import CommandError, InputError
from gradlock.locks.moves import Move
from gradlock.locks.resolve import uv


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("error: No solution found when resolving dependencies", InputError),
        ("we can conclude that your requirements are unsatisfiable.", InputError),
        ("error: Couldn't parse requirement in `base.in` at position 0", InputError),
        ("error: Failed to fetch: dns error", CommandError),
    ],
)
def test_an_error_names_the_inputs(said: str, kind: type[Exception]) -> None:
    failed = CommandError("uv failed", where="uv pip", mend=f"its last lines were:\n    {said}")
    found = uv.explained(failed, "resolving", "requirements/base.in")
    assert type(found) is kind
    assert found.where == "requirements/base.in"
    assert said in str(found)


def test_moves_are_options_of_either_resolver() -> None:
    found = uv.upgrades([Move("numpy"), Move("scipy", "1.0")])
    assert found == ["--upgrade-package", "numpy", "--upgrade-package", "scipy==1.0"]
