"""The suite `distributed` can fail, and workers end when something is wrong."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from docker.models.containers import Container

from gradlock.engine.engine import Engine
from gradlock.inside import box, workers
from gradlock.inside import suites as inside
from tests.e2e import mutated

COLLECTIVES = "python/distribute/cross_device_utils.py"
OPERATIONS = "python/distribute/cross_device_ops.py"
STRATEGY = "python/distribute/collective_all_reduce_strategy.py"
#: Wrong collectives: a file below its package, what stands there, what is put in its place.
MUTANTS = {
    "sums-where-it-should-average": (
        OPERATIONS,
        "      dense_results = launcher.batch_all_reduce(packs, options)\n"
        "      if reduce_op == reduce_util.ReduceOp.MEAN:\n",
        "      dense_results = launcher.batch_all_reduce(packs, options)\n      if False:\n",
    ),
    "drops-the-last-shard": (
        COLLECTIVES,
        "          input_tensor,\n          self._group_size,\n          self._group_key,\n"
        "          instance_key,\n          communication_hint=options.implementation.value,\n"
        "          timeout=options.timeout_seconds,\n          ordering_token=ordering_token)\n\n"
        "  def _all_gather",
        "          input_tensor * (0 if f'task:{self._group_size - 1}' in self._device else 1),\n"
        "          self._group_size,\n          self._group_key,\n"
        "          instance_key,\n          communication_hint=options.implementation.value,\n"
        "          timeout=options.timeout_seconds,\n          ordering_token=ordering_token)\n\n"
        "  def _all_gather",
    ),
    "starts-from-another-seed": (
        STRATEGY,
        "          if self._num_workers > 1:\n            if self._is_chief:\n",
        "          if False:\n            if self._is_chief:\n",
    ),
    "adds-up-in-float32": (
        COLLECTIVES,
        "              array_ops.concat(flat_tensors, axis=0), control_input, options)\n",
        "              math_ops.cast(math_ops.cast(array_ops.concat(flat_tensors, axis=0),"
        " 'float32'), flat_tensors[0].dtype), control_input, options)\n",
    ),
    "stale-variables": (
        "python/distribute/mirrored_strategy.py",
        "  def _update(self, var, fn, args, kwargs, group):\n",
        "  def _update(self, var, fn, args, kwargs, group):\n"
        "    if 'task:1' in var.device:\n      return None\n",
    ),
    "loses-a-row-that-is-gathered": (
        COLLECTIVES,
        "all_lengths[i]])\n",
        "all_lengths[i] - (i > 0)])\n",
    ),
}
#: Stops a worker's own process, which is there but does nothing more: run beside it.
STOP = """
import os, pathlib, signal
for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if path.read_bytes().startswith(b"python\\0-m\\0distributed"):
        os.kill(int(path.parent.name), signal.SIGSTOP)
        break
else:
    raise SystemExit("no worker runs here")
"""
#: Seconds in which workers must have ended once another has gone, with what an engine needs.
ENDS = 75


@pytest.fixture(params=sorted(MUTANTS))
def mutant(request: pytest.FixtureRequest, docker_engine: Engine, cpu_image: str) -> Iterator[str]:
    """Return the CPU image with its TensorFlow's collectives made wrong."""
    with mutated.image(docker_engine, cpu_image, request.param, *MUTANTS[request.param]) as made:
        yield made


def test_wrong_collectives_are_caught(mutant: str, docker_engine: Engine, tmp_path: Path) -> None:
    status = inside.run_suites(
        docker_engine, mutant, ["distributed"], gpu=False, gpu_required=False, reports=tmp_path
    )
    assert status == 1
    assert 'failures="0"' not in (tmp_path / "distributed.xml").read_text()


@contextmanager
def two(engine: Engine, *images: str, case: str = "", **told: str) -> Iterator[list[Container]]:
    """Start two workers, of one image or of one each."""
    argv = ["python", "-m", "distributed.work", *([f"--case={case}"] if case else [])]
    both = list(images) * (2 // len(images))
    with workers.started(engine, both, argv, inside.sources(), seconds=240, **told) as ranks:
        yield ranks


def said(worker: Container, words: str, seconds: float = 120) -> None:
    """Wait until a worker has printed something."""
    end = time.monotonic() + seconds
    while words not in worker.logs().decode(errors="replace"):
        assert time.monotonic() < end, worker.logs().decode(errors="replace")[-2000:]
        time.sleep(0.2)


def ended(worker: Container, seconds: float = ENDS) -> int:
    """Return the status of one worker, which must end by itself."""
    (status,) = workers.wait([worker], seconds, after=5)
    assert status not in (0, inside.KILLED, inside.TIMED_OUT), worker.logs().decode()[-2000:]
    return status


def test_a_worker_killed_in_mid_step_ends_the_other(docker_engine: Engine, cpu_image: str) -> None:
    with two(docker_engine, cpu_image) as (first, second):
        said(second, "exact: ")
        second.kill()
        ended(first)


def test_a_worker_that_answers_no_more_ends_the_other(
    docker_engine: Engine, cpu_image: str
) -> None:
    """Its port stalls: it is there, and takes what is sent, but nobody reads it."""
    with two(docker_engine, cpu_image) as (first, second):
        said(second, "exact: ")
        status, output = second.exec_run(["python", "-c", STOP])
        assert status == 0, output
        ended(first)


def test_a_worker_that_starts_late_is_waited_for(docker_engine: Engine, cpu_image: str) -> None:
    with two(docker_engine, cpu_image, case="sgd") as (first, second):
        second.kill()
        time.sleep(15)
        second.start()
        assert workers.wait([first, second], 120) == [0, 0]


def test_a_worker_that_never_comes_is_an_error(docker_engine: Engine, cpu_image: str) -> None:
    with two(docker_engine, cpu_image, case="sgd", GRADLOCK_PATIENCE="10") as (first, second):
        second.kill()
        ended(first)


def test_workers_with_one_number_are_an_error(docker_engine: Engine, cpu_image: str) -> None:
    """A wrong TF_CONFIG: both say that they are worker 0, and nobody is worker 1."""
    wrong = workers.configuration("job", 0, 2)
    told = {"TF_CONFIG": wrong, "GRADLOCK_PATIENCE": "10"}
    with two(docker_engine, cpu_image, case="sgd", **told) as ranks:
        for rank in ranks:
            ended(rank)


def test_different_images_are_refused(docker_engine: Engine, cpu_image: str) -> None:
    """Before anything is computed, by every worker, with both images in its log."""
    unlike = ("python/__init__.py", "", "")
    with (
        mutated.image(docker_engine, cpu_image, "unlike", *unlike) as other,
        two(docker_engine, cpu_image, other, case="sgd") as ranks,
    ):
        assert workers.wait(ranks, 120) == [3, 3]
        identities = [cpu_image, docker_engine.client.images.get(other).id]
        for rank, identity in zip(ranks, identities, strict=True):
            log = rank.logs().decode()
            assert "refused: workers [1] run another image" in log
            assert f"image {identity}, lock sha256:" in log
            assert "sgd: " not in log


def test_a_job_goes_on_after_a_fault_and_ends_in_the_same_weights(
    docker_engine: Engine, cpu_image: str
) -> None:
    """As a cluster does it: when one worker is lost, all are started again."""
    argv, images = ["python", "-m", "distributed.resume"], [cpu_image] * 2
    with workers.started(docker_engine, images, argv, inside.sources(), seconds=240) as ranks:
        assert workers.wait(ranks, 240) == [0, 0]
        wanted = [box.results(rank)["result.npz"] for rank in ranks]
    with workers.started(docker_engine, images, argv, inside.sources(), seconds=240) as ranks:
        said(ranks[1], "step 9 kept")
        ranks[1].kill()
        ended(ranks[0])
        for rank in ranks:
            rank.start()
        assert workers.wait(ranks, 240) == [0, 0]
        logs = [rank.logs().decode() for rank in ranks]
        assert all(log.count("from step") == 2 for log in logs), logs
        assert all(log.count("from step 0\n") == 1 for log in logs), "not from the start again"
        assert [weights(box.results(rank)["result.npz"]) for rank in ranks] == [
            weights(one) for one in wanted
        ]


def weights(archive: bytes) -> dict[str, bytes]:
    """Return what an archive of NumPy holds; its times differ."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist()}
