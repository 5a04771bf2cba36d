"""The gradient of a truncated normal in its mean and deviation lets the bounds move along.

`_StatelessParameterizedTruncatedNormalGrad` has `dmean = ones_like(sample_std)` and `dstddev =
sample_std`: the gradients of mean + deviation * z for a z between bounds that stay where they
are. But `minval` and `maxval` are bounds of the sample, so those of z move against mean and
deviation, and the rule wants `dmean = 1 - dminval - dmaxval`, and
`dstddev = sample_std - dminval * minval_std - dmaxval * maxval_std`.

Below: the implicit gradient of what was drawn, by SciPy. A mend: these two lines. Until then:
draw a standard one between bounds that are worked out, and move it.

It prints:

    found    1.0
    expected 0.311
    remedy   0.311
"""

import scipy.stats
import tensorflow as tf

draw = tf.random.stateless_parameterized_truncated_normal
mean, deviation, low, high = (tf.constant(part, tf.float64) for part in (0.5, 1.5, -1.0, 2.0))


def gradient(function):
    with tf.GradientTape() as tape:
        tape.watch(mean)
        drawn = function(mean)[0]
    return drawn.numpy(), round(float(tape.gradient(drawn, mean)), 4)


def normal(mean):
    ends = [(bound - mean) / deviation for bound in (low, high)]
    return scipy.stats.truncnorm(*ends, loc=mean, scale=deviation)


def moved(mean):
    ends = [(bound - mean) / deviation for bound in (low, high)]
    return mean + deviation * draw([1], [1, 2], tf.zeros_like(mean), tf.ones_like(mean), *ends)


drawn, found = gradient(lambda mean: draw([1], [1, 2], mean, deviation, low, high))
chance = normal(0.5).cdf(drawn)
print("found   ", found)
print(
    "expected", round((normal(0.5 + 1e-6).ppf(chance) - normal(0.5 - 1e-6).ppf(chance)) / 2e-6, 4)
)
print("remedy  ", gradient(moved)[1])
