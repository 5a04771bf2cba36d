"""keras.ops that align labels with steps, against every path that there is."""

from __future__ import annotations

from itertools import product

import numpy as np
from keras import ops
from scipy.special import log_softmax

from gradients.values.calls import Rows

_random = np.random.default_rng(34)
#: Scores of three steps in two sequences, of a blank and three labels; the targets' lengths.
SCORES = _random.standard_normal((2, 3, 4))
TARGETS, LENGTHS, STEPS = np.array([[1, 1], [3, 0]]), np.array([2, 1]), np.array([3, 2])


def collapsed(path: tuple[int, ...], blank: int, *, merge: bool = True) -> tuple[int, ...]:
    """Return the labels that a path stands for (Graves and others, 2006)."""
    kept = [
        label
        for number, label in enumerate(path)
        if not (merge and number and path[number - 1] == label)
    ]
    return tuple(label for label in kept if label != blank)


def chances(scores: np.ndarray, blank: int) -> dict[tuple[int, ...], float]:
    """Return the probability of each sequence of labels: of all of its paths."""
    found: dict[tuple[int, ...], float] = {}
    logarithms = log_softmax(scores, -1)
    for path in product(range(scores.shape[-1]), repeat=len(scores)):
        labels = collapsed(path, blank)
        chance = np.exp(sum(logarithms[step, label] for step, label in enumerate(path)))
        found[labels] = found.get(labels, 0) + chance
    return found


def ctc(blank: int, targets: np.ndarray) -> np.ndarray:
    """Return the losses of targets."""
    return np.array(
        [
            -np.log(chances(scores[:steps], blank)[tuple(target[:length])])
            for scores, target, length, steps in zip(SCORES, targets, LENGTHS, STEPS, strict=True)
        ]
    )


def best(blank: int) -> list[np.ndarray]:
    """Return the likeliest labels of each sequence, and how likely they are."""
    labels = np.full((1, 2, 3), -1)
    scores = []
    for number, (given, steps) in enumerate(zip(SCORES, STEPS, strict=True)):
        every = chances(given[:steps], blank)
        likeliest = max(every, key=lambda one: every[one])
        labels[0, number, : len(likeliest)] = likeliest
        scores.append([np.log(every[likeliest])])
    return [labels, np.array(scores)]


def greedy(blank: int, *, merge: bool) -> np.ndarray:
    """Return the labels of the best path."""
    labels = np.full((1, 2, 3), -1)
    for number, (given, steps) in enumerate(zip(LOUD, STEPS, strict=True)):
        path = collapsed(tuple(given[:steps].argmax(-1)), blank, merge=merge)
        labels[0, number, : len(path)] = path
    return labels


#: One label twice in a row.
LOUD = SCORES + 9 * (np.array([[2, 2, 0], [3, 3, 1]])[..., None] == np.arange(4))


ROWS: Rows = {
    "ctc_loss": (lambda: ops.ctc_loss(TARGETS, SCORES, LENGTHS, STEPS), ctc(0, TARGETS)),
    "ctc_loss_blank": (
        lambda: [
            ops.ctc_loss(TARGETS - 1, SCORES, LENGTHS, STEPS, mask_index=blank) for blank in (3, -1)
        ],
        [ctc(3, TARGETS - 1)] * 2,
    ),
    **{
        f"ctc_decode_greedy_{blank}_{merge}": (
            lambda blank=blank, merge=merge: ops.ctc_decode(
                LOUD, STEPS, merge_repeated=merge, mask_index=blank
            )[0],
            greedy(blank, merge=merge),
        )
        for blank, merge in ((0, True), (0, False), (3, True))
    },
    **{
        f"ctc_decode_beams_{blank}": (
            lambda blank=blank: ops.ctc_decode(
                SCORES, STEPS, strategy="beam_search", beam_width=50, mask_index=blank
            ),
            best(blank),
        )
        for blank in (0, 1, 3)
    },
    "ctc_decode_behind": (
        lambda: ops.ctc_decode(SCORES, STEPS, strategy="beam_search", beam_width=50, mask_index=-1)[
            1
        ],
        best(3)[1],
    ),
}
