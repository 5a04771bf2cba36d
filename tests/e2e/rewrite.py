"""Write bugs as releases have them into a copy of Keras, inside an image, one at a time.

`python rewrite.py FILE [NAME...]`, in the folder of the image's tests: FILE gets, as JSON, what
the tests of values say of each. A mutant is a file, the function in which a piece of text is
replaced, the tests that must see it. The text must be there: a release that changed it is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

COPY = Path("/tmp/mutated")
#: pytest's status: none failed; one did. Anything else says nothing about the mutant.
PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Mutant:
    """A bug: in a file of Keras, below a line that has `function`, `old` is `new`."""

    name: str
    path: str
    function: str
    old: str
    new: str
    tests: str

    def write(self) -> None:
        """Write it into the copy."""
        path = COPY / "keras/src" / self.path
        head, line, body = path.read_text(encoding="utf-8").partition(self.function)
        if not line or self.old not in body:
            raise SystemExit(
                f"{self.name}: {self.path} has no {self.old!r} below {self.function!r}"
            )
        path.write_text(head + line + body.replace(self.old, self.new, 1), encoding="utf-8")
        # An image's compiled modules need not look at their source.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()


OPTIMIZER, LOSS, NN = "optimizers/base_optimizer.py", "losses/losses.py", "ops/nn.py"
RNN, REDUCTION = "backend/tensorflow/rnn.py", "metrics/reduction_metrics.py"

MUTANTS = (
    Mutant(
        "LayerNormalization's epsilon is outside of the root",
        NN,
        "mean, variance = moments(x, axes=axis, keepdims=True)",
        "backend.math.rsqrt(variance + epsilon)",
        "1 / (backend.numpy.sqrt(variance) + epsilon)",
        "layers",
    ),
    Mutant(
        "RMSNormalization's epsilon is left out",
        NN,
        "def _rms_normalization",
        "            + epsilon\n",
        "            + 0 * epsilon\n",
        "layers",
    ),
    Mutant(
        "BatchNormalization keeps the batch's part of its mean",
        "layers/normalization/batch_normalization.py",
        "def call",
        "moving_mean * self.momentum + mean * (1.0 - self.momentum)",
        "moving_mean * (1.0 - self.momentum) + mean * self.momentum",
        "training",
    ),
    Mutant(
        "a frozen BatchNormalization counts as training",
        "layers/normalization/batch_normalization.py",
        "def call",
        "training and self.trainable",
        "training",
        "training",
    ),
    Mutant(
        "BatchNormalization's masked mean counts what is hidden",
        "layers/normalization/batch_normalization.py",
        "sum_of_weights = ops.sum(",
        "mean = masked_input_sum / (sum_of_weights + backend.epsilon())",
        "mean = masked_input_sum / (sum_of_weights + 1.0)",
        "training",
    ),
    Mutant(
        "Dropout does not scale what is kept",
        "backend/tensorflow/random.py",
        "def dropout",
        "return tf.nn.experimental.stateless_dropout(\n        inputs,",
        "return tf.nn.experimental.stateless_dropout(\n        inputs * (1 - rate),",
        "noise",
    ),
    Mutant(
        "GaussianDropout takes the variance for the deviation",
        "layers/regularization/gaussian_dropout.py",
        "def call",
        "math.sqrt(self.rate / (1.0 - self.rate))",
        "(self.rate / (1.0 - self.rate))",
        "noise",
    ),
    Mutant(
        "SpatialDropout1D drops single numbers",
        "layers/regularization/spatial_dropout.py",
        "class SpatialDropout1D",
        "return (input_shape[0], 1, input_shape[2])",
        "return tuple(input_shape)",
        "noise",
    ),
    Mutant(
        "sample_weight counts twice",
        "losses/loss.py",
        "def reduce_weighted_values",
        "values = values * sample_weight",
        "values = values * sample_weight * sample_weight",
        "losses",
    ),
    Mutant(
        "a mask does not raise the weight of what it shows",
        "losses/loss.py",
        "def apply_mask",
        "mask_weight = ops.divide_no_nan(total, valid)",
        "mask_weight = ops.divide_no_nan(total, total)",
        "losses",
    ),
    Mutant(
        "mean_with_sample_weight divides by the number of samples",
        "losses/loss.py",
        "def reduce_values",
        'if reduction == "mean_with_sample_weight" and sample_weight is not None:',
        'if reduction == "mean_of_weights" and sample_weight is not None:',
        "losses",
    ),
    Mutant(
        "class_weight is taken by position",
        "trainers/data_adapters/data_adapter_utils.py",
        "def class_weight_to_sample_weights",
        "class_weight.get(int(y_numpy[i]), 1.0)",
        "class_weight.get(int(y_numpy[0]), 1.0)",
        "training",
    ),
    Mutant(
        "Huber's line starts without its offset",
        LOSS,
        "def huber",
        "delta * abs_error - half * ops.square(delta)",
        "delta * abs_error",
        "losses",
    ),
    Mutant(
        "label smoothing shares out nothing",
        LOSS,
        "def categorical_crossentropy",
        "+ (\n            label_smoothing / num_classes\n        )",
        "",
        "losses",
    ),
    Mutant(
        "Tversky's weights are swapped",
        LOSS,
        "def tversky",
        "intersection + fp * alpha + fn * beta",
        "intersection + fp * beta + fn * alpha",
        "losses",
    ),
    Mutant(
        "the divergence's logarithm is upside down",
        LOSS,
        "def kl_divergence",
        "ops.log(y_true / y_pred)",
        "ops.log(y_pred / y_true)",
        "losses",
    ),
    Mutant(
        "a metric's mean forgets the weights below",
        REDUCTION,
        "class Mean(",
        "num_samples = ops.sum(sample_weight)",
        "num_samples = ops.shape(values)[0]",
        "metrics",
    ),
    Mutant(
        "the area below a curve is that of its lower steps",
        "metrics/confusion_metrics.py",
        "# Note: the case ('PR', 'interpolation') has been handled above.",
        "ops.add(y[: self.num_thresholds - 1], y[1:])",
        "ops.add(y[1:], y[1:])",
        "metrics",
    ),
    Mutant(
        "recall counts false positives",
        "metrics/confusion_metrics.py",
        "class Recall(",
        "ops.add(self.true_positives, self.false_negatives)",
        "ops.add(self.true_positives, self.true_positives)",
        "metrics",
    ),
    Mutant(
        "amsgrad never takes the maximum",
        "optimizers/adam.py",
        "def update_step",
        "ops.maximum(v_hat, v)",
        "v",
        "optimizers",
    ),
    Mutant(
        "Adam does not correct its second moment",
        "optimizers/adam.py",
        "def update_step",
        "lr * ops.sqrt(1 - beta_2_power)",
        "lr",
        "optimizers",
    ),
    Mutant(
        "centered RMSprop adds the square of the mean",
        "optimizers/rmsprop.py",
        "def update_step",
        "velocity - ops.square(average_grad)",
        "velocity + ops.square(average_grad)",
        "optimizers",
    ),
    Mutant(
        "Nesterov's momentum does not look ahead",
        "optimizers/sgd.py",
        "if self.nesterov:",
        "ops.multiply(m, momentum),",
        "m,",
        "optimizers",
    ),
    Mutant(
        "Adafactor takes the means of columns by the wrong axis",
        "optimizers/adafactor.py",
        "self.assign(\n                v,",
        "ops.mean(r, axis=-1, keepdims=True)",
        "ops.sum(r, axis=-1, keepdims=True)",
        "optimizers",
    ),
    Mutant(
        "Ftrl's l2 counts once",
        "optimizers/ftrl.py",
        "def update_step",
        "2 * l2_reg",
        "l2_reg",
        "optimizers",
    ),
    Mutant(
        "Lamb leaves the norm of the weights out",
        "optimizers/lamb.py",
        "def update_step",
        "w_norm / g_norm",
        "1.0 / g_norm",
        "optimizers",
    ),
    Mutant(
        "global_clipnorm does not see the last variable",
        OPTIMIZER,
        "def global_norm",
        "for v in value_list if",
        "for v in value_list[:-1] if",
        "optimizers",
    ),
    Mutant(
        "clipnorm clips by the square of the norm",
        OPTIMIZER,
        "def _clip_by_norm",
        "ops.sqrt(l2sum_safe)",
        "l2sum_safe",
        "optimizers",
    ),
    Mutant(
        "the mean of weights moves by the part that it should keep",
        OPTIMIZER,
        "not_first_step = ",
        "ops.subtract(1, momentum), var",
        "momentum, var",
        "training",
    ),
    Mutant(
        "accumulated gradients are not averaged",
        OPTIMIZER,
        "def _update_step_fn",
        "(g + acc_g) / steps",
        "(g + acc_g)",
        "training",
    ),
    Mutant(
        "what is excluded by its variable decays",
        OPTIMIZER,
        "def _use_weight_decay",
        "if variable_id in exclude_from_weight_decay:",
        "if variable in exclude_from_weight_decay:",
        "training",
    ),
    Mutant(
        "the loss scale is not halved",
        "optimizers/loss_scale_optimizer.py",
        "def _stateful_handle_non_finite_grads",
        "0.5",
        "1.0",
        "training",
    ),
    Mutant(
        "a cosine's warm-up starts at 0",
        "optimizers/schedules/learning_rate_schedule.py",
        "def _warmup_function",
        "total_step_delta * completed_fraction + initial_learning_rate",
        "total_step_delta * completed_fraction",
        "schedules",
    ),
    Mutant(
        "a recurrent layer's state ignores its mask",
        RNN,
        "# mask states",
        "flat_final_state = compute_masked_output(",
        "flat_final_state = (lambda mask_t, new, old: tuple(new))(",
        "layers",
    ),
    Mutant(
        "an unrolled layer's output ignores its mask",
        RNN,
        "tiled_mask_t = _expand_mask(mask_t, output)",
        "output = tf.where(tiled_mask_t, output, prev_output)",
        "pass",
        "layers",
    ),
    Mutant(
        "a reversed mask is not reversed",
        RNN,
        "if mask is not None:\n            if go_backwards:",
        "mask = tf.reverse(mask, [0])",
        "pass",
        "layers",
    ),
    Mutant(
        "GRU's gate keeps what it should replace",
        "layers/rnn/gru.py",
        "hh = self.activation(",
        "h = z * h_tm1 + (1 - z) * hh",
        "h = (1 - z) * h_tm1 + z * hh",
        "layers",
    ),
    Mutant(
        "attention attends to masked keys",
        "layers/attention/attention.py",
        "def _apply_scores",
        "scores - max_value",
        "scores - 0 * max_value",
        "training",
    ),
    Mutant(
        "a masked mean divides by all steps",
        "layers/pooling/global_average_pooling1d.py",
        "def call",
        "ops.cast(mask_expanded, inputs.dtype)",
        "ops.ones_like(inputs)",
        "training",
    ),
    Mutant(
        "the activity penalty is not of a sample",
        "layers/layer.py",
        "loss = self.activity_regularizer(output)",
        "loss = ops.divide_no_nan(loss, batch_size)",
        "pass",
        "training",
    ),
    Mutant(
        "L2 is half of its square",
        "regularizers/regularizers.py",
        "class L2(",
        "* ops.sum(ops.square(x))",
        "* 0.5 * ops.sum(ops.square(x))",
        "training",
    ),
    Mutant(
        "celu does not divide by alpha",
        "backend/tensorflow/nn.py",
        "def celu",
        "tf.minimum(x, 0.0) / alpha",
        "tf.minimum(x, 0.0)",
        "activations",
    ),
)


def copy() -> None:
    """Put Keras as it is where Python looks first."""
    spec = find_spec("keras")
    assert spec is not None, "Keras is installed"
    assert spec.origin is not None, "Keras is a package"
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(Path(spec.origin).parent, COPY / "keras")


def status(tests: str) -> int:
    """Return pytest's status of tests of values, with the copy."""
    argv = [sys.executable, "-m", "pytest", "-q", "-x", f"gradients/values/test_{tests}.py"]
    environment = {**os.environ, "PYTHONPATH": str(COPY)}
    return subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, check=False).returncode


def main() -> None:
    """Plant each, and write whether it was caught."""
    copy()
    chosen = [mutant for mutant in MUTANTS if mutant.name in sys.argv[2:] or not sys.argv[2:]]
    for tests in sorted({mutant.tests for mutant in chosen}):
        if status(tests) != PASSED:
            raise SystemExit(f"test_{tests}.py fails without a mutant")
    found = []
    for mutant in chosen:
        path = COPY / "keras/src" / mutant.path
        before = path.read_bytes()
        mutant.write()
        code = status(mutant.tests)
        path.write_bytes(before)
        found.append({"name": mutant.name, "caught": code == FAILED, "status": code})
        print(code, mutant.name, flush=True)
    Path(sys.argv[1]).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
