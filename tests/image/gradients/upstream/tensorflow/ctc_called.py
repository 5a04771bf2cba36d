"""A persistent tape around a tf.function of the CTC loss finds no gradient.

A tape that is persistent, or that another tape is around, asks a called function for a gradient
that can be differentiated again. The custom gradient of `ctc_loss_dense` is a loop, whose
gradient's gradient the graph has as `SymbolicGradient`, an operation without a rule, nor a kernel
in a loop's body: TensorFlow says no more than "SymbolicGradient", or "No gradient defined for
operation".

The second such loss of a process says "Shapes (3, 1, 4) and (5, 2, 6) are not compatible", where it
has other sizes than the first: a loop's body is named by a hash of its operations, without shapes
(`_scan` in `ctc_ops.py`, by `function.Defun`), so the second loop runs the first one's body.

A mend: as other custom gradients are called. Until then: a tape that is not persistent, or one
inside the function.

It prints:

    found    NotFoundError
    expected [-0.307  0.04   0.267]
    remedy   [-0.307  0.04   0.267]
"""

import tensorflow as tf

logits = tf.random.stateless_normal([3, 1, 3], [1, 2])


def loss(logits):
    return tf.nn.ctc_loss(tf.constant([[1]]), logits, [1], [3], blank_index=0)


def gradient(loss, **options):
    with tf.GradientTape(**options) as tape:
        tape.watch(logits)
        value = loss(logits)
    try:
        return tape.gradient(value, logits)[0, 0].numpy().round(3)
    except (LookupError, tf.errors.NotFoundError) as error:
        return type(error).__name__


print("found   ", gradient(tf.function(loss), persistent=True))
print("expected", gradient(loss, persistent=True))
print("remedy  ", gradient(tf.function(loss)))
