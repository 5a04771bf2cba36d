"""What surrounds a test run inside an image."""

from __future__ import annotations

import io
import re
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inside import suites as inside
from gradlock.inside.settings import Settings

ONE_THREAD = Settings(threads=1)
REPORT = '<testsuites><testsuite tests="{}" skipped="{}"/></testsuites>'


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a checkout with two suites, closed to other users."""
    tests = tmp_path / "checkout" / "tests"
    (tests / "smoke" / "__pycache__").mkdir(parents=True)
    (tests / "smoke" / "test_one.py").touch(0o600)
    (tests / "test_single.py").touch(0o600)
    tests.chmod(0o700)
    (tmp_path / "checkout" / "notebooks").mkdir()
    (tmp_path / "checkout" / "notebooks" / "one.ipynb").write_bytes(b"{}")
    monkeypatch.setattr(inside, "TESTS", tests)
    monkeypatch.setattr(inside, "NOTEBOOKS", tmp_path / "checkout" / "notebooks")
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))
    return tests


def packed(files: dict[str, bytes]) -> bytes:
    """Return the archive that an engine makes of the folder of results."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"results/{name}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


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
        name = next(part for part in argv if part.startswith("--junitxml="))
        left = {Path(name).name: report.encode()} if report is not None else {}
        container = mock.Mock()
        container.attach.side_effect = lambda **_: iter([b"said\n"])
        container.get_archive.return_value = (iter([packed(left)]), {})
        container.wait.return_value = {"StatusCode": status}
        self.options.append(options)
        self.argv.append(argv)
        self.containers.append(container)
        return container

    def suites(
        self,
        *suites: str,
        reports: Path,
        gpu: bool = False,
        required: bool = False,
        settings: Settings = inside.PLAIN,
        passed: Callable[[str], None] = lambda _: None,
    ) -> int:
        """Run suites in these containers."""
        client = mock.Mock()
        client.containers.create.side_effect = self.create
        client.info.return_value = {"Runtimes": {"nvidia": {}}, "PidsLimit": True, "NCPU": 2}
        return inside.run_suites(
            Engine(client, "", private=False),
            "gradlock:cpu",
            suites,
            gpu=gpu,
            gpu_required=required,
            reports=reports,
            settings=settings,
            seconds=7,
            passed=passed,
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
    names = ("gradients.xml", "gradients.json", "gradients.html", "smoke.xml")
    results = dict.fromkeys(names, REPORT.format(2, 1).encode())
    assert inside.keep(results, "gradients", tmp_path / "reports") == 1
    kept = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert kept == ["gradients.html", "gradients.json", "gradients.xml"]


def put(container: mock.Mock) -> set[str]:
    """Return the names of the files that were put into a container."""
    _, data = container.put_archive.call_args.args
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name for entry in tar if entry.isfile()}


def test_the_notebooks_go_to_the_suite_that_runs_them(checkout: Path, tmp_path: Path) -> None:
    """And to no other: a changed notebook is no reason to repeat the smoke tests."""
    (checkout / "notebooks").mkdir()
    (checkout / "notebooks/test_it.py").touch()
    (checkout.parent / "notebooks/.ipynb_checkpoints").mkdir()
    (checkout.parent / "notebooks/.ipynb_checkpoints/one-checkpoint.ipynb").touch()
    run = Run([(0, REPORT.format(1, 0))] * 2)
    run.suites("notebooks", "smoke", reports=tmp_path / "reports")
    first, second = map(put, run.containers)
    assert first - second == {"tests/notebooks/one.ipynb"}
    assert "tests/notebooks/test_it.py" in second


@pytest.mark.parametrize(("tier", "count"), [("core", 2), ("all", 4)])
def test_what_workers_computed_goes_to_the_suite_that_judges_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str, count: int
) -> None:
    compute = mock.Mock(return_value={"distributed/ranks/0.npz": b"numbers"})
    monkeypatch.setattr(inside.workers, "compute", compute)
    engine = mock.Mock()
    found = inside.beside(engine, "i", "distributed", {}, ONE_THREAD, tier, tmp_path)
    assert found == {"distributed/ranks/0.npz": b"numbers"}
    compute.assert_called_once_with(
        engine, "i", {}, count=count, reports=tmp_path, settings=ONE_THREAD
    )
    assert inside.beside(engine, "i", "smoke", {}, ONE_THREAD, tier, tmp_path) == {}


def test_gradients_alone_take_a_tier_and_workers_and_are_held_to_what_they_run() -> None:
    gradients = inside.pytest("gradients", Path("gradients"), 7, gpu_required=False, tier="all")
    workers = ["-n", "auto", "--maxprocesses=4", "--dist=worksteal"]
    quiet = ["-p", "no:logging"]
    assert gradients[-10:-1] == [*workers, "--coverage=gate", *quiet, "--tier", "all"]
    smoke = inside.pytest("smoke", Path("smoke"), 7, gpu_required=False, tier="all")
    assert not {"--tier", "--coverage=gate"} & set(smoke)


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


def test_a_suite_is_run_as_users_run_code(tmp_path: Path) -> None:
    run = Run([(0, REPORT.format(1, 0))])
    run.suites("single", reports=tmp_path)
    (options,), (argv,), (container,) = run.options, run.argv, run.containers
    assert "user" not in options  # the image's own
    assert "device_requests" not in options
    assert argv[:6] == ["timeout", "--kill-after=10", "7", "python", "-m", "pytest"]
    assert argv[-1] == "/gradlock/tests/test_single.py"
    names = [call[0] for call in container.mock_calls]
    order = [names.index(name) for name in ("put_archive", "attach", "start", "get_archive")]
    assert order == sorted(order)


def test_a_suite_computes_as_it_is_told(tmp_path: Path) -> None:
    run = Run([(0, REPORT.format(1, 0))])
    run.suites("single", reports=tmp_path, settings=ONE_THREAD)
    assert run.options[0]["environment"].items() >= ONE_THREAD.environment.items()


def test_a_required_gpu_is_asked_of_the_engine_and_of_the_tests(tmp_path: Path) -> None:
    run = Run([(0, REPORT.format(1, 0))])
    run.suites("smoke", reports=tmp_path, gpu=True, required=True)
    assert len(run.options[0]["device_requests"]) == 1
    assert "--gpu-required" in run.argv[0]


def test_no_gpu_can_be_required_of_an_image_for_the_cpu(tmp_path: Path) -> None:
    run = Run([])
    with pytest.raises(InputError, match="no GPU can be required"):
        run.suites("smoke", reports=tmp_path, gpu=False, required=True)


def test_an_unknown_suite_names_those_there_are(tmp_path: Path) -> None:
    run = Run([])
    with pytest.raises(InputError, match=r"'smok'.*single, smoke"):
        run.suites("smok", reports=tmp_path)


def test_the_tests_go_in_without_what_a_checkout_gathers(checkout: Path) -> None:
    (checkout / ".hidden").touch()
    (checkout / ".cache").mkdir()
    (checkout / ".cache/x").touch()
    (checkout / "smoke/__pycache__/x.pyc").touch()
    (checkout / "smoke/test_one.py").write_bytes(b"one")
    assert inside.sources() == {"smoke/test_one.py": b"one", "test_single.py": b""}


def test_what_the_digest_of_a_suite_depends_on(checkout: Path) -> None:
    """Its own tests, by name and text, and what all share; and of notebooks the notebooks."""
    (checkout / "notebooks").mkdir()
    (checkout / "notebooks/test_it.py").touch()
    known = [inside.code("smoke")]
    assert inside.code("smoke") == known[0]
    (checkout / "smoke/test_one.py").write_text("changed")
    known.append(inside.code("smoke"))
    (checkout / "smoke/test_one.py").rename(checkout / "smoke/test_two.py")
    known.append(inside.code("smoke"))
    (checkout / "test_single.py").write_text("changed")
    known.append(inside.code("smoke"))
    (checkout / "notebooks/test_it.py").write_text("changed")
    assert inside.code("smoke") == known[-1]
    known.append(inside.code("notebooks"))
    (checkout.parent / "notebooks/one.ipynb").write_bytes(b"changed")
    known.append(inside.code("notebooks"))
    assert len(set(known)) == len(known)


def test_what_the_digest_of_a_suite_covers_of_ours_is_there() -> None:
    for name in inside.RUNNERS:
        assert (inside.store.CODE / "gradlock" / name).is_file()


def test_no_suite_imports_another() -> None:
    """Else a change of one would leave the receipts of the other as they are."""
    tests = inside.store.ROOT / "tests/image"
    folders = [path.name for path in tests.iterdir() if path.is_dir() and path.name[0] not in "._"]
    for path in tests.rglob("*.py"):
        own = path.relative_to(tests).parts[0]
        for other in set(folders) - {own}:
            found = re.search(rf"^\s*(from|import) {other}\b", path.read_text(), re.MULTILINE)
            assert not found, path


def test_only_suites_that_passed_are_told(tmp_path: Path) -> None:
    """None that failed, and none of which no test ran."""
    run = Run([(0, REPORT.format(3, 1)), (1, REPORT.format(2, 0)), (0, REPORT.format(2, 2))])
    told: list[str] = []
    run.suites("smoke", "single", "smoke", reports=tmp_path, passed=told.append)
    assert told == ["smoke"]


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
