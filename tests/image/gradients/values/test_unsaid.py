"""Layers of which no size is said before they run, but of what they keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gradients.tracing import traced
from gradients.values.layers import LAYERS, Row, apply
from gradients.values.test_layers import draw

#: Rows whose layer keeps numbers of an axis before the last: which it must know.
KEPT = {
    "BatchNormalization_axis": 1,
    "LayerNormalization_axes": 1,
    "GroupNormalization_each": 1,
}
#: Layers that look at no size, and one that takes samples for steps where it knows neither
#: (upstream/keras/time_distributed.py).
APART = (
    *("PReLU", "ReLU", "LeakyReLU", "ELU", "Activation", "Identity", "Lambda", "Rescaling"),
    *("Normalization", "ActivityRegularization", "Masking", "Subtract", "Multiply", "Average"),
    *("Maximum", "Minimum", "Dense_plain", "PReLU_shared", "LayerNormalization_plain", "Dropout"),
    *("AlphaDropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D", "SpatialDropout2D"),
    *("SpatialDropout3D", "SpectralNormalization", "TimeDistributed"),
)
ROWS = {name: row for name, row in LAYERS.items() if name not in APART}
#: Layers whose samples are told of one another, or of a size.
TOGETHER = (
    *("BatchNormalization_training", "BatchNormalization_axis", "Flatten", "Reshape"),
    "SpectralNormalization_training",
)


def unsaid(name: str, row: Row) -> list[tf.TensorSpec]:
    """Return what is said of its inputs: the type, the last size, and those that it keeps."""
    return [
        tf.TensorSpec(
            [
                n if axis in (len(shape) - 1, KEPT.get(name)) else None
                for axis, n in enumerate(shape)
            ],
            row.dtype,
        )
        for shape in row.shapes
    ]


def test_a_layer_needs_no_size_before_it_runs() -> None:
    """All are traced at once; then they run on their inputs, and on the first sample alone."""
    drawn = {name: draw(name, row) for name, row in ROWS.items()}

    @traced(input_signature=[[unsaid(name, row) for name, row in ROWS.items()]])
    def every(inputs: Any) -> list[Any]:
        return [
            apply(drawn[name][0], row, list(given))
            for (name, row), given in zip(ROWS.items(), inputs, strict=True)
        ]

    for samples in (slice(None), slice(1)):
        given = [[part[samples] for part in inputs] for _, inputs, _ in drawn.values()]
        founds = every([[tf.constant(part) for part in inputs] for inputs in given])
        for (name, row), inputs, found in zip(ROWS.items(), given, founds, strict=True):
            if samples == slice(1) and (name in TOGETHER or "mask" in row.call):
                continue
            expected = row.reference(*inputs, *drawn[name][2])
            np.testing.assert_allclose(
                found, expected, rtol=row.tolerance, atol=row.tolerance, err_msg=name
            )
