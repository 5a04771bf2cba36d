"""Layers that draw: what they draw has the right moments; without training they do nothing."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from keras import random as draws

RATE, COUNT = 0.25, 40_000
#: A mean of `COUNT` draws is off by more than this, in standard deviations, once in a million.
DEVIATIONS = 5

LAYERS: dict[str, tuple[Callable[[], keras.Layer], float, float]] = {
    # of inputs of 1: the layer, the mean and the standard deviation of what comes out
    "Dropout": (lambda: layers.Dropout(RATE, seed=1), 1, np.sqrt(RATE / (1 - RATE))),
    "GaussianDropout": (
        lambda: layers.GaussianDropout(RATE, seed=1),
        1,
        np.sqrt(RATE / (1 - RATE)),
    ),
    "GaussianNoise": (lambda: layers.GaussianNoise(0.5, seed=1), 1, 0.5),
}


@pytest.mark.parametrize("name", LAYERS)
def test_noise_has_its_mean_and_its_spread(name: str) -> None:
    """The mean is that of the input: what is kept makes up for what is lost."""
    make, mean, spread = LAYERS[name]
    found = make()(np.ones((COUNT // 100, 100), "float32"), training=True).numpy()
    assert abs(found.mean() - mean) < DEVIATIONS * spread / np.sqrt(COUNT)
    # The fourth moments are at most 12 times the square of the second.
    assert abs(found.std() - spread) < DEVIATIONS * spread * np.sqrt(3 / COUNT)


def test_noise_that_multiplies_is_as_large_as_what_it_is_put_on() -> None:
    inputs = np.linspace(-2, 2, 101, dtype="float32")[None]
    one, other = (
        layers.GaussianDropout(RATE, seed=1)(part, training=True)
        for part in (np.ones_like(inputs), inputs)
    )
    np.testing.assert_allclose(other, one * inputs, rtol=1e-6)


@pytest.mark.parametrize("rate", [RATE, 0.8])
def test_dropout_keeps_or_drops(rate: float) -> None:
    """A number is 0, or itself over the part that is kept; another call draws others."""
    layer, inputs = layers.Dropout(rate, seed=1), np.linspace(1, 2, COUNT, dtype="float32")[None]
    first, second = (layer(inputs, training=True).numpy() for _ in range(2))
    kept = first > 0
    np.testing.assert_allclose(first[kept], inputs[kept] / (1 - rate), rtol=1e-6)
    assert abs(kept.mean() - (1 - rate)) < DEVIATIONS * np.sqrt(rate * (1 - rate) / COUNT)
    assert (kept != (second > 0)).any()


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_spatial_dropout_drops_whole_channels(rank: int) -> None:
    layer = getattr(layers, f"SpatialDropout{rank}D")(RATE, seed=1)
    found = layer(np.ones((8, *[3] * rank, 50), "float32"), training=True).numpy()
    channels = found.reshape(8, -1, 50)
    assert (channels == channels[:, :1]).all()
    assert (channels[0] != channels[1]).any(), "each sample has its own"
    share = (channels[:, 0] == 0).mean()
    assert abs(share - RATE) < DEVIATIONS * np.sqrt(RATE * (1 - RATE) / 400)
    np.testing.assert_allclose(np.unique(channels), [0, 1 / (1 - RATE)], rtol=1e-6)


@pytest.mark.parametrize("kind", ["Dropout", "AlphaDropout"])
@pytest.mark.parametrize("alike", [(), (0,), (1,), (2,), (0, 2)])
def test_what_is_dropped_is_alike_along_the_axes_that_say_so(
    kind: str, alike: tuple[int, ...]
) -> None:
    """Where its shape has 1; where that has nothing, or the size, each is another."""
    shape = (12, 11, 10)
    for size in (None, 0):
        noise = tuple(
            1 if axis in alike else (None if size is None else n) for axis, n in enumerate(shape)
        )
        layer, inputs = getattr(layers, kind)(0.5, noise_shape=noise, seed=1), np.ones(shape)
        drawn = [layer(inputs, training=True)]
        if kind == "Dropout":
            drawn.append(draws.dropout(inputs, 0.5, noise, seed=1))
        for found in map(np.asarray, drawn):
            assert len(np.unique(found)) == 2
            for axis in range(3):
                whole = (found == found.take([0], axis)).all(axis)
                assert whole.all() if axis in alike else not whole.any()


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    """Of normal numbers: what is lost becomes SELU's lowest value, then all are moved back."""
    inputs = np.random.default_rng(3).standard_normal((COUNT // 100, 100)).astype("float32")
    found = layers.AlphaDropout(RATE, seed=1)(inputs, training=True).numpy()
    assert abs(found.mean()) < DEVIATIONS / np.sqrt(COUNT)
    assert abs(found.std() - 1) < DEVIATIONS / np.sqrt(COUNT)
    lost = np.unique(found, return_counts=True)[1].max() / COUNT
    assert abs(lost - RATE) < DEVIATIONS * np.sqrt(RATE * (1 - RATE) / COUNT)


#: By name: a draw of so many numbers, their mean, and their standard deviation.
DRAWS: dict[str, tuple[Callable[[], object], float, float]] = {
    "normal": (lambda: draws.normal((COUNT,), 2, 0.5, seed=1), 2, 0.5),
    "truncated_normal": (
        lambda: draws.truncated_normal((COUNT,), 2, 0.5, seed=1),
        *(2, 0.5 * 0.87962566),
    ),
    "uniform": (lambda: draws.uniform((COUNT,), -1, 3, seed=1), 1, 4 / np.sqrt(12)),
    "randint": (lambda: draws.randint((COUNT,), -2, 3, seed=1), 0, np.sqrt(2)),
    "categorical": (
        lambda: draws.categorical(np.log([[0.25, 0.25, 0.5]]), COUNT, seed=1),
        *(1.25, np.sqrt(0.6875)),
    ),
    "gamma": (lambda: draws.gamma((COUNT,), 2.5, seed=1), 2.5, np.sqrt(2.5)),
    "beta": (lambda: draws.beta((COUNT,), 2.0, 6.0, seed=1), 0.25, np.sqrt(0.25 * 0.75 / 9)),
    "binomial": (lambda: draws.binomial((COUNT,), 8.0, 0.25, seed=1), 2, np.sqrt(1.5)),
    "dropout": (lambda: draws.dropout(np.ones(COUNT, "float32"), 0.2, seed=1), 1, 0.5),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_draw_has_its_mean_and_its_spread(name: str) -> None:
    make, mean, spread = DRAWS[name]
    found = np.asarray(make(), "float64")
    assert found.size == COUNT
    assert abs(found.mean() - mean) < DEVIATIONS * spread / np.sqrt(COUNT)
    assert abs(found.std() - spread) < DEVIATIONS * spread * np.sqrt(3 / COUNT)


def test_xla_draws_by_a_generator_too() -> None:
    """Others at each step, the same where it begins again; XLA takes no seed of 64 bits."""
    generator = draws.SeedGenerator(3)
    start = np.asarray(generator.state)

    @tf.function(jit_compile=True)
    def drawn() -> list[tf.Tensor]:
        return [
            draws.uniform((9,), seed=generator),
            draws.categorical(np.zeros((2, 50), "float32"), 9, seed=generator),
        ]

    first, second = drawn(), drawn()
    generator.state.assign(start)
    for one, other, same in zip(first, second, drawn(), strict=True):
        np.testing.assert_array_equal(one, same)
        assert (np.asarray(one) != np.asarray(other)).any()


def test_what_is_shuffled_is_the_same_in_another_order() -> None:
    """Along an axis, whole: what stands beside each other stays so."""
    numbers = np.arange(60).reshape(3, 20)
    for axis in (0, 1):
        found = np.asarray(draws.shuffle(numbers, axis, seed=2))
        assert (found != numbers).any()
        first = found.take(0, 1 - axis)
        np.testing.assert_array_equal(np.sort(first), numbers.take(0, 1 - axis))
        order = np.argsort(first)
        np.testing.assert_array_equal(found.take(order, axis), numbers)


@pytest.mark.parametrize(
    ("kind", "rank"),
    [
        *(("Dropout", 0), ("GaussianDropout", 0), ("AlphaDropout", 0), ("GaussianNoise", 0)),
        *(("SpatialDropout1D", 1), ("SpatialDropout2D", 2), ("SpatialDropout3D", 3)),
    ],
)
def test_nothing_is_drawn_without_training_nor_twice(kind: str, rank: int) -> None:
    """Another layer of the same seed draws the same, one of another seed does not."""
    random = np.random.default_rng(3)
    inputs = random.standard_normal((4, *[2] * rank, 15)).astype("float32")
    one, same, other = (getattr(layers, kind)(RATE, seed=seed) for seed in (1, 1, 2))
    assert (one(inputs, training=False).numpy() == inputs).all()
    first, second = (one(inputs, training=True).numpy() for _ in range(2))
    assert (first != second).any()
    assert (first == same(inputs, training=True).numpy()).all()
    assert (first != other(inputs, training=True).numpy()).any()
    half = getattr(layers, kind)(RATE, dtype="mixed_float16")(inputs, training=True)
    assert half.dtype == "float16"
    unseeded = getattr(layers, kind)(RATE)
    first, second = (unseeded(inputs, training=True).numpy() for _ in range(2))
    assert (first != second).any()


def test_each_seed_draws_others() -> None:
    """Whatever its size, and at each step of a generator."""
    generator = draws.SeedGenerator(7)
    seeds = [0, 1, 255, 256, 2**16, 10**6, 10**6 + 1, 2**30, 2**31, *[generator] * 3]
    assert len({float(draws.uniform((), seed=seed)) for seed in seeds}) == len(seeds)
    assert len({tuple(np.asarray(generator.next(ordered=False))) for _ in range(200)}) == 200
