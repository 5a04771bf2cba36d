"""The gradient of tf.nn.weighted_cross_entropy_with_logits is wrong where a logit is 0.

It is computed as `(1 - labels) * logits + weight * (log1p(exp(-abs(logits))) + relu(-logits))`.
The two kinks cancel each other, but not their gradients, which are 0 at 0: what comes out is
`1 - labels`, and not `1 - labels - weight / 2`. A model whose last layer starts from zeros has all
of its logits there: with the labels 1 its first step has no gradient at all.

A mend: as `sigmoid_cross_entropy_with_logits` does it, `where(logits >= 0, -logits, logits)` for
`-abs(logits)`, and the other kink by the same condition. Until then:
`softplus(-logits) * weight + (1 - labels) * logits`.

It prints:

    found    [0.0, 1.0]
    expected [-1.5, 0.5]
    remedy   [-1.5, 0.5]
"""

import tensorflow as tf

labels, logits = tf.constant([1.0, 0.0]), tf.constant([0.0, 0.0])


def gradient(function):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        y = function()
    return tape.gradient(y, logits).numpy().tolist()


def remedy():
    weight = 1 + (3.0 - 1) * labels
    return tf.nn.softplus(-logits) * weight + (1 - labels) * logits


found = gradient(lambda: tf.nn.weighted_cross_entropy_with_logits(labels, logits, 3.0))
print("found   ", found)
print("expected", [-1.5, 0.5])
print("remedy  ", gradient(remedy))
