"""What a layer computes with whole numbers for weights, in NumPy: the numbers, and back from them.

Keras rounds a kernel to 8 or 4 bits, by its largest magnitude along the axes that are summed, or by
the span of each block of rows; it rounds inputs as well, where it is told so. What a layer gives is
then the product of what both stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import ml_dtypes
import numpy as np
from keras import layers, quantizers
from keras.quantizers import AbsMaxQuantizer, Int4QuantizationConfig, Int8QuantizationConfig

TINY, BLOCK = 1e-7, 4


def by_largest(x: np.ndarray, axis: Any, low: int, high: int) -> np.ndarray:
    """Return numbers rounded to whole parts of the largest magnitude along axes."""
    scale = high / (np.abs(x).max(axis, keepdims=True) + TINY)
    return np.clip(np.rint(x * scale), low, high) / scale


def by_span(x: np.ndarray, block: int) -> np.ndarray:
    """Return the rows of a matrix rounded, block by block, to 16 parts of the block's span."""
    found = []
    for first in range(0, len(x), block):
        rows = x[first : first + block]
        # The last block is filled up with zeros.
        span = rows if len(rows) == block else np.vstack([rows, 0 * rows[:1]])
        low, high = span.min(0), span.max(0)
        scale = (high - low + TINY) / 15
        zero = np.clip(np.rint(-low / scale) - 8, -8, 7)
        found.append((np.clip(np.rint(rows / scale) + zero, -8, 7) - zero) * scale)
    return np.vstack(found)


def to_8_bits(x: np.ndarray, axis: Any) -> np.ndarray:
    """Return numbers rounded to 8 bits."""
    return by_largest(x, axis, -127, 127)


def flat(rounded: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, Any], np.ndarray]:
    """Return the rounding of a kernel as a matrix: its rows, the first axes, are summed."""

    def apply(kernel: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        rows = int(np.prod([kernel.shape[axis] for axis in axes]))
        return rounded(kernel.reshape(rows, -1)).reshape(kernel.shape)

    return apply


per_channel = flat(lambda matrix: by_largest(matrix, 0, -8, 7))


@dataclass(frozen=True)
class Mode:
    """A way to round: its name and configuration for Keras, and what kernels and inputs become."""

    name: str
    config: Any
    kernel: Callable[[np.ndarray, Any], np.ndarray]
    inputs: Callable[[np.ndarray, Any], np.ndarray] = lambda x, _: x


MODES = {
    "int8": Mode("int8", None, to_8_bits, to_8_bits),
    "int8_weights": Mode("int8", Int8QuantizationConfig(activation_quantizer=None), to_8_bits),
    # In blocks of 128, if nothing else is said.
    "int4": Mode("int4", None, flat(lambda matrix: by_span(matrix, 128))),
    "int4_blocks": Mode(
        "int4",
        Int4QuantizationConfig(block_size=BLOCK),
        flat(lambda matrix: by_span(matrix, BLOCK)),
    ),
    "int4_channels": Mode("int4", Int4QuantizationConfig(block_size=-1), per_channel),
    "int4_inputs": Mode(
        "int4",
        Int4QuantizationConfig(block_size=-1, activation_quantizer=AbsMaxQuantizer()),
        per_channel,
        to_8_bits,
    ),
}


@dataclass(frozen=True)
class Product:
    """A layer that multiplies, the shape of its inputs, and the sum that it is."""

    make: Callable[..., keras.Layer]
    shape: tuple[int, ...]
    equation: str

    @property
    def axes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Which axes of the inputs, and which of the kernel, are summed."""
        given, out = self.equation.split("->")
        inputs, kernel = given.split(",")
        summed = [label for label in inputs if label not in out]
        return (
            tuple(inputs.index(label) for label in summed),
            tuple(kernel.index(label) for label in summed),
        )

    def transposed(self, upstream: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        """Return the gradient in the inputs."""
        given, out = self.equation.split("->")
        inputs, weights = given.split(",")
        return np.einsum(f"{out},{weights}->{inputs}", upstream, kernel)


def einsum(equation: str, shape: Any, bias: str | None, inputs: tuple[int, ...]) -> Product:
    """Return the row of a sum that is written down."""
    return Product(
        lambda **o: layers.EinsumDense(
            equation, shape, bias_axes=bias if o.pop("use_bias", True) else None, **o
        ),
        inputs,
        equation,
    )


PRODUCTS = {
    "Dense": Product(lambda **o: layers.Dense(5, **o), (3, 6), "ab,bc->ac"),
    "heads": einsum("abc,cde->abde", (None, 2, 3), "de", (2, 3, 6)),
    "flat": einsum("abc,cd->abd", (None, 5), "d", (2, 3, 6)),
    "squeezed": einsum("abc,bcd->ad", 5, "d", (2, 3, 6)),
    "steps": Product(lambda **o: layers.Dense(5, **o), (2, 3, 6), "abc,cd->abd"),
    "turned": einsum("abc,dce->abde", (None, 2, 3), "de", (2, 3, 6)),
    "column": einsum("ab,bc->ac", 1, "c", (3, 6)),
    "crossed": einsum("abc,cd->adb", (5, 3), None, (2, 3, 6)),
    "output": einsum("abde,dec->abc", (None, 7), "c", (2, 3, 2, 3)),
}


def single(x: np.ndarray, scale: float, kind: str) -> np.ndarray:
    """Return numbers rounded to a float of 8 bits, times a scale, held within what it holds."""
    limit = float(ml_dtypes.finfo(kind).max)
    return np.clip(x / scale, -limit, limit).astype(kind).astype("float64") * scale


def packed(codes: np.ndarray) -> Any:
    """Return rows of whole numbers from 0 to 15, two in a byte."""
    return quantizers.pack_int4(codes.astype("uint8"), axis=0, dtype="uint8")[0]
