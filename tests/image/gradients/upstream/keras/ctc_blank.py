"""ops.ctc_decode by beam search counts the other classes twice where the blank is -1.

The TensorFlow backend moves the scores of the blank behind the others: `inputs[..., :mask_index]`,
`inputs[..., mask_index + 1:]` and `inputs[..., mask_index : mask_index + 1]`. Of -1 the second has
all scores and the last none: what is decoded has five classes where three were given. The loss, and
the greedy strategy, take -1 for the last class.

A mend: add the number of classes first, as it does when it undoes this. Until then: count from the
front.

It prints:

    found    -1.37
    expected -0.58
    remedy   -0.58
"""

import keras
import numpy as np

scores = np.array([[[0.5, 0.25, 2.0], [1.5, 0.0, 0.75]]])


def likelihood(blank):
    found = keras.ops.ctc_decode(scores, np.array([2]), "beam_search", mask_index=blank)
    return round(float(found[1][0, 0]), 2)


chances = np.exp(scores[0]) / np.exp(scores[0]).sum(-1, keepdims=True)
(a, _, b), (c, _, d) = chances
print("found   ", likelihood(-1))
print("expected", round(float(np.log(a * c + a * d + b * c)), 2))
print("remedy  ", likelihood(2))
