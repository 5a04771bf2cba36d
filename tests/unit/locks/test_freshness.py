"""Which locks an input makes stale: exactly those that are resolved from it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gradlock.errors import LockError
from gradlock.inputs import variants, wanted
from gradlock.inputs.variants import Table
from gradlock.locks import freshness, lockfile, paths

TABLE = variants.load()
CPU = TABLE.cpu
GPU = TABLE.newest_gpu
LATER = dataclasses.replace(TABLE, as_of=datetime(2030, 1, 1, tzinfo=UTC))


def stale(name: str, table: Table = TABLE) -> set[str]:
    """Return the names of a variant's locks that are stale."""
    variant = table.named(name)
    leader = table.leader(variant)
    theirs = freshness.read(leader) if leader != variant else None
    found = freshness.stale(freshness.read(variant), theirs, table)
    return {lock.path.name for lock in found}


def with_row(name: str, **changes: str) -> Table:
    rows = [dataclasses.replace(row, **changes) if row.name == name else row for row in TABLE]
    return dataclasses.replace(TABLE, variants=tuple(rows))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_the_projects_own_locks_are_current() -> None:
    freshness.check_tools(TABLE)
    for row in TABLE:
        locks = freshness.current(row, TABLE)
        assert locks.debs
        assert locks.condas
        assert locks.wheels


@pytest.mark.parametrize(
    ("file", "cpu", "gpu"),
    [
        ("requirements/apt.in", {"apt.lock"}, {"apt.lock"}),
        ("environment.yml", {"conda-lock.yml"}, {f"{GPU.name}.conda-lock.yml"}),
        ("requirements/base.in", {"cpu.txt"}, {f"{GPU.name}.txt"}),
        ("requirements/cpu.in", {"cpu.txt"}, set()),
        ("requirements/gpu.in", set(), {f"{GPU.name}.txt"}),
        (f"requirements/cuda-{GPU.cuda}.txt", set(), {f"{GPU.name}.txt"}),
        ("requirements/dev.in", set(), set()),
    ],
)
def test_a_changed_input_makes_its_locks_stale(
    project: Path, file: str, cpu: set[str], gpu: set[str]
) -> None:
    append(project / file, "# another line\n")
    assert stale(CPU.name) == cpu
    assert stale(GPU.name) == gpu


def test_the_tools_locks_follow_their_own_input_and_date(project: Path) -> None:
    freshness.check_tools(TABLE)
    freshness.check_tools(LATER)
    with pytest.raises(LockError, match=r"(?s)dev\.txt.*desk\.txt"):
        freshness.check_tools(dataclasses.replace(TABLE, tools_as_of=LATER.as_of))
    append(project / "requirements/dev.in", "another\n")
    with pytest.raises(LockError, match="stale") as caught:
        freshness.check_tools(TABLE)
    assert caught.value.where == "requirements/dev.txt"


def test_the_desks_lock_follows_its_own_input_and_the_tools_lock(project: Path) -> None:
    tools, desk = lockfile.read(paths.TOOLS), lockfile.read(paths.DESK)
    more = f"zzz==1 \\\n    --hash=sha256:{64 * '0'}\n"
    moved = lockfile.with_header(tools.body + more, tools.inputs)
    paths.TOOLS.write_text(moved)
    with pytest.raises(LockError, match="stale") as caught:
        freshness.check_tools(TABLE)
    assert caught.value.where == "requirements/desk.txt"
    paths.TOOLS.write_text(lockfile.with_header(tools.body, tools.inputs))
    assert desk.inputs == freshness.desk_inputs(TABLE, tools)
    append(wanted.DESK, "another\n")
    with pytest.raises(LockError, match="stale") as caught:
        freshness.check_tools(TABLE)
    assert caught.value.where == "requirements/desk.txt"


def test_a_later_date_makes_all_stale_but_debians() -> None:
    assert stale(CPU.name, LATER) == {"conda-lock.yml", "cpu.txt"}
    assert stale(GPU.name, LATER) == {f"{GPU.name}.conda-lock.yml", f"{GPU.name}.txt"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tensorflow": "2.22.0"}, {f"{GPU.name}.txt"}),
        ({"cudnn": "9.99.0.1"}, {f"{GPU.name}.txt"}),
        ({"driver": "600.0"}, {f"{GPU.name}.txt"}),
        ({"python": "3.14"}, {f"{GPU.name}.txt", f"{GPU.name}.conda-lock.yml"}),
    ],
)
def test_a_changed_row_makes_its_own_locks_stale(
    change: dict[str, str], expected: set[str]
) -> None:
    table = with_row(GPU.name, **change)
    assert stale(GPU.name, table) == expected
    for other in table:
        if other.name != GPU.name:
            assert not stale(other.name, table)


def test_another_suite_makes_debians_lock_stale() -> None:
    assert stale(CPU.name, dataclasses.replace(TABLE, debian="forky")) == {"apt.lock"}


@pytest.mark.parametrize(
    ("followed", "following"),
    [
        ("requirements/cpu.txt", f"{GPU.name}.txt"),
        ("conda-lock.yml", f"{GPU.name}.conda-lock.yml"),
    ],
)
def test_a_gpu_lock_is_stale_when_the_cpus_moved(
    project: Path, followed: str, following: str
) -> None:
    lock = lockfile.read(project / followed)
    (project / followed).write_text(lockfile.with_header(f"{lock.body}# moved\n", lock.inputs))
    assert stale(GPU.name) == {following}
    with pytest.raises(LockError, match="a lock is stale") as caught:
        freshness.current(GPU, TABLE)
    assert caught.value.where.endswith(following)
    assert caught.value.mend == "./inv lock"


def check(table: Table) -> None:
    freshness.check_tools(table)
    freshness.current(table.cpu, table)


@pytest.mark.parametrize("file", ["apt.lock", "cpu.txt", "dev.txt"])
def test_what_no_resolver_writes_is_refused_under_any_checksum(project: Path, file: str) -> None:
    path = project / "requirements" / file
    lock = lockfile.read(path)
    path.write_text(lockfile.with_header(f"{lock.body}by hand\n", lock.inputs))
    with pytest.raises(LockError, match="not what `invoke lock` wrote") as caught:
        check(TABLE)
    assert caught.value.where.startswith(f"requirements/{file}:")


def test_all_broken_locks_are_named_at_once(project: Path) -> None:
    (project / "conda-lock.yml").unlink()
    (project / "requirements/cpu.txt").write_text("numpy\n")
    append(project / "requirements/apt.lock", "more\n")
    with pytest.raises(LockError, match="3 problems") as caught:
        freshness.read(CPU)
    said = str(caught.value)
    for name, fault in [
        ("conda-lock.yml", "a lock is missing"),
        ("requirements/cpu.txt", "has no header"),
        ("requirements/apt.lock", "edited by hand"),
    ]:
        assert f"where: {name}" in said
        assert fault in said


@pytest.mark.parametrize("file", ["requirements/apt.in", "environment.yml", "requirements/cpu.in"])
def test_a_missing_input_is_named(project: Path, file: str) -> None:
    (project / file).unlink()
    with pytest.raises(LockError, match="an input is missing") as caught:
        freshness.current(CPU, TABLE)
    assert caught.value.where == file


def test_the_digest_of_locks_moves_with_each_of_them() -> None:
    locks = freshness.read(CPU)
    changed = [
        dataclasses.replace(
            locks, **{part: dataclasses.replace(getattr(locks, part), body="other")}
        )
        for part in ("apt", "conda", "pip")
    ]
    changed.append(dataclasses.replace(locks, variant=GPU))
    assert len({locks.digest, *(each.digest for each in changed)}) == 5
    # What a lock was resolved from says nothing of what it holds.
    moved = dataclasses.replace(locks, pip=dataclasses.replace(locks.pip, inputs="other"))
    assert moved.digest == locks.digest
