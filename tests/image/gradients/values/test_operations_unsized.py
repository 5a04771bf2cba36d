"""keras.ops in a graph that knows ranks alone: sizes are found while it runs.

What is known beforehand Keras works out beforehand: what is not known takes other ways.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from gradients import tiers
from gradients.tiers import Tier
from gradients.tracing import traced
from gradients.values import test_functional
from gradients.values.calls import modelled
from gradients.values.calls.matrices import PAIRS
from gradients.values.test_functional import Call, modelable

CALLS: dict[str, list[Call]] = {
    **test_functional.CALLS,
    # In turn of what the first letters name, which are products of matrices here.
    "einsum": [((kind, *pair), {}) for kind, pair in PAIRS.items()],
}
for _name, _places, _options in modelled.CALLS:
    CALLS.setdefault(_name, []).append((_places, _options))
#: What goes another way where it finds no size.
CORE = ("argmax", "cross", "diagonal", "take_along_axis")
#: What is wrong, and has a test of its own; and what is given no array that a graph takes.
APART = {"array_split", "geomspace", "in_top_k", "multi_hot", "one_hot"}
#: What Keras cannot say without sizes, by the call's place.
RAISED: dict[str, dict[int, type[Exception]]] = {
    "kron": dict.fromkeys((0, 1, 2), TypeError),
    "corrcoef": {0: tf.errors.OperatorNotAllowedInGraphError},
    "digitize": dict.fromkeys((0, 1), tf.errors.OperatorNotAllowedInGraphError),
    "isin": dict.fromkeys((2, 3), tf.errors.OperatorNotAllowedInGraphError),
    "split": {0: ValueError},
    "hsplit": {0: ValueError},
    "vsplit": {0: ValueError},
    "squeeze": {0: ValueError},
    "nanmedian": dict.fromkeys((0, 1, 3), TypeError),
    "nanpercentile": dict.fromkeys(range(6), TypeError),
    "nanquantile": dict.fromkeys(range(6), TypeError),
    "adaptive_max_pool": dict.fromkeys((0, 1), ValueError),
    "adaptive_average_pool": dict.fromkeys((0, 1), ValueError),
    "conv_transpose": {0: TypeError},
    "batch_normalization": {0: TypeError},
    "layer_normalization": {0: TypeError},
    "unfold": {0: TypeError},
    # Heads of which there are fewer than of the other are not repeated.
    "dot_product_attention": {0: tf.errors.InvalidArgumentError},
    "scatter_update": {0: TypeError},
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take as many operations as the tier has."""
    if "name" in metafunc.fixturenames:
        everything = metafunc.config.stash[tiers.KEY] is Tier.ALL
        metafunc.parametrize("name", sorted(CALLS.keys() - APART) if everything else CORE)


class Place:
    """Where a graph has its input."""

    def __init__(self, number: int) -> None:
        self.number = number


def unsized(name: str, calls: list[Call]) -> tuple[list[Any], list[Any]]:
    """Return what a graph of unknown sizes makes of all calls, and what comes out without one."""
    given: list[np.ndarray] = []

    def placed(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.ndim and x.dtype == "float64":
            given.append(x)
            return Place(len(given) - 1)
        return x

    asked = [(keras.tree.map_structure(placed, places), options) for places, options in calls]

    def function(*inputs: Any) -> list[Any]:
        return [
            getattr(ops, name)(
                *keras.tree.map_structure(
                    lambda x: inputs[x.number] if isinstance(x, Place) else x, places
                ),
                **options,
            )
            for places, options in asked
        ]

    specs = [tf.TensorSpec([None] * x.ndim, x.dtype) for x in given]
    graph = traced(function, input_signature=specs)
    return graph(*given), function(*map(tf.constant, given))


def test_an_operation_finds_sizes_while_it_runs(name: str) -> None:
    """What is wrong with them, too, `WRONG` of test_functional.py says."""
    raised, kept = RAISED.get(name, {}), []
    for place, call in enumerate(CALLS[name]):
        if place in raised:
            with pytest.raises(raised[place]):
                unsized(name, [call])
        elif modelable(call) and (name, place) not in test_functional.WRONG:
            kept.append(call)
    assert kept or raised
    if kept:
        for found, expected in zip(*map(keras.tree.flatten, unsized(name, kept)), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("axis", [0, -1])
def test_parts_of_what_has_no_size_are_one(axis: int) -> None:
    """A list of sizes, so many times as what is left over, is their product with it."""
    whole = np.arange(15.0).reshape(5, 3)
    ((found,), expected) = unsized("array_split", [((whole, 2), {"axis": axis})])
    assert [len(parts) for parts in (*expected, found)] == [2, 1], "no longer so wrong"
    np.testing.assert_array_equal(found[0], whole)
    pytest.xfail("Keras takes what has no size apart in one piece: upstream's array_split")
