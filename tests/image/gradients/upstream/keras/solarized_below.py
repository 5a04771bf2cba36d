"""Solarization draws from 0 on, whatever the lesser of its two factors is.

`get_random_transformation` draws between `addition_factor[0]` and `addition_factor[1] * 255`, and
thresholds likewise: the greater factor is a part of 255, the lesser one of 1. With (0.5, 0.5) all
images should get the same.

A mend: `self.addition_factor[0] * 255`, and the same of the threshold. Until then: add a constant
oneself, and give one factor.

It prints:

    found    from 0 to 127
    expected from 127 to 127
    remedy   from 127 to 127
"""

import keras
import numpy as np

images = np.zeros((4000, 1, 1, 1), "float32")
layer = keras.layers.Solarization(addition_factor=(0.5, 0.5), seed=1)
drawn = np.asarray(layer.get_random_transformation(images)["additions"])
print("found   ", "from", int(drawn.min()), "to", int(drawn.max()))
print("expected", "from", int(0.5 * 255), "to", int(0.5 * 255))
remedy = images + 0.5 * 255
print("remedy  ", "from", int(remedy.min()), "to", int(remedy.max()))
