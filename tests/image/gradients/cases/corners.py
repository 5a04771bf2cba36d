"""What mutants of TensorFlow's rules showed to be missing elsewhere: a module for their classes.

Matrices without symmetry, several zeros in one product, colours in every order, one index of many;
and, in modules of their own, complex matrices, gradients of gradients by attributes, graphs that
know their sizes, sparse tensors, what raw operations are told, pixels, whole numbers of 64 bits.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.cases import complexes, linalg, orders, pixels, static, thin, told, wholes
from gradients.inputs import constant, normal, uniform
from gradients.sweep import sweep


def regular(random: np.random.Generator) -> np.ndarray:
    """Draw two matrices that are neither symmetric nor near to a singular one."""
    return random.standard_normal((2, 3, 3)) + 3 * np.eye(3)


MATRICES = {
    "det": tf.linalg.det,
    "slogdet": lambda a: tf.linalg.slogdet(a)[1],
    "inv": tf.linalg.inv,
    "inv_adjoint": lambda a: tf.linalg.inv(a, adjoint=True),
    "solve": lambda a: tf.linalg.solve(a, a[:, :, :2] ** 2),
    "solve_adjoint": lambda a: tf.linalg.solve(a, a[:, :, :2] ** 2, adjoint=True),
    "sqrtm": tf.linalg.sqrtm,
    "expm": lambda a: tf.linalg.expm(a / 4),
}
#: Of the first segment one number is 0, of the second two, of the third none.
ZEROS = [[2, 3, 1], [0, 1, 4], [5, 0, 2], [0, 3, 3], [0, 0, 1], [2, 5, 0], [3, 2, 1], [1, 4, 2]]
SEGMENTS = [0, 0, 0, 1, 1, 1, 2, 2]
PRODUCTS = {
    "segment_prod": lambda x: tf.math.segment_prod(x, SEGMENTS),
    "unsorted_segment_prod": lambda x: tf.math.unsorted_segment_prod(x, SEGMENTS, 4),
}
#: How many indices there are, in which shape, each of how many axes.
INDICES = {
    "column": [[2], [0], [2]],
    "columns": [[[0], [2]], [[1], [1]]],
    "one": [2],
    "pairs": [[[0, 1], [2, 0]], [[2, 0], [1, 1]]],
    "single": [[2]],
}
#: Of each of 2 x 3 x 2 rows, which of its places, some of them twice.
PLACES = np.array([2, 0, 2, 1, 1, 0, 0, 0, 2, 1, 2, 0] * 2).reshape(2, 3, 2, 2)


def slope(*parts: tf.Tensor, of: str) -> tf.Tensor:
    """Return what flows back through a function of complex numbers, to take its gradient."""
    z, arrives = (tf.complex(*parts[i : i + 2]) for i in (0, 2))
    with tf.GradientTape() as tape:
        tape.watch(z)
        out = getattr(tf.raw_ops, of)(x=z)
    found = tape.gradient(out, z, arrives)
    return tf.stack([tf.math.real(found), tf.math.imag(found)])


def stacked(generator: Generator) -> Generator:
    """Draw three of what a generator draws."""
    return lambda random: np.stack([generator(random) for _ in range(3)])


#: Of matrices alone, in the table: three at a time.
BATCHED = ("cholesky", "triangular_solve", "svd_values", "svd_vectors", "eigh_values", "lstsq")
BATCHED += ("eigh_vectors", "pinv", "tridiagonal_solve", "tridiagonal_matmul", "cross", "norm")
BATCHED += ("banded_triangular_solve", "set_diag", "band_part")
ALONE = {case.name: case for case in linalg.CASES}

CASES = (
    *sweep(
        "batch",
        lambda of: [stacked(generator) for generator in ALONE[of].inputs],
        lambda *matrices, of: ALONE[of].function(*matrices),
        known=lambda of: {name: why for name, why in ALONE[of].known.items() if name == "relaxed"},
        of=BATCHED,
    ),
    *sweep("matrix", [regular], lambda a, of: MATRICES[of](a), of=tuple(MATRICES)),
    *sweep(
        "zeros",
        [constant(ZEROS)],
        lambda x, of: PRODUCTS[of](x),
        known=gaps.SEGMENT_PROD_WITH_ZERO,
        of=tuple(PRODUCTS),
    ),
    *sweep(
        "diagonals",
        lambda k: [normal(2, 3, 4), normal(2, 1 + k[1] - k[0], 3 + min(k[1], 0))],
        lambda x, d, k, of: getattr(tf.raw_ops, of)(input=x, diagonal=d, k=list(k)),
        known=gaps.UNKNOWN_DIAGONALS,
        only=lambda k, of: of == "MatrixSetDiagV3" or k != (1, 2),
        k=((1, 2), (-1, 1), (-2, -1), (0, 1)),
        of=("MatrixSetDiagV2", "MatrixSetDiagV3"),
    ),
    *sweep(
        "slope",
        [normal(2, 3), normal(2, 3), normal(2, 3), normal(2, 3)],
        slope,
        of=("Rsqrt", "Sqrt", "Tanh", "Sigmoid", "Reciprocal"),
    ),
    *sweep("silu", [normal(3, 4), uniform(0.5, 2)], tf.nn.silu),
    *sweep("colours", [uniform(0.1, 0.9, 1, 6, 8, 3)], tf.image.rgb_to_hsv),
    *sweep(
        "gather_nd",
        [normal(3, 2)],
        lambda x, at: tf.gather_nd(x, INDICES[at]) ** 2,
        known=lambda at: gaps.ONE_INDEX if at == "one" else {},
        at=tuple(INDICES),
    ),
    *sweep(
        "gather",
        [normal(2, 3, 2, 3, 2)],
        lambda x, batch: tf.gather(x, PLACES, axis=3, batch_dims=batch) ** 2,
        batch=(1, 2, 3),
    ),
    *complexes.CASES,
    *orders.CASES,
    *pixels.CASES,
    *static.CASES,
    *thin.CASES,
    *told.CASES,
    *wholes.CASES,
)
