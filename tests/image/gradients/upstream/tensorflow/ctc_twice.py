"""The second derivative of tf.nn.ctc_loss is NaN.

`ctc_loss_and_grad` works out loss and gradient in the log domain, with the logarithm of 0 for
what cannot follow (`math_ops.log(state_trans_probs)`). "It does not have a gradient of its own
defined", says its documentation; TensorFlow differentiates it all the same, and infinity minus
infinity is NaN for every logit.

A mend: a rule that stops there, or an error. Until then: differences of the gradient, which is
right.

It prints:

    found    [nan nan nan]
    expected [-0.001  0.081 -0.08 ]
    remedy   [-0.001  0.081 -0.08 ]
"""

import tensorflow as tf

logits = tf.constant([[[0.5, 0.25, -0.5]], [[0.25, -0.5, 1.0]], [[1.0, 0.5, 0.25]]])
PATHS = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]]


def loss(logits):
    return tf.nn.ctc_loss(tf.constant([[1]]), logits, [1], [3], blank_index=0)[0]


def listed(logits):
    """Return the same loss by all alignments of the label 1 to three frames."""
    steps = zip(*PATHS, strict=True)
    chances = tf.nn.log_softmax(logits[:, 0])
    return -tf.reduce_logsumexp(
        sum(tf.gather(one, step) for one, step in zip(chances, steps, strict=True))
    )


def gradient(logits, loss):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits)
    return tape.gradient(value, logits)


def second(loss):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        slope = gradient(logits, loss)[0, 0, 0]
    return tape.gradient(slope, logits)[0, 0].numpy().round(3)


ahead = 0.01 * tf.one_hot([[0], [3], [3]], 3)
change = gradient(logits + ahead, loss) - gradient(logits - ahead, loss)
print("found   ", second(loss))
print("expected", second(listed))
print("remedy  ", (change[0, 0] / 0.02).numpy().round(3))
