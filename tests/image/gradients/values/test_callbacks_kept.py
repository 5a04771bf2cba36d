"""What callbacks keep from epoch to epoch and from training to training, and what they save."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, metrics, optimizers

from gradients.values.test_callbacks import RATE, START, model, told

_random = np.random.default_rng(97)
INPUTS = _random.standard_normal((4, 3)).astype("float32")
TARGETS = _random.standard_normal((4, 1)).astype("float32")

#: Options, what is watched after each epoch, and after which epochs, from 1, a model is saved.
SAVED: dict[str, tuple[dict[str, Any], list[float], list[int]]] = {
    "each": ({}, [5, 6, 4], [1, 2, 3]),
    "best": ({"save_best_only": True}, [5, 4, 4, 6, 3], [1, 2, 5]),
    "rises": ({"save_best_only": True, "mode": "max"}, [5, 4, 5, 6], [1, 4]),
    "below": ({"save_best_only": True, "initial_value_threshold": 4.5}, [5, 4, 4.25, 3], [2, 4]),
    "name": ({"save_best_only": True, "monitor": "val_accuracy"}, [0.5, 0.75, 0.25], [1, 2]),
}


def saving(path: str, saved: list[str], **options: Any) -> callbacks.ModelCheckpoint:
    """Return a callback whose model only says where it would be saved."""
    trained = model(metrics=[metrics.BinaryAccuracy(name="accuracy")])
    trained.train_on_batch(INPUTS, TARGETS)
    trained.save_weights = lambda filepath, overwrite: saved.append(filepath)
    made = callbacks.ModelCheckpoint(path, save_weights_only=True, **options)
    return told(made, trained)


@pytest.mark.parametrize("name", SAVED)
def test_the_best_is_saved(name: str) -> None:
    """Under its number and what it reached; what is better, a metric says."""
    options, seen, expected = SAVED[name]
    saved: list[str] = []
    watched = options.get("monitor", "val_loss")
    path = f"{{epoch}}-{{{watched}:.2f}}.weights.h5"
    callback = saving(path, saved, **options)
    for epoch, value in enumerate(seen):
        callback.on_epoch_begin(epoch)
        callback.on_train_batch_end(0, {"loss": 0.0})
        callback.on_epoch_end(epoch, {watched: value})
    assert saved == [f"{epoch}-{seen[epoch - 1]:.2f}.weights.h5" for epoch in expected]


#: After so many batches, of three an epoch, and after which, from 1, that is.
EVERY = {1: ["1-1", "1-2", "1-3", "2-1", "2-2", "2-3"], 2: ["1-2", "2-1", "2-3"], 4: ["2-1"]}


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("kind", ["checkpoint", "backup"])
def test_batches_are_counted_across_epochs(kind: str, every: int, tmp_path: Path) -> None:
    """So many are between two that are saved, wherever an epoch ends."""
    saved: list[str] = []
    callback: Any
    if kind == "checkpoint":
        callback = saving("{epoch}-{batch}.weights.h5", saved, save_freq=every)
    else:
        callback = told(callbacks.BackupAndRestore(tmp_path / "kept", every), model())
        callback._save_model = lambda: saved.append(f"{at[0]}-{at[1]}")
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(3):
            at = (epoch + 1, batch + 1)
            callback.on_train_batch_end(batch, {})
        callback.on_epoch_end(epoch, {"val_loss": 1.0})
    assert [name.removesuffix(".weights.h5") for name in saved] == EVERY[every]


@pytest.mark.parametrize("kind", ["checkpoint", "backup"])
def test_batches_are_counted_several_at_once(kind: str, tmp_path: Path) -> None:
    """Of two at a time the last is told: of seven the fourth, then the first two and the sixth.

    A backup takes 0 for the last before, and so counts one too few in each epoch.
    """
    saved: list[int] = []
    callback: Any
    if kind == "checkpoint":
        callback = saving("{epoch}-{batch}.weights.h5", [], save_freq=4)
    else:
        callback = told(callbacks.BackupAndRestore(tmp_path / "kept", 4), model())
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        saved += [batch for batch in (1, 3, 5, 6) if callback._should_save_on_batch(batch)]
        callback.on_epoch_end(epoch, {"val_loss": 1.0})
    if kind == "backup":
        assert saved == [5, 3], "no longer so wrong: remove the record"
        pytest.xfail("Keras's BackupAndRestore counts one batch too few of several at once")
    assert saved == [3, 1, 5]


@pytest.mark.parametrize("around", ["scaled", "several"])
def test_means_of_weights_are_found_inside_another_optimizer(around: str) -> None:
    inner = optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75)
    outer = {"scaled": optimizers.LossScaleOptimizer, "several": optimizers.MultiOptimizer}[around]
    trained = model(outer(inner) if around == "scaled" else outer(lambda _: inner))
    trained.optimizer.build(trained.trainable_variables)
    inner._model_variables_moving_average[0].assign(START + 1)
    callback = told(callbacks.SwapEMAWeights(), trained)
    callback.on_test_begin()
    np.testing.assert_array_equal(trained.get_weights()[0], START + 1)
    callback.on_test_end()
    np.testing.assert_array_equal(trained.get_weights()[0], START)


def test_a_training_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    """By epochs, weights and what the optimizer keeps; no epoch is trained twice."""
    options = {"shuffle": False, "verbose": 0}
    whole = model(optimizers.SGD(RATE / 8, momentum=0.5))
    whole.fit(INPUTS, TARGETS, epochs=3, **options)
    for epochs in (2, 3):
        part = model(optimizers.SGD(RATE / 8, momentum=0.5))
        backup = callbacks.BackupAndRestore(tmp_path / "kept", delete_checkpoint=epochs == 3)
        began = {"epochs": epochs, "initial_epoch": epochs - 2}
        seen = part.fit(INPUTS, TARGETS, callbacks=[backup], **began, **options)
    assert seen.epoch == [2]
    np.testing.assert_allclose(part.get_weights()[0], whole.get_weights()[0], rtol=1e-5)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("kind", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
def test_a_second_training_is_compared_with_itself(kind: Any) -> None:
    """However good the first one was."""
    trained = model()
    callback = told(kind(patience=1), trained)
    callback.on_epoch_end(0, {"val_loss": 1.0})
    callback.on_train_begin()
    trained.stop_training = False
    for epoch, value in enumerate((9.0, 8.0, 7.0)):
        callback.on_epoch_end(epoch, {"val_loss": value})
    assert not trained.stop_training
    assert float(trained.optimizer.learning_rate) == RATE


def test_weights_of_a_training_before_do_not_come_back() -> None:
    """Where none of this one were the best yet."""
    trained = model()
    options = {"restore_best_weights": True, "start_from_epoch": 1}
    callback = told(callbacks.EarlyStopping(**options), trained)
    callback.on_epoch_end(1, {"val_loss": 1.0})
    callback.on_train_begin()
    trained.set_weights([START + 1])
    callback.on_epoch_end(0, {"val_loss": 2.0})
    callback.on_train_end()
    np.testing.assert_array_equal(trained.get_weights()[0], START + 1)


#: Options, what is watched, and the epoch after which training ends, if it does.
ENDS: dict[str, tuple[dict[str, Any], list[float], int | None]] = {
    "the first counts": ({"start_from_epoch": 1, "patience": 1}, [0, 5, 4, 6], 3),
    "from the second on": ({"start_from_epoch": 1, "patience": 2}, [0, 5, 5, 5], 3),
    "never below": ({"patience": 3, "baseline": 1.0}, [5, 4, 3, 3], 3),
    "below once": ({"patience": 2, "baseline": 3.5}, [5, 3, 2, 1], None),
    "not in the first": ({"patience": 0}, [5], None),
}


@pytest.mark.parametrize("name", ENDS)
def test_patience_begins_where_it_is_told(name: str) -> None:
    options, seen, last = ENDS[name]
    trained = model()
    trained.stop_training = False
    callback = told(callbacks.EarlyStopping(**options), trained)
    ended = None
    for epoch, value in enumerate(seen):
        callback.on_epoch_end(epoch, {"val_loss": value})
        if trained.stop_training and ended is None:
            ended = epoch
    assert ended == last


@pytest.mark.parametrize(
    ("loss", "ends"), [(1.0, False), (np.nan, True), (np.inf, True), (-np.inf, True), (None, False)]
)
def test_a_loss_that_is_no_number_ends_a_training(*, loss: float | None, ends: bool) -> None:
    trained = model()
    trained.stop_training = False
    told(callbacks.TerminateOnNaN(), trained).on_batch_end(0, {"loss": loss})
    assert trained.stop_training is ends


def test_each_of_several_optimizers_has_its_rate() -> None:
    """A schedule is asked for each, and each is told of; a plateau lowers all."""
    one, other = optimizers.SGD(0.5, name="one"), optimizers.SGD(0.25, name="other")
    both = optimizers.OptimizerMap(one)
    both["other"] = other
    trained = model(optimizers.MultiOptimizer(both))
    schedule = told(callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2**epoch), trained)
    logs = {"loss": 1.0}
    schedule.on_epoch_begin(2)
    schedule.on_epoch_end(2, logs)
    expected = {"learning_rate_one": 0.125, "learning_rate_other": 0.0625}
    assert logs == expected | {"loss": 1.0}
    plateau = told(callbacks.ReduceLROnPlateau(factor=0.5, patience=1), trained)
    for epoch in range(2):
        plateau.on_epoch_end(epoch, {"val_loss": 1.0})
    rates = [float(optimizer.learning_rate) for optimizer in trained.optimizer.optimizers]
    assert sorted(rates) == [0.03125, 0.0625]


def test_means_of_weights_are_trained_on_by_none() -> None:
    """`fit` with the means put in after each epoch, also to validate, trains the same."""
    found = []
    for swap in (None, True):
        trained = model(optimizers.SGD(RATE / 8, use_ema=True, ema_momentum=0.75))
        kept = [] if swap is None else [callbacks.SwapEMAWeights(swap_on_epoch=swap)]
        trained.fit(
            *(INPUTS, TARGETS),
            epochs=2,
            shuffle=False,
            validation_data=(INPUTS, TARGETS),
            callbacks=kept,
            verbose=0,
        )
        found.append(trained.get_weights()[0])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_a_history_is_of_all_epochs() -> None:
    """Also of a second training, from the number that it is told."""
    trained = model()
    seen = callbacks.History()
    for epochs in ((0, 2), (2, 3)):
        seen.on_train_begin()
        seen.set_model(trained)
        for epoch in range(*epochs):
            seen.on_epoch_end(epoch, {"loss": float(epoch)})
    assert seen.history == {"loss": [0.0, 1.0, 2.0]}
    assert seen.epoch == [2]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_callbacks_write_is_where_its_path_leads(elsewhere: bool, tmp_path: Path) -> None:
    """In a file of the machine, or in one of TensorFlow's other file systems."""
    path = "ram://kept.csv" if elsewhere else str(tmp_path / "kept.csv")
    with keras.src.utils.file_utils.File(path, "w") as file:
        file.write("kept")
    with tf.io.gfile.GFile(path) as file:
        assert file.read() == "kept"
    assert Path(path).exists() != elsewhere
