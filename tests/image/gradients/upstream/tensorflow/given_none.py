"""A gradient of None for one of several targets raises, or ends the process.

`GradientTape.gradient` keeps a None among `output_gradients` on purpose, and `imperative_grad`
says what it stands for: the target counts by what comes after it alone. So it does where the
targets are of a `tf.function`. Of eager ones `TFE_Py_TapeGradient` hands on None itself: the rule
of most operations raises "Attempt to convert a value (None) with an unsupported type", and where
another target uses this one, `AggregateGradients` in `pywrap_tfe_src.cc` ends the process: "Check
failed: gradient_tensors[i] != Py_None".

A mend: leave out targets whose gradient is None, where they have gradients already; in
`InitialGrads`, for all. Until then: give zeros.

It prints:

    found    SIGABRT
    expected [ 6. 12.]
    remedy   [ 6. 12.]
"""

import os
import signal

CHILD = os.fork() == 0

import tensorflow as tf  # noqa: E402 - a process that has started it is not to fork

x = tf.constant([1.0, 2.0])


def targets(x):
    y = x * x
    return y, 3 * y


def gradient(targets, given):
    with tf.GradientTape() as tape:
        tape.watch(x)
        both = targets(x)
    return tape.gradient(both, x, output_gradients=[given, tf.ones(2)]).numpy()


if CHILD:
    gradient(targets, None)
    os._exit(0)
aborted = os.waitstatus_to_exitcode(os.wait()[1]) == -signal.SIGABRT
print("found   ", "SIGABRT" if aborted else gradient(targets, None))
print("expected", gradient(tf.function(targets), None))
print("remedy  ", gradient(targets, tf.zeros(2)))
