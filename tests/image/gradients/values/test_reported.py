"""What Keras answers wrongly, as reports upstream say, where no table has a row of it.

The wrong value is part of the record: one that is mended, or is another, fails.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from gradients.tracing import traced

HOLES = np.array([np.nan, np.inf, -1.0, 2.0])
MOST = np.finfo("float64").max


def of_all(function: Callable[..., Any], *places: list[float]) -> list[np.ndarray]:
    """Return a gradient for each place."""
    given = [tf.constant(place, tf.float64) for place in places]
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = function(*given)
    return [np.asarray(part) for part in tape.gradient(found, given)]


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_of_two_equal_summands_each_has_half(name: str) -> None:
    """Of others, each has its share of the sum."""
    base = np.e if name == "logaddexp" else 2.0
    found = of_all(getattr(ops, name), [1.0, 2.0], [1.0, 5.0])
    share = 1 / (1 + base**3.0)
    np.testing.assert_allclose([found[0][1], found[1][1]], [share, 1 - share], rtol=1e-6)
    assert [found[0][0], found[1][0]] == [1, 0], "no longer so wrong: mend the record"
    pytest.xfail("Keras gives the first of two equal summands the whole gradient: #127232")


def test_a_power_that_multiplies_0_is_its_gradient() -> None:
    """That of others is."""
    (found,) = of_all(lambda x: ops.ldexp(x, [3, 2, -1]), [0.0, 2.0, -3.0])
    np.testing.assert_allclose(found[1:], [4, 0.5])
    assert found[0] == 1, "no longer so wrong: mend the record"
    pytest.xfail("Keras gives 0 that is multiplied by a power of 2 the gradient 1: #127244")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("nancumsum", [0, MOST, MOST, MOST]), ("nancumprod", [1, MOST, -MOST, -np.inf])],
)
def test_infinities_are_no_holes(name: str, wrong: list[float]) -> None:
    """They stay: only what is no number is left out."""
    found = getattr(ops, name)(HOLES)
    np.testing.assert_array_equal(found, wrong)
    assert not np.array_equal(found, getattr(np, name)(HOLES)), "no longer wrong: remove the record"
    pytest.xfail("Keras puts the largest number in the place of an infinity: #23127, #23130")


@pytest.mark.parametrize("axis", [0, -1, (0, 1)])
def test_a_mean_of_slices_along_an_axis_wants_no_graph(axis: Any) -> None:
    """Where none is traced it is there."""
    values = np.arange(8.0).reshape(2, 4)
    given = [tf.constant(values), tf.constant([2, 0]), tf.constant([3, 4])]
    whole = np.zeros((3, 4))
    whole[[2, 0]] = values
    found = ops.mean(tf.IndexedSlices(*given), axis=axis)
    np.testing.assert_allclose(found, whole.mean(axis), rtol=1e-12)
    graph = traced(lambda *parts: ops.mean(tf.IndexedSlices(*parts), axis=axis))
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        graph(*given)
    pytest.xfail("Keras takes the rank of slices from a tensor: upstream's mean_of_slices")


def test_a_crop_moves_boxes_by_rows_where_it_crops_columns() -> None:
    """From the second row and the fourth column on; without a move they stay."""
    layer = layers.RandomCrop(4, 2, bounding_box_format="xyxy")
    given = np.array([[[1.0, 2, 4, 5], [0, 0, 3, 2]]], "float32")
    boxes = {"boxes": tf.constant(given), "labels": tf.constant([[1, 2]])}
    stay, found = (
        np.asarray(layer.transform_bounding_boxes(dict(boxes), start)["boxes"])
        for start in ((0, 0), (1, 3))
    )
    np.testing.assert_array_equal(stay, given)
    assert not np.array_equal(found, np.maximum(given - [3, 1, 3, 1], 0)), "mended: mend the record"
    np.testing.assert_array_equal(found, np.maximum(given - [1, 3, 1, 3], 0))
    pytest.xfail("Keras takes rows for columns: #23518, mended since")


#: From the left, the top, to the right, the bottom, of images of 16 rows and 20 columns; of the
#: last a part comes to lie outside.
BOXES = np.array([[[4.0, 2, 8, 6], [10, 9, 16, 12], [15, 1, 20, 5]]])
SIZES = np.array([20, 16, 20, 16])


def boxed(layer: keras.Layer, image: Any, training: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return what a layer makes of an image, and of boxes."""
    boxes = {"boxes": tf.constant(BOXES, tf.float32), "labels": tf.constant([[1, 2, 3]])}
    made = layer({"images": image, "bounding_boxes": boxes}, training=training)
    return np.asarray(made["images"])[0, :, :, 0], np.asarray(made["bounding_boxes"]["boxes"])


@pytest.mark.parametrize("part", [1 / 4, 1 / 2, 1 / 12, -0.02])
def test_boxes_turn_about_the_middle_of_the_places(part: float) -> None:
    """Images do, whose pixels lie at places; boxes are told by edges, which begin half before.

    What is beyond the image is cut off.
    """
    layer = layers.RandomRotation((part, part), fill_mode="constant", bounding_box_format="xyxy")
    cosine, sine = np.cos(2 * np.pi * part), np.sin(2 * np.pi * part)

    def turned(late: float) -> np.ndarray:
        horizontal, vertical = 10 - late, 8 - late
        x = BOXES[..., [0, 2, 2, 0]] - horizontal
        y = BOXES[..., [1, 1, 3, 3]] - vertical
        places = [x * cosine + y * sine + horizontal, y * cosine - x * sine + vertical]
        corners = np.stack([f(place, -1) for f in (np.min, np.max) for place in places], -1)
        return np.clip(corners, 0, SIZES)

    image = np.zeros((1, 16, 20, 1), "float32")
    image[:, 2:6, 4:8] = 1
    seen, found = boxed(layer, image, training=True)
    if part >= 1 / 4:
        rows, columns = np.nonzero(seen > 0.5)
        edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(turned(0)[0, 0], edges, atol=1e-9)
    np.testing.assert_allclose(boxed(layer, image, training=False)[1], BOXES)
    assert not np.allclose(found, turned(0), atol=1e-2), "no longer wrong: mend the record"
    np.testing.assert_allclose(found, turned(0.5), atol=1e-4)
    pytest.xfail("Keras turns boxes about another middle than edges have: upstream's turned_boxes")


@pytest.mark.parametrize("factors", [(-0.5, -0.25), (0.5, 0.0), (0.0, 0.5)])
def test_boxes_grow_from_the_middle_of_the_places(factors: tuple[float, float]) -> None:
    """By rows and by columns; what is beyond the image is cut off."""
    options = {"fill_mode": "constant", "bounding_box_format": "xyxy"}
    layer = layers.RandomZoom(*((factor, factor) for factor in factors), **options)
    zooms = 1 + np.array([factors[::-1] * 2])
    image = np.zeros((1, 16, 20, 1), "float32")
    found = boxed(layer, image, training=True)[1]
    right, wrong = (
        np.clip((BOXES - middle) / zooms + middle, 0, SIZES)
        for middle in (SIZES / 2, (SIZES - 1) / 2)
    )
    assert not np.allclose(found, right, atol=1e-2), "no longer wrong: mend the record"
    np.testing.assert_allclose(found, wrong, atol=1e-4)
    pytest.xfail("Keras has boxes grow from another middle than edges have: turned_boxes")


def test_a_blur_does_not_hear_where_channels_stand_for_all() -> None:
    """It does where it is told itself."""
    images = np.random.default_rng(5).uniform(size=(1, 3, 5, 6))
    said = keras.config.image_data_format()
    try:
        keras.config.set_image_data_format("channels_first")
        found = ops.image.gaussian_blur(images)
    finally:
        keras.config.set_image_data_format(said)
    right, wrong = (
        ops.image.gaussian_blur(images, data_format=f"channels_{end}") for end in ("first", "last")
    )
    assert not np.allclose(found, right), "no longer wrong: remove the record"
    np.testing.assert_array_equal(found, wrong)
    pytest.xfail(
        "Keras blurs over channels, where their place is said for all: #23542, mended since"
    )


SORTED, TABLE = np.array([1.0, 2, 3]), np.arange(6.0).reshape(2, 3)
#: What NumPy takes, and TensorFlow's words where Keras hands it on.
SPREAD: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "roll": ((TABLE, 1), {"axis": (0, 1)}, "shift and axis must have the same size"),
    "searchsorted": ((SORTED, TABLE), {}, "Leading dim_size of both tensors must match"),
    "average": ((TABLE,), {"axis": (1,), "weights": SORTED}, "non-rectangular"),
}


@pytest.mark.parametrize("name", SPREAD)
def test_what_numpy_spreads_is_refused(name: str) -> None:
    """One shift for several axes, places in more axes than there are to be found in, a tuple."""
    arguments, options, words = SPREAD[name]
    assert getattr(np, name)(*arguments, **options) is not None
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=words):
        getattr(ops, name)(*arguments, **options)
    pytest.xfail("Keras does not spread what it hands on: #23242, #23436, #23250")


class Block(layers.Layer):
    """A part of a model that is rounded as one."""

    def __init__(self) -> None:
        super().__init__()
        self.product = layers.Dense(5, use_bias=False)

    def build(self, shape: Any) -> None:
        self.product.build(shape)

    def call(self, x: Any) -> Any:
        return self.product(x)


@pytest.mark.parametrize("kind", [pytest.param("gptq", marks=pytest.mark.tier_all), "awq"])
def test_what_rounds_by_samples_does_not_look_at_them(kind: str) -> None:
    """Each number is rounded to the nearest, or by factors that are all 1."""
    random = np.random.default_rng(3)
    table, block = layers.Embedding(9, 8), Block()
    model = keras.Sequential([keras.Input((4,), dtype="int32"), table, block])
    kernel = random.standard_normal((8, 5)).astype("float32")
    block.product.set_weights([kernel])
    # One input is far larger than the others, and others go with it.
    table.set_weights([random.standard_normal((9, 1)) * [[50, 5, 5, 5, 1, 1, 1, 1]]])
    parts = {"pre_block_layers": [table], "sequential_blocks": [block]}
    make = keras.quantizers.GPTQConfig if kind == "gptq" else keras.quantizers.AWQConfig
    options = {"num_samples": 2, "sequence_length": 4, "group_size": -1}
    samples = [np.array([[0, 1, 2, 3]]), np.array([[4, 5, 6, 7]])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = make(samples, object(), quantization_layer_structure=parts, **options)
        model.quantize(kind, config=config)
    layer = block.product
    scale, zero = (np.asarray(part) for part in (layer.kernel_scale, layer.kernel_zero))
    codes = keras.quantizers.unpack_int4(layer.quantized_kernel, 5, dtype="uint8")
    nearest = np.clip(np.round(kernel.T / scale + zero), 0, 15)
    np.testing.assert_array_equal(codes, nearest, "no longer so wrong: mend the record")
    if kind == "awq":
        np.testing.assert_array_equal(layer.awq_scales, np.ones(8))
    pytest.xfail("Keras's GPTQ and AWQ never see their samples: #23512, mended since")


def test_only_scalars_are_vectorized() -> None:
    """Whatever has an axis is refused."""
    made = ops.vectorize(lambda number: number + 1)
    assert float(made(2.0)) == 3
    with pytest.raises(ValueError, match="Not supported"):
        made([1.0, 2.0])
    pytest.xfail("Keras takes a tuple of axes for another axis: upstream's vectorize")
