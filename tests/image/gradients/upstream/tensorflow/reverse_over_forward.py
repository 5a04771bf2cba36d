"""Reverse over forward mode through a called tf.function is None.

The tangent of a called `tf.function` does not remember that it depends on the function's input: a
tape around a `ForwardAccumulator` gives None for the gradient of the tangent in that input,
without an error. Where the tape watches the direction, too, it raises "Internal: ... returned too
few gradients".

A mend, likely: record the call of the forward function with tangents for the primals as well.
Until then: call the Python function, and compile what is around it.

It prints:

    found    None
    expected 12.0
    remedy   12.0
"""

import tensorflow as tf

x, along = tf.constant(2.0), tf.constant(1.0)
cube = tf.function(lambda x: x**3)


def second(function):
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tf.autodiff.ForwardAccumulator(x, along) as accumulator:
            y = function(x)
        slope = accumulator.jvp(y)
    found = tape.gradient(slope, x)
    return found if found is None else found.numpy()


print("found   ", second(cube))
print("expected", 6 * 2.0)
print("remedy  ", second(cube.python_function))
