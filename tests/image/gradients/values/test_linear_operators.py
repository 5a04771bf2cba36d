"""Linear operators: what they say that they were made of, and several at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gradients.values.calls import merged
from gradients.values.calls.structures import OBLONG, SQUARE

OPERATORS = merged(SQUARE, {f"{name}_oblong": OBLONG[name] for name in OBLONG})


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_tells_all_that_it_was_given(name: str) -> None:
    """Another one that is made of it is the same matrix, with the same claims."""
    make, matrix = OPERATORS[name]
    operator = make()
    told = dict(operator.parameters)
    assert set(told) == set(inspect.signature(type(operator)).parameters)
    again = type(operator)(**told)
    np.testing.assert_allclose(again.to_dense(), matrix, rtol=1e-6, atol=1e-12)
    for claim in ("is_self_adjoint", "is_positive_definite", "is_non_singular", "is_square"):
        assert getattr(again, claim) == getattr(operator, claim)


_linalg: Any = tf.linalg
_full, _diag = _linalg.LinearOperatorFullMatrix, _linalg.LinearOperatorDiag


class Numbers:
    """Drawn pairs of arrays, from a start of their own: a test draws the same in any order."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> np.ndarray:
        return self._random.standard_normal((2, *shape))

    def solid(self, size: int) -> np.ndarray:
        """Return matrices that have an inverse."""
        return self(size, size) + 3 * np.eye(size)


_numbers = Numbers(41)


#: How one is made, and of what, two of each.
BATCHED: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    "diag": (_diag, (_numbers(4) + 3,)),
    "full": (_full, (_numbers.solid(4),)),
    "lower": (_linalg.LinearOperatorLowerTriangular, (_numbers.solid(4),)),
    "scaled": (lambda factor: _linalg.LinearOperatorScaledIdentity(4, factor), (_numbers() + 3,)),
    "householder": (_linalg.LinearOperatorHouseholder, (_numbers(4),)),
    "bands": (
        lambda bands: _linalg.LinearOperatorTridiag(bands, "compact"),
        (_numbers(3, 4) + np.array([[0], [4], [0]]),),
    ),
    "toeplitz": (
        lambda first, rest: _linalg.LinearOperatorToeplitz(
            tf.concat([first, rest[..., :3]], -1), tf.concat([first, rest[..., 3:]], -1)
        ),
        (_numbers(1) + 4, _numbers(6)),
    ),
    "low_rank": (
        lambda base, left, right: _linalg.LinearOperatorLowRankUpdate(
            _diag(base), left, None, right
        ),
        (_numbers(4) + 4, _numbers(4, 2), _numbers(4, 2)),
    ),
    "kronecker": (
        lambda one, other: _linalg.LinearOperatorKronecker([_full(one), _full(other)]),
        (_numbers.solid(2), _numbers.solid(2)),
    ),
    "blocks": (
        lambda one, other: _linalg.LinearOperatorBlockDiag([_full(one), _diag(other)]),
        (_numbers.solid(2), _numbers(2) + 3),
    ),
    "lower_blocks": (
        lambda one, below, other: _linalg.LinearOperatorBlockLowerTriangular(
            [[_full(one)], [_full(below), _full(other)]]
        ),
        (_numbers.solid(2), _numbers(2, 2), _numbers.solid(2)),
    ),
    "composition": (
        lambda one, other: _linalg.LinearOperatorComposition([_full(one), _diag(other)]),
        (_numbers.solid(4), _numbers(4) + 3),
    ),
    "inversion": (lambda one: _linalg.LinearOperatorInversion(_full(one)), (_numbers.solid(4),)),
    "adjoint": (lambda one: _linalg.LinearOperatorAdjoint(_full(one)), (_numbers.solid(4),)),
}


@pytest.mark.parametrize("name", BATCHED)
def test_each_of_a_batch_is_its_own_operator(name: str) -> None:
    make, parts = BATCHED[name]
    operator = make(*map(tf.constant, parts))
    each = [make(*(tf.constant(part[i]) for part in parts)).to_dense() for i in (0, 1)]
    matrices = np.stack(each)
    numbers = Numbers(42)
    others, vectors = numbers(4, 3), numbers(4)
    turned = matrices.swapaxes(1, 2)
    signs, sizes = np.linalg.slogdet(matrices)
    for found, expected in (
        (operator.to_dense(), matrices),
        (operator.matmul(others), matrices @ others),
        (operator.matmul(others, adjoint=True), turned @ others),
        (operator.matvec(vectors), np.einsum("bij,bj->bi", matrices, vectors)),
        (operator.solve(others), np.linalg.solve(matrices, others)),
        (operator.solve(others, adjoint=True), np.linalg.solve(turned, others)),
        (operator.solvevec(vectors), np.linalg.solve(matrices, vectors[..., None])[..., 0]),
        (operator.diag_part(), np.diagonal(matrices, 0, 1, 2)),
        (operator.trace(), np.trace(matrices, 0, 1, 2)),
        (operator.determinant(), signs * np.exp(sizes)),
        (operator.log_abs_determinant(), sizes),
        (operator.add_to_tensor(others[..., :1] * np.ones(4)), matrices + others[..., :1]),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", ["blocks", "lower_blocks"])
def test_blocks_may_be_given_one_by_one(name: str) -> None:
    """Wider than high, and turned; what comes out is as many."""
    make, parts = BATCHED[name]
    operator = make(*map(tf.constant, parts))
    matrices, others = operator.to_dense().numpy(), Numbers(43)(4, 3)
    inverse, turned = np.linalg.inv(matrices), others.swapaxes(1, 2)
    for function, matrix in ((operator.matmul, matrices), (operator.solve, inverse)):
        found = function([others[:, :2], others[:, 2:]])
        np.testing.assert_allclose(np.concatenate(found, 1), matrix @ others, rtol=1e-9)
        found = function([turned[..., :2], turned[..., 2:]], adjoint_arg=True)
        np.testing.assert_allclose(np.concatenate(found, 1), matrix @ others, rtol=1e-9)
    # Of lists of numbers their sizes say whether they are blocks; numbers become float32.
    single, first = make(*(tf.constant(part[:1], tf.float32) for part in parts)), others[:1]
    expected = matrices[:1] @ first
    found = single.matmul([first[:, :2].tolist(), first[:, 2:].tolist()])
    np.testing.assert_allclose(np.concatenate(found, 1), expected, rtol=1e-4, atol=1e-4)
    found, expected = (
        single.matvec([first[:, :2, 0].tolist(), first[:, 2:, 0].tolist()]),
        expected[..., 0],
    )
    np.testing.assert_allclose(np.concatenate(found, 1), expected, rtol=1e-4, atol=1e-4)


def test_what_is_made_of_two_has_their_claims() -> None:
    """Neither is singular: neither is their product, nor what one solves of the other."""
    numbers = Numbers(44)
    one, other = (_full(tf.constant(numbers.solid(4)), is_non_singular=True) for _ in range(2))
    left, right = one.to_dense(), other.to_dense()
    for made, matrix in (
        (one.matmul(other), left @ right),
        (one.solve(other), np.linalg.solve(left, right)),
    ):
        assert (made.is_non_singular, made.is_square) == (True, True)
        np.testing.assert_allclose(made.to_dense(), matrix, rtol=1e-10, atol=1e-12)
    claims = {"is_positive_definite": True, "is_self_adjoint": True, "is_non_singular": True}
    factor = _linalg.LinearOperatorScaledIdentity(4, tf.constant(2.0), **claims)
    diagonal = _linalg.LinearOperatorDiag(tf.constant([1.0, 2.0, 3.0, 4.0]), **claims)
    for made in (factor.matmul(diagonal), diagonal.matmul(factor)):
        assert {name: getattr(made, name) for name in claims} == claims
        np.testing.assert_array_equal(made.diag_part(), [2, 4, 6, 8])
