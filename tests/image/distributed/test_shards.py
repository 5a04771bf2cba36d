"""What each worker was given of a data set: all together all of it, once, batch by batch."""

from __future__ import annotations

import numpy as np
import pytest

from distributed import shards
from distributed.record import Run

WHOLE = list(range(shards.ELEMENTS))


def batches(run: Run, policy: str) -> list[list[np.ndarray]]:
    """Return each worker's batches."""
    found = []
    for rank in run.ranks:
        case = run.of("sharded", rank)
        ends = np.cumsum(case[f"{policy}-sizes"])
        assert ends[-1] == len(case[policy])
        found.append(np.split(case[policy], ends[:-1]))
    return found


@pytest.mark.parametrize("policy", ["DATA", "FILE", "OWN"])
def test_each_element_is_read_once(run: Run, policy: str) -> None:
    read = [np.concatenate(parts) for parts in batches(run, policy)]
    assert sorted(np.concatenate(read).tolist()) == WHOLE
    assert all(map(len, read))


def test_each_batch_is_shared_out_in_the_order_of_workers(run: Run) -> None:
    """A worker's first batch is its part of the whole first batch, and so on; so is the rest."""
    for number, parts in enumerate(zip(*batches(run, "DATA"), strict=True)):
        wanted = WHOLE[number * shards.BATCH :][: shards.BATCH]
        assert np.concatenate(parts).tolist() == wanted
        if len(wanted) == shards.BATCH:
            assert [len(part) for part in parts] == [shards.BATCH // run.count] * run.count


@pytest.mark.parametrize("policy", ["DATA", "FILE", "OWN"])
def test_batches_are_of_a_workers_share(run: Run, policy: str) -> None:
    for parts in batches(run, policy):
        assert max(map(len, parts)) == shards.BATCH // run.count


def test_a_file_is_read_by_one_worker(run: Run) -> None:
    files = np.array_split(WHOLE, shards.FILES)
    for parts in batches(run, "FILE"):
        read = set(np.concatenate(parts).tolist())
        assert all(read.issuperset(file) or read.isdisjoint(file) for file in map(set, files))


def test_without_shards_all_workers_read_all(run: Run) -> None:
    for rank in run.ranks:
        assert run.of("sharded", rank)["OFF"].tolist() == WHOLE


def test_a_sum_in_a_graph_is_of_every_element(run: Run) -> None:
    """Though the last batch leaves some workers nothing."""
    for rank in run.ranks:
        assert run.of("sharded", rank)["total"] == sum(WHOLE)
