"""RandomGrayscale raises for a dictionary of images and what goes along with them.

`get_random_transformation` asks for the shape of what it is given, which is the whole dictionary:
"'dict' object has no attribute 'shape'". The other layers take `data["images"]` first.

A mend: the same two lines as in RandomInvert. Until then: give the layer the images alone, which is
all it changes.

It prints:

    found    AttributeError
    expected [1.0]
    remedy   [1.0]
"""

import keras
import numpy as np

layer = keras.layers.RandomGrayscale(1.0)
labelled = {"images": np.ones((1, 4, 4, 3), "float32"), "labels": np.ones((1, 1))}
try:
    found = layer(dict(labelled))["labels"].numpy().ravel().tolist()
except Exception as error:
    found = type(error).__name__
print("found   ", found)
print("expected", labelled["labels"].ravel().tolist())
labelled["images"] = layer(labelled["images"])
print("remedy  ", labelled["labels"].ravel().tolist())
