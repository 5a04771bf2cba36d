"""Every case through every check; `checks` says what each measures, `cases` holds the table."""

from __future__ import annotations

import math
import time
import traceback
from functools import cache, lru_cache

import pytest
import tensorflow as tf

from gradients import checks, environment, records, tiers
from gradients.case import CHECKS, Case
from gradients.cases import table
from gradients.checks import Problem
from gradients.report import RESULT, Result
from gradients.verdict import EXPECTED, FAILED, Outcome, applies, judge

#: The devices. The expected failures were recorded on a CPU that no GPU stood beside.
CPU, GPU = "CPU:0", "GPU:0"
#: With TensorFloat-32 a GPU keeps 10 bits of each factor of a product in float32: 5e-4 each.
TENSOR_FLOAT_32 = 5e-3
#: Where it counts: products of matrices, and convolutions.
PRODUCTS = (
    *("linalg/matmul", "linalg/einsum", "convolution/conv2d_valid", "convolution/conv3d"),
    *("layers/Dense", "recurrent/LSTM", "attention/MultiHeadAttention"),
)
#: A GPU's atomics add in any order, so its runs need not repeat bit for bit.
NOT_ON_GPU = ("repeat",)


# Off but for the test that is about it; a CPU has none.
tf.config.experimental.enable_tensor_float_32_execution(False)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each check of the tier, of each case, on each device."""
    if metafunc.function is not test_case:
        return
    tier = metafunc.config.stash[tiers.KEY]
    devices = [CPU, *([GPU] if tf.config.list_physical_devices("GPU") else [])]
    chosen = [
        pytest.param((name, device, check), id=f"{name}-{check}" + "-gpu" * (device == GPU))
        for device in devices
        for name, case in cases().items()
        for check in CHECKS
        if tier.has(case, check) and not (device == GPU and check in NOT_ON_GPU)
    ]
    # One parameter, and no fixture: each is one more to make and to end, thousands of times.
    metafunc.parametrize("asked", chosen)


@cache
def cases() -> dict[str, Case]:
    """Return the table, by name."""
    return {str(case): case for case in table()}


# No fixture: pytest would sort thousands of tests by it, and look it up for each.
@lru_cache(maxsize=1)
def problem_of(name: str, device: str) -> Problem:
    """Return a case at its inputs, shared by its checks, which follow each other."""
    return Problem(cases()[name], device)


def test_case(asked: tuple[str, str, str], request: pytest.FixtureRequest) -> None:
    """Hold TensorFlow to one check of one case, or to what is known to be wrong with it."""
    name, device, check = asked
    problem = problem_of(name, device)
    start = time.monotonic()
    outcome = attempt(problem, check)
    expected = problem.case.expected(check, gpu=device == GPU, onednn=environment.onednn())
    known = applies(expected, tf.__version__)
    recorded = records.recorded(*environment.names()).get(name, {}).get(check)
    verdict = judge(outcome, known, recorded, measured=not tf.config.list_physical_devices("GPU"))
    request.node.stash[RESULT] = Result(
        case=name,
        check=check,
        device=device,
        status=verdict.status,
        error=outcome.error if math.isfinite(outcome.error) else None,
        tolerance=outcome.tolerance,
        outcome=str(outcome),
        why=verdict.why,
        signature=outcome.signature if known and not known.wavers else "",
        issue=known.issue if known and verdict.status == EXPECTED else "",
        seconds=round(time.monotonic() - start, 4),
    )
    if verdict.status == EXPECTED:
        pytest.xfail(verdict.why)
    if verdict.status == FAILED:
        pytest.fail(verdict.why, pytrace=False)


@pytest.mark.gpu
@pytest.mark.parametrize("name", PRODUCTS)
def test_tensor_float_32(name: str) -> None:
    """With TensorFloat-32 on, as it is by default, a GPU's gradient is right to 10 bits."""
    tf.config.experimental.enable_tensor_float_32_execution(True)
    try:
        assert checks.measure(Problem(cases()[name], GPU), "float32") <= TENSOR_FLOAT_32
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(False)


def attempt(problem: Problem, check: str) -> Outcome:
    """Run a check; what it raises is an outcome, not an accident."""
    tolerance = checks.tolerance(problem.case, check)
    try:
        return Outcome(tolerance, checks.measure(problem, check))
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1].name
        return Outcome(tolerance, raised=f"{type(error).__name__}: {error}", place=place)
