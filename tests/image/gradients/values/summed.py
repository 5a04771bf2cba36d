"""An optimizer that is right for an Embedding: docs/wrong.md shows this program."""

import keras
import tensorflow as tf


class Summed:
    """Stands before an optimizer among a class's bases, and makes sparse gradients dense."""

    def apply(self, grads, trainable_variables=None):
        """Add up the gradients of repeated ids; Keras's `fit` and `apply_gradients` call it."""
        dense = [
            tf.convert_to_tensor(grad) if isinstance(grad, tf.IndexedSlices) else grad
            for grad in grads
        ]
        super().apply(dense, trainable_variables)


class SummedAdam(Summed, keras.optimizers.Adam):
    """Adam, right for an Embedding."""
