"""keras.ops of more numbers, ids, classes and channels than other rows have: 1,030."""

from __future__ import annotations

import numpy as np
from keras import ops
from scipy.special import log_softmax, logsumexp, softmax

from gradients.values.calls import Rows
from gradients.values.windows import convolve, pooled

_random = np.random.default_rng(97)
SIZE = 1030
X = _random.standard_normal((2, SIZE))
OTHER = _random.standard_normal((SIZE, 2))
NEAR_ONE = 1 + X / 100
#: Each of 300 ids several times.
IDS = _random.integers(0, 300, SIZE)
PLACES = _random.permutation(SIZE)
CLASSES = np.array([SIZE - 1, 600])
HOT = np.eye(SIZE)[CLASSES]
EDGES = np.sort(_random.standard_normal(300))
CHANCES = softmax(X, -1)
LINE = X.T[None] + 0
KEYS = _random.standard_normal((1, SIZE, 1, 2))
#: What is made of each row, and what is made of each number.
ROWWISE = (
    *("sum", "mean", "std", "var", "max", "min", "argmax", "argmin", "median", "ptp"),
    *("nansum", "nanmean", "nanmax", "nanstd", "cumsum", "sort", "argsort", "diff", "flip"),
)
EACH = ("exp", "tanh", "abs", "sign", "floor", "isnan", "square", "sin", "arctan", "logaddexp")


def summed() -> np.ndarray:
    """Return the sum of all rows with an id."""
    found = np.zeros((300, 2))
    np.add.at(found, IDS, OTHER)
    return found


def attended() -> np.ndarray:
    """Return the mean of all keys as one of them scores them."""
    keys = KEYS[0, :, 0]
    return (softmax(keys[:1] @ keys.T / np.sqrt(2), -1) @ keys)[None, :, None]


ROWS: Rows = {
    "rows": (
        lambda: [getattr(ops, name)(X, axis=-1) for name in ROWWISE],
        [getattr(np, name)(X, axis=-1) for name in ROWWISE],
    ),
    "each": (
        lambda: [getattr(ops, name)(*(X, -X)[: 1 + (name == "logaddexp")]) for name in EACH],
        [getattr(np, name)(*(X, -X)[: 1 + (name == "logaddexp")]) for name in EACH],
    ),
    "whole": (
        lambda: [
            *(ops.prod(NEAR_ONE), ops.cumprod(NEAR_ONE, axis=1), ops.quantile(X, 0.3)),
            *(ops.average(X, axis=1, weights=OTHER[:, 0] ** 2), ops.roll(X, 700, axis=1)),
            *(ops.linspace(0.0, 1.0, SIZE), ops.arange(SIZE), ops.eye(SIZE)[::7, ::5]),
            *(ops.repeat(X, 3, axis=1), ops.tile(X, 2), ops.pad(X, ((0, 0), (3, 600)))),
            *(ops.where(X > 0, X, -1), ops.clip(X, -1, 1), ops.count_nonzero(X > 0, axis=1)),
            *(ops.concatenate([X, X], 1), ops.split(X, [600], 1), ops.tril(OTHER.T, -1)),
        ],
        [
            *(np.prod(NEAR_ONE), np.cumprod(NEAR_ONE, 1), np.float32(np.quantile(X, 0.3))),
            *(np.average(X, 1, weights=OTHER[:, 0] ** 2), np.roll(X, 700, 1)),
            *(np.linspace(0, 1, SIZE, dtype="float32"), np.arange(SIZE), np.eye(SIZE)[::7, ::5]),
            *(np.repeat(X, 3, 1), np.tile(X, 2), np.pad(X, ((0, 0), (3, 600)))),
            *(np.where(X > 0, X, -1), np.clip(X, -1, 1), np.count_nonzero(X > 0, axis=1)),
            *(np.concatenate([X, X], 1), np.split(X, [600], 1), np.tril(OTHER.T, -1)),
        ],
    ),
    "products": (
        lambda: [
            *(ops.matmul(X, OTHER), ops.dot(X, OTHER), ops.einsum("ij,kj->ik", X, X)),
            *(ops.tensordot(X, OTHER, 1), ops.inner(X, X), ops.vdot(X, X), ops.outer(X, X[0])),
            *(ops.matmul(OTHER, X), ops.matmul(X, OTHER[:, 0]), ops.norm(X, axis=1)),
            *(ops.cdist(X, 1 - X), ops.correlate(X[0], X[1, :300])),
        ],
        [
            *(X @ OTHER, X @ OTHER, X @ X.T, X @ OTHER, X @ X.T, (X * X).sum(), np.outer(X, X[0])),
            *(OTHER @ X, X @ OTHER[:, 0], np.linalg.norm(X, axis=1)),
            np.linalg.norm(X[:, None] - (1 - X)[None], axis=-1),
            np.correlate(X[0], X[1, :300]),
        ],
    ),
    "places": (
        lambda: [
            *(ops.take(OTHER, PLACES, axis=0), ops.take(X, PLACES - SIZE, axis=1)),
            ops.take_along_axis(X, PLACES[None], axis=1),
            *(ops.segment_sum(OTHER, IDS, 300), ops.scatter(IDS[:, None], OTHER, (300, 2))),
            ops.scatter_update(np.zeros((300, 2)), IDS[:, None], OTHER, "add"),
            *(ops.bincount(IDS), ops.digitize(X, EDGES), ops.searchsorted(EDGES, X[0])),
            *(ops.one_hot(CLASSES, SIZE), ops.multi_hot(CLASSES, SIZE), ops.unique(IDS)),
            *(ops.top_k(X, 300)[0], ops.slice_update(X, [0, 600], X[:, :300])),
        ],
        [
            *(OTHER[PLACES], X[:, PLACES], X[:, PLACES], summed(), summed(), summed()),
            *(np.bincount(IDS), np.digitize(X, EDGES), np.searchsorted(EDGES, X[0])),
            *(HOT, HOT.max(0), np.unique(IDS), np.sort(X)[:, :-301:-1]),
            np.concatenate([X[:, :600], X[:, :300], X[:, 900:]], 1),
        ],
    ),
    "networks": (
        lambda: [
            *(ops.softmax(X), ops.log_softmax(X), ops.logsumexp(X, axis=1)),
            *(ops.layer_normalization(X), ops.rms_normalization(X), ops.normalize(X)),
            *(*ops.moments(X, 1), ops.batch_normalization(X, OTHER[:, 0], OTHER[:, 1] ** 2, -1)),
            ops.categorical_crossentropy(HOT, CHANCES),
            ops.sparse_categorical_crossentropy(CLASSES, X, from_logits=True),
            ops.binary_crossentropy(CHANCES, CHANCES * 100, from_logits=True).numpy().sum(1),
            ops.conv(LINE, LINE[:, :3].swapaxes(0, 1) * np.ones((3, 2, 2))),
            ops.average_pool(np.float32(LINE), 300, 7),
            ops.dot_product_attention(KEYS[:, :1], KEYS, KEYS),
        ],
        [
            *(CHANCES, log_softmax(X, -1), logsumexp(X, 1)),
            (X - X.mean(1, keepdims=True)) / np.sqrt(X.var(1, keepdims=True) + 1e-7),
            X / np.sqrt((X**2).mean(1, keepdims=True) + 1e-7),
            X / np.linalg.norm(X, axis=1, keepdims=True),
            *(X.mean(1), X.var(1), (X - OTHER[:, 0]) / np.sqrt(OTHER[:, 1] ** 2 + 1e-3)),
            -np.log(np.maximum(CHANCES[[0, 1], CLASSES], 1e-7)),
            -log_softmax(X, -1)[[0, 1], CLASSES],
            (np.logaddexp(0, CHANCES * 100) - CHANCES**2 * 100).sum(1),
            convolve(LINE, LINE[:, :3].swapaxes(0, 1) * np.ones((3, 2, 2))),
            pooled(np.float32(LINE), np.mean, 300, 7, same=False),
            attended(),
        ],
    ),
}
