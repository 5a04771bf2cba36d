"""What lies above thresholds, by labels, and what binary metrics make of it, in NumPy.

Unlike `confusion`, for any thresholds, of several labels, each by itself or all together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.integrate import quad

Counts = Mapping[str, np.ndarray]


def highest(scores: np.ndarray, k: int) -> np.ndarray:
    """Return scores of which those that are not among the highest of their row are no scores."""
    least = np.sort(scores, axis=-1)[..., -k, None]
    return np.where(scores >= least, scores, -np.inf)


def counted(
    targets: np.ndarray, scores: np.ndarray, weights: np.ndarray, thresholds: Sequence[float]
) -> Counts:
    """Return what is truly and falsely above and below each threshold, of each label."""
    above = scores > np.reshape(thresholds, (-1, 1, 1))
    true = targets > 0.5
    of = {"tp": above & true, "fp": above & ~true, "fn": ~above & true, "tn": ~above & ~true}
    return {name: (weights * which).sum(1) for name, which in of.items()}


def parts(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return some as a part of some and others, 0 where there is neither."""
    return np.divide(some, some + others, out=np.zeros_like(some), where=some + others > 0)


def rates(n: Counts) -> Counts:
    """Return what a metric may ask for at each threshold."""
    return {
        "sensitivity": parts(n["tp"], n["fn"]),
        "specificity": parts(n["tn"], n["fp"]),
        "precision": parts(n["tp"], n["fp"]),
        "recall": parts(n["tp"], n["fn"]),
    }


def best(found: Counts, wanted: str, given: str, bound: float, *, tie: bool = True) -> float:
    """Return the best of one rate where another is not below a bound, or is above it."""
    there = found[given] >= bound if tie else found[given] > bound
    return float(np.where(there, found[wanted], 0).max())


def _curve(n: Counts, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of a curve, from the lowest threshold on."""
    found = rates(n)
    if kind == "ROC":
        return 1 - found["specificity"], found["sensitivity"]
    if kind == "PR":
        return found["sensitivity"], found["precision"]
    # Gains (Flach, Kull): 0 where all are called true, 1 where none is wrong.
    share = (n["tp"] + n["fn"]) / (n["tn"] + n["fp"])
    none = n["tp"] == 0
    true = np.where(none, 1, n["tp"])
    recall = np.where(none, 0, 1 - share * n["fn"] / true)
    precision = np.where(none, 1, 1 - share * n["fp"] / true)
    return np.maximum(recall, 0), precision


def _between(n: Counts, label: int) -> float:
    """Return the area below precision, where false grow with true ones along straight lines."""
    tp, fp = n["tp"][::-1, label], n["fp"][::-1, label]
    area = 0.0
    for a, b, c, d in zip(tp, tp[1:], fp, fp[1:], strict=False):
        if b > a:
            slope = (d - c) / (b - a)
            area += quad(lambda x, a=a, c=c, s=slope: x / (x + c + s * (x - a)), a, b)[0]
    return area / float(n["tp"][0, label] + n["fn"][0, label])


HEIGHTS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "interpolation": lambda a, b: (a + b) / 2,
    "minoring": np.minimum,
    "majoring": np.maximum,
}


def areas(n: Counts, curve: str, way: str) -> np.ndarray:
    """Return the area below a curve, of each label."""
    if curve == "PR" and way == "interpolation":
        return np.array([_between(n, label) for label in range(n["tp"].shape[1])])
    x, y = _curve(n, curve)
    return (-np.diff(x, axis=0) * HEIGHTS[way](y[:-1], y[1:])).sum(0)


def unions(
    targets: np.ndarray, guesses: np.ndarray, weights: np.ndarray, classes: Sequence[int]
) -> float:
    """Return the mean of what both have of a class as a part of what either has."""
    found = []
    for one in classes:
        either = weights[(targets == one) | (guesses == one)].sum()
        if either:
            found.append(weights[(targets == one) & (guesses == one)].sum() / either)
    return float(np.mean(found))
