"""Layers with attributes that their rows elsewhere leave alone: other axes, what is shared."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.special import softmax

from gradients.values.attention import heads, multi
from gradients.values.layers import NORMAL, Row, normalized, one
from gradients.values.recurrent import MASK, lstm, row, through
from gradients.values.reshaped import RESHAPED
from gradients.values.slopes import hold_slope
from gradients.values.test_layers import draw
from gradients.values.test_options import OPTIMIZERS
from gradients.values.uneven import biased
from gradients.values.windows import convolve, depthwise, separable

SIZES = {1: (5,), 2: (5, 4), 3: (5, 4, 3)}


def grouped(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Return each of two groups of channels, which come first, normalized."""
    whole = [normalized(part, (1, 2, 3), 0.25) for part in np.split(x, 2, axis=1)]
    return gamma[:, None, None] * np.concatenate(whole, axis=1) + beta[:, None, None]


def widened(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Return numbers normalized along three axes; weights stand in the order of the input's."""
    assert gamma.shape == beta.shape == x.shape[1:]
    return gamma * normalized(x, (1, 2, 3), 0.25) + beta


def leaned(x: np.ndarray, a: np.ndarray, *, axes: list[int]) -> np.ndarray:
    """Return numbers with a slope below 0, which is one along the axes that share it."""
    assert a.shape == tuple(1 if axis in axes else n for axis, n in enumerate(x.shape) if axis)
    return np.where(x > 0, x, a * x)


def wide(*arrays: np.ndarray) -> np.ndarray:
    """Return attention whose output has two axes for each query."""
    *rest, last = arrays
    assert last.shape[2:] == (3, 2)
    flat = heads(*rest, last.reshape(*last.shape[:2], -1), bias=False)
    return flat.reshape(*flat.shape[:2], *last.shape[2:])


#: Steps of two, and a gap of one between the numbers of a kernel.
TWOS = {"strides": 2, "dilation": 2}
ROWS: dict[str, Row] = {
    "GroupNormalization_axis": one(
        layers.GroupNormalization, grouped, 2, 4, 3, 5, groups=2, axis=1, **NORMAL
    ),
    "GroupNormalization_axis_behind": one(
        layers.GroupNormalization, grouped, 2, 4, 3, 5, groups=2, axis=-3, **NORMAL
    ),
    "GroupNormalization_each": one(
        layers.GroupNormalization,
        lambda x, g: g * normalized(x, (1, 2), 0.25),
        *(2, 3, 5, 4),
        groups=-1,
        center=False,
        **NORMAL,
    ),
    "LayerNormalization_moved": one(
        layers.LayerNormalization,
        lambda x, b: normalized(x, 1, 0.25) + b[:, None],
        *(3, 6, 2),
        axis=1,
        scale=False,
        **NORMAL,
    ),
    "LayerNormalization_turned": one(
        layers.LayerNormalization, widened, 3, 4, 5, 2, axis=[3, 1, 2], **NORMAL
    ),
    "UnitNormalization_axes": one(
        layers.UnitNormalization,
        lambda x: x / np.sqrt((x**2).sum((1, 2), keepdims=True)),
        *(3, 6, 2),
        axis=[1, 2],
    ),
    "Softmax_axes": one(layers.Softmax, lambda x: softmax(x, (1, 2)), 3, 6, 2, axis=(1, 2)),
    "Softmax_masked": one(
        layers.Softmax,
        lambda x: softmax(np.where(MASK, x, -1e9), -1) * MASK,
        *MASK.shape,
        call={"mask": MASK},
    ),
    **{
        f"PReLU_shared_{'_'.join(map(str, axes))}": one(
            layers.PReLU, partial(leaned, axes=axes), 2, 3, 4, 5, shared_axes=axes
        )
        for axes in ([1], [2], [3], [1, 2], [1, 3], [1, 2, 3])
    },
    "EinsumDense_ellipsis": one(
        layers.EinsumDense,
        lambda x, w, b: np.einsum("...x,xy->...y", x, w) + b,
        *(2, 3, 4, 5),
        equation="...x,xy->...y",
        output_shape=6,
        bias_axes="y",
    ),
    "EinsumDense_ellipsis_behind": one(
        layers.EinsumDense,
        lambda x, w, b: np.einsum("bx...,xy->by...", x, w) + b,
        *(2, 3, 4, 5),
        equation="bx...,xy->by...",
        output_shape=6,
        bias_axes="y",
    ),
    "ReversibleEmbedding_untied": one(
        layers.ReversibleEmbedding,
        lambda x, w, r: 2 * np.tanh(x @ r / 2),
        *(2, 3, 4),
        input_dim=6,
        output_dim=4,
        tie_weights=False,
        logit_soft_cap=2.0,
        call={"reverse": True},
    ),
    "MultiHeadAttention_wide": multi(wide, output_shape=(3, 2), use_bias=False),
    "MultiHeadAttention_axis_behind": multi(
        heads, (2, 2, 3, 5), (2, 2, 4, 5), attention_axes=(-2,), value_dim=3
    ),
    **{
        f"{kind.__name__}_{padding}_by_twos": one(
            kind,
            biased(reference, same=padding == "same", **TWOS),
            *(2, 7, 6, 2),
            kernel_size=(3, 2),
            strides=2,
            dilation_rate=2,
            padding=padding,
            **({"filters": 3} if kind is layers.SeparableConv2D else {}),
        )
        for kind, reference in (
            (layers.DepthwiseConv2D, depthwise),
            (layers.SeparableConv2D, separable),
        )
        for padding in ("valid", "same")
    },
    "DepthwiseConv1D_by_twos": one(
        layers.DepthwiseConv1D,
        biased(depthwise, **TWOS),
        *(2, 7, 3),
        kernel_size=3,
        strides=2,
        dilation_rate=2,
    ),
    "SeparableConv1D_by_twos": one(
        layers.SeparableConv1D,
        biased(separable, **TWOS),
        *(2, 7, 3),
        filters=4,
        kernel_size=3,
        strides=2,
        dilation_rate=2,
    ),
    **{
        f"LSTM_backwards_unrolled{name}": row(
            layers.LSTM,
            through(lstm, backwards=True, sequences=True, mask=shown),
            return_sequences=True,
            go_backwards=True,
            unroll=True,
            call={"mask": shown},
        )
        for name, shown in (("", None), ("_masked", MASK))
    },
}
ROWS |= {
    f"ConvLSTM{rank}D_strided": one(
        getattr(layers, f"ConvLSTM{rank}D"),
        through(
            lambda x, h, *w: lstm(x, h, *w, times=lambda a, b: convolve(a, b, 2)),
            shape=(*(2,) * rank, 4),
        ),
        *(2, 3, *(5,) * rank, 2),
        filters=4,
        kernel_size=3,
        strides=2,
        recurrent_activation="sigmoid",
    )
    for rank in SIZES
}
ROWS["ConvLSTM1D_dilated"] = one(
    layers.ConvLSTM1D,
    through(
        lambda x, h, *w: lstm(
            x, h, *w, np.zeros(16), times=lambda a, b: convolve(a, b, 1, 2, same=True)
        ),
        shape=(6, 4),
    ),
    *(2, 3, 6, 2),
    filters=4,
    kernel_size=2,
    dilation_rate=2,
    padding="same",
    use_bias=False,
    recurrent_activation="sigmoid",
)
ROWS |= RESHAPED
#: Of whose shape Keras says the axes in reverse that an ellipsis stands for.
REVERSED = {"EinsumDense_ellipsis"}


@pytest.mark.parametrize("name", ROWS)
def test_layer_is_its_formula_with_other_attributes(name: str) -> None:
    row = ROWS[name]
    layer, inputs, values = draw(name, row)
    found, expected = layer(*inputs, **row.call), row.reference(*inputs, *values)
    np.testing.assert_allclose(found, expected, rtol=row.tolerance, atol=row.tolerance)
    hold_slope(row, layer, inputs, values)
    if "reverse" not in row.call:
        for batch in (len(inputs[0]), None):
            said = layer.compute_output_shape(*((batch, *shape[1:]) for shape in row.shapes))
            sizes = found.shape[1:]
            if name in REVERSED:
                sizes = (*sizes[-2::-1], sizes[-1])
            assert tuple(said) == (batch, *sizes)


def test_statistics_of_what_a_mask_of_numbers_shows() -> None:
    """A mask may be of any type: 0 hides."""
    inputs = np.random.default_rng(3).standard_normal((2, 5, 3))
    layer = layers.BatchNormalization(epsilon=0.25, dtype="float64")
    seen = inputs[MASK]
    expected = (inputs - seen.mean(0)) / np.sqrt(seen.var(0) + 0.25)
    for mask in (MASK.astype("int32"), 0.5 * MASK):
        found = layer(inputs, training=True, mask=mask)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"Muon"}))
def test_an_optimizer_goes_on_from_its_variables(name: str) -> None:
    """They are all that it keeps: another that is given them takes the same step."""
    random = np.random.default_rng(4)
    start = [random.standard_normal(shape) for shape in ((2, 3), (3,))]
    one, other = ([tf.Variable(value) for value in start] for _ in range(2))
    ours, theirs = (OPTIMIZERS[name](0.125, use_ema=True) for _ in range(2))
    before, after = (
        [tf.constant(random.standard_normal(value.shape)) for value in start] for _ in range(2)
    )
    ours.apply(before, one)
    theirs.build(other)
    for to, of in zip([*theirs.variables, *other], [*ours.variables, *one], strict=True):
        to.assign(of)
    ours.apply(after, one)
    theirs.apply(after, other)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
