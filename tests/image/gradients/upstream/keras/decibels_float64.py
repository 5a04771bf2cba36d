"""MelSpectrogram raises for float64, which its code provides for.

`call` keeps float64, "jax, tf supports only float32 and float64 in stft"; `_dbscale` then makes
`self.ref_power` a tensor without a type, which is float32, and takes its logarithm from that of
float64: "cannot compute Sub as input #1 was expected to be a double tensor but is a float tensor".

A mend: `convert_to_tensor(self.ref_power, inputs.dtype)`. Until then: `power_to_db=False`, and the
logarithm after it.

It prints:

    found    InvalidArgumentError
    expected float64
    remedy   float64
"""

import keras
import numpy as np

sound = np.ones(40)
options = {"fft_length": 16, "dtype": "float64"}
try:
    found = keras.layers.MelSpectrogram(**options)(sound).dtype.name
except Exception as error:
    found = type(error).__name__
print("found   ", found)
print("expected", "float64")
powers = keras.layers.MelSpectrogram(power_to_db=False, **options)(sound)
print("remedy  ", (10 * keras.ops.log10(keras.ops.maximum(powers, 1e-10))).dtype.name)
