"""What callbacks write of a training, and whom they tell of it: tables, series, functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, optimizers

from gradients.values.test_callbacks import model, told


def test_a_table_has_a_row_for_each_epoch(tmp_path: Path) -> None:
    """Under what there was after the first; a training that goes on has no new head."""
    kept = tmp_path / "kept.csv"
    head = "epoch;accuracy;loss;val_accuracy;val_loss"
    first = ['0;"""[1, 2]""";0.5;NA;NA', "1;NA;0.25;NA;NA"]

    def train(log: callbacks.CSVLogger, *epochs: tuple[int, dict[str, Any]]) -> list[str]:
        log.on_train_begin()
        for epoch, logs in epochs:
            log.on_epoch_end(epoch, logs)
        written = kept.read_text().splitlines()
        log.on_train_end()
        return written

    seen = (0, {"loss": 0.5, "accuracy": np.array([1, 2])}), (1, {"loss": 0.25, "other": 1})
    log = callbacks.CSVLogger(kept, separator=";")
    assert train(log, *seen) == [head, *first]
    assert train(log, *seen) == [head, *first], "what was there is gone"
    more = callbacks.CSVLogger(kept, separator=";", append=True)
    assert train(more, *seen) == [head, *first, *first]
    assert train(more, *seen) == [head, *first, *first, *first]
    validated = {"val_loss": 2, "loss": "1"}, ["epoch,loss,val_loss", "4,1,2"]
    assert train(callbacks.CSVLogger(str(kept)), (4, validated[0])) == validated[1]


def test_each_function_is_called_at_its_time() -> None:
    """By the names of its callback, with what that is told."""
    names = [
        f"on_{what}_{when}"
        for what in ("epoch", "train", "train_batch")
        for when in ("begin", "end")
    ]
    seen: list[Any] = []
    functions = {
        name: lambda *given, name=name: seen.append((name, *given))
        for name in (*names, "on_test_end")
    }
    callback = callbacks.LambdaCallback(**functions)
    for number, name in enumerate(functions):
        getattr(callback, name)(number)
    assert seen == [(name, number) for number, name in enumerate(functions)]


def series(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the numbers that were written, and their steps, by name."""
    found: dict[str, list[tuple[int, float]]] = {}
    for file in sorted(folder.glob("events*")):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                number = float(tf.make_ndarray(value.tensor))
                found.setdefault(value.tag, []).append((event.step, number))
    return found


def test_a_board_has_a_series_for_each_number(tmp_path: Path) -> None:
    """Of batches that are counted across epochs; of epochs, and of the rate, at their number."""
    trained = model(optimizers.LossScaleOptimizer(optimizers.SGD(0.5)))
    board = callbacks.TensorBoard(tmp_path, write_graph=False, update_freq="batch")
    told(board, trained)
    for epoch in range(2):
        board.on_epoch_begin(epoch)
        for batch in range(2):
            board.on_train_batch_begin(batch)
            board.on_train_batch_end(batch, {"loss": epoch + batch / 2})
        board.on_epoch_end(epoch, {"loss": 2.0 + epoch, "val_loss": 4.0 + epoch})
    board.on_train_end()
    train = series(tmp_path / "train")
    assert train["batch_loss"] == [(1, 0.0), (2, 0.5), (3, 1.0), (4, 1.5)]
    assert train["epoch_loss"] == [(0, 2.0), (1, 3.0)]
    assert train["epoch_learning_rate"] == [(0, 0.5), (1, 0.5)]
    assert series(tmp_path / "validation") == {"epoch_loss": [(0, 4.0), (1, 5.0)]}


@pytest.mark.parametrize("verbose", [1, 2])
def test_a_line_says_its_loss(verbose: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The prediction is what is given, of targets that are 0; nothing is learnt."""
    trained = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    trained.compile(optimizers.SGD(0.0), "mse")
    trained.fit(np.full((2, 1), 1.5), np.zeros((2, 1)), epochs=2, verbose=verbose)
    printed = capsys.readouterr().out
    assert printed.count("loss: 2.2500") >= 2
    assert "Epoch 2/2" in printed
