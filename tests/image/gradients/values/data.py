"""Targets and predictions, from NumPy and fixed seeds: what losses and metrics are called with."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, softmax

#: So many columns that a sum of them in half precision is another one.
ROWS, COLUMNS = 8, 513
_random = np.random.default_rng(9)

#: What a sample counts: no two alike, none 0 or 1.
WEIGHTS = _random.uniform(0.3, 3.0, ROWS)
CLASSES = np.array([0, 1, 2, 3, 4, 2, 2, 0])

Pair = tuple[np.ndarray, np.ndarray]

REAL: Pair = (_random.standard_normal((ROWS, COLUMNS)), _random.standard_normal((ROWS, COLUMNS)))
POSITIVE: Pair = (
    _random.uniform(0.2, 2, (ROWS, COLUMNS)),
    _random.uniform(0.2, 2, (ROWS, COLUMNS)),
)
LOGITS: np.ndarray = 2 * _random.standard_normal((ROWS, COLUMNS))
ONE_HOT: Pair = (np.eye(COLUMNS)[CLASSES], softmax(LOGITS, axis=-1))
ONE_HOT_LOGITS: Pair = (ONE_HOT[0], LOGITS)
SPARSE: Pair = (CLASSES, ONE_HOT[1])
SPARSE_LOGITS: Pair = (CLASSES, LOGITS)
DISTRIBUTIONS: Pair = (softmax(REAL[0], axis=-1), ONE_HOT[1])
BITS = (REAL[0] > 0.2).astype(float)
BINARY: Pair = (BITS, expit(LOGITS))
BINARY_LOGITS: Pair = (BITS, LOGITS)
SIGNS: Pair = (2 * BITS - 1, REAL[1])
#: Targets between 0 and 1, as those of a teacher are.
SHARES: Pair = (expit(REAL[0]), BINARY[1])
SHARES_LOGITS: Pair = (SHARES[0], LOGITS)
SOFT_LOGITS: Pair = (DISTRIBUTIONS[0], LOGITS)
#: Certain, right and wrong: the logarithm of 0 is held off.
CERTAIN: Pair = (BITS, (REAL[1] > 0).astype(float))
#: Logits whose exponentials are more than float64 holds.
HUGE: Pair = (BITS, 800 * np.sign(LOGITS) + LOGITS)
#: One row so far off that an exponential of its error is more than float64 holds.
FAR: Pair = (REAL[0], REAL[1] + 800 * np.sign(REAL[1]) * (np.arange(ROWS) == 3)[:, None])
#: Targets of which some are nothing, and of one row all.
GAPS: Pair = (
    REAL[0] * (1 - np.eye(ROWS)[5][:, None]) * (1 - np.outer(np.eye(ROWS)[3], BITS[3])),
    REAL[1],
)
#: Of each row the labels that are in a group, and unit vectors.
EMBEDDINGS: Pair = (
    np.array([0, 1, 0, 1, 2, 2, 0, 1]),
    REAL[1] / np.linalg.norm(REAL[1], axis=-1, keepdims=True),
)
#: Scores, many of each, that lie between a hundred thresholds; high ones are more often true.
_scores = (np.concatenate([_random.permutation(40) for _ in range(30)]) // 2 * 4 + 9.5) / 100
SCORES: Pair = (
    (_scores + 0.25 * _random.standard_normal(_scores.size) > 0.5).astype(float),
    _scores,
)
SCORE_WEIGHTS = _random.uniform(0.3, 3.0, _scores.size)
