"""What weights start as, are held to and cost: by each attribute, exactly.

What is drawn is the same draw of the same seed, moved and scaled by the formula. Keras has the
bounds of what it draws in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod
from typing import Any

import keras
import numpy as np
import pytest
import scipy.signal
import tensorflow as tf
from keras import constraints, initializers, layers, ops, regularizers
from keras import random as draws

SHAPES: dict[int, tuple[int, ...]] = {1: (6,), 2: (4, 6), 3: (3, 4, 6), 4: (2, 3, 4, 6)}
BLOCK = np.random.default_rng(91).standard_normal((3, 4, 2))
SEED = 3
#: By name, what is drawn around 0; the variance of what is truncated is less than 1.
DRAWN: dict[str, Callable[[tuple[int, ...]], np.ndarray]] = {
    "uniform": lambda shape: np.sqrt(3) * draws.uniform(shape, -1, 1, "float64", SEED),
    "untruncated_normal": lambda shape: np.asarray(draws.normal(shape, 0, 1, "float64", SEED)),
    "truncated_normal": lambda shape: (
        draws.truncated_normal(shape, 0, 1, "float64", SEED) / 0.87962566103423978
    ),
}
FANS: dict[str, Callable[[int, int], float]] = {
    "fan_in": lambda into, _: into,
    "fan_out": lambda _, out: out,
    "fan_avg": lambda into, out: (into + out) / 2,
}


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many numbers make one, and how many one makes: of each place of a kernel."""
    if len(shape) == 1:
        return shape[0], shape[0]
    return prod(shape[:-1]), prod(shape[:-2]) * shape[-1]


@pytest.mark.parametrize(("mode", "kind"), [*product(FANS, DRAWN)])
def test_first_weights_are_scaled_by_their_fan(mode: str, kind: str) -> None:
    for shape in SHAPES.values():
        found = initializers.VarianceScaling(2.5, mode, kind, seed=SEED)(shape, "float64")
        expected = DRAWN[kind](shape) * np.sqrt(2.5 / FANS[mode](*fans(shape)))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_axes_of_a_fan_may_be_named() -> None:
    for axes in (((1,), (0, 2)), ((0, 2), (1,)), ((2,), (1,))):
        into, out = (prod(SHAPES[3][axis] for axis in part) for part in axes)
        for mode, fan in FANS.items():
            make = initializers.VarianceScaling(1.5, mode, "uniform", SEED, *axes)
            expected = DRAWN["uniform"](SHAPES[3]) * np.sqrt(1.5 / fan(into, out))
            np.testing.assert_allclose(make(SHAPES[3], "float64"), expected, rtol=1e-6)


#: By name: its scale, its fan, and what is drawn.
NAMED = {
    "GlorotUniform": (1, "fan_avg", "uniform"),
    "GlorotNormal": (1, "fan_avg", "truncated_normal"),
    "LecunUniform": (1, "fan_in", "uniform"),
    "LecunNormal": (1, "fan_in", "truncated_normal"),
    "HeUniform": (2, "fan_in", "uniform"),
    "HeNormal": (2, "fan_in", "truncated_normal"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_paper_s_first_weights_are_its_variance(name: str) -> None:
    scale, mode, kind = NAMED[name]
    kinds = getattr(initializers, name)
    for shape, axes in ((SHAPES[4], ()), (SHAPES[2], ((1,), (0,)))):
        into, out = fans(shape)
        into, out = (out, into) if axes else (into, out)
        expected = DRAWN[kind](shape) * np.sqrt(scale / FANS[mode](into, out))
        np.testing.assert_allclose(kinds(SEED, *axes)(shape, "float64"), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("equation", "output", "into", "out"),
    [
        ("abc,cde->abde", (None, 2, 5), 3, 10),
        ("abc,bcd->ad", 5, 12, 5),
        ("abc,dc->abd", (None, 7), 3, 7),
        ("...c,cd->...d", 7, 3, 7),
    ],
)
def test_a_kernel_of_sums_has_the_fan_of_its_equation(
    equation: str, output: Any, into: int, out: int
) -> None:
    """What is summed over comes in, and what is left goes out, wherever the kernel has it."""
    for mode, fan in FANS.items():
        make = initializers.VarianceScaling(2.5, mode, "uniform", seed=SEED)
        layer = layers.EinsumDense(equation, output, kernel_initializer=make, dtype="float64")
        layer.build((2, 4, 3))
        kernel = layer.kernel
        expected = DRAWN["uniform"](tuple(kernel.shape)) * np.sqrt(2.5 / fan(into, out))
        np.testing.assert_allclose(kernel.numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (2, 3, 4)])
def test_orthogonal_first_weights_are_those_of_their_draw(shape: tuple[int, ...]) -> None:
    """What is drawn is their product with a triangle, whose diagonal is positive."""
    found = initializers.Orthogonal(2.0, SEED)(shape, "float64").numpy().reshape(-1, shape[-1])
    tall = found.T if len(found) < shape[-1] else found
    triangle = tall.T @ np.asarray(draws.normal(tall.shape, 0, 1, "float64", SEED)) / 2
    np.testing.assert_allclose(tall.T @ tall, 4 * np.eye(tall.shape[1]), atol=1e-6)
    np.testing.assert_allclose(np.tril(triangle, -1), 0, atol=1e-6)
    assert (np.diag(triangle) > 0).all()


#: Those that draw around a place of their own, by the same draw around 0.
MOVED: dict[str, tuple[Callable[[], Any], Callable[[tuple[int, ...]], Any]]] = {
    "RandomNormal": (
        lambda: initializers.RandomNormal(0.5, 2.0, SEED),
        lambda shape: 0.5 + 2 * DRAWN["untruncated_normal"](shape),
    ),
    "TruncatedNormal": (
        lambda: initializers.TruncatedNormal(0.5, 2.0, SEED),
        lambda shape: 0.5 + 2 * draws.truncated_normal(shape, 0, 1, "float64", SEED),
    ),
    "RandomUniform": (
        lambda: initializers.RandomUniform(-0.5, 2.5, SEED),
        lambda shape: 1 + 1.5 * draws.uniform(shape, -1, 1, "float64", SEED),
    ),
    "Identity": (lambda: initializers.Identity(2.5), lambda shape: 2.5 * np.eye(*shape)),
    "Constant": (
        lambda: initializers.Constant(np.arange(6.0)),
        lambda shape: np.broadcast_to(np.arange(6.0), shape),
    ),
}


@pytest.mark.parametrize("name", MOVED)
def test_first_weights_are_where_they_are_asked_for(name: str) -> None:
    make, reference = MOVED[name]
    np.testing.assert_allclose(make()(SHAPES[2], "float64"), reference(SHAPES[2]), rtol=1e-6)


WINDOWS: dict[str, Any] = {"hann": "hann", "hamming": "hamming", "own": np.arange(1.0, 9), "": None}


@pytest.mark.parametrize(("window", "scaling"), [*product(WINDOWS, ("density", "spectrum", None))])
def test_a_spectrum_s_kernel_is_its_waves(window: str, scaling: str | None) -> None:
    """Below a window, which is divided by its norm, or by its sum."""
    given = WINDOWS[window]
    for side, wave in (("real", np.cos), ("imag", np.sin)):
        for periodic in (False, True):
            make = initializers.STFT(side, given, scaling, periodic)
            bell = np.ones(8)
            if given is not None:
                named = isinstance(given, str)
                bell = scipy.signal.get_window(given, 8, fftbins=periodic) if named else given
                norms = {"density": np.sqrt((bell**2).sum()), "spectrum": bell.sum(), None: 1}
                bell = bell / norms[scaling]
            expected = wave(-2 * np.pi * np.outer(np.arange(8), np.arange(7)) / 12)
            found = np.asarray(make((8, 1, 7), "float64"))[:, 0]
            np.testing.assert_allclose(found, expected * bell[:, None], rtol=1e-6, atol=1e-6)


def norms(axis: Any) -> np.ndarray:
    """Return those of the block along an axis."""
    return np.sqrt((BLOCK**2).sum(tuple(axis) if isinstance(axis, list) else axis, keepdims=True))


#: By name: a constraint along an axis, and how long it lets what has this length be.
LENGTHS: dict[str, tuple[Callable[[Any], Any], Callable[[np.ndarray], Any]]] = {
    "MaxNorm": (lambda axis: constraints.MaxNorm(1.5, axis), lambda n: np.minimum(n, 1.5)),
    "UnitNorm": (constraints.UnitNorm, np.ones_like),
    "MinMaxNorm": (
        lambda axis: constraints.MinMaxNorm(1.25, 1.75, 0.75, axis),
        lambda n: 0.75 * np.clip(n, 1.25, 1.75) + 0.25 * n,
    ),
}


@pytest.mark.parametrize(("name", "axis"), [*product(LENGTHS, (0, 1, -1, [0, 1], [0, 1, 2]))])
def test_a_norm_is_held_along_its_axes(name: str, axis: Any) -> None:
    make, held = LENGTHS[name]
    length = norms(axis)
    np.testing.assert_allclose(make(axis)(BLOCK), BLOCK * held(length) / length, rtol=1e-6)


#: By name: a penalty, and what it is of a block, whose numbers are of either sign.
PENALTIES: dict[str, tuple[Callable[[], Any], float]] = {
    "L1": (regularizers.L1, 0.01 * np.abs(BLOCK).sum()),
    "L2": (regularizers.L2, 0.01 * (BLOCK**2).sum()),
    "L1L2": (regularizers.L1L2, 0),
    "L1L2_of_one": (lambda: regularizers.L1L2(l1=0.5), 0.5 * np.abs(BLOCK).sum()),
    "L1L2_of_other": (lambda: regularizers.L1L2(l2=0.25), 0.25 * (BLOCK**2).sum()),
    "L1L2_of_both": (
        lambda: regularizers.L1L2(0.5, 0.25),
        0.5 * np.abs(BLOCK).sum() + 0.25 * (BLOCK**2).sum(),
    ),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_its_sum(name: str) -> None:
    make, expected = PENALTIES[name]
    np.testing.assert_allclose(
        make()(keras.ops.convert_to_tensor(BLOCK)), expected, rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_directions_that_are_alike_cost(mode: str) -> None:
    """By the mean of their pairs' cosines, times a factor; a matrix may have any shape."""
    matrix = BLOCK[:, :, 0].astype("float32")
    lines = matrix if mode == "rows" else matrix.T
    unit = lines / np.linalg.norm(lines, axis=1, keepdims=True)
    pairs = np.triu_indices(len(lines), 1)
    expected = 0.75 * np.abs(unit @ unit.T)[pairs].mean()
    found = regularizers.OrthogonalRegularizer(0.75, mode)(keras.ops.convert_to_tensor(matrix))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_directions_cost_in_float32_alone() -> None:
    """The factor is a tensor of that type, and meets weights of another."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a float tensor"):
        regularizers.OrthogonalRegularizer()(keras.ops.convert_to_tensor(BLOCK[0]))
    pytest.xfail("Keras's OrthogonalRegularizer takes no weights but of float32")


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float32", "float64"])
def test_a_weight_that_is_not_told_how_starts_as_a_layer_s(kind: str) -> None:
    """By its fans, in every type of fractions; whole numbers start at 0."""
    layer = layers.Layer()
    found = ops.convert_to_numpy(layer.add_weight(shape=(40, 60), dtype=kind)).astype("float64")
    bound = np.sqrt(6 / 100)
    assert 0.95 * bound < found.max() <= 1.01 * bound
    assert abs(found.std() - bound / np.sqrt(3)) < 0.05 * bound
    np.testing.assert_array_equal(layer.add_weight(shape=(3,), dtype="int32").numpy(), [0, 0, 0])


@pytest.mark.parametrize("name", LENGTHS)
def test_what_has_no_length_stays_so(name: str) -> None:
    np.testing.assert_array_equal(LENGTHS[name][0](0)(np.zeros((3, 2))), np.zeros((3, 2)))
