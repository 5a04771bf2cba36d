"""A test run inside an image, as users run it: not root, no network, a read-only root."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docker.errors import APIError
from docker.models.containers import Container

from gradlock import progress, store
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.errors import InputError

#: The tests that run inside images.
TESTS = store.ROOT / "tests" / "image"
#: What pytest is told for a suite alone: gradients has thousands of small, independent tests.
ARGUMENTS = {"gradients": ("-n", "auto", "--maxprocesses=4")}
#: Which parts of the table of gradients there are.
TIERS = ("core", "all")
#: Seconds that a suite may take.
LIMIT = 900
#: Seconds that a suite may outlast its own limit before it is ended from outside.
GRACE = 60
#: The status of `timeout`, and of what it had to kill.
TIMED_OUT, KILLED = 124, 137


def run_suites(
    engine: Engine,
    image: str,
    suites: Sequence[str],
    *,
    gpu: bool,
    gpu_required: bool,
    reports: Path,
    tier: str = "core",
    seconds: int = LIMIT,
) -> int:
    """Run suites of `tests/image` in an image, and return the first status that is not 0.

    `gpu` says that the image computes on GPUs: it gets those that the engine has. Without
    one, tests skip; with `gpu_required` they fail. Each suite has a container and `seconds`
    of its own, and leaves `<suite>.xml` (JUnit) in `reports`, and what it writes beside it: of
    gradients, a report as JSON and HTML. A run in which no test ran fails, whatever pytest
    says of it. `tier` is how much of the table of gradients runs.

    Raises:
        InputError: an unknown suite or tier.
        EngineError: the engine refused, stopped answering, or lacks a required GPU.

    """
    if tier not in TIERS:
        raise InputError(f"unknown tier {tier!r}: use {' or '.join(TIERS)}")
    paths = [find(suite) for suite in suites]
    statuses, ran = [], 0
    with store.scratch("inside") as scratch, engines.working(engine, f"testing {image}"):
        tests, results = stage(scratch)
        options = box(tests, results)
        if gpu or gpu_required:
            options["device_requests"] = engines.gpus(engine, required=gpu_required)
        for suite, path in zip(suites, paths, strict=True):
            argv = pytest(suite, path, seconds, gpu_required=gpu_required, tier=tier)
            with engines.container(engine, image, argv, kind="tests", **options) as container:
                status = follow(container, seconds + GRACE)
            if status in (TIMED_OUT, KILLED):
                progress.say(f"{suite}: stopped: not done after {seconds} s, or out of memory")
            statuses.append(status)
            ran += keep(results, suite, reports)
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


def stage(scratch: Path) -> tuple[Path, Path]:
    """Copy the tests to where any user may read them; make a folder that any may write to.

    The checkout may be closed to the container's user. `scratch` is closed to everybody else.
    """
    tests, results = scratch / "tests", scratch / "results"
    shutil.copytree(TESTS, tests, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in (tests, *tests.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    results.mkdir()
    results.chmod(0o777)
    return tests, results


def box(tests: Path, results: Path) -> dict[str, Any]:
    """Return the SDK's options of the container: what it may write to, and reach."""
    return {
        "network_mode": "none",
        "read_only": True,
        "working_dir": "/gradlock/tests",
        "tmpfs": {"/tmp": "rw,exec,nosuid,nodev,mode=1777,size=4g"},
        "shm_size": "1g",
        "volumes": {
            str(tests): {"bind": "/gradlock/tests", "mode": "ro"},
            str(results): {"bind": "/gradlock/results", "mode": "rw"},
        },
        "environment": {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    }


def pytest(
    suite: str, path: Path, seconds: int, *, gpu_required: bool, tier: str = "core"
) -> list[str]:
    """Return the command: pytest under a time limit, which the engine itself has not."""
    return [
        *("timeout", "--kill-after=10", str(seconds)),
        *("python", "-m", "pytest"),
        f"--junitxml=/gradlock/results/{suite}.xml",
        f"--color={'yes' if sys.stdout.isatty() else 'no'}",
        *(["--gpu-required"] if gpu_required else []),
        *ARGUMENTS.get(suite, ()),
        *(["--tier", tier] if suite == "gradients" else []),
        f"/gradlock/tests/{path}",
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


def keep(results: Path, suite: str, reports: Path) -> int:
    """Copy what a suite wrote to the reports; return how many of its tests ran."""
    for path in sorted(results.glob(f"{suite}.*")):
        store.write_text(reports / path.name, path.read_text(encoding="utf-8"))
    result = results / f"{suite}.xml"
    try:
        suites = list(ElementTree.parse(result).iter("testsuite"))  # noqa: S314 - our own tests'
    except (FileNotFoundError, ElementTree.ParseError) as error:
        progress.say(f"{result.name}: no report: {error}")
        return 0
    return sum(int(suite.get("tests", 0)) - int(suite.get("skipped", 0)) for suite in suites)
