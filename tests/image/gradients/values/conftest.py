"""What all tests of values begin with."""

from __future__ import annotations

import random

import pytest


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Have layers draw the same weights in any order of tests: Keras asks Python for seeds.

    `keras.utils.set_random_seed` has TensorFlow forget all kernels, too: twice the suite's time.
    """
    random.seed(7)
