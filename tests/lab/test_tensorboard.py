"""TensorBoard inside JupyterLab: what a training wrote is seen as a curve, through the one port."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image
from playwright.sync_api import FrameLocator, Page, expect

from tests.lab.conftest import Shoot
from tests.lab.desk import CELL, Desk

#: Pixels that the line of a chart has at least.
LINE = 40
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


@pytest.fixture
def trained(desk: Desk, folder: Path) -> Desk:
    """Return a desk with a notebook, in a folder with a training's run: of the first who asks."""
    desk.notebook()
    if not (folder / "runs/line").exists():
        expect(desk.run(TRAINING).last).to_have_text("5 epochs\n")
    return desk


def sees_the_curve(board: Page | FrameLocator) -> None:
    """Wait until the loss of the run is drawn: a line in its colour, of more than a few pixels."""
    expect(board.get_by_text("line/train").first).to_be_visible(timeout=CELL)
    # The first chart is the learning rate's, which is level.
    chart = board.locator("scalar-card", has_text="epoch_loss").locator("line-chart").first
    chart.scroll_into_view_if_needed(timeout=CELL)
    deadline = time.monotonic() + CELL / 1000
    while coloured(chart.screenshot()) < LINE:
        assert time.monotonic() < deadline, "the chart has no line"
        time.sleep(0.2)


def coloured(png: bytes) -> int:
    """Return how many pixels of a picture are neither grey, white nor black."""
    pixels = image.imread(io.BytesIO(png))[..., :3]
    return int(np.count_nonzero(pixels.max(axis=2) - pixels.min(axis=2) > 0.05))


def test_a_trainings_curve_is_seen_from_the_launchers_tile(trained: Desk, shoot: Shoot) -> None:
    trained.launcher()
    # A tab is there once it has something to show: TensorBoard starts by the click.
    with trained.page.context.expect_page(timeout=CELL) as opened:
        trained.launch("TensorBoard")
    sees_the_curve(opened.value)
    shoot(opened.value, "board")


def test_a_trainings_curve_is_seen_in_the_notebook(trained: Desk) -> None:
    trained.run("%load_ext tensorboard\n%tensorboard --logdir runs")
    sees_the_curve(trained.page.frame_locator(".jp-OutputArea-output iframe"))
