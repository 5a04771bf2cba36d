"""A layer in float8 has no gradient in eager execution.

Dense and EinsumDense give their scales, by `ops.convert_to_tensor`, to functions that
`ops.custom_gradient` decorates. In eager execution that returns the `tf.Variable` as it is, so
TensorFlow finds that the function uses variables, gives the rule the argument `variables`, and
wants two lists back. It returns three gradients: "too many values to unpack (expected 2)". In a
`tf.function`, as in `fit`, it is right, but not with `run_eagerly=True`.

A mend: hand on what the variables hold. Until then: compile.

It prints:

    found    ValueError
    expected [[2. 2.]]
    remedy   [[2. 2.]]
"""

import keras
import numpy as np
import tensorflow as tf

layer = keras.layers.Dense(2, kernel_initializer="ones")
layer.build((1, 2))
layer.quantize("float8")
x = tf.constant([[1.0, 2.0]])


def gradient(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    return tape.gradient(y, x)


try:
    print("found   ", gradient(x).numpy())
except ValueError as error:
    print("found   ", type(error).__name__)
print("expected", np.ones((1, 2), "float32") @ layer.kernel.numpy().T)
print("remedy  ", tf.function(gradient, autograph=False)(x).numpy())
