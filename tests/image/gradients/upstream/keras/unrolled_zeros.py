"""zero_output_for_mask zeros other steps where a recurrent layer is unrolled backwards.

In the TensorFlow backend's `rnn`, unrolled, `go_backwards` turns `mask_list` around, and not
`mask`, which `outputs = tf.where(_expand_mask(mask, outputs, ...), outputs, zeros)` then puts on
outputs that stand in the other order. The loop that is not unrolled is right.

A mend: `tf.stack(mask_list)`. Until then: turn inputs and mask around before the layer.

It prints:

    found    [0. 2. 0.]
    expected [0. 2. 1.]
    remedy   [0. 2. 1.]
"""

import keras
import numpy as np

x = np.array([[[1.0], [2.0], [3.0]]])
shown = np.array([[True, True, False]])


def outputs(x, shown, **options):
    layer = keras.layers.SimpleRNN(
        1, activation=None, return_sequences=True, zero_output_for_mask=True, **options
    )
    layer.build(x.shape)
    layer.set_weights([np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1)])
    return layer(x, mask=shown).numpy().ravel()


print("found   ", outputs(x, shown, go_backwards=True, unroll=True))
print("expected", outputs(x, shown, go_backwards=True))
print("remedy  ", outputs(x[:, ::-1], shown[:, ::-1], unroll=True))
