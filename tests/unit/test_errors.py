"""Errors: what, where and how to mend it; all problems at once."""

from __future__ import annotations

import pytest

from gradlock.errors import GradlockError, InputError, LockError, raise_all


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (GradlockError("broken"), "broken"),
        (GradlockError("broken", where="here"), "broken\n  where: here"),
        (GradlockError("broken", mend="so"), "broken\n  mend:  so"),
        (GradlockError("broken", where="here", mend="so"), "broken\n  where: here\n  mend:  so"),
    ],
)
def test_an_error_shows_what_it_knows(error: GradlockError, shown: str) -> None:
    assert str(error) == shown


def test_no_problem_raises_nothing() -> None:
    raise_all(LockError, iter(()))


def test_one_problem_is_raised_as_it_is() -> None:
    problem = InputError("broken", where="here")
    with pytest.raises(InputError) as caught:
        raise_all(LockError, [problem])
    assert caught.value is problem


def test_several_problems_are_raised_as_one_that_shows_all() -> None:
    problems = [InputError("one", where="here"), LockError("two", mend="so")]
    with pytest.raises(LockError, match="2 problems") as caught:
        raise_all(LockError, problems)
    for problem in problems:
        assert str(problem) in str(caught.value)
