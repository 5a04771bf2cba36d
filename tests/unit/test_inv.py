"""./inv: sets .venv up where it is not, or not any more; leaves nothing of the host to Python.

A stand-in for Python notes what it is asked for, and makes a .venv whose Python is itself.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.locks import lockfile

#: `-c` is the real one's; `-m` is noted and played; else it is `python tasks.py ...`.
PYTHON = """#!/bin/sh
case $1 in
-c)
    case $2 in
    *%d.%d*) cat "$0.version" ;;
    *version_info*) [ ! -e "$STAGE/too-old" ] && [ "$(cat "$0.version")" != 3.9 ] ;;
    *"import ensurepip"*) [ ! -e "$STAGE/no-venv" ] ;;
    *) exec {real} "$@" ;;
    esac ;;
-m)
    echo "$2" >>"$STAGE/calls"
    sleep "${{SLOW:-0}}"
    [ "${{BREAKS:-}}" != "$2" ] || exit 7
    if [ "$2" = venv ]; then
        rm -rf "$4"
        mkdir -p "$4/bin"
        cp "$0" "$4/bin/python"
        cp "$0.version" "$4/bin/python.version"
    fi ;;
-I) echo "examined $7 with ${{0##*/}} $8 $9"; env >"$STAGE/env" ;;
*) echo "ran $*"; env >"$STAGE/env" ;;
esac
"""
FRESH = ["venv", "pip", "uv"]

Inv = Callable[..., subprocess.CompletedProcess[str]]


class Stage:
    """A checkout with only what ./inv reads, in a folder of an unusual name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "mes projets d'été"
        (self.root / "requirements").mkdir(parents=True)
        shutil.copy(store.ROOT / "inv", self.root)
        self.lock("uv==1 --hash=sha256:0\n")
        (self.root / "tasks.py").touch()
        (folder / "bin").mkdir()
        self.python("3.11")

    def lock(self, text: str) -> None:
        """Write the lock of the tools."""
        self.dev.write_text(lockfile.with_header(text, "0" * 64))

    @property
    def dev(self) -> Path:
        """Where the lock of the tools lies."""
        return self.root / "requirements/dev.txt"

    def python(self, version: str, name: str = "python3") -> Path:
        """Have the host's Python be another."""
        path = self.folder / "bin" / name
        path.write_text(PYTHON.format(real=sys.executable))
        path.chmod(0o755)
        Path(f"{path}.version").write_text(f"{version}\n")
        return path

    @property
    def calls(self) -> list[str]:
        """What modules were run since this was last asked."""
        path = self.folder / "calls"
        found = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def start(self, *argv: str, shell: str = "sh", **env: str) -> subprocess.Popen[str]:
        """Start ./inv."""
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return subprocess.Popen(
            [shell, str(self.root / "inv"), *argv],
            env={"PATH": path, "STAGE": str(self.folder), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *argv: str, shell: str = "sh", **env: str) -> subprocess.CompletedProcess[str]:
        """Run ./inv to its end."""
        started = self.start(*argv, shell=shell, **env)
        out, err = started.communicate()
        return subprocess.CompletedProcess(argv, started.returncode, out, err)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


SHELLS = [name for name in ("sh", "bash", "dash", "ksh") if shutil.which(name)]


@pytest.mark.parametrize("shell", SHELLS)
def test_it_sets_up_once_and_hands_all_arguments_on(stage: Stage, shell: str) -> None:
    first = stage.run("shell", "--command", "a b", shell=shell)
    assert (first.returncode, stage.calls) == (0, FRESH)
    assert first.stdout == f"ran {stage.root}/tasks.py shell --command a b\n"
    again = stage.run(shell=shell)
    assert (again.returncode, stage.calls, again.stderr) == (0, [], "")


def test_a_moved_checkout_is_set_up_anew(stage: Stage) -> None:
    stage.run()
    stage.root = stage.root.rename(stage.folder / "moved")
    assert stage.calls == FRESH
    assert stage.run().stdout == f"ran {stage.root}/tasks.py\n"
    assert stage.calls == FRESH


def test_a_checkout_reached_through_a_link_is_not(stage: Stage) -> None:
    stage.run()
    assert stage.calls == FRESH
    link = stage.folder / "link"
    link.symlink_to(stage.root)
    stage.root = link
    stage.run()
    assert stage.calls == []


@pytest.mark.parametrize("fault", ["gone", "another", "broken"])
def test_a_python_that_is_gone_or_another_is_set_up_anew(stage: Stage, fault: str) -> None:
    stage.run()
    assert stage.calls == FRESH
    inner = stage.root / ".venv/bin/python"
    if fault == "gone":
        inner.unlink()
        inner.symlink_to(stage.folder / "absent")
    elif fault == "another":
        Path(f"{inner}.version").write_text("3.14\n")
        stage.python("3.14")
    else:
        inner.write_text("#!/bin/sh\nexit 127\n")
    assert stage.run().returncode == 0
    assert stage.calls == FRESH


def test_a_python_that_is_named_is_the_one_that_is_used(stage: Stage) -> None:
    stage.run()
    assert stage.calls == FRESH
    other = str(stage.python("3.14", "python3.14"))
    for _ in range(2):
        stage.run(GRADLOCK_PYTHON=other)
    assert stage.calls == FRESH
    stage.run()  # nobody names one: what is there stays
    assert stage.calls == []


def test_changed_tools_are_synchronised(stage: Stage) -> None:
    stage.run()
    assert stage.calls == FRESH
    stage.lock("uv==2 --hash=sha256:0\n")
    stage.run()
    assert stage.calls == ["uv"]
    stage.run()
    assert stage.calls == []


@pytest.mark.parametrize("breaks", FRESH)
def test_what_an_interrupted_run_left_is_made_anew(stage: Stage, breaks: str) -> None:
    failed = stage.run(BREAKS=breaks)
    assert (failed.returncode, failed.stdout) == (7, "")
    assert stage.calls == FRESH[: FRESH.index(breaks) + 1]
    assert stage.run().returncode == 0
    assert stage.calls == FRESH


def test_an_interrupted_change_of_tools_is_made_anew(stage: Stage) -> None:
    stage.run()
    stage.lock("uv==2 --hash=sha256:0\n")
    assert stage.run(BREAKS="uv").returncode == 7
    assert stage.calls == [*FRESH, "uv"]
    stage.run()
    assert stage.calls == FRESH


def test_of_two_at_once_one_sets_up(stage: Stage) -> None:
    both = [stage.start(SLOW="0.3") for _ in range(2)]
    ends = [run.communicate() for run in both]
    assert [run.returncode for run in both] == [0, 0]
    assert stage.calls == FRESH
    assert sum("another run sets up .venv; waiting for it" in err for _, err in ends) == 1


def test_nothing_of_the_hosts_python_is_left(stage: Stage) -> None:
    peculiar = {
        "PYTHONWARNINGS": "error",
        "PYTHONOPTIMIZE": "2",
        "PYTHONPYCACHEPREFIX": "/nowhere",
        "PYTHONPATH": "/nowhere",
        "PYTHONHOME": "/nowhere",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PIP_USER": "1",
        "PIP_TARGET": "/nowhere",
        "PIP_CONSTRAINT": "/nowhere",
        "UV_TARGET": "/nowhere",
        "UV_EXCLUDE_NEWER": "2001-01-01",
    }
    done = stage.run(LC_ALL="hu_HU.ISO-8859-2", PIP_CERT="/ca.pem", **peculiar)
    assert done.returncode == 0, done.stderr
    seen = dict(line.split("=", 1) for line in (stage.folder / "env").read_text().splitlines())
    left = {name: value for name, value in seen.items() if name.startswith(("PYTHON", "PIP"))}
    assert left == {"PYTHONUTF8": "1", "PIP_CERT": "/ca.pem"}


def test_others_may_use_what_was_set_up_under_a_strict_umask(stage: Stage) -> None:
    before = os.umask(0o077)
    try:
        stage.run()
    finally:
        os.umask(before)
    for path in (stage.root / ".venv", stage.root / ".venv/gradlock-is-set-up"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044, path


@pytest.mark.parametrize("python", ["absent", "false"])
def test_a_python_that_is_not_there_or_too_old_is_refused(stage: Stage, python: str) -> None:
    done = stage.run(GRADLOCK_PYTHON=python)
    assert done.returncode == 1
    assert "gradlock needs Python 3.11 or newer; name one with GRADLOCK_PYTHON=" in done.stderr


def test_the_release_that_is_too_old_is_named_and_a_newer_one_too(stage: Stage) -> None:
    old = stage.python("3.9")
    newer = stage.python("3.14", "python3.14")  # what is looked for first, so no host's own
    for argv in ((), ("doctor",)):
        done = stage.run(*argv)
        assert (done.returncode, done.stdout, stage.calls) == (1, "", [])
        assert str(old) in done.stderr
        assert f"GRADLOCK_PYTHON={newer} ./inv setup" in done.stderr


def test_the_doctor_needs_no_venv_and_makes_none(stage: Stage) -> None:
    done = stage.run("doctor", "--container", "a b")
    assert (done.returncode, stage.calls) == (0, [])
    assert done.stdout == f"examined {stage.root} with python3 --container a b\n"
    assert not (stage.root / ".venv").exists()


def test_the_doctor_takes_the_python_of_a_venv_that_is_whole(stage: Stage) -> None:
    stage.run()
    assert "with python " in stage.run("doctor").stdout
    stage.lock("uv==2 --hash=sha256:0\n")  # it would be synchronised; the doctor changes nothing
    assert "with python " in stage.run("doctor").stdout
    (stage.root / ".venv/bin/python").unlink()
    assert "with python3 " in stage.run("doctor").stdout
    assert stage.calls == FRESH


def test_a_setup_that_fails_names_the_doctor(stage: Stage) -> None:
    assert "./inv doctor looks for the cause" in stage.run(BREAKS="uv").stderr
    assert "doctor" not in stage.run().stderr


@pytest.mark.skipif(os.getuid() == 0, reason="root would install it")
def test_a_python_without_venv_is_named(stage: Stage) -> None:
    (stage.folder / "no-venv").touch()
    done = stage.run()
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr


def test_a_lock_that_was_edited_is_not_installed(stage: Stage) -> None:
    assert "ran" in stage.run("--list").stdout
    assert stage.calls == FRESH
    stage.dev.write_text(stage.dev.read_text() + "added==1 --hash=sha256:0\n")
    done = stage.run("lock", "--check")
    assert "ran" in done.stdout
    assert "not what ./inv lock wrote" in done.stderr
    assert stage.calls == []


def test_a_fresh_checkout_does_not_install_an_edited_lock(stage: Stage) -> None:
    stage.dev.write_text(stage.dev.read_text() + "added==1 --hash=sha256:0\n")
    done = stage.run("--list")
    assert done.returncode == 1
    assert "git checkout it" in done.stderr
    assert stage.calls == []


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_a_conflict_in_the_tools_lock_stops_no_verb(stage: Stage, style: str) -> None:
    ours = stage.dev.read_text()
    stage.run("--list")
    assert stage.calls == FRESH
    head, _, body = ours.partition("uv==1")
    base = f"||||||| base\nuv==0{body}" if style == "diff3" else ""
    stage.dev.write_text(f"{head}<<<<<<< HEAD\nuv==1{body}{base}=======\nuv==2{body}>>>>>>> x\n")
    assert "ran" in stage.run("--list").stdout
    assert stage.calls == []  # our side is what is set up
    shutil.rmtree(stage.root / ".venv")
    assert "ran" in stage.run("lock").stdout
    assert stage.calls == FRESH
    assert (stage.root / ".venv/dev.txt").read_text() == ours
