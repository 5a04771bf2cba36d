"""activations.relu gives 0 at its threshold, which its documentation leaves as it is.

"`f(x) = x` if `threshold <= x < max_value`", say `relu` and the layer ReLU. `static_call` keeps
what is `greater` than the threshold alone: at the threshold itself 0 comes out, and so it does
with a `negative_slope`, of which the line ends there at 0, too.

A mend: `greater_equal`. Until then: a threshold that is the next smaller number.

It prints:

    found    [0.0, 0.0, 0.75]
    expected [0.0, 0.5, 0.75]
    remedy   [0.0, 0.5, 0.75]
"""

import keras
import numpy as np

values = np.array([0.25, 0.5, 0.75])
relu = keras.activations.relu
print("found   ", relu(values, threshold=0.5).numpy().tolist())
print("expected", np.where(values >= 0.5, values, 0).tolist())
print("remedy  ", relu(values, threshold=np.nextafter(0.5, 0)).numpy().tolist())
