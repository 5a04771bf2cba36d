"""What models hand on to their layers: inputs by name, masks, whether they are trained."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from gradients.values.test_nested import SHOWN, STEPS, Around, masked

B, A = np.random.default_rng(94).standard_normal((2, 5, 3)).astype("float32")


def test_inputs_are_told_apart_by_name() -> None:
    """In whatever order they come; a list is taken in the model's own."""
    inputs = [keras.Input((3,), name=name) for name in ("b", "a")]
    model = keras.Model(inputs, inputs[0] - 2 * inputs[1])
    for given in ([B, A], {"b": B, "a": A}, {"a": A, "b": B}, {"a": A, "b": B, "more": A}):
        np.testing.assert_allclose(model(given), B - 2 * A, rtol=1e-6)
    named = keras.Model(
        {"b": inputs[0], "a": inputs[1]}, {"less": inputs[0] - inputs[1], "more": inputs[0] * 2}
    )
    found = named({"a": A, "b": B})
    np.testing.assert_allclose(found["less"], B - A, rtol=1e-6)
    np.testing.assert_allclose(found["more"], 2 * B, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "given"), [((3, 1), (5, 3)), ((3,), (5, 3, 1)), ((), (5, 1)), ((1,), (5,))]
)
def test_an_axis_of_one_is_put_behind_or_left_out(shape: Any, given: Any) -> None:
    """And numbers become what the model's inputs are."""
    inputs = keras.Input(shape, dtype="float32")
    model = keras.Model(inputs, inputs * 2)
    values = np.arange(np.prod(given)).reshape(given)
    found = model(values)
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, 2 * values.reshape(5, *shape))


def test_a_model_hands_masks_to_its_layers() -> None:
    """Of each of its inputs; and on to what comes after it."""
    inputs = [keras.Input((4, 3)) for _ in range(2)]
    mean = layers.GlobalAveragePooling1D()
    model = keras.Model(inputs, [mean(inputs[0]), mean(inputs[1])])
    for masks in ([SHOWN, None], [~SHOWN, SHOWN], [None, SHOWN]):
        found = model.call(list(map(tf.constant, (STEPS, STEPS))), mask=masks)
        for one, mask in zip(found, masks, strict=True):
            weights = np.ones_like(SHOWN) if mask is None else mask
            weights = weights / weights.sum(1, keepdims=True)
            expected = np.einsum("bt,btd->bd", weights, STEPS)
            np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)
    found = keras.Sequential([keras.Input((4, 3)), mean]).call(tf.constant(STEPS), mask=SHOWN)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    hidden = keras.Input((4, 3))
    model = keras.Model(hidden, Around(layers.Masking())(hidden))
    found = layers.GlobalAveragePooling1D()(model(np.where(SHOWN[..., None], STEPS, 0)))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


class Said(layers.Layer):
    """A layer that returns whether it is trained."""

    def call(self, x: Any, training: Any = None) -> Any:
        """Return 1, 0 or, where it is not said, -1."""
        return 0 * x + (-1.0 if training is None else float(training))


class Times(layers.Layer):
    """A layer that is told a number where it is called."""

    def call(self, x: Any, by: float = 1.0) -> Any:
        """Return what is given, so many times."""
        return by * x


def model_of(layer: keras.Layer, kind: str) -> keras.Model:
    """Return a model of one layer."""
    if kind == "Sequential":
        return keras.Sequential([layer])
    inputs = keras.Input((3,))
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("kind", ["Sequential", "Functional"])
def test_what_is_said_inside_is_heard_inside(kind: str) -> None:
    """Whether a part is trained: by itself, or else as what is around it; frozen is no answer."""
    for said, around, heard in (
        *((True, None, 1), (False, None, 0), (None, True, 1)),
        *((False, True, 0), (True, False, 1), (None, None, -1)),
    ):

        class Outer(layers.Layer):
            def __init__(self, said: bool | None) -> None:
                super().__init__()
                self.inner, self.said = model_of(Said(), kind), said

            def call(self, x: Any, training: Any = None) -> Any:
                return self.inner(x) if self.said is None else self.inner(x, training=self.said)

        found = Outer(said)(A, **({} if around is None else {"training": around}))
        np.testing.assert_array_equal(found, np.full_like(A, heard))


def test_a_model_that_is_run_says_so_to_its_layers() -> None:
    """Without a call around it that would say it, too."""
    for said, heard in ((True, 1), (False, 0), (None, -1)):
        found = model_of(Said(), "Functional").call(tf.constant(A), training=said)
        np.testing.assert_array_equal(found, np.full_like(A, heard))
        found = keras.Sequential([Eager(), Said()]).call(tf.constant(A), training=said)
        np.testing.assert_array_equal(found, np.full_like(A, heard))


def test_an_input_is_no_layer_of_a_sequence() -> None:
    last = layers.Dense(2)
    assert keras.Sequential([keras.Input((3,)), last]).layers == [last]


class Eager(layers.Layer):
    """A layer that says nothing of what it will give, and takes the mask that it is given."""

    def compute_output_spec(self, *_: Any, **__: Any) -> Any:
        """Say nothing."""
        raise NotImplementedError

    def compute_mask(self, x: Any, previous: Any = None) -> Any:
        """Turn the mask around."""
        return None if previous is None else ~ops.convert_to_tensor(previous)

    def call(self, x: Any, training: Any = None) -> Any:
        """Return more of it where it is trained."""
        return x * (3 if training else 2)


def test_layers_in_a_row_hand_on_masks_without_a_model() -> None:
    """Where they cannot be made one, for one of them says nothing before it is called."""
    steps = np.where(SHOWN[..., None], STEPS, 0)
    row = keras.Sequential([layers.Masking(), Eager(), layers.LSTM(2, seed=1)])
    last = row.layers[-1]
    for training, times in ((False, 2), (True, 3)):
        found = row(steps, training=training)
        np.testing.assert_allclose(found, last(times * steps, mask=~SHOWN), rtol=1e-5, atol=1e-6)
    # A mask that is given is the first layer's, and not that of what comes after another.
    first, mean = layers.LSTM(2, return_sequences=True), layers.GlobalAveragePooling1D()
    row = keras.Sequential([first, Eager(), mean])
    found = row.call(tf.constant(STEPS), mask=SHOWN)
    expected = mean(2 * first(STEPS, mask=SHOWN), mask=~SHOWN)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_row_of_layers_may_change() -> None:
    """It is another model then."""
    row = keras.Sequential([keras.Input((3,)), layers.Rescaling(2.0), layers.Rescaling(5.0)])
    np.testing.assert_allclose(row(A), 10 * A, rtol=1e-6)
    row.pop()
    np.testing.assert_allclose(row(A), 2 * A, rtol=1e-6)
    row.add(layers.Rescaling(1.0, offset=1.0))
    np.testing.assert_allclose(row(A), 2 * A + 1, rtol=1e-6)


def test_a_row_of_layers_takes_what_its_first_takes() -> None:
    """Where no input is said: its type, too."""
    row = keras.Sequential([layers.Dense(2, use_bias=False, dtype="float64"), layers.Identity()])
    row.layers[1].dtype_policy = "float64"
    row.build((None, 3))
    numbers = np.random.default_rng(7).standard_normal((4, 3))
    found = row(numbers)
    np.testing.assert_allclose(found, numbers @ row.weights[0].numpy(), rtol=1e-12)


def test_a_model_may_begin_and_end_inside_another() -> None:
    """A layer that is there twice is one layer; a part is a model of its own."""
    inputs, dense = keras.Input((3,)), layers.Dense(3, activation="tanh")
    once = dense(inputs)
    twice = dense(once)
    whole = keras.Model(inputs, [twice, once])
    kernel, bias = (weight.numpy() for weight in dense.weights)
    first = np.tanh(A @ kernel + bias)
    second = np.tanh(first @ kernel + bias)
    for found, expected in zip(whole(A), (second, first), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert len(whole.weights) == 2
    last = Times()(twice, by=3.0)
    np.testing.assert_allclose(keras.Model(twice, last)(second), 3 * second, rtol=1e-5, atol=1e-6)
    around = keras.Input((3,))
    nested = keras.Model(around, whole(2 * around)[1])
    np.testing.assert_allclose(nested(A / 2), first, rtol=1e-5, atol=1e-6)


def test_a_mask_goes_along_where_an_axis_of_one_is_left_out() -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Softmax(axis=1)(inputs))
    found = model.call(masked(STEPS[..., :1], SHOWN))
    expected = np.exp(STEPS[..., 0]) * SHOWN
    np.testing.assert_allclose(
        found, expected / expected.sum(1, keepdims=True), rtol=1e-5, atol=1e-6
    )


def test_metrics_are_found_at_any_depth() -> None:
    inner = Said()
    inner.mean = keras.metrics.Mean(name="mean")
    assert Around(Around(inner)).metrics == [inner.mean]
    assert Around(inner).metrics_variables == inner.mean.variables
