"""Keras's layers against NumPy, in float64, or in float32 where a CPU knows no other."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pytest

from gradients.values.attention import ATTENTION
from gradients.values.calls import merged
from gradients.values.convolutions import CONVOLUTIONS
from gradients.values.layers import LAYERS, Row, apply
from gradients.values.recurrent import RECURRENT
from gradients.values.saved import restored
from gradients.values.scope import OUTSIDE, classes
from gradients.values.slopes import hold_slope

TABLE = merged(LAYERS, ATTENTION, CONVOLUTIONS, RECURRENT)


def draw(name: str, row: Row) -> tuple[keras.Layer, list[np.ndarray], list[np.ndarray]]:
    """Return a layer, its inputs, and its weights, which are all different from each other.

    The layer is one that its configuration gives. Weights are positive: a variance is among them.
    """
    random = np.random.default_rng(zlib.crc32(name.encode()))
    inputs = [random.standard_normal(shape).astype(row.dtype) for shape in row.shapes]
    layer = restored(row.make(dtype=row.dtype))
    layer.build(list(row.shapes)) if row.together else layer.build(*row.shapes)
    seeds = {id(variable) for variable in layer.variables if "seed" in variable.path}
    weights = [variable for variable in layer.variables if id(variable) not in seeds]
    values = [random.uniform(0.1, 0.9, variable.shape) for variable in weights]
    for variable, value in zip(weights, values, strict=True):
        variable.assign(value)
    return layer, inputs, values


@dataclass(frozen=True)
class Drawn:
    """A layer of a row, what it was given, and what it gave."""

    row: Row
    layer: keras.Layer
    inputs: list[np.ndarray]
    values: list[np.ndarray]
    found: Any


@pytest.fixture(scope="module", params=TABLE)
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """Return a row's layer and what it gives: drawn once, for the tests of a row are neighbours."""
    row = TABLE[request.param]
    layer, inputs, values = draw(request.param, row)
    return Drawn(row, layer, inputs, values, apply(layer, row, inputs))


def test_layer_is_its_formula(drawn: Drawn) -> None:
    """Every weight is another, none is what it starts as."""
    row, found = drawn.row, drawn.found
    expected = row.reference(*drawn.inputs, *drawn.values)
    assert found.dtype.name == row.dtype
    np.testing.assert_allclose(found, expected, rtol=row.tolerance, atol=row.tolerance)
    hold_slope(row, drawn.layer, drawn.inputs, drawn.values)


def test_layer_says_what_it_will_compute(drawn: Drawn) -> None:
    """Its shape and its type, where there are no numbers yet, and batches of any size."""
    row, layer, found = drawn.row, drawn.layer, drawn.found
    given = [keras.Input(batch_shape=shape, dtype=row.dtype) for shape in row.shapes]
    said = apply(layer, row, given)
    assert said.dtype == row.dtype
    assert [size for size in said.shape if size] == [
        size for size, known in zip(found.shape, said.shape, strict=True) if known
    ]
    if "reverse" in row.call:
        # What a call is asked for, a shape alone does not say.
        return
    shapes = [(None, *shape[1:]) for shape in row.shapes]
    shape = layer.compute_output_shape(*([shapes] if row.together else shapes))
    assert shape[0] is None
    assert [size for size in shape if size] == [
        size for size, known in zip(found.shape, shape, strict=True) if known
    ]


#: Kinds of attention, and those of one kind that take another way, or hide something.
ATTENDING = [name for name in TABLE if name.endswith("Attention")] + [
    *("Attention_masked", "Attention_masked_causal"),
    *("MultiHeadAttention_pairs", "MultiHeadAttention_steps_causal", "MultiHeadAttention_masks"),
    *("GroupQueryAttention_pairs", "GroupQueryAttention_steps_causal", "GroupQueryAttention_masks"),
]


@pytest.mark.parametrize("name", ATTENDING)
def test_attention_hands_out_its_scores(name: str) -> None:
    """Each query's add up to 1; the output is the same, in training too; shapes are foretold."""
    row = TABLE[name]
    layer, inputs, _ = draw(name, row)
    # Rows of steps drop scores while they train.
    words = {"return_attention_scores": True, "training": "steps" not in name}
    asked = replace(row, call={**row.call, **words})
    output, scores = apply(layer, asked, inputs)
    np.testing.assert_allclose(output, apply(layer, row, inputs), rtol=1e-12)
    np.testing.assert_allclose(scores.numpy().sum(-1), 1, rtol=1e-12)
    assert (scores.numpy() >= 0).all()
    given = [keras.Input(batch_shape=shape, dtype=row.dtype) for shape in row.shapes]
    assert apply(layer, asked, given)[0].shape == tuple(output.shape)


def test_every_layer_has_a_row() -> None:
    """A layer that a release of Keras brings has to be looked at."""
    covered = {type(row.make()) for row in TABLE.values()}
    public = {kind.__name__ for kind in classes(keras.layers, keras.Layer) - covered}
    assert public - set(OUTSIDE) == set()
    assert set(OUTSIDE) - public == set(), "in a table, or gone: remove the record"
