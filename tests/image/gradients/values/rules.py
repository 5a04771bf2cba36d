"""The steps of Keras's optimizers in NumPy, as their papers give them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Kept = dict[str, np.ndarray]
#: One step: weights, their gradient, the rate, the step's number from 1, what is kept of earlier
#: steps (nothing at first; it changes in place) -> the new weights.
Rule = Callable[[np.ndarray, np.ndarray, float, int, Kept], np.ndarray]

#: Dyadic, and the same in every row: Keras keeps the rate in float32.
BETA, BETA_2, EPSILON = 0.875, 0.9375, 2.0**-10
#: The coefficients of Muon's quintic (Jordan).
QUINTIC = (3.4445, -4.7750, 2.0315)


def _mean(kept: Kept, name: str, value: np.ndarray, part: float) -> np.ndarray:
    """Move an exponential mean from 0 on, which keeps `part` of itself, and return it."""
    kept[name] = part * kept.get(name, np.zeros_like(value)) + (1 - part) * value
    return kept[name]


def sgd(*, momentum: float = 0, nesterov: bool = False) -> Rule:
    """Descend, with a velocity (Polyak) that may look ahead (Nesterov)."""

    def step(w: np.ndarray, g: np.ndarray, rate: float, _t: int, kept: Kept) -> np.ndarray:
        kept["v"] = momentum * kept.get("v", np.zeros_like(w)) - rate * g
        return w + (momentum * kept["v"] - rate * g if nesterov else kept["v"])

    return step


def adam(*, amsgrad: bool = False, first: float = BETA, second: float = BETA_2) -> Rule:
    """Divide a mean of gradients by the root of a mean of their squares (Kingma and Ba).

    `amsgrad`: by the root of the largest such mean so far (Reddi).
    """

    def step(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
        m, v = _mean(kept, "m", g, first), _mean(kept, "v", g**2, second)
        if amsgrad:
            v = kept["top"] = np.maximum(kept.get("top", 0), v)
        rate *= np.sqrt(1 - second**t) / (1 - first**t)
        return w - rate * m / (np.sqrt(v) + EPSILON)

    return step


def adamax(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
    """Divide a mean of gradients by a decaying largest magnitude (Kingma and Ba)."""
    m = _mean(kept, "m", g, BETA)
    kept["u"] = np.maximum(BETA_2 * kept.get("u", np.zeros_like(g)), np.abs(g))
    return w - rate / (1 - BETA**t) * m / (kept["u"] + EPSILON)


def nadam(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
    """Look ahead as Nesterov does, in Adam (Dozat)."""
    now, following = (BETA * (1 - 0.5 * 0.96**step) for step in (t, t + 1))
    kept["product"] = kept.get("product", np.float64(1)) * now
    m, v = _mean(kept, "m", g, BETA), _mean(kept, "v", g**2, BETA_2) / (1 - BETA_2**t)
    ahead = following * m / (1 - kept["product"] * following)
    return w - rate * (ahead + (1 - now) * g / (1 - kept["product"])) / (np.sqrt(v) + EPSILON)


def lamb(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
    """Take Adam's direction, as long as the weights are (You)."""
    m = _mean(kept, "m", g, BETA) / (1 - BETA**t)
    update = m / (np.sqrt(_mean(kept, "v", g**2, BETA_2) / (1 - BETA_2**t)) + EPSILON)
    long, size = np.linalg.norm(w), np.linalg.norm(update)
    return w - rate * (long / size if long and size else 1) * update


def lion(w: np.ndarray, g: np.ndarray, rate: float, _t: int, kept: Kept) -> np.ndarray:
    """Step by the sign of a mean of gradients (Chen)."""
    old = kept.get("m", np.zeros_like(g))
    _mean(kept, "m", g, BETA_2)
    return w - rate * np.sign(BETA * old + (1 - BETA) * g)


def rmsprop(*, momentum: float = 0, centered: bool = False) -> Rule:
    """Divide the gradient by the root of a mean of its squares, or of its variance (Hinton)."""

    def step(w: np.ndarray, g: np.ndarray, rate: float, _t: int, kept: Kept) -> np.ndarray:
        square = _mean(kept, "v", g**2, BETA)
        variance = square - (_mean(kept, "m", g, BETA) ** 2 if centered else 0)
        increment = rate * g / np.sqrt(variance + EPSILON)
        kept["p"] = momentum * kept.get("p", np.zeros_like(w)) + increment
        return w - kept["p"]

    return step


def adagrad(*, start: float = 0.125) -> Rule:
    """Divide the gradient by the root of the sum of its squares (Duchi)."""

    def step(w: np.ndarray, g: np.ndarray, rate: float, _t: int, kept: Kept) -> np.ndarray:
        kept["n"] = kept.get("n", start) + g**2
        return w - rate * g / np.sqrt(kept["n"] + EPSILON)

    return step


def adadelta(w: np.ndarray, g: np.ndarray, rate: float, _t: int, kept: Kept) -> np.ndarray:
    """Measure a step by the steps before it (Zeiler)."""
    square = _mean(kept, "v", g**2, BETA)
    before = kept.get("d", np.zeros_like(w))
    delta = -np.sqrt(before + EPSILON) / np.sqrt(square + EPSILON) * g
    _mean(kept, "d", delta**2, BETA)
    return w + rate * delta


def adafactor_of(decay: float) -> Rule:
    """Keep of the squares their means by rows and by columns alone (Shazeer and Stern).

    What is kept of a mean grows with the step's number, as a power of it.
    """

    def step(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
        part, square = 1 - t**decay, g**2 + EPSILON
        if g.ndim < 2:
            v = _mean(kept, "v", square, part)
        else:
            rows = _mean(kept, "r", square.mean(-1), part)
            columns = _mean(kept, "c", square.mean(-2), part)
            v = rows[..., None] * columns[..., None, :] / rows.mean(-1)[..., None, None]
        update = g / np.sqrt(v)
        update /= max(1, np.sqrt(np.mean(update**2)) / 0.5)
        return w - max(2.0**-4, np.sqrt(np.mean(w**2))) * min(rate, t**-0.5) * update

    return step


adafactor = adafactor_of(-0.8)


def ftrl(
    *,
    l1: float = 0,
    l2: float = 0,
    shrinkage: float = 0,
    beta: float = 0,
    power: float = 0.5,
    start: float = 0.125,
) -> Rule:
    """Follow the regularized leader, coordinate by coordinate (McMahan)."""

    def step(w: np.ndarray, g: np.ndarray, rate: float, _t: int, kept: Kept) -> np.ndarray:
        before = kept.get("n", np.full_like(w, start))
        kept["n"] = before + g**2
        sigma = (kept["n"] ** power - before**power) / rate
        z = kept["z"] = kept.get("z", 0) + g + 2 * shrinkage * w - sigma * w
        pulled = z - np.clip(z, -l1, l1)
        return -pulled / ((beta + kept["n"] ** power) / rate + 2 * l2)

    return step


def schedule_free(*, warmup: int = 0, late: bool = False) -> Rule:
    """Average the iterates instead of lowering the rate (Defazio).

    `late` is what Keras does: it works out the average from the weights, and takes from them the
    iterate after its step, not the one before, since what it kept of that is the variable itself.
    """

    def step(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
        old, x = kept.get("z", w), kept.get("x", w)
        rate *= min(t / warmup, 1) if warmup else 1
        v = _mean(kept, "v", g**2, BETA_2) / (1 - BETA_2**t)
        z = kept["z"] = old - rate * g / (np.sqrt(v) + EPSILON)
        if late:
            x = (w - (1 - BETA) * z) / BETA
        x = kept["x"] = (1 - 1 / t) * x + z / t
        return (1 - BETA) * z + BETA * x

    return step


def muon(
    *,
    nesterov: bool = True,
    rms_rate: float | None = 0.25,
    steps: int = 5,
    quintic: tuple[float, ...] = QUINTIC,
) -> Rule:
    """Move every singular value of a momentum towards 1, by a quintic in each; vectors by Adam.

    Keras iterates on the matrix; here the polynomial is that of its singular values.
    """

    def step(w: np.ndarray, g: np.ndarray, rate: float, t: int, kept: Kept) -> np.ndarray:
        if w.ndim != 2:
            return adam()(w, g, rate * 0.5, t, kept)
        m = kept["m"] = BETA * kept.get("m", np.zeros_like(g)) + g
        left, values, right = np.linalg.svd(g + BETA * m if nesterov else m, full_matrices=False)
        values = values / (np.linalg.norm(values) + 1e-7)
        for _ in range(steps):
            values = sum(c * values**n for c, n in zip(quintic, (1, 3, 5), strict=True))
        scale = np.sqrt(max(w.shape)) * rms_rate if rms_rate else 1
        return w - rate * scale * (left * values) @ right

    return step
