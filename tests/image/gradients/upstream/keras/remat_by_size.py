"""A functional model that is made in a RematScope by size cannot be called with an array.

`Operation.rematerialized_call` asks the operation itself for its output's shape, with the arguments
of the call, to learn whether it is large. A functional model makes tensors of arrays only in its
`call`, so there the arguments are arrays still; its first layer is asked for the shape of what it
gives, and finds no tensor among its arguments. A layer that is called alone is right.

A mend: make tensors of the arguments before. Until then: call it with tensors.

It prints:

    found    TypeError
    expected [[3.0]]
    remedy   [[3.0]]
"""

import keras
import numpy as np
import tensorflow as tf

with keras.RematScope(mode="larger_than", output_size_threshold=1):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(inputs))

array = np.ones((1, 3), "float32")
try:
    print("found   ", model(array).numpy().tolist())
except TypeError as error:
    print("found   ", type(error).__name__)
print("expected", array.sum(1, keepdims=True).tolist())
print("remedy  ", model(tf.constant(array)).numpy().tolist())
