"""ParameterServerStrategy computes what one process computes, by processes of its own."""

from __future__ import annotations

import pytest

from distributed import record, served
from distributed.record import Found, Run
from distributed.test_workers import distance


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Return what a server and two workers have computed."""
    return record.compute(tmp_path_factory.mktemp("served"), served.served)


def test_variables_are_the_servers_and_both_workers_compute(found: Found) -> None:
    assert found["names"].tolist() == ["worker-0", "worker-1"]
    assert all("/job:ps/replica:0/task:0/" in device for device in found["held"])


def test_the_parts_gradients_add_up_to_the_batchs(run: Run, found: Found) -> None:
    alone = run.of("gradients", run.alone)
    for index in range(3):
        wanted = alone[f"even-auto-function/{index}"][0]
        assert distance(found[f"gradient/{index}"], wanted) <= 1e-14


def test_a_training_by_parts_ends_where_one_process_does(run: Run, found: Found) -> None:
    alone = run.of("sgd", run.alone)
    for index in range(3):
        assert distance(found[f"variable/{index}"], alone[f"variable/{index}"][0]) <= 1e-13


def test_what_workers_add_in_any_order_is_added_once(found: Found) -> None:
    assert found["total"] == sum(range(served.NUMBERS))
