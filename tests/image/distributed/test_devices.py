"""MirroredStrategy and DTensor on logical CPUs compute what one device computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distributed import laid_out, record, work
from distributed.record import Found, Run
from distributed.test_workers import distance

#: What is compared with one process.
CASES = ("adam", "clipped", "embedding")


@pytest.mark.parametrize("count", [2, 4])
def test_replicas_of_one_process(run: Run, devices: Found, tmp_path: Path, count: int) -> None:
    found = devices if count == 2 else record.compute(tmp_path, work.mirrored, count, CASES)
    assert int(found["replicas"]) == count
    worst: dict[str, float] = {}
    for case in CASES:
        alone = run.of(case, run.alone)
        for key, arrays in run.of(case, found).items():
            for array in arrays:
                np.testing.assert_array_equal(array, arrays[0], err_msg=key)
            worst[f"{case}/{key}"] = distance(arrays[0], alone[key][0])
    largest = max(worst, key=lambda key: worst[key])
    print(f"{count} devices: {worst[largest]:.1e} ({largest})")
    assert worst[largest] <= 1e-12, largest


def test_a_batch_that_is_laid_out_over_devices(run: Run, tmp_path: Path) -> None:
    """DTensor adds up the parts by itself; every device has the whole gradient."""
    found = record.compute(tmp_path, laid_out.laid_out)
    alone = run.of("gradients", run.alone)
    assert len(found) == 3
    for index, copies in found.items():
        np.testing.assert_array_equal(copies[1], copies[0])
        assert distance(copies[0], alone[f"even-auto-function/{index}"][0]) <= 1e-14


@pytest.mark.xfail(
    raises=AssertionError,
    reason="Keras's LossScaleOptimizer: whether a step is left out is decided by the first "
    "replica's part alone",
)
def test_an_overflow_in_any_part_makes_keras_leave_out_the_step(devices: Found) -> None:
    """Workers of several processes wait for one another instead: `tests/workers` has that."""
    assert np.all(np.isfinite(devices["overflow/weights"]))
    assert devices["overflow/scale"].tolist() == [256.0] * 2
    assert devices["overflow/steps"].tolist() == [2] * 2
