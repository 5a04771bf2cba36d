"""The verb `clean`: what can be made again goes, what is in use stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.context import Context

from gradlock import store
from gradlock.verbs.clean import clean


def test_layers_go_and_artifacts_stay(
    own_store: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("layers", "artifacts", "receipts"):
        (store.folder(name) / "file").touch()
    (project / "reports").mkdir()
    clean.body(Context())
    assert not (own_store / "layers").exists()
    assert not (own_store / "receipts").exists()
    assert not (project / "reports").exists()
    assert (own_store / "artifacts/file").exists()
    assert capsys.readouterr().out == (
        f"removed layers, packed, pulled, blobs, receipts from {own_store}\n"
    )


def test_the_scratch_of_a_run_that_goes_on_stays(own_store: Path, project: Path) -> None:
    """A suite beside it still needs its folder; a killed one does not."""
    left = store.folder("tmp") / "inside-999999999-x"
    left.mkdir()
    with store.scratch("inside") as running:
        (running / "results").mkdir()
        clean.body(Context())
        assert (running / "results").is_dir()
    assert not left.exists()
