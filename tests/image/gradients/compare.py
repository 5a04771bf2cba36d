"""TensorFlow's loss and gradients as NumPy arrays, and how far two gradients are apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

Arrays = Sequence[np.ndarray]


def tensorflow_gradients(
    loss: Callable[..., tf.Tensor], parameters: Arrays
) -> tuple[float, list[np.ndarray]]:
    """Return a loss and its gradient in each parameter, as the tape computes them."""
    operands = [tf.constant(parameter) for parameter in parameters]
    with tf.GradientTape() as tape:
        tape.watch(operands)
        value = loss(*operands)
    return float(value), [gradient.numpy() for gradient in tape.gradient(value, operands)]


def distance(ours: Arrays, theirs: Arrays) -> float:
    """Return the norm of the difference over the norm of `theirs`, all parameters together.

    Together, because a gradient that is 0 in one parameter would make any rounding there
    infinitely wrong.
    """
    for one, other in zip(ours, theirs, strict=True):
        if one.shape != other.shape:
            raise ValueError(f"gradients of shapes {one.shape} and {other.shape}")
    one, other = (np.concatenate([np.ravel(part) for part in parts]) for parts in (ours, theirs))
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))
