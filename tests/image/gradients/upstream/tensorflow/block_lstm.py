"""The gradient of BlockLSTMV2 is that of BlockLSTM, whose gates stand in another order.

`rnn_grad.py` registers one function for both, and calls `block_lstm_grad`, which takes the
columns of `w` and `b` for input, new cell, forget, output. In BlockLSTMV2 they are input, forget,
new cell, output, and no 1 is added to the forget gate. The gradient is off by more than its own
size.

A mend: `block_lstm_grad_v2`, which there is, and which gives what is expected below. Until then:
BlockLSTM, with columns in its order, and 1 less in the forget gate's bias.

It prints:

    found    [0.027 0.03  0.048 0.092]
    expected [0.027 0.048 0.03  0.092]
    remedy   [0.027 0.048 0.03  0.092]
"""

import tensorflow as tf

one = tf.ones([1, 1])
w, bias = (
    tf.constant([[0.5, -1.0, 2.0, 0.25], [1.0, 0.5, -0.5, 0.75]]),
    tf.constant([0.0, 1.0, 0.0, 1.0]),
)


def block(operation, w, bias):
    more = {name: tf.zeros([1]) for name in ("wci", "wcf", "wco")}
    more |= {"cs_prev": one, "h_prev": one, "seq_len_max": tf.constant(1, tf.int64)}
    return operation(x=one[None], w=w, b=bias, **more).h


def by_hand(w, bias):
    take, keep, new, show = tf.split(tf.concat([one, one], 1) @ w + bias, 4, 1)
    cell = tf.sigmoid(take) * tf.tanh(new) + tf.sigmoid(keep) * one
    return tf.sigmoid(show) * tf.tanh(cell)


def older(w, bias):
    order = [0, 2, 1, 3]
    bias = tf.gather(bias, order) - [0.0, 0.0, 1.0, 0.0]
    return block(tf.raw_ops.BlockLSTM, tf.gather(w, order, axis=1), bias)


def gradient(function):
    with tf.GradientTape() as tape:
        tape.watch(bias)
        y = function(w, bias)
    return tf.convert_to_tensor(tape.gradient(y, bias)).numpy().round(3)


print("found   ", gradient(lambda *both: block(tf.raw_ops.BlockLSTMV2, *both)))
print("expected", gradient(by_hand))
print("remedy  ", gradient(older))
