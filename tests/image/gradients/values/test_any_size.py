"""keras.ops in a graph that knows ranks alone: each gives what it gives of sizes that are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from gradients.tracing import traced
from gradients.values.calls.inputs import CUBE, IMAGES, SYMMETRIC, X, Y

ROW, ORDER = X[0], np.argsort(X, 1)
KERNEL = np.random.default_rng(7).standard_normal((3, 2, 3, 2))
WIDER = np.random.default_rng(8).standard_normal((1, 1, 6, 4))
patches, ONES = tf.image.extract_patches, [1, 1, 1, 1]
TURNED = np.array([*X.T.shape])


def sparse() -> tf.SparseTensor:
    """Return what is above 0, whose size is known."""
    return tf.sparse.from_dense(np.maximum(X, 0))


#: What is called, and with which tensors, by group: a group is one graph.
CALLS: dict[str, list[tuple[Callable[..., Any], tuple[np.ndarray, ...]]]] = {
    "sums": [
        *(
            (lambda x, y, mode=mode: ops.correlate(x, y, mode), (ROW, Y[0, :3]))
            for mode in ("valid", "same", "full")
        ),
        (ops.trace, (CUBE,)),
        (ops.vander, (ROW,)),
        (ops.cross, (X[:, :3], Y[:, :3])),
        (lambda x: ops.quantile(x, [0.25, 0.7], axis=1), (X,)),
        (lambda x: ops.bincount(x, minlength=5), (np.array([1, 2, 1, 0]),)),
        (lambda x: ops.softmax(x, axis=None), (CUBE,)),
        (lambda x: ops.log_softmax(x, axis=None), (CUBE,)),
        (ops.sparsemax, (X,)),
        (lambda x: ops.norm(x, "nuc", axis=(0, 2)), (CUBE,)),
        (ops.cholesky_inverse, (np.linalg.cholesky(SYMMETRIC),)),
        (lambda x: ops.segment_sum(x, np.array([0, 2, 0]), 3), (X,)),
    ],
    "places": [
        (lambda x: ops.rot90(x, 1, (0, 2)), (CUBE,)),
        (lambda x: ops.tile(x, (2, 1, 3)), (X,)),
        (lambda x, at: ops.take_along_axis(x, at, 1), (X, ORDER)),
        (lambda x, at: ops.take_along_axis(x, at, None), (X, ORDER[0])),
        (lambda x: ops.take(x, [[0, -1], [2, 1]], axis=1), (CUBE,)),
        (lambda x: ops.diagonal(x, 1, 0, 2), (CUBE,)),
        (lambda x: ops.tril(x, -1), (CUBE,)),
        (lambda x: ops.triu(x, 1), (CUBE,)),
        (lambda x: ops.swapaxes(x, 0, -1), (CUBE,)),
        (lambda x: ops.flip(x, 1), (CUBE,)),
        (lambda x: ops.roll(x, 2, 1), (CUBE,)),
        (lambda x: ops.argpartition(x, 2), (X,)),
        (lambda x: ops.full_like(x, 2), (X,)),
        (lambda x: ops.nonzero(x)[1], (X,)),
        (lambda x, y: ops.scatter_update(x, [[1, 0], [0, 2]], y), (X, Y[0, :2])),
    ],
    "images": [
        (lambda x, k: ops.depthwise_conv(x, k, (2, 2), "same"), (IMAGES, KERNEL)),
        (lambda x, k, w: ops.separable_conv(x, k, w, 2, "same"), (IMAGES, KERNEL, WIDER)),
        (lambda x, k: ops.conv(x, k, 2, "same"), (IMAGES, KERNEL)),
        (lambda x: ops.max_pool(x, 2, 2, "same"), (IMAGES,)),
        (lambda x: ops.image.resize(x, (4, 7)), (IMAGES,)),
        (lambda x: ops.image.affine_transform(x, np.ones((1, 8)) / 4), (IMAGES,)),
        (lambda x: ops.image.gaussian_blur(x), (IMAGES,)),
        # A size may stand in a tensor, if the graph knows it.
        (lambda x: patches(x, [1, tf.constant(2), 3, 1], ONES, ONES, "SAME"), (IMAGES,)),
        (lambda x: tf.image.resize_with_crop_or_pad(x, 4, 7), (IMAGES,)),
        (lambda x, y: ops.dot_product_attention(x, y, y), (CUBE[:, :, None], CUBE[:, :, None] + 1)),
        (lambda x: ops.ifft2((x, x * 2)), (CUBE,)),
    ],
    "computed": [
        (lambda x, n: tf.signal.irfft(tf.complex(x, 2 * x), n), (X, np.array([9], "int32"))),
        (lambda n: tf.sparse.to_dense(tf.sparse.reshape(sparse(), [n[0], n[1]])), (TURNED,)),
        (lambda x: tf.size(x, tf.int64) * 2**40, (CUBE,)),
        # Of how many matrices, the diagonal alone tells.
        (
            lambda *bands: tf.linalg.LinearOperatorTridiag(bands, "sequence").shape_tensor(),
            (X[:1], X, X[1:2]),
        ),
    ],
}


@pytest.mark.parametrize("name", CALLS)
def test_what_has_any_size_has_the_same_values(name: str) -> None:
    given = [inputs for _, inputs in CALLS[name]]

    @traced(
        input_signature=[
            [[tf.TensorSpec([None] * part.ndim, part.dtype) for part in inputs] for inputs in given]
        ]
    )
    def unsized(inputs: list[list[tf.Tensor]]) -> list[Any]:
        return [call(*parts) for (call, _), parts in zip(CALLS[name], inputs, strict=True)]

    found = unsized([[tf.constant(part) for part in inputs] for inputs in given])
    for number, (call, inputs) in enumerate(CALLS[name]):
        expected = tf.nest.flatten(call(*map(tf.constant, inputs)))
        for one, other in zip(tf.nest.flatten(found[number]), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9, err_msg=str(number))


def test_frames_of_any_length_are_joined() -> None:
    """What was cut into frames comes back, though the graph is told their length in a tensor."""
    wave = np.random.default_rng(10).standard_normal(40)

    @traced(
        input_signature=[tf.TensorSpec([None, None], tf.complex128), tf.TensorSpec([], tf.int32)]
    )
    def joined(spectra: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
        return tf.signal.inverse_stft(spectra, length, length, window_fn=None)

    spectra = tf.signal.stft(wave, 8, 8, window_fn=None)
    np.testing.assert_allclose(joined(spectra, 8), wave, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("unknown", [0, 1, 2])
def test_one_size_alone_is_not_known(unknown: int) -> None:
    """A diagonal is cut by the sizes of its two axes, wherever they stand."""
    sizes = [None if axis == unknown else size for axis, size in enumerate(CUBE.shape)]
    cuts = [(offset, *axes) for offset in (-1, 1) for axes in ((0, 1), (0, 2), (1, 2))]

    @traced(input_signature=[tf.TensorSpec(sizes, tf.float64)])
    def diagonals(x: tf.Tensor) -> list[tf.Tensor]:
        return [ops.diagonal(x, *cut) for cut in cuts]

    for found, cut in zip(diagonals(CUBE), cuts, strict=True):
        np.testing.assert_array_equal(found, np.diagonal(CUBE, *cut))
