"""gradlock's own tools: a `.venv` that is not there, half there, moved, or changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gradlock import command, store
from gradlock.doctor import tools
from gradlock.doctor.findings import Finding, Severity
from gradlock.doctor.question import Question

Look = Callable[[], Finding]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout of a test's own, whose tools are two distributions."""
    root = tmp_path / "checkout"
    (root / "requirements").mkdir(parents=True)
    (root / "requirements/dev.txt").write_text("one==1.0 \\\n    --hash=sha256:0\ntwo==2 ; x \\\n")
    (root / "tasks.py").write_text("import json\n")
    monkeypatch.setattr(store, "ROOT", root)
    monkeypatch.setattr(tools, "VENV", root / ".venv")
    monkeypatch.setattr(tools, "NOTE", root / ".venv/gradlock-is-set-up")
    return root


@pytest.fixture
def venv(root: Path) -> Path:
    """Set `.venv` up, as ./inv does."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    site = root / f".venv/lib/python{version}/site-packages"
    info = site / "one-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: One\nVersion: 1.0\n")
    printed = command.run(["cksum", root / "requirements/dev.txt"], purpose="hashing").split()
    note = "\n".join([" ".join(printed[:2]), str(root), version, "python3", ""])
    (root / ".venv/gradlock-is-set-up").write_text(note)
    return root / ".venv"


def look(asked: Question) -> Finding:
    (found,) = tools.venv(asked)
    return found


def test_one_that_is_whole_is_fine(asked: Question, venv: Path) -> None:
    assert look(asked).severity is Severity.FINE


def test_none_is_set_up_by_the_next_command(asked: Question, root: Path) -> None:
    found = look(asked)
    assert (found.severity, found.mend) == (Severity.WARNING, "./inv setup")
    (root / ".venv").mkdir()
    assert "half set up" in look(asked).seen


def test_none_and_no_module_to_make_one_is_broken_for_a_plain_user(
    asked: Question, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(tools.os, "getuid", lambda: 1000)
    found = look(asked)
    assert (found.severity, "python3-venv" in found.mend) == (Severity.BROKEN, True)
    monkeypatch.setattr(tools.os, "getuid", lambda: 0)
    monkeypatch.setattr(tools.shutil, "which", lambda _: "/usr/bin/apt-get")
    assert look(asked).severity is Severity.WARNING


def moved(venv: Path) -> None:
    note = venv / "gradlock-is-set-up"
    note.write_text(note.read_text().replace(str(venv.parent), "/elsewhere"))


def without_python(venv: Path) -> None:
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/no/such/python")


def another_python(venv: Path) -> None:
    note = venv / "gradlock-is-set-up"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    note.write_text(note.read_text().replace(f"\n{version}\n", "\n3.99\n"))


def other_tools(venv: Path) -> None:
    path = venv.parent / "requirements/dev.txt"
    path.write_text(path.read_text() + "\n")


@pytest.mark.parametrize("harm", [moved, without_python, another_python, other_tools])
def test_what_the_next_command_mends_is_a_warning(
    asked: Question, venv: Path, harm: Callable[[Path], None]
) -> None:
    harm(venv)
    found = look(asked)
    assert (found.severity, found.mend) == (Severity.WARNING, "./inv setup")


def removed(venv: Path) -> None:
    (info,) = venv.glob("lib/python*/site-packages/one-1.0.dist-info")
    shutil.rmtree(info)


def replaced(venv: Path) -> None:
    (metadata,) = venv.glob("lib/python*/site-packages/one-1.0.dist-info/METADATA")
    metadata.write_text("Metadata-Version: 2.1\nName: One\nVersion: 0.9\n")


def unloadable(venv: Path) -> None:
    (venv.parent / "tasks.py").write_text("import a_module_that_is_gone\n")


@pytest.mark.parametrize("harm", [removed, replaced, unloadable])
def test_what_nothing_mends_by_itself_is_broken(
    asked: Question, venv: Path, harm: Callable[[Path], None]
) -> None:
    harm(venv)
    found = look(asked)
    assert found.severity is Severity.BROKEN
    assert "gradlock-is-set-up" in found.mend
    assert "one" in found.seen or "a_module_that_is_gone" in found.seen


def test_a_broken_table_is_broken(asked: Question) -> None:
    assert list(tools.table(asked)) == []
    (found,) = tools.table(replace(asked, trouble="the table is not valid TOML\n  where: x"))
    assert found.severity is Severity.BROKEN
