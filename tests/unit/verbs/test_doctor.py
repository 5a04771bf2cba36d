"""The verb `doctor`: the same flags as ./inv's own, and a plain status."""

from __future__ import annotations

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.doctor import program
from gradlock.verbs.doctor import doctor


@pytest.mark.parametrize("status", [0, 1])
def test_it_ends_with_the_doctors_status(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    given = {}

    def run(**flags: object) -> int:
        given.update(flags)
        return status

    monkeypatch.setattr(program, "run", run)
    if status:
        with pytest.raises(Exit) as caught:
            doctor.body(Context(), container="lab", json_=True)
        assert (caught.value.code, str(caught.value)) == (1, "")
    else:
        doctor.body(Context(), container="lab", json_=True)
    assert given == {"variant": "", "cuda": "", "gpu": False, "container": "lab", "json": True}


def test_the_verb_has_the_flags_of_the_program() -> None:
    names = {argument.name.rstrip("_") for argument in doctor.get_arguments()}
    assert names == set(program.HELP)
