"""keras.utils.FeatureSpace: columns of a table as vectors of numbers, beside NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers
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


def kinds() -> dict[str, Any]:
    """Return what each column is; the most frequent come first, behind what is not known."""
    return {
        "plain": "float",
        "scaled": FeatureSpace.float_rescaled(scale=1 / 128, offset=-1),
        "centred": "float_normalized",
        "binned": FeatureSpace.float_discretized(3),
        "number": FeatureSpace.integer_categorical(num_oov_indices=2),
        "word": "string_categorical",
        "hashed_number": FeatureSpace.integer_hashed(num_bins=5),
        "hashed_word": "string_hashed",
    }


def test_columns_are_encoded_by_their_kinds() -> None:
    """As a batch, and one row by itself."""
    made = FeatureSpace(kinds(), output_mode="dict", hashing_dim=6)
    made.adapt(tf.data.Dataset.from_tensor_slices(TABLE).batch(2))
    found = made({column: values[1:4] for column, values in TABLE.items()})
    one = made({column: values[2] for column, values in TABLE.items()})
    expected = encoded({column: values[1:4] for column, values in TABLE.items()})
    assert found.keys() == expected.keys()
    for column, values in expected.items():
        np.testing.assert_allclose(found[column], values, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(one[column], values[1], rtol=1e-5, atol=1e-6)


def test_columns_stand_beside_each_other() -> None:
    """In the order of the alphabet; then what is crossed: each pair of buckets has a place."""
    asked = ("scaled", "hashed_word", "plain", "hashed_number")
    made = FeatureSpace(
        {column: kinds()[column] for column in asked},
        **{"hashing_dim": 6, "crossing_dim": 8, "crosses": [("hashed_word", "hashed_number")]},
    )
    found = np.asarray(made({column: TABLE[column] for column in asked}))
    whole = encoded(TABLE)
    expected = np.concatenate([whole[column] for column in sorted(asked)], -1)
    np.testing.assert_allclose(found[:, :-8], expected, rtol=1e-5, atol=1e-6)
    buckets = (hashed(TABLE["hashed_word"], 6), hashed(TABLE["hashed_number"], 5))
    crossed = layers.HashedCrossing(8)(buckets)
    np.testing.assert_array_equal(found[:, -8:], np.eye(8)[crossed])
    one = made({column: TABLE[column][1] for column in asked})
    np.testing.assert_allclose(one, found[1], rtol=1e-6)
