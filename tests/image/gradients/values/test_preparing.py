"""Layers that prepare images: between which bounds they draw, and what goes along with images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gradients.values.calls.images import SINGLE
from gradients.values.calls.inputs import IMAGES
from gradients.values.calls.preparing import LABELS, SEGMENTS, zoomed
from gradients.values.calls.resampling import KERNELS, resized
from gradients.values.calls.warps import found

COUNT = 4000
#: By name: a layer, what of its draw, and between what that lies: each as likely.
BOUNDS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], float, float]] = {
    "RandomBrightness": (
        lambda: layers.RandomBrightness(0.25, value_range=(-1, 1), seed=1),
        *(lambda draw: draw["rgb_delta"], -0.5, 0.5),
    ),
    "RandomBrightness between": (
        lambda: layers.RandomBrightness((0.3, -0.1), value_range=(0, 2), seed=1),
        *(lambda draw: draw["rgb_delta"], -0.2, 0.6),
    ),
    "RandomContrast": (
        lambda: layers.RandomContrast(0.25, seed=1),
        *(lambda draw: draw["contrast_factor"], 1, 1.25),
    ),
    "RandomContrast between": (
        lambda: layers.RandomContrast((0.1, 0.3), seed=1),
        *(lambda draw: draw["contrast_factor"], 0.9, 1.3),
    ),
    "RandomSaturation": (
        lambda: layers.RandomSaturation((0.25, 0.75), seed=1),
        *(lambda draw: draw["factor"] / (1 + draw["factor"]), 0.25, 0.75),
    ),
    "RandomSharpness": (
        lambda: layers.RandomSharpness(0.5, seed=1),
        *(lambda draw: draw["factor"], 0, 0.5),
    ),
    # It says that it begins at 0, and takes colours further from grey, too.
    "RandomColorDegeneration": (
        lambda: layers.RandomColorDegeneration(0.5, seed=1),
        *(lambda draw: draw["factor"], -0.5, 0.5),
    ),
    "RandomHue": (
        lambda: layers.RandomHue(0.5, seed=1),
        *(lambda draw: draw["factor"], -0.25, 0.25),
    ),
    "RandomRotation": (
        lambda: layers.RandomRotation(0.25, seed=1),
        *(lambda draw: draw["angle"], -90, 90),
    ),
    "RandomRotation between": (
        lambda: layers.RandomRotation((-0.125, 0.25), seed=1),
        *(lambda draw: draw["angle"], -45, 90),
    ),
    "RandomZoom, rows": (
        lambda: layers.RandomZoom((0.1, 0.3), 0.5, seed=1),
        *(lambda draw: draw["height_zoom"], 1.1, 1.3),
    ),
    "RandomZoom, columns": (
        lambda: layers.RandomZoom(0.3, (-0.5, 0.2), seed=1),
        *(lambda draw: draw["width_zoom"], 0.5, 1.2),
    ),
    "RandomTranslation, rows": (
        lambda: layers.RandomTranslation(0.5, 0.2, seed=1),
        *(lambda draw: draw["translations"][:, 1], -1, 1),
    ),
    "RandomTranslation, columns": (
        lambda: layers.RandomTranslation(0.5, (0.2, 0.4), seed=1),
        *(lambda draw: draw["translations"][:, 0], 0.6, 1.2),
    ),
    "RandomShear": (
        lambda: layers.RandomShear(0.25, 0.5, seed=1),
        *(lambda draw: draw["shear_factor"][:, 1], -0.5, 0.5),
    ),
    "RandomShear between, either way": (
        lambda: layers.RandomShear((0.25, 0.5), 0.5, seed=1),
        *(lambda draw: np.abs(draw["shear_factor"][:, 0]), 0.25, 0.5),
    ),
    "Solarization, added": (
        lambda: layers.Solarization(0.25, 0.5, seed=1),
        *(lambda draw: draw["additions"], 0, 63.75),
    ),
    "Solarization": (
        lambda: layers.Solarization(0.25, 0.5, seed=1),
        *(lambda draw: draw["thresholds"], 0, 127.5),
    ),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_what_is_drawn_lies_between_its_bounds(name: str) -> None:
    """For each image anew."""
    make, part, low, high = BOUNDS[name]
    layer = make()
    drawn = np.asarray(part(layer.get_random_transformation(np.zeros((COUNT, 2, 3, 1)))))
    assert drawn.size == COUNT
    near = (high - low) / 200
    assert low - 1e-5 <= drawn.min() < low + near
    assert high - near < drawn.max() <= high + 1e-5
    assert abs(drawn.mean() - (low + high) / 2) < 5 * (high - low) / np.sqrt(12 * COUNT)


@pytest.mark.parametrize("part", ["additions", "thresholds"])
def test_what_solarizes_lies_between_its_bounds(part: str) -> None:
    """The lesser is left as a part of 1, where the greater is one of 255."""
    drawn = layers.Solarization((0.5, 0.75), (0.5, 0.75), seed=1)
    drawn = np.asarray(drawn.get_random_transformation(np.zeros((COUNT, 2, 3, 1)))[part])
    assert 0.5 <= drawn.min() < 1, "no longer so wrong: a row of BOUNDS"
    assert 190 < drawn.max() <= 0.75 * 255
    pytest.xfail("Keras begins at a part of 1 for one of 255: upstream's solarized_below")


@pytest.mark.parametrize(
    ("make", "key", "share"),
    [
        (lambda: layers.RandomFlip(seed=1), "flips", 0.5),
        (lambda: layers.RandomInvert((0.25, 0.25), seed=1), "apply_inversion", 0.25),
        (lambda: layers.RandomErasing((0, 0.5), seed=1), "apply_erasing", 0.25),
    ],
)
def test_as_many_are_changed_as_should_be(make: Any, key: str, share: float) -> None:
    drawn = np.asarray(make().get_random_transformation(np.zeros((COUNT, 2, 3, 1)))[key])
    assert abs(drawn.mean() - share) < 5 * np.sqrt(share * (1 - share) / COUNT)


def test_what_goes_along_is_prepared_as_its_image() -> None:
    """Segments are numbers, between which there are none; labels stay."""
    layer = layers.RandomZoom((0.25, 0.25), (-0.5, -0.5), fill_mode="constant", fill_value=0.25)
    whole = {"images": SINGLE, "labels": LABELS, "segmentation_masks": SEGMENTS}
    places = zoomed(1.25, 0.5)
    images = found(IMAGES, places, 1, "grid-constant", 0.25)
    segments = found(SEGMENTS.astype("float64"), places, 0, "grid-constant", 0.25)
    seen = layer(dict(whole))
    np.testing.assert_allclose(seen["images"], images, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(seen["segmentation_masks"], segments, rtol=1e-6)
    np.testing.assert_array_equal(seen["labels"], LABELS)
    seen = layer({name: tf.constant(value[0]) for name, value in whole.items()})
    np.testing.assert_allclose(seen["images"], images[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(seen["segmentation_masks"], segments[0], rtol=1e-6)
    seen = layer(dict(whole), training=False)
    np.testing.assert_array_equal(seen["images"], SINGLE)
    np.testing.assert_array_equal(seen["segmentation_masks"], SEGMENTS)


def test_what_is_made_in_a_pipeline_is_what_is_made_beside_it() -> None:
    """A dataset's own graph runs the same layer."""
    layer = layers.Resizing(4, 7)
    data = tf.data.Dataset.from_tensors(SINGLE).map(layer)
    expected = resized(IMAGES, (4, 7), KERNELS["bilinear"], smooth=False)
    (seen,) = list(data)
    np.testing.assert_allclose(seen, expected, rtol=1e-5)
    assert keras.ops.is_tensor(seen)


def test_a_hole_ends_before_its_last_corner() -> None:
    """From the first corner up to the last, without it, where corners are whole numbers."""
    layer = layers.RandomErasing()
    corners = [np.array([corner], "float32") for corner in (2, 5, 1, 4)]
    mask = np.asarray(layer._generate_batch_mask((1, 6, 8, 1), corners))[0, :, :, 0]
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:5] = True
    np.testing.assert_array_equal(mask, expected)


def test_a_hole_is_as_large_as_it_is_asked_for() -> None:
    """A part of each image, of half its height and half its width, wherever it lies."""
    images = np.zeros((20, 6, 8, 3))
    drawn = layers.RandomErasing((1, 1), (0.25, 0.25), seed=1).get_random_transformation(images)
    masks = np.asarray(drawn["batch_masks"])
    assert (masks.sum((1, 2, 3)) == 3 * 4 * 3).all()
    assert (masks.any(2).sum((1, 2)) == 3 * 3).all()
    assert len(np.unique(masks, axis=0)) > 5
