"""What several workers computed, against arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from distributed import exact, held
from distributed.record import Found, Run

#: A float32 is all that a metric of Keras adds up in.
METRIC = 1e-6


@dataclass(frozen=True)
class Whole:
    """How many replicas computed together, and what one holds of it."""

    count: int
    exact: Found
    held: Found


@pytest.fixture
def whole(run: Run) -> Whole:
    """Return what was computed together, by the first worker: the others hold the same bits."""
    return Whole(run.count, run.of("exact", run.ranks[0]), run.of("held", run.ranks[0]))


def alike(found: np.ndarray, wanted: object) -> None:
    """See that each local replica's row is exactly what is wanted."""
    for row in found:
        np.testing.assert_array_equal(row, wanted)


def test_sums_of_whole_numbers_are_exact(whole: Whole) -> None:
    given = [exact.values(replica) for replica in range(whole.count)]
    sums = [np.sum([values[index] for values in given], axis=0) for index in range(len(given[0]))]
    seen = 0
    for key, array in whole.exact.items():
        name, _, index = key.partition("/")
        if not index:
            continue
        operation, dtype, _ = name.split("-")
        divisor = 1 if operation == "SUM" else whole.count
        alike(array, (sums[int(index)].astype(dtype) / np.array(divisor, dtype)).astype(dtype))
        seen += 1
    assert seen == len(exact.WAYS) * len(exact.REDUCED) * len(sums)


def test_what_is_gathered_is_all_in_the_order_of_replicas(whole: Whole) -> None:
    """And its gradient is each one's: all have computed the same value of what they gave."""
    found, wanted = whole.exact, np.concatenate([exact.piece(one) for one in range(whole.count)])
    alike(found["gathered"], wanted)
    alike(found["gathered-columns"], wanted.T)
    alike(found["gathered-gradient"], whole.count * wanted)
    np.testing.assert_array_equal(found["gathered-outside"], wanted)
    assert found["told-outside"].tolist() == list(range(whole.count))
    for name in ("rows", "unknown"):
        np.testing.assert_array_equal(found[f"{name}-SUM"], wanted.sum(axis=0))
        np.testing.assert_array_equal(found[f"{name}-MEAN"], wanted.sum(axis=0) / len(wanted))


def test_the_gradient_through_a_sum_is_of_all_that_use_it(whole: Whole) -> None:
    weights = sum(exact.values(replica)[2][:3, None] for replica in range(whole.count))
    wanted = np.broadcast_to(weights, (3, 4))
    alike(whole.exact["slope-SUM"], wanted)
    alike(whole.exact["slope-MEAN"], wanted / whole.count)


def test_values_are_reduced_from_outside(whole: Whole) -> None:
    numbers = np.arange(1.0, whole.count + 1)
    assert whole.exact["outside-SUM"].tolist() == [numbers.sum()]
    assert whole.exact["outside-MEAN"].tolist() == [numbers.mean()]


def test_what_all_assign_becomes_one(whole: Whole) -> None:
    numbers = np.arange(1.0, whole.count + 1)
    alike(whole.held["assigned-SUM"], [numbers.sum()] * 2)
    alike(whole.held["assigned-MEAN"], [numbers.mean()] * 2)
    alike(whole.held["less"], np.full((3, 2), -numbers.sum()))
    wanted = np.zeros((3, 2))
    np.add.at(wanted, np.arange(whole.count) % 3, numbers[:, None])
    alike(whole.held["scattered"], wanted)


def test_what_each_counts_up_is_read_set_and_kept_as_one(whole: Whole) -> None:
    """Set from outside, a sum is shared out, and each replica's share is as large."""
    found, numbers = whole.held, np.arange(1.0, whole.count + 1)
    for name, counted in (("SUM", numbers.sum()), ("MEAN", numbers.mean())):
        assert found[f"counted-{name}"].tolist() == [counted]
        assert found[f"given-{name}"].tolist() == [held.GIVEN]
        assert found[f"kept-{name}"].tolist() == [counted]
    alike(found["own-SUM"], held.GIVEN / whole.count)
    alike(found["own-MEAN"], held.GIVEN)


def test_a_metric_is_of_what_all_have_seen(whole: Whole) -> None:
    numbers = np.arange(1.0, whole.count + 1)
    wanted = (numbers**2 + 8).sum() / (numbers + 1).sum()
    np.testing.assert_allclose(whole.held["metric"], wanted, rtol=METRIC)


def test_variables_start_from_the_first_workers_value(run: Run) -> None:
    for rank in run.ranks:
        assert not np.any(run.of("held", rank)["variable"])
