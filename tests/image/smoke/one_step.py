"""Import TensorFlow and train one step: what a user's first program does, for its log."""

import keras
import numpy as np
import tensorflow as tf

model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer="adam", loss="mse", jit_compile=True)
loss = model.train_on_batch(np.ones((4, 8, 8, 1), "float32"), np.ones((4, 1), "float32"))
print("devices:", [device.name for device in tf.config.list_physical_devices()])
print("trained:", bool(np.isfinite(loss)))
