"""Optimizers square the rows of tf.IndexedSlices before they sum repeated ids.

With the TensorFlow backend, `Embedding` has a gradient of `tf.IndexedSlices` whose indices repeat
where ids do. `BaseOptimizer.apply` passes it on as it is; `ops.square`, `ops.clip` and the norms
of `clipnorm` and `global_clipnorm` then work on each row of `values`, though the gradient of an
id is the sum of its rows, and the square of a sum is not the sum of squares. So Adam, AdamW,
Nadam, Adamax, Lamb, RMSprop, Adagrad, Adadelta, Adafactor, Ftrl, ScheduleFreeAdamW and Muon's
AdamW train an `Embedding` otherwise than `Dense` on one-hot inputs, which is the same function;
clipping is wrong with every optimizer. Eager execution, `tf.function` and XLA agree.

Adam's first step is the rate, whatever the gradient. TensorFlow's own optimizers summed first
(`_deduplicate_indexed_slices`). A mend: in the TensorFlow backend's `apply`, before clipping,
replace each `tf.IndexedSlices` by one whose indices are unique (`tf.unique`,
`tf.math.unsorted_segment_sum`). Until then: make such gradients dense.

It prints:

    found    [0.707 0.5  ]
    expected [0.5 0.5]
    remedy   [0.5 0.5]
"""

import keras
import numpy as np
import tensorflow as tf


class Summed(keras.optimizers.Adam):
    """Adam of dense gradients, in which repeated ids are summed."""

    def apply(self, grads, trainable_variables=None):
        super().apply([tf.convert_to_tensor(grad) for grad in grads], trainable_variables)


def trained(layer, inputs, optimizer=keras.optimizers.Adam):
    model = keras.Sequential([layer])
    model.build(inputs.shape)
    model.set_weights([np.zeros((2, 1))])
    model.compile(optimizer(0.5), "mse")
    model.fit(inputs, np.ones((1, 3, 1)), verbose=0)
    return model.get_weights()[0].ravel().round(3)


ids = np.array([[0, 0, 1]])
print("found   ", trained(keras.layers.Embedding(2, 1), ids))
print("expected", trained(keras.layers.Dense(1, use_bias=False), np.eye(2)[ids]))
print("remedy  ", trained(keras.layers.Embedding(2, 1), ids, Summed))
