"""What is asked for is held to rules by name, before anything is resolved."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.locks import checking, freshness, lockfile, paths, requests
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText


@pytest.mark.parametrize("row", list(variants.load()), ids=lambda row: row.name)
def test_the_projects_own_requests_are_well(row: Variant) -> None:
    requests.check(row)


@pytest.mark.parametrize("line", ["tensorflow", "TensorFlow_GPU>=2", "nvidia-nccl-cu12==2"])
def test_a_name_that_no_cpu_lock_may_hold_is_named_by_its_line(project: Path, line: str) -> None:
    (project / "requirements/base.in").write_text("numpy\n-r team.in\n")
    (project / "requirements/team.in").write_text(f"# ours\n{line}\n")
    with pytest.raises(InputError, match="cpu must hold") as caught:
        requests.check(variants.load(project / "variants.toml").cpu)
    assert caught.value.where == "requirements/team.in:2"


def test_a_constraint_asks_for_nothing(project: Path) -> None:
    (project / "requirements/base.in").write_text("numpy\n-c bounds.in\n")
    (project / "requirements/bounds.in").write_text("tf-nightly<3\n")
    requests.check(variants.load(project / "variants.toml").cpu)


CPU = freshness.read(variants.load().cpu)


def without(part: str, line: str) -> Locks:
    """Return the CPU's locks without what a pattern names in one of them."""
    lock: LockText = getattr(CPU, part)
    body = re.sub(f"(?m){line}", "", lock.body, count=1)
    assert body != lock.body
    changed: Any = {part: dataclasses.replace(lock, body=body)}
    return dataclasses.replace(CPU, **changed)


@pytest.mark.parametrize(
    ("part", "line", "name"),
    [
        ("pip", r"^seaborn==.*\n.*\n", "seaborn"),
        ("conda", r"^- name: tini\n(  .*\n)+", "tini"),
        ("apt", r"^git .*\n", "git"),
    ],
)
def test_what_is_asked_for_and_not_there_is_named(part: str, line: str, name: str) -> None:
    (error,) = requests.unmet(without(part, line))
    assert f"{name} is asked for" in error.what
    assert error.where == lockfile.shown(getattr(CPU, part).path)


@pytest.mark.parametrize("row", list(variants.load()), ids=lambda row: row.name)
def test_the_projects_own_locks_have_all_that_is_asked_for(row: Variant) -> None:
    assert list(requests.unmet(freshness.read(row))) == []


def test_what_the_snapshot_lacks_is_asked_for_in_vain() -> None:
    locks = without("conda", r"^- name: tini\n(  .*\n)+")
    said, _, rest = locks.conda.body.partition("\n")
    conda = dataclasses.replace(locks.conda, body=f"{said}, which lacks tini\n{rest}")
    assert list(requests.unmet(dataclasses.replace(locks, conda=conda))) == []


def test_what_a_marker_leaves_out_need_not_be_there(project: Path) -> None:
    base = project / "requirements/base.in"
    whole = base.read_text()
    base.write_text(f"{whole}Py.Colorama ; sys_platform == 'win32'\n")
    assert list(requests.unmet(CPU)) == []
    base.write_text(f"{whole}Py.Colorama ; sys_platform == 'linux'\n")
    assert ["py-colorama is asked for" in error.what for error in requests.unmet(CPU)] == [True]


def test_a_lock_that_lacks_what_is_asked_for_is_not_current(project: Path) -> None:
    """Whoever took it out wrote the checksum anew."""
    lock = lockfile.read(paths.APT)
    body = re.sub(r"(?m)^git .*\n", "", lock.body)
    paths.APT.write_text(lockfile.with_header(body, lock.inputs))
    (said,) = checking.problems(variants.load())
    assert "git is asked for" in said
    assert "where: requirements/apt.lock" in said
