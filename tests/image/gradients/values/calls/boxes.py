"""tf.image's boxes: what is cut out of images, and which of several boxes stay."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.images import SINGLE
from gradients.values.calls.inputs import IMAGES

BOXES = np.array([[0, 0, 4, 4], [0, 1, 4, 5], [5, 5, 8, 8], [0, 2, 4, 6]], "float32")
SCORES = np.array([0.9, 0.8, 0.5, 0.7], "float32")


def _outside_graphs(boxes: np.ndarray) -> list[tf.Tensor]:
    """Return which of each image's boxes stay, where no function is traced."""
    tf.config.run_functions_eagerly(True)
    try:
        return [
            *tf.image.non_max_suppression_padded(
                *(boxes, [SCORES, SCORES[::-1]], 3),
                iou_threshold=0.5,
                pad_to_max_output_size=True,
            )
        ]
    finally:
        tf.config.run_functions_eagerly(False)


#: Four boxes, of which two meet, and how sure two classes are of each.
CORNERS = np.float32([[[0, 0, 0.5, 0.5]], [[0, 0, 0.5, 0.6]], [[0.5, 0.5, 1.2, 1]], [[0, 0, 1, 1]]])
SURE = np.float32([[0.9, 0.1], [0.8, 0.3], [0.6, 0.7], [0.05, 0.2]])
ROWS: Rows = {
    "padded_outside_graphs": (
        lambda: _outside_graphs(np.stack([BOXES, BOXES])[..., [0, 3, 2, 1]]),
        [np.array([[0, 3, 2], [3, 2, 0]]), np.array([3, 3])],
    ),
    "suppressed": (
        lambda: tf.image.non_max_suppression(BOXES, SCORES, 3, iou_threshold=0.5),
        np.array([0, 3, 2]),
    ),
    "crops": (
        lambda: [
            tf.image.crop_and_resize(
                SINGLE,
                [[0, 0, 1, 1], [1, 1, 0, 0], [-1, 0, 0, 1]],
                [0, 1, 1],
                [6, 5],
                method="nearest",
                extrapolation_value=0.75,
            ),
        ],
        [
            np.stack(
                [
                    IMAGES[0],
                    IMAGES[1, ::-1, ::-1],
                    np.concatenate([np.full((5, 5, 3), 0.75), IMAGES[1, :1]]),
                ]
            )
        ],
    ),
    "glimpses": (
        lambda: [
            tf.image.extract_glimpse(SINGLE, [2, 3], [[0.0, 0.0]] * 2),
            tf.image.extract_glimpse(
                SINGLE, [2, 3], [[1.0, 2.0]] * 2, centered=False, normalized=False
            ),
            tf.image.extract_glimpse(
                *(SINGLE, [3, 3], [[4.0, 3.0]] * 2), centered=False, normalized=False, noise="zero"
            ),
        ],
        [
            IMAGES[:, 2:4, 1:4],
            IMAGES[:, 1:3, 2:5],
            np.pad(IMAGES[:, 4:, 3:], [[0, 0], [0, 1], [0, 1], [0, 0]]),
        ],
    ),
    **{
        f"padded_{name}": (
            lambda boxes=boxes, options=options: [
                *tf.image.non_max_suppression_padded(
                    *(boxes, [SCORES, SCORES[::-1]], 3),
                    **{"iou_threshold": 0.5, "pad_to_max_output_size": True} | options,
                )
            ],
            [np.array(kept), np.array(counts)],
        )
        for name, boxes, options, kept, counts in (
            ("plain", [BOXES, BOXES], {}, [[0, 3, 2], [3, 2, 0]], [3, 3]),
            (
                "turned",
                np.stack([BOXES, BOXES])[..., [2, 3, 0, 1]],
                {},
                [[0, 3, 2], [3, 2, 0]],
                [3, 3],
            ),
            (
                "mirrored",
                np.stack([BOXES, BOXES])[..., [0, 3, 2, 1]],
                {},
                [[0, 3, 2], [3, 2, 0]],
                [3, 3],
            ),
            ("small tiles", [BOXES, BOXES], {"tile_size": 2}, [[0, 3, 2], [3, 2, 0]], [3, 3]),
            (
                "above a score",
                [BOXES, BOXES],
                {"score_threshold": 0.6},
                [[0, 3, 0], [3, 2, 0]],
                [2, 3],
            ),
            *(
                (name, [BOXES, BOXES], options, kept, counts)
                for name, options, kept, counts in (
                    ("below a third", {"iou_threshold": 0.3}, [[0, 2, 0], [3, 2, 0]], [2, 2]),
                    ("below two thirds", {"iou_threshold": 0.7}, [[0, 1, 3], [3, 2, 0]], [3, 3]),
                    ("as they come", {"sorted_input": True}, [[0, 2, 3]] * 2, [3, 3]),
                    (
                        "of known corners",
                        {"canonicalized_coordinates": True, "iou_threshold": 0.3},
                        *([[0, 2, 0], [3, 2, 0]], [2, 2]),
                    ),
                )
            ),
        )
    },
    "softly_suppressed": (
        lambda: tf.image.non_max_suppression_with_scores(BOXES, SCORES, 4, 1.0, soft_nms_sigma=0.5),
        [np.array([0, 3, 2, 1]), np.array([0.9, 0.7 * np.exp(-1 / 9), 0.5, 0.8 * np.exp(-0.72)])],
    ),
    "overlaps": (
        lambda: tf.image.non_max_suppression_overlaps(
            np.float32([[1, 0.6], [0.6, 1]]), SCORES[:2], 2, 0.5
        ),
        np.array([0]),
    ),
    "boxes_kept_above": (
        lambda: [
            tf.image.non_max_suppression(BOXES, SCORES, 4, 0.3),
            tf.image.non_max_suppression(BOXES, SCORES, 4, 0.7, 0.6),
            *tf.image.non_max_suppression_with_scores(BOXES, SCORES, 4, 0.7, 0.6),
        ],
        [np.array([0, 2]), *[np.array([0, 1, 3])] * 2, np.array([0.9, 0.8, 0.7])],
    ),
    "boxes_of_classes": (
        lambda: list(
            tf.image.combined_non_max_suppression(
                *(CORNERS[None], SURE[None], 2, 5), iou_threshold=0.5, score_threshold=0.15
            )
        ),
        [
            np.array(
                [[[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1], [0, 0, 0.5, 0.6], [0] * 4]]
            ),
            np.array([[0.9, 0.7, 0.6, 0.3, 0]]),
            np.array([[0, 1, 0, 1, 0]]),
            np.array([4]),
        ],
    ),
}
