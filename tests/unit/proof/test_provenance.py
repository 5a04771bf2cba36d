"""A provenance names the locks and the revision, and nothing of the machine or the moment."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import ProofError
from gradlock.images.recipe import Recipe
from gradlock.proof import provenance
from gradlock.proof.statement import Statement
from tests.unit.images.conftest import CPU, Workshop

REVISION = provenance.revision
MANIFEST = "sha256:" + "1" * 64


def test_it_is_what_slsa_says(recipe: Recipe) -> None:
    said = provenance.make(recipe, MANIFEST)
    definition, details = said.predicate["buildDefinition"], said.predicate["runDetails"]
    assert said.kind == "https://slsa.dev/provenance/v1"
    assert said.subject == MANIFEST
    assert {"buildType", "externalParameters", "resolvedDependencies"} <= definition.keys()
    assert all(row["uri"] and row["digest"] for row in definition["resolvedDependencies"])
    assert ":" in details["builder"]["id"]


def test_every_lock_and_the_revision_are_in_it(recipe: Recipe) -> None:
    said = provenance.make(recipe, MANIFEST)
    rows = said.predicate["buildDefinition"]["resolvedDependencies"]
    digests = [row["digest"] for row in rows]
    locks = (recipe.locks.apt, recipe.locks.conda, recipe.locks.pip)
    assert digests == [*({"sha256": one.digest} for one in locks), {"gitCommit": "c" * 40}]


def test_the_locks_of_the_rows_that_it_extends_are_in_it(recipe: Recipe) -> None:
    other = dataclasses.replace(recipe.locks.pip, path=recipe.locks.pip.path.with_name("low.txt"))
    low = dataclasses.replace(recipe.locks, pip=other)
    found = provenance.dependencies(dataclasses.replace(recipe, below=(low,)))
    assert {row["name"] for row in found} == {
        *(row["name"] for row in provenance.dependencies(recipe)),
        "requirements/low.txt",
    }


def test_it_is_the_same_every_time(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    first = provenance.make(recipe, MANIFEST).data()
    monkeypatch.setenv("TZ", "Pacific/Apia")
    monkeypatch.setenv("HOSTNAME", "elsewhere")
    assert provenance.make(recipe, MANIFEST).data() == first
    assert str(store.ROOT) not in first.decode()


def test_a_workflow_says_who_it_is() -> None:
    known = {
        "GITHUB_SERVER_URL": "https://forge.example",
        "GITHUB_WORKFLOW_REF": "team/gradlock/.github/workflows/ci.yml@refs/heads/main",
    }
    assert provenance.builder(known) == (
        "https://forge.example/team/gradlock/.github/workflows/ci.yml@refs/heads/main"
    )
    assert provenance.builder({}) == provenance.SOMEBODY


def test_one_of_other_locks_is_refused(recipe: Recipe, workshop: Workshop) -> None:
    said = provenance.make(recipe, MANIFEST)
    workshop.stock("keras")
    with pytest.raises(ProofError, match=r"other locks: requirements/cpu\.txt"):
        provenance.check(said, workshop.recipe(CPU), where="")


@pytest.mark.parametrize(
    "predicate", [{}, {"buildDefinition": {}}, {"buildDefinition": {"resolvedDependencies": [1]}}]
)
def test_one_that_lacks_what_it_needs_is_refused(
    recipe: Recipe, predicate: dict[str, object]
) -> None:
    said = Statement("", MANIFEST, provenance.KIND, predicate)
    with pytest.raises(ProofError, match="lacks what SLSA wants"):
        provenance.check(said, recipe, where="")


def test_one_of_another_tool_is_refused(recipe: Recipe) -> None:
    text = provenance.make(recipe, MANIFEST).data().decode().replace(provenance.BUILD, "urn:other")
    said = Statement("", MANIFEST, provenance.KIND, json.loads(text)["predicate"])
    with pytest.raises(ProofError, match="another way to build"):
        provenance.check(said, recipe, where="")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "clone"
    home.mkdir()
    (home / "file").write_text("one")
    git = ["git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(home)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(store, "ROOT", home)
    return home


def test_the_revision_is_that_of_an_unchanged_clone_alone(clone: Path) -> None:
    assert len(REVISION()) == 40
    (clone / "beside").touch()
    assert len(REVISION()) == 40
    (clone / "file").write_text("two")
    assert REVISION() == ""


def test_what_is_no_clone_has_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "ROOT", tmp_path)
    assert REVISION() == ""
