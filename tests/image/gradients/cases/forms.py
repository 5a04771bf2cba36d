"""Rules that no public function leads to: of older operations, of gradients, of other shapes.

A graph that somebody saved years ago holds such operations; `tape.gradient` of a gradient, a
gradient that arrives as `IndexedSlices`, a function that knows no rank lead to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.cases.pooling import by_axis
from gradients.inputs import distinct, normal, off_zero, positive, uniform
from gradients.sweep import sweep

raw = tf.raw_ops
Function = Callable[..., tf.Tensor]
Row = tuple[Sequence[Generator], Function]
BOTH = (False, True)


def shifted(size: int) -> Generator:
    """Return a generator of a matrix whose triangles are far from singular ones."""
    return lambda random: random.standard_normal((size, size)) + 3 * np.eye(size)


#: Operations by their own names, where the public function calls a newer one, or none does.
OLDER: dict[str, Row] = {
    "Div": ([normal(3, 4), off_zero(4)], lambda a, b: raw.Div(x=a, y=b)),
    "Inv": ([off_zero(4)], lambda x: raw.Inv(x=x)),
    "FloorDiv": (
        [uniform(2.1, 2.9, 4), uniform(0.51, 0.67, 4)],
        lambda a, b: a * b * raw.FloorDiv(x=a, y=b),
    ),
    "Rint": ([off_zero(4)], lambda x: x * raw.Rint(x=3 * x)),
    "Select": (
        [normal(3), normal(3)],
        lambda a, b: raw.Select(condition=[True, False, True], x=a, y=b),
    ),
    "Concat": ([normal(2, 3), normal(2, 1)], lambda a, b: raw.Concat(concat_dim=1, values=[a, b])),
    "Gather": ([normal(4, 3)], lambda x: raw.Gather(params=x, indices=[3, 0, 0])),
    "Gather_pairs": (
        [normal(4, 3)],
        lambda x: raw.Gather(params=x, indices=[[3, 0], [0, 1]]),
    ),
    "GatherV2": (
        [normal(2, 3, 4)],
        lambda x: raw.GatherV2(params=x, indices=[[0, 1], [2, 2]], axis=1, batch_dims=-1),
    ),
    "MatrixDiag": ([normal(2, 3)], lambda x: raw.MatrixDiag(diagonal=x)),
    "MatrixDiagV2": (
        [normal(2, 3)],
        lambda x: raw.MatrixDiagV2(
            diagonal=x, k=1, num_rows=-1, num_cols=-1, padding_value=tf.zeros([], x.dtype)
        ),
    ),
    "MatrixDiagPart": ([normal(2, 3, 3)], lambda x: raw.MatrixDiagPart(input=x)),
    "MatrixDiagPart_wide": ([normal(3, 4)], lambda x: raw.MatrixDiagPart(input=x)),
    "MatrixDiagPartV2": (
        [normal(3, 4)],
        lambda x: raw.MatrixDiagPartV2(input=x, k=1, padding_value=tf.zeros([], x.dtype)),
    ),
    "MatrixSetDiag": (
        [normal(2, 3, 4), normal(2, 3)],
        lambda x, d: raw.MatrixSetDiag(input=x, diagonal=d),
    ),
    "MatrixSetDiagV2": (
        [normal(3, 4), normal(3)],
        lambda x, d: raw.MatrixSetDiagV2(input=x, diagonal=d, k=1),
    ),
    "Reverse": ([normal(2, 3)], lambda x: raw.Reverse(tensor=x, dims=[False, True])),
    "SpaceToBatch": (
        [normal(1, 3, 4, 2)],
        lambda x: raw.SpaceToBatch(input=x, paddings=[[1, 0], [0, 2]], block_size=2),
    ),
    "BatchToSpace": (
        [normal(4, 2, 3, 2)],
        lambda x: raw.BatchToSpace(input=x, crops=[[1, 0], [0, 2]], block_size=2),
    ),
    "CheckNumericsV2": ([normal(3)], lambda x: raw.CheckNumericsV2(tensor=x, message="x") ** 2),
    "ScatterNdNonAliasingAdd": (
        [normal(4, 2), normal(3, 2)],
        lambda x, u: raw.ScatterNdNonAliasingAdd(input=x, indices=[[1], [3], [1]], updates=u),
    ),
    "MatrixSolveLs": (
        [normal(5, 3), normal(5, 2)],
        lambda a, b: raw.MatrixSolveLs(
            matrix=a, rhs=b, l2_regularizer=tf.constant(0.5, tf.float64), fast=True
        ),
    ),
    "MatrixSolveLs_wide": (
        [normal(3, 5), normal(3, 2)],
        lambda a, b: raw.MatrixSolveLs(
            matrix=a, rhs=b, l2_regularizer=tf.constant(0.5, tf.float64), fast=True
        ),
    ),
    "BatchMatMulV2": ([normal(3, 4), normal(4, 2)], lambda a, b: raw.BatchMatMulV2(x=a, y=b)),
    "BatchMatMulV2_right": (
        [normal(3, 4), normal(2, 4, 2)],
        lambda a, b: raw.BatchMatMulV2(x=a, y=b),
    ),
    "InvGrad": ([off_zero(4), normal(4)], lambda y, dy: raw.InvGrad(y=y, dy=dy)),
    "SoftplusGrad": (
        [normal(4), normal(4)],
        lambda g, x: raw.SoftplusGrad(gradients=g, features=x),
    ),
    "BiasAddV1": ([normal(2, 3, 4), normal(4)], lambda x, b: raw.BiasAddV1(value=x, bias=b)),
    "MaxPoolV2": (
        [distinct(1, 4, 5, 2)],
        lambda x: raw.MaxPoolV2(input=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
    ),
    "IsotonicRegression": ([normal(2, 5)], lambda x: tf.nn.isotonic_regression(x, False)[0]),
    "Optional": (
        [normal(3)],
        lambda x: tf.experimental.Optional.from_value(x**2).get_value(),
    ),
    "SparseDenseCwiseDiv": (
        [normal(3), off_zero(3, 4)],
        lambda v, b: (tf.SparseTensor([[0, 1], [1, 0], [2, 3]], v, [3, 4]) / b).values,
    ),
    "SparseFillEmptyRows": (
        [normal(2), normal()],
        lambda v, d: raw.SparseFillEmptyRows(
            indices=np.array([[0, 1], [2, 0]]), values=v, dense_shape=[4, 2], default_value=d
        )[1],
    ),
    "SparseToDense": (
        [normal(2), normal()],
        lambda v, d: raw.SparseToDense(
            sparse_indices=[[0, 1], [2, 0]],
            output_shape=[3, 2],
            sparse_values=v,
            default_value=d,
        ),
    ),
    "einsum_turned": ([normal(2, 3, 4)], lambda x: tf.einsum("abc->ca", x) ** 2),
}

#: What a few of these lack.
LACKING = {
    "IsotonicRegression": gaps.STATIC_SHAPES,
    "SparseFillEmptyRows": gaps.no_second("SparseFillEmptyRowsGrad", "second"),
}
#: The operations of sparse segments' gradients.
SEGMENTS = {"segment_sum": "Sum", "segment_mean": "Mean", "segment_sqrt_n": "SqrtN"}
ROWS = np.array([0, 2, 2])
#: What is gathered from by whole rows, so that its gradient arrives as `IndexedSlices`.
GATHERED: dict[str, Row] = {
    "concat_rows": ([normal(2, 2), normal(2, 2)], lambda a, b: tf.concat([a, b], 0)),
    "concat_rows_back": ([normal(2, 2), normal(2, 2)], lambda a, b: tf.concat([a, b], -2)),
    "concat_rows_long": (
        [normal(2, 2), normal(2, 2)],
        lambda a, b: tf.gather(tf.concat([a, b], 0), tf.constant([3, 0, 0])),
    ),
    "concat_columns": ([normal(3, 2), normal(3, 1)], lambda a, b: tf.concat([a, b], 1)),
    "tile": ([normal(2, 2)], lambda x: tf.tile(x, [2, 2])),
    "dynamic_stitch": (
        [normal(2, 2), normal(1, 2)],
        lambda a, b: tf.dynamic_stitch([[2, 0], [1]], [a, b]),
    ),
    "add": ([normal(3, 2), normal(3, 2)], tf.add),
    "subtract": ([normal(3, 2), normal(3, 2)], tf.subtract),
    "multiply": ([normal(3, 2), normal(3, 2)], tf.multiply),
    "multiply_no_nan": ([normal(3, 2), normal(3, 2)], tf.math.multiply_no_nan),
    "squared_difference": ([normal(3, 2), normal(3, 2)], tf.math.squared_difference),
    "maximum": ([distinct(3, 2), distinct(3, 2, offset=0.3)], tf.maximum),
    "reshape": ([normal(6)], lambda x: tf.reshape(x, [3, 2])),
    "gather": ([normal(4, 2)], lambda x: tf.gather(x, [3, 1, 1])),
    "gather_columns": ([normal(3, 2)], lambda x: tf.gather(x, [1, 1], axis=1)),
}


def rebuilt(matrix: tf.Tensor, full: bool = False) -> tf.Tensor:
    """Return a matrix of other singular values, from both sides of the vectors: no sign counts."""
    values, left, right = tf.linalg.svd(matrix, full_matrices=full)
    count = tf.shape(values)[-1]
    scaled = left[..., :count] * tf.cast(tf.tanh(values), matrix.dtype)[..., None, :]
    return tf.matmul(scaled, right[..., :count], adjoint_b=True)


def complex_parts(function: Function) -> Function:
    """Return a function of complex matrices as one of real and imaginary parts."""

    def of(x: tf.Tensor) -> tf.Tensor:
        z = function(tf.complex(x[0], x[1]))
        return tf.stack([tf.math.real(z), tf.math.imag(z)])

    return of


#: Decompositions by the shape of the matrix, and of complex ones.
DECOMPOSED: dict[str, Row] = {
    "svd_wide": ([normal(3, 5)], rebuilt),
    "svd_square": ([normal(3, 3)], rebuilt),
    "svd_full": ([normal(4, 3)], lambda x: rebuilt(x, full=True)),
    "svd_complex": ([normal(2, 4, 3)], complex_parts(rebuilt)),
    "qr_complex": ([normal(2, 4, 3)], complex_parts(lambda z: tf.linalg.qr(z)[1])),
}

#: What a function computes that does not even know how many axes there are.
UNRANKED: dict[str, Row] = {
    "sum": ([normal(2, 3)], tf.reduce_sum),
    "sum_rows": ([normal(2, 3)], lambda x: tf.reduce_sum(x, 0)),
    "mean_rows": ([normal(2, 3)], lambda x: tf.reduce_mean(x, 0)),
    "max_rows": ([distinct(2, 3)], lambda x: tf.reduce_max(x, 0)),
    "multiply": ([normal(2, 3), normal(3)], tf.multiply),
    "add": ([normal(2, 3), normal(3)], tf.add),
    "matmul": ([normal(2, 3, 4), normal(4, 2)], lambda a, b: raw.BatchMatMulV2(x=a, y=b)),
    "reshape": ([normal(2, 3)], lambda x: tf.reshape(x, [3, 2])),
    "concat": ([normal(2, 3), normal(2, 3)], lambda a, b: tf.concat([a, b], 0)),
    "diag_part": ([normal(3, 3)], lambda x: raw.MatrixDiagPart(input=x)),
    "gather_nd": ([normal(3, 2)], lambda x: tf.gather_nd(x, [[0, 1], [2, 0]])),
}


def unranked(function: Function) -> Function:
    """Return a function that is traced for tensors of an unknown rank, and called."""

    def call(*inputs: tf.Tensor) -> tf.Tensor:
        signature = [tf.TensorSpec(None, one.dtype) for one in inputs]
        return tf.function(function, input_signature=signature, autograph=False)(*inputs)

    return call


def hidden(number: int, by: tf.Tensor) -> tf.Tensor:
    """Return a number that no graph knows before it runs: by the sum of a tensor, times 0."""
    return number + tf.cast(tf.reduce_sum(by) * 0, tf.int32)


#: What a function computes that knows some of the sizes of its inputs: by these, too.
PARTLY: dict[str, tuple[Sequence[Generator], Function, Sequence[Sequence[int | None] | None]]] = {
    "set_diag": (
        [normal(2, 3, 4), normal(2, 3)],
        lambda x, d: raw.MatrixSetDiag(input=x, diagonal=d),
        ([2, None, None], [2, 3]),
    ),
    "einsum": (
        [normal(2, 3, 4), normal(2, 4, 2)],
        lambda a, b: tf.einsum("...ij,...jk->...ik", a, b),
        ([2, 3, 4], [None, 4, 2]),
    ),
    "banded_triangular_solve": (
        [positive(2, 2, 4), normal(2, 4, 2)],
        lambda a, b: tf.linalg.banded_triangular_solve(a, b, lower=True),
        ([2, 2, 4], [None, 4, 2]),
    ),
    "triangular_solve": (
        [shifted(3), normal(2, 3, 2)],
        lambda a, b: tf.linalg.triangular_solve(a, b),
        ([3, 3], [None, 3, 2]),
    ),
    "batch_matmul": (
        [normal(3, 4), normal(2, 4, 2)],
        lambda a, b: raw.BatchMatMulV2(x=a, y=b),
        ([3, 4], None),
    ),
    "mean_of_an_axis": (
        [normal(2, 3)],
        lambda x: tf.reduce_mean(x, hidden(1, x)) ** 2,
        ([2, 3],),
    ),
    "mean_of_axes": (
        [normal(2, 3)],
        lambda x: tf.reduce_mean(x, [hidden(1, x)], keepdims=True) ** 2,
        ([2, 3],),
    ),
}


def partly(function: Function, shapes: Sequence[Sequence[int | None] | None]) -> Function:
    """Return a function that is traced for tensors of which some sizes are known, and called."""

    def call(*inputs: tf.Tensor) -> tf.Tensor:
        known = zip(shapes, inputs, strict=True)
        signature = [tf.TensorSpec(shape, one.dtype) for shape, one in known]
        return tf.function(function, input_signature=signature, autograph=False)(*inputs)

    return call


def gradient_of(function: Function) -> Function:
    """Return the gradient of the sum of a function's sines, of all inputs, in one row."""

    def gradient(*inputs: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(tf.sin(function(*inputs)))
        return tf.concat([tf.reshape(part, [-1]) for part in tape.gradient(total, inputs)], 0)

    return gradient


POOL_ORDERS = {2: gradient_of, 3: lambda function: gradient_of(gradient_of(function))}
#: What is differentiated two or three times: pools have rules for each order.
ORDERS: dict[str, Row] = {
    "bias_add": ([normal(2, 3, 2), normal(2)], tf.nn.bias_add),
    "bias_add_NC": (
        [normal(2, 3, 2), normal(3)],
        lambda x, b: tf.nn.bias_add(x, b, data_format="NC.."),
    ),
    "max_pool2d": ([distinct(1, 4, 4, 1)], lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID")),
    "MaxPoolV2": ([distinct(1, 4, 4, 1)], lambda x: OLDER["MaxPoolV2"][1](x)),
}


def cell(x: tf.Tensor, h: tf.Tensor, c: tf.Tensor, w: tf.Tensor, b: tf.Tensor, older: bool):
    """Return output and cell of an LSTM's step, whose gates stand in an older order or a newer."""
    gates = tf.split(tf.matmul(tf.concat([x, h], 1), w) + b, 4, axis=1)
    taken, kept, new, shown = (gates[place] for place in ((0, 2, 1, 3) if older else range(4)))
    c = tf.sigmoid(taken) * tf.tanh(new) + tf.sigmoid(kept + (1 if older else 0)) * c
    return tf.sigmoid(shown) * tf.tanh(c), c


def block_lstm(older: bool) -> Function:
    """Return the outputs of an LSTM of 2 units over three steps, as one operation."""

    def run(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        nothing = tf.zeros([2, 2], x.dtype)
        none = tf.zeros([2], x.dtype)
        operation = raw.BlockLSTM if older else raw.BlockLSTMV2
        return operation(
            **{"seq_len_max": tf.constant(3, tf.int64), "x": x, "w": w, "b": b},
            **{"cs_prev": nothing, "h_prev": nothing, "wci": none, "wcf": none, "wco": none},
        ).h

    return run


def lstm_by_steps(older: bool) -> Function:
    """Return the same outputs, step by step."""

    def run(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        h = c = tf.zeros([2, 2], x.dtype)
        outputs = []
        for step in range(3):
            h, c = cell(x[step], h, c, w, b, older)
            outputs.append(h)
        return tf.stack(outputs)

    return run


#: The operations that normalize a batch, and what each takes.
NORMALIZATIONS: dict[str, Any] = {
    "only": lambda of, rank: rank == 4 or of == "FusedBatchNormV3",
    "dtype": "float32",
    "of": ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"),
    "rank": (4, 5),
    "training": BOTH,
}


def normalizable(rank: int) -> Sequence[Generator]:
    """Return a batch, a scale and an offset."""
    return [normal(3, *(2,) * (rank - 2), 2), positive(2), normal(2)]


def normalized(rank: int, training: bool, operation: str) -> Function:
    """Return batch normalization by one of its three operations."""

    def run(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
        known = [] if training else [[0.25, -0.5], [2.0, 0.5]]
        mean, variance = (tf.constant(part, tf.float32) for part in (known or [[], []]))
        return getattr(raw, operation)(
            **{"x": x, "scale": scale, "offset": offset, "mean": mean, "variance": variance},
            **{"epsilon": 0.25, "is_training": training},
            data_format="NHWC" if rank == 4 else "NDHWC",
        ).y

    return run


def normalized_by_formula(rank: int, training: bool) -> Function:
    """Return the same by its formula."""

    def run(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.constant([0.25, -0.5], x.dtype), tf.constant([2.0, 0.5], x.dtype)
        if training:
            axes = list(range(rank - 1))
            mean = tf.reduce_mean(x, axes)
            variance = tf.reduce_mean((x - mean) ** 2, axes)
        return (x - mean) * tf.math.rsqrt(variance + 0.25) * scale + offset

    return run


def resized(x: tf.Tensor, method: str, antialias: bool) -> tf.Tensor:
    """Resize 4 x 5 to 3 x 7 by a kernel that may be widened."""
    return tf.image.resize(x, [3, 7], method, antialias=antialias)


def by_its_matrix(x: tf.Tensor, method: str, antialias: bool) -> tf.Tensor:
    """Resize by the matrix of the operation, which is linear: its columns are its values."""
    pixels = tf.reshape(tf.eye(20), [20, 4, 5, 1])
    matrix = tf.cast(tf.reshape(resized(pixels, method, antialias), [20, 21]), x.dtype)
    return tf.reshape(tf.matmul(tf.reshape(x, [1, 20]), matrix), [1, 3, 7, 1])


CASES = (
    *sweep(
        "older",
        lambda of: OLDER[of][0],
        lambda *x, of: OLDER[of][1](*x),
        known=lambda of: LACKING.get(of, {}),
        of=tuple(OLDER),
    ),
    *sweep(
        "batch_matmul",
        lambda adj_x, adj_y: [
            normal(2, *((4, 3) if adj_x else (3, 4))),
            normal(2, *((2, 4) if adj_y else (4, 2))),
        ],
        lambda a, b, adj_x, adj_y: raw.BatchMatMul(x=a, y=b, adj_x=adj_x, adj_y=adj_y),
        adj_x=BOTH,
        adj_y=BOTH,
    ),
    *sweep(
        "sparse_dense_matmul",
        lambda adjoint_a, adjoint_b: [
            normal(3),
            normal(*((2, 3) if adjoint_b else (3, 2)))
            if adjoint_a
            else normal(*((2, 4) if adjoint_b else (4, 2))),
        ],
        lambda v, b, adjoint_a, adjoint_b: tf.sparse.sparse_dense_matmul(
            tf.SparseTensor([[0, 1], [1, 0], [2, 3]], v, [3, 4]), b, adjoint_a, adjoint_b
        ),
        adjoint_a=BOTH,
        adjoint_b=BOTH,
    ),
    *sweep(
        "sparse_segment",
        [normal(5, 3)],
        lambda x, of, sparse, count: getattr(tf.sparse, of)(
            x, [0, 2, 2, 4], [0, 0, 1, 3], num_segments=count, sparse_gradient=sparse
        ),
        known=lambda of, sparse: gaps.no_second(
            f"SparseSegment{SEGMENTS[of]}Grad{'V2' * sparse}", "second"
        ),
        of=tuple(SEGMENTS),
        sparse=BOTH,
        count=(None, 5),
    ),
    *sweep(
        "banded_triangular_solve",
        lambda lower, adjoint, batch: [positive(*batch, 2, 4), normal(4, 2)],
        lambda a, b, lower, adjoint, batch: tf.linalg.banded_triangular_solve(
            a, b, lower=lower, adjoint=adjoint
        ),
        only=lambda lower, adjoint, batch: not batch or lower != adjoint,
        lower=BOTH,
        adjoint=BOTH,
        batch=((), (2,)),
    ),
    *sweep(
        "concat_many",
        lambda parts: [normal(parts, 2)],
        lambda x, parts: tf.concat([x[part : part + 1] * (part + 1) for part in range(parts)], 0),
        parts=(16, 17),
    ),
    *sweep(
        "gathered",
        lambda of: GATHERED[of][0],
        lambda *x, of: tf.gather(GATHERED[of][1](*x), ROWS) ** 2,
        of=tuple(GATHERED),
    ),
    *sweep(
        "decomposed",
        lambda of: DECOMPOSED[of][0],
        lambda *x, of: DECOMPOSED[of][1](*x),
        known=lambda of: gaps.STATIC_SHAPES | (gaps.SVD_COMPLEX if of == "svd_complex" else {}),
        of=tuple(DECOMPOSED),
    ),
    *sweep(
        "unranked",
        lambda of: UNRANKED[of][0],
        lambda *x, of: unranked(UNRANKED[of][1])(*x) * 1.0,
        of=tuple(UNRANKED),
    ),
    *sweep(
        "partly_known",
        lambda of: PARTLY[of][0],
        lambda *x, of: partly(*PARTLY[of][1:])(*x) * 1.0,
        of=tuple(PARTLY),
    ),
    *sweep(
        "gradient",
        lambda of: ORDERS[of][0],
        lambda *x, of: gradient_of(ORDERS[of][1])(*x),
        known=lambda of: gaps.no_second("MaxPoolGradGradV2", "second") if of == "MaxPoolV2" else {},
        of=tuple(ORDERS),
    ),
    *sweep(
        "gradient_of_gradient",
        lambda of: ORDERS[of][0],
        lambda *x, of: gradient_of(gradient_of(ORDERS[of][1]))(*x),
        of=("bias_add", "bias_add_NC", "max_pool2d"),
    ),
    *sweep(
        "gradient_of_max_pool3d",
        lambda order: [distinct(1, 2, 4, 2, 1)],
        lambda x, order: POOL_ORDERS[order](lambda x: tf.nn.max_pool3d(x, 2, 2, "VALID"))(x),
        reference=lambda x, order: POOL_ORDERS[order](by_axis(tf.maximum))(x),
        dtype="float32",
        order=tuple(POOL_ORDERS),
    ),
    *sweep(
        "quantized",
        [uniform(-2.0, 2.0, 4)],
        lambda x, of: getattr(raw, of)(
            **{"input": x, "input_min": tf.constant(-3.0, x.dtype)},
            **{"input_max": tf.constant(3.0, x.dtype), "range_given": True},
            **({} if of.endswith("V2") else {"num_bits": 8}),
        ),
        reference=lambda x, of: tf.identity(x),
        of=("QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3"),
    ),
    *sweep(
        "block_lstm",
        [normal(3, 2, 3), normal(5, 8, scale=0.4), normal(8, scale=0.4)],
        lambda *x, older: block_lstm(older)(*x),
        reference=lambda *x, older: lstm_by_steps(older)(*x),
        known=lambda older: {} if older else gaps.NEWER_LSTM,
        dtype="float32",
        older=BOTH,
    ),
    *sweep(
        "fused_batch_norm",
        normalizable,
        lambda *x, of, rank, training: normalized(rank, training, of)(*x),
        reference=lambda *x, of, rank, training: normalized_by_formula(rank, training)(*x),
        **NORMALIZATIONS,
    ),
    *sweep(
        "fused_batch_norm_gradient",
        normalizable,
        lambda *x, of, rank, training: gradient_of(normalized(rank, training, of))(*x),
        reference=lambda *x, of, rank, training: gradient_of(normalized_by_formula(rank, training))(
            *x
        ),
        **NORMALIZATIONS,
    ),
    *sweep(
        "resize",
        [normal(1, 4, 5, 1)],
        resized,
        reference=by_its_matrix,
        dtype="float32",
        method=("lanczos3", "gaussian", "mitchellcubic", "bilinear"),
        antialias=(True,),
    ),
    *sweep(
        "approx_max_k",
        [distinct(2, 3, 5)],
        lambda x: tf.math.approx_max_k(x, 2)[0] ** 2,
        reference=lambda x: tf.math.top_k(x, 2)[0] ** 2,
        known=gaps.STATIC_SHAPES,
        dtype="float32",
    ),
)
