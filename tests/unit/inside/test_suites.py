"""What surrounds a test run inside an image."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inside import suites as inside

REPORT = '<testsuites><testsuite tests="{}" skipped="{}"/></testsuites>'


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a checkout with two suites, closed to other users."""
    tests = tmp_path / "checkout" / "tests"
    (tests / "smoke" / "__pycache__").mkdir(parents=True)
    (tests / "smoke" / "test_one.py").touch(0o600)
    (tests / "test_single.py").touch(0o600)
    tests.chmod(0o700)
    monkeypatch.setattr(inside, "TESTS", tests)
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))
    return tests


class Run:
    """An engine whose containers leave what they are told: a status and a report."""

    def __init__(self, outcomes: Sequence[tuple[int, str | None]]) -> None:
        self.outcomes = list(outcomes)
        self.options: list[dict[str, Any]] = []
        self.argv: list[list[str]] = []
        self.containers: list[mock.Mock] = []

    def create(self, image: str, argv: list[str], **options: Any) -> mock.Mock:
        """Make the next container."""
        status, report = self.outcomes[len(self.containers)]
        folders = {value["bind"]: Path(key) for key, value in options["volumes"].items()}

        def output() -> Iterator[bytes]:
            if report is not None:
                name = next(part for part in argv if part.startswith("--junitxml="))
                (folders["/gradlock/results"] / Path(name).name).write_text(report)
            yield b"said\n"

        container = mock.Mock()
        container.attach.side_effect = lambda **_: output()
        container.wait.return_value = {"StatusCode": status}
        self.options.append(options)
        self.argv.append(argv)
        self.containers.append(container)
        return container

    def suites(self, *suites: str, reports: Path, gpu: bool = False, required: bool = False) -> int:
        """Run suites in these containers."""
        client = mock.Mock()
        client.containers.create.side_effect = self.create
        client.info.return_value = {"Runtimes": {"runc": {}}}
        return inside.run_suites(
            Engine(client, "", private=False),
            "gradlock:cpu",
            suites,
            gpu=gpu,
            gpu_required=required,
            reports=reports,
            seconds=7,
        )


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([(0, REPORT.format(3, 1)), (0, REPORT.format(2, 0))], 0),
        ([(0, REPORT.format(3, 1)), (0, REPORT.format(2, 2))], 0),
        ([(1, REPORT.format(3, 1)), (0, REPORT.format(2, 0))], 1),
        ([(0, REPORT.format(3, 1)), (124, None)], 124),
        ([(5, REPORT.format(0, 0)), (3, REPORT.format(2, 0))], 5),
        ([(0, REPORT.format(3, 3)), (0, REPORT.format(2, 2))], 1),
        ([(0, None), (0, None)], 1),
        ([(0, "<testsuites>"), (0, REPORT.format(0, 0))], 1),
    ],
    ids=[
        "all-passed",
        "one-suite-all-skipped",
        "first-failed",
        "second-timed-out",
        "first-status-is-told",
        "all-skipped",
        "no-report",
        "report-cut-short",
    ],
)
def test_the_status_of_a_run(
    tmp_path: Path, outcomes: Sequence[tuple[int, str | None]], status: int
) -> None:
    run = Run(outcomes)
    assert run.suites("smoke", "single", reports=tmp_path / "reports") == status
    assert len(run.containers) == 2
    for container in run.containers:
        container.remove.assert_called_once_with(force=True, v=True)


def test_the_report_is_kept_and_the_output_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Run([(0, REPORT.format(1, 0))]).suites("smoke", reports=tmp_path / "reports")
    assert (tmp_path / "reports" / "smoke.xml").read_text() == REPORT.format(1, 0)
    assert capsys.readouterr().out == "said\n"


def test_what_a_suite_writes_beside_its_report_is_kept(tmp_path: Path) -> None:
    """Its own files, and no other suite's."""
    (tmp_path / "results").mkdir()
    for name in ("gradients.xml", "gradients.json", "gradients.html", "smoke.xml"):
        (tmp_path / "results" / name).write_text(REPORT.format(2, 1))
    assert inside.keep(tmp_path / "results", "gradients", tmp_path / "reports") == 1
    kept = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert kept == ["gradients.html", "gradients.json", "gradients.xml"]


def test_gradients_alone_take_a_tier_and_workers() -> None:
    gradients = inside.pytest("gradients", Path("gradients"), 7, gpu_required=False, tier="all")
    assert gradients[-6:-1] == ["-n", "auto", "--maxprocesses=4", "--tier", "all"]
    smoke = inside.pytest("smoke", Path("smoke"), 7, gpu_required=False, tier="all")
    assert "--tier" not in smoke


def test_an_unknown_tier_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'most': use core or all"):
        inside.run_suites(
            mock.Mock(),
            "i",
            ["smoke"],
            gpu=False,
            gpu_required=False,
            reports=tmp_path,
            tier="most",
        )


def test_the_box_is_closed(tmp_path: Path) -> None:
    run = Run([(0, REPORT.format(1, 0))])
    run.suites("single", reports=tmp_path)
    (options,), (argv,) = run.options, run.argv
    assert options["network_mode"] == "none"
    assert options["read_only"] is True
    assert "user" not in options  # the image's own
    assert "device_requests" not in options
    modes = {value["bind"]: value["mode"] for value in options["volumes"].values()}
    assert modes == {"/gradlock/tests": "ro", "/gradlock/results": "rw"}
    assert argv[:6] == ["timeout", "--kill-after=10", "7", "python", "-m", "pytest"]
    assert argv[-1] == "/gradlock/tests/test_single.py"


def test_a_required_gpu_is_asked_of_the_engine_and_of_the_tests(tmp_path: Path) -> None:
    run = Run([(0, REPORT.format(1, 0))])
    run.suites("smoke", reports=tmp_path, gpu=True, required=True)
    assert len(run.options[0]["device_requests"]) == 1
    assert "--gpu-required" in run.argv[0]


def test_an_unknown_suite_names_those_there_are(tmp_path: Path) -> None:
    run = Run([])
    with pytest.raises(InputError, match=r"'smok'.*single, smoke"):
        run.suites("smok", reports=tmp_path)


def test_any_user_may_read_the_staged_tests_and_write_results(
    tmp_path: Path, checkout: Path
) -> None:
    tests, results = inside.stage(tmp_path)
    staged = sorted(path.relative_to(tests) for path in tests.rglob("*"))
    assert staged == [Path("smoke"), Path("smoke/test_one.py"), Path("test_single.py")]
    assert tests.stat().st_mode & 0o777 == 0o755
    assert (tests / "smoke/test_one.py").stat().st_mode & 0o777 == 0o644
    assert results.stat().st_mode & 0o777 == 0o777
    assert checkout.stat().st_mode & 0o777 == 0o700


def test_a_container_that_outlasts_its_limit_is_ended_from_outside() -> None:
    container = mock.Mock()
    container.wait.return_value = {"StatusCode": 137}

    def output() -> Iterator[bytes]:
        while not container.kill.called:
            time.sleep(0.01)
        yield b""

    container.attach.return_value = output()
    with mock.patch.object(sys, "stdout", io.TextIOWrapper(io.BytesIO())):
        assert inside.follow(container, 0) == 137
