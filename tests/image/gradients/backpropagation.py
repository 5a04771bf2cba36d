"""Backpropagation by hand, in NumPy: what TensorFlow's gradients are compared with.

Each function returns a loss and its gradient in each parameter, in the parameters' order.
Nothing here uses TensorFlow, or knows how it computes.
"""

from __future__ import annotations

import numpy as np

LossAndGradients = tuple[float, list[np.ndarray]]


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean cross-entropy after a softmax, and its gradient in the logits.

    logits [batch, classes], labels [batch] -> scalar, [batch, classes]
    """
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    totals = exponentials.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(totals[:, 0]) - shifted[rows, labels])
    gradient = exponentials / totals
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)


def mean_square(outputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean squared error, and its gradient in the outputs, of the same shape."""
    errors = outputs - targets
    return np.mean(errors**2), 2 * errors / errors.size


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return the logistic function of each value."""
    return 1 / (1 + np.exp(-values))


def mlp(
    inputs: np.ndarray,
    labels: np.ndarray,
    weights1: np.ndarray,
    biases1: np.ndarray,
    weights2: np.ndarray,
    biases2: np.ndarray,
    weights3: np.ndarray,
    biases3: np.ndarray,
) -> LossAndGradients:
    """Dense, tanh, dense, ReLU, dense, cross-entropy.

    inputs [batch, in], labels [batch], weights1 [in, hidden], weights2 [hidden, hidden],
    weights3 [hidden, classes], biases as wide as their layer.
    """
    hidden1 = np.tanh(inputs @ weights1 + biases1)
    sums2 = hidden1 @ weights2 + biases2
    hidden2 = np.maximum(sums2, 0)
    loss, d_logits = cross_entropy(hidden2 @ weights3 + biases3, labels)

    d_sums2 = (d_logits @ weights3.T) * (sums2 > 0)
    d_sums1 = (d_sums2 @ weights2.T) * (1 - hidden1**2)
    return loss, [
        inputs.T @ d_sums1,
        d_sums1.sum(axis=0),
        hidden1.T @ d_sums2,
        d_sums2.sum(axis=0),
        hidden2.T @ d_logits,
        d_logits.sum(axis=0),
    ]


def patches(images: np.ndarray, size: int) -> np.ndarray:
    """Return the square patch around each pixel, zeros outside the image.

    images [batch, height, width, channels]
    -> [batch, height, width, size * size * channels], for an odd size
    """
    height, width = images.shape[1:3]
    margin = size // 2
    padded = np.pad(images, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    shifted = [
        padded[:, row : row + height, column : column + width]
        for row in range(size)
        for column in range(size)
    ]
    return np.concatenate(shifted, axis=-1)


def windows(images: np.ndarray) -> np.ndarray:
    """Cut images into windows of 2 x 2 pixels, for pooling.

    [batch, height, width, channels] -> [batch, height / 2, width / 2, channels, 4]
    """
    batch, height, width, channels = images.shape
    cut = images.reshape(batch, height // 2, 2, width // 2, 2, channels)
    return cut.transpose(0, 1, 3, 5, 2, 4).reshape(batch, height // 2, width // 2, channels, 4)


def from_windows(cut: np.ndarray) -> np.ndarray:
    """Put windows together again: the inverse of `windows`."""
    batch, height, width, channels, _ = cut.shape
    spread = cut.reshape(batch, height, width, channels, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    return spread.reshape(batch, 2 * height, 2 * width, channels)


def cnn(
    images: np.ndarray,
    targets: np.ndarray,
    kernel: np.ndarray,
    biases: np.ndarray,
    weights: np.ndarray,
) -> LossAndGradients:
    """Convolve with zero padding, ReLU, pool the maximum of 2 x 2, dense, mean square.

    images [batch, height, width, in], targets [batch, out], kernel [size, size, in, channels],
    biases [channels], weights [height / 2 * width / 2 * channels, out].
    """
    channels = kernel.shape[-1]
    columns = patches(images, kernel.shape[0])
    sums = columns @ kernel.reshape(-1, channels) + biases
    pools = windows(np.maximum(sums, 0))
    winners = pools.argmax(axis=-1)[..., np.newaxis]
    pooled = pools.max(axis=-1)
    features = pooled.reshape(len(images), -1)
    loss, d_outputs = mean_square(features @ weights, targets)

    d_pooled = (d_outputs @ weights.T).reshape(pooled.shape)
    d_pools = np.zeros_like(pools)
    np.put_along_axis(d_pools, winners, d_pooled[..., np.newaxis], axis=-1)
    d_sums = from_windows(d_pools) * (sums > 0)
    d_kernel = columns.reshape(-1, columns.shape[-1]).T @ d_sums.reshape(-1, channels)
    return loss, [
        d_kernel.reshape(kernel.shape),
        d_sums.sum(axis=(0, 1, 2)),
        features.T @ d_outputs,
    ]


def lstm(
    inputs: np.ndarray,
    targets: np.ndarray,
    input_weights: np.ndarray,
    hidden_weights: np.ndarray,
    biases: np.ndarray,
) -> LossAndGradients:
    """Run an LSTM over time from a zero state; mean square of its last output.

    inputs [batch, time, in], targets [batch, hidden], input_weights [in, 4 * hidden],
    hidden_weights [hidden, 4 * hidden], biases [4 * hidden]; the four gates stand in Keras's
    order: input, forget, candidate, output.
    """
    batch, time, _ = inputs.shape
    hidden = np.zeros((batch, hidden_weights.shape[0]))
    cell = np.zeros_like(hidden)
    steps = []
    for now in range(time):
        sums = inputs[:, now] @ input_weights + hidden @ hidden_weights + biases
        parts = np.split(sums, 4, axis=1)
        take, keep, give = sigmoid(parts[0]), sigmoid(parts[1]), sigmoid(parts[3])
        candidate = np.tanh(parts[2])
        before = hidden, cell
        cell = keep * cell + take * candidate
        squashed = np.tanh(cell)
        hidden = give * squashed
        steps.append((before, take, keep, candidate, give, squashed))
    loss, d_hidden = mean_square(hidden, targets)

    d_cell = np.zeros_like(cell)
    d_input_weights = np.zeros_like(input_weights)
    d_hidden_weights = np.zeros_like(hidden_weights)
    d_biases = np.zeros_like(biases)
    for now in reversed(range(time)):
        (hidden_before, cell_before), take, keep, candidate, give, squashed = steps[now]
        d_cell = d_cell + d_hidden * give * (1 - squashed**2)
        d_sums = np.concatenate(
            [
                d_cell * candidate * take * (1 - take),
                d_cell * cell_before * keep * (1 - keep),
                d_cell * take * (1 - candidate**2),
                d_hidden * squashed * give * (1 - give),
            ],
            axis=1,
        )
        d_input_weights += inputs[:, now].T @ d_sums
        d_hidden_weights += hidden_before.T @ d_sums
        d_biases += d_sums.sum(axis=0)
        d_hidden = d_sums @ hidden_weights.T
        d_cell = d_cell * keep
    return loss, [d_input_weights, d_hidden_weights, d_biases]
