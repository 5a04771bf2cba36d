"""Layers that change images by chance: what they draw, what they make of it, what they leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv

from gradients.values.calls.images import SINGLE
from gradients.values.calls.inputs import IMAGES
from gradients.values.calls.preparing import SEGMENTS, stretched
from gradients.values.calls.warps import END, START, found, homography

RANGE: dict[str, Any] = {"value_range": (0, 1)}
LARGE = np.zeros((300, 40, 30, 1), "float32")


def test_an_image_is_seen_from_elsewhere() -> None:
    """One of two; what lies outside is filled; corners move by a part of where they are."""
    places = found(IMAGES[:1], homography(), 1, "grid-constant", 0.25)
    expected = np.concatenate([places, IMAGES[1:]])
    what = {
        "apply_perspective": np.array([True, False]),
        "start_points": np.float32([START] * 2),
        "end_points": np.float32([END] * 2),
        "input_shape": SINGLE.shape,
    }
    for order in ("channels_last", "channels_first"):
        layer = layers.RandomPerspective(fill_value=0.25, data_format=order)
        given = SINGLE if order == "channels_last" else np.moveaxis(SINGLE, -1, 1)
        seen = np.asarray(layer.transform_images(given, what))
        seen = seen if order == "channels_last" else np.moveaxis(seen, 1, -1)
        np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-4)
        drawn = layers.RandomPerspective((0.25, 0.25), 0.5, data_format=order, seed=1)
        images = LARGE if order == "channels_last" else np.moveaxis(LARGE, -1, 1)
        drawn = drawn.get_random_transformation(images)
        corners = np.array([[0, 0], [29, 0], [0, 39], [29, 39]])
        np.testing.assert_array_equal(drawn["start_points"], np.stack([corners] * len(LARGE)))
        part = (np.asarray(drawn["end_points"]) - corners)[:, 3] / corners[3]
        assert part.min() == pytest.approx(-0.25, abs=0.01)
        assert part.max() == pytest.approx(0.25, abs=0.01)
        assert abs(np.mean(drawn["apply_perspective"]) - 0.25) < 0.1


def test_boxes_are_seen_from_elsewhere() -> None:
    """The one around the four corners, each where the new image has it."""
    layer = layers.RandomPerspective(bounding_box_format="xyxy")
    what = {
        "apply_perspective": np.array([True]),
        "start_points": np.float32([START]),
        "end_points": np.float32([END]),
        "input_shape": (1, 6, 5, 3),
    }
    boxes = {"boxes": np.float32([[[1, 2, 3, 4]]]), "labels": np.array([[1]])}
    seen = np.asarray(layer.transform_bounding_boxes(boxes, what)["boxes"])[0, 0]
    back = np.linalg.inv(np.append(homography(), 1).reshape(3, 3))
    x, y, z = back @ np.array([[1, 3, 1, 3], [2, 2, 4, 4], [1, 1, 1, 1]])
    x, y = x / z, y / z
    np.testing.assert_allclose(seen, [x.min(), y.min(), x.max(), y.max()], rtol=1e-4)


def test_an_image_is_stretched_like_rubber() -> None:
    """As far as the larger side says, as smoothly as the smaller; then held to its range."""
    what = {
        "apply_transform": np.array([True, False]),
        "distortion_factor": np.float32(4.0),
        "seed": 3,
    }
    layer = layers.RandomElasticTransform(interpolation="nearest", value_range=(0.3, 0.7))
    seen = layer.transform_images(SINGLE, what)
    whole = ops.image.elastic_transform(
        SINGLE, alpha=0.4 * 6, sigma=0.2 * 5, interpolation="nearest", seed=3
    )
    expected = np.clip([whole[0], SINGLE[1]], 0.3, 0.7)
    np.testing.assert_allclose(seen, expected, rtol=1e-6)
    drawn = layers.RandomElasticTransform((0.25, 0.25), (0.5, 0.5), seed=1)
    drawn = drawn.get_random_transformation(LARGE)
    assert float(drawn["distortion_factor"]) == 0.5
    assert abs(np.mean(drawn["apply_transform"]) - 0.25) < 0.1


def test_colours_are_changed_one_after_the_other() -> None:
    """Brighter first, then stronger; what is not asked for stays."""
    layer = layers.RandomColorJitter((0, 1), (0.25, 0.25), saturation_factor=(0.75, 0.75), seed=1)
    bright = rgb_to_hsv(np.minimum(IMAGES + 0.25, 1))
    bright[..., 1] = np.minimum(3 * bright[..., 1], 1)
    np.testing.assert_allclose(layer(SINGLE), hsv_to_rgb(bright), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer(SINGLE, training=False), SINGLE)
    hued = layers.RandomColorJitter((0, 1), hue_factor=(1.0, 1.0), seed=1)(SINGLE)
    turned = rgb_to_hsv(IMAGES)
    turned[..., 0] = (turned[..., 0] + 0.5) % 1
    np.testing.assert_allclose(hued, hsv_to_rgb(turned), rtol=1e-4, atol=1e-5)


def test_several_changes_are_made_in_the_order_that_is_drawn() -> None:
    """Of some by chance, and of chains of them that are mixed with each other and the image."""
    bright = {"rgb_delta": np.float32(0.25)}
    several = layers.RandAugment((0, 1), num_ops=2, factor=0.5)
    whole = {"random_brightness": bright, "auto_contrast": None}
    for order in ((0, 1), (1, 0)):
        expected = IMAGES
        for step in order:
            expected = stretched(expected) if step else np.clip(expected + 0.25, 0, 1)
        seen = several.transform_images(
            SINGLE, {"layer_idxes": np.array(order), "transforms": whole}
        )
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)
    mixed = layers.AugMix((0, 1), num_chains=2)
    chain = [{"layer_name": "auto_contrast", "transformation": None}]
    seen = mixed.transform_images(
        SINGLE,
        {
            "chain_mixing_weights": np.float32([0.75, 0.25]),
            "weight_sample": np.float32(0.4),
            "chain_transforms": [chain, []],
        },
    )
    expected = 0.4 * IMAGES + 0.6 * (0.75 * stretched(IMAGES) + 0.25 * IMAGES)
    np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_as_much_is_cut_out_as_labels_are_mixed(order: str) -> None:
    """Each image by itself, of a size whose distribution is that of a uniform number."""
    layer = layers.CutMix((1, 1), data_format=order, seed=1)
    images = LARGE if order == "channels_last" else np.moveaxis(LARGE, -1, 1)
    drawn = layer.get_random_transformation(images)
    assert np.shape(drawn["batch_masks"]) == images.shape
    kept = 1 - np.mean(drawn["batch_masks"], (1, 2, 3))
    np.testing.assert_allclose(np.ravel(drawn["mix_weight"]), kept, atol=0.06)
    assert abs(kept.mean() - 0.5) < 0.06
    assert abs(kept.var() - 1 / 12) < 0.02
    assert sorted(np.asarray(drawn["permutation_order"])) == [*range(len(LARGE))]
    lines = np.asarray(drawn["batch_masks"]).any(2 if order == "channels_last" else 3)
    assert len(np.unique(lines, axis=0)) > 150


def test_images_are_mixed_by_a_share_of_their_own() -> None:
    """Whose distribution is Beta's, of the number that is given."""
    drawn = layers.MixUp(alpha=0.5, seed=1).get_random_transformation(LARGE)
    share = np.asarray(drawn["mix_weight"])
    assert share.shape == (len(LARGE),)
    assert abs(share.mean() - 0.5) < 0.08
    assert abs(share.var() - 1 / 8) < 0.02
    assert sorted(np.asarray(drawn["permutation_order"])) == [*range(len(LARGE))]


def test_as_many_are_blurred_as_should_be() -> None:
    """All as much as each other, by rows and by columns."""
    layer = layers.RandomGaussianBlur((0.25, 0.25), sigma=(0.5, 0.5), **RANGE, seed=1)
    drawn = layer.get_random_transformation(LARGE)
    np.testing.assert_allclose(drawn["blur_factor"], [0.5, 0.5], rtol=1e-5)
    assert abs(np.mean(drawn["should_apply_blur"]) - 0.25) < 0.1


#: Layers that change nothing but colours, and what they cannot do without.
COLOURS: dict[str, Any] = {
    **dict.fromkeys(("AutoContrast", "Equalization", "RandomColorJitter", "RandomErasing"), ()),
    **dict.fromkeys(("RandomGaussianBlur", "RandomGrayscale", "RandomInvert", "Solarization"), ()),
    **dict.fromkeys(("RandomBrightness", "RandomContrast", "RandomHue"), (0.5,)),
    **dict.fromkeys(("RandomSaturation", "RandomSharpness", "RandomColorDegeneration"), (0.5,)),
    "RandomPosterization": (3,),
}


def test_what_goes_along_stays_where_only_colours_change() -> None:
    given = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))}
    for name, needed in COLOURS.items():
        layer = getattr(layers, name)(*needed)
        assert layer.transform_labels(LARGE, {}) is LARGE, name
        assert layer.transform_segmentation_masks(LARGE, {}) is LARGE, name
        if name != "RandomGrayscale":
            assert layer.transform_bounding_boxes(given, {}) is given, name


def test_a_grey_image_comes_alone() -> None:
    """What it draws is of the images' shape, which it asks of all that is given."""
    labelled = {"images": SINGLE, "labels": np.ones((2, 1))}
    with pytest.raises(AttributeError, match="'dict' object has no attribute 'shape'"):
        layers.RandomGrayscale(1.0).get_random_transformation(labelled)
    pytest.xfail("Keras's RandomGrayscale takes no images beside which anything stands")


def test_decibels_are_of_float32_alone() -> None:
    """What they are counted from is a tensor of that type, and meets strengths of another."""
    layer = layers.MelSpectrogram(fft_length=16, dtype="float64")
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a double tensor"):
        layer.call(np.ones(40))
    pytest.xfail("Keras's MelSpectrogram has no decibels but of float32")


#: Layers that do the same each time, of which all but the first two change places.
FIXED: dict[str, Any] = {
    "RandomBrightness": ((0.25, 0.25),),
    "RandomInvert": ((1, 1),),
    "RandomTranslation": ((0.5, 0.5), (-0.2, -0.2)),
    "RandomRotation": ((0.1, 0.1),),
    "RandomZoom": ((0.25, 0.25), (-0.25, -0.25)),
    "CenterCrop": (4, 3),
    "Resizing": (12, 15),
}


@pytest.mark.parametrize("name", FIXED)
def test_one_image_is_as_it_is_among_several(name: str) -> None:
    """With all that goes along."""
    layer = getattr(layers, name)(*FIXED[name], bounding_box_format="xyxy")
    boxes = {"boxes": np.float32([[[1, 2, 4, 5]], [[2, 1, 5, 6]]]), "labels": np.ones((2, 1))}
    whole = {"images": SINGLE, "labels": np.eye(2), "segmentation_masks": SEGMENTS}
    several = layer(whole | {"bounding_boxes": dict(boxes)})
    one = layer(tf.nest.map_structure(lambda x: x[1], whole | {"bounding_boxes": boxes}))
    for alone, among in zip(*map(tf.nest.flatten, (one, several)), strict=True):
        np.testing.assert_allclose(alone, among[1], rtol=1e-6, atol=1e-6)


#: What layers cannot do without; the others need nothing.
NEEDED = COLOURS | {
    **{"RandomTranslation": (0.5, 0.5), "RandomRotation": (0.5,), "RandomZoom": (0.5,)},
    **{"RandomFlip": (), "RandomShear": (0.5, 0.5), "RandomPerspective": (), "CutMix": (1.0,)},
    **{"MixUp": (), "RandAugment": (), "AugMix": (), "RandomElasticTransform": ()},
}


@pytest.mark.parametrize("name", sorted(NEEDED.keys() - {"AutoContrast", "Equalization"}))
def test_nothing_changes_by_chance_but_in_training(name: str) -> None:
    layer = getattr(layers, name)(*NEEDED[name], seed=1)
    np.testing.assert_array_equal(layer(SINGLE, training=False), SINGLE)


def test_a_pipeline_does_one_thing_after_the_other() -> None:
    """What is by chance in training alone."""
    line = layers.Pipeline([layers.Rescaling(0.5), layers.RandomInvert((1, 1), (0, 1))])
    np.testing.assert_allclose(line(SINGLE, training=True), 1 - IMAGES / 2, rtol=1e-6)
    np.testing.assert_allclose(line(SINGLE, training=False), IMAGES / 2, rtol=1e-6)


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_a_hole_is_filled_as_one_asks(order: str) -> None:
    """With a number, with one for each colour, or with noise, cut off where the range ends."""
    images = LARGE[:60, :20, :20].repeat(3, -1)
    images = images if order == "channels_last" else np.moveaxis(images, -1, 1)
    whole: dict[str, Any] = {"data_format": order, "value_range": (0, 2), "seed": 1}
    for fill in (0.25, (0.25, 0.5, 3.0), None)[:: 1 if order == "channels_last" else 2]:
        layer = layers.RandomErasing((1, 1), (0.25, 0.25), fill, **whole)
        drawn = layer.get_random_transformation(images)
        masks, filled = (np.asarray(drawn[name]) for name in ("batch_masks", "fill_value"))
        assert masks.shape == filled.shape == images.shape
        assert (masks.sum((1, 2, 3)) == 10 * 10 * 3).all()
        if fill is None:
            assert abs((filled == 0).mean() - 0.5) < 0.01
            assert abs((filled == 2).mean() - 0.1587) < 0.01
        else:
            np.testing.assert_array_equal(filled - np.minimum(fill, 2).astype("float32"), 0)


def evened(x: np.ndarray, most: float) -> np.ndarray:
    """Return grey values used as often as each other in each of four tiles, and between them."""
    size = np.array([-(-length // 2) for length in x.shape])
    level = np.pad(
        (255 * x).astype(int),
        [(0, 2 * n - o) for n, o in zip(size, x.shape, strict=True)],
        "symmetric",
    )
    tables = np.zeros((2, 2, 256))
    for at in np.ndindex(2, 2):
        rows, columns = (slice(n * i, n * (i + 1)) for n, i in zip(size, at, strict=True))
        often = np.bincount(level[rows, columns].ravel(), minlength=256).astype(float)
        bound = most * size.prod() / 256
        often = np.minimum(often, bound) + np.clip(often - bound, 0, None).sum() / 256
        summed = often.cumsum()
        tables[at] = (summed - summed[0]) * 255 / (size.prod() - summed[0])
    found = np.zeros(x.shape)
    for at in np.ndindex(*x.shape):
        place = np.array(at) / size - 0.5
        low = np.floor(place)
        near = [
            (np.clip([n, n + 1], 0, 1).astype(int), p - n) for n, p in zip(low, place, strict=True)
        ]
        (rows, down), (columns, right) = near
        four = tables[np.ix_(rows, columns)][..., level[at]]
        found[at] = np.array([1 - down, down]) @ four @ np.array([1 - right, right])
    return np.clip(found, 0, 255) / 255


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_contrast_is_evened_out_place_by_place(order: str) -> None:
    """Each colour by itself, none steeper than it may be (Zuiderveld, 1994)."""
    first = order == "channels_first"
    most = 4.0 if first else 40.0
    expected = [[evened(image[..., i], most) for i in range(3)] for image in IMAGES]
    kind = layers.ContrastLimitedAdaptiveHistogramEqualization
    layer = kind((0, 1), most, (2, 2), data_format=order)
    seen = np.asarray(layer(np.moveaxis(SINGLE, -1, 1) if first else SINGLE))
    seen = seen if first else np.moveaxis(seen, -1, 1)
    np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-5)
