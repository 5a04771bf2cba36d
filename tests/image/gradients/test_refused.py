"""What conditions refuse, and that they say which branch is at fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tensorflow as tf

Branch = Callable[[], object]
KINDS: dict[str, Callable[[Branch, Branch], object]] = {
    "cond": lambda one, other: tf.cond(tf.constant(True), one, other),
    "switch_case": lambda one, other: tf.switch_case(tf.constant(1), [one, other]),
}


def pair(x: tf.Tensor, indices: object) -> tf.IndexedSlices:
    """Return a row of a tensor by an index of some type."""
    return tf.IndexedSlices(x[:1], indices)


UNEQUAL: dict[str, tuple[Callable[[tf.Tensor], object], Callable[[tf.Tensor], object], str]] = {
    "another name": (lambda x: {"a": x}, lambda x: {"b": x}, "same nested structure"),
    "another type": (lambda x: x, lambda x: tf.cast(x, tf.int32), "different types"),
    "rows": (lambda x: pair(x, tf.constant([0])), lambda x: x, "Cannot reconcile"),
    "words for indices": (
        lambda x: pair(x, tf.constant(["a"])),
        lambda x: pair(x, tf.constant(["b"])),
        "indices must be int32 or int64",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", UNEQUAL)
def test_branches_return_the_same_kind(name: str, kind: str) -> None:
    one, other, words = UNEQUAL[name]

    @tf.function(autograph=False)
    def run(x: tf.Tensor) -> object:
        return KINDS[kind](lambda: one(x), lambda: other(x))

    with pytest.raises((TypeError, ValueError), match=words):
        run(tf.constant([0.5, 1.5]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_branch_reads_nothing_of_another(kind: str) -> None:
    held: list[tf.Tensor] = []

    def one() -> tf.Tensor:
        held.append(tf.constant(1.0) * 2)
        return held[0]

    @tf.function(autograph=False)
    def run() -> object:
        return KINDS[kind](one, lambda: held[0] * 3)

    with pytest.raises((TypeError, ValueError), match="is accessed from"):
        run()


def test_a_loop_returns_what_it_takes() -> None:
    """As many of them: one more, within one, is refused."""

    @tf.function(autograph=False)
    def run(x: tf.Tensor) -> object:
        return tf.while_loop(
            lambda held: tf.reduce_sum(held["a"]) < 9,
            lambda held: ({"a": 2 * held["a"], "b": held["a"]},),
            ({"a": x},),
            maximum_iterations=9,
        )

    with pytest.raises((TypeError, ValueError), match="same nested structure"):
        run(tf.constant([0.5, 1.5]))


def test_nothing_flows_back_into_a_list_of_two_kinds() -> None:
    """Of numbers from one branch, and of whole numbers from the other."""
    raw = tf.raw_ops

    def listed(x: tf.Tensor) -> tf.Tensor:
        empty = raw.EmptyTensorList(
            element_shape=x.shape, max_num_elements=-1, element_dtype=x.dtype
        )
        return raw.TensorListPushBack(input_handle=empty, tensor=x)

    @tf.function(autograph=False)
    def run(x: tf.Tensor, flag: tf.Tensor) -> object:
        with tf.GradientTape() as tape:
            tape.watch(x)
            held = tf.cond(flag, lambda: listed(x), lambda: listed(tf.cast(x, tf.int32)))
            again = tf.identity(held)
        return tape.gradient(again, x), raw.TensorListLength(input_handle=again)

    with pytest.raises(TypeError, match="is not compatible with"):
        run(tf.constant([0.5, 1.5]), tf.constant(True))
