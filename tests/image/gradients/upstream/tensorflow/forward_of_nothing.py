"""Forward mode in a tf.function fails over a called function that returns nothing.

A `tf.function` that only assigns a variable is called under a `ForwardAccumulator`, in another
function: "list index out of range". `_backward_function` in `concrete_function.py` has `call_op =
outputs[0].op`. In eager execution it passes.

A mend: return at once where there are no outputs, as `_jvp_helper` in `forwardprop.py` does for
operations. Until then: return something.

It prints:

    found    IndexError
    expected 6.0
    remedy   6.0
"""

import tensorflow as tf

x, count = tf.constant(3.0), tf.Variable(0.0)


@tf.function
def silent(x):
    count.assign_add(x)


@tf.function
def telling(x):
    count.assign_add(x)
    return x


@tf.function(autograph=False)
def slope(call):
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        call(x)
        y = x**2
    return accumulator.jvp(y)


try:
    print("found   ", slope(silent).numpy())
except IndexError as error:
    print("found   ", type(error).__name__)
print("expected", 2 * 3.0)
print("remedy  ", slope(telling).numpy())
