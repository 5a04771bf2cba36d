"""Metrics of a loss compare every target with every output, where targets are a row.

A loss makes the ranks of targets and outputs the same: of targets (n,) and outputs (n, 1) it is the
mean over n pairs. `MeanMetricWrapper.update_state` calls the same function with both as they are.
`mean_squared_error` and its kind squeeze by themselves; `hinge`, `squared_hinge`, `poisson`,
`categorical_hinge` and `kl_divergence` spread them to (n, n), and the metric is of n * n pairs. So
`model.compile(loss="poisson", metrics=["poisson"])` tells two numbers of one name that are not the
same. Nothing is raised.

A mend: `squeeze_or_expand_to_same_rank` in `MeanMetricWrapper.update_state`, as in
`LossFunctionWrapper.call`. Until then: give targets as a column.

It prints:

    found    1.0
    expected 0.0
    remedy   0.0
"""

import keras
import numpy as np

targets, outputs = np.array([1.0, -1.0]), np.array([[1.0], [-1.0]])
print("found   ", float(keras.metrics.Hinge()(targets, outputs)))
print("expected", float(keras.losses.Hinge()(targets, outputs)))
print("remedy  ", float(keras.metrics.Hinge()(targets[:, None], outputs)))
