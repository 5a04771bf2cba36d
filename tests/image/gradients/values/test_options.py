"""What a layer or an optimizer is asked for reaches it, through whatever passes it on."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import constraints, initializers, optimizers, regularizers

from gradients.values.scope import classes
from gradients.values.test_layers import TABLE

#: The rows of layers; a function of one's own cannot be read again.
ROWS = {name: row for name, row in TABLE.items() if name != "Lambda" and "strided" not in name}
#: Without these a layer has not all of its weights.
WHOLE = ("use_bias", "center", "scale")
OTHER = {"valid": "same", "same": "valid", "channels_last": "channels_first"}
#: What a layer of Keras takes, and forgets.
LOST = {"SimpleRNN": {"activity_regularizer"}}


def of_weights(config: dict[str, Any]) -> dict[str, Any]:
    """Return another initializer, penalty and constraint of each weight: all different."""
    found: dict[str, Any] = {}
    for number, name in enumerate(sorted(config), 1):
        if name.endswith("_initializer"):
            found[name] = initializers.serialize(initializers.Constant(number / 8))
        elif name.endswith("_regularizer"):
            found[name] = regularizers.serialize(regularizers.L2(number / 8))
        elif name.endswith("_constraint"):
            found[name] = constraints.serialize(constraints.MaxNorm(number))
    return found


def others(config: dict[str, Any], flags: int) -> dict[str, Any]:
    """Return another value of each option that has one, no two of a kind alike.

    Of flags a number says which are turned: each that has a place where the number has a bit.
    """
    found, place = of_weights(config), 0
    for number, (name, value) in enumerate(config.items()):
        if name == "rms_scaling":  # it only warns
            continue
        if isinstance(value, bool):
            place += 1
            found[name] = value ^ bool(place & flags)
        elif isinstance(value, float):
            found[name] = value / 2 + 0.125 + number / 1024
        elif name.endswith("activation"):
            found[name] = "softplus" if name == "recurrent_activation" else "softsign"
        elif isinstance(value, str) and value in OTHER:
            found[name] = OTHER[value]
    return found


@pytest.mark.parametrize("name", ROWS)
def test_a_layer_is_told_all_that_it_is_asked_for(name: str) -> None:
    layer = ROWS[name].make(dtype=ROWS[name].dtype)
    lost = set()
    # Any two of seven flags differ once, and each is turned.
    for flags in (1, 2, 4):
        asked = others(layer.get_config(), flags)
        told = type(layer).from_config(layer.get_config() | asked).get_config()
        lost |= {option for option in asked if told[option] != asked[option]}
    assert lost == LOST.get(type(layer).__name__, set())
    if lost:
        pytest.xfail(f"{type(layer).__name__} does not pass on {', '.join(lost)}")


@pytest.mark.parametrize("name", ROWS)
def test_a_weight_is_made_as_it_is_asked_for(name: str) -> None:
    """With its own first values, its own penalty and its own constraint."""
    row = ROWS[name]
    plain = row.make(dtype=row.dtype)
    config = plain.get_config()
    asked = of_weights(config)
    config |= {option: True for option in WHOLE if option in config}
    if "unit_forget_bias" in config:
        config["unit_forget_bias"] = False
    layer = type(plain).from_config(config | asked)
    layer.build(list(row.shapes)) if row.together else layer.build(*row.shapes)
    for option in asked:
        weight, _, kind = option.rpartition("_")
        if kind != "initializer":
            continue
        first = asked[option]["config"]["value"]
        found = [variable for variable in layer.variables if (variable.numpy() == first).all()]
        assert found, option
        for variable in found:
            penalty, constraint = variable.regularizer, variable.constraint
            if f"{weight}_regularizer" in asked:
                assert regularizers.serialize(penalty) == asked[f"{weight}_regularizer"]
            if f"{weight}_constraint" in asked:
                assert constraints.serialize(constraint) == asked[f"{weight}_constraint"]


@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
def test_what_each_part_gives_costs(name: str) -> None:
    """Of attention of several heads: query, key, value and what they become."""
    row = ROWS[name]
    layer = row.make(activity_regularizer=regularizers.L2(0.5))
    query, value = (np.random.default_rng(3).standard_normal(shape) for shape in row.shapes)
    found = layer(query, value)
    dense = (layer._query_dense, layer._key_dense, layer._value_dense)
    given = [part(x) for part, x in zip(dense, (query, value, value), strict=True)]
    layer(query, value)
    # Of what a GroupQueryAttention gives the cost is its own, too.
    own = [found] if name.startswith("Group") else []
    losses = [0.5 * np.square(x).sum() / len(query) for x in (*given, found, *own)]
    np.testing.assert_allclose(sorted(layer.losses), sorted(losses), rtol=1e-5)


OPTIMIZERS = {
    kind.__name__: kind
    for kind in classes(optimizers, keras.Optimizer)
    - {optimizers.LossScaleOptimizer, optimizers.MultiOptimizer}
}
COMMON = {
    **{"use_ema": True, "ema_momentum": 0.75, "ema_overwrite_frequency": 3},
    **{"loss_scale_factor": 8.0, "gradient_accumulation_steps": 4, "weight_decay": 0.25},
}


@pytest.mark.parametrize("clip", ["clipnorm", "global_clipnorm", "clipvalue"])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_an_optimizer_is_told_all_that_it_is_asked_for(name: str, clip: str) -> None:
    config = OPTIMIZERS[name]().get_config()
    asked = {
        option: value / 2 + 0.125 if isinstance(value, float) else not value
        for option, value in config.items()
        if isinstance(value, bool | float)
    }
    asked |= {clip: 0.5} | COMMON
    told = OPTIMIZERS[name].from_config(config | asked).get_config()
    assert {name: told[name] for name in asked} == pytest.approx(asked, rel=1e-6)
