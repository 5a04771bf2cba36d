"""The second derivative of a segment's product is wrong where two inputs are 0.

`_SegmentProdGrad` puts 0 for what flows into a segment with more than one zero. As a value that
is right; as a function of the inputs it is not: of two factors that are 0, each one's gradient is
the other times the rest. `_UnsortedSegmentProdGrad` divides by the inputs besides, and leaves out
what is not finite afterwards, so its second derivative is NaN.

A mend: products from the left and from the right without the element, by `exclusive` scans. Until
then: multiply one by one.

It prints:

    found    [0. 0. 0.]
    expected [3. 3. 0.]
    remedy   [3. 3. 0.]
"""

import tensorflow as tf

x = tf.constant([0.0, 0.0, 3.0])


def second(function):
    """Return the derivative of the first gradient's sum: the sums of the Hessian's rows."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        slope = inner.gradient(y, x)
    return outer.gradient(slope, x).numpy()


print("found   ", second(lambda x: tf.math.segment_prod(x, [0, 0, 0])))
print("expected", second(lambda x: x[0] * x[1] * x[2]))
print("remedy  ", second(lambda x: tf.foldl(tf.multiply, x)))
