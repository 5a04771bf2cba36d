"""Keras's layers in NumPy, from their weights; `LAYERS` has a row for each.

A reference takes the inputs and then the layer's weights, in Keras's order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy.special import expit, softmax

from gradients.values.saved import at_least_1

Shape = tuple[int, ...]
Reference = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Row:
    """A layer, what it computes, and the shapes of its inputs.

    `together` passes several inputs as one list; `call` holds the call's other arguments.
    """

    make: Callable[..., keras.Layer]
    reference: Reference
    shapes: tuple[Shape, ...]
    together: bool = False
    call: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float64"

    @property
    def tolerance(self) -> float:
        """How far a number may be off, and how far as a part of itself."""
        return 1e-12 if self.dtype == "float64" else 1e-5


def apply(layer: keras.Layer, row: Row, inputs: list[Any]) -> Any:
    """Call a layer as its row says."""
    return layer(inputs, **row.call) if row.together else layer(*inputs, **row.call)


def one(make: Callable[..., keras.Layer], reference: Reference, *shape: int, **o: Any) -> Row:
    """Return the row of a layer of one input."""
    fields = {name: o.pop(name) for name in ("call", "dtype") if name in o}
    return Row(lambda **kinds: make(**o, **kinds), reference, (shape,), **fields)


def many(make: Callable[..., keras.Layer], reference: Reference, *shapes: Shape, **o: Any) -> Row:
    """Return the row of a layer of a list of inputs."""
    return Row(lambda **kinds: make(**o, **kinds), reference, shapes, together=True)


def normalized(x: np.ndarray, axes: Any, epsilon: float) -> np.ndarray:
    """Return numbers of mean 0 and variance 1, but for epsilon: inside the root."""
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axes, keepdims=True) + epsilon)


def grouped(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Return each of two groups of channels normalized."""
    parts = np.split(x, 2, axis=-1)
    whole = np.concatenate([normalized(part, (1, 2, 3), 0.25) for part in parts], axis=-1)
    return gamma * whole + beta


def spectral(x: np.ndarray, w: np.ndarray, u: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a dense layer whose kernel is divided by its norm, after one step of iteration."""
    v = u @ w.T / np.linalg.norm(u @ w.T)
    return x @ w / np.linalg.norm(v @ w) + b


def attend(
    query: np.ndarray, value: np.ndarray, key: np.ndarray, scale: float, mask: np.ndarray | bool
) -> np.ndarray:
    """Return means of values by how near their keys are to the query, where the mask allows."""
    scores = scale * np.einsum("bqd,bkd->bqk", query, key)
    return softmax(np.where(mask, scores, -1e9), -1) @ value


def heads(mask: np.ndarray | bool = True) -> Reference:
    """Return multi-head attention of a query and a value, which is the key, too."""

    def reference(query: np.ndarray, value: np.ndarray, *w: np.ndarray) -> np.ndarray:
        q, k, v = (
            np.einsum("btd,dhe->bhte", x, kernel) + bias[:, None]
            for x, kernel, bias in zip(
                (query, value, value), (w[0], w[2], w[4]), (w[1], w[3], w[5]), strict=True
            )
        )
        scores = np.einsum("bhqe,bhke->bhqk", q, k) / np.sqrt(q.shape[-1])
        found = softmax(np.where(mask, scores, -1e9), -1) @ v
        return np.einsum("bhqe,hed->bqd", found, w[6]) + w[7]

    return reference


def shared_heads(query: np.ndarray, value: np.ndarray, *w: np.ndarray) -> np.ndarray:
    """Return attention whose two groups of two queries each share a key and a value."""
    spread = [
        np.repeat(part, 2, axis=axis) for part, axis in zip(w[2:6], (1, 0, 1, 0), strict=True)
    ]
    return heads()(query, value, *w[:2], *spread, *w[6:])


#: Every second step, of one feature, and its neighbour's of the other.
ODD = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], bool)
CAUSAL = np.tril(np.ones((4, 4), bool))
NORMAL = {"epsilon": 0.25}

LAYERS = {
    "Dense": one(
        layers.Dense, lambda x, w, b: np.maximum(x @ w + b, 0), 3, 5, units=4, activation="relu"
    ),
    "Dense_plain": one(layers.Dense, lambda x, w: x @ w, 3, 2, 5, units=4, use_bias=False),
    "EinsumDense": one(
        layers.EinsumDense,
        lambda x, w, b: np.einsum("abc,cde->abde", x, w) + b,
        *(2, 4, 3),
        equation="abc,cde->abde",
        output_shape=(None, 2, 5),
        bias_axes="de",
    ),
    "BatchNormalization": one(
        layers.BatchNormalization,
        lambda x, g, b, m, v: g * (x - m) / np.sqrt(v + 0.25) + b,
        *(6, 4),
        **NORMAL,
        call={"training": False},
    ),
    "BatchNormalization_training": one(
        layers.BatchNormalization,
        lambda x, g, b, m, v: g * normalized(x, (0, 1), 0.25) + b,
        *(6, 3, 4),
        **NORMAL,
        call={"training": True},
    ),
    "BatchNormalization_axis": one(
        layers.BatchNormalization,
        lambda x, b, m, v: normalized(x, (0, 2), 0.25) + b[:, None],
        *(6, 3, 4),
        **NORMAL,
        axis=1,
        scale=False,
        call={"training": True},
    ),
    "LayerNormalization": one(
        layers.LayerNormalization,
        lambda x, g, b: g * normalized(x, -1, 0.25) + b,
        *(3, 6),
        **NORMAL,
    ),
    "LayerNormalization_axes": one(
        layers.LayerNormalization,
        lambda x, g: g * normalized(x, (1, 2), 0.25),
        *(3, 4, 5),
        **NORMAL,
        axis=[1, 2],
        center=False,
    ),
    "GroupNormalization": one(layers.GroupNormalization, grouped, 2, 3, 3, 4, groups=2, **NORMAL),
    "LayerNormalization_plain": one(
        layers.LayerNormalization,
        lambda x: normalized(x, -1, 0.25),
        *(3, 6),
        **NORMAL,
        center=False,
        scale=False,
    ),
    "GroupNormalization_each": one(
        layers.GroupNormalization,
        lambda x, b: normalized(x, (2, 3), 0.25) + b[:, None, None],
        *(2, 4, 3, 3),
        **NORMAL,
        groups=-1,
        axis=1,
        scale=False,
    ),
    "RMSNormalization_axes": one(
        layers.RMSNormalization,
        lambda x, g: g * x / np.sqrt((x**2).mean((1, 2), keepdims=True) + 0.25),
        *(3, 4, 5),
        **NORMAL,
        axis=(2, 1),
    ),
    "UnitNormalization_axes": one(
        layers.UnitNormalization,
        lambda x: x / np.sqrt((x**2).sum((1, 2), keepdims=True)),
        *(3, 4, 5),
        axis=[1, 2],
    ),
    "PReLU_shared": one(
        layers.PReLU, lambda x, a: np.where(x > 0, x, a * x), 3, 4, 2, shared_axes=[1]
    ),
    "Softmax_axes": one(
        layers.Softmax,
        lambda x: np.exp(x) / np.exp(x).sum((1, 2, 3), keepdims=True),
        *(3, 4, 2, 5),
        axis=(1, 2, 3),
    ),
    "Softmax_masked": one(
        layers.Softmax,
        lambda x: np.where(ODD, np.exp(x), 0) / (np.exp(x) * ODD).sum(1, keepdims=True),
        *(3, 4, 2),
        axis=(1,),
        call={"mask": ODD},
    ),
    "GlobalMaxPooling_kept": one(
        layers.GlobalMaxPooling2D, lambda x: x.max((1, 2), keepdims=True), 2, 3, 4, 5, keepdims=True
    ),
    "GlobalAveragePooling_kept": one(
        layers.GlobalAveragePooling1D,
        lambda x: x.mean(2, keepdims=True),
        *(2, 3, 4),
        keepdims=True,
        data_format="channels_first",
    ),
    "RMSNormalization": one(
        layers.RMSNormalization,
        lambda x, g: g * x / np.sqrt((x**2).mean(-1, keepdims=True) + 0.25),
        *(3, 6),
        **NORMAL,
    ),
    "UnitNormalization": one(
        layers.UnitNormalization,
        lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
        *(3, 6),
    ),
    "Attention": many(
        layers.Attention,
        lambda q, v, k: attend(q, v, k, 1, True),
        *((2, 3, 5), (2, 4, 6), (2, 4, 5)),
    ),
    "Attention_scaled": many(
        layers.Attention,
        lambda q, v, s: attend(q, v, v, float(s), True),
        *((2, 3, 5), (2, 4, 5)),
        use_scale=True,
    ),
    "Attention_concat": many(
        layers.Attention,
        lambda q, v, s: softmax(s * np.tanh(q[:, :, None] + v[:, None]).sum(-1), -1) @ v,
        *((2, 3, 5), (2, 4, 5)),
        score_mode="concat",
    ),
    "AdditiveAttention": many(
        layers.AdditiveAttention,
        lambda q, v, s: softmax((s * np.tanh(q[:, :, None] + v[:, None])).sum(-1), -1) @ v,
        *((2, 3, 5), (2, 4, 5)),
    ),
    "MultiHeadAttention": Row(
        lambda **o: layers.MultiHeadAttention(2, 4, value_dim=5, **o),
        heads(),
        ((2, 3, 4), (2, 4, 4)),
    ),
    "MultiHeadAttention_causal_square": Row(
        lambda **o: layers.MultiHeadAttention(2, 4, **o),
        heads(CAUSAL),
        ((2, 4, 4), (2, 4, 4)),
        call={"use_causal_mask": True},
    ),
    "GroupQueryAttention": Row(
        lambda **o: layers.GroupQueryAttention(4, 4, 2, **o), shared_heads, ((2, 3, 4), (2, 4, 4))
    ),
    "PReLU": one(layers.PReLU, lambda x, a: np.where(x > 0, x, a * x), 3, 4),
    "ReLU": one(
        layers.ReLU,
        lambda x: np.where(x >= 1, 1, np.where(x >= 0.25, x, 0.5 * (x - 0.25))),
        *(3, 9),
        max_value=1.0,
        negative_slope=0.5,
        threshold=0.25,
    ),
    "LeakyReLU": one(
        layers.LeakyReLU, lambda x: np.where(x > 0, x, 0.25 * x), 3, 4, negative_slope=0.25
    ),
    "ELU": one(layers.ELU, lambda x: np.where(x > 0, x, 0.25 * np.expm1(x)), 3, 4, alpha=0.25),
    "Softmax": one(layers.Softmax, lambda x: softmax(x, 1), 3, 4, 2, axis=1),
    "Activation": one(layers.Activation, np.tanh, 3, 4, activation="tanh"),
    "ReversibleEmbedding": one(
        layers.ReversibleEmbedding,
        lambda x, w: x @ w.T,
        *(2, 3, 4),
        input_dim=6,
        output_dim=4,
        call={"reverse": True},
    ),
    "Add": many(layers.Add, lambda *x: sum(x), *(3 * [(2, 3)])),
    "Subtract": many(layers.Subtract, lambda a, b: a - b, *(2 * [(2, 3)])),
    "Multiply": many(layers.Multiply, lambda *x: np.prod(x, axis=0), *(3 * [(2, 3)])),
    "Average": many(layers.Average, lambda *x: np.mean(x, axis=0), *(3 * [(2, 3)])),
    "Maximum": many(layers.Maximum, lambda *x: np.max(x, axis=0), *(3 * [(2, 3)])),
    "Minimum": many(layers.Minimum, lambda *x: np.min(x, axis=0), *(3 * [(2, 3)])),
    "Concatenate": many(
        layers.Concatenate, lambda *x: np.concatenate(x, 1), (2, 3, 4), (2, 1, 4), axis=1
    ),
    "Dot": many(
        layers.Dot,
        lambda a, b: np.einsum("bij,bkj->bik", a, b),
        *((2, 3, 4), (2, 5, 4)),
        axes=2,
    ),
    "Dot_cosine": many(
        layers.Dot,
        lambda a, b: (
            (a * b).sum(-1, keepdims=True)
            / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))[:, None]
        ),
        *((2, 4), (2, 4)),
        axes=1,
        normalize=True,
    ),
    "Dot_vector": many(
        layers.Dot, lambda a, b: np.einsum("bj,bij->bi", a, b), (2, 4), (2, 3, 4), axes=(1, 2)
    ),
    "Dot_by_vector": many(
        layers.Dot, lambda a, b: np.einsum("bij,bi->bj", a, b), (2, 3, 4), (2, 3), axes=(1, 1)
    ),
    "Dot_planes": many(
        layers.Dot,
        lambda a, b: np.einsum("bjik,blmk->bjilm", a, b),
        *((2, 3, 5, 4), (2, 6, 2, 4)),
        axes=-1,
    ),
    "Add_ranks": many(layers.Add, lambda a, b: a[:, None] + b, (2, 3), (2, 4, 3)),
    "Multiply_broadcast": many(layers.Multiply, lambda a, b: a * b, (2, 1, 3), (2, 4, 1)),
    "Flatten": one(layers.Flatten, lambda x: x.reshape(2, 12), 2, 3, 4),
    "Reshape": one(layers.Reshape, lambda x: x.reshape(2, 4, 3), 2, 3, 4, target_shape=(-1, 3)),
    "Permute": one(
        layers.Permute, lambda x: x.transpose(0, 3, 1, 4, 2), 2, 3, 4, 5, 2, dims=(3, 1, 4, 2)
    ),
    "RepeatVector": one(layers.RepeatVector, lambda x: np.stack(20 * [x], 1), 2, 4, n=20),
    "Identity": one(layers.Identity, lambda x: x, 2, 3),
    "Lambda": one(layers.Lambda, at_least_1, 2, 3, function=at_least_1),
    "Rescaling": one(layers.Rescaling, lambda x: 0.5 * x + 2, 2, 3, scale=0.5, offset=2.0),
    "Normalization": one(
        layers.Normalization, lambda x: (x - 2) / np.sqrt(0.5), 2, 3, mean=2.0, variance=0.5
    ),
    "SpectralNormalization": Row(
        lambda **o: layers.SpectralNormalization(layers.Dense(3, **o), **o),
        lambda x, w, u, b: x @ w + b,
        ((3, 4),),
        call={"training": False},
    ),
    "SpectralNormalization_training": Row(
        lambda **o: layers.SpectralNormalization(layers.Dense(3, **o), **o),
        spectral,
        ((3, 4),),
        call={"training": True},
    ),
    "TimeDistributed": Row(
        lambda **o: layers.TimeDistributed(layers.Dense(3, activation="sigmoid", **o), **o),
        lambda x, w, b: expit(x @ w + b),
        ((2, 5, 4),),
    ),
    "ActivityRegularization": one(layers.ActivityRegularization, lambda x: x, 2, 3, l1=0.25),
    "Masking": one(layers.Masking, lambda x: x, 2, 3, 4),
    # In training they draw: test_noise.py holds their moments.
    **{
        kind.__name__: one(
            kind, lambda x: x, *(2, 3, 4, 2, 2)[:rank], **options, call={"training": False}
        )
        for kind, rank, options in (
            (layers.Dropout, 2, {"rate": 0.5, "noise_shape": (None, 1), "seed": 3}),
            (layers.AlphaDropout, 2, {"rate": 0.5}),
            (layers.GaussianDropout, 2, {"rate": 0.5}),
            (layers.GaussianNoise, 2, {"stddev": 0.5}),
            (layers.SpatialDropout1D, 3, {"rate": 0.5}),
            (layers.SpatialDropout2D, 4, {"rate": 0.5, "data_format": "channels_first"}),
            (layers.SpatialDropout3D, 5, {"rate": 0.5, "data_format": "channels_first"}),
        )
    },
}
