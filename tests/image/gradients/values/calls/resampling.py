"""Images of another size: weighted means of their numbers, by kernels of a distance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: What weight a number has at a distance of so many pixels, which is not negative.
Kernel = Callable[[np.ndarray], np.ndarray]


def cubic(b: float, c: float) -> Kernel:
    """Return Mitchell's and Netravali's kernel."""

    def kernel(x: np.ndarray) -> np.ndarray:
        near = (12 - 9 * b - 6 * c) * x**3 + (12 * b + 6 * c - 18) * x**2 + 6 - 2 * b
        far = -(b + 6 * c) * x**3 + (6 * b + 30 * c) * x**2 - (12 * b + 48 * c) * x + 8 * b + 24 * c
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6

    return kernel


def lanczos(radius: int) -> Kernel:
    """Return that of Lanczos."""
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


#: By TensorFlow's name, which Keras has for four of them.
KERNELS: dict[str, Kernel] = {
    "bilinear": lambda x: np.maximum(1 - x, 0),
    "bicubic": cubic(0, 0.5),
    "mitchellcubic": cubic(1 / 3, 1 / 3),
    "gaussian": lambda x: np.where(x < 1.5, np.exp(-(x**2) / (2 * 0.5**2)), 0),
    "lanczos3": lanczos(3),
    "lanczos5": lanczos(5),
}


def scaled(
    size: int, into: int, scale: float, by: float, kernel: Kernel, *, smooth: bool
) -> np.ndarray:
    """Return the weights of a line's numbers in another, which is scaled and then moved.

    Wider, if it is `smooth`, where there are to be less numbers.
    """
    places = (np.arange(into) + 0.5 - by) / scale - 0.5
    wide = max(1, 1 / scale) if smooth else 1
    weights = kernel(np.abs(places - np.arange(size)[:, None]) / wide)
    inside = (places >= -0.5) & (places <= size - 0.5)
    return np.where(inside, weights / np.where(inside, weights.sum(0), 1), 0)


def resized(x: np.ndarray, sizes: tuple[int, int], kernel: Kernel, *, smooth: bool) -> np.ndarray:
    """Return images, whose channels come last, of another size."""
    rows, columns = (
        scaled(size, into, into / size, 0, kernel, smooth=smooth)
        for size, into in zip(x.shape[-3:-1], sizes, strict=True)
    )
    return np.einsum("...hwc,hi,wj->...ijc", x, rows, columns)
