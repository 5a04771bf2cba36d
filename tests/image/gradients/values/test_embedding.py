"""An Embedding trains as the product that it is, or is wrong exactly as it is known to be."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from gradients import tiers
from gradients.tiers import Tier
from gradients.values import embedding
from gradients.values.embedding import ROWS
from gradients.values.summed import Summed, SummedAdam

TOLERANCE = 1e-12
#: The records have nine digits; Nadam keeps a number in float32.
DIGITS = 1e-6


#: The rows whose remedy the core tries; all of them, where all is asked for.
SAMPLE = ("global_clipnorm", "Adam", "LossScaleOptimizer", "Muon")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try the remedy with as many optimizers as the tier has."""
    if "mended" in metafunc.fixturenames:
        everything = metafunc.config.stash[tiers.KEY] is Tier.ALL
        metafunc.parametrize("mended", list(ROWS) if everything else SAMPLE)


def summed(kind: type[keras.Optimizer]) -> type[keras.Optimizer]:
    """Return an optimizer's class, mended."""
    return type(kind.__name__, (Summed, kind), {})


def test_every_optimizer_has_a_row() -> None:
    """An optimizer that a release of Keras brings has to be looked at."""
    public = {
        name
        for name, kind in vars(keras.optimizers).items()
        if isinstance(kind, type) and issubclass(kind, keras.Optimizer)
    } - {"Optimizer"}
    assert public - {type(row.make(lambda kind: kind)).__name__ for row in ROWS.values()} == set()


@pytest.mark.parametrize("name", ROWS)
def test_an_embedding_trains_as_its_product(name: str) -> None:
    """Five steps in float64; where that is known to fail, by the recorded error exactly."""
    recorded, error = ROWS[name].wrong, embedding.error(name)
    if not recorded:
        assert error <= TOLERANCE
        return
    assert error > TOLERANCE, f"no longer wrong: remove the record ({embedding.REASON})"
    assert error == pytest.approx(recorded, rel=DIGITS), "wrong, but otherwise than recorded"
    pytest.xfail(embedding.REASON)


def test_the_remedy_is_right(mended: str) -> None:
    """With gradients made dense the Embedding trains as its product does."""
    assert embedding.error(mended, summed) <= TOLERANCE


@pytest.mark.parametrize(
    "jit_compile",
    [pytest.param(False, id="function", marks=pytest.mark.tier_all), pytest.param(True, id="xla")],
)
def test_the_remedy_works_in_fit(*, jit_compile: bool) -> None:
    """Adam's first step is the rate, whatever the gradient, for an id that is there twice too."""
    model = keras.Sequential([keras.layers.Embedding(2, 1)])
    model.build((1, 3))
    model.set_weights([np.zeros((2, 1))])
    model.compile(SummedAdam(0.5), "mse", jit_compile=jit_compile)
    model.fit(np.array([[0, 0, 1]]), np.ones((1, 3, 1)), verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [[0.5], [0.5]], rtol=1e-4)
