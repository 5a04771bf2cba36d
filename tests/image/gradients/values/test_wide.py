"""Layers with many channels, steps, places, samples or classes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gradients.values import wide
from gradients.values.layers import apply
from gradients.values.test_layers import draw
from gradients.values.test_training import CONSTRAINTS, PENALTIES

ROWS = wide.rows()


@pytest.mark.parametrize("name", ROWS)
def test_a_layer_is_its_formula_of_many(name: str) -> None:
    """To float32's digits: 16 bits on the way would leave three."""
    row = ROWS[name]
    layer, inputs, values = draw(name, row)
    expected = row.reference(*(part.astype("float64") for part in inputs), *values)
    bound = 3e-5 * np.abs(expected).max()
    np.testing.assert_allclose(apply(layer, row, inputs), expected, rtol=3e-5, atol=bound)


def test_an_embedding_has_a_row_of_each_of_many() -> None:
    """However the ids are kept that can be so large."""
    table = np.random.default_rng(3).standard_normal((70_000, 2)).astype("float32")
    layer = layers.Embedding(*table.shape, weights=table)
    for kind, ids in (
        ("int64", [[69_999, 65_536, 0]]),
        ("int32", [[69_999, 32_768, 1]]),
        ("float32", [[69_999, 257, 1]]),
        ("uint16", [[65_535, 256, 1]]),
        ("int16", [[32_767, 128, 1]]),
        ("uint8", [[255, 128, 0]]),
    ):
        np.testing.assert_array_equal(layer(np.array(ids, kind)), table[ids])


def test_a_mean_of_many_steps_leaves_out_what_is_hidden() -> None:
    random = np.random.default_rng(4)
    steps, shown = random.standard_normal((2, wide.N, 3)), random.random((2, wide.N)) < 0.7
    for order in ("channels_last", "channels_first"):
        given = steps if order == "channels_last" else steps.swapaxes(1, 2)
        for kept in (False, True):
            layer = layers.GlobalAveragePooling1D(order, keepdims=kept)
            found = layer(given.astype("float32"), mask=shown)
            expected = [part[mask].mean(0) for part, mask in zip(steps, shown, strict=True)]
            np.testing.assert_allclose(np.reshape(found, (2, 3)), expected, rtol=1e-4, atol=1e-6)
            assert found.shape == (
                (2, 3) if not kept else (2, 1, 3) if given is steps else (2, 3, 1)
            )


def test_penalties_and_constraints_are_of_many() -> None:
    weights = np.random.default_rng(5).standard_normal((1100, 3))
    for make, reference in PENALTIES.values():
        found = make()(tf.constant(weights, "float32"))
        np.testing.assert_allclose(found, reference(weights), rtol=3e-6)
    for constraint, reference in CONSTRAINTS.values():
        np.testing.assert_allclose(constraint(weights), reference(weights), rtol=1e-7)
