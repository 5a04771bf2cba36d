"""What all tests of values begin with."""

from __future__ import annotations

import random

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Have layers draw the same weights in any order of tests: Keras asks Python for seeds.

    `keras.utils.set_random_seed` has TensorFlow forget all kernels, too: twice the suite's time.
    A fixture for thousands of small tests would take longer than many of them.
    """
    random.seed(7)
