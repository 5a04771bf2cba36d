"""keras.utils.FeatureSpace: columns of a table as vectors of numbers, beside NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras.utils import FeatureSpace

TABLE: dict[str, Any] = {
    "plain": np.array([0.5, 2.0, -1.5, 4.0, 3.0, 1.0], "float32"),
    "scaled": np.array([0.0, 64.0, 128.0, 255.0, 32.0, 1.0], "float32"),
    "centred": np.array([1.0, 5.0, 2.0, 8.0, 3.0, 9.0], "float32"),
    "binned": np.array([0.1, 0.9, 0.4, 0.6, 0.2, 0.5], "float32"),
    "number": np.array([7, 3, 7, 9, 7, 9]),
    "word": np.array(["b", "a", "b", "c", "b", "c"]),
    "hashed_number": np.array([11, 12, 13, 11, 14, 15]),
    "hashed_word": np.array(["x", "y", "z", "x", "zz", "y"]),
}


def hashed(x: np.ndarray, bins: int) -> np.ndarray:
    """Return each text's bucket, by TensorFlow's own hash."""
    return tf.strings.to_hash_bucket_fast(x.astype(str), bins).numpy()


def ranks(order: list[Any], first: int, column: str, table: dict[str, Any]) -> np.ndarray:
    """Return places in an order."""
    return np.array([first + order.index(one) for one in table[column]])


def encoded(table: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return what each column becomes; a third of them is in each bin."""
    mean, deviation = TABLE["centred"].mean(), TABLE["centred"].std()
    return {
        "binned": np.eye(3)[np.digitize(table["binned"], np.float32([0.2, 0.5]))],
        "centred": (table["centred"][:, None] - mean) / deviation,
        "hashed_number": np.eye(5)[hashed(table["hashed_number"], 5)],
        "hashed_word": np.eye(6)[hashed(table["hashed_word"], 6)],
        "number": np.eye(5)[ranks([7, 9, 3], 2, "number", table)],
        "plain": table["plain"][:, None],
        "scaled": table["scaled"][:, None] / 128 - 1,
        "word": np.eye(4)[ranks(["b", "c", "a"], 1, "word", table)],
    }


def space(mode: str, **o: Any) -> Any:
    """Return a space that has seen the table; the most frequent come first, behind the unknown."""
    kinds = {
        "plain": "float",
        "scaled": FeatureSpace.float_rescaled(scale=1 / 128, offset=-1),
        "centred": "float_normalized",
        "binned": FeatureSpace.float_discretized(3),
        "number": FeatureSpace.integer_categorical(num_oov_indices=2),
        "word": "string_categorical",
        "hashed_number": FeatureSpace.integer_hashed(num_bins=5),
        "hashed_word": "string_hashed",
    }
    made = FeatureSpace(kinds, output_mode=mode, hashing_dim=6, **o)
    made.adapt(tf.data.Dataset.from_tensor_slices(TABLE).batch(2))
    return made


@pytest.mark.parametrize("mode", ["dict", "concat"])
def test_columns_are_encoded_by_their_kinds(mode: str) -> None:
    """As a batch, and one row by itself; by name in the alphabet's order, then what is crossed."""
    pair = ("word", "hashed_number")
    made = space(mode, crosses=[pair], crossing_dim=8)
    name = "word_X_hashed_number"
    later = {column: values[1:4] for column, values in TABLE.items()}
    expected = encoded(later)
    found = made(later)
    if mode == "dict":
        crossed = np.asarray(found[name])
        assert found.keys() == {*expected, name}
        for column, values in expected.items():
            np.testing.assert_allclose(found[column], values, rtol=1e-5, atol=1e-6)
    else:
        whole = np.concatenate(list(expected.values()), -1)
        np.testing.assert_allclose(found[:, :-8], whole, rtol=1e-5, atol=1e-6)
        crossed = np.asarray(found[:, -8:])
    np.testing.assert_array_equal(crossed.sum(-1), 1)
    one = made({column: values[1] for column, values in TABLE.items()})
    for of_one, of_all in zip(tf.nest.flatten(one), tf.nest.flatten(found), strict=True):
        np.testing.assert_allclose(of_one, of_all[0], rtol=1e-6)
