"""tf.math.betainc has no gradient in a and b, and says nothing.

`_BetaincGrad` returns None for both, so a tape takes them for constants: no error, no training.
`igamma` has `IgammaGradA`; a value of NaN, or an error, would at least be seen. For `zeta` in x
this is #60041.

A mend: the derivative, or `LookupError` where it is asked for. Until then: a rule of your own,
here by differences.

It prints:

    found    None
    expected -0.274484
    remedy   -0.274484
"""

import scipy.special
import tensorflow as tf

STEP = 1e-6
b, x = tf.constant(2.0, tf.float64), tf.constant(0.25, tf.float64)


@tf.custom_gradient
def betainc(a):
    slope = (tf.math.betainc(a + STEP, b, x) - tf.math.betainc(a - STEP, b, x)) / (2 * STEP)
    return tf.math.betainc(a, b, x), lambda upstream: upstream * slope


def gradient(function):
    a = tf.constant(1.5, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = function(a)
    return tape.gradient(y, a)


above, below = (scipy.special.betainc(1.5 + step, 2.0, 0.25) for step in (STEP, -STEP))
print("found   ", gradient(lambda a: tf.math.betainc(a, b, x)))
print("expected", round((above - below) / (2 * STEP), 6))
print("remedy  ", round(float(gradient(betainc)), 6))
