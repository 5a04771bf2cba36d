"""XLA computes the gradient of a bilinear resize in float32 alone.

Compiled, `ResizeBilinearGrad` returns wrong numbers for tensors of float64, and others from run
to run, as if it read what nobody wrote; eager execution is right, and so is XLA in float32
(`tensorflow/compiler/tf2xla/kernels/image_resize_ops.cc`). The forward pass has reports of its
own (#118344).

Below is whether it is the gradient of eager execution. A mend: compute in the gradient's own
type, or refuse. Until then: resize in float32.

It prints:

    found    False
    expected True
    remedy   True
"""

import numpy as np
import tensorflow as tf

x = tf.constant(np.random.default_rng(0).standard_normal((1, 4, 4, 2)))


def resized(x):
    return tf.image.resize(x, [7, 5]) ** 2


def gradient(function, dtype):
    with tf.GradientTape() as tape:
        y = tf.cast(x, dtype)
        tape.watch(y)
        value = function(y)
    return tape.gradient(value, y)


@tf.function(jit_compile=True)
def compiled(dtype):
    return gradient(resized, dtype)


eager = gradient(resized, "float64")
print("found   ", np.allclose(compiled("float64"), eager, rtol=1e-3))
print("expected", np.allclose(gradient(resized, "float32"), eager, rtol=1e-3))
print("remedy  ", np.allclose(compiled("float32"), eager, rtol=1e-3))
