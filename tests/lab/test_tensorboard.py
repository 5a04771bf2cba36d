"""TensorBoard inside JupyterLab: what a training wrote is seen as a curve, through the one port."""

from __future__ import annotations

import re

from playwright.sync_api import FrameLocator, Page, expect

from tests.lab.conftest import Shoot
from tests.lab.desk import CELL, Desk

#: Trains for five epochs, and leaves what TensorBoard shows.
TRAINING = """
import keras
import numpy as np
x = np.linspace(-1, 1, 64)[:, None]
model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
board = keras.callbacks.TensorBoard("runs/line")
print(len(model.fit(x, 3 * x, epochs=5, verbose=0, callbacks=[board]).epoch), "epochs")
"""


def sees_the_curve(board: Page | FrameLocator) -> None:
    """Wait until a chart has the line of a run, of several points."""
    expect(board.get_by_text("epoch_loss").first).to_be_visible(timeout=CELL)
    expect(board.get_by_text(re.compile("line/train")).first).to_be_visible(timeout=CELL)


def test_a_trainings_curve_is_seen_from_the_launchers_tile(desk: Desk, shoot: Shoot) -> None:
    desk.notebook()
    expect(desk.run(TRAINING).last).to_have_text("5 epochs\n")
    desk.launcher()
    with desk.page.context.expect_page() as opened:
        desk.launch("TensorBoard")
    sees_the_curve(opened.value)
    shoot(opened.value, "board")


def test_a_trainings_curve_is_seen_in_the_notebook(desk: Desk) -> None:
    desk.notebook()
    expect(desk.run(TRAINING).last).to_have_text("5 epochs\n")
    desk.run("%load_ext tensorboard\n%tensorboard --logdir runs")
    sees_the_curve(desk.page.frame_locator(".jp-OutputArea-output iframe"))
