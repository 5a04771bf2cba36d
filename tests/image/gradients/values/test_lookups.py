"""Layers that number words, ids and buckets, beside dictionaries and counts in Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

WORDS = [["b", "a", "c", "b"], ["a", "b", "", "d"], ["b", "e", "e", "a"]]
#: By how often they come, then from the end of the alphabet.
ORDER = ["b", "a", "e", "d", "c"]
IDS = [[7, 3, 9, 7], [3, 7, 0, 11], [7, 300, 300, 3]]
ID_ORDER = [7, 3, 300, 11, 9]
#: Asked for: known, hidden, unknown.
ASKED = [["a", "", "z"], ["d", "b", "b"]]
ASKED_IDS = [[3, 0, 8], [11, 7, 7]]


def numbered(asked: Any, order: Any, hidden: Any, unknown: int, start: int) -> np.ndarray:
    """Return places in the order, behind what is hidden and what is not known."""
    places = {word: start + place for place, word in enumerate(order)}
    if hidden is not None:
        places[hidden] = 0
    return np.array([[places.get(word, unknown) for word in row] for row in asked])


def counted(places: np.ndarray, depth: int) -> np.ndarray:
    """Return how often each place comes in each row; what is not a place does not count."""
    return np.array([[int((row == place).sum()) for place in range(depth)] for row in places])


KINDS = {
    "StringLookup": (layers.StringLookup, WORDS, ORDER, ASKED, ""),
    "IntegerLookup": (layers.IntegerLookup, IDS, ID_ORDER, ASKED_IDS, 0),
}


@pytest.mark.parametrize("given", ["adapted", "told"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_lookup_numbers_what_it_knows(kind: str, given: str) -> None:
    """The most frequent first; as many as there may be; back again; and as counts."""
    make, data, order, asked, hidden = KINDS[kind]

    def layer(**options: Any) -> Any:
        if given == "told":
            most = options.get("max_tokens")
            taken = order[: most and most - 1 - (options.get("mask_token") is not None)]
            return make(vocabulary=taken, **options)
        made = make(**options)
        made.adapt(tf.data.Dataset.from_tensor_slices(np.array(data)).batch(2))
        return made

    for options, unknown, start in (({}, 0, 1), ({"mask_token": hidden}, 1, 2)):
        for most in (None, 4)[given == "adapted" and "mask_token" in options :]:
            if most and hidden == 0 and "mask_token" not in options:
                continue  # 0 is an id as others are: which of those that come once is in?
            whole = order if "mask_token" in options or given == "told" else [*order, hidden]
            kept = whole[: most and most - start]
            numbers = numbered(asked, kept, options.get("mask_token"), unknown, start)
            found = layer(**options, max_tokens=most)(np.array(asked))
            if hidden == "" and "mask_token" not in options and given == "adapted" and not most:
                numbers = np.where(np.array(asked) == "", len(order) + 1, numbers)
            np.testing.assert_array_equal(found, numbers)
    back = layer(mask_token=hidden, invert=True)
    words = back(np.array([[2, 3, 0], [6, 4, 1]])).numpy()
    first, second = (
        [order[0], order[1], hidden],
        [order[4], order[2], "[UNK]" if hidden == "" else -1],
    )
    encode = np.vectorize(lambda word: word.encode() if isinstance(word, str) else word)
    np.testing.assert_array_equal(words, encode(np.array([first, second], object)))
    places = numbered(asked, order, None, 0, 1)
    places[np.array(asked) == hidden] = 99
    counts = counted(places, 6)
    for mode, expected in (("count", counts), ("multi_hot", np.minimum(counts, 1))):
        found = layer(mask_token=hidden, output_mode=mode)(np.array(asked))
        np.testing.assert_array_equal(found, expected)
        if given == "adapted":
            continue
        padded = layer(mask_token=hidden, output_mode=mode, max_tokens=9, pad_to_max_tokens=True)(
            np.array(asked)
        )
        np.testing.assert_array_equal(padded, np.pad(expected, [(0, 0), (0, 3)]))


def test_what_is_rare_counts_more() -> None:
    """By the logarithm of one more than documents over one more than those that have it."""
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt(np.array(WORDS))
    names = layer.get_vocabulary()[1:]
    have = [sum(word in row for row in WORDS) for word in names]
    weights = np.log(1 + len(WORDS) / (1 + np.array(have)))
    counts = counted(numbered(ASKED, names, None, 0, 1), len(names) + 1)
    expected = counts * np.concatenate([[weights.mean()], weights])
    np.testing.assert_allclose(layer(np.array(ASKED)), expected, rtol=1e-6)
    told = layers.StringLookup(vocabulary=["a", "b"], idf_weights=[0.5, 2.0], output_mode="tf_idf")
    np.testing.assert_allclose(told(np.array(ASKED)), [[2.5, 0.5, 0], [1.25, 0, 4]], rtol=1e-6)


def test_what_is_not_known_is_spread() -> None:
    """Numbers by their remainder, words by TensorFlow's own hash; without a place it is refused."""
    layer = layers.IntegerLookup(vocabulary=[7, 3], num_oov_indices=3)
    np.testing.assert_array_equal(layer(np.array([7, 3, 10, 11, 12])), [3, 4, 1, 2, 0])
    words = layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=4, mask_token="")
    asked = ["a", "", "x", "y", "zz"]
    spread = [1 + int(tf.strings.to_hash_bucket_fast([w], 4)[0]) for w in asked[2:]]
    np.testing.assert_array_equal(words(np.array(asked)), [5, 0, *spread])
    with pytest.raises(tf.errors.InvalidArgumentError):
        layers.IntegerLookup(vocabulary=[7, 3], num_oov_indices=0)(np.array([8]))


def test_words_fall_into_buckets() -> None:
    """By TensorFlow's hashes, fast and strong; what is hidden has the first."""
    words = np.array([["a", "b", "hidden"], ["c", "a", "a"]])
    numbers = np.array([[5, 6, 7], [8, 5, 5]])
    for given in (words, numbers):
        text = given.astype(str)
        fast = tf.strings.to_hash_bucket_fast(text, 7).numpy()
        np.testing.assert_array_equal(layers.Hashing(7)(given), fast)
        strong = tf.strings.to_hash_bucket_strong(text, 7, [3, 4]).numpy()
        np.testing.assert_array_equal(layers.Hashing(7, salt=[3, 4])(given), strong)
        counts = layers.Hashing(7, output_mode="count")(given)
        np.testing.assert_array_equal(counts, counted(fast, 7))
    rest = 1 + tf.strings.to_hash_bucket_fast(words, 6).numpy()
    found = layers.Hashing(7, mask_value="hidden")(words)
    np.testing.assert_array_equal(found, np.where(words == "hidden", 0, rest))
    crossed = layers.HashedCrossing(5)((np.array(["a", "b", "a"]), np.array([1, 2, 3])))
    again = layers.HashedCrossing(5, output_mode="one_hot")(
        (np.array(["a", "b", "a"]), np.array([1, 2, 3]))
    )
    np.testing.assert_array_equal(again, np.eye(5)[np.asarray(crossed)])
    assert len({*layers.HashedCrossing(1000)((np.array(["a"] * 9), np.arange(9))).numpy()}) > 6


TEXTS = ["The cat, the HAT!", "a cat sat", "the end"]
WORDS_OF = [["the", "cat", "the", "hat"], ["a", "cat", "sat"], ["the", "end"]]


def grams(words: list[str], sizes: Any) -> list[str]:
    """Return what stands beside each other: ones first."""
    return [" ".join(words[i : i + n]) for n in sizes for i in range(len(words) - n + 1)]


@pytest.mark.parametrize("sizes", [None, 2, (2,)])
def test_a_text_is_its_words(sizes: Any) -> None:
    """In small letters, without points; and what stands beside each other, as it is asked for."""
    each = {None: (1,), 2: (1, 2)}.get(sizes, sizes)
    docs = [grams(words, each) for words in WORDS_OF]
    total = Counter(word for doc in docs for word in doc)
    order = sorted(total, key=lambda word: (total[word], word), reverse=True)
    layer = layers.TextVectorization(ngrams=sizes, output_sequence_length=5)
    layer.adapt(np.array(TEXTS))
    assert layer.get_vocabulary() == ["", "[UNK]", *order]
    rows = [[order.index(word) + 2 for word in doc][:5] for doc in docs]
    expected = [row + [0] * (5 - len(row)) for row in rows]
    np.testing.assert_array_equal(layer(np.array(TEXTS)), expected)
    counts = layers.TextVectorization(ngrams=sizes, output_mode="count", vocabulary=order)
    places = [[order.index(word) + 1 for word in doc] for doc in docs]
    exact = [[row.count(place) for place in range(len(order) + 1)] for row in places]
    np.testing.assert_array_equal(counts(np.array(TEXTS)), exact)


def test_a_text_is_taken_apart_as_one_asks() -> None:
    """As it is, by letters, or by a function."""
    kept = layers.TextVectorization(
        standardize=None, split=None, vocabulary=["a cat sat"], output_mode="int"
    )
    np.testing.assert_array_equal(kept(np.array(TEXTS)).numpy().ravel(), [1, 2, 1])
    letters = layers.TextVectorization(
        standardize="lower", split="character", vocabulary=["t", "h"], output_sequence_length=3
    )
    np.testing.assert_array_equal(letters(np.array(["THx", "th"])), [[2, 3, 1], [2, 3, 0]])
    own = layers.TextVectorization(
        standardize=lambda text: tf.strings.regex_replace(text, "-", " "),
        vocabulary=["a", "B"],
    )
    np.testing.assert_array_equal(own(np.array(["a-B-a"])), [[2, 3, 2]])


def test_bins_are_as_full_as_each_other() -> None:
    """By all batches together, the last of which are the largest."""
    numbers = np.random.default_rng(8).permutation(400).astype("float32")
    batches = np.sort(numbers).reshape(4, 100)
    layer = layers.Discretization(num_bins=5)
    for given in (tf.data.Dataset.from_tensor_slices(batches), list(batches), numbers):
        layer.adapt(given)
        shares = np.bincount(np.asarray(layer(numbers))) / len(numbers)
        np.testing.assert_allclose(shares, 5 * [0.2], atol=0.03)


def test_numbers_keep_their_digits() -> None:
    """Fractions at a bound, and whole numbers that 16 bits have not."""
    bounds = [0.1, 0.2, 1000.5]
    fine = np.array([0.1 - 1e-6, 0.1 + 1e-6, 0.2 - 1e-6, 0.2 + 1e-6, 1000.4, 1000.6])
    np.testing.assert_array_equal(layers.Discretization(bounds)(fine), np.digitize(fine, bounds))
    for kind in ("int16", "uint16", "int32", "int64"):
        whole = np.array([[257, 4099, 32_767]], kind)
        half = layers.Rescaling(0.5, offset=1.0)(whole)
        np.testing.assert_allclose(half, 0.5 * whole + 1, rtol=1e-7)
        norm = layers.Normalization(axis=None, mean=1.0, variance=4.0)(whole)
        np.testing.assert_allclose(norm, (whole - 1.0) / 2, rtol=1e-6)
    for kind in ("int32", "int64"):
        hot = layers.CategoryEncoding(4100)(np.array([[257, 4099]], kind))
        np.testing.assert_array_equal(np.nonzero(hot)[1], [257, 4099])
