"""What layers hold and pass on: statistics, masks, penalties of outputs, first weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import initializers, layers, regularizers

from gradients.values.layers import NORMAL, normalized
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
        renorm_momentum=0.625,
        dtype="float64",
    )
    layer.build((None, 3))
    for variable in layer.variables:
        variable.assign(_random.uniform(0.6, 1.4, 3))
    before = {variable.name: variable.numpy() for variable in layer.variables}
    given, flow = tf.constant(INPUTS), tf.constant(_random.standard_normal(INPUTS.shape))
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = layer(given, training=True)
    slope = tape.gradient(found, given, output_gradients=flow)
    mean, spread = INPUTS.mean(0), np.sqrt(INPUTS.var(0) + 0.25)
    r = np.clip(spread / before["renorm_stddev"], 0.5, 1.25)
    d = np.clip((mean - before["renorm_mean"]) / before["renorm_stddev"], -0.25, 0.25)
    expected = before["gamma"] * ((INPUTS - mean) / spread * r + d) + before["beta"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # What corrects is a constant to the gradient.
    x, v = (INPUTS - mean) / spread, flow * before["gamma"] * r
    expected = (v - v.numpy().mean(0) - x * (v * x).numpy().mean(0)) / spread
    np.testing.assert_allclose(slope, expected, rtol=1e-10, atol=1e-12)
    moved = {
        "renorm_mean": 0.625 * before["renorm_mean"] + 0.375 * mean,
        "renorm_stddev": 0.625 * before["renorm_stddev"] + 0.375 * spread,
        "moving_mean": 0.75 * before["moving_mean"] + 0.25 * mean,
        "moving_stddev": 0.75 * before["moving_stddev"] + 0.25 * spread,
    }
    moved["moving_variance"] = moved["moving_stddev"] ** 2 - 0.25
    for variable in layer.variables:
        if variable.name in moved:
            np.testing.assert_allclose(variable.numpy(), moved[variable.name], rtol=1e-12)
    layer.trainable = False
    np.testing.assert_array_equal(layer(INPUTS, training=True), layer(INPUTS, training=False))


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("clip", [{}, {"rmax": 1.25}, {"rmin": 2.5}, {"dmax": 0.25}])
def test_renormalization_is_held_by_the_bounds_that_it_is_given(
    clip: dict[str, float], *, plain: bool
) -> None:
    """Ioffe's r and d, of a batch that is far from the moving statistics; from these it moves."""
    inputs = 3 + 2 * np.random.default_rng(38).standard_normal((8, 3))
    layer = layers.BatchNormalization(
        renorm=True,
        renorm_clipping=clip,
        center=not plain,
        scale=not plain,
        moving_mean_initializer=initializers.Constant(-0.5),
        moving_variance_initializer=initializers.Constant(0.25),
        dtype="float64",
        **NORMAL,
    )
    found = layer(inputs, training=True)
    deviation, bound = np.sqrt(inputs.var(0) + 0.25), clip.get("dmax", np.inf)
    r = np.clip(deviation / 0.5, clip.get("rmin"), clip.get("rmax", np.inf))
    d = np.clip((inputs.mean(0) + 0.5) / 0.5, -bound, bound)
    np.testing.assert_allclose(found, normalized(inputs, 0, 0.25) * r + d, rtol=1e-10)
    np.testing.assert_allclose(
        layer.moving_variance, (0.99 * 0.5 + 0.01 * deviation) ** 2 - 0.25, rtol=1e-10
    )


def test_one_sample_moves_the_statistics() -> None:
    layer = layers.BatchNormalization(momentum=0.75, dtype="float64")
    layer.build((None, 6, 3))
    layer.moving_mean.assign([1.0, 2.0, 3.0])
    layer(INPUTS[None], training=True)
    expected = 0.75 * np.array([1.0, 2.0, 3.0]) + 0.25 * INPUTS.mean(0)
    np.testing.assert_allclose(layer.moving_mean, expected, rtol=1e-12)
    np.testing.assert_allclose(layer.moving_variance, 0.75 + 0.25 * INPUTS.var(0), rtol=1e-12)


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


def test_a_plain_start_is_what_it_says() -> None:
    """Zeros, ones, a constant, the identity times its gain."""
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(initializers.Constant(0.5)((2, 3)), np.full((2, 3), 0.5))
    np.testing.assert_array_equal(initializers.Identity(2.0)((3, 3)), 2 * np.eye(3))
    cell = layers.LSTM(2)
    cell.build((None, 4, 3))
    np.testing.assert_array_equal(cell.get_weights()[2], [0, 0, 1, 1, 0, 0, 0, 0])


def test_each_of_many_parts_costs() -> None:
    """However deep they lie."""
    parts = [layers.ActivityRegularization(l2=0.5) for _ in range(20)]
    whole = keras.Sequential([keras.Input((3,)), keras.Sequential(parts)])
    whole(INPUTS)
    cost = 0.5 * (INPUTS**2).sum() / len(INPUTS)
    np.testing.assert_allclose(whole.losses, 20 * [cost], rtol=1e-5)


def test_one_penalty_of_several_weights_costs_as_often() -> None:
    """Of one layer's, and of two layers'."""
    shared = regularizers.L2(0.5)
    norm = layers.LayerNormalization(gamma_regularizer=shared, beta_regularizer=shared)
    dense = [layers.Dense(3, kernel_regularizer=shared) for _ in range(2)]
    model = keras.Sequential([keras.Input((3,)), norm, *dense])
    norm.beta.assign([1.0, 2.0, 3.0])
    weights = [norm.gamma, norm.beta, dense[0].kernel, dense[1].kernel]
    expected = [0.5 * (weight.numpy() ** 2).sum() for weight in weights]
    np.testing.assert_allclose(model.losses, expected, rtol=1e-5)
