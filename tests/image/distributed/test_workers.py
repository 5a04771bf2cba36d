"""What several workers computed, against one process, against each other, and against arithmetic.

The workers have run before, in containers of their own: what each left lies in `ranks/`.
"""

from __future__ import annotations

import numpy as np
import pytest

from distributed import optimizers
from distributed.cases import CASES
from distributed.record import Run

#: By case: how far the workers may be from one process, as the norm of the difference over the
#: norm. Sums in another order are all the difference there may be.
TOLERANCES = {
    "gradients": 1e-14,
    "sgd": 1e-13,
    "adam": 1e-12,
    "adam32": 1e-5,
    "loss_scale": 1e-13,
    "decayed": 1e-12,
    "clipped": 1e-13,
    "embedding": 1e-14,
    "normalised": 1e-13,
    "scaled": 1e-3,  # products in float16, whose own epsilon is 1e-3
}
#: What is kept apart on every worker, and should not be: each has a record of its own, below.
MOVING, FIRST = ("within/moving_mean", "within/moving_variance"), "assigned-ONLY_FIRST_REPLICA"
#: Cases that train twice.
AGAIN = ("sgd", "adam", "adam32", "loss_scale", "decayed", "global_clipnorm")
#: Cases whose arrays are meant to differ from worker to worker.
DIFFER = ("sharded", "fit", "branched")


def test_all_workers_left_a_result(run: Run) -> None:
    assert [int(rank["replicas"]) for rank in run.ranks] == [run.count] * run.count


@pytest.mark.parametrize("case", [name for name in CASES if name not in DIFFER])
def test_all_workers_hold_the_same_bits(run: Run, case: str) -> None:
    first = run.of(case, run.ranks[0])
    assert first
    for rank in run.ranks[1:]:
        other = run.of(case, rank)
        assert other.keys() == first.keys()
        differ = [
            key
            for key in first
            if key not in (*MOVING, FIRST) and first[key].tobytes() != other[key].tobytes()
        ]
        assert not differ


@pytest.mark.parametrize("case", list(TOLERANCES))
def test_workers_compute_what_one_process_computes(
    run: Run, case: str, measured: dict[str, dict[str, float]]
) -> None:
    alone, together = run.of(case, run.alone), run.of(case, run.ranks[0])
    assert alone.keys() == together.keys()
    worst = {
        key: distance(together[key], alone[key])
        for key in alone
        if not key.startswith("within/")  # where it is meant to be another
    }
    largest = max(worst, key=lambda key: worst[key])
    drifts = [drift(together[key], alone[key]) for key in worst]
    measured[case] = {"distance": worst[largest], "norm-ulp": max(drifts)}
    assert worst[largest] <= TOLERANCES[case], largest


@pytest.mark.parametrize("case", AGAIN)
def test_a_second_training_ends_in_the_same_bits(run: Run, case: str) -> None:
    found = run.of(case, run.ranks[-1])
    again = [key for key in found if key.startswith("again/")]
    assert len(again) * 2 == len(found)
    for key in again:
        assert found[key].tobytes() == found[key.removeprefix("again/")].tobytes(), key
    assert all(np.any(found[key]) for key in again if key.startswith("again/variable/"))


def test_normalised_within_is_not_across(run: Run) -> None:
    """Each part has a mean of its own: outputs differ from the whole batch's, and add up to 0."""
    found = run.of("normalised", run.ranks[0])
    assert distance(found["within/outputs"], found["across/outputs"]) > 1e-2
    for part in np.array_split(found["within/outputs"][0], run.count):
        np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-13)
        np.testing.assert_allclose(part.std(axis=0), 1, rtol=1e-2)


@pytest.mark.xfail(
    raises=AssertionError,
    reason="VariableAggregation.ONLY_FIRST_REPLICA: each worker takes its own replica's value",
)
def test_what_the_first_replica_assigns_is_the_same_on_all_workers(run: Run) -> None:
    for rank in run.ranks:
        assert run.of("held", rank)[FIRST].tolist() == [[1.0] * 2]


@pytest.mark.xfail(
    raises=AssertionError,
    reason="Keras's BatchNormalization within replicas: each worker keeps its own moving mean",
)
def test_moving_statistics_are_the_same_on_all_workers(run: Run) -> None:
    first, *others = (run.of("normalised", rank) for rank in run.ranks)
    for other in others:
        for name in MOVING:
            np.testing.assert_array_equal(other[name], first[name])


@pytest.mark.xfail(
    raises=AssertionError,
    reason="Keras's global_clipnorm: each worker's part is clipped, and then they are added up",
)
def test_clipping_by_keras_is_of_the_whole_gradient(run: Run) -> None:
    alone, together = run.of("global_clipnorm", run.alone), run.of("global_clipnorm", run.ranks[0])
    for key in alone:
        assert distance(together[key], alone[key]) <= TOLERANCES["clipped"], key


@pytest.mark.xfail(
    raises=RuntimeError,
    reason="Keras 3's fit fails under MultiWorkerMirroredStrategy: keras-team/keras issue 20585",
)
def test_fit_trains_on_several_workers(run: Run) -> None:
    """Alone it does. A failure of another kind than the one that is known is no expected one."""
    assert not str(run.of("fit", run.alone)["error"])
    error = str(run.of("fit", run.ranks[0])["error"])
    if "PerReplica" in error:
        raise RuntimeError(error)
    assert not error


@pytest.mark.xfail(
    raises=RuntimeError,
    reason="Keras's optimizers do in a branch of the graph what is for several steps: add up "
    "gradients (keras-team/keras issue 20582), or put averages in the weights' place; replicas "
    "cannot meet there",
)
@pytest.mark.parametrize("name", list(optimizers.BRANCHED))
def test_an_optimizer_does_it_after_several_steps(run: Run, name: str) -> None:
    assert not str(run.of("branched", run.alone)[name])
    error = str(run.of("branched", run.ranks[0])[name])
    if "merge_call" in error:
        raise RuntimeError(error)
    assert not error


def test_an_overflow_in_one_part_skips_the_step_in_all(run: Run) -> None:
    for rank in run.ranks:
        found = run.of("scaled", rank)
        assert found["skipped"].tolist() == [1.0]
        assert found["scale"].tolist() == [512.0]
        assert np.all(np.isfinite(found["weights"]))


def distance(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the norm of the difference over the norm of `theirs`; of zeros, the norm of ours."""
    assert ours.shape == theirs.shape
    norm = np.linalg.norm(theirs.astype("float64"))
    return float(np.linalg.norm(ours.astype("float64") - theirs) / (norm or 1.0))


def drift(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference over the largest magnitude, in units of the type's epsilon."""
    largest = np.max(np.abs(theirs)) or 1.0
    return float(np.max(np.abs(ours - theirs)) / largest / np.finfo(theirs.dtype).eps)
