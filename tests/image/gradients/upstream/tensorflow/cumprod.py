"""The gradient of tf.math.cumprod in complex numbers lacks a conjugate.

`_CumprodGrad` returns `cumsum(prod * grad) / x`. TensorFlow's gradient of a holomorphic function
is the conjugate of its derivative, so both `prod` and `x` want one. `reduce_prod` conjugates, but
its gradient is made of `cumprod`, so its second derivative is wrong, too.

A mend: `math_ops.conj(prod)`, and `math_ops.conj(x)`. Until then: `tf.scan`.

It prints:

    found    [3.+1.j 1.+2.j]
    expected [3.-1.j 1.-2.j]
    remedy   [3.-1.j 1.-2.j]
"""

import tensorflow as tf

x = tf.constant([1.0 + 2.0j, 3.0 + 1.0j])


def gradient(function):
    with tf.GradientTape() as tape:
        tape.watch(x)
        last = function(x)[-1]
    return tape.gradient(last, x).numpy().round(4)


print("found   ", gradient(tf.math.cumprod))
print("expected", tf.math.conj(x[::-1]).numpy())
print("remedy  ", gradient(lambda x: tf.scan(tf.multiply, x)))
