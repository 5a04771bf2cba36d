"""Layers over more than 2,048 of something, in float32: what is summed, kept or given is right.

A row is one of another table, at other sizes; each of its axes is the long one in some row.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from keras import layers

from gradients.values import attention, pools
from gradients.values.calls import merged
from gradients.values.layers import LAYERS, Row, normalized, one
from gradients.values.windows import pooled

#: The long axis; the sides of a plane that has more places.
N, SIDE = 2100, 50
PLANE = (2, SIDE, SIDE, 4)

#: By the name of the row: the shapes of its inputs, several ways.
SIZES: dict[str, tuple[tuple[tuple[int, ...], ...], ...]] = {
    "Dense": (((3, N),), ((N, 5),)),
    "Dense_plain": (((2, 3, N),), ((2, N, 5),)),
    "EinsumDense": (((2, 4, N),), ((2, N, 3),)),
    "BatchNormalization": (((6, N),),),
    "BatchNormalization_training": (((N, 3, 4),), ((6, 3, N),)),
    "BatchNormalization_axis": (((6, N, 4),), ((6, 3, N),)),
    "LayerNormalization": (((3, N),), ((N, 6),)),
    "LayerNormalization_axes": (((3, SIDE, SIDE),),),
    "GroupNormalization": (((2, 3, 3, N),), (PLANE,)),
    "GroupNormalization_each": (((2, N, 2, 3),), ((2, 4, SIDE, SIDE),)),
    "RMSNormalization": (((3, N),),),
    "RMSNormalization_axes": (((3, SIDE, SIDE),),),
    "UnitNormalization": (((3, N),),),
    "SpectralNormalization_training": (((3, N),),),
    "Softmax": (((3, N, 2),), ((N, 4, 2),)),
    "Softmax_axes": (((3, SIDE, SIDE, 2),),),
    "PReLU": (((3, N),),),
    "Attention": (((2, 3, N), (2, 4, 6), (2, 4, N)), ((1, 3, 5), (1, N, 6), (1, N, 5))),
    "Attention_scaled": (((1, N, 5), (1, 4, 5)), ((1, 3, N), (1, 4, N))),
    "Attention_concat": (((1, 3, N), (1, 4, N)),),
    "AdditiveAttention_plain": (((1, 3, N), (1, 4, N)),),
    "AdditiveAttention": (((1, 3, 5), (1, N, 5)), ((1, 3, N), (1, 4, N))),
    "MultiHeadAttention": (((1, 3, 4), (1, N, 4)), ((1, N, 4), (1, 3, 4)), ((1, 3, N), (1, 4, N))),
    "GroupQueryAttention": (((1, 3, 4), (1, N, 4)), ((1, 3, N), (1, 4, N))),
    "MultiHeadAttention_steps": (((1, 3, 5), (1, N, 5)), ((1, N, 5), (1, 4, 5))),
    "GroupQueryAttention_steps": (((1, 3, 5), (1, N, 5)),),
    **dict.fromkeys(("Add", "Average", "Maximum", "Multiply"), (20 * ((2, N),),)),
    "Concatenate": (((2, 3, 4), (2, N, 4)), ((2, 3, N), *20 * ((2, 1, N),))),
    "Dot": (((2, 3, N), (2, 5, N)), ((2, N, 4), (2, 5, 4))),
    "Dot_cosine": (((2, N), (2, N)),),
    "GlobalMaxPooling_kept": (((2, SIDE, SIDE, 5),), ((2, 3, 4, N),)),
    "GlobalAveragePooling_kept": (((2, 3, N),), ((2, N, 4),)),
    "GlobalAveragePooling2D_kept": (((2, SIDE, SIDE, 3),), ((2, 3, 4, N),)),
    "GlobalAveragePooling3D_kept": (((1, 3, SIDE, SIDE, 3),),),
    "GlobalMaxPooling1D_kept": (((2, N, 3),),),
    "Normalization": (((2, N),),),
    "Masking": (((2, N, 3),), ((2, 3, N),)),
}

#: By name: rows whose layer itself is told of the many.
TOLD: dict[str, Row] = {
    "Dense_units": one(layers.Dense, lambda x, w, b: x @ w + b, 3, 5, units=N),
    "EinsumDense_units": one(
        layers.EinsumDense,
        lambda x, w, b: np.einsum("abc,cde->abde", x, w) + b,
        *(2, 4, 3),
        equation="abc,cde->abde",
        output_shape=(None, 2, N),
        bias_axes="de",
    ),
    "ReversibleEmbedding_ids": one(
        layers.ReversibleEmbedding,
        lambda x, w: x @ w.T,
        *(2, 3, 4),
        input_dim=N,
        output_dim=4,
        call={"reverse": True},
    ),
    "ReversibleEmbedding_features": one(
        layers.ReversibleEmbedding,
        lambda x, w: x @ w.T,
        *(2, 3, N),
        input_dim=6,
        output_dim=N,
        call={"reverse": True},
    ),
    "MultiHeadAttention_heads": Row(
        partial(layers.MultiHeadAttention, 36, 4), attention.heads, ((2, 3, 5), (2, 4, 5))
    ),
    "GroupQueryAttention_heads": Row(
        partial(layers.GroupQueryAttention, 4, 36, 12),
        partial(attention.heads, shared=3),
        ((2, 3, 5), (2, 4, 5)),
    ),
    "GroupNormalization_groups": one(
        layers.GroupNormalization,
        lambda x, g, b: (
            g * normalized(x.reshape(*x.shape[:-1], 70, 2), (1, 2, 4), 0.25).reshape(x.shape) + b
        ),
        *(2, 3, 3, 140),
        groups=70,
        epsilon=0.25,
    ),
    **{
        kind.__name__: one(
            kind, partial(pooled, choose=choose, size=(SIDE, 2), strides=(SIDE, 2)), *PLANE, **o
        )
        for kind, choose in ((layers.AveragePooling2D, np.mean), (layers.MaxPooling2D, np.max))
        for o in [{"pool_size": (SIDE, 2)}]
    },
}


def rows() -> dict[str, Row]:
    """Return all rows, by name."""
    tables: dict[str, Row] = merged(LAYERS, attention.ATTENTION, pools.ROWS)
    found = {
        f"{name}_{number}": replace(tables[name], shapes=shapes)
        for name, ways in SIZES.items()
        for number, shapes in enumerate(ways)
    }
    return {name: replace(row, dtype="float32") for name, row in merged(found, TOLD).items()}
