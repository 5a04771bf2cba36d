"""MultiHeadAttention overwrites its argument query_mask.

`call` has the argument `query_mask`, and begins with `query_mask =
backend.get_keras_mask(query)`: what was given is lost, and queries that it hides are answered as
if they were shown. `key_mask` and `value_mask` are kept.

A mend: only where it is None. Until then: say it in `attention_mask`.

It prints:

    found    [0.014 3.943]
    expected [0.5 2. ]
    remedy   [0.5 2. ]
"""

import keras
import numpy as np

query, value = np.array([[[1.0, 0.0], [2.0, 2.0]]]), np.array([[[1.0, 0.0], [0.0, 4.0]]])
shown = np.array([[True, False]])
layer = keras.layers.MultiHeadAttention(1, 2, use_bias=False)
layer.build(query.shape, value.shape)
layer.set_weights([np.eye(2).reshape(weight.shape) for weight in layer.get_weights()])
hidden = keras.layers.Masking(2.0)(query)
print("found   ", layer(query, value, query_mask=shown)[0, 1].numpy().round(3))
print("expected", layer(hidden, value)[0, 1].numpy().round(3))
print("remedy  ", layer(query, value, attention_mask=shown[:, :, None])[0, 1].numpy().round(3))
