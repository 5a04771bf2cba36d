"""Keras's layers against NumPy, in float64, or in float32 where a CPU knows no other."""

from __future__ import annotations

import zlib

import keras
import numpy as np
import pytest

from gradients.values.convolutions import CONVOLUTIONS
from gradients.values.layers import LAYERS, Row
from gradients.values.recurrent import RECURRENT
from gradients.values.scope import OUTSIDE, classes

TABLE = LAYERS | CONVOLUTIONS | RECURRENT


def draw(name: str, row: Row) -> tuple[keras.Layer, list[np.ndarray], list[np.ndarray]]:
    """Return a layer, its inputs, and its weights, which are all different from each other.

    Weights are positive: a variance is among them.
    """
    random = np.random.default_rng(zlib.crc32(name.encode()))
    inputs = [random.standard_normal(shape).astype(row.dtype) for shape in row.shapes]
    layer = row.make(dtype=row.dtype)
    layer(inputs, **row.call) if row.together else layer(*inputs, **row.call)
    seeds = {id(variable) for variable in layer.variables if "seed" in variable.path}
    weights = [variable for variable in layer.variables if id(variable) not in seeds]
    values = [random.uniform(0.1, 0.9, variable.shape) for variable in weights]
    for variable, value in zip(weights, values, strict=True):
        variable.assign(value)
    return layer, inputs, values


@pytest.mark.parametrize("name", TABLE)
def test_layer_is_its_formula(name: str) -> None:
    """Every weight is another, none is what it starts as."""
    row = TABLE[name]
    layer, inputs, values = draw(name, row)
    found = layer(inputs, **row.call) if row.together else layer(*inputs, **row.call)
    expected = row.reference(*inputs, *values)
    assert found.dtype.name == row.dtype
    np.testing.assert_allclose(found, expected, rtol=row.tolerance, atol=row.tolerance)


def test_every_layer_has_a_row() -> None:
    """A layer that a release of Keras brings has to be looked at."""
    covered = {type(row.make()) for row in TABLE.values()}
    public = {kind.__name__ for kind in classes(keras.layers, keras.Layer) - covered}
    assert public - set(OUTSIDE) == set()
    assert set(OUTSIDE) - public == set(), "in a table, or gone: remove the record"
