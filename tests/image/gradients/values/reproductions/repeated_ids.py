"""Two models that are the same function train otherwise: numerics.md shows this program."""

import keras
import numpy as np

ids = np.array([[0, 0, 1]])
lookup = keras.Sequential([keras.layers.Embedding(2, 1)])
product = keras.Sequential([keras.layers.Dense(1, use_bias=False)])
for model, inputs in (lookup, ids), (product, np.eye(2)[ids]):
    model.build(inputs.shape)
    model.set_weights([np.zeros((2, 1))])
    model.compile(keras.optimizers.Adam(0.5), "mse")
    model.fit(inputs, np.ones((1, 3, 1)), verbose=0)
    print(*model.get_weights()[0].ravel().round(3))
