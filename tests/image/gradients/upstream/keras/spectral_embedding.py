"""SpectralNormalization of an Embedding returns whole numbers.

`call` ends with `ops.cast(output, inputs.dtype)`. An `Embedding`, which the layer accepts by its
`embeddings`, has ids for inputs, so what it returns is cut to whole numbers.

A mend: `self.compute_dtype`. Until then: give the ids as numbers with a point.

It prints:

    found    [1 0]
    expected [1.5  0.75]
    remedy   [1.5  0.75]
"""

import keras
import numpy as np

inner = keras.layers.Embedding(2, 2)
inner.build()
inner.set_weights([np.array([[0.25, 0.5], [1.5, 0.75]])])
layer = keras.layers.SpectralNormalization(inner)
layer.build((1, 1))
ids = np.array([[1]])
print("found   ", layer(ids)[0, 0].numpy())
print("expected", inner(ids)[0, 0].numpy())
print("remedy  ", layer(ids.astype("float32"))[0, 0].numpy())
