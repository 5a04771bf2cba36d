"""Random numbers of tf that keep a state: what is drawn, against the plain draw."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.draws import MANY, MEANS, NOTHING, SEED, SHAPE, SHAPES, SHARES, SPREADS
from gradients.values.calls.images import SINGLE

Draw = Callable[[Any], tf.Tensor]


def after(draw: Callable[[], tf.Tensor]) -> tf.Tensor:
    """Return what is drawn first after a seed was set."""
    tf.random.set_seed(5)
    return draw()


def _beside(
    draw: Callable[[], tf.Tensor], formula: Callable[[], tf.Tensor]
) -> Callable[[], tf.Tensor]:
    """Return what is drawn less what the formula makes of the same state: nothing."""
    return lambda: after(draw) - after(formula)


def _of_generator(draw: Draw, formula: Draw) -> Callable[[], list[tf.Tensor]]:
    """Return what generators of one state draw, and then what they draw next."""

    def difference() -> list[tf.Tensor]:
        one, other = (tf.random.Generator.from_seed(7) for _ in range(2))
        return [draw(one) - formula(other), draw(one) - formula(other)]

    return difference


def _drawn(draw: Draw) -> tf.Tensor:
    return draw(tf.random.Generator.from_seed(7))


def _moments(drawn: tf.Tensor) -> list[tf.Tensor]:
    values = tf.cast(drawn, "float64")
    return [tf.reduce_mean(values, 0), tf.math.reduce_variance(values, 0)]


def _uniform(low: float, high: float) -> tf.Tensor:
    """Return the number by which a function of images draws what it does."""
    return tf.random.uniform([], low, high, seed=3)


def _skipped(number: int) -> tf.Tensor:
    """Return what a generator draws after so many numbers."""
    generator = tf.random.Generator.from_seed(7)
    generator.skip(number)
    return generator.normal(SHAPE)


def _flipped(way: str, axis: int) -> list[tf.Tensor]:
    """Return whether each of some images is flipped or not, and whether both come to pass."""
    given = np.stack([SINGLE[0]] * 32)
    found = after(lambda: getattr(tf.image, f"random_flip_{way}")(given))
    same = tf.reduce_all(found == SINGLE[0], [1, 2, 3])
    other = tf.reduce_all(found == np.flip(SINGLE[0], axis), [1, 2, 3])
    return [tf.reduce_all(same | other), tf.reduce_any(same) & tf.reduce_any(other)]


def _splits() -> list[Any]:
    """Return what is alike of generators, by their keys, and what they draw."""
    generator = tf.random.Generator.from_seed(7)
    first, second = generator.split(2)
    drawn = [of.normal(SHAPE) for of in (first, second, *generator.split(1))]
    seeds = generator.make_seeds(3)
    return [
        *(tf.reduce_all(one == other) for one, other in pairwise(drawn)),
        *(tf.shape(seeds), tf.reduce_all(seeds[:, 0] == seeds[0, 0])),
    ]


def _again() -> list[tf.Tensor]:
    """Return how far apart what a generator draws is after its state was put back."""
    generator = tf.random.Generator.from_seed(7)
    state = tf.identity(generator.state)
    first = generator.uniform(SHAPE)
    generator.reset(state)
    second = generator.uniform(SHAPE)
    generator.reset_from_seed(7)
    third = generator.uniform(SHAPE)
    other = tf.random.Generator.from_state(state, "philox").uniform(SHAPE)
    key = tf.random.Generator.from_key_counter(state[2], state[:2], "philox").uniform(SHAPE)
    return [second - first, third - first, other - first, key - first]


def _cropped() -> tf.Tensor:
    return after(lambda: tf.image.random_crop(SINGLE, [2, 6, 4, 3]))


PARTS = [SINGLE[:, :, :4], SINGLE[:, :, 1:]]
NONE = [NOTHING, NOTHING]
#: By an image's function that draws: what it is given, and between what it draws.
CHANGES: dict[str, tuple[tuple[float, ...], tuple[float, float]]] = {
    "brightness": ((0.4,), (-0.4, 0.4)),
    "contrast": ((0.5, 1.75), (0.5, 1.75)),
    "hue": ((0.3,), (-0.3, 0.3)),
    "saturation": ((0.25, 1.5), (0.25, 1.5)),
}
ROWS: Rows = {
    "kept_normal": (
        _beside(
            lambda: tf.random.normal(SHAPE, MEANS, SPREADS, seed=2),
            lambda: tf.random.normal(SHAPE, seed=2) * SPREADS + MEANS,
        ),
        NOTHING,
    ),
    "kept_truncated": (
        _beside(
            lambda: tf.random.truncated_normal(SHAPE, MEANS, SPREADS, seed=2),
            lambda: tf.random.truncated_normal(SHAPE, seed=2) * SPREADS + MEANS,
        ),
        NOTHING,
    ),
    **{
        f"kept_uniform_{low}_{high}": (
            _beside(
                lambda low=low, high=high: tf.random.uniform(SHAPE, low, high, seed=2),
                lambda low=low, high=high: (
                    tf.random.uniform(SHAPE, seed=2) * ((high or 1) - low) + low
                ),
            ),
            NOTHING,
        )
        for low, high in ((-2.0, 3.0), (0, 4), (0, None), (0.25, None), (-3, 1))
    },
    "kept_whole": (
        lambda: [
            tf.unique(tf.sort(after(lambda kind=kind: tf.random.uniform([99], -1, 4, kind))))[0]
            for kind in ("int32", "int64")
        ],
        [np.arange(-1, 4)] * 2,
    ),
    "kept_gamma": (
        _beside(
            lambda: tf.random.gamma(SHAPE[:1], SHAPES, SPREADS, seed=2),
            lambda: tf.random.gamma(SHAPE[:1], SHAPES, seed=2) / SPREADS,
        ),
        NOTHING,
    ),
    "kept_gamma_moments": (
        lambda: _moments(after(lambda: tf.random.gamma([MANY], [0.5, 2.0], [1.0, 2.0]))),
        [np.array([0.5, 1]), np.array([0.5, 0.5])],
    ),
    "kept_poisson_moments": (
        lambda: _moments(after(lambda: tf.random.poisson([MANY], [0.5, 3.0]))),
        [np.array([0.5, 3])] * 2,
    ),
    "kept_categorical_counts": (
        lambda: tf.reduce_mean(
            tf.one_hot(after(lambda: tf.random.categorical(np.log(SHARES), MANY)), 3), 1
        ),
        SHARES,
    ),
    "kept_shuffle": (lambda: tf.sort(after(lambda: tf.random.shuffle(np.arange(9)))), np.arange(9)),
    **{
        f"kept_{name}": (
            _beside(
                lambda name=name, given=given: getattr(tf.image, f"random_{name}")(
                    *(SINGLE, *given), seed=3
                ),
                lambda name=name, bounds=bounds: getattr(tf.image, f"adjust_{name}")(
                    SINGLE, _uniform(*bounds)
                ),
            ),
            np.zeros(SINGLE.shape),
        )
        for name, (given, bounds) in CHANGES.items()
    },
    **{
        f"kept_flip_{way}": (lambda way=way, axis=axis: _flipped(way, axis), [True, True])
        for way, axis in (("left_right", 1), ("up_down", 0))
    },
    "kept_crop": (lambda: tf.reduce_min([tf.norm(_cropped() - part) for part in PARTS]), 0.0),
    "generator_normal": (
        _of_generator(
            lambda of: of.normal(SHAPE, MEANS, SPREADS),
            lambda of: of.normal(SHAPE) * SPREADS + MEANS,
        ),
        NONE,
    ),
    "generator_truncated": (
        _of_generator(
            lambda of: of.truncated_normal(SHAPE, MEANS, SPREADS),
            lambda of: of.truncated_normal(SHAPE) * SPREADS + MEANS,
        ),
        NONE,
    ),
    "generator_uniform": (
        _of_generator(
            lambda of: of.uniform(SHAPE, -2.0, 3.0), lambda of: 5 * of.uniform(SHAPE) - 2
        ),
        NONE,
    ),
    "generator_whole": (
        lambda: [
            tf.unique(tf.sort(_drawn(lambda of, kind=kind: of.uniform([99], -1, 4, kind))))[0]
            for kind in ("int32", "int64")
        ],
        [np.arange(-1, 4)] * 2,
    ),
    "generator_bits_moments": (
        lambda: _moments(
            tf.cast(_drawn(lambda of: of.uniform_full_int([MANY, 1], "uint32")), "float64") / 2**32
        ),
        [np.array([1 / 2]), np.array([1 / 12])],
    ),
    "generator_binomial_moments": (
        lambda: _moments(_drawn(lambda of: of.binomial([MANY, 2], [4.0, 9.0], [0.25, 0.5]))),
        [np.array([1, 4.5]), np.array([0.75, 2.25])],
    ),
    "generator_skips": (
        lambda: [
            _skipped(0) - _drawn(lambda of: of.normal(SHAPE)),
            _skipped(12) - _drawn(lambda of: [of.normal(SHAPE), of.normal(SHAPE)][1]),
        ],
        NONE,
    ),
    "generator_splits": (_splits, [False, False, np.array([2, 3]), False]),
    "generator_again": (_again, [NOTHING] * 4),
    **{
        f"stateless_{alg}": (
            lambda alg=alg: [
                tf.random.stateless_normal(SHAPE, SEED, MEANS, SPREADS, alg=alg)
                - (tf.random.stateless_normal(SHAPE, SEED, alg=alg) * SPREADS + MEANS),
                tf.random.stateless_uniform(SHAPE, SEED, -2.0, 3.0, alg=alg)
                - (5 * tf.random.stateless_uniform(SHAPE, SEED, alg=alg) - 2),
                tf.random.stateless_truncated_normal(SHAPE, SEED, MEANS, SPREADS, alg=alg)
                - (tf.random.stateless_truncated_normal(SHAPE, SEED, alg=alg) * SPREADS + MEANS),
            ],
            [NOTHING] * 3,
        )
        for alg in ("philox", "auto_select")
    },
}
