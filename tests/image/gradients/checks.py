"""The twelve checks: each measures how far one of TensorFlow's ways to a gradient is from another.

Let J be the Jacobian of a case's function at its inputs x, v a cotangent (random, normal, of the
output's shape), u a direction (random, normal, of the inputs' shapes), and |g| the norm over all
inputs together: an input whose gradient is exactly 0 would make any rounding infinitely wrong.

| check | what is compared | measured by |
|---|---|---|
| reverse | <J'v, u> with central differences of <v, f>, for three u, of swept rows one | |J'v| |
| forward | <v, J u> with <J'v, u>: the inner-product identity, for two u | the same |
| second | the derivative of <J'v, u>, in x and v, with central differences of it | its norm |
| function | the value and J'v inside `tf.function` with eager ones | the largest element |
| relaxed | the same, where the function knows ranks alone, and no size | the same |
| called | gradients of a `tf.function`, from outside, as below | the same |
| xla | the same, compiled by XLA | the same |
| float32, bfloat16, float16 | J'v with float64's at the inputs rounded to that type | its norm |
| repeat | the value and J'v of three runs, bit for bit | how many bits differ |
| jacobian | the vectorised Jacobian with J'e, for up to four rows | the largest element |

Differences are taken in float64 alone, where a step of 1e-6 leaves 4e-11: float32 would leave
3e-5 at best. The directions are normal, not uniform: all positive ones miss errors that cancel.

`called` is how people call: variables in place of tensors, a persistent tape outside the function,
two outputs, asked for one by one and together. `test_forms_of_loops` has AutoGraph: it costs more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property

import numpy as np
import tensorflow as tf

from gradients.case import CHECKS, Case

Arrays = list[np.ndarray]
Function = Callable[..., tf.Tensor]
Taped = tuple[tf.GradientTape, tf.Tensor]

#: What may differ, from the noise that was measured: see docs/numerics.md.
TOLERANCES = {
    "reverse": 1e-6,
    "forward": 1e-12,
    "second": 1e-6,
    "function": 1e-12,
    "relaxed": 1e-12,
    "called": 1e-12,
    "xla": 1e-12,
    "float32": 1e-5,
    "bfloat16": 5e-2,
    "float16": 1e-2,
    "repeat": 0.0,
    "jacobian": 1e-11,
}
#: Where no float64 kernel exists, float32 is compared with float32, or with a float64 reference.
SINGLE = {
    "reverse": 1e-5,
    "forward": 1e-5,
    "function": 1e-5,
    "relaxed": 1e-5,
    "called": 1e-5,
    "xla": 1e-5,
    "jacobian": 1e-5,
}
DIRECTIONS = 3
#: One is enough where numbers are few, and many rows show one rule.
DIRECTIONS_OF_SWEPT = 1
#: Forward mode is exact: one direction shows as much as three. The second meets what TensorFlow has
#: traced for the first.
FORWARD_DIRECTIONS = 2
#: Steps of central differences: of a value, and of a gradient, which is noisier.
STEP, STEP_OF_GRADIENT = 1e-6, 1e-5
REPEATS = 3
#: A gradient below it is 0 but for rounding.
NOTHING = 1e-6
ROWS = 4


def vjp(
    function: Function,
    inputs: Sequence[tf.Tensor],
    cotangent: tf.Tensor,
    taped: Taped | None = None,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Return a function's value and J'v, dense, with zeros where TensorFlow knows no path.

    `taped` is the value, where there is one, and the tape that has seen it computed.
    """
    if taped is None:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = function(*inputs)
    else:
        tape, value = taped
    gradients = tape.gradient(value, inputs, output_gradients=cotangent)
    return value, [dense(gradient, of) for gradient, of in zip(gradients, inputs, strict=True)]


def dense(gradient: tf.Tensor | tf.IndexedSlices | None, of: tf.Tensor) -> tf.Tensor:
    """Return a gradient as a tensor; it must have the shape of what it is the gradient of."""
    if gradient is None:
        return tf.zeros_like(of)
    tensor = tf.convert_to_tensor(gradient)
    if not of.shape.is_compatible_with(tensor.shape):
        raise ValueError(f"a gradient of the shape {tensor.shape}, in a tensor of {of.shape}")
    return tensor


def wide(tensors: Sequence[tf.Tensor]) -> Arrays:
    """Return tensors as NumPy's float64."""
    return [tf.cast(tensor, tf.float64).numpy() for tensor in tensors]


def inner(one: Arrays, other: Arrays) -> float:
    """Return the inner product of two lists of arrays."""
    return float(sum(np.vdot(a, b) for a, b in zip(one, other, strict=True)))


def norm(arrays: Arrays) -> float:
    """Return the norm of all arrays together."""
    return float(np.sqrt(inner(arrays, arrays)))


def relative(error: float, *scales: float) -> float:
    """Return an error as a part of the largest scale; of nothing, any error is infinite."""
    scale = max(scales)
    if error == 0:
        return 0.0
    return error / scale if scale else float("inf")


def farthest(ours: Arrays, theirs: Arrays) -> float:
    """Return the largest difference of two elements, as a part of the largest element."""
    # `max` would drop what is not a number, unless it comes first.
    error = worst([np.abs(a - b).max(initial=0) for a, b in zip(ours, theirs, strict=True)])
    return relative(error, worst([np.abs(array).max(initial=0) for array in theirs]))


class Problem:
    """A case at its inputs, on a device, and what several checks need: each computed once.

    `case.dtype` is the type of `value` and `gradient`; `exact` and what derives from it is
    float64.
    """

    def __init__(self, case: Case, device: str = "CPU:0") -> None:
        self.case, self.device = case, device
        self.arrays = case.draw()
        self.exact = case.reference or case.function
        random = case.random("directions")
        self.directions = [
            [random.standard_normal(array.shape) for array in self.arrays]
            for _ in range(DIRECTIONS)
        ]

    def on_device(self) -> AbstractContextManager[object]:
        """Return the context in which tensors are made, and operations run, on the device."""
        return tf.device(self.device)

    def tensors(self, dtype: str, arrays: Arrays | None = None) -> list[tf.Tensor]:
        """Return arrays, or the inputs, as tensors of a type."""
        return [tf.constant(array, dtype) for array in (arrays or self.arrays)]

    @cached_property
    def inputs(self) -> list[tf.Tensor]:
        """Return the inputs in the case's own type."""
        return self.tensors(self.case.dtype)

    @cached_property
    def taped(self) -> Taped:
        """Return the function's value, and the tape that can differentiate it, once."""
        with tf.GradientTape() as tape:
            tape.watch(self.inputs)
            return tape, self.case.function(*self.inputs)

    @property
    def value(self) -> tf.Tensor:
        """Return the function's value."""
        return self.taped[1]

    @cached_property
    def cotangent(self) -> np.ndarray:
        """Return v, of the value's shape."""
        return self.case.random("cotangent").standard_normal(self.value.shape)

    @cached_property
    def given(self) -> tf.Tensor:
        """Return v in the case's own type."""
        return tf.constant(self.cotangent, self.case.dtype)

    @cached_property
    def run(self) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return the value and J'v as TensorFlow computes them together."""
        given, taped = self.given, self.taped
        try:
            return vjp(self.case.function, self.inputs, given, taped)
        except Exception:
            # Whoever asks again is told the same: this tape would say that it was used.
            del self.taped
            raise

    @cached_property
    def gradient(self) -> Arrays:
        """Return J'v, to compare with."""
        return wide(self.run[1])

    def exact_value(self, arrays: Arrays) -> float:
        """Return <v, f> in float64."""
        value = self.exact(*self.tensors("float64", arrays))
        return float(np.vdot(self.cotangent, value.numpy()))

    def exact_gradient(self, arrays: Arrays, cotangent: np.ndarray) -> Arrays:
        """Return J'v in float64, for a v of one's own."""
        given = tf.constant(cotangent, tf.float64)
        return wide(vjp(self.exact, self.tensors("float64", arrays), given)[1])

    def moved(self, direction: Arrays, step: float) -> Arrays:
        """Return the inputs, a step away."""
        return [array + step * part for array, part in zip(self.arrays, direction, strict=True)]


def reverse(problem: Problem) -> float:
    """Compare reverse mode with central differences."""
    case, errors = problem.case, []
    # A record is of all of them.
    few = case.swept and "reverse" not in case.known
    for direction in problem.directions[: DIRECTIONS_OF_SWEPT if few else DIRECTIONS]:
        above, below = (
            problem.exact_value(problem.moved(direction, step)) for step in (STEP, -STEP)
        )
        expected = (above - below) / (2 * STEP)
        error = abs(expected - inner(problem.gradient, direction))
        scale = max(norm(problem.gradient), abs(expected))
        if scale < NOTHING:
            raise ValueError("the gradient is 0 at these inputs: the case checks nothing")
        errors.append(error / scale)
    return worst(errors)


def forward(problem: Problem) -> float:
    """Compare forward mode with reverse mode, by the inner-product identity."""
    errors = []
    for direction in problem.directions[:FORWARD_DIRECTIONS]:
        tangents = problem.tensors(problem.case.dtype, direction)
        with tf.autodiff.ForwardAccumulator(problem.inputs, tangents) as accumulator:
            value = problem.case.function(*problem.inputs)
        tangent = dense(accumulator.jvp(value), value)
        error = abs(
            inner([problem.cotangent], wide([tangent])) - inner(problem.gradient, direction)
        )
        errors.append(relative(error, norm(problem.gradient)))
    return worst(errors)


def second(problem: Problem) -> float:
    """Compare the derivative of <J'v, u>, in x and in v, with central differences."""
    case, (along, across) = problem.case, problem.directions[:2]
    sideways = case.random("cotangents").standard_normal(problem.cotangent.shape)
    tangents = problem.tensors(case.dtype, along)

    def slope(given: tf.Tensor, *inputs: tf.Tensor) -> tf.Tensor:
        _, gradient = vjp(case.function, inputs, given)
        products = zip(gradient, tangents, strict=True)
        return tf.add_n([tf.reduce_sum(part * tangent) for part, tangent in products])

    _, derivative = vjp(slope, [problem.given, *problem.inputs], tf.ones([], case.dtype))
    above, below = (
        inner(
            problem.exact_gradient(
                problem.moved(across, step), problem.cotangent + step * sideways
            ),
            along,
        )
        for step in (STEP_OF_GRADIENT, -STEP_OF_GRADIENT)
    )
    expected = (above - below) / (2 * STEP_OF_GRADIENT)
    error = abs(expected - inner(wide(derivative), [sideways, *across]))
    return relative(error, norm(wide(derivative)), abs(expected))


def function(problem: Problem) -> float:
    """Compare `tf.function` with eager execution."""
    return _traced(problem)


def relaxed(problem: Problem) -> float:
    """Compare `tf.function` with eager execution, where it knows ranks alone.

    Grappler is on, as it is for whoever traces, but for swept rows: their own row has it.
    """
    signature = [
        tf.TensorSpec([None] * tensor.shape.rank, tensor.dtype)
        for tensor in (problem.given, *problem.inputs)
    ]
    with without_grappler() if problem.case.swept else nullcontext():
        return _traced(problem, input_signature=signature)


def xla(problem: Problem) -> float:
    """Compare XLA with eager execution."""
    return _traced(problem, jit_compile=True)


def _traced(problem: Problem, **options: object) -> float:
    @tf.function(autograph=False, **options)
    def traced(given: tf.Tensor, *inputs: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        return vjp(problem.case.function, inputs, given)

    value, gradient = traced(problem.given, *problem.inputs)
    return worst(
        [farthest(wide([value]), wide([problem.value])), farthest(wide(gradient), problem.gradient)]
    )


@contextmanager
def without_grappler() -> Iterator[None]:
    """Run graphs as they were traced: to rewrite one takes longer than to run it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


def called(problem: Problem) -> float:
    """Compare the gradients of a called function's two outputs, in variables, with eager ones."""
    case = problem.case
    variables = [tf.Variable(tensor) for tensor in problem.inputs]
    other = case.random("other cotangent").standard_normal(problem.cotangent.shape)
    one, other = problem.given, tf.constant(other, case.dtype)

    @tf.function(autograph=False)
    def pair(*inputs: tf.Variable) -> tuple[tf.Tensor, tf.Tensor]:
        value = case.function(*inputs)
        return value, 2 * value

    with tf.GradientTape(persistent=True) as tape:
        value, double = pair(*variables)
    asked = (
        (value, one, one),
        (double, other, 2 * other),
        ((value, double), (one, other), one + 2 * other),
    )
    errors = []
    for outputs, given, equivalent in asked:
        ours = tape.gradient(outputs, variables, output_gradients=given)
        ours = [dense(part, of) for part, of in zip(ours, problem.inputs, strict=True)]
        _, theirs = vjp(case.function, problem.inputs, equivalent)
        errors.append(farthest(wide(ours), wide(theirs)))
    return worst([*errors, farthest(wide([value, double / 2]), wide([problem.value] * 2))])


def narrow(problem: Problem, dtype: str) -> float:
    """Compare a narrow type with float64, at the inputs and the cotangent rounded to it."""
    inputs = problem.tensors(dtype)
    cotangent = tf.constant(problem.cotangent, dtype)
    _, ours = vjp(problem.case.function, inputs, cotangent)
    exactly = [tf.cast(tensor, tf.float64) for tensor in inputs]
    _, theirs = vjp(problem.exact, exactly, tf.cast(cotangent, tf.float64))
    differences = [one - other for one, other in zip(wide(ours), wide(theirs), strict=True)]
    return relative(norm(differences), norm(wide(theirs)))


def repeat(problem: Problem) -> float:
    """Count the bits that differ between runs."""
    runs = [problem.run]
    while len(runs) < REPEATS:
        runs.append(vjp(problem.case.function, problem.inputs, problem.given))
    first, *others = (
        np.frombuffer(b"".join(part.numpy().tobytes() for part in (value, *gradient)), np.uint8)
        for value, gradient in runs
    )
    return float(sum(np.bitwise_count(other ^ first).sum() for other in others))


def jacobian(problem: Problem) -> float:
    """Compare the vectorised Jacobian with single rows, as reverse mode gives them."""
    inputs = problem.inputs
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(inputs)
        value = problem.case.function(*inputs)
    size = int(np.prod(value.shape))
    rows = sorted({int(row) for row in np.linspace(0, size - 1, ROWS)})
    vectorised = tape.jacobian(value, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    ours, theirs = [], []
    for row in rows:
        unit = tf.reshape(tf.one_hot(row, size, dtype=value.dtype), value.shape)
        gradient = tape.gradient(value, inputs, output_gradients=unit)
        theirs += wide([dense(part, of) for part, of in zip(gradient, inputs, strict=True)])
        ours += [
            array.reshape(size, *of.shape)[row]
            for array, of in zip(wide(vectorised), inputs, strict=True)
        ]
    return farthest(ours, theirs)


def worst(errors: Sequence[float]) -> float:
    """Return the largest error; one that is not a number is worse than any."""
    return float(np.max(errors))


MEASURE: dict[str, Callable[[Problem], float]] = {
    "reverse": reverse,
    "forward": forward,
    "second": second,
    "function": function,
    "relaxed": relaxed,
    "called": called,
    "xla": xla,
    "float32": lambda problem: narrow(problem, "float32"),
    "bfloat16": lambda problem: narrow(problem, "bfloat16"),
    "float16": lambda problem: narrow(problem, "float16"),
    "repeat": repeat,
    "jacobian": jacobian,
}
assert tuple(MEASURE) == CHECKS


def tolerance(case: Case, check: str) -> float:
    """Return what an error may be, on a CPU and on a GPU."""
    usual = TOLERANCES | (SINGLE if case.dtype == "float32" else {})
    return case.tolerances.get(check, usual[check])


def measure(problem: Problem, check: str) -> float:
    """Return the error of a check; raise what TensorFlow raises."""
    with problem.on_device(), kept_off_gpus(problem.device):
        return MEASURE[check](problem)


@contextmanager
def kept_off_gpus(device: str) -> Iterator[None]:
    """Keep what is measured on a CPU there.

    Beside a GPU TensorFlow moves to it what has no kernel for a CPU, and Keras its LSTM and GRU.
    """
    if not (device.startswith("CPU") and tf.config.list_physical_devices("GPU")):
        yield
        return
    before = tf.config.get_soft_device_placement()
    tf.config.set_soft_device_placement(False)
    try:
        yield
    finally:
        tf.config.set_soft_device_placement(before)
