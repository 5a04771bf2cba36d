"""tf's functions of a matrix called large, in 16 bits, of complex numbers, and of unknown rank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gradients import environment
from gradients.tracing import traced
from gradients.values.calls.ways import LARGE, LINES, SMALL, Line

#: What a graph that is traced knows of its input's shape.
KNOWN = {"nothing": None, "rank": [None, SMALL.shape[1]], "sizes": SMALL.shape}


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
    """Of nothing, of a rank and columns, of sizes: all that can be traced so, in one graph."""
    lines = {name: line for name, line in LINES.items() if line.knows == known}
    spec = tf.TensorSpec(KNOWN[known], "float64")
    graph = traced(lambda x: {name: line.ours(x) for name, line in lines.items()}, [spec])
    foretold = graph.get_concrete_function().structured_outputs
    for name, found in graph(small := tf.constant(SMALL)).items():
        held(lines[name], found, small, lines[name].near, name)
        for one, told in zip(*map(tf.nest.flatten, (found, foretold[name])), strict=True):
            assert told.shape.is_compatible_with(one.shape), name


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_a_product_of_what_an_ellipsis_stands_for(kind: str) -> None:
    """By oneDNN each sample begins one number further on, where this is the first such product.

    So does a product of the same sizes that comes later, which alone is right: it keeps its kernels
    by their sizes, and not by how the numbers lie. Which types it takes, the processor decides.
    """
    x, kernel = np.arange(39.0).reshape(3, 13), np.arange(26.0).reshape(13, 2) % 3
    found = tf.einsum("...i,ij->...j", tf.constant(x, kind), tf.constant(kernel, kind))
    after = tf.constant(x[:, None], kind) @ tf.constant(kernel[None], kind)
    further = np.lib.stride_tricks.sliding_window_view(x.ravel(), 13)[:3]
    for one in (found, after[:, 0]):
        if np.allclose(tf.cast(one, "float64"), x @ kernel, rtol=1e-2):
            assert not strict(kind), "no longer wrong: remove the record"
        else:
            np.testing.assert_allclose(tf.cast(one, "float64"), further @ kernel, rtol=1e-2)
    if strict(kind):
        pytest.xfail("oneDNN multiplies other numbers: upstream's einsum_half")


def strict(kind: str) -> bool:
    """Return whether this processor is known to multiply such numbers by oneDNN's kernels."""
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii").split()
    return (
        environment.onednn() and {"float16": "avx512_fp16", "bfloat16": "amx_bf16"}[kind] in flags
    )
