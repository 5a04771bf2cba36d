"""What an operation may be told: by its own name, where no other row tells it so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.cases.complexes import pair, parts
from gradients.cases.loss import ctc_by_recursion
from gradients.inputs import distinct, normal, uniform
from gradients.sweep import sweep

raw = tf.raw_ops
Function = Callable[..., tf.Tensor]
Row = tuple[Sequence[Generator], Function]
BOTH = (False, True)


#: Lengths of a transform, of a tensor of 2 x 6 x 7: shorter, longer, odd and even.
LENGTHS = ((6,), (7,), (9,), (10,), (6, 7), (6, 8), (7, 8), (6, 9), (7, 7), (9, 10))
DRAWN = {"pseudo_random": True, "deterministic": True, "seed": 3, "seed2": 5}
#: What these lack.
LACKING = {
    "max_pool_argmax": gaps.no_second("MaxPoolGradWithArgmax", "second"),
    "max_pool_argmax_batch": gaps.no_second("MaxPoolGradWithArgmax", "second"),
    "isotonic_parts": gaps.STATIC_SHAPES,
}
#: What derivatives of these lack where a segment is empty.
EMPTY = {"mean": gaps.EMPTY_SEGMENT}
EMPTY |= dict.fromkeys(("max", "min"), gaps.EMPTY_SEGMENT_EXTREMUM)
BANDS = np.array([[4.0], [0.0], [0.0]])


def heavy(a: tf.Tensor) -> tf.Tensor:
    """Return a matrix that is not symmetric, and whose diagonal outweighs the rest."""
    return a + 4 * tf.eye(3, dtype=a.dtype)


def fractional(x: tf.Tensor, of: str, overlapping: bool) -> tf.Tensor:
    """Pool by ratios that are no whole numbers, in windows that are drawn."""
    return getattr(raw, of)(
        value=x, pooling_ratio=[1.0, 1.5, 1.7, 1.0], overlapping=overlapping, **DRAWN
    )[0]


MIXED: dict[str, Row] = {
    "nth_element_reversed": (
        [distinct(3, 5)],
        lambda x: raw.NthElement(input=x, n=1, reverse=True) ** 2,
    ),
    "max_pool_argmax_batch": (
        [distinct(2, 4, 5, 3)],
        lambda x: raw.MaxPoolWithArgmax(
            **{"input": x, "ksize": [1, 2, 3, 1], "strides": [1, 1, 2, 1], "padding": "SAME"},
            include_batch_in_index=True,
        )[0],
    ),
    "max_pool_argmax": (
        [distinct(2, 4, 5, 3)],
        lambda x: raw.MaxPoolWithArgmax(
            **{"input": x, "ksize": [1, 2, 3, 1], "strides": [1, 1, 2, 1], "padding": "VALID"}
        )[0],
    ),
    "max_pool_v2_overlapping": (
        [distinct(1, 5, 6, 2)],
        lambda x: raw.MaxPoolV2(input=x, ksize=[1, 3, 2, 1], strides=[1, 1, 2, 1], padding="SAME"),
    ),
    "complex_column_row": (
        [normal(2, 1), normal(3)],
        lambda a, b: parts(tf.complex(a, b)) * parts(tf.complex(b, a)),
    ),
    "power_complex_base": (
        [normal(2, 5), normal(2, 5)],
        lambda a, b: parts(tf.pow(pair(a), pair(b) / 2)),
    ),
    "power_complex_number": (
        [normal(2, 5)],
        lambda a: parts(tf.pow(tf.constant(-1.5 + 0.5j, pair(a).dtype), pair(a))),
    ),
    "tridiagonal_exchanged": (
        [normal(3, 5), normal(5, 2)],
        lambda d, b: tf.linalg.tridiagonal_solve(
            tf.constant([[2.0, 1, 3, 1, 0], [0, 2, 0, 4, 5], [0, 3, 2, 1, 2]], d.dtype)
            + d * [[1.0], [0.0], [1.0]],
            b,
        ),
    ),
    "cholesky_batches": (
        [normal(2, 3, 2, 2)],
        lambda a: tf.linalg.cholesky(tf.matmul(a, a, transpose_b=True) + tf.eye(2, dtype=a.dtype)),
    ),
    "einsum_batches": (
        [normal(3, 2, 2), normal(2, 1, 4)],
        lambda a, b: tf.einsum("a...b,...c->...ca", a, b),
    ),
    "sqrtm_batches": ([normal(2, 2, 3, 3)], lambda a: tf.linalg.sqrtm(heavy(a))),
    "lstsq_wide": ([normal(2, 3, 5), normal(2, 3, 2)], lambda a, b: tf.linalg.lstsq(a, b, 0.5)),
    "lstsq_high": ([normal(2, 5, 3), normal(2, 5, 2)], lambda a, b: tf.linalg.lstsq(a, b, 0.5)),
    "clip_by_bounds": (
        [distinct(3, 4), uniform(-1.3, -0.7, 3, 4), uniform(0.7, 1.3)],
        lambda x, low, high: raw.ClipByValue(t=x, clip_value_min=low, clip_value_max=high),
    ),
    "partition_matrix": (
        [normal(2, 3, 2)],
        lambda x: tf.concat(tf.dynamic_partition(x, [[1, 0, 2], [0, 1, 1]], 3)[::-1], 0),
    ),
    **{
        f"triangular_batches_{which}": (
            [normal(*(shapes[0]), 3, 3), normal(*shapes[1], 3, 2)],
            lambda a, b: tf.linalg.triangular_solve(heavy(a), b),
        )
        for which, shapes in (("apart", ((2, 1), (1, 2))), ("one", ((1,), (2,))))
    },
    "isotonic_parts": (
        [normal(2, 8, scale=0.5)],
        lambda x: tf.nn.isotonic_regression(x + tf.range(8, dtype=x.dtype), decreasing=False)[0],
    ),
    "stitch_matrices": (
        [normal(2, 2, 3), normal(3)],
        lambda a, b: tf.dynamic_stitch([[[0, 3], [2, 1]], 4], [a, b]) ** 2,
    ),
    "bands_batches": (
        [normal(2, 1, 3, 4), normal(1, 2, 4, 2)],
        lambda a, b: tf.linalg.banded_triangular_solve(a + tf.constant(BANDS, a.dtype), b),
    ),
    "bands_complex": (
        [normal(2, 3, 4), normal(2, 4, 2)],
        lambda a, b: parts(
            tf.linalg.banded_triangular_solve(pair(a) + BANDS, pair(b), adjoint=True)
        ),
    ),
    "bands_upper_complex": (
        [normal(2, 3, 4), normal(2, 4, 2)],
        lambda a, b: parts(
            tf.linalg.banded_triangular_solve(pair(a) + BANDS[::-1], pair(b), lower=False)
        ),
    ),
}


def peeping(*inputs: tf.Tensor, older: bool) -> tf.Tensor:
    """Return what an LSTM of two units gives in three steps, as one operation."""
    names = ("x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b")
    operation = raw.BlockLSTM if older else raw.BlockLSTMV2
    given = dict(zip(names, inputs, strict=True))
    found = operation(seq_len_max=tf.constant(3, tf.int64), use_peephole=True, **given)
    return tf.concat([found.h, found.cs], 0)


def peeping_by_steps(*inputs: tf.Tensor, older: bool) -> tf.Tensor:
    """Return the same, step by step; the gates' order is what the release changed."""
    x, c, h, w, to_taken, to_kept, to_shown, b = inputs
    outputs, cells = [], []
    for step in range(3):
        gates = tf.split(tf.matmul(tf.concat([x[step], h], 1), w) + b, 4, axis=1)
        taken, kept, new, shown = (gates[place] for place in ((0, 2, 1, 3) if older else range(4)))
        kept = tf.sigmoid(kept + (1 if older else 0) + to_kept * c)
        c = tf.sigmoid(taken + to_taken * c) * tf.tanh(new) + kept * c
        h = tf.sigmoid(shown + to_shown * c) * tf.tanh(c)
        outputs.append(h)
        cells.append(c)
    return tf.stack(outputs + cells)


#: A part that is written to, by a mask of each kind: the tensor, its bounds, the value, the mask.
PARTS: dict[str, tuple[tuple[int, ...], list[int], list[int], tuple[int, ...], dict[str, int]]] = {
    "begin": ((3, 4), [2, 1], [2, 3], (2, 2), {"begin_mask": 1}),
    "end": ((3, 4), [0, 2], [2, 0], (2, 2), {"end_mask": 2}),
    "ellipsis": ((2, 3, 4), [0, 1], [0, 3], (2, 3, 2), {"ellipsis_mask": 1}),
    "new_axis": ((3, 4), [0, 1, 0], [0, 3, 2], (1, 2, 2), {"new_axis_mask": 1}),
    "shrink_axis": ((3, 4), [-1, 0], [0, 4], (4,), {"shrink_axis_mask": 1}),
}


def written(x: tf.Tensor, v: tf.Tensor, mask: str) -> tf.Tensor:
    """Write a value to a part."""
    _, begin, end, _, masks = PARTS[mask]
    return raw.TensorStridedSliceUpdate(
        input=x, begin=begin, end=end, strides=[1] * len(begin), value=v, **masks
    )


CASES = (
    *sweep(
        # Ids that do not begin with 0, and leave some out.
        "segment_late",
        [distinct(5, 2, offset=0.3)],
        lambda x, of: getattr(tf.math, f"segment_{of}")(x, [2, 2, 3, 5, 5]) ** 2,
        known=lambda of: EMPTY.get(of, {}),
        of=("sum", "mean", "prod", "max", "min"),
    ),
    *sweep(
        "written",
        lambda mask: [normal(*PARTS[mask][0]), normal(*PARTS[mask][3])],
        written,
        mask=tuple(PARTS),
    ),
    *sweep(
        "told",
        lambda of: MIXED[of][0],
        lambda *x, of: MIXED[of][1](*x),
        known=lambda of: LACKING.get(of, {}),
        of=tuple(MIXED),
    ),
    *sweep(
        "fractional",
        [distinct(1, 7, 8, 2)],
        fractional,
        known=lambda of: (
            gaps.no_second(f"{of}Grad", "second")
            | (gaps.STATIC_SHAPES if of == "FractionalAvgPool" else {})
        ),
        of=("FractionalMaxPool", "FractionalAvgPool"),
        overlapping=BOTH,
    ),
    *sweep(
        "bands",
        [normal(2, 3, 4)],
        lambda x, k, align: tf.linalg.diag(x, k=k, num_rows=5, num_cols=4, align=align) ** 2,
        known=gaps.UNKNOWN_DIAGONALS,
        k=((-1, 1), (-2, 0)),
        align=("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"),
    ),
    *sweep(
        # Of labels that are sparse, the loss is one operation, whose blank is the last class.
        "ctc",
        [normal(5, 2, 4)],
        lambda x: (
            raw.CTCLoss(
                inputs=tf.roll(x, -1, 2),
                labels_indices=np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.int64),
                labels_values=[0, 1, 2, 0],
                sequence_length=[5, 4],
            ).loss
        ),
        reference=ctc_by_recursion,
        dtype="float32",
    ),
    *sweep(
        "rfft",
        [normal(2, 6, 7)],
        lambda x, length: parts(
            (tf.signal.rfft2d if len(length) == 2 else tf.signal.rfft)(x, length)
        ),
        known=lambda length: gaps.SHORTER_FFT if length[-1] < 7 else {},
        length=LENGTHS,
    ),
    *sweep(
        "irfft",
        [normal(2, 2, 6, 5)],
        lambda x, length: (tf.signal.irfft2d if len(length) == 2 else tf.signal.irfft)(
            pair(x), length
        ),
        known=lambda length: gaps.SHORTER_FFT if length[-1] // 2 < 4 else {},
        length=LENGTHS,
    ),
    *sweep(
        "fft",
        [normal(2, 2, 3, 2, 5)],
        lambda x, of: parts(getattr(tf.signal, of)(pair(x))),
        of=("fft", "ifft", "fft2d", "ifft2d", "fft3d", "ifft3d"),
    ),
    *sweep(
        "scan",
        [normal(2, 5)],
        lambda x, exclusive, reverse: tf.math.cumulative_logsumexp(
            x, -1, exclusive=exclusive, reverse=reverse
        )[:, 1:4],
        exclusive=BOTH,
        reverse=BOTH,
    ),
    *sweep(
        "peeping_lstm",
        [normal(3, 2, 3), normal(2, 2), normal(2, 2), normal(5, 8, scale=0.4)]
        + [normal(2)] * 3
        + [normal(8, scale=0.4)],
        peeping,
        reference=peeping_by_steps,
        known=lambda older: {} if older else gaps.NEWER_LSTM,
        dtype="float32",
        older=BOTH,
    ),
)
