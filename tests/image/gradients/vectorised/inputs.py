"""Three elements of each kind; no two sizes of an element are alike."""

from __future__ import annotations

import numpy as np

_random = np.random.default_rng(71)
CUBES = _random.standard_normal((3, 2, 4, 5))
TABLES, OTHERS = _random.standard_normal((2, 3, 4, 5))
LINES = TABLES[:, 0]
SQUARES = _random.standard_normal((3, 4, 4)) + 3 * np.eye(4)
SYMMETRIC = SQUARES @ SQUARES.transpose(0, 2, 1)
COMPLEX = TABLES + 1j * OTHERS
PLACES = np.array([[2, 0], [1, 3], [3, 1]])
IDS = np.array([[0, -1, 1, 0], [1, 1, 0, -1], [0, 0, -1, 1]])
STEPS = np.array([1, -1, 2])
IMAGES = _random.uniform(0.1, 0.9, (3, 2, 6, 5, 3)).astype("float32")
KERNEL = _random.standard_normal((3, 2, 3, 4)).astype("float32")
MOVED = _random.standard_normal((3, 2, 4, 4, 4)).astype("float32")
SINGLE = TABLES.astype("float32")
LOGICAL = np.array([True, False, True])
