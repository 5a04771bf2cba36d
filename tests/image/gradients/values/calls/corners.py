"""keras.utils.bounding_boxes: boxes by their corners, in every format, moved, cut and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras.utils import bounding_boxes as boxes

from gradients.values.calls import Rows

Box = Callable[[np.ndarray], np.ndarray]
#: Boxes of two images of 20 by 50, by left, top, right and bottom; and others, of one image.
CORNERS = np.array(
    [
        [[4.0, 2, 10, 18], [0, 6, 30, 9], [20, 1, 41, 5]],
        [[7, 3, 8, 4], [5, 0, 50, 20], [9, 9, 14, 11]],
    ]
)
OTHERS = np.array([[6.0, 4, 12, 16], [0, 0, 25, 10]])
HEIGHT, WIDTH = 20, 50
WHOLE = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
LABELS = np.array([[1, 2, 3], [4, 5, 6]])


def sized(x: np.ndarray) -> np.ndarray:
    """Return the first corner of boxes, and their widths and heights."""
    return np.concatenate([x[..., :2], x[..., 2:] - x[..., :2]], -1)


def centred(x: np.ndarray) -> np.ndarray:
    """Return the middle of boxes, and their widths and heights."""
    return np.concatenate([(x[..., :2] + x[..., 2:]) / 2, x[..., 2:] - x[..., :2]], -1)


def turned(x: np.ndarray) -> np.ndarray:
    """Return what is told by rows first."""
    return x[..., [1, 0, 3, 2]]


FORMATS: dict[str, Box] = {
    "xyxy": lambda x: x,
    "yxyx": turned,
    "xywh": sized,
    "center_xywh": centred,
    "center_yxhw": lambda x: turned(centred(x)),
    "rel_xyxy": lambda x: x / WHOLE,
    "rel_yxyx": lambda x: turned(x / WHOLE),
    "rel_xywh": lambda x: sized(x) / WHOLE,
    "rel_center_xywh": lambda x: centred(x) / WHOLE,
}


def moved(matrix: list[list[float]], by: list[float], middle: list[float]) -> np.ndarray:
    """Return the boxes around their four corners, first moved, then turned around a middle."""
    x = CORNERS
    corners = np.stack([x[..., [0, 1]], x[..., [2, 1]], x[..., [2, 3]], x[..., [0, 3]]], 2)
    corners = (corners + by - middle) @ np.array(matrix).T + middle
    return np.concatenate([corners.min(2), corners.max(2)], -1)


def affine(**o: Any) -> Any:
    """Return what becomes of the boxes, both images' alike."""
    usual = dict.fromkeys(("angle", "translate_x", "translate_y", "shear_x", "shear_y"), 0.0)
    whole = usual | {"scale": 1.0} | o
    middle = {name: whole.pop(name) for name in ("center_x", "center_y") if name in whole}
    each = {name: np.full(2, value, "float32") for name, value in whole.items()}
    return boxes.affine_transform(
        CORNERS.astype("float32"), **each, height=HEIGHT, width=WIDTH, **middle
    )


COS, SIN = np.cos(np.pi / 6), np.sin(np.pi / 6)
SLOPE = float(np.tan(np.pi / 9))
MIDDLE = [24.5, 9.5]
VARIANCE = [0.1, 0.2, 0.3, 0.4]


def deltas(x: np.ndarray, of: np.ndarray, by: Box) -> np.ndarray:
    """Return how far boxes are from others, by these's sizes, and the logarithms of theirs."""
    one, other = by(x), by(of)
    near = (one[..., :2] - other[..., :2]) / other[..., 2:]
    return np.concatenate([near, np.log(one[..., 2:] / other[..., 2:])], -1)


#: Each box beside the next of its image.
NEXT = np.roll(CORNERS, 1, 1)
ANCHORS = CORNERS[1] + [-1, 2, 3, 7]
SHAPE = {"image_shape": (HEIGHT, WIDTH, 3)}


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return of each two boxes the part that both have of what either has."""
    one, other = one[..., :, None, :], other[..., None, :, :]
    low, high = np.maximum(one, other)[..., :2], np.minimum(one, other)[..., 2:]
    shared = np.clip(high - low, 0, None).prod(-1)
    areas = [sized(x)[..., 2:].prod(-1) for x in (one, other)]
    return shared / (areas[0] + areas[1] - shared)


def complete(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the overlap less how far the middles are, and how unlike the shapes (Zheng, 2020)."""
    overlap = np.diagonal(overlaps(one, other), axis1=-2, axis2=-1)
    whole = np.maximum(one, other)[..., 2:] - np.minimum(one, other)[..., :2]
    far = ((centred(one) - centred(other))[..., :2] ** 2).sum(-1) / (whole**2).sum(-1)
    angles = [np.arctan2(size[..., 2], size[..., 3]) for size in map(sized, (one, other))]
    unlike = 4 / np.pi**2 * (angles[0] - angles[1]) ** 2
    return overlap - far - unlike**2 / (1 - overlap + unlike)


#: In place of a box there is none.
NONE = np.where(np.arange(3)[:, None] == 1, -1.0, CORNERS)
HIDDEN = np.where((NONE[0] < 0).any(-1)[:, None] | (NONE[1] < 0).any(-1), -7, 0)

ROWS: Rows = {
    **{
        f"boxes_from_{source}": (
            lambda source=source, of=of: [
                boxes.convert_format(of(CORNERS), source, target, HEIGHT, WIDTH)
                for target in FORMATS
            ],
            [to(CORNERS) for to in FORMATS.values()],
        )
        for source, of in FORMATS.items()
    },
    "boxes_labelled": (
        lambda: boxes.convert_format(
            {"boxes": CORNERS, "labels": LABELS}, "XYXY", "xywh", dtype="float64"
        ),
        {"boxes": sized(CORNERS), "labels": LABELS},
    ),
    "boxes_clipped": (
        lambda: boxes.clip_to_image_size({"boxes": CORNERS - 5, "labels": LABELS}, 12, 32),
        {
            "boxes": np.clip(CORNERS - 5, 0, [32, 12, 32, 12]),
            # Of the third and the fourth nothing is left.
            "labels": np.where(
                sized(np.clip(CORNERS - 5, 0, [32, 12, 32, 12]))[..., 2:].all(-1), LABELS, -1
            ),
        },
    ),
    "boxes_clipped_parts": (
        lambda: boxes.clip_to_image_size(
            {"boxes": CORNERS / 16 - 0.5, "labels": LABELS}, bounding_box_format="rel_xyxy"
        ),
        {
            "boxes": np.clip(CORNERS / 16 - 0.5, 0, 1),
            "labels": np.where(
                sized(np.clip(CORNERS / 16 - 0.5, 0, 1))[..., 2:].all(-1), LABELS, -1
            ),
        },
    ),
    "boxes_cropped": (
        lambda: boxes.crop(CORNERS, top=3, left=6, height=8, width=21),
        np.clip(CORNERS - [6, 3, 6, 3], 0, [21, 8, 21, 8]),
    ),
    "boxes_padded": (
        lambda: boxes.pad(CORNERS, top=3, left=6),
        CORNERS + np.array([6, 3, 6, 3]),
    ),
    # By degrees, against the clock; by parts of the whole less one pixel.
    "boxes_turned": (
        lambda: affine(angle=30.0),
        moved([[COS, SIN], [-SIN, COS]], [0, 0], MIDDLE),
    ),
    "boxes_turned_around": (
        lambda: affine(
            angle=30.0, scale=1.5, translate_x=0.2, translate_y=-0.1, center_x=0.25, center_y=0.75
        ),
        moved(
            [[1.5 * COS, 1.5 * SIN], [-1.5 * SIN, 1.5 * COS]],
            [0.2 * 49, -0.1 * 19],
            [0.25 * 49, 0.75 * 19],
        ),
    ),
    "boxes_sheared": (
        lambda: [affine(shear_x=20.0), affine(shear_y=20.0)],
        [moved([[1, SLOPE], [0, 1]], [0, 0], MIDDLE), moved([[1, 0], [SLOPE, 1]], [0, 0], MIDDLE)],
    ),
    **{
        f"boxes_by_others_{encoding}{name}": (
            lambda encoding=encoding, variance=variance: boxes.encode_box_to_deltas(
                *(turned(ANCHORS), CORNERS / WHOLE, "yxyx", "rel_xyxy", encoding, variance),
                **SHAPE,
            ),
            deltas(CORNERS, ANCHORS, FORMATS[encoding]) / (variance or 1),
        )
        for encoding in ("center_xywh", "center_yxhw")
        for name, variance in (("", None), ("_scaled", VARIANCE))
    },
    **{
        f"boxes_from_others_{encoding}{name}": (
            lambda encoding=encoding, variance=variance: boxes.decode_deltas_to_boxes(
                {"a": sized(ANCHORS), "b": sized(ANCHORS)},
                {
                    level: np.float32(deltas(x, ANCHORS, FORMATS[encoding]) / (variance or 1))
                    for level, x in (("a", CORNERS), ("b", CORNERS[0]))
                },
                *("xywh", "rel_yxyx", encoding, variance),
                **SHAPE,
            ),
            {"a": turned(CORNERS / WHOLE), "b": turned(CORNERS[0] / WHOLE)},
        )
        for encoding in ("center_xywh", "center_yxhw")
        for name, variance in (("", None), ("_scaled", VARIANCE))
    },
    "boxes_shared": (
        lambda: [
            boxes.compute_iou(CORNERS, OTHERS, "xyxy"),
            boxes.compute_iou(OTHERS, CORNERS, "xyxy"),
            boxes.compute_iou(CORNERS[0], OTHERS, "xyxy"),
            boxes.compute_iou(CORNERS, CORNERS[::-1] + 1, "xyxy"),
            boxes.compute_iou(
                *(turned(x / WHOLE) for x in (CORNERS, CORNERS[::-1])), "rel_yxyx", **SHAPE
            ),
        ],
        [
            overlaps(CORNERS, OTHERS),
            overlaps(OTHERS, CORNERS),
            overlaps(CORNERS[0], OTHERS),
            overlaps(CORNERS, CORNERS[::-1] + 1),
            overlaps(CORNERS, CORNERS[::-1]),
        ],
    ),
    "boxes_shared_masked": (
        lambda: boxes.compute_iou(*NONE, "xyxy", use_masking=True, mask_val=-7),
        np.where(HIDDEN, HIDDEN, overlaps(*CORNERS)),
    ),
    "boxes_shared_wholly": (
        lambda: [
            boxes.compute_ciou(CORNERS, CORNERS[::-1] + 3, "xyxy"),
            boxes.compute_ciou(sized(CORNERS), sized(NEXT), "xywh"),
        ],
        [complete(CORNERS, CORNERS[::-1] + 3), complete(CORNERS, NEXT)],
    ),
}
