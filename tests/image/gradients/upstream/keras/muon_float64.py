"""Muon takes no step of a matrix in float64.

`_muon_update_step` multiplies the update by `lr` as it is, in float32, while `_adamw_update_step`
has `ops.cast(learning_rate, variable.dtype)`; `lr_adjust` multiplies by `ops.sqrt` of a whole
number, which is float32, too. TensorFlow refuses the product: "expected to be a double tensor but
is a float tensor".

A mend: `lr = ops.cast(lr, variable.dtype)`, and `math.sqrt(max(...))`. Until then: give the rate
as a function that returns float64, without the factor of the root, which the rate can have, and
the decay can lose.

It prints:

    found    InvalidArgumentError
    expected [[0.9995, -0.0392], [-0.0392, 0.9995]]
    remedy   [[0.9995, -0.0392], [-0.0392, 0.9995]]
"""

import keras
import numpy as np
import tensorflow as tf


def step(dtype, rate=0.125, **options):
    weight = keras.Variable(np.eye(2), dtype=dtype)
    optimizer = keras.optimizers.Muon(rate, **options)
    try:
        optimizer.apply([tf.constant([[0.0, 1.0], [1.0, 0.0]], dtype)], [weight])
    except tf.errors.InvalidArgumentError as error:
        return type(error).__name__
    return weight.numpy().astype("float64").round(4).tolist()


root = 0.2 * 2**0.5
print("found   ", step("float64"))
print("expected", step("float32"))
mended = {"rms_rate": None, "weight_decay": 0.004 / root}
print("remedy  ", step("float64", lambda: tf.constant(0.125 * root, tf.float64), **mended))
