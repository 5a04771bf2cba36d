"""The checks themselves: what must not pass, does not, whatever TensorFlow is like."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from gradients import alike, checks, environment, spared, tiers
from gradients.case import CHECKS, Case
from gradients.cases import table
from gradients.checks import Problem
from gradients.inputs import normal

NAN, ONE = np.array([1.0, np.nan]), np.array([1.0, 2.0])


@pytest.mark.parametrize(("ours", "theirs"), [([ONE, NAN], [ONE, ONE]), ([NAN, ONE], [ONE, ONE])])
def test_what_is_not_a_number_is_never_near(
    ours: list[np.ndarray], theirs: list[np.ndarray]
) -> None:
    """In whichever array it stands, and on either side."""
    assert math.isnan(checks.farthest(ours, theirs))
    assert math.isnan(checks.farthest(theirs, ours))
    assert math.isnan(checks.worst([0.0, np.nan, 0.0]))


def test_an_error_is_a_part_of_all_arrays_together() -> None:
    """A small array beside a large one may be wrong by a part of the large one."""
    small, large = np.array([0.0]), np.array([100.0])
    assert checks.farthest([small + 1, large], [small, large]) == 0.01
    assert checks.farthest([small], [small]) == 0
    assert checks.farthest([small + 1], [small]) == math.inf


def test_the_rows_that_the_core_chooses_are_there() -> None:
    """A row that has another name, or another group, would be left out in silence."""
    chosen = {
        f"{group}/{name}"
        for groups in tiers.CHOSEN.values()
        for group, names in groups.items()
        for name in names
    }
    named = {name for names in (*tiers.REPEATED.values(), *tiers.ALONE.values()) for name in names}
    assert (chosen | named) - {str(case) for case in table()} == set()
    sweeps = {name for names in tiers.LEFT.values() for name in names}
    assert sweeps - {str(case).partition("(")[0] for case in table()} == set()


def test_what_the_core_leaves_out_is_there(request: pytest.FixtureRequest) -> None:
    """Else `python -m tests.mutation.choice` writes `spared.toml` anew."""
    if any("::" in word for word in request.config.args):
        pytest.skip("some tests were asked for by name")
    if environment.release() != environment.RECORDED:
        pytest.skip("another release may lack a row")
    assert request.config.stash[spared.UNKNOWN] == []


@pytest.mark.tier_all
def test_every_operation_has_a_row_of_the_dearest_checks() -> None:
    """Else `alike.toml` leaves out too much: `alike.py` writes it anew."""
    found = {str(case): alike.operations(case) or set() for case in table() if not case.swept}
    kept = set().union(*(names for row, names in found.items() if row not in alike.left()))
    assert {row: names - kept for row, names in found.items() if names - kept} == {}
    assert alike.left() - found.keys() == set()


def problem(gradient: object) -> Problem:
    """Return sin(a) b with a gradient of one's own, in place of its right one."""

    @tf.custom_gradient
    def function(a: tf.Tensor, b: tf.Tensor):
        return tf.sin(a) * b, lambda upstream: gradient(upstream, a, b)

    return Problem(Case("own", [normal(5), normal(5)], function))


def right(upstream: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return the gradient as it is."""
    return upstream * tf.cos(a) * b, upstream * tf.sin(a)


def first_scaled(upstream: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Be wrong by 1e-4 in the first input."""
    one, other = right(upstream, a, b)
    return one * (1 + 1e-4), other


def second_not_a_number(upstream: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Lose one element of the second input."""
    one, other = right(upstream, a, b)
    return one, tf.concat([other[:-1], [np.nan]], 0)


def stopped(upstream: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Be right, but with a derivative of its own that is 0 in the second input."""
    return right(upstream, a, tf.stop_gradient(b))


@pytest.mark.parametrize("check", CHECKS)
def test_a_right_gradient_passes(check: str) -> None:
    """Every check, on the same function as below."""
    own = problem(right)
    assert checks.measure(own, check) <= checks.tolerance(own.case, check)


@pytest.mark.parametrize(
    ("gradient", "check"),
    [
        (first_scaled, "reverse"),
        (second_not_a_number, "reverse"),
        (second_not_a_number, "xla"),
        (second_not_a_number, "jacobian"),
        (second_not_a_number, "float32"),
        (stopped, "second"),
    ],
)
def test_a_wrong_gradient_does_not(gradient: object, check: str) -> None:
    """In one input of two, and by little."""
    own = problem(gradient)
    assert not checks.measure(own, check) <= checks.tolerance(own.case, check)


def test_a_gradient_of_another_shape_is_wrong() -> None:
    """Though NumPy would broadcast it, and find no difference."""
    with pytest.raises(ValueError, match="a gradient of the shape"):
        checks.dense(tf.ones([1, 3]), tf.ones([3]))


def test_a_case_that_checks_nothing_is_an_error() -> None:
    """A gradient of 0 agrees with any other of 0."""
    flat = Problem(Case("flat", [normal(3)], lambda x: tf.round(x / 1e6) * x))
    with pytest.raises(ValueError, match="checks nothing"):
        checks.measure(flat, "reverse")
