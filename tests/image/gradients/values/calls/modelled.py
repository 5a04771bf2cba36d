"""keras.ops that NumPy does not have, for a model: arguments that are not their defaults.

Not those that test_symbolic.py puts into one by the same call, of the same one array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradients.values.calls.ctc import LENGTHS, SCORES, STEPS, TARGETS
from gradients.values.calls.inputs import (
    CUBE,
    IMAGES,
    MATRICES,
    POSITIVE,
    SEQUENCE,
    SYMMETRIC,
    UNIT,
    X,
    Y,
)
from gradients.values.calls.networks import BLOCK, DEPTH, FIRST, IDS, KERNEL, LINE, POINT
from gradients.values.calls.operations import (
    BIAS,
    HEADS,
    KEYS,
    LABELS,
    SEGMENTS,
    SHOWN,
    VALUES,
    WAVE,
)

CHANNELS = {"data_format": "channels_first"}
PLACES = np.array([[0, 1], [2, 3]])
#: What is called, with which arguments, and with which options.
CALLS: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    ("leaky_relu", (X, 0.375), {}),
    ("gelu", (X,), {"approximate": False}),
    ("softmax", (BLOCK,), {"axis": 1}),
    ("log_softmax", (BLOCK,), {"axis": 1}),
    ("sparsemax", (X,), {"axis": 0}),
    ("max_pool", (IMAGES, (2, 3), (1, 2), "same"), {}),
    ("max_pool", (FIRST, 2), CHANNELS),
    ("average_pool", (IMAGES, (2, 3), (1, 2), "same"), {}),
    ("average_pool", (FIRST, 2), CHANNELS),
    ("adaptive_max_pool", (FIRST, (3, 2)), CHANNELS),
    ("adaptive_average_pool", (FIRST, (3, 2)), CHANNELS),
    ("adaptive_max_pool", (IMAGES, (3, 2)), {}),
    ("adaptive_average_pool", (IMAGES, (3, 2)), {}),
    ("conv", (IMAGES, KERNEL, (2, 1), "same"), {}),
    ("conv", (IMAGES, KERNEL), {"dilation_rate": (3, 1)}),
    ("depthwise_conv", (IMAGES, DEPTH, 2, "same"), {}),
    ("depthwise_conv", (FIRST, DEPTH), {"dilation_rate": 2} | CHANNELS),
    ("separable_conv", (IMAGES, DEPTH, POINT, 2, "same"), {}),
    ("separable_conv", (FIRST, DEPTH, POINT), {"dilation_rate": 2} | CHANNELS),
    ("conv_transpose", (SEQUENCE, LINE.swapaxes(1, 2), 2, "same"), {}),
    ("one_hot", (IDS, 4), {"axis": 1}),
    ("one_hot", (IDS, 4), {"dtype": "bool"}),
    ("multi_hot", (IDS, 4), {}),
    ("binary_crossentropy", (UNIT, X), {"from_logits": True}),
    ("categorical_crossentropy", (UNIT, X), {"from_logits": True, "axis": 0}),
    ("sparse_categorical_crossentropy", (LABELS, X), {"from_logits": True}),
    (
        "batch_normalization",
        (CUBE, X[:, 0], POSITIVE[:, 0], 1),
        {"offset": X[:, 1], "scale": X[:, 2], "epsilon": 0.25},
    ),
    ("ctc_loss", (TARGETS - 1, SCORES, LENGTHS, STEPS), {"mask_index": 3}),
    ("ctc_decode", (SCORES, STEPS), {"strategy": "beam_search", "mask_index": 1, "top_paths": 2}),
    ("ctc_decode", (SCORES, STEPS), {"merge_repeated": False, "mask_index": 3}),
    ("normalize", (CUBE,), {"axis": 1, "order": 3}),
    ("normalize", (X / 9,), {"epsilon": 4.0}),
    ("rms_normalization", (CUBE, X[0]), {"epsilon": 0.25}),
    ("rms_normalization", (CUBE,), {"axis": 1}),
    ("layer_normalization", (CUBE, X, Y), {"axis": (1, 2), "epsilon": 0.25}),
    (
        "dot_product_attention",
        (HEADS, KEYS, VALUES),
        {"bias": BIAS, "mask": SHOWN, "scale": 0.3, "is_causal": True},
    ),
    ("unfold", (FIRST, (2, 3)), {"dilation": (2, 1), "padding": (1, 2), "stride": (2, 1)}),
    ("depth_to_space", (np.tile(FIRST, (1, 4, 1, 1)), 2), CHANNELS),
    ("space_to_depth", (FIRST[..., :4], 2), CHANNELS),
    ("psnr", (X, Y, 2.0), {}),
    ("polar", (POSITIVE, X), {}),
    ("segment_sum", (X, SEGMENTS, 4), {}),
    ("segment_max", (X, np.array([0, 1, 1])), {"sorted": True}),
    ("segment_min", (X, SEGMENTS, 3), {}),
    ("segment_prod", (X, SEGMENTS, 3), {}),
    ("top_k", (X, 2), {}),
    ("in_top_k", (LABELS, X.astype("float32"), 2), {}),
    ("logsumexp", (CUBE,), {"axis": (0, 2), "keepdims": True}),
    ("stft", (WAVE, 8, 3, 10), {"window": "hamming", "center": False}),
    ("cdist", (X, Y), {}),
    ("erfinv", (UNIT,), {}),
    ("logdet", (SYMMETRIC,), {}),
    ("norm", (CUBE,), {"ord": 1, "axis": (2, 0), "keepdims": True}),
    ("norm", (CUBE, 3), {"axis": 1}),
    ("cholesky_inverse", (SYMMETRIC,), {"upper": True}),
    ("solve_triangular", (MATRICES, CUBE[:, :, :2]), {"lower": True}),
    ("solve", (MATRICES, CUBE[:, :, :2]), {}),
    ("qr", (X.T,), {"mode": "complete"}),
    ("svd", (CUBE,), {"full_matrices": False}),
    ("lstsq", (X.T, POSITIVE.T), {"rcond": 0.7}),
    ("pinv", (MATRICES,), {"rcond": 0.5}),
    ("matrix_rank", (MATRICES,), {"tol": 2.5}),
    ("det", (MATRICES,), {}),
    ("inv", (MATRICES,), {}),
    ("eigh", (SYMMETRIC,), {}),
    ("scatter", (np.array([[1], [0], [1]]), X, (3, 4)), {}),
    ("scatter_update", (X, PLACES, np.array([2.0, 3])), {"reduction": "mul"}),
    ("slice_update", (X, [1, 0], Y[:2, :3]), {}),
    ("cast", (X, "float32"), {}),
    ("saturate_cast", (300 * X, "int8"), {}),
)
