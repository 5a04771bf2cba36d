"""Layers whose kernel is frozen, and moved by a product of two narrow matrices (Hu: LoRA).

In float32, which Keras keeps the narrow ones in.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers

RANK, ALPHA = 9, 3
_random = np.random.default_rng(16)
IDS = np.array([[4, 0, 2], [0, 1, 1]])
#: By name: a layer, and what it is given.
LAYERS: dict[str, tuple[Callable[..., keras.Layer], np.ndarray]] = {
    "Dense": (lambda **o: layers.Dense(4, **o), _random.standard_normal((2, 3))),
    "EinsumDense": (
        lambda **o: layers.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d", **o),
        _random.standard_normal((2, 5, 3)),
    ),
    "Embedding": (lambda **o: layers.Embedding(5, 4, **o), IDS),
    "ReversibleEmbedding": (lambda **o: layers.ReversibleEmbedding(5, 4, **o), IDS),
    "Conv1D": (lambda **o: layers.Conv1D(4, 2, **o), _random.standard_normal((2, 5, 3))),
    "Conv2D": (lambda **o: layers.Conv2D(4, 2, **o), _random.standard_normal((2, 5, 4, 3))),
    "Conv3D": (lambda **o: layers.Conv3D(4, 2, **o), _random.standard_normal((2, 3, 4, 3, 3))),
}

#: Which of them forget alpha.
FORGETS = ("Dense", "Embedding", "ReversibleEmbedding")


def moved(name: str) -> tuple[keras.Layer, keras.Layer, np.ndarray]:
    """Return a layer with two narrow matrices, one whose kernel has their product, the inputs."""
    make, inputs = LAYERS[name]
    narrow, plain = make(), make()
    for layer in (narrow, plain):
        layer.build(inputs.shape)
    first = narrow(inputs).numpy()
    narrow.enable_lora(RANK, lora_alpha=ALPHA)
    np.testing.assert_array_equal(narrow(inputs), first, "it begins as it was")
    plain.set_weights([_random.standard_normal(weight.shape) for weight in plain.get_weights()])
    held = {variable.name: variable for variable in plain.variables}
    parts = [variable for variable in narrow.variables if variable.name not in held]
    for variable in narrow.variables:
        if variable.name in held:
            variable.assign(held[variable.name])
    for part in parts:
        part.assign(_random.standard_normal(part.shape))
    product = np.matmul(*(part.numpy() for part in parts))
    kernel = plain.variables[0]
    kernel.assign(kernel.numpy() + ALPHA / RANK * product)
    return narrow, plain, inputs


@pytest.mark.parametrize("name", LAYERS)
def test_the_kernel_is_moved_by_the_product(name: str) -> None:
    """Times alpha over the rank; the kernel itself is trained no more."""
    narrow, plain, inputs = moved(name)
    np.testing.assert_allclose(narrow(inputs), plain(inputs), rtol=1e-5, atol=1e-5)
    if name == "ReversibleEmbedding":
        scores = (layer(plain(inputs), reverse=True) for layer in (narrow, plain))
        np.testing.assert_allclose(*scores, rtol=1e-5, atol=1e-5)
    kernel = plain.variables[0].name
    assert kernel in {variable.name for variable in plain.trainable_variables}
    assert kernel not in {variable.name for variable in narrow.trainable_variables}


@pytest.mark.parametrize("name", LAYERS)
def test_what_is_saved_has_the_product_in_its_kernel(name: str) -> None:
    """A plain layer takes it; one with narrow matrices starts them at nothing again."""
    narrow, plain, inputs = moved(name)
    store: dict[str, np.ndarray] = {}
    narrow.save_own_variables(store)
    make, _ = LAYERS[name]
    for rank in (None, RANK):
        other = make()
        other.build(inputs.shape)
        if rank:
            other.enable_lora(rank)
        other.load_own_variables(store)
        np.testing.assert_allclose(other(inputs), plain(inputs), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_a_configuration_keeps_rank_and_alpha(name: str) -> None:
    """Of a layer that was made with them."""
    make, inputs = LAYERS[name]
    layer = make(lora_rank=RANK, lora_alpha=ALPHA)
    again = type(layer).from_config(layer.get_config())
    for one in (layer, again):
        assert (one.lora_rank, one.lora_alpha) == (RANK, ALPHA)
        one.build(inputs.shape)
    if name not in FORGETS:
        assert (again.lora_rank, again.lora_alpha) == (RANK, ALPHA)
        return
    assert again.lora_alpha == RANK, "no longer wrong: remove the record"
    pytest.xfail("Keras's layer takes the rank for alpha where it is built with a rank")


@pytest.mark.parametrize("name", [name for name in LAYERS if name.startswith("Conv")])
def test_a_kernel_that_is_moved_has_the_type_that_is_computed_in(name: str) -> None:
    """Outside of a call, too, where what it is made of is read in float32."""
    make, inputs = LAYERS[name]
    layer = make(lora_rank=RANK, dtype="mixed_float16")
    layer.build(inputs.shape)
    assert layer.kernel.dtype == "float16"
