"""A periodic Hann or Hamming window of an odd length is the symmetric one.

`_raised_cosine_window` divides by `window_length + periodic * even - 1`, so where the length is odd
`periodic`, the default of `tf.signal.stft`, changes nothing, and the sum of shifted windows is not
constant. SciPy had the same code, and mended it in 2015 (scipy/scipy#4551).

A mend: `window_length + periodic - 1`. Until then: a symmetric window of one more, without its end.

It prints:

    found    [0.0, 0.5, 1.0, 0.5, 0.0]
    expected [0.0, 0.345, 0.905, 0.905, 0.345]
    remedy   [0.0, 0.345, 0.905, 0.905, 0.345]
"""

import numpy as np
import tensorflow as tf


def rounded(window):
    return np.round(np.float64(window), 3).tolist()


print("found   ", rounded(tf.signal.hann_window(5)))
print("expected", rounded(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(5) / 5)))
print("remedy  ", rounded(tf.signal.hann_window(6, periodic=False)[:-1]))
