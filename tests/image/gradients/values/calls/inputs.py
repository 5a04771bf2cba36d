"""What functions are called with: no two numbers alike, none 0 or 1 by accident."""

from __future__ import annotations

import numpy as np

_random = np.random.default_rng(21)

#: Rows and columns; of a second the sizes are others.
X, Y = _random.standard_normal((2, 3, 4))
CUBE = _random.standard_normal((2, 3, 4))
POSITIVE = _random.uniform(0.3, 2.5, (3, 4))
UNIT = _random.uniform(0.05, 0.95, (3, 4))
COMPLEX = X + 1j * Y
#: Two images, higher than wide, of three colours; and sequences of five steps.
IMAGES = _random.uniform(0.1, 0.9, (2, 6, 5, 3))
SEQUENCE = _random.standard_normal((2, 5, 3))
#: Matrices that are not symmetric, and some that are, and positive.
MATRICES = _random.standard_normal((2, 3, 3)) + 3 * np.eye(3)
SYMMETRIC = MATRICES @ MATRICES.transpose(0, 2, 1)
#: A lookup's table, and ids, some of them twice.
TABLE = _random.standard_normal((6, 3))
IDS = np.array([[1, 4, 1], [0, 5, 2]])
