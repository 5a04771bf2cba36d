"""When a test may be skipped, and when that is a failure."""

from __future__ import annotations

import facts
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--gpu-required`: whoever was promised a GPU is not content with skips."""
    parser.addoption(
        "--gpu-required",
        action="store_true",
        help="fail unless TensorFlow lists a GPU",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """End the session as a failure where a GPU was promised and TensorFlow lists none."""
    if not session.config.getoption("--gpu-required"):
        return
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        pytest.exit(
            f"--gpu-required: TensorFlow lists no GPU in variant {facts.variant().name} "
            f"({facts.driver().why})",
            returncode=1,
        )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `gpu` where there is none, and say why."""
    if item.get_closest_marker("gpu") is None:
        return
    if facts.inside() and facts.variant().cuda is None:
        pytest.skip("variant without CUDA")
    driver = facts.driver()
    if driver.gpus == 0:
        pytest.skip(f"no GPU: {driver.why}")


@pytest.fixture
def cuda_variant() -> facts.Variant:
    """Return the variant; skip where it is one without CUDA."""
    variant = facts.variant()
    if variant.cuda is None:
        pytest.skip(f"variant {variant.name} has no CUDA")
    return variant
