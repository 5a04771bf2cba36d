"""Layers that merge: by a function, too, and what they make of masks."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

_random = np.random.default_rng(17)
ONE, OTHER = (_random.uniform(0.5, 1.5, (2, 4, 3)) for _ in range(2))
#: Each step is shown by both, by either, by none.
SHOWN = np.array([[1, 1, 0, 0], [1, 0, 1, 0]], bool), np.array([[1, 0, 1, 0], [1, 1, 0, 0]], bool)
FUNCTIONS = {
    "add": layers.Add,
    "subtract": layers.Subtract,
    "multiply": layers.Multiply,
    "average": layers.Average,
    "maximum": layers.Maximum,
    "minimum": layers.Minimum,
    "concatenate": layers.Concatenate,
    "dot": lambda **o: layers.Dot(-1, **o),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_merges_as_its_layer_does(name: str) -> None:
    ours = getattr(layers, name)([ONE, OTHER], dtype="float64")
    np.testing.assert_array_equal(ours, FUNCTIONS[name](dtype="float64")([ONE, OTHER]))


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2, -3])
def test_planes_are_joined_along_any_axis(axis: int) -> None:
    """Those of four axes, where the others are of one size."""
    sizes = [2, 4, 3, 5]
    one = np.arange(120.0).reshape(sizes)
    sizes[axis] = 2
    other = -np.arange(np.prod(sizes)).reshape(sizes)
    found = layers.Concatenate(axis, dtype="float64")([one, other])
    np.testing.assert_array_equal(found, np.concatenate([one, other], axis))


def hidden(values: np.ndarray, shown: np.ndarray) -> keras.KerasTensor:
    """Return steps of which those that are not shown are masked, and 0."""
    return layers.Masking(dtype="float64")(np.where(shown[..., None], values, 0))


@pytest.mark.parametrize("name", ["maximum", "minimum", "multiply"])
def test_what_is_hidden_does_not_count(name: str) -> None:
    """Of two steps the one that is shown is taken; of none, nothing."""
    combine = {"maximum": np.maximum, "minimum": np.minimum, "multiply": np.multiply}[name]
    first, second = (shown[..., None] for shown in SHOWN)
    alone = np.where(first, ONE, np.where(second, OTHER, 0))
    expected = np.where(first & second, combine(ONE, OTHER), alone)
    found = FUNCTIONS[name](dtype="float64")([hidden(ONE, SHOWN[0]), hidden(OTHER, SHOWN[1])])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(found._keras_mask, SHOWN[0] | SHOWN[1])
    three = FUNCTIONS[name]()([hidden(ONE, SHOWN[number]) for number in (0, 0, 1)])
    np.testing.assert_array_equal(three._keras_mask, SHOWN[0] | SHOWN[1])
    # Of a mask and none the step without a mask is always there.
    half = FUNCTIONS[name](dtype="float64")([hidden(ONE, SHOWN[0]), OTHER])
    np.testing.assert_allclose(half, np.where(first, combine(ONE, OTHER), OTHER), rtol=1e-12)


def test_merged_masks_show_what_either_shows() -> None:
    """Where all have a mask; joined steps have their masks joined."""
    layer = layers.Add()
    np.testing.assert_array_equal(
        layer.compute_mask([ONE, OTHER], list(SHOWN)), SHOWN[0] | SHOWN[1]
    )
    assert layer.compute_mask([ONE, OTHER], [SHOWN[0], None]) is None
    assert layer.compute_mask([ONE, OTHER]) is None
    steps = layers.Concatenate(axis=1)
    both = np.concatenate(SHOWN, 1)
    np.testing.assert_array_equal(steps.compute_mask([ONE, OTHER], list(SHOWN)), both)
    half = steps.compute_mask([ONE, OTHER], [SHOWN[0], None])
    np.testing.assert_array_equal(half, np.concatenate([SHOWN[0], np.ones((2, 4), bool)], 1))
    whole = steps.compute_mask([ONE, OTHER], [np.stack(3 * [SHOWN[0]], -1), SHOWN[1]])
    np.testing.assert_array_equal(whole, both)
    # Of joined features a step is shown by either, and always by one that has no mask.
    features = layers.Concatenate()
    either = features.compute_mask([ONE, OTHER], list(SHOWN))
    np.testing.assert_array_equal(either, SHOWN[0] | SHOWN[1])
    assert np.asarray(features.compute_mask([ONE, OTHER], [SHOWN[0], None])).all()
    assert steps.compute_mask([ONE, OTHER], [None, None]) is None
    assert steps.compute_mask([ONE, OTHER]) is None
    assert layers.Dot(-1).compute_mask([ONE, OTHER], list(SHOWN)) is None
