"""The size of a variable that a branch chose is, in a graph, that of another one.

Branches may give a variable's handle. Where their variables differ in size, the graph knows none:
the static shape of what is read is unknown, as it should be. Grappler replaces `tf.shape` and
`tf.size` by constants all the same, of one of the variables, be it the one or the other from run to
run, so whatever is computed from them is wrong. What is read is right.

A mend: Grappler must not take the shapes of one branch's handles for those of the branching
operation. Until then: read inside of the branches, or with
`tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})`.

It prints:

    found    False
    expected True
    remedy   True
"""

import tensorflow as tf

one, other = tf.Variable(tf.ones(3)), tf.Variable(tf.ones(4))


@tf.function(input_signature=[tf.TensorSpec([], tf.bool)])
def outside(first):
    handle = tf.cond(first, lambda: one.handle, lambda: other.handle)
    return tf.size(tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32))


@tf.function(input_signature=[tf.TensorSpec([], tf.bool)])
def inside(first):
    return tf.size(tf.cond(first, one.read_value, other.read_value))


def right(size):
    return [int(size(first)) for first in (True, False)] == [3, 4]


print("found   ", right(outside))
print("expected", True)
print("remedy  ", right(inside))
