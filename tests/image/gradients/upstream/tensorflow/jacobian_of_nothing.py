"""GradientTape.jacobian of a target without rows raises where it goes by a loop.

With `experimental_use_pfor=False` there are no results to stack, so `for_loop` calls its body once
to learn their shapes (#37795). Eagerly the body gathers row 0 of none and raises, and what is
returned is `array_ops.zeros([0])`: its rank and its type are not the source's. `jacobian` then
raises, but for a source that is a scalar: there float64 becomes float32.

A mend: zeros of the shapes and types of the sources, which `jacobian` knows. Until then:
`experimental_use_pfor=True`, which is the default.

It prints:

    found    ValueError
    expected (0, 2)
    remedy   (0, 2)
"""

import tensorflow as tf


def shape(vectorised):
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.reduce_sum(x) * tf.ones([0])
    try:
        return tape.jacobian(y, x, experimental_use_pfor=vectorised).shape
    except ValueError as error:
        return type(error).__name__


print("found   ", shape(False))
print("expected", (0, 2))
print("remedy  ", shape(True))
