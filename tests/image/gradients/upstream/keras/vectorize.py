"""ops.vectorize raises for whatever has an axis with the TensorFlow backend.

`vectorize_impl` hands a tuple of axes to the backend's `_vmap_fn`, one for each argument, which
refuses all but the number 0: `(0,)`, too. So only scalars are taken, and the example that its
documentation gives raises. It forgets `excluded`, too: `excluded = None or set()` is always empty.

A mend: map over the arguments whose axis is 0, hand the others on as they are, and write
`excluded = excluded or set()`. Until then: write the loop with `tf.vectorized_map`.

It prints:

    found    ValueError
    expected [2.0, 3.0, 4.0]
    remedy   [2.0, 3.0, 4.0]
"""

import keras
import numpy as np
import tensorflow as tf


def add(number):
    return number + 1


def tried(function):
    try:
        return function(tf.constant([1.0, 2.0, 3.0])).numpy().tolist()
    except ValueError as error:
        return type(error).__name__


print("found   ", tried(keras.ops.vectorize(add)))
print("expected", np.vectorize(add)([1.0, 2.0, 3.0]).tolist())
print("remedy  ", tried(lambda numbers: tf.vectorized_map(add, numbers)))
