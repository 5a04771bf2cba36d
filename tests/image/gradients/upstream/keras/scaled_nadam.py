"""Nadam inside a LossScaleOptimizer does not save the product of its momenta.

`Nadam.build` makes `self._u_product = backend.Variable(1.0, dtype=dtype)`, and leaves it to the
attribute's assignment to track it. `LossScaleOptimizer.build`, which builds the optimizer inside,
is decorated with `no_automatic_dependency_tracking`, so there it is not tracked, and neither
`save_own_variables` nor a saved model has it. What is loaded goes on with a product of 1: other
steps than those of the optimizer that was saved.

A mend: make it by `self.add_variable`. Until then: with a scale that stays, `loss_scale_factor`.

It prints:

    found    [-0.9]
    expected [-0.625]
    remedy   [-0.625]
"""

import keras
import tensorflow as tf

kinds = keras.optimizers


def steps(make):
    """Train three steps, save, load, and take the fourth with both."""
    saved, store, weight = make(), {}, keras.Variable([1.0])
    for _ in range(3):
        saved.apply([tf.ones(1)], [weight])
    loaded, copy = make(), keras.Variable(weight)
    loaded.build([copy])
    saved.save_own_variables(store)
    loaded.load_own_variables(store)
    saved.apply([tf.ones(1)], [weight])
    loaded.apply([tf.ones(1)], [copy])
    return copy.numpy().round(3), weight.numpy().round(3)


found, expected = steps(lambda: kinds.LossScaleOptimizer(kinds.Nadam(0.5), initial_scale=1.0))
print("found   ", found)
print("expected", expected)
print("remedy  ", steps(lambda: kinds.Nadam(0.5, loss_scale_factor=1.0))[0])
