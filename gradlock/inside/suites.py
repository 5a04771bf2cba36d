"""A test run inside an image, as users run it: not root, no network, a read-only root."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from docker.errors import APIError
from docker.models.containers import Container

from gradlock import progress, store
from gradlock.engine import containers, gpus
from gradlock.engine.engine import Engine, working
from gradlock.errors import InputError
from gradlock.inside import box, workers
from gradlock.inside.settings import Settings

#: The tests that run inside images.
TESTS = store.ROOT / "tests" / "image"
#: The notebooks, which the suite of that name runs.
NOTEBOOKS = store.ROOT / "notebooks"
#: What pytest is told for a suite alone: gradients has thousands of small, independent tests, and
#: a record of what they do not run; a worker takes neighbours, which share what they compute, and
#: then half of another's; what is logged is captured as it is printed. A notebook is held up by
#: one core as often as by two.
ARGUMENTS = {
    "gradients": (
        *("-n", "auto", "--maxprocesses=4", "--dist=worksteal", "--coverage=gate"),
        *("-p", "no:logging"),
    ),
    "notebooks": ("-n", "auto", "--maxprocesses=2", "-v"),
}
#: Which parts of the table of gradients there are.
TIERS = ("core", "all")
#: Our own code that a suite's result depends on.
RUNNERS = (
    *("inside/suites.py", "inside/box.py", "inside/workers.py", "inside/settings.py"),
    *("engine/containers.py", "engine/gpus.py"),
)
#: Seconds that a suite may take.
LIMIT = 900
#: Seconds that a suite may outlast its own limit before it is ended from outside.
GRACE = 60
#: The status of `timeout`, and of what it had to kill.
TIMED_OUT, KILLED = 124, 137
#: What is told to TensorFlow where nothing is asked for: nothing.
PLAIN = Settings()


def run_suites(
    engine: Engine,
    image: str,
    suites: Sequence[str],
    *,
    gpu: bool,
    gpu_required: bool,
    reports: Path,
    tier: str = "core",
    settings: Settings = PLAIN,
    seconds: int = LIMIT,
    passed: Callable[[str], None] = lambda _: None,
) -> int:
    """Run suites of `tests/image` in an image, and return the first status that is not 0.

    `gpu` says that the image computes on GPUs: it gets those that the engine has. Without
    one, tests skip, and a line says so; with `gpu_required` the run fails. Each suite has a
    container and `seconds` of its own, and leaves `<suite>.xml` (JUnit) in `reports`, and what
    it writes beside it: of gradients, a report as JSON and HTML; of notebooks, each with its
    outputs. A run in which no test ran fails, whatever pytest says of it. `tier` is how much of
    the table of gradients runs. `settings` hold for all of them. `passed` is told of each suite
    that has passed, at once.

    Raises:
        InputError: an unknown suite or tier, or a GPU required of an image that uses none.
        EngineError: the engine refused, stopped answering, or lacks a required GPU.

    """
    if tier not in TIERS:
        raise InputError(f"unknown tier {tier!r}: use {' or '.join(TIERS)}")
    if gpu_required and not gpu:
        raise InputError(
            f"{image} computes on the CPU alone: no GPU can be required of it",
            mend="choose a GPU variant: --gpu, or --cuda RELEASE",
        )
    paths = [find(suite) for suite in suites]
    statuses, ran = [], 0
    with working(engine, f"testing {image}"):
        tests, options = sources(), box.options(engine, **settings.environment)
        if gpu:
            options["device_requests"] = gpus.requests(engine, required=gpu_required)
        for suite, path in zip(suites, paths, strict=True):
            argv = pytest(suite, path, seconds, gpu_required=gpu_required, tier=tier)
            files = tests | beside(engine, image, suite, tests, settings, tier, reports)
            with containers.container(engine, image, argv, kind="tests", **options) as container:
                box.put(container, files)
                status = follow(container, seconds + GRACE)
                results = box.results(container)
            if status in (TIMED_OUT, KILLED):
                progress.say(f"{suite}: stopped: not done after {seconds} s, or out of memory")
            statuses.append(status)
            count = keep(results, suite, reports)
            if status == 0 and count:
                passed(suite)
            ran += count
    if not ran:
        progress.say(f"{', '.join(suites)}: no test ran in {image}, which is a failure")
        statuses.append(1)
    return next(filter(None, statuses), 0)


def find(suite: str) -> Path:
    """Return a suite's path below `TESTS`: a folder, or the file `test_<suite>.py`."""
    for path in (Path(suite), Path(f"test_{suite}.py")):
        if (TESTS / path).exists():
            return path
    known = sorted(
        {path.name for path in TESTS.iterdir() if path.is_dir() and path.name[0] not in "._"}
        | {path.stem.removeprefix("test_") for path in TESTS.glob("test_*.py")}
    )
    raise InputError(f"unknown suite {suite!r}: there are {', '.join(known)}", where=str(TESTS))


def sources() -> dict[str, bytes]:
    """Return the files of `TESTS`, by their paths there."""
    paths = {path: path.relative_to(TESTS) for path in sorted(TESTS.rglob("*"))}
    return {
        short.as_posix(): path.read_bytes()
        for path, short in paths.items()
        if path.is_file()
        and not any(part[0] == "." or part == "__pycache__" for part in short.parts)
    }


def beside(
    engine: Engine,
    image: str,
    suite: str,
    tests: Mapping[str, bytes],
    settings: Settings,
    tier: str,
    reports: Path,
) -> dict[str, bytes]:
    """Return what a suite finds beside the tests: notebooks, or what workers have computed."""
    if suite == NOTEBOOKS.name:
        return notebooks()
    if suite == workers.SUITE:
        count = workers.COUNTS[tier]
        return workers.compute(
            engine, image, tests, count=count, reports=reports, settings=settings
        )
    return {}


def notebooks() -> dict[str, bytes]:
    """Return the notebooks, by the paths that they have beside the tests which run them."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    return {f"{NOTEBOOKS.name}/{path.name}": path.read_bytes() for path in paths}


def code(suite: str) -> str:
    """Return the digest of a suite and of what runs it: its files, those it shares, and ours.

    No suite imports anything of another.
    """
    own = find(suite).as_posix()
    files = {
        name: data
        for name, data in sources().items()
        if "/" not in name or name.startswith(f"{own}/")
    }
    files |= notebooks() if suite == NOTEBOOKS.name else {}
    files |= {name: (store.CODE / "gradlock" / name).read_bytes() for name in RUNNERS}
    told = {name: store.digest(data) for name, data in files.items()}
    return store.digest(json.dumps(told, sort_keys=True).encode())


def pytest(
    suite: str, path: Path, seconds: int, *, gpu_required: bool, tier: str = "core"
) -> list[str]:
    """Return the command: pytest under a time limit, which the engine itself has not."""
    return [
        *("timeout", "--kill-after=10", str(seconds)),
        *("python", "-m", "pytest"),
        f"--junitxml={box.RESULTS}/{suite}.xml",
        f"--color={'yes' if sys.stdout.isatty() else 'no'}",
        *(["--gpu-required"] if gpu_required else []),
        *ARGUMENTS.get(suite, ()),
        *(["--tier", tier] if suite == "gradients" else []),
        f"{box.TESTS}/{path}",
    ]


def follow(container: Container, seconds: int) -> int:
    """Run a container, print what it prints as it does, and return its status."""
    output = container.attach(stream=True)
    guard = threading.Timer(seconds, _kill, [container])
    guard.daemon = True
    guard.start()
    try:
        container.start()
        for chunk in output:
            sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
        return int(container.wait()["StatusCode"])
    finally:
        guard.cancel()


def _kill(container: Container) -> None:
    """End a container whose own time limit failed."""
    try:
        container.kill()
    except APIError as error:
        progress.say(f"cannot end the container {container.short_id}: {error}")


def keep(results: Mapping[str, bytes], suite: str, reports: Path) -> int:
    """Write what a suite left to the reports; return how many of its tests ran."""
    for name, data in results.items():
        if name.startswith(f"{suite}."):
            with store.replacing(reports / name) as part:
                part.write_bytes(data)
    name = f"{suite}.xml"
    try:
        report = ElementTree.parse(io.BytesIO(results[name]))  # noqa: S314 - our own tests'
    except (KeyError, ElementTree.ParseError) as error:
        progress.say(f"{name}: no report: {error}")
        return 0
    found = report.iter("testsuite")
    return sum(int(suite.get("tests", 0)) - int(suite.get("skipped", 0)) for suite in found)
