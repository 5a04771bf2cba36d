"""Several workers of one training: containers that reach each other on a network, and nobody else.

They are named as JobSet names the pods of a job, `<job>-worker-0-<i>.<job>`, and told who they
are by TF_CONFIG.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from docker.models.containers import Container

from gradlock import progress, store
from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.inside import box
from gradlock.inside.settings import Settings

#: The suite whose tests judge what workers have computed, and the folder where it finds that.
SUITE, RANKS = "distributed", "distributed/ranks"
#: How many there are by default, and where everything runs.
COUNTS = {"core": 2, "all": 4}
#: The port on which each listens.
PORT = 2222
#: Seconds that a run may take, and that workers have to end once one of them has failed.
LIMIT, AFTER_FAILURE = 240, 60
#: Seconds that a worker may outlast its own limit before it is ended from outside.
GRACE = 20
#: Seconds between two looks at the containers.
PAUSE = 0.5


def compute(
    engine: Engine,
    image: str,
    tests: Mapping[str, bytes],
    *,
    count: int,
    reports: Path,
    settings: Settings,
    seconds: int = LIMIT,
) -> dict[str, bytes]:
    """Have workers compute the suite's cases; return their results as files beside its tests.

    The log of each is kept in `reports`. Of a worker that failed there is no result, which the
    suite's tests miss.

    Raises:
        EngineError: the engine refused, or stopped answering.

    """
    began = time.monotonic()
    argv = ["python", "-m", "distributed.work"]
    results: dict[str, bytes] = {}
    images, told = [image] * count, settings.environment
    with started(engine, images, argv, tests, seconds=seconds, **told) as ranks:
        statuses = wait(ranks, seconds + GRACE)
        for rank, (worker, status) in enumerate(zip(ranks, statuses, strict=True)):
            log(worker, reports / f"{SUITE}.worker-{rank}.log")
            if status:
                progress.say(f"worker {rank} of {count} ended with {status}: see its log")
            elif found := box.results(worker):
                results[f"{RANKS}/{rank}.npz"] = found["result.npz"]
    progress.say(f"{count} workers computed for {time.monotonic() - began:.0f} s")
    return {**results, f"{RANKS}/count": str(count).encode()}


@contextmanager
def network(engine: Engine) -> Iterator[str]:
    """Make a network without a way out, gone when the block ends; yield its name, the job's."""
    job = f"gradlock-{secrets.token_hex(4)}"
    made = engine.client.networks.create(
        job,
        driver="bridge",
        internal=True,
        labels={containers.LABEL: "tests", **containers.owned()},
    )
    try:
        yield job
    finally:
        made.remove()


@contextmanager
def started(
    engine: Engine,
    images: Sequence[str],
    argv: Sequence[str],
    tests: Mapping[str, bytes],
    *,
    seconds: int,
    **environment: str,
) -> Iterator[list[Container]]:
    """Start a worker of each image, all with one command; they are gone when the block ends.

    The command is given the file to write, and ends within `seconds`.
    """
    with network(engine) as job, ExitStack() as stack:
        ranks = [
            stack.enter_context(
                worker(
                    engine,
                    image,
                    argv,
                    tests,
                    job,
                    rank,
                    len(images),
                    seconds=seconds,
                    **environment,
                )
            )
            for rank, image in enumerate(images)
        ]
        for one in ranks:
            one.start()
        yield ranks


@contextmanager
def worker(
    engine: Engine,
    image: str,
    argv: Sequence[str],
    tests: Mapping[str, bytes],
    job: str,
    rank: int,
    count: int,
    *,
    seconds: int,
    **environment: str,
) -> Iterator[Container]:
    """Make one worker, not started, with the tests in it."""
    told = {
        "TF_CONFIG": configuration(job, rank, count),
        "GRADLOCK_IMAGE": engine.client.images.get(image).id or "",
        **environment,
    }
    options = box.options(engine, **told) | {"network": job}
    del options["network_mode"]
    options["networking_config"] = {
        job: engine.client.api.create_endpoint_config(aliases=[host(job, rank)])
    }
    command = ["timeout", "--kill-after=10", str(seconds), *argv, f"{box.RESULTS}/result.npz"]
    with containers.container(engine, image, command, kind="tests", **options) as made:
        box.put(made, tests)
        yield made


def host(job: str, rank: int) -> str:
    """Return a worker's name on the network, as JobSet's headless service gives it to a pod."""
    return f"{job}-worker-0-{rank}.{job}"


def configuration(job: str, rank: int, count: int) -> str:
    """Return TF_CONFIG: all workers' addresses, and this one's number."""
    addresses = [f"{host(job, index)}:{PORT}" for index in range(count)]
    return json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}})


def wait(ranks: Sequence[Container], seconds: float, *, after: float = AFTER_FAILURE) -> list[int]:
    """Wait until all have ended, and return their statuses.

    Past `seconds` all are killed; and so are those that still run `after` seconds after
    another has failed, since they may wait for it for ever.
    """
    end = time.monotonic() + seconds
    statuses: dict[int, int] = {}
    while True:
        for rank, one in enumerate(ranks):
            if rank in statuses:
                continue
            one.reload()
            if one.status in ("exited", "dead"):
                statuses[rank] = int(one.attrs["State"]["ExitCode"])
                if statuses[rank]:
                    end = min(end, time.monotonic() + after)
        if len(statuses) == len(ranks):
            return [statuses[rank] for rank in range(len(ranks))]
        if time.monotonic() > end:
            for rank, one in enumerate(ranks):
                if rank not in statuses:
                    one.kill()
            end = time.monotonic() + after
        time.sleep(PAUSE)


def log(worker: Container, path: Path) -> str:
    """Write what a worker printed to a file, and return it."""
    text = worker.logs().decode(errors="replace")
    store.write_text(path, text)
    return str(text)
