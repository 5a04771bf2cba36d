"""States of the project: as it is, as it was, and of git."""

from __future__ import annotations

from pathlib import Path

from gradlock import store
from gradlock.locks import paths, revisions
from tests.unit.locks.test_merging import Repository


def test_what_is_held_stays_whatever_becomes_of_the_file(project: Path) -> None:
    gone, here = paths.APT, revisions.here()
    held = revisions.held((gone, project / "no-such"), "before")
    before = here.read(gone)
    gone.unlink()
    (project / "no-such").write_text("there now")
    assert here.read(gone) is None
    assert held.read(gone) == before
    assert held.read(project / "no-such") is None
    assert held.read(paths.TOOLS) == paths.TOOLS.read_text()


def test_a_revision_has_its_own_files(project: Path) -> None:
    repository = Repository(project)
    (store.ROOT / "new").write_text("of the second\n")
    repository.commit("second")
    assert revisions.of("HEAD").read(store.ROOT / "new") == "of the second\n"
    assert revisions.of("HEAD~1").read(store.ROOT / "new") is None
    (store.ROOT / "new").unlink()
    assert revisions.of("main").read(store.ROOT / "new") == "of the second\n"
