"""Plants wrong gradients in TensorFlow, one at a time, and says whether the checks catch them.

    python plant.py FILE        inside an image, beside the suite `gradients`

A mutant wraps a function in TensorFlow's own registries. It is planted for every operation that
the table's cases differentiate, so the table is held to what it covers; the swept rows, which
differentiate the same operations, are left to the bugs of `tests/mutation/bugs`. A mutant that
changed no gradient of any case (one that is all zeros, say) was not planted. Writes a JSON: of each
mutant its kind, the operation, and the case and the check that caught it, or none.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from gradients import checks
from gradients.case import Case
from gradients.cases import table
from gradients.checks import Problem
from tensorflow.python.eager import forwardprop
from tensorflow.python.framework import ops
from tensorflow.python.ops import control_flow_util
from tensorflow.python.ops.parallel_for import pfor

#: By how much a scaled gradient is wrong; in a 16-bit type, by how much more to be seen.
WRONG, WRONG_IN_16_BITS = 1 + 1e-4, 2.0
#: What a mutant may turn a gradient into.
Change = Callable[[tf.Tensor], tf.Tensor]


@dataclass
class Mutant:
    """A wrong rule: of which kind, for which operation, and what caught it."""

    kind: str
    operation: str
    planted: bool = False
    case: str = ""
    check: str = ""


def scaled(gradient: tf.Tensor) -> tf.Tensor:
    """Scale by 1 + 1e-4."""
    return gradient * tf.cast(WRONG, gradient.dtype)


def _largest(gradient: tf.Tensor) -> tf.Tensor:
    """Return 1 at the element of largest magnitude, 0 elsewhere."""
    flat = tf.abs(tf.reshape(gradient, [-1]))
    place = tf.one_hot(tf.argmax(flat), tf.size(flat), dtype=flat.dtype)
    return tf.cast(tf.reshape(place, tf.shape(gradient)), gradient.dtype)


def zeroed(gradient: tf.Tensor) -> tf.Tensor:
    """Lose one element."""
    return gradient * (1 - _largest(gradient))


def flipped(gradient: tf.Tensor) -> tf.Tensor:
    """Turn the sign of one element."""
    return gradient * (1 - 2 * _largest(gradient))


def rolled(gradient: tf.Tensor) -> tf.Tensor:
    """Move every element by one place."""
    if gradient.shape.num_elements() == 1:
        return gradient
    return tf.reshape(tf.roll(tf.reshape(gradient, [-1]), 1, 0), tf.shape(gradient))


def under_xla(gradient: tf.Tensor) -> tf.Tensor:
    """Be wrong where XLA compiles."""
    graph = ops.get_default_graph()
    compiled = control_flow_util.GraphOrParentsInXlaContext(graph)
    return scaled(gradient) if compiled and not tf.executing_eagerly() else gradient


def traced(gradient: tf.Tensor) -> tf.Tensor:
    """Be wrong inside `tf.function`."""
    return gradient if tf.executing_eagerly() else scaled(gradient)


def in_type(dtype: tf.DType, factor: float) -> Change:
    """Be wrong in one type."""

    def change(gradient: tf.Tensor) -> tf.Tensor:
        return gradient * tf.cast(factor, dtype) if gradient.dtype == dtype else gradient

    return change


class Wavering:
    """Be one unit in the last place larger every third time: no run is like the one before."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, gradient: tf.Tensor) -> tf.Tensor:
        """Count, and answer accordingly."""
        self._calls += 1
        unit = tf.cast(2.0**-52 if gradient.dtype == tf.float64 else 2.0**-23, gradient.dtype)
        return gradient if self._calls % 3 else gradient * (1 + unit)


#: Planted for every operation. Where one is met only in the gradient of a gradient, `second` must
#: catch them; where only a graph has it (a loop's, a branch's), `function`.
EVERYWHERE: dict[str, Change] = {
    "scaled by 1 + 1e-4": scaled,
    "one element zeroed": zeroed,
    "one sign flipped": flipped,
    "rolled": rolled,
}
#: Planted for the operations below: the one check that can see each.
ONE_CHECK: dict[str, tuple[Change, str]] = {
    "wrong under XLA": (under_xla, "xla"),
    "wrong in tf.function": (traced, "function"),
    "wrong in float32": (in_type(tf.float32, WRONG), "float32"),
    "wrong in bfloat16": (in_type(tf.bfloat16, WRONG_IN_16_BITS), "bfloat16"),
    "wrong in float16": (in_type(tf.float16, WRONG_IN_16_BITS), "float16"),
    "not deterministic": (Wavering(), "repeat"),
}
COMMON = {
    "MatMul": "linalg/matmul",
    "Conv2D": "convolution/conv2d_valid",
    "BiasAdd": "convolution/bias_add",
    "MaxPool": "pooling/max_pool2d",
    "AvgPool": "pooling/avg_pool2d",
    "Relu": "activation/relu",
    "Tanh": "activation/tanh",
    "Sigmoid": "activation/sigmoid",
    "Softmax": "activation/softmax",
    "Softplus": "activation/softplus",
    "SparseSoftmaxCrossEntropyWithLogits": "loss/sparse_softmax_cross_entropy",
    "Mean": "reduction/reduce_mean",
    "GatherV2": "gather/gather",
    "Rsqrt": "special/rsqrt",
    "Exp": "elementwise/roots_and_powers",
    "Sin": "elementwise/trigonometric",
}
#: The operations whose vectorised rule is planted wrong: the converters of their gradients.
CONVERTERS = {
    "MatMul": "linalg/matmul",
    "Mul": "elementwise/squares",
    "ReluGrad": "activation/relu",
    "TanhGrad": "activation/tanh",
}


class Registry:
    """TensorFlow's gradient functions: who is asked for, and wrong ones in their place."""

    def __init__(self) -> None:
        self._entries = ops.gradient_registry._registry

    @contextmanager
    def recorded(self) -> Iterator[set[str]]:
        """Yield the set of operations whose gradients are computed meanwhile."""
        asked: set[str] = set()

        def record(operation: str, entry: dict[str, Any]) -> dict[str, Any]:
            function = entry["type"]

            def recording(*arguments: Any) -> Any:
                asked.add(operation)
                return function(*arguments)

            return {**entry, "type": recording} if function else entry

        before = dict(self._entries)
        self._entries.update({name: record(name, entry) for name, entry in before.items()})
        try:
            yield asked
        finally:
            self._entries.update(before)

    @contextmanager
    def wrong(self, mutant: Mutant, change: Change) -> Iterator[None]:
        """Put a mutant in an operation's place; it notes whether it changed anything."""
        entry = self._entries[mutant.operation]

        def changed(gradient: Any) -> Any:
            if isinstance(gradient, tf.IndexedSlices):
                values = changed(gradient.values)
                return tf.IndexedSlices(values, gradient.indices, gradient.dense_shape)
            if not isinstance(gradient, tf.Tensor):
                return gradient
            if not (gradient.dtype.is_floating or gradient.dtype.is_complex):
                return gradient
            new = change(gradient)
            # In a graph nobody knows; there the operation was met in a computation that counts.
            eager = hasattr(new, "numpy")
            mutant.planted |= (
                new is not gradient
                if not eager
                else not np.array_equal(new.numpy(), gradient.numpy())
            )
            return new

        def function(*arguments: Any) -> Any:
            found = entry["type"](*arguments)
            return (
                type(found)(map(changed, found))
                if isinstance(found, list | tuple)
                else changed(found)
            )

        self._entries[mutant.operation] = {**entry, "type": function}
        try:
            yield
        finally:
            self._entries[mutant.operation] = entry


@contextmanager
def wrong_forward(mutant: Mutant) -> Iterator[None]:
    """Scale what forward mode gives for an operation."""
    helper = forwardprop._jvp_helper

    def broken(name: str, *arguments: Any) -> Any:
        tangents = helper(name, *arguments)
        if name != mutant.operation:
            return tangents
        mutant.planted = True
        return [None if tangent is None else scaled(tangent) for tangent in tangents]

    forwardprop._jvp_helper = broken
    forwardprop._jvp_function_cache.clear()
    try:
        yield
    finally:
        forwardprop._jvp_helper = helper
        forwardprop._jvp_function_cache.clear()


@contextmanager
def wrong_converter(mutant: Mutant) -> Iterator[None]:
    """Scale what an operation's vectorised form gives."""
    converters = pfor._pfor_converter_registry
    converter = converters[mutant.operation]

    def broken(*arguments: Any) -> Any:
        found = converter(*arguments)
        mutant.planted = True
        return pfor.wrap(scaled(found.t), found.is_stacked)

    converters[mutant.operation] = broken
    try:
        yield
    finally:
        converters[mutant.operation] = converter


def wrong(case: Case, check: str) -> bool:
    """Whether a check does not pass."""
    try:
        return not checks.measure(Problem(case), check) <= checks.tolerance(case, check)
    except Exception:
        return True


def attempt(mutant: Mutant, tries: Sequence[tuple[Case, str]]) -> None:
    """Run checks until one catches the mutant that is in place."""
    for case, check in tries:
        if wrong(case, check):
            mutant.case, mutant.check = str(case), check
            return


def uses(registry: Registry, cases: Sequence[Case]) -> dict[str, list[tuple[Case, str]]]:
    """Return, by operation, the cases and checks that differentiate it, `reverse` first."""
    found: dict[str, list[tuple[Case, str]]] = defaultdict(list)
    for check in ("reverse", "second", "function"):
        for case in cases:
            if check in case.known:
                continue
            with registry.recorded() as asked:
                assert not wrong(case, check), f"{case}: {check} fails without a mutant"
            for operation in asked:
                found[operation].append((case, check))
    return dict(sorted(found.items()))


def plant(registry: Registry) -> Iterator[Mutant]:
    """Plant every mutant, and yield it with what caught it."""
    cases = {str(case): case for case in table() if not case.swept}
    for operation, tries in uses(registry, list(cases.values())).items():
        for kind, change in EVERYWHERE.items():
            mutant = Mutant(kind, operation)
            with registry.wrong(mutant, change):
                attempt(mutant, tries)
            yield mutant
    for operation, name in COMMON.items():
        for kind, (change, check) in ONE_CHECK.items():
            mutant = Mutant(kind, operation)
            if check in cases[name].known:
                continue
            with registry.wrong(mutant, change):
                attempt(mutant, [(cases[name], check)])
            yield mutant
        mutant = Mutant("wrong forward mode", operation)
        with wrong_forward(mutant):
            attempt(mutant, [(cases[name], "forward")])
        yield mutant
    for operation, name in CONVERTERS.items():
        mutant = Mutant("wrong vectorised", operation)
        with wrong_converter(mutant):
            attempt(mutant, [(cases[name], "jacobian")])
        yield mutant


def main() -> None:
    """Plant, and write what was caught."""
    mutants = [mutant for mutant in plant(Registry()) if mutant.planted]
    text = json.dumps([asdict(mutant) for mutant in mutants], indent=1)
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
