"""The doctor's command line: it needs Python's own library, and ends as it should."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradlock import store
from gradlock.doctor import program
from gradlock.doctor.findings import CONTAINERS, CUDA, DOCKER, MACHINE, Finding, broken, fine
from gradlock.doctor.question import Question

#: Runs the doctor as ./inv does, without any library that is not Python's own.
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from gradlock.doctor.program import main"


def start(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-B",
            "-X",
            "utf8",
            "-c",
            f"{START}; main()",
            store.ROOT,
            *argv,
        ],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_imports_pythons_own_library_alone() -> None:
    code = f"{START}\nprint([name for name in sys.modules if name.split('.')[0] in sys.argv])"
    names = ["docker", "rich", "requests", "httpx", "yaml", "filelock", "platformdirs", "invoke"]
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", code, store.ROOT, *names],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_it_runs_without_any_library(own_store: Path) -> None:
    host = "unix:///no/such.sock"
    done = start("--json", DOCKER_HOST=host, GRADLOCK_STORE=str(own_store))
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert done.returncode == 1
    worst = told["findings"][0]
    assert worst["severity"] == "broken"
    assert any("no such.sock" in row["seen"] or host in row["seen"] for row in told["findings"])
    assert not [row for row in told["findings"] if "could not look" in row["seen"]]


def test_it_teaches() -> None:
    done = start("--help")
    assert done.returncode == 0
    for name in program.HELP:
        assert f"--{name}" in done.stdout


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--variant", "none"], "error: unknown variant 'none': the table has cpu"),
        (["--variant", "cpu", "--gpu"], "error: choose one of"),
    ],
)
def test_what_names_nothing_is_an_error(argv: list[str], words: str) -> None:
    done = start(*argv)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr


def test_an_unknown_flag_is_an_error() -> None:
    done = start("--container-name", "x")
    assert done.returncode == 2
    assert "unrecognized" in done.stderr


@pytest.mark.parametrize(
    ("shell", "said"),
    [
        ('"$@" | head -c 1 >/dev/null; exit 1', ""),
        ('"$@" >&-', ""),
        ('"$@" >/dev/full', "error: No space left on device\n"),
    ],
)
def test_a_report_that_nobody_can_read_is_no_traceback(shell: str, said: str) -> None:
    if "full" in shell and not Path("/dev/full").exists():
        pytest.skip("only Linux has a file that is always full")
    argv = [sys.executable, "-I", "-S", "-B", "-c", f"{START}; main()", str(store.ROOT)]
    done = subprocess.run(
        ["sh", "-c", shell, "sh", *argv],
        env={"PATH": os.environ["PATH"], "DOCKER_HOST": "unix:///no/such.sock"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, said)


def test_who_asks_about_a_container_is_told_of_nothing_else() -> None:
    host = {"DOCKER_HOST": "unix:///no/such.sock"}
    told = json.loads(start("--json", "--container", "lab", **host).stdout)
    assert told["asked"] == "lab"
    assert {row["about"] for row in told["findings"]} == {DOCKER, CONTAINERS}
    told = json.loads(start("--json", "--container", "lab", "--gpu", **host).stdout)
    assert CUDA in {row["about"] for row in told["findings"]}


@pytest.mark.parametrize(("bad", "status"), [(True, 1), (False, 0)])
def test_the_status_is_what_was_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], bad: bool, status: int
) -> None:
    def found(_question: Question, _checks: object) -> tuple[Finding, ...]:
        row = broken("b", "w", "m") if bad else fine("f")
        return (Finding(row.severity, row.seen, row.why, row.mend, MACHINE),)

    monkeypatch.setattr(program.examination, "examine", found)
    assert program.run(variant="cpu") == status
    assert ("broken" in capsys.readouterr().out) == bad
