"""What layers hold and pass on: statistics, masks, penalties of outputs, first weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from keras import initializers, layers

from gradients.values.recurrent import MASK

_random = np.random.default_rng(12)
INPUTS = _random.standard_normal((6, 3))


def test_renormalization_corrects_a_batch_by_what_is_held() -> None:
    """Ioffe's r and d, each between its bounds; then mean and deviation move, all of them."""
    bounds = {"rmin": 0.5, "rmax": 1.25, "dmax": 0.25}
    layer = layers.BatchNormalization(
        momentum=0.75,
        epsilon=0.25,
        renorm=True,
        renorm_clipping=bounds,
        renorm_momentum=0.5,
        dtype="float64",
    )
    layer.build((None, 3))
    for variable in layer.variables:
        variable.assign(_random.uniform(0.6, 1.4, 3))
    before = {variable.name: variable.numpy() for variable in layer.variables}
    found = layer(INPUTS, training=True)
    mean, spread = INPUTS.mean(0), np.sqrt(INPUTS.var(0) + 0.25)
    r = np.clip(spread / before["renorm_stddev"], 0.5, 1.25)
    d = np.clip((mean - before["renorm_mean"]) / before["renorm_stddev"], -0.25, 0.25)
    expected = before["gamma"] * ((INPUTS - mean) / spread * r + d) + before["beta"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    moved = {
        "renorm_mean": 0.5 * before["renorm_mean"] + 0.5 * mean,
        "renorm_stddev": 0.5 * before["renorm_stddev"] + 0.5 * spread,
        "moving_mean": 0.75 * before["moving_mean"] + 0.25 * mean,
        "moving_stddev": 0.75 * before["moving_stddev"] + 0.25 * spread,
    }
    moved["moving_variance"] = moved["moving_stddev"] ** 2 - 0.25
    for variable in layer.variables:
        if variable.name in moved:
            np.testing.assert_allclose(variable.numpy(), moved[variable.name], rtol=1e-12)


def test_an_embedding_looks_up_and_masks() -> None:
    """Row i is what id i gives; id 0 is hidden where it is told to be."""
    layer = layers.Embedding(5, 3, mask_zero=True, dtype="float64")
    ids = np.array([[4, 0, 2], [0, 1, 1]])
    found, table = layer(ids), layer.get_weights()[0]
    np.testing.assert_array_equal(found, table[ids])
    np.testing.assert_array_equal(layer.compute_mask(ids), ids != 0)


def test_masking_hides_what_is_one_value_throughout() -> None:
    """It hides a step whose every number is the value, gives 0 there, and leaves the others."""
    inputs = _random.standard_normal((2, 5, 3))
    inputs[~MASK] = 7
    inputs[0, 0, 0] = 7
    layer = layers.Masking(7.0, dtype="float64")
    np.testing.assert_array_equal(layer.compute_mask(inputs), MASK)
    np.testing.assert_array_equal(layer(inputs), np.where(MASK[..., None], inputs, 0))


def test_activity_is_penalized_by_sample() -> None:
    """The layer passes its inputs on, and adds their penalty as a part of each sample."""
    layer = layers.ActivityRegularization(l1=0.25, l2=0.5)
    inputs = INPUTS.astype("float32")
    np.testing.assert_array_equal(layer(inputs), inputs)
    expected = (0.25 * np.abs(INPUTS).sum() + 0.5 * (INPUTS**2).sum()) / len(INPUTS)
    np.testing.assert_allclose(sum(map(float, layer.losses)), expected, rtol=1e-6)


SHAPE, IN, OUT = (3, 3, 40, 60), 360, 540
#: By name: an initializer, and the variance that its paper gives for `SHAPE`.
VARIANCES: dict[str, tuple[Callable[..., initializers.Initializer], float]] = {
    "GlorotNormal": (initializers.GlorotNormal, 2 / (IN + OUT)),
    "GlorotUniform": (initializers.GlorotUniform, 2 / (IN + OUT)),
    "HeNormal": (initializers.HeNormal, 2 / IN),
    "HeUniform": (initializers.HeUniform, 2 / IN),
    "LecunNormal": (initializers.LecunNormal, 1 / IN),
    "LecunUniform": (initializers.LecunUniform, 1 / IN),
    "fan_out": (lambda seed: initializers.VarianceScaling(3.0, "fan_out", seed=seed), 3 / OUT),
    "RandomNormal": (lambda seed: initializers.RandomNormal(0.0, 0.5, seed=seed), 0.25),
    "RandomUniform": (lambda seed: initializers.RandomUniform(-1.0, 1.0, seed=seed), 1 / 3),
    # A normal number cut at two deviations has 0.774 of its variance left.
    "TruncatedNormal": (
        lambda seed: initializers.TruncatedNormal(0.0, 0.5, seed=seed),
        0.25 * 0.7737413,
    ),
}


@pytest.mark.parametrize("name", VARIANCES)
def test_weights_start_with_the_variance_of_their_paper(name: str) -> None:
    """Of 21,600 numbers: five deviations of such an estimate are 5 percent."""
    make, variance = VARIANCES[name]
    found = make(seed=3)(SHAPE).numpy()
    assert abs(found.mean()) < 5 * np.sqrt(variance / found.size)
    assert abs(found.var() / variance - 1) < 0.05


def test_orthogonal_weights_are_orthogonal() -> None:
    """In the smaller direction, times the gain."""
    for shape in ((4, 7), (7, 4), (2, 3, 5)):
        found = initializers.Orthogonal(gain=2.0, seed=3)(shape).numpy().reshape(-1, shape[-1])
        product = found.T @ found if len(found) >= shape[-1] else found @ found.T
        np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=2e-6)


def test_a_plain_start_is_what_it_says() -> None:
    """Zeros, ones, a constant, the identity times its gain."""
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(initializers.Constant(0.5)((2, 3)), np.full((2, 3), 0.5))
    np.testing.assert_array_equal(initializers.Identity(2.0)((3, 3)), 2 * np.eye(3))
    cell = layers.LSTM(2)
    cell.build((None, 4, 3))
    np.testing.assert_array_equal(cell.get_weights()[2], [0, 0, 1, 1, 0, 0, 0, 0])
