"""Layers that number words, told what they know in other ways, and asked in other shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gradients.values.test_lookups import ASKED, ORDER, WORDS, counted, numbered

Data = Callable[[], Any]
#: The same words, in several forms; what stands behind the steps that are asked for does not count.
SEEN: dict[str, tuple[Data, dict[str, Any]]] = {
    "array": (lambda: np.array(WORDS), {}),
    "tensor": (lambda: tf.constant(WORDS), {}),
    "list": (lambda: [*np.ravel(WORDS)], {}),
    "words": (lambda: tf.data.Dataset.from_tensor_slices(np.ravel(WORDS)), {}),
    "rows": (lambda: (row for row in [*np.array(WORDS), np.array(["z"] * 99)]), {"steps": 3}),
    "batches": (
        lambda: tf.data.Dataset.from_tensor_slices([*WORDS, ["z"] * 4]).batch(1),
        {"steps": 3},
    ),
    "ragged": (lambda: tf.ragged.constant([*WORDS[:2], [], WORDS[2]]), {}),
}


@pytest.mark.parametrize("name", SEEN)
def test_words_are_counted_in_whatever_they_come(name: str) -> None:
    data, options = SEEN[name]
    layer = layers.StringLookup(mask_token="")
    layer.adapt(data(), **options)
    assert layer.get_vocabulary() == ["", "[UNK]", *ORDER]
    assert layer.get_vocabulary(include_special_tokens=False) == ORDER
    assert layer.vocabulary_size() == len(ORDER) + 2
    found = layer(np.array(ASKED))
    np.testing.assert_array_equal(found, numbered(ASKED, ORDER, "", 1, 2))
    assert int(layer(tf.constant("e"))) == 2 + ORDER.index("e")


def test_a_vocabulary_is_told_in_many_ways(tmp_path: Path) -> None:
    """From a file, as a tensor, as an array, with what stands for the hidden and the unknown."""
    path = tmp_path / "words"
    path.write_text("\n".join(ORDER), encoding="utf-8")
    whole = ["", "[UNK]", "[UNK]", *ORDER]
    for told in (str(path), tf.constant(ORDER), np.array(ORDER), whole):
        layer = layers.StringLookup(vocabulary=told, mask_token="", num_oov_indices=2)
        asked = np.array([["a", "", "c"]])
        np.testing.assert_array_equal(layer(asked), numbered(asked, ORDER, "", 1, 3))
    numbers = layers.IntegerLookup(vocabulary=tf.constant([7, 3]), oov_token=-9, invert=True)
    np.testing.assert_array_equal(numbers(np.array([0, 1, 2])), [-9, 7, 3])


def test_what_is_rare_counts_more_in_a_wider_row() -> None:
    """Behind the words stand zeros; a weight may be told of what is not known."""
    told = layers.StringLookup(
        **{"vocabulary": ["[UNK]", "a", "b"], "idf_weights": np.array([7.0, 0.5, 2.0])},
        **{"output_mode": "tf_idf", "max_tokens": 5, "pad_to_max_tokens": True},
    )
    np.testing.assert_allclose(told(np.array(ASKED)), [[14, 0.5, 0, 0, 0], [7, 0, 4, 0, 0]])
    # Of documents of unlike length, in one of which a word comes twice.
    docs = [["a", "a"], ["a", "b", "c"], ["b"]]
    layer = layers.StringLookup(output_mode="tf_idf", max_tokens=6, pad_to_max_tokens=True)
    layer.adapt(tf.ragged.constant(docs))
    names = ["a", "b", "c"]
    assert layer.get_vocabulary() == ["[UNK]", *names]
    weights = np.log(1 + 3 / (1 + np.array([2, 2, 1])))
    asked = [["a", "a", "c"], ["b", "z", "z"]]
    counts = counted(numbered(asked, names, None, 0, 1), 4)
    expected = counts * np.concatenate([[weights.mean()], weights])
    found = layer(np.array(asked))
    np.testing.assert_allclose(found, np.pad(expected, [(0, 0), (0, 2)]), rtol=1e-6)


def test_what_is_not_known_is_spread_as_one_asks() -> None:
    """By TensorFlow's hashes, with a salt or without; a number by its own."""
    words, numbers = ["x", "y", "zz"], [10, 11, 12]
    for asked, make, known in (
        (words, layers.StringLookup, ["a"]),
        (numbers, layers.IntegerLookup, [7]),
    ):
        text = np.array(asked).astype(str)
        for salt, expected in (
            (None, tf.strings.to_hash_bucket_fast(text, 4)),
            ([3, 4], tf.strings.to_hash_bucket_strong(text, 4, [3, 4])),
        ):
            layer = make(vocabulary=known, num_oov_indices=4, salt=salt, oov_method="farmhash")
            np.testing.assert_array_equal(layer(np.array(asked)), expected)


def test_numbers_fall_into_buckets_of_any_kind() -> None:
    """A fraction by its whole part; a column as a vector; one salt stands for two."""
    numbers = np.array([[5], [6], [8]])
    fast = tf.strings.to_hash_bucket_fast(numbers.astype(str), 7).numpy()
    np.testing.assert_array_equal(layers.Hashing(7)(numbers + 0.5), fast)
    np.testing.assert_array_equal(
        layers.Hashing(7, output_mode="one_hot")(numbers), np.eye(7)[fast[:, 0]]
    )
    both = tf.strings.to_hash_bucket_strong(numbers.astype(str), 7, [5, 5])
    np.testing.assert_array_equal(layers.Hashing(7, salt=5)(numbers), both)
    pair = (np.array(["a", "b", "a"]), np.array([1, 2, 3]))
    plain = np.asarray(layers.HashedCrossing(50)(pair))
    columns = layers.HashedCrossing(50)(tuple(one[:, None] for one in pair))
    np.testing.assert_array_equal(columns, plain[:, None])
    for place in range(3):
        one = layers.HashedCrossing(50)(tuple(tf.constant(of[place]) for of in pair))
        np.testing.assert_array_equal(one, plain[place])


def test_a_text_is_as_long_as_one_asks() -> None:
    """Cut off or filled, if it is taken apart already, and as it is, if it may be ragged."""
    whole = {"standardize": None, "split": None, "vocabulary": ["a", "b", "c"]}
    rows = np.array([["a", "b", "c"], ["c", "b", "z"]])
    expected = np.array([[2, 3, 4], [4, 3, 1]])
    for length in (2, 3, 5):
        found = layers.TextVectorization(**whole, output_sequence_length=length)(rows)
        wide = np.pad(expected, [(0, 0), (0, 2)])
        np.testing.assert_array_equal(found, wide[:, :length])
    np.testing.assert_array_equal(layers.TextVectorization(**whole)(rows), expected)
    texts = np.array(["a b c", "c"])
    for length, lists in ((None, [[2, 3, 4], [4]]), (2, [[2, 3], [4]])):
        layer = layers.TextVectorization(
            vocabulary=["a", "b", "c"], ragged=True, output_sequence_length=length
        )
        assert layer(texts).to_list() == lists
    column = layers.TextVectorization(vocabulary=["a", "b", "c"])(texts[:, None])
    np.testing.assert_array_equal(column, [[2, 3, 4], [4, 0, 0]])
