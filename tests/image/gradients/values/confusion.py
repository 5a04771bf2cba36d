"""What is truly and falsely above a threshold, and what binary metrics make of it, in NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.integrate import quad

Reference = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
#: The scores lie between them, and they between 0 and 1 as Keras spaces them.
THRESHOLDS = 101


def counts(t: np.ndarray, p: np.ndarray, w: np.ndarray, at: float = 0.5) -> dict[str, float]:
    """Return the weights of what is truly and falsely above and below a threshold."""
    w = np.broadcast_to(w.reshape(-1, *[1] * (t.ndim - 1)), t.shape)
    above, true = p > at, t > 0.5
    return {
        "tp": float(np.sum(w * (above & true))),
        "fp": float(np.sum(w * (above & ~true))),
        "fn": float(np.sum(w * (~above & true))),
        "tn": float(np.sum(w * (~above & ~true))),
    }


def sweep(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> dict[str, np.ndarray]:
    """Return the counts at every threshold, from above all scores down to below all."""
    found = [counts(t, p, w, at) for at in np.linspace(1 + 1e-7, -1e-7, THRESHOLDS)]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def rates(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> dict[str, np.ndarray]:
    """Return sensitivity, specificity and precision at every threshold; 0 where there is none."""
    n = sweep(t, p, w)
    above = n["tp"] + n["fp"]
    return {
        "sensitivity": n["tp"] / (n["tp"] + n["fn"]),
        "specificity": n["tn"] / (n["tn"] + n["fp"]),
        "precision": np.divide(n["tp"], above, out=np.zeros_like(above), where=above > 0),
    }


def best(wanted: str, given: str, bound: float) -> Reference:
    """Return the best of one rate where another is not below a bound."""

    def reference(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
        found = rates(t, p, w)
        return np.max(found[wanted][found[given] >= bound])

    return reference


def steps(choose: Callable[..., np.ndarray]) -> Reference:
    """Return the area below precision over recall, in steps as low or as high as they can be."""

    def reference(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
        found = rates(t, p, w)
        heights = choose(found["precision"][1:], found["precision"][:-1])
        return np.sum(np.diff(found["sensitivity"]) * heights)

    return reference


def _precision(true: float, start: float, false: float, slope: float) -> float:
    return true / (true + false + slope * (true - start))


def interpolated(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> float:
    """Return that area where false grow with true ones along straight lines (Davis, Goadrich)."""
    n = sweep(t, p, w)
    area = 0.0
    for a, b, c, d in zip(n["tp"], n["tp"][1:], n["fp"], n["fp"][1:], strict=False):
        if b > a:
            area += quad(_precision, a, b, (a, c, (d - c) / (b - a)))[0]
    return area / (n["tp"] + n["fn"])[0]
