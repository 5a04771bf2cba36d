"""The Jacobian of each sample by itself, of outputs and inputs with several axes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf


@pytest.mark.parametrize("pfor", [False, True], ids=["one by one", "vectorised"])
@pytest.mark.parametrize("axes", [0, 1, 2])
def test_a_batch_jacobian_has_the_axes_of_both(axes: int, *, pfor: bool) -> None:
    """Those of the sample's output, then those of its input: as many as there are."""
    random = np.random.default_rng(axes)
    sizes, own = (3, 2)[:axes], (4, 2, 3)[: axes + 1]
    weights = random.standard_normal((*own, *sizes))
    inputs = tf.constant(random.standard_normal((5, *own)))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        outputs = tf.tensordot(inputs**2, tf.constant(weights), len(own))
        outputs = outputs[:, None] if axes == 0 else outputs
    found = tape.batch_jacobian(outputs, inputs, experimental_use_pfor=pfor)
    slopes = 2 * inputs.numpy().reshape(5, *own, *[1] * axes) * weights
    expected = np.moveaxis(slopes, range(1, len(own) + 1), range(-len(own), 0))
    np.testing.assert_allclose(found, expected if axes else expected[:, None], rtol=1e-12)
