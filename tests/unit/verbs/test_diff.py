"""The verb `diff`: what its two words may name."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.fingerprint import document
from gradlock.images import pins
from gradlock.locks import lockfile, paths
from gradlock.proof import verification
from gradlock.proof.verification import Target
from gradlock.verbs.diff import diff
from tests.unit.locks.test_merging import Repository
from tests.unit.proof import conftest as proof

# What has a small image be in a registry.
documents, recipe, target = proof.documents, proof.recipe, proof.target
built, pin, registry = proof.built, proof.pin, proof.registry
docker_home, workshop, repository = proof.docker_home, proof.workshop, proof.repository


@pytest.fixture
def clone(project: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Make a clone whose working tree has another tini than its commit."""
    monkeypatch.setattr(document, "FOLDER", project / "fingerprints")
    monkeypatch.setattr(pins, "PATH", project / "images.lock")
    made = Repository(project)
    lock = lockfile.read(paths.APT)
    body = lock.body.replace("\ntini ", "\nanother ")
    paths.APT.write_text(lockfile.with_header(body, lock.inputs))
    return made


def names(capsys: pytest.CaptureFixture[str]) -> set[str]:
    return {one["name"] for one in json.loads(capsys.readouterr().out)["locks"]["changes"]}


@pytest.mark.usefixtures("clone")
def test_the_last_commit_and_this_folder_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    diff.body(Context(), json_=True)
    assert names(capsys) == {"tini", "another"}
    diff.body(Context(), old="HEAD", new="HEAD", json_=True)
    assert names(capsys) == set()


@pytest.mark.usefixtures("clone")
def test_variants_are_compared_of_any_state(capsys: pytest.CaptureFixture[str]) -> None:
    diff.body(Context(), old="cpu", new="cu125", json_=True)
    assert "tensorflow-cpu" in names(capsys)
    diff.body(Context(), old="HEAD:cpu", new="cpu", json_=True)
    assert names(capsys) == {"tini", "another"}


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nonsense", "", "neither a revision"),
        ("cpu", "", "compared with another one"),
        ("HEAD:nonsense", "cpu", "has no variant 'nonsense': it has cpu"),
    ],
)
def test_what_cannot_be_compared_is_said(old: str, new: str, said: str) -> None:
    with pytest.raises(Exit, match=said):
        diff.body(Context(), old=old, new=new)


@pytest.mark.usefixtures("clone")
def test_markdown_and_json_exclude_each_other() -> None:
    with pytest.raises(Exit, match="choose one of --markdown and --json"):
        diff.body(Context(), markdown=True, json_=True)


@pytest.fixture
def images(target: Target, monkeypatch: pytest.MonkeyPatch) -> dict[str, Target]:
    """Have a registry hold `one:old` and `one:new`, and no other; they are the same at first."""
    held = {"old": target, "new": target}
    monkeypatch.setattr(verification, "find", lambda _, name: held[name])
    return held


ONE = "registry.example/one"


def test_images_of_a_registry_are_compared_by_their_bills(
    images: dict[str, Target], capsys: pytest.CaptureFixture[str]
) -> None:
    diff.body(Context(), old=f"{ONE}:old", new=f"{ONE}:new", json_=True)
    assert names(capsys) == set()


def test_an_image_is_compared_with_what_is_locked_for_its_variant(
    images: dict[str, Target], capsys: pytest.CaptureFixture[str]
) -> None:
    diff.body(Context(), old=f"{ONE}:old", json_=True)
    by_default = names(capsys)
    assert {"pandas", "keras"} <= by_default  # the small image has no pandas, and its own keras
    diff.body(Context(), old=f"{ONE}:old", new="cpu", json_=True)
    assert names(capsys) == by_default


@pytest.mark.parametrize("documents", [[]])
def test_without_bills_layers_are_compared_and_that_is_said(
    images: dict[str, Target], capsys: pytest.CaptureFixture[str]
) -> None:
    old = images["old"]
    layers = (*old.layers[:-1], (old.layers[-1][0], "f" * 64))
    blobs = (*old.blobs[:-1], ("sha256:other", 5))
    images["new"] = dataclasses.replace(old, id="sha256:newer", layers=layers, blobs=blobs)
    diff.body(Context(), old=f"{ONE}:old", new=f"{ONE}:new", markdown=True)
    said = capsys.readouterr().out
    assert "packages are not told: no bill" in said
    assert f"layer {old.layers[-1][0]} {old.layers[-1][1][:12]} → ffffffffffff" in said
    with pytest.raises(Exit, match="packages cannot be told"):
        diff.body(Context(), old=f"{ONE}:old")
