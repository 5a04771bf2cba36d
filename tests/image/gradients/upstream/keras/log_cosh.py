"""LogCosh has float32's logarithm of 2 in float64.

`log_cosh` computes `log2 = ops.convert_to_tensor(ops.log(2.0), dtype=y_pred.dtype)`: `ops.log` of
a Python number is float32, and is made float64 afterwards, so every loss is 2e-9 too small.

A mend: `math.log(2.0)`. Until then: write the loss out.

It prints:

    found    0.433780828578
    expected 0.433780830483
    remedy   0.433780830483
"""

import math

import keras
import numpy as np

truth, guess = np.zeros(1), np.ones(1)


def log_cosh(truth, guess):
    error = guess - truth
    return keras.ops.mean(error + keras.ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


print(f"found    {keras.losses.log_cosh(truth, guess).numpy():.12f}")
print(f"expected {np.log(np.cosh(1.0)):.12f}")
print(f"remedy   {log_cosh(truth, guess).numpy():.12f}")
