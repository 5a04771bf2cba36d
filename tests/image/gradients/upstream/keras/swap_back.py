"""SwapEMAWeights leaves the means of the weights in the model after a prediction.

`on_predict_end` swaps `if not self._ema_weights_in_model`, which is never so there, since
`on_predict_begin` has just put them in; `on_test_end` asks the right way round. Training that goes
on starts from the means, and the next step averages the weights that it should have trained.

A mend: `if self._ema_weights_in_model`. Until then: end a prediction as an evaluation ends.

It prints:

    found    [1.625]
    expected [1.75]
    remedy   [1.75]
"""

import keras
import numpy as np


class SwappedBack(keras.callbacks.SwapEMAWeights):
    """The callback, with what the end of a prediction leaves out."""

    def on_predict_end(self, logs=None):
        self.on_test_end(logs)


def trained():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    optimizer = keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5)
    model.compile(optimizer, loss="mean_squared_error", run_eagerly=True)
    model.set_weights([np.array([[1.0]])])
    for _ in range(2):
        model.train_on_batch(np.array([[1.0]]), np.array([[2.0]]))
    return model


def predicted(callback):
    model = trained()
    model.predict(np.array([[1.0]]), callbacks=[callback], verbose=0)
    return model.get_weights()[0].reshape(-1)


print("found   ", predicted(keras.callbacks.SwapEMAWeights()))
print("expected", trained().get_weights()[0].reshape(-1))
print("remedy  ", predicted(SwappedBack()))
