"""A stateful RNN of stacked LSTM cells cannot reset its states.

`RNN.reset_state` goes through `self.states`, and calls `assign` of each. Where cells are stacked
and one has two states, as an LSTM's has, its entry is a list: "'ListWrapper' object has no
attribute 'assign'".

A mend: `for v in tree.flatten(self.states)`. Until then: do that yourself.

It prints:

    found    AttributeError
    expected 0.0
    remedy   0.0
"""

import keras
import numpy as np

cells = [keras.layers.GRUCell(2), keras.layers.LSTMCell(2)]
layer = keras.layers.RNN(cells, stateful=True)
first = layer(np.ones((1, 3, 2), "float32"))
try:
    layer.reset_state()
    print("found   ", np.abs(layer(np.ones((1, 3, 2), "float32")) - first).max())
except AttributeError as error:
    print("found   ", type(error).__name__)
print("expected", 0.0)
for state in keras.tree.flatten(layer.states):
    state.assign(keras.ops.zeros_like(state))
print("remedy  ", np.abs(layer(np.ones((1, 3, 2), "float32")) - first).max())
