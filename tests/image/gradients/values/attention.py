"""Attention of several heads in NumPy: gates, windows, masks, shared keys, more axes than one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy.special import expit, softmax

from gradients.values.layers import CAUSAL, Reference, Row, attend

Mask = np.ndarray | bool
#: Of three queries and of four values, in two sequences, those that are shown.
QUERIES = np.array([[1, 1, 0], [1, 0, 1]], bool)
VALUES = np.array([[1, 0, 1, 1], [1, 1, 0, 0]], bool)
KEYS = np.array([[1, 1, 1, 0], [1, 1, 0, 1]], bool)
#: Which query sees which value, and the same of those that are not before it.
PAIRS = np.array([[[1, 0, 1, 0], [1, 1, 0, 1], [1, 1, 1, 1]]] * 2, bool)
AFTER = CAUSAL[:3]
#: Of four values in two rows of each sequence, those that are shown.
ROWS_SHOWN = np.stack([VALUES, VALUES[:, ::-1]], 1)
#: Those nearer than two steps.
NEAR = np.abs(np.arange(3)[:, None] - np.arange(4)) < 2


def heads(
    *arrays: np.ndarray,
    inputs: int = 2,
    mask: Mask = True,
    gate: bool = False,
    bias: bool = True,
    shared: int = 1,
) -> np.ndarray:
    """Return attention of query, value and key, of which so many heads share a key and a value.

    Weights come in the order of query, key, gate, value, output.
    """
    query, value, key = (*arrays[:inputs], *arrays[1:2])[:3]
    weights = iter(arrays[inputs:])

    def project(x: np.ndarray, times: int = 1) -> np.ndarray:
        kernel = next(weights)
        found = np.einsum("...td,dhe->...hte", x, kernel)
        found = found + (next(weights)[:, None] if bias else 0)
        return np.repeat(found, times, axis=-3)

    q, k = project(query), project(key, shared)
    opened = expit(project(query)) if gate else 1
    v = project(value, shared)
    scores = np.einsum("...te,...se->...ts", q, k) / np.sqrt(q.shape[-1])
    shown = mask[:, None] if isinstance(mask, np.ndarray) and mask.ndim == 3 else mask
    found = softmax(np.where(shown, scores, -1e9), -1) @ v * opened
    out = np.einsum("...hte,hed->...td", found, next(weights))
    return out + (next(weights) if bias else 0)


#: Of six queries and four values that stand in two rows each, which sees which; each sees one.
BLOCKS = np.random.default_rng(7).uniform(size=(2, 2, 3, 2, 2)) < 0.4
BLOCKS[..., 0, 1] |= ~BLOCKS.any((-2, -1))


def planes(
    query: np.ndarray, value: np.ndarray, *weights: np.ndarray, mask: Mask = True
) -> np.ndarray:
    """Return attention over two axes together, which are one here."""
    flat = (x.reshape(len(x), -1, x.shape[-1]) for x in (query, value))
    return heads(*flat, *weights, mask=mask).reshape(query.shape)


def multi(reference: Reference, *shapes: tuple[int, ...], call: Any = None, **o: Any) -> Row:
    """Return the row of two heads of four features."""
    make = partial(layers.MultiHeadAttention, 2, 4, **o)
    return Row(make, reference, shapes or ((2, 3, 5), (2, 4, 5)), call=call or {})


def grouped(reference: Reference, *, call: Any = None, **o: Any) -> Row:
    """Return the row of four heads of four features that share two keys and values."""
    make = partial(layers.GroupQueryAttention, 4, 4, 2, **o)
    return Row(make, partial(reference, shared=2), ((2, 3, 5), (2, 4, 5)), call=call or {})


def single(
    kind: Callable[..., keras.Layer], reference: Reference, *, call: Any = None, **o: Any
) -> Row:
    """Return the row of attention without heads, of a list of query and value."""
    shapes = ((2, 3, 5), (2, 4, 5))
    return Row(partial(kind, **o), reference, shapes, together=True, call=call or {})


def _of_heads(kind: Callable[..., Row]) -> dict[str, Row]:
    """Return the rows that either kind of attention of several heads has."""
    causal = {"use_causal_mask": True}
    return {
        "gate": kind(partial(heads, gate=True), use_gate=True),
        "plain": kind(partial(heads, bias=False), use_bias=False),
        "causal": kind(partial(heads, mask=AFTER), call=causal),
        "masks": kind(
            partial(heads, mask=VALUES[:, None] & KEYS[:, None]),
            call={"value_mask": VALUES, "key_mask": KEYS},
        ),
        "pairs": kind(partial(heads, mask=PAIRS & AFTER), call={"attention_mask": PAIRS, **causal}),
        "pairs_of_all": kind(partial(heads, mask=PAIRS[0]), call={"attention_mask": PAIRS[0]}),
        "window": kind(partial(heads, mask=NEAR & AFTER), call=causal, sliding_window=2),
        "window_alone": kind(partial(heads, mask=NEAR), sliding_window=2),
        # With dropout, scores are worked out one by one, in training or not.
        "steps": kind(heads, dropout=0.5, call={"training": False}),
        "steps_causal": kind(partial(heads, mask=AFTER), dropout=0.5, call=causal),
        "steps_pairs": kind(
            partial(heads, mask=PAIRS), dropout=0.5, call={"attention_mask": PAIRS}
        ),
    }


ATTENTION = (
    {f"MultiHeadAttention_{name}": row for name, row in _of_heads(multi).items()}
    | {f"GroupQueryAttention_{name}": row for name, row in _of_heads(grouped).items()}
    | {
        "MultiHeadAttention_keys": multi(
            partial(heads, inputs=3), (2, 3, 5), (2, 4, 6), (2, 4, 3), value_dim=3
        ),
        "MultiHeadAttention_output": multi(heads, output_shape=7),
        "MultiHeadAttention_axis": multi(
            heads, (2, 2, 3, 5), (2, 2, 4, 5), attention_axes=(2,), value_dim=3
        ),
        "MultiHeadAttention_axis_masked": multi(
            partial(heads, mask=ROWS_SHOWN[:, :, None, None]),
            *((2, 2, 3, 5), (2, 2, 4, 5)),
            call={"value_mask": ROWS_SHOWN},
            attention_axes=(2,),
        ),
        "MultiHeadAttention_planes": multi(planes, (2, 2, 3, 5), (2, 2, 2, 5)),
        "MultiHeadAttention_planes_pairs": multi(
            partial(planes, mask=BLOCKS.reshape(2, 6, 4)),
            *((2, 2, 3, 5), (2, 2, 2, 5)),
            attention_axes=(1, 2),
            call={"attention_mask": BLOCKS},
        ),
        "Attention_causal": single(
            layers.Attention,
            lambda q, v: attend(q, v, v, 1, AFTER),
            call={"use_causal_mask": True},
        ),
        "Attention_masked": Row(
            layers.Attention,
            lambda q, v, k: attend(q, v, k, 1, VALUES[:, None]) * QUERIES[..., None],
            ((2, 3, 5), (2, 4, 6), (2, 4, 5)),
            together=True,
            call={"mask": [QUERIES, VALUES, KEYS]},
        ),
        "Attention_masked_causal": single(
            layers.Attention,
            lambda q, v: attend(q, v, v, 1, VALUES[:, None] & AFTER),
            call={"mask": [None, VALUES], "use_causal_mask": True},
        ),
        "Attention_concat_scaled": single(
            layers.Attention,
            lambda q, v, s, c: (
                softmax(c * np.tanh(s * (q[:, :, None] + v[:, None])).sum(-1), -1) @ v
            ),
            score_mode="concat",
            use_scale=True,
        ),
        "AdditiveAttention_plain": single(
            layers.AdditiveAttention,
            lambda q, v: softmax(np.tanh(q[:, :, None] + v[:, None]).sum(-1), -1) @ v,
            use_scale=False,
        ),
    }
)
