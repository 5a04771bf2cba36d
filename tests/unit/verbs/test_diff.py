"""The verb `diff`: what its two words may name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.fingerprint import document
from gradlock.images import pins
from gradlock.locks import lockfile, paths
from gradlock.verbs.diff import diff
from tests.unit.locks.test_merging import Repository


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
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


@pytest.mark.usefixtures("repository")
def test_the_last_commit_and_this_folder_are_compared(capsys: pytest.CaptureFixture[str]) -> None:
    diff.body(Context(), json_=True)
    assert names(capsys) == {"tini", "another"}
    diff.body(Context(), old="HEAD", new="HEAD", json_=True)
    assert names(capsys) == set()


@pytest.mark.usefixtures("repository")
def test_variants_are_compared_of_any_state(capsys: pytest.CaptureFixture[str]) -> None:
    diff.body(Context(), old="cpu", new="cu125", json_=True)
    assert "tensorflow-cpu" in names(capsys)
    diff.body(Context(), old="HEAD:cpu", new="cpu", json_=True)
    assert names(capsys) == {"tini", "another"}


@pytest.mark.usefixtures("repository")
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


@pytest.mark.usefixtures("repository")
def test_markdown_and_json_exclude_each_other() -> None:
    with pytest.raises(Exit, match="choose one of --markdown and --json"):
        diff.body(Context(), markdown=True, json_=True)
