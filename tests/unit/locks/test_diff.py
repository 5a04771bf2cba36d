"""What moved: between states of the locks, and between variants, said once where it is the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.locks import diff, lockfile, paths, revisions
from gradlock.locks.diff import Difference
from gradlock.locks.pins import WheelPin
from gradlock.locks.revisions import Tree
from tests.unit.locks.test_merging import Repository

CPU = variants.load().cpu
GPUS = [row for row in variants.load() if row.gpu]


def nothing(_sha256: str) -> int | None:
    """Know no size that no lock says."""
    return None


def compare(old: Tree, new: Tree) -> Difference:
    return diff.compare(diff.environments(old, nothing), diff.environments(new, nothing))


def before(table: variants.Table) -> Tree:
    """Hold the locks as they are."""
    return revisions.held((variants.TABLE, *paths.every(table)), "before")


def move(path: Path, old: str, new: str) -> None:
    """Change a whole lock's body, and write it as one that is whole."""
    lock = lockfile.read(path)
    assert old in lock.body
    path.write_text(lockfile.with_header(lock.body.replace(old, new), lock.inputs))


def test_nothing_differs_from_itself(project: Path) -> None:
    here = revisions.here()
    assert not compare(here, here)


def test_what_moved_alike_everywhere_is_said_once(project: Path) -> None:
    old = before(table := variants.load(project / "variants.toml"))
    for row in table:
        version = next(
            p for p in lockfile.parse_wheels(lockfile.read(paths.pip(row))) if p.name == "anyio"
        ).version
        move(paths.pip(row), f"anyio=={version} ", "anyio==9.9 ")
    (change,) = compare(old, revisions.here()).changes
    assert (change.what, change.name, change.kind) == ("moved", "anyio", "pip")
    assert change.old
    assert change.new
    assert (change.old.version, change.new.version) == (version, "9.9")
    assert change.variants == tuple(row.name for row in table)


def test_every_kind_of_change_has_its_word_and_bytes(project: Path) -> None:
    old = before(variants.load(project / "variants.toml"))
    debs = lockfile.read(paths.APT)
    gone, moved, rebuilt, *_ = pins = lockfile.parse_debs(debs)
    body = lockfile.format_debs(
        [
            *pins[3:],
            dataclasses.replace(gone, name="another"),
            dataclasses.replace(moved, version="9", size=moved.size + 7),
            dataclasses.replace(rebuilt, sha256="0" * 64),
        ]
    )
    paths.APT.write_text(lockfile.with_header(body, debs.inputs))
    found = {change.name: change for change in compare(old, revisions.here()).changes}
    assert {name: (change.what, change.bytes) for name, change in found.items()} == {
        gone.name: ("removed", -gone.size),
        "another": ("added", gone.size),
        moved.name: ("moved", 7),
        rebuilt.name: ("rebuilt", 0),
    }


def test_wheels_weigh_what_their_lock_of_the_standard_says(project: Path) -> None:
    row = diff.environment(revisions.here(), CPU, nothing)
    sizes = {one.name: one.size for one in row.packages if one.kind == "pip"}
    assert (sizes["tensorflow-cpu"] or 0) > 10**8
    assert None not in sizes.values()


def test_a_size_that_no_lock_says_is_asked_for(project: Path) -> None:
    row = diff.environment(revisions.here(), CPU, lambda _: 5)
    assert {one.size for one in row.packages if one.kind == "conda"} == {5}


def test_between_variants_only_what_differs_is_said(project: Path) -> None:
    cpu, gpu = (diff.environment(revisions.here(), row, nothing) for row in (CPU, GPUS[0]))
    found = diff.between(cpu, gpu)
    assert {fact.name for fact in found.facts} == {"cuda", "cudnn", "driver"}
    names = {change.name for change in found.changes}
    assert {"tensorflow", "tensorflow-cpu", "cuda-version"} <= names
    assert "numpy" not in names
    assert all(change.kind != "apt" for change in found.changes)


def test_a_row_that_is_new_has_all_its_packages_added(project: Path) -> None:
    old = before(variants.load(project / "variants.toml"))
    table = project / "variants.toml"
    table.write_text(table.read_text() + "[variants.another]\n")
    lock = lockfile.read(paths.pip(CPU))
    (project / "requirements/another.txt").write_text(lockfile.with_header(lock.body, lock.inputs))
    found = compare(old, revisions.here())
    assert {change.variants for change in found.changes} == {("another",)}
    assert {change.what for change in found.changes} == {"added"}
    assert ("another", "python") in {(fact.variant, fact.name) for fact in found.facts}


def test_a_row_that_extends_another_differs_from_it_by_what_is_its_own(project: Path) -> None:
    """Where it comes, and where it goes; a row above it as well."""
    old = before(variants.load(project / "variants.toml"))
    extend(project, "nlp", CPU.name, "nltk")
    extend(project, "deep", "nlp", "nltk", "spacy")
    found = compare(old, here := revisions.here())
    assert [(one.what, one.name, one.variants) for one in found.changes] == [
        ("added", "nltk", ("nlp",)),
        ("added", "spacy", ("deep",)),
    ]
    assert {(one.variant, one.name, one.old, one.new) for one in found.facts} == {
        ("nlp", "extends", None, "cpu"),
        ("deep", "extends", None, "nlp"),
    }
    gone = compare(here, old)
    assert [(one.what, one.name) for one in gone.changes] == [
        ("removed", "nltk"),
        ("removed", "spacy"),
    ]


def extend(project: Path, name: str, leader: str, *packages: str) -> None:
    """Add a row that extends another by packages, with a lock that has them beside the CPU's."""
    with (project / "variants.toml").open("a") as table:
        table.write(f'[variants.{name}]\nextends = "{leader}"\npackages = ["requirements/x.in"]\n')
    lock = lockfile.read(paths.pip(CPU))
    own = (WheelPin(each, "1.0", "0" * 64) for each in packages)
    body = lockfile.format_wheels([*lockfile.parse_wheels(lock), *own])
    text = lockfile.with_header(body, lock.inputs)
    (project / f"requirements/{name}.txt").write_text(text)
    conda = paths.conda(CPU).read_text()
    (project / f"requirements/{name}.conda-lock.yml").write_text(conda)


def test_of_a_broken_lock_the_pins_that_can_be_read_are_compared(project: Path) -> None:
    old = before(variants.load(project / "variants.toml"))
    path = paths.pip(CPU)
    path.write_text(path.read_text() + "added==1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    (change,) = compare(old, revisions.here()).changes
    assert (change.what, change.name, change.variants) == ("added", "added", ("cpu",))


def test_a_revision_is_read_from_git(project: Path) -> None:
    repository = Repository(project)
    move(paths.APT, "tini ", "another ")
    (gone, came) = sorted(
        compare(revisions.of("HEAD"), revisions.here()).changes,
        key=lambda one: one.what,
        reverse=True,
    )
    assert (gone.what, gone.name, came.what, came.name) == ("removed", "tini", "added", "another")
    repository.commit("moved")
    assert not compare(revisions.of("HEAD"), revisions.here())
    assert compare(revisions.of("HEAD~1"), revisions.of("HEAD")).changes


@pytest.mark.parametrize("word", ["nonsense", "--help", "-1", ""])
def test_an_unknown_revision_is_refused(project: Path, word: str) -> None:
    Repository(project)
    with pytest.raises(InputError, match="neither a revision"):
        revisions.of(word)


def test_a_state_without_a_table_is_refused() -> None:
    with pytest.raises(InputError, match="no table of variants"):
        diff.rows(Tree("long ago", lambda _: None))


def test_rows_of_another_form_are_read(project: Path) -> None:
    table = project / "variants.toml"
    table.write_text('of_later = 1\n[variants.cpu]\npython = "3.13"\nlater = 2\n')
    assert diff.rows(revisions.here())["cpu"].python == "3.13"
