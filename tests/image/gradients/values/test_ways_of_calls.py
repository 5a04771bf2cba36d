"""tf's functions of a matrix called large, in 16 bits, of complex numbers, and of unknown rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced
from gradients.values.calls.ways import LARGE, LINES, SMALL, Line

#: What a graph that is traced knows of its input's shape.
KNOWN = {"nothing": None, "rank": [None, None], "sizes": SMALL.shape}


def held(line: Line, found: Any, given: tf.Tensor, tolerance: float, way: str) -> None:
    """Compare what a call gave with NumPy's, in 64 bits, of what TensorFlow was given."""
    wide = "complex128" if given.dtype.is_complex else "float64"
    expected = tf.nest.flatten(line.theirs(tf.cast(given, wide).numpy()))
    for one, other in zip(tf.nest.flatten(found), expected, strict=True):
        if one.dtype.is_floating or one.dtype.is_complex:
            assert one.dtype.size * (1 + given.dtype.is_complex - one.dtype.is_complex) == (
                given.dtype.size
            ), f"{way}: {one.dtype.name} of {given.dtype.name}"
            one = tf.cast(one, "complex128" if one.dtype.is_complex else "float64")
        scale = np.abs(other).max(initial=1.0)
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale, err_msg=way)


@pytest.mark.parametrize("name", LINES)
def test_function_in_each_way(name: str) -> None:
    line = LINES[name]
    large = tf.constant(LARGE, "float32")
    held(line, line.ours(large), large, 2e-5, "large")
    for kind, tolerance in (("float16", 4e-3), ("bfloat16", 3e-2)) if line.half else ():
        half = tf.constant(SMALL, kind)
        held(line, line.ours(half), half, tolerance, kind)
    if line.complex:
        pair = tf.complex(tf.constant(SMALL), tf.constant(SMALL[::-1].copy()))
        held(line, line.ours(pair), pair, line.near, "complex")


@pytest.mark.parametrize("known", KNOWN)
def test_functions_of_what_a_graph_knows(known: str) -> None:
    """Of nothing, of a rank, of sizes: all that can be traced so, in one graph."""
    lines = {name: line for name, line in LINES.items() if line.knows == known}
    spec = tf.TensorSpec(KNOWN[known], "float64")
    graph = traced(lambda x: {name: line.ours(x) for name, line in lines.items()}, [spec])
    for name, found in graph(small := tf.constant(SMALL)).items():
        held(lines[name], found, small, lines[name].near, name)
