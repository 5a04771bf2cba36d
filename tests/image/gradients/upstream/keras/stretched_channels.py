"""AutoContrast with data_format="channels_first" stretches columns instead of channels.

`transform_images` takes the least and the greatest along `axis=(1, 2)`, which are the channels and
the rows where channels come first: each column of all colours together uses the whole range, and
two images that differ by their layout alone become different. RandomContrast takes the axes from
`data_format`; so should this.

A mend: `axis=(2, 3)` there. Until then: move the channels to the end for it.

It prints:

    found    [0.0, 0.25, 0.5, 1.0]
    expected [0.0, 1.0, 0.0, 1.0]
    remedy   [0.0, 1.0, 0.0, 1.0]
"""

import keras
import numpy as np

image = np.array([[[[0.0], [0.25]], [[0.5], [1.0]]]])
options = {"value_range": (0, 1), "dtype": "float64"}
first = keras.layers.AutoContrast(data_format="channels_first", **options)
last = keras.layers.AutoContrast(**options)
expected = [(c - c.min()) / (c.max() - c.min()) for c in image[0]]
turned = keras.ops.transpose(image, (0, 2, 3, 1))
print("found   ", first(image).numpy().ravel().tolist())
print("expected", np.ravel(expected).tolist())
print("remedy  ", keras.ops.transpose(last(turned), (0, 3, 1, 2)).numpy().ravel().tolist())
