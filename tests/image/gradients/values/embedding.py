"""An Embedding against the product that it is, trained by each of Keras's optimizers.

A row gives an optimizer, and how wrong the Embedding comes out: part of the record, so that
another wrong answer fails, and so does the right one. It is the norm of the difference after
`STEPS` steps, as a part of the way that the weights go; 0 where Keras is right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import optimizers

REASON = "Keras does not sum the gradients of an Embedding's repeated ids before what is not linear"
STEPS, RATE = 5, 0.125
#: Twelve ids of six, of which five occur, three of them more than once.
IDS = np.array([[0, 2, 2], [2, 1, 0], [2, 4, 1], [0, 0, 0]])
START = np.random.default_rng(5).standard_normal((6, 3))
TARGET = np.random.default_rng(6).standard_normal((*IDS.shape, 3))

#: The two layers have one name: Muon goes by it.
NAMES = {"name": "embedding", "dtype": "float64"}

#: An optimizer's class, or one that is made of it.
Of = Callable[[type[keras.Optimizer]], type[keras.Optimizer]]


@dataclass(frozen=True)
class Row:
    """An optimizer, of a class as it is or as it is mended, and the recorded error."""

    make: Callable[[Of], keras.Optimizer]
    wrong: float = 0.0


def plain(kind: type[keras.Optimizer], **options: object) -> Callable[[Of], keras.Optimizer]:
    """Return what makes an optimizer of a class, with these options."""
    return lambda of: of(kind)(RATE, **options)


ROWS = {
    "SGD": Row(plain(optimizers.SGD)),
    "momentum": Row(plain(optimizers.SGD, momentum=0.5)),
    "Nesterov": Row(plain(optimizers.SGD, momentum=0.5, nesterov=True)),
    "clipnorm": Row(plain(optimizers.SGD, clipnorm=0.125), 0.734254378),
    "clipvalue": Row(plain(optimizers.SGD, clipvalue=0.03125), 2.09837178),
    "global_clipnorm": Row(plain(optimizers.SGD, global_clipnorm=0.125), 0.734254378),
    "Adadelta": Row(plain(optimizers.Adadelta), 0.615342716),
    "Adafactor": Row(plain(optimizers.Adafactor), 0.458547897),
    "Adagrad": Row(plain(optimizers.Adagrad), 0.444485183),
    "Adam": Row(plain(optimizers.Adam), 0.601508577),
    "amsgrad": Row(plain(optimizers.Adam, amsgrad=True), 0.601508566),
    "accumulated": Row(plain(optimizers.Adam, gradient_accumulation_steps=2)),
    "AdamW": Row(plain(optimizers.AdamW), 0.599268891),
    "Adamax": Row(plain(optimizers.Adamax), 0.168932635),
    "Ftrl": Row(plain(optimizers.Ftrl), 0.155232235),
    "Lamb": Row(plain(optimizers.Lamb), 0.272859805),
    "Lion": Row(plain(optimizers.Lion)),
    "LossScaleOptimizer": Row(
        lambda of: of(optimizers.LossScaleOptimizer)(optimizers.Adam(RATE)), 0.601508577
    ),
    "MultiOptimizer": Row(
        lambda of: of(optimizers.MultiOptimizer)(
            optimizers.OptimizerMap(default_optimizer=optimizers.Adam(RATE))
        ),
        0.601508577,
    ),
    "Muon": Row(plain(optimizers.Muon), 0.599268891),
    "Nadam": Row(plain(optimizers.Nadam), 0.568177239),
    "RMSprop": Row(plain(optimizers.RMSprop), 0.363229659),
    "centered": Row(plain(optimizers.RMSprop, centered=True), 0.403831082),
    "ScheduleFreeAdamW": Row(plain(optimizers.ScheduleFreeAdamW), 0.593813313),
}


def train(layer: keras.Layer, inputs: np.ndarray, optimizer: keras.Optimizer) -> np.ndarray:
    """Return the weights of a layer without a bias after `STEPS` steps from `START`."""
    layer.build(inputs.shape)
    layer.set_weights([START])
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            loss = optimizer.scale_loss(tf.reduce_mean((layer(inputs) - TARGET) ** 2))
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
    return layer.get_weights()[0]


@functools.cache
def product_of(name: str) -> np.ndarray:
    """Return the weights that a row's optimizer gives the product."""
    dense = keras.layers.Dense(START.shape[1], use_bias=False, **NAMES)
    return train(dense, np.eye(len(START))[IDS], ROWS[name].make(lambda kind: kind))


def error(name: str, of: Of = lambda kind: kind) -> float:
    """Return how far an Embedding and its product come out apart, as a part of their way."""
    lookup = train(keras.layers.Embedding(*START.shape, **NAMES), IDS, ROWS[name].make(of))
    product = product_of(name)
    return float(np.linalg.norm(lookup - product) / np.linalg.norm(product - START))
