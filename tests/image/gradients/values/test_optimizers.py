"""Keras's optimizers take the steps that their papers give, in float64.

Two variables, since a norm is of one or of all; gradients whose size and sign change. The weights
of the paper decide the gradients, so that an error does not feed itself.

| optimizer | measured over 8 steps | tolerance |
|---|---|---|
| SGD, momentum, Nesterov | 0 | 0 |
| Nadam, which keeps a product in float32; Muon, which knows no float64 matrix | 3e-6 | 1e-5 |
| the others | 3e-15 | 1e-13 |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

from gradients.values import rules
from gradients.values.rules import BETA, BETA_2, EPSILON, Kept, Rule
from gradients.values.saved import restored

STEPS, RATE, DECAY = 8, 0.125, 0.5
EXACT, ROUNDED, SINGLE = 0.0, 1e-13, 1e-5
NAMES = ("kernel", "bias")
SHAPES = ((4, 3), (4,))
ADAM = {"beta_1": BETA, "beta_2": BETA_2, "epsilon": EPSILON}

Arrays = Sequence[np.ndarray]
Clip = Callable[[Arrays], Arrays]


def by_value(gradients: Arrays) -> Arrays:
    """Keep each number between two bounds."""
    return [np.clip(gradient, -0.5, 0.5) for gradient in gradients]


def by_norm(gradients: Arrays) -> Arrays:
    """Keep the norm of each gradient below 1."""
    return [gradient / max(1, np.linalg.norm(gradient)) for gradient in gradients]


def by_all(gradients: Arrays) -> Arrays:
    """Keep the norm of all gradients together below 1."""
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    return [gradient / max(1, norm) for gradient in gradients]


@dataclass(frozen=True)
class Row:
    """An optimizer, its rule, what is done to gradients and weights before a step.

    `wrong` is the rule that Keras is known to follow instead.
    """

    make: Callable[..., keras.Optimizer]
    rule: Rule
    tolerance: float = ROUNDED
    rate: float = RATE
    clip: Clip = list
    decay: float = 0
    dtype: str = "float64"
    options: Sequence[tuple[str, object]] = ()
    wrong: Rule | None = None


def row(make: Callable[..., keras.Optimizer], rule: Rule, **fields: object) -> Row:
    """Return a row; what is no field of it is an option of the optimizer."""
    options = tuple((name, fields.pop(name)) for name in list(fields) if name not in FIELDS)
    return Row(make, rule, options=options, **fields)


FIELDS = {"tolerance", "rate", "clip", "dtype", "decay", "wrong"}
SGD, RMS, FTRL = optimizers.SGD, optimizers.RMSprop, optimizers.Ftrl
MUON = {"momentum": BETA, "rms_rate": 0.25, "adam_lr_ratio": 0.5, "weight_decay": None}
MUON |= {"adam_beta_1": BETA, "adam_beta_2": BETA_2, "epsilon": EPSILON, "adam_weight_decay": None}
MUON |= {"dtype": "float32", "tolerance": SINGLE}
PULL = {"initial_accumulator_value": 0.125}
FACTOR = {"epsilon_1": EPSILON, "epsilon_2": 2.0**-4, "clip_threshold": 0.5}

ROWS = {
    "SGD": row(SGD, rules.sgd(), tolerance=EXACT),
    "momentum": row(SGD, rules.sgd(momentum=BETA), momentum=BETA, tolerance=EXACT),
    "Nesterov": row(
        SGD,
        rules.sgd(momentum=BETA, nesterov=True),
        momentum=BETA,
        nesterov=True,
        tolerance=EXACT,
    ),
    "clipvalue": row(SGD, rules.sgd(), clipvalue=0.5, clip=by_value, tolerance=EXACT),
    "clipnorm": row(SGD, rules.sgd(), clipnorm=1.0, clip=by_norm),
    "global_clipnorm": row(SGD, rules.sgd(), global_clipnorm=1.0, clip=by_all),
    "global_clipnorm_below": row(SGD, rules.sgd(), global_clipnorm=1e9),
    "weight_decay": row(SGD, rules.sgd(), weight_decay=DECAY, decay=DECAY),
    "loss_scale": row(SGD, rules.sgd(), loss_scale_factor=8.0),
    "Adam": row(optimizers.Adam, rules.adam(), **ADAM),
    "Adam_clipnorm": row(optimizers.Adam, rules.adam(), clipnorm=1.0, clip=by_norm, **ADAM),
    "Adam_forgetful": row(
        *(optimizers.Adam, rules.adam(first=0, second=0.8125)),
        **(ADAM | {"beta_1": 0.0, "beta_2": 0.8125}),
    ),
    "amsgrad": row(optimizers.Adam, rules.adam(amsgrad=True), amsgrad=True, **ADAM),
    "AdamW": row(optimizers.AdamW, rules.adam(), weight_decay=DECAY, decay=DECAY, **ADAM),
    "Adamax": row(optimizers.Adamax, rules.adamax, **ADAM),
    "Nadam": row(optimizers.Nadam, rules.nadam, tolerance=SINGLE, **ADAM),
    "Lamb": row(optimizers.Lamb, rules.lamb, **ADAM),
    "Lion": row(optimizers.Lion, rules.lion, beta_1=BETA, beta_2=BETA_2),
    "RMSprop": row(RMS, rules.rmsprop(), rho=BETA, epsilon=EPSILON),
    "RMSprop_momentum": row(
        RMS, rules.rmsprop(momentum=0.5), rho=BETA, epsilon=EPSILON, momentum=0.5
    ),
    "centered": row(
        RMS,
        rules.rmsprop(momentum=0.5, centered=True),
        rho=BETA,
        epsilon=EPSILON,
        momentum=0.5,
        centered=True,
    ),
    "Adagrad": row(optimizers.Adagrad, rules.adagrad(), epsilon=EPSILON, **PULL),
    "Adagrad_from_nothing": row(
        *(optimizers.Adagrad, rules.adagrad(start=0)),
        initial_accumulator_value=0.0,
        epsilon=EPSILON,
    ),
    "Adadelta": row(optimizers.Adadelta, rules.adadelta, rho=BETA, epsilon=EPSILON),
    "Adafactor": row(optimizers.Adafactor, rules.adafactor, rate=0.5, **FACTOR),
    "Adafactor_decay": row(
        *(optimizers.Adafactor, rules.adafactor_of(-0.5)),
        rate=0.5,
        beta_2_decay=-0.5,
        **FACTOR,
    ),
    "Ftrl": row(FTRL, rules.ftrl(), **PULL),
    "Ftrl_regularized": row(
        FTRL,
        rules.ftrl(l1=0.25, l2=0.125, shrinkage=0.0625, beta=0.5),
        l1_regularization_strength=0.25,
        l2_regularization_strength=0.125,
        l2_shrinkage_regularization_strength=0.0625,
        beta=0.5,
        **PULL,
    ),
    "Ftrl_from_nothing": row(FTRL, rules.ftrl(start=0), initial_accumulator_value=0.0),
    "Ftrl_plain": row(FTRL, rules.ftrl(power=0), learning_rate_power=0.0, **PULL),
    "Ftrl_power": row(FTRL, rules.ftrl(power=0.25), learning_rate_power=-0.25, **PULL),
    "ScheduleFreeAdamW": row(
        optimizers.ScheduleFreeAdamW,
        rules.schedule_free(),
        wrong=rules.schedule_free(late=True),
        **ADAM,
    ),
    "ScheduleFreeAdamW_warmup": row(
        optimizers.ScheduleFreeAdamW,
        rules.schedule_free(warmup=4),
        wrong=rules.schedule_free(warmup=4, late=True),
        warmup_steps=4,
        **ADAM,
    ),
    "Muon": row(optimizers.Muon, rules.muon(), **MUON),
    "Muon_plain": row(
        optimizers.Muon,
        rules.muon(nesterov=False, rms_rate=None),
        **(MUON | {"nesterov": False, "rms_rate": None}),
    ),
    "Muon_quintic": row(
        *(optimizers.Muon, rules.muon(steps=2, quintic=(3.0, -3.0, 1.0))),
        **(MUON | {"ns_steps": 2, "muon_a": 3.0, "muon_b": -3.0, "muon_c": 1.0}),
    ),
}


class Race:
    """Weights that a rule moves, and the variables that Keras moves, on the same gradients."""

    def __init__(self, rule: Rule, dtype: str = "float64") -> None:
        random = np.random.default_rng(8)
        self.weights = [random.standard_normal(shape) for shape in SHAPES]
        self.variables = [
            keras.Variable(weight, dtype=dtype, name=name)
            for weight, name in zip(self.weights, NAMES, strict=True)
        ]
        self._rule, self._random, self._dtype = rule, random, dtype
        self._kept: list[Kept] = [{} for _ in SHAPES]

    def gradients(self) -> Iterator[list[np.ndarray]]:
        """Yield the gradients of each step: a quadratic's, and noise that fades."""
        for number in range(1, STEPS + 1):
            yield [
                weight * (0.25 + np.abs(np.sin(np.arange(weight.size)))).reshape(weight.shape)
                + self._random.standard_normal(weight.shape) * 4 / number
                for weight in self.weights
            ]

    def move(self, gradients: Arrays, rate: float, step: int) -> None:
        """Take the rule's step."""
        self.weights = [
            self._rule(weight, gradient, rate, step, kept)
            for weight, gradient, kept in zip(self.weights, gradients, self._kept, strict=True)
        ]

    def apply(self, optimizer: keras.Optimizer, gradients: Arrays) -> None:
        """Let Keras take its step."""
        optimizer.apply([tf.constant(one, self._dtype) for one in gradients], self.variables)

    def distance(self) -> float:
        """Return the largest difference, of all variables: no number, where one has none."""
        each = [
            np.abs(variable.numpy() - weight).max()
            for variable, weight in zip(self.variables, self.weights, strict=True)
        ]
        return float(np.max(each))


def distances(case: Row, rule: Rule) -> list[float]:
    """Return how far Keras is from a rule after each step."""
    optimizer = restored(case.make(case.rate, **dict(case.options)))
    race = Race(rule, case.dtype)
    scale = optimizer.loss_scale_factor or 1
    found = []
    for number, gradients in enumerate(race.gradients(), 1):
        race.apply(optimizer, [scale * gradient for gradient in gradients])
        race.weights = [weight * (1 - case.rate * case.decay) for weight in race.weights]
        race.move(case.clip(gradients), case.rate, number)
        found.append(race.distance())
    return found


@pytest.mark.parametrize("name", ROWS)
def test_optimizer_takes_the_steps_of_its_paper(name: str) -> None:
    """Each step is compared with NumPy's; where that is known to fail, with what Keras does."""
    case = ROWS[name]
    far = [not distance <= case.tolerance for distance in distances(case, case.rule)]
    if case.wrong is None:
        assert not any(far), f"from step {far.index(True) + 1} on"
        return
    assert any(far), "no longer wrong: remove the record"
    farthest = np.max(distances(case, case.wrong))
    assert farthest <= case.tolerance, "wrong, but otherwise than recorded"
    pytest.xfail("Keras takes the iterate after its step for the one before it")


def test_muon_knows_no_float64() -> None:
    """Its rate of a matrix stays in float32, and is not made the matrix's type."""
    race = Race(rules.muon())
    with pytest.raises(tf.errors.InvalidArgumentError, match="was expected to be a double tensor"):
        race.apply(optimizers.Muon(RATE), next(race.gradients()))
    pytest.xfail("Muon takes no step in float64: its rate is left in float32")
