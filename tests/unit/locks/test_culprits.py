"""The line to blame: of an input that moved on, of a lock that was edited."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradlock import store
from gradlock.inputs import variants
from gradlock.locks import checking, lockfile
from tests.unit.locks.test_merging import Repository


@pytest.fixture
def clone(project: Path) -> Repository:
    """Make a clone whose locks are current, and committed with their inputs."""
    return Repository(project)


def problems() -> list[str]:
    return checking.problems(variants.load(variants.TABLE))


def about(name: str) -> str:
    """Return the one problem that a lock has."""
    (found,) = (one for one in problems() if f"where: requirements/{name}" in one)
    return found


def edit(name: str, old: str, new: str) -> int:
    """Change the first line that has some text; return its number."""
    path = store.ROOT / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.usefixtures("clone")
def test_a_line_that_is_new_is_named() -> None:
    number = edit("requirements/base.in", "pandas", "polars\npandas")
    assert f"cpu.txt, by requirements/base.in:{number}, 'polars' is new" in about("cpu.txt")


@pytest.mark.usefixtures("clone")
def test_a_line_that_changed_is_named_with_what_it_was() -> None:
    edit("requirements/apt.in", "tini", "tino")
    assert re.search(
        r"apt\.lock, by requirements/apt\.in:\d+, 'tino +#.*' was 'tini +#", about("apt.lock")
    )


@pytest.mark.usefixtures("clone")
def test_a_line_that_is_gone_is_named() -> None:
    edit("requirements/base.in", "pandas\n", "")
    assert "'pandas' is gone" in about("cpu.txt")


@pytest.mark.usefixtures("clone")
def test_of_many_lines_the_first_are_named() -> None:
    edit("requirements/base.in", "pandas\n", "".join(f"one{n}\n" for n in range(6)) + "pandas\n")
    said = about("cpu.txt")
    assert "'one0' is new" in said
    assert "and 3 more" in said


def test_what_was_committed_since_is_named_too(clone: Repository) -> None:
    edit("requirements/base.in", "pandas", "polars\npandas")
    clone.commit("the input alone")
    assert "'polars' is new" in about("cpu.txt")


@pytest.mark.usefixtures("clone")
def test_a_row_of_the_table_makes_its_own_locks_stale() -> None:
    edit("variants.toml", 'driver = "525', 'driver = "526')
    found = problems()
    assert found
    assert all(re.search(r"by variants\.toml:\d+, 'driver = \"526", one) for one in found)


@pytest.mark.usefixtures("clone")
def test_the_lock_that_is_followed_is_named() -> None:
    lock = lockfile.read(store.ROOT / "requirements/cpu.txt")
    lock.path.write_text(
        lockfile.with_header(
            lock.body + "zzz==1 \\\n    --hash=sha256:" + 64 * "0" + "\n", lock.inputs
        )
    )
    assert "cu125.txt, by requirements/cpu.txt, which it follows" in about("cu125.txt")


@pytest.mark.usefixtures("clone")
def test_a_line_of_a_lock_that_was_edited_is_named() -> None:
    number = edit("requirements/cpu.txt", "keras==", "keras==9")
    said = about("cpu.txt")
    assert f"where: requirements/cpu.txt:{number}\n" in said
    assert "was 'keras==" in said


@pytest.mark.usefixtures("clone")
def test_a_lock_that_was_cut_off_is_named_where_it_ends() -> None:
    path = store.ROOT / "requirements/apt.lock"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-4]))
    assert f"where: requirements/apt.lock:{len(lines) - 3}\n" in about("apt.lock")


@pytest.mark.usefixtures("project")
def test_without_git_the_line_that_breaks_the_form_is_named() -> None:
    number = edit("requirements/cpu.txt", "keras==", "keras>=")
    said = about("cpu.txt")
    assert f"where: requirements/cpu.txt:{number}\n" in said
    assert "not a pinned requirement" in said


@pytest.mark.usefixtures("project")
def test_without_git_a_stale_lock_is_named_all_the_same() -> None:
    edit("requirements/base.in", "pandas", "polars\npandas")
    assert "where: requirements/cpu.txt\n" in about("cpu.txt")


def test_what_moved_in_the_table_without_concern_is_not_named(clone: Repository) -> None:
    edit("variants.toml", "[defaults]", "# What rows share.\n[defaults]")
    edit("variants.toml", 'tools_as_of = "', '# another comment\ntools_as_of = "')
    clone.commit("comments")
    assert problems() == []
    edit("requirements/base.in", "pandas", "polars\npandas")
    assert "variants.toml" not in about("cpu.txt")


@pytest.mark.usefixtures("clone")
def test_a_date_makes_the_locks_stale_that_it_bounds() -> None:
    number = edit("variants.toml", '\nas_of = "2026-11-20', '\nas_of = "2026-11-19') + 1
    assert f"by variants.toml:{number}, 'as_of = \"2026-11-19" in about("cpu.txt")
    assert not any("dev.txt" in one or "apt.lock" in one for one in problems())
