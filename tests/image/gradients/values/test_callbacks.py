"""Callbacks that change numbers: the rate, the weights, and when training ends."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import callbacks, layers, metrics, optimizers

RATE = 0.5
START = np.array([[1.0], [2.0], [4.0]], "float32")


def model(optimizer: Any = None, **options: Any) -> keras.Model:
    """Return a linear map, compiled, whose weights are `START`."""
    made = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    made.set_weights([START])
    made.compile(optimizer or optimizers.SGD(RATE), "mse", run_eagerly=True, **options)
    return made


def told(callback: callbacks.Callback, trained: keras.Model) -> callbacks.Callback:
    """Return a callback that knows its model, at the begin of a training."""
    callback.set_model(trained)
    callback.set_params({"epochs": 9})
    callback.on_train_begin()
    return callback


#: Options, what is watched after each epoch, and the rate after each.
PLATEAUS: dict[str, tuple[dict[str, Any], list[float], list[float]]] = {
    # It is waited anew after each fall.
    "patience": (
        {"patience": 2},
        [5, 6, 4, 4, 4, 3, 3, 3, 3, 3],
        [8, 8, 8, 8, 4, 4, 4, 2, 2, 1],
    ),
    "rises": ({"patience": 1, "mode": "max"}, [5, 6, 6, 7, 5], [8, 8, 4, 4, 2]),
    # What improves by less than the least difference does not.
    "difference": ({"patience": 1, "min_delta": 0.5}, [5, 4.75, 4, 3.5], [8, 4, 4, 2]),
    "difference up": (
        {"patience": 1, "min_delta": 0.5, "mode": "max"},
        [5, 5.25, 6, 6.5],
        [8, 4, 4, 2],
    ),
    # While it cools, an epoch is not waited for; the last of them is waited for again.
    "cooldown": ({"patience": 1, "cooldown": 3}, [5, 5, 5, 5, 5, 5], [8, 4, 4, 4, 2, 2]),
    "least": ({"patience": 1, "min_lr": 3.0}, [5, 5, 5, 5], [8, 4, 3, 3]),
    "far below the least": ({"patience": 1, "min_lr": 3.0, "factor": 0.25}, [5, 5, 5], [8, 3, 3]),
}


@pytest.mark.parametrize("name", [*PLATEAUS, "of several", "of several, waiting"])
def test_a_rate_falls_where_nothing_improves(name: str) -> None:
    """That of each optimizer, where a model has several."""
    several = {"of several": "least", "of several, waiting": "patience"}
    options, seen, rates = PLATEAUS[several.get(name, name)]
    one = optimizers.SGD(8.0)
    optimizer = optimizers.MultiOptimizer(lambda _: one) if name in several else one
    trained = model(optimizer)
    optimizer.build(trained.trainable_variables)
    callback = told(callbacks.ReduceLROnPlateau(**({"factor": 0.5} | options)), trained)
    found = []
    for epoch, value in enumerate(seen):
        callback.on_epoch_end(epoch, {"val_loss": value})
        found.append(float(one.learning_rate))
    assert found == rates
    # A training that begins anew remembers nothing.
    callback.on_train_begin()
    callback.on_epoch_end(0, {"val_loss": 100.0})
    assert float(one.learning_rate) == rates[-1]


#: Options, what is watched after each epoch, the last epoch, and the one whose weights are left.
STOPS: dict[str, tuple[dict[str, Any], list[float], int, int]] = {
    "at once": ({}, [5, 4, 4, 3], 2, 2),
    "patience": ({"patience": 2}, [5, 6, 4, 4, 4, 1], 4, 4),
    "best": ({"patience": 2, "restore_best_weights": True}, [5, 6, 4, 4, 4, 1], 4, 2),
    "never": ({"patience": 9, "restore_best_weights": True}, [5, 3, 4], 2, 1),
    "rises": ({"patience": 1, "mode": "max", "restore_best_weights": True}, [1, 2, 2], 2, 1),
    "difference": ({"patience": 1, "min_delta": -0.5}, [5, 4.75, 4, 3], 1, 1),
    "baseline": ({"patience": 2, "baseline": 3.0}, [5, 4, 4, 2], 2, 2),
    "worse from the begin": ({"patience": 3, "baseline": 3.0}, [5, 6, 6, 4], 2, 2),
    "below the baseline": ({"patience": 2, "baseline": 3.0}, [5, 2, 3, 3, 1], 3, 3),
    "late": ({"start_from_epoch": 2, "restore_best_weights": True}, [1, 9, 9, 9, 9], 3, 2),
}


@pytest.mark.parametrize("name", STOPS)
def test_training_ends_where_nothing_improves(name: str) -> None:
    """With the last weights, or with the best of them."""
    options, seen, last, left = STOPS[name]
    trained = model()
    trained.stop_training = False
    callback = told(callbacks.EarlyStopping(**options), trained)
    for epoch, value in enumerate(seen):
        trained.set_weights([START + epoch])
        callback.on_epoch_end(epoch, {"val_loss": value})
        if trained.stop_training:
            break
    callback.on_train_end()
    assert epoch == last
    np.testing.assert_array_equal(trained.get_weights()[0], START + left)


@pytest.mark.parametrize(
    ("kind", "better"), [(metrics.BinaryAccuracy, 0.75), (metrics.MeanAbsoluteError, 0.25)]
)
def test_a_metric_says_which_way_is_better(kind: type[keras.Metric], better: float) -> None:
    trained = model(metrics=[kind(name="watched")])
    trained.train_on_batch(np.ones((2, 3), "float32"), np.ones((2, 1), "float32"))
    callback = told(callbacks.EarlyStopping("val_watched"), trained)
    trained.stop_training = False
    for epoch, (value, stops) in enumerate([(0.5, False), (better, False), (0.5, True)]):
        callback.on_epoch_end(epoch, {"val_watched": value})
        assert trained.stop_training is stops


def test_a_rate_is_what_its_schedule_says() -> None:
    """Of the epoch, and of the rate before it where it is taken; before the epoch begins."""
    trained = model()
    told(callbacks.LearningRateScheduler(lambda epoch: 2.0**-epoch), trained).on_epoch_begin(3)
    assert float(trained.optimizer.learning_rate) == 0.125
    callback = told(
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * (epoch + 1)), trained
    )
    logs = {"loss": 1.0}
    callback.on_epoch_begin(1)
    callback.on_epoch_end(1, logs)
    assert float(trained.optimizer.learning_rate) == logs["learning_rate"] == 0.25


def averaged() -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """Return a model after two steps, its weights, and their moving mean."""
    trained = model(optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75))
    weights = [START]
    for step in (1.0, 2.0):
        gradient = np.full_like(START, step)
        trained.optimizer.apply([keras.ops.convert_to_tensor(gradient)], trained.trainable_weights)
        weights.append(weights[-1] - RATE * gradient)
    return trained, weights[2], 0.75 * weights[1] + 0.25 * weights[2]


@pytest.mark.parametrize("mode", ["test", "predict"])
def test_means_of_weights_are_evaluated(mode: str) -> None:
    """And the weights themselves trained on. Keras leaves the means there after a prediction."""
    trained, weights, mean = averaged()
    callback = told(callbacks.SwapEMAWeights(), trained)
    getattr(callback, f"on_{mode}_begin")()
    np.testing.assert_allclose(trained.get_weights()[0], mean, rtol=1e-6)
    getattr(callback, f"on_{mode}_end")()
    if mode == "predict":
        np.testing.assert_allclose(trained.get_weights()[0], mean, rtol=1e-6)
        pytest.xfail("Keras does not swap a mean of weights back after a prediction")
    np.testing.assert_allclose(trained.get_weights()[0], weights, rtol=1e-6)


def test_means_of_weights_are_there_between_epochs() -> None:
    """After the last they stay, also as what is averaged on."""
    trained, weights, mean = averaged()
    callback = told(callbacks.SwapEMAWeights(swap_on_epoch=True), trained)
    for epoch, before in ((0, weights), (8, weights)):
        np.testing.assert_allclose(trained.get_weights()[0], before, rtol=1e-6)
        callback.on_epoch_end(epoch)
        np.testing.assert_allclose(trained.get_weights()[0], mean, rtol=1e-6)
        if epoch == 0:
            callback.on_epoch_begin(epoch + 1)
    kept = trained.optimizer._model_variables_moving_average[0]
    np.testing.assert_allclose(kept.numpy(), mean, rtol=1e-6)
