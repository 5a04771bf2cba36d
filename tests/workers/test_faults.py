"""The suite `distributed` can fail, and workers end when something is wrong."""

from __future__ import annotations

import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from docker.models.containers import Container

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.inside import box, workers
from gradlock.inside import suites as inside
from tests.e2e import mutated
from tests.workers.collectives import MUTANTS

#: Of the suite what judges the workers' results.
JUDGED = "not devices and not servers"
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
#: The proxy through which workers reach each other where a port is to stall.
PROXY = Path(__file__).with_name("proxy.py")
#: What a worker runs.
WORK = ("python", "-m", "distributed.work")
#: Seconds after its start at which a worker is killed, one drawn from each: while TensorFlow
#: starts, while workers connect, and while they compute.
MOMENTS = ((0, 3), (3, 6), (6, 9), (9, 12), (12, 15), (15, 18))
#: Seconds in which workers must have ended once another has gone, with what an engine needs.
ENDS = 75


@pytest.fixture(params=sorted(MUTANTS))
def mutant(request: pytest.FixtureRequest, docker_engine: Engine, cpu_image: str) -> Iterator[str]:
    """Return the CPU image with its TensorFlow's collectives made wrong."""
    with mutated.image(docker_engine, cpu_image, request.param, *MUTANTS[request.param]) as made:
        yield made


def test_wrong_collectives_are_caught(
    mutant: str, docker_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until the first failure: one is enough.
    monkeypatch.setitem(inside.ARGUMENTS, "distributed", ("-x", "-k", JUDGED))
    status = inside.run_suites(
        docker_engine, mutant, ["distributed"], gpu=False, gpu_required=False, reports=tmp_path
    )
    assert status == 1
    assert 'failures="0"' not in (tmp_path / "distributed.xml").read_text()


@contextmanager
def two(engine: Engine, *images: str, case: str = "", **told: str) -> Iterator[list[Container]]:
    """Start two workers, of one image or of one each."""
    argv = [*WORK, *([f"--case={case}"] if case else [])]
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


@pytest.mark.parametrize("moments", MOMENTS, ids=str)
def test_a_worker_killed_at_any_moment_ends_the_other(
    docker_engine: Engine, cpu_image: str, moments: tuple[int, int]
) -> None:
    moment, victim = random.uniform(*moments), random.randrange(2)
    print(f"worker {victim} killed after {moment:.2f} s")
    with two(docker_engine, cpu_image, GRADLOCK_PATIENCE="30") as ranks:
        time.sleep(moment)
        ranks[victim].kill()
        ended(ranks[1 - victim])


@contextmanager
def apart(engine: Engine, image: str) -> Iterator[tuple[Container, list[Container]]]:
    """Start two workers that reach each other by a proxy alone; yield it, and them."""
    with workers.network(engine) as job, ExitStack() as stack:
        name = f"proxy.{job}"
        options = box.options(engine) | {"network": job}
        del options["network_mode"]
        place = engine.client.api.create_endpoint_config(aliases=[name])
        options["networking_config"] = {job: place}
        hosts = [workers.host(job, rank) for rank in (0, 1)]
        ways = [f"{workers.PORT + rank}={host}:{workers.PORT}" for rank, host in enumerate(hosts)]
        argv = ["python", "-c", PROXY.read_text(), *ways]
        proxy = containers.container(engine, image, argv, kind="tests", **options)
        made = [stack.enter_context(proxy)]
        for rank in (0, 1):
            told = json.loads(workers.configuration(job, rank, 2))
            told["cluster"]["worker"][1 - rank] = f"{name}:{workers.PORT + 1 - rank}"
            one = workers.worker(
                *(engine, image, WORK, inside.sources(), job, rank, 2),
                seconds=240,
                TF_CONFIG=json.dumps(told),
            )
            made.append(stack.enter_context(one))
        for container in made:
            container.start()
        yield made[0], made[1:]


def test_a_port_that_stalls_ends_both(docker_engine: Engine, cpu_image: str) -> None:
    """Both are there, and stay connected, but nothing that they send arrives any more."""
    with apart(docker_engine, cpu_image) as (proxy, ranks):
        for rank in ranks:
            said(rank, "exact: ")
        proxy.kill("SIGUSR1")
        for rank in ranks:
            ended(rank)
        proxy.reload()
        assert proxy.status == "running"


def test_a_worker_that_answers_no_more_ends_the_other(
    docker_engine: Engine, cpu_image: str
) -> None:
    """It is there, and its kernel takes what is sent, but nobody reads it."""
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


@pytest.mark.xfail(
    raises=AssertionError,
    reason="Keras's LossScaleOptimizer: each worker decides by its own part whether to leave out "
    "a step, and one that leaves it out and one that does not wait for each other without end",
)
def test_an_overflow_in_one_part_is_no_end_of_all(docker_engine: Engine, cpu_image: str) -> None:
    """It takes 3 s of one process."""
    with two(docker_engine, cpu_image, case="overflow") as ranks:
        for rank in ranks:
            said(rank, "image sha256:")
        assert workers.wait(ranks, 60, after=5) == [0, 0]


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
