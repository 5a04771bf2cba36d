"""The gradient of tf.image.rgb_to_hsv is 0 in a channel that is 0.

The saturation is 1 - min / max: in the least of the three channels it falls by 1 / max, at 0 as
well as beside it. `_RGBToHSVGrad` multiplies what it has for a channel by whether that channel is
above 0. So a pixel of a pure colour, as yellow or cyan, has no gradient in what would make it
paler.

A mend: ask whether the largest of the three is above 0, as the saturation itself does. Until then:
compute the saturation by `tf.reduce_max` and `tf.reduce_min`.

It prints:

    found    [[0.0, 0.0, 0.0]]
    expected [[-1.0, 0.0, 0.0]]
    remedy   [[-1.0, 0.0, 0.0]]
"""

import tensorflow as tf

x = tf.constant([[0.0, 0.75, 1.0]])


def gradient(saturation):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = saturation(x)
    return tape.gradient(y, x).numpy().tolist()


print("found   ", gradient(lambda x: tf.image.rgb_to_hsv(x)[:, 1]))
print("expected", [[-1.0, 0.0, 0.0]])
print("remedy  ", gradient(lambda x: 1 - tf.reduce_min(x, -1) / tf.reduce_max(x, -1)))
