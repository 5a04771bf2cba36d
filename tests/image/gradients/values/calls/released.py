"""What releases of TensorFlow had wrong, by the number under which somebody reported it.

Each row is a call that failed, or whose number or gradient was another one, until its fix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.parallel_for import gradients as vectorised

from gradients.tracing import traced
from gradients.values.calls import Rows
from gradients.values.calls.images import LARGE, NOISY, standardized
from gradients.values.calls.inputs import COMPLEX, IDS, IMAGES, TABLE, X
from gradients.values.calls.lines import LINES, TALL, VALUES, deep
from gradients.values.calls.uncalled import similarity

LINE = np.array([2.0, -1.0, 0.5, 3.0])
#: Rows of one number each, whose mean of squares is less than the square of their mean.
SAME = np.repeat([0.3, 0.7, 2.3], 7)
#: What reduces axes, and what that is.
OVER = [
    (tf.reduce_mean, np.mean),
    (tf.reduce_max, np.max),
    (tf.math.reduce_variance, np.var),
]


def _slopes(function: Callable[..., Any], *inputs: Any) -> Any:
    """Return the gradient in each input, into which ones flow."""
    inputs = tuple(map(tf.constant, inputs))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return tape.gradient(y, inputs)


def _of_nothing() -> tf.Tensor:
    """Return the jacobian of two samples that do not depend on their source, and those added."""
    x = tf.constant(X[:2])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.zeros_like(x) + 1
    return tape.batch_jacobian(y, x) + x[..., None]


def _of_no_rows(x: float | np.ndarray = 2.0) -> tf.Tensor:
    """Return the jacobian of no rows of four, by a loop."""
    x = tf.constant(x, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * X[:0]
    return tape.jacobian(y, x, experimental_use_pfor=False)


def _rows() -> tf.RaggedTensor:
    """Return matrices of as many columns, and not as many rows."""
    return tf.RaggedTensor.from_row_lengths(np.concatenate(TALL), [len(one) for one in TALL])


def _deep() -> tf.RaggedTensor:
    """Return rows of rows, none of them empty."""
    rows = tf.RaggedTensor.from_row_lengths(VALUES, [3, 2, 4])
    return tf.RaggedTensor.from_row_lengths(rows, [2, 1])


def _graph(function: Callable[[tf.Tensor], Any], shape: list[int | None]) -> Callable[[Any], Any]:
    """Return a function's graph, which knows a shape in part."""
    return traced(function, input_signature=[tf.TensorSpec(shape, "float64")])


def _of_an_empty_sum(x: tf.Tensor) -> tf.Tensor:
    """Return the gradient of sums of no summands."""
    return tf.gradients(tf.reduce_sum(x, 1), x)[0]


def _size_of_rows() -> tf.Tensor:
    """Return the size of a table, as its gradient tells it while a graph is traced."""
    table = tf.Variable(TABLE)

    def size() -> tf.Tensor:
        with tf.GradientTape() as tape:
            y = tf.nn.embedding_lookup(table, IDS)
        return tf.constant(tape.gradient(y, table).shape.as_list())

    return traced(size)()


def _beside() -> Any:
    """Return zeros for a variable that does not count, in a graph."""
    variable = tf.Variable(X)
    return traced(
        lambda: tf.gradients(tf.constant(1.0), [variable], unconnected_gradients="zero")
    )()


def _refused(function: Callable[..., Any], *inputs: Any) -> bool:
    """Return whether a call is refused."""
    try:
        function(*inputs)
    except (ValueError, tf.errors.InvalidArgumentError):
        return True
    return False


def _told(function: Callable[[tf.Tensor], tf.Tensor], shape: list[int | None]) -> np.ndarray:
    """Return the size of a result, as a graph that knows a shape in part tells it."""
    graph = tf.function(function).get_concrete_function(tf.TensorSpec(shape))
    return np.array(graph.output_shapes.as_list(), float)


def _of_a_list() -> Any:
    """Return the gradient of what is recomputed, in a list of two shapes."""
    both = [tf.constant(X), tf.constant(X[0])]
    with tf.GradientTape() as tape:
        tape.watch(both)
        y = tf.recompute_grad(lambda of: of[0] ** 2 * of[1])(both)
    return tape.gradient(y, both)


def _of_rows_one_by_one() -> Any:
    """Return the gradient of squares, taken row by row of unlike lengths."""
    values = tf.constant(VALUES)
    with tf.GradientTape() as tape:
        tape.watch(values)
        rows = tf.RaggedTensor.from_row_lengths(values, [2, len(VALUES) - 2])
        y = tf.map_fn(lambda row: row**2, rows).flat_values
    return tape.gradient(y, values)


def _of_another_size() -> tf.RaggedTensor:
    """Return rows that are not as long as they are said to be."""
    return tf.map_fn(
        lambda row: row,
        tf.ragged.constant([[1.0, 2.0], [3.0, 4.0]]),
        fn_output_signature=tf.RaggedTensorSpec([3], ragged_rank=0),
    )


ROWS: Rows = {
    # tensorflow#4268: the number of colours was forgotten.
    "known_of_images": (
        lambda: [
            _told(lambda x: tf.image.pad_to_bounding_box(x, 1, 1, 8, 9), [None, None, 3]),
            _told(lambda x: tf.image.crop_to_bounding_box(x, 1, 1, 8, 9), [None, None, 3]),
            _told(lambda x: tf.image.resize_with_crop_or_pad(x, 8, 9), [None, None, 3]),
            _told(lambda x: tf.image.resize(x, [8, 9]), [None, None, 3]),
            _told(tf.image.transpose, [9, 8, 3]),
        ],
        [np.array([8.0, 9.0, 3.0])] * 5,
    ),
    # tensorflow#44373: lists among the arguments were stacked.
    "recomputed_of_a_list": (_of_a_list, [2 * X * X[0], (X**2).sum(0)]),
    # tensorflow#42189: there was no gradient.
    "ragged_rows_one_by_one": (_of_rows_one_by_one, 2 * VALUES),
    # tensorflow#51297: they were taken for it, and had numbers that were no one's.
    "map_of_another_size": (lambda: [_refused(_of_another_size)], [True]),
    # tensorflow#2163: of the sizes one is divided by the other.
    "slope_of_an_empty_sum": (
        lambda: [
            traced(_of_an_empty_sum)(tf.zeros(shape, tf.float64))
            for shape in ((3, 0, 2), (0, 3, 2))
        ],
        [np.zeros((3, 0, 2)), np.zeros((0, 3, 2))],
    ),
    # tensorflow#22793: what was computed was another axis' result.
    "softmax_without_its_axis": (
        lambda: [
            _refused(one, X, axis) for one in (tf.nn.softmax, tf.nn.log_softmax) for axis in (2, -3)
        ],
        [True] * 4,
    ),
    # tensorflow#31297: zeros were a scalar.
    "zeros_of_a_variable": (_beside, [np.zeros((3, 4))]),
    # tensorflow#40231: a matrix with an infinite number was squared forever.
    "expm_of_infinity": (
        lambda: tf.linalg.expm(np.array([[np.inf, 0.0], [0.0, 1.0]])),
        np.full((2, 2), np.nan),
    ),
    # tensorflow#48430: it was None, and layers that asked for it failed.
    "rows_tell_the_size_of_their_table": (_size_of_rows, np.array([6, 3])),
    # tensorflow#36999: each place had the gradient of both.
    "recomputed_of_one_twice": (
        lambda: _slopes(lambda x: tf.recompute_grad(lambda x, y: x**2 * y)(x, x), X),
        [3 * X**2],
    ),
    # tensorflow#43043: zeros were float32, and could be added to nothing else.
    "batch_jacobian_of_nothing": (_of_nothing, np.repeat(X[:2, :, None], 4, 2)),
    # tensorflow#37795: a loop without a step had no results at all.
    "jacobian_of_no_rows": (_of_no_rows, np.zeros((0, 4))),
    # In more than one number there is none still: upstream's jacobian_of_nothing.
    "jacobian_of_no_rows_in_four": (lambda: [_refused(_of_no_rows, X[0])], [True]),
    # tensorflow#21717: it failed where one source does not count.
    "jacobian_beside_none": (
        lambda: [
            one
            for one in traced(lambda x, y: vectorised.jacobian(x**2, [y, x]))(
                *map(tf.constant, (X[0], X[1]))
            )
            if one is not None
        ],
        [np.diag(2 * X[0])],
    ),
    # tensorflow#56222: below zero, by a rounding, and its root no number.
    "ragged_variance_of_one_number": (
        lambda: tf.math.reduce_variance(tf.RaggedTensor.from_row_lengths(SAME, [7] * 3), 1) >= 0,
        np.full(3, True),
    ),
    # tensorflow#55209: matrices that differ in rows alone could not be turned.
    "ragged_product_turned": (
        lambda: tf.matmul(_rows(), _rows(), transpose_b=True).flat_values,
        np.concatenate([(one @ one.T).ravel() for one in TALL]),
    ),
    # tensorflow#27497: several axes from behind were taken in their own order.
    "ragged_sum_from_behind": (
        lambda: [tf.reduce_sum(deep(), axes) for axes in ([-2, -1], [-1, -2], [2, 1])],
        [np.array([LINES[0].sum(), 0, VALUES[3:].sum()])] * 3,
    ),
    "ragged_axes_from_behind": (
        lambda: [one(_deep(), axes) for one, _ in OVER for axes in ([-2, -1], [-1, -2])],
        [np.array([of(VALUES[:5]), of(VALUES[5:])]) for _, of in OVER for _ in range(2)],
    ),
    # tensorflow#8281: no axes that are left over were no whole numbers.
    "tensordot_of_a_line": (
        lambda: [
            _graph(lambda x: tf.tensordot(x, LINE, [[1], [0]]), [None, 4])(X),
            _graph(lambda x: tf.tensordot(LINE, x, [[0], [1]]), [None, 4])(X),
        ],
        [X @ LINE] * 2,
    ),
    # tensorflow#32236: an axis could be a number alone.
    "mask_of_an_axis": (
        lambda: traced(lambda x: tf.boolean_mask(x, LINE > 1, axis=tf.constant(1)))(X),
        X[:, LINE > 1],
    ),
    # tensorflow#49873: an array of NumPy's was turned, and not conjugated.
    "array_turned_and_conjugated": (
        lambda: [tf.transpose(COMPLEX, conjugate=True), tf.transpose(COMPLEX, [1, 0], True)],
        [COMPLEX.conj().T] * 2,
    ),
}
#: Images, which come in float32.
PICTURES: Rows = {
    # tensorflow#33892: as whole as they came.
    "standardized_whole": (
        lambda: tf.image.per_image_standardization(np.uint8(255 * IMAGES)),
        standardized(np.uint8(255 * IMAGES) * 1.0),
    ),
    # tensorflow#28241: arrays of NumPy's were refused.
    "ssim_multiscale": (
        lambda: tf.image.ssim_multiscale(LARGE, NOISY, 1.0, (0.4, 0.6), filter_size=5),
        similarity((0.4, 0.6), size=5, sigma=1.5),
    ),
    # tensorflow#528: one image came back as a batch of it.
    "one_of_its_size_already": (
        lambda: tf.compat.v1.image.resize(IMAGES[0], IMAGES.shape[1:3]),
        IMAGES[0],
    ),
}
