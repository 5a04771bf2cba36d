"""An optimizer with use_ema cannot finish training a layer in float8.

A variable that is replaced by its gradient, as the scales of float8 are, has no moving average:
None stands in its place in `_model_variables_moving_average`. `finalize_variable_values`, which
`fit` calls at its end, and `ema_overwrite_frequency` assign that None: "Attempt to convert a
value (None) with an unsupported type".

A mend: leave out those that are None in `_overwrite_model_variables_with_average_value`. Until
then: do so in a class of your own.

It prints:

    found    ValueError
    expected [0.75]
    remedy   [0.75]
"""

import keras
import numpy as np


class Averaged(keras.optimizers.SGD):
    """SGD that leaves alone what has no average."""

    def finalize_variable_values(self, var_list):
        for variable, mean in zip(var_list, self._model_variables_moving_average, strict=True):
            if mean is not None:
                variable.assign(mean)


def trained(optimizer, mode="float8"):
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones")])
    model.build((None, 1))
    if mode:
        model.layers[0].quantize(mode)
    model.compile(optimizer(0.125, use_ema=True, ema_momentum=0.5), "mse")
    try:
        model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
    except ValueError as error:
        return type(error).__name__
    return model.layers[0].kernel.numpy().ravel()


print("found   ", trained(keras.optimizers.SGD))
print("expected", trained(keras.optimizers.SGD, mode=None))
print("remedy  ", trained(Averaged))
