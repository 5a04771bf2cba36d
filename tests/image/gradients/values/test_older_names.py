"""TensorFlow 1's names of arguments: a call by the older name is the call by the newer one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gradients.values.calls.inputs import CUBE, POSITIVE, X
from gradients.values.calls.nn import KERNEL, PICTURES

_random = np.random.default_rng(83)
SOLIDS, BRICK = _random.standard_normal((1, 3, 4, 5, 2)), _random.standard_normal((2, 1, 2, 2, 2))
STEPS, SPAN = _random.standard_normal((2, 8, 3)), _random.standard_normal((2, 3, 4))
SHARES = POSITIVE / POSITIVE.sum(-1, keepdims=True)
TOP = KERNEL[..., 0]
PADS, STRIDES = [[0, 0], [0, 0]], [1, 1, 1, 1]
#: How windows are laid over planes, and over solids.
LAID = {"strides": STRIDES, "padding": "VALID"}
SOLID = {"strides": [1, *STRIDES], "padding": "VALID"}
#: By its older name: an argument's newer one, and what is given.
Renamed = Mapping[str, tuple[str, Any]]


def _kept(axis: str = "reduction_indices") -> Renamed:
    return {axis: ("axis", 1), "keep_dims": ("keepdims", True)}


def _sparse() -> tf.SparseTensor:
    return tf.SparseTensor([[0, 0], [1, 1], [1, 2], [2, 3]], [0.25, -2.0, 3.0, 0.5], [3, 4])


#: A function of `tf.compat.v1`, and what else it is given.
ROWS: tuple[tuple[str, Renamed, Mapping[str, Any]], ...] = (
    *(
        (f"math.reduce_{name}", _kept(), {"input_tensor": CUBE})
        for name in ("sum", "mean", "prod", "min", "max", "logsumexp")
    ),
    *((f"math.reduce_{name}", _kept(), {"input_tensor": CUBE > 0}) for name in ("all", "any")),
    *(
        (f"sparse.reduce_{name}", _kept("reduction_axes"), {"sp_input": _sparse})
        for name in ("sum", "max", "sum_sparse", "max_sparse")
    ),
    ("math.count_nonzero", {**_kept(), "input_tensor": ("input", np.maximum(CUBE, 0))}, {}),
    ("norm", {"keep_dims": ("keepdims", True)}, {"tensor": CUBE, "axis": 1}),
    ("nn.moments", {"keep_dims": ("keepdims", True)}, {"x": CUBE, "axes": [1]}),
    (
        "nn.weighted_moments",
        {"keep_dims": ("keepdims", True)},
        {"x": X, "axes": [1], "frequency_weights": POSITIVE},
    ),
    ("nn.sufficient_statistics", {"keep_dims": ("keepdims", True)}, {"x": CUBE, "axes": [1]}),
    ("expand_dims", {"dim": ("axis", 1)}, {"input": CUBE}),
    ("squeeze", {"squeeze_dims": ("axis", [1])}, {"input": CUBE[:1, None]}),
    ("nn.softmax", {"dim": ("axis", 1)}, {"logits": CUBE}),
    ("nn.log_softmax", {"dim": ("axis", 0)}, {"logits": CUBE}),
    ("math.l2_normalize", {"dim": ("axis", 1)}, {"x": CUBE}),
    (
        "nn.softmax_cross_entropy_with_logits_v2",
        {"dim": ("axis", 0)},
        {"labels": SHARES, "logits": X},
    ),
    ("losses.cosine_distance", {"dim": ("axis", 0)}, {"labels": SHARES, "predictions": X}),
    ("math.argmax", {"dimension": ("axis", 1)}, {"input": CUBE}),
    ("math.argmin", {"dimension": ("axis", 2)}, {"input": CUBE}),
    (
        "reverse_sequence",
        {"seq_dim": ("seq_axis", 2), "batch_dim": ("batch_axis", 1)},
        {"input": CUBE, "seq_lengths": [1, 3, 2]},
    ),
    (
        "space_to_batch",
        {"block_size": ("block_shape", 2)},
        {"input": PICTURES[:, :4, :4], "paddings": PADS},
    ),
    (
        "image.extract_image_patches",
        {"ksizes": ("sizes", [1, 2, 3, 1])},
        {"images": PICTURES, "rates": STRIDES, **LAID},
    ),
    (
        "image.crop_and_resize",
        {"box_ind": ("box_indices", [1])},
        {"image": PICTURES, "boxes": [[0.1, 0.2, 0.7, 0.9]], "crop_size": [2, 3]},
    ),
    (
        "nn.weighted_cross_entropy_with_logits",
        {"targets": ("labels", SHARES)},
        {"logits": X, "pos_weight": 2.0},
    ),
    (
        "nn.batch_norm_with_global_normalization",
        {"t": ("input", PICTURES), "m": ("mean", X[0, :2]), "v": ("variance", POSITIVE[0, :2])},
        {
            **{"beta": X[1, :2], "gamma": X[2, :2]},
            **{"variance_epsilon": 0.25, "scale_after_normalization": True},
        },
    ),
    (
        "nn.depthwise_conv2d",
        {"rate": ("dilations", [2, 1])},
        {"input": PICTURES, "filter": KERNEL, **LAID},
    ),
    (
        "nn.separable_conv2d",
        {"rate": ("dilations", [1, 2])},
        {
            **{"input": PICTURES, "depthwise_filter": KERNEL},
            **{"pointwise_filter": np.ones((1, 1, 2 * KERNEL.shape[-1], 2)), **LAID},
        },
    ),
    (
        "nn.dilation2d",
        {"filter": ("filters", TOP), "rates": ("dilations", [1, 2, 1, 1])},
        {"input": PICTURES, **LAID},
    ),
    (
        "nn.pool",
        {"dilation_rate": ("dilations", [2, 1])},
        {"input": PICTURES, "window_shape": [2, 2], "pooling_type": "MAX", "padding": "VALID"},
    ),
    ("nn.conv1d", {"value": ("input", STEPS)}, {"filters": SPAN, "stride": 2, "padding": "SAME"}),
    ("nn.conv2d", {"filters": ("filter", KERNEL)}, {"input": PICTURES, **LAID}),
    ("nn.conv3d", {"filters": ("filter", BRICK)}, {"input": SOLIDS, **SOLID}),
    ("sparse.add", {"thresh": ("threshold", 1.0)}, {"a": _sparse, "b": _sparse}),
)


def _called(function: Callable[..., Any], given: Mapping[str, Any]) -> list[np.ndarray]:
    """Return all numbers of what a function returns; tensors are made as late as that."""
    made = {name: value() if callable(value) else value for name, value in given.items()}
    found = tf.nest.flatten(function(**made), expand_composites=True)
    return [np.asarray(one) for one in found]


@pytest.mark.parametrize(("name", "renamed", "rest"), ROWS, ids=[row[0] for row in ROWS])
def test_an_older_name_is_the_newer_one(
    name: str, renamed: Renamed, rest: Mapping[str, Any]
) -> None:
    function = reduce(getattr, name.split("."), tf.compat.v1)
    newer = _called(function, dict(renamed.values()) | rest)
    for older, (now, value) in renamed.items():
        others = {other: given for other, given in renamed.values() if other != now}
        for one, other in zip(
            _called(function, {older: value} | others | rest), newer, strict=True
        ):
            np.testing.assert_array_equal(one, other)
