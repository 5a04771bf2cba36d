"""Products of matrices and tensors, by flags, and by which dimensions repeat or are missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.inputs import normal, positive_definite
from gradients.sweep import sweep

BOTH = (False, True)
#: Shapes of batches that broadcast: equal, missing on either side, 1 on either side or on both.
BATCHES = (((), ()), ((2,), ()), ((), (2,)), ((2, 1), (3,)), ((1,), (2,)), ((2, 3), (2, 1)))


def factors(
    turn_a: bool, turn_b: bool, batches: Sequence[tuple[int, ...]] = ((), ())
) -> list[Generator]:
    """Draw matrices of 3 x 4 and 4 x 5, or their transposes."""
    a, b = (4, 3) if turn_a else (3, 4), (5, 4) if turn_b else (4, 5)
    return [normal(*batches[0], *a), normal(*batches[1], *b)]


def constant_factor(rows: int, columns: int, turned: bool, dtype: tf.DType) -> tf.Tensor:
    """Return a matrix that no tape watches, or its transpose."""
    matrix = np.sin(np.arange(rows * columns)).reshape(rows, columns)
    return tf.constant(matrix if turned else matrix.T, dtype)


def complex_pair(parts: tf.Tensor) -> tf.Tensor:
    """Return complex numbers from real and imaginary parts, along the first axis."""
    return tf.complex(parts[0], parts[1])


def complex_product(a: tf.Tensor, b: tf.Tensor, **flags: bool) -> tf.Tensor:
    """Multiply complex matrices, and return real and imaginary parts."""
    product = tf.matmul(complex_pair(a), complex_pair(b), **flags)
    return tf.stack([tf.math.real(product), tf.math.imag(product)])


def operand(kind: str, side: str):
    """Return the flag that turns a side: by transposing, or by transposing and conjugating."""
    return {f"{kind}_{side}": True} if kind != "plain" else {}


#: The subscripts of a pair, and the shapes that they stand for.
SUBSCRIPTS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "ij,jk->ik": ((3, 4), (4, 2)),
    "ij,jk->ki": ((3, 4), (4, 2)),
    "ij,kj->ik": ((3, 4), (2, 4)),
    "ij,ij->": ((3, 4), (3, 4)),
    "ij,ij->i": ((3, 4), (3, 4)),
    "i,j->ij": ((3,), (4,)),
    "ij,k->": ((3, 4), (2,)),
    "ij,k->jk": ((3, 4), (2,)),
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 2)),
    "bij,bkj->bk": ((2, 3, 4), (2, 3, 4)),
    "...ij,...jk->...ik": ((2, 3, 4), (2, 4, 2)),
    "...ij,jk->...ik": ((2, 3, 4), (4, 2)),
    "ij,...jk->...ik": ((3, 4), (2, 4, 2)),
    "i...j,j...->...i": ((3, 2, 4), (4, 2)),
    "...i,...i->...": ((2, 1, 4), (3, 4)),
    "...,...->...": ((1, 3), (2, 1)),
    "...ij,...j->i...": ((1, 3, 4), (2, 4)),
    "a...b,b...->a...": ((2, 1, 3), (3, 4)),
    "ij,ij": ((3, 4), (3, 4)),
    "ij,jk": ((3, 4), (4, 2)),
}

CASES = (
    *sweep(
        "matmul",
        factors,
        lambda a, b, turn_a, turn_b, batches: tf.matmul(
            a, b, transpose_a=turn_a, transpose_b=turn_b
        ),
        turn_a=BOTH,
        turn_b=BOTH,
        batches=BATCHES,
    ),
    *sweep(
        "matmul_adjoint",
        factors,
        lambda a, b, turn_a, turn_b, batches: tf.matmul(a, b, adjoint_a=turn_a, adjoint_b=turn_b),
        turn_a=BOTH,
        turn_b=BOTH,
        batches=(((), ()), ((2,), (2,)), ((2, 1), (3,))),
    ),
    *sweep(
        "matmul_complex",
        lambda a, b: [
            normal(2, *((4, 3) if a != "plain" else (3, 4))),
            normal(2, *((5, 4) if b != "plain" else (4, 5))),
        ],
        lambda x, y, a, b: complex_product(x, y, **operand(a, "a"), **operand(b, "b")),
        a=("plain", "transpose", "adjoint"),
        b=("plain", "transpose", "adjoint"),
    ),
    *sweep(
        "matmul_constant",
        factors,
        lambda a, b, turn_a, turn_b: (
            tf.matmul(a, constant_factor(5, 4, turn_b, a.dtype), turn_a, turn_b)
            + tf.matmul(constant_factor(4, 3, turn_a, b.dtype), b, turn_a, turn_b)
        ),
        turn_a=BOTH,
        turn_b=BOTH,
    ),
    *sweep(
        "matmul_sparse_flags",
        factors,
        lambda a, b, turn_a, turn_b, sparse: tf.matmul(
            a, b, turn_a, turn_b, a_is_sparse=sparse == "a", b_is_sparse=sparse == "b"
        ),
        dtype="float32",
        reference=lambda a, b, turn_a, turn_b, sparse: tf.matmul(a, b, turn_a, turn_b),
        turn_a=BOTH,
        turn_b=BOTH,
        sparse=("a", "b"),
    ),
    *sweep(
        "einsum",
        lambda subscripts: [normal(*shape) for shape in SUBSCRIPTS[subscripts]],
        lambda a, b, subscripts: tf.einsum(subscripts, a, b),
        subscripts=tuple(SUBSCRIPTS),
    ),
    *sweep(
        "einsum_one",
        lambda subscripts: [normal(3, 3, 2)],
        lambda x, subscripts: tf.einsum(subscripts, x),
        subscripts=(
            "ijk->kji",
            "ijk->j",
            "iij->j",
            "iij->ij",
            "iij->ji",
            "ijk->",
            "...k->...",
            "ii...->...",
            "...k->k...",
        ),
    ),
    *sweep(
        "einsum_three",
        [normal(2, 3), normal(3, 4), normal(4, 2)],
        lambda a, b, c, subscripts: tf.einsum(subscripts, a, b, c),
        subscripts=("ij,jk,kl->il", "ij,jk,ki->", "ij,jk,ki->ijk", "ij,jk,kl->ljk"),
    ),
    *sweep(
        "tensordot",
        lambda axes: [
            normal(2, 3, 4),
            normal(
                *((2, 3, 4) if axes == 0 else (3, 4, 2) if axes == ((1, 2), (0, 1)) else (4, 3, 2))
            ),
        ],
        lambda a, b, axes: tf.tensordot(a, b, axes),
        axes=(0, 1, ((-1,), (0,)), ((1, 2), (0, 1)), ((2, 1), (0, 1)), ((0,), (-1,))),
    ),
    *sweep(
        "triangular_solve",
        lambda lower, adjoint, batch: [positive_definite(4), normal(*batch, 4, 2)],
        lambda a, b, lower, adjoint, batch: tf.linalg.triangular_solve(
            a, b, lower=lower, adjoint=adjoint
        ),
        lower=BOTH,
        adjoint=BOTH,
        batch=((), (3,)),
    ),
    *sweep(
        "solve",
        lambda adjoint: [positive_definite(4), normal(4, 2)],
        lambda a, b, adjoint: tf.linalg.solve(a, b, adjoint=adjoint),
        adjoint=BOTH,
    ),
    *sweep(
        "inv",
        [positive_definite(3)],
        lambda a, adjoint: tf.linalg.inv(a, adjoint=adjoint),
        adjoint=BOTH,
    ),
    *sweep(
        "matvec",
        lambda turn, batch: [normal(*batch, *((4, 3) if turn else (3, 4))), normal(4)],
        lambda a, b, turn, batch: tf.linalg.matvec(a, b, transpose_a=turn),
        turn=BOTH,
        batch=((), (2,)),
    ),
    *sweep(
        "qr",
        lambda shape, full: [normal(*shape)],
        lambda a, shape, full: tf.linalg.qr(a, full_matrices=full)[1] * 1.0,
        shape=((4, 3), (3, 3), (3, 5), (2, 4, 3)),
        full=(False,),
        known=gaps.STATIC_SHAPES,
    ),
    *sweep(
        "svd_values",
        lambda shape: [normal(*shape)],
        lambda a, shape: tf.linalg.svd(a, compute_uv=False),
        shape=((3, 3), (3, 5), (5, 3), (2, 3, 4)),
    ),
    *sweep(
        "lstsq",
        lambda shape, fast: [normal(*shape), normal(shape[0], 2)],
        lambda a, b, shape, fast: tf.linalg.lstsq(a, b, l2_regularizer=0.5, fast=fast),
        shape=((5, 3), (3, 5), (4, 4)),
        fast=(True,),
    ),
)
