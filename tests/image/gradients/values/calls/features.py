"""Keras's layers that prepare numbers and ids: scaled, centred, in bins, as vectors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, POSITIVE, UNIT, X

IDS, COUNTS = np.array([[1, 3, 3], [0, 2, 0]]), np.array([[0.5, 2, 1], [3, 0.25, 1]])
MIXED = (np.arange(400) * 37 % 400) / 400
EDGES = [-0.5, 0.0, 0.75]


def centred(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """Return numbers of mean 0 and deviation 1."""
    return (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)


def adapted(layer: keras.Layer, data: Any, inputs: np.ndarray) -> Any:
    """Return what a layer makes of inputs after it has seen data."""
    layer.adapt(data)
    return layer(inputs)


def seen(layer: keras.Layer, data: Any, **options: Any) -> Any:
    """Return the bounds that a layer finds in data."""
    layer.adapt(data, **options)
    return np.array(layer.bin_boundaries)


def batches(x: np.ndarray, *sizes: int) -> list[np.ndarray]:
    """Return parts of unlike size."""
    return np.split(x, np.cumsum(sizes))


def encoded(mode: str, ids: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Return ids as vectors of five numbers."""
    vectors = np.eye(5)[ids]
    if mode == "one_hot":
        return vectors
    if mode == "multi_hot":
        return vectors.max(-2)
    return (vectors if weights is None else vectors * weights[..., None]).sum(-2)


MEANS, SQUARES = CUBE.mean((0, 1)), CUBE.var((0, 1))
ROWS: Rows = {
    "Normalization_given": (
        lambda: layers.Normalization(mean=MEANS, variance=SQUARES)(CUBE),
        (CUBE - MEANS) / np.sqrt(SQUARES),
    ),
    "Normalization_inverted": (
        lambda: layers.Normalization(mean=MEANS, variance=SQUARES, invert=True)(CUBE),
        CUBE * np.sqrt(SQUARES) + MEANS,
    ),
    "Normalization_whole": (
        lambda: layers.Normalization(axis=None, mean=0.5, variance=4.0)(CUBE),
        (CUBE - 0.5) / 2,
    ),
    "Normalization_axes": (
        lambda: layers.Normalization(axis=(2, 1), mean=X, variance=POSITIVE)(CUBE),
        (CUBE - X) / np.sqrt(POSITIVE),
    ),
    "Normalization_axis": (
        lambda: layers.Normalization(axis=1, mean=X[:, 0], variance=POSITIVE[:, 0])(CUBE),
        (CUBE - X[:, :1]) / np.sqrt(POSITIVE[:, :1]),
    ),
    "Normalization_constant": (
        lambda: layers.Normalization(mean=2.0, variance=0.0)(np.array([[3.0]])),
        np.array([[1e7]]),
    ),
    **{
        f"Normalization_seen_{name}": (
            lambda data=data: adapted(layers.Normalization(), data(np.float32(CUBE)), CUBE),
            centred(CUBE, (0, 1)),
        )
        for name, data in {
            "array": lambda x: x,
            "tensor": tf.constant,
            "list": lambda x: batches(x, 1),
            "pairs": lambda x: [(part, part) for part in batches(x, 1)],
            # Of three parts, of which the second has other steps, too.
            "steps": lambda x: [x[:, :1], x[:, 1:]],
            "dataset": lambda x: tf.data.Dataset.from_tensor_slices(x).batch(1),
        }.items()
    },
    "Normalization_seen_each": (
        lambda: adapted(layers.Normalization(axis=(1, 2)), np.float32(CUBE), CUBE),
        centred(CUBE, (0,)),
    ),
    "Normalization_seen_axis": (
        lambda: adapted(layers.Normalization(axis=1), np.float32(CUBE), CUBE),
        centred(CUBE, (0, 2)),
    ),
    "Rescaling_each": (
        lambda: layers.Rescaling(scale=[1.0, 2, 3, 4], offset=[0.5, 0, -1, 2])(CUBE),
        CUBE * [1, 2, 3, 4] + [0.5, 0, -1, 2],
    ),
    "Discretization": (
        lambda: layers.Discretization(bin_boundaries=EDGES)(X),
        np.digitize(X, EDGES),
    ),
    "Discretization_edges": (
        lambda: layers.Discretization(bin_boundaries=EDGES)(np.array([-0.5, 0, 0.75, 9, -9])),
        np.array([1, 2, 3, 3, 0]),
    ),
    **{
        f"Discretization_{mode}": (
            lambda mode=mode: layers.Discretization(EDGES, output_mode=mode)(X),
            encoded(mode, np.digitize(X, EDGES))[..., :4],
        )
        for mode in ("one_hot", "multi_hot", "count")
    },
    # What it says before there are numbers.
    "Discretization_said": (
        lambda: [
            layers.Discretization(EDGES, output_mode=mode)(keras.Input(shape, 3)).shape
            for mode in ("int", "one_hot", "multi_hot", "count")
            for shape in ((4,), (1,), (2, 5))
        ],
        [
            *((3, 4), (3, 1), (3, 2, 5), (3, 4, 4), (3, 4), (3, 2, 5, 4)),
            *((3, 4), (3, 4), (3, 5, 4)) * 2,
        ],
    ),
    **{
        f"Discretization_seen_{name}": (
            lambda data=data: seen(layers.Discretization(num_bins=4), data()),
            # The greatest number of each quarter but the last.
            np.array([99, 199, 299]) / 400,
        )
        for name, data in {
            "array": lambda: MIXED,
            "tensor": lambda: tf.constant(MIXED.reshape(4, 100)),
        }.items()
    },
    **{
        f"Discretization_seen_steps_{name}": (
            lambda data=data: seen(layers.Discretization(num_bins=4), data(), steps=1),
            np.array([99, 199, 299]) / 400,
        )
        for name, data in {
            "list": lambda: [MIXED, MIXED + 7],
            "dataset": lambda: tf.data.Dataset.from_tensor_slices([MIXED, MIXED + 7]),
        }.items()
    },
    "Discretization_seen_list": (
        lambda: adapted(layers.Discretization(num_bins=4), np.split(MIXED, 4), UNIT),
        np.digitize(UNIT, [0.25, 0.5, 0.75]),
    ),
    **{
        f"CategoryEncoding_{mode}_{ids.ndim}": (
            lambda mode=mode, ids=ids: layers.CategoryEncoding(5, output_mode=mode)(ids),
            encoded(mode, ids),
        )
        for mode in ("one_hot", "multi_hot", "count")
        for ids in (IDS[0], IDS)
    },
    "CategoryEncoding_weighted": (
        lambda: layers.CategoryEncoding(5, output_mode="count")(IDS, count_weights=COUNTS),
        encoded("count", IDS, COUNTS),
    ),
    "CategoryEncoding_column": (
        lambda: layers.CategoryEncoding(5, output_mode="one_hot")(IDS[:, :1]),
        encoded("one_hot", IDS[:, 0]),
    ),
}
