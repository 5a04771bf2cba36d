"""keras.ops.image that looks elsewhere for each place: turned, projected, scaled, moved."""

from __future__ import annotations

import numpy as np
from keras import ops
from scipy import ndimage

from gradients.values.calls import Row, Rows
from gradients.values.calls.inputs import IMAGES, X
from gradients.values.calls.pictures import SINGLE, both
from gradients.values.calls.resampling import KERNELS, Kernel, scaled

#: Where each place of the new image is found in the old one: a projection, and a move.
TURNED = [0.8, 0.2, -0.6, -0.1, 1.1, 0.7, 0.01, -0.02]
MOVED = [1.0, 0, 2, 0, 1, -3, 0, 0]


def found(x: np.ndarray, of: list[float], order: int, mode: str, fill: float) -> np.ndarray:
    """Return images whose places are others."""
    column, row = np.meshgrid(*map(np.arange, (x.shape[2], x.shape[1])))
    below = of[6] * column + of[7] * row + 1
    places = [
        (of[3] * column + of[4] * row + of[5]) / below,
        (of[0] * column + of[1] * row + of[2]) / below,
    ]
    parts = [
        ndimage.map_coordinates(image[..., channel], places, order=order, mode=mode, cval=fill)
        for image in x
        for channel in range(x.shape[-1])
    ]
    return np.moveaxis(np.reshape(parts, (len(x), -1, *x.shape[1:3])), 1, -1)


START = [[0, 0], [4, 0], [0, 5], [4, 5]]
END = [[0.5, -0.25], [3.5, 0.5], [-0.5, 4.5], [4.25, 5.5]]


def homography() -> list[float]:
    """Return the projection that takes each end to its start."""
    rows = [
        line
        for (x, y), (u, v) in zip(END, START, strict=True)
        for line in (
            [x, y, 1, 0, 0, 0, -u * x, -u * y, -u],
            [0, 0, 0, x, y, 1, -v * x, -v * y, -v],
        )
    ]
    whole = np.linalg.svd(np.array(rows))[2][-1]
    return list(whole[:8] / whole[8])


PLACES = np.array([[0.25, -0.8, 2.2, 1.0, -1.75, 3.3], [1.4, 3.2, -0.7, 2.0, 4.2, 0.4]])


def at(order: int, mode: str) -> Row:
    """Return the row of numbers between others, and outside of them."""
    name = {"constant": "grid-constant", "wrap": "grid-wrap"}.get(mode, mode)
    return (
        lambda: ops.image.map_coordinates(X, PLACES, order, mode, 0.25),
        ndimage.map_coordinates(X, PLACES, order=order, mode=name, cval=0.25),
    )


def translated(method: str, kernel: Kernel, *, smooth: bool) -> Row:
    """Return the row of images of which rows are scaled down, columns up, and both moved."""
    scale, by = np.array([0.6, 1.5]), np.array([0.4, -1.2])
    rows = scaled(6, 5, 0.6, 0.4, kernel, smooth=smooth)
    columns = scaled(5, 7, 1.5, -1.2, kernel, smooth=smooth)
    return (
        lambda: ops.image.scale_and_translate(
            IMAGES, (2, 5, 7, 3), scale, by, (1, 2), method, antialias=smooth
        ),
        np.einsum("nhwc,hi,wj->nijc", IMAGES, rows, columns),
    )


ROWS: Rows = {
    **{
        name: row
        for mode, of in (
            *(("constant", TURNED), ("nearest", TURNED), ("reflect", TURNED)),
            # It is told by whole steps: between its ends there is nothing.
            ("wrap", MOVED),
        )
        for order, interpolation in enumerate(("nearest", "bilinear"))
        for name, row in both(
            "affine_transform",
            found(
                IMAGES,
                of,
                order,
                {"constant": "grid-constant", "wrap": "grid-wrap"}.get(mode, mode),
                0.25,
            ),
            np.array(of),
            interpolation=interpolation,
            fill_mode=mode,
            fill_value=0.25,
        ).items()
    },
    "affine_transform_each": (
        lambda: ops.image.affine_transform(SINGLE, np.array([TURNED, MOVED]), fill_value=0.25),
        np.concatenate(
            [
                found(IMAGES[i : i + 1], of, 1, "grid-constant", 0.25)
                for i, of in enumerate((TURNED, MOVED))
            ]
        ),
    ),
    **both(
        "perspective_transform",
        found(IMAGES, homography(), 1, "grid-constant", 0.25),
        np.array(START, "float32"),
        np.array(END, "float32"),
        fill_value=0.25,
    ),
    **{
        f"map_coordinates_{mode}_{order}": at(order, mode)
        for mode in ("constant", "nearest", "wrap", "reflect")
        for order in (0, 1)
    },
    **{
        f"scale_and_translate_{method}_{smooth}": translated(method, kernel, smooth=smooth)
        for method, kernel in (
            *(("linear", KERNELS["bilinear"]), ("cubic", KERNELS["bicubic"])),
            *((name, KERNELS[name]) for name in ("lanczos3", "lanczos5")),
        )
        for smooth in (True, False)
    },
}
