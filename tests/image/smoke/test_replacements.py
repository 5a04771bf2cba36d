"""Each dead package of the old recipe has a replacement in the image that does its work.

| dead | replaced by |
|---|---|
| tensorflow-gpu | the variant's TensorFlow; one `tensorflow` since 2.1 |
| keras-applications, keras-resnet | `keras.applications` |
| keras-preprocessing | `keras.utils`, `keras.layers` |
| keras-tensorflow | `keras` with its TensorFlow backend |
"""

from __future__ import annotations

from pathlib import Path

import facts
import keras
import matplotlib.image
import numpy as np
import pytest
import tensorflow as tf

DEAD = ("keras-applications", "keras-preprocessing", "keras-resnet", "keras-tensorflow",
        "tensorflow-gpu")  # fmt: skip


def test_no_dead_package_is_installed() -> None:
    """None of the dead packages came back through a dependency."""
    assert {pin.name for pin in facts.installed()}.isdisjoint(DEAD)


def test_tensorflow_gpu_is_tensorflow() -> None:
    """Where `tensorflow-gpu` was installed, the variant's TensorFlow knows GPUs by itself."""
    assert tf.test.is_built_with_gpu_support() is (facts.variant().cuda is not None)


@pytest.mark.parametrize("name", ["ResNet50", "ResNet50V2", "MobileNetV2"])
def test_keras_applications(name: str) -> None:
    """`keras.applications` builds a network without its weights and classifies an image."""
    network = getattr(keras.applications, name)(
        weights=None, input_shape=(32, 32, 3), include_top=True, classes=5
    )
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    prediction = network(image, training=False).numpy()
    assert prediction.shape == (1, 5)
    np.testing.assert_allclose(prediction.sum(), 1, rtol=1e-5)


def test_keras_preprocessing_of_sequences() -> None:
    """`keras.utils.pad_sequences` replaces `keras_preprocessing.sequence`."""
    padded = keras.utils.pad_sequences([[1, 2, 3], [4]], maxlen=2, padding="post")
    np.testing.assert_array_equal(padded, [[2, 3], [4, 0]])


def test_keras_preprocessing_of_text() -> None:
    """`keras.layers.TextVectorization` replaces `keras_preprocessing.text.Tokenizer`."""
    layer = keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(["the cat sat", "the cat", "the"])
    assert layer.get_vocabulary() == ["", "[UNK]", "the", "cat", "sat"]
    np.testing.assert_array_equal(layer(["The cat barked!"]), [[2, 3, 1, 0]])


def test_keras_preprocessing_of_images(tmp_path: Path) -> None:
    """`keras.utils.image_dataset_from_directory` replaces `ImageDataGenerator`'s flow."""
    for label, shade in (("dark", 0.2), ("light", 0.8)):
        (tmp_path / label).mkdir()
        for number in range(2):
            picture = np.full((8, 8, 3), shade, "float32")
            matplotlib.image.imsave(tmp_path / label / f"{number}.png", picture)
    dataset = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(8, 8), batch_size=4, shuffle=False, verbose=False
    )
    assert dataset.class_names == ["dark", "light"]
    ((images, labels),) = dataset.as_numpy_iterator()
    np.testing.assert_array_equal(labels, [0, 0, 1, 1])
    np.testing.assert_allclose(images[:, 0, 0, 0] / 255, [0.2, 0.2, 0.8, 0.8], atol=1 / 255)


def test_keras_runs_on_tensorflow() -> None:
    """Keras 3 chooses the TensorFlow backend unasked: `keras-tensorflow` is not needed."""
    assert keras.backend.backend() == "tensorflow"
    assert isinstance(keras.ops.ones(1), tf.Tensor)
