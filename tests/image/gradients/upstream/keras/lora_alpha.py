"""Dense and Embedding with lora_rank forget lora_alpha when they are built.

Where `lora_rank` is given, `build` calls `self.enable_lora(self.lora_rank)`, whose
`lora_alpha=None` then puts the rank for `lora_alpha`. So the narrow matrices count by another
factor than was asked for, and a layer made again from its configuration computes something else.
`Embedding` and `ReversibleEmbedding` do the same; `EinsumDense` passes
`lora_alpha=self.lora_alpha`, and is right.

A mend: pass it in the other layers, too. Until then: call `enable_lora` after `build`.

It prints:

    found    2
    expected 8
    remedy   8
"""

import keras


def alpha(layer, enable=lambda layer: None):
    layer.build((1, 4))
    enable(layer)
    return layer.lora_alpha


asked = {"lora_rank": 2, "lora_alpha": 8}
print("found   ", alpha(keras.layers.Dense(3, **asked)))
print("expected", alpha(keras.layers.EinsumDense("ab,bc->ac", 3, **asked)))
print("remedy  ", alpha(keras.layers.Dense(3), lambda layer: layer.enable_lora(2, lora_alpha=8)))
