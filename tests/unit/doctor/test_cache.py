"""The store's files: what was changed or cut is found, whatever its time and size say."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from gradlock.artifacts import artifacts
from gradlock.doctor import cache
from gradlock.doctor.findings import Severity
from gradlock.doctor.question import Question


@pytest.fixture
def wheel(own_store: Path) -> Path:
    """Return a wheel in the store, verified."""
    data = b"a wheel's bytes"
    path = own_store / "artifacts" / hashlib.sha256(data).hexdigest() / "a-1-py3-none-any.whl"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    artifacts.mark(path)
    return path


@pytest.fixture
def layer(own_store: Path) -> Path:
    """Return a layer in the store, verified, with what was noted of it."""
    data = b"a layer's bytes"
    digest = hashlib.sha256(data).hexdigest()
    path = own_store / "layers" / f"{digest}.tar"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    artifacts.mark(path)
    entry = {"digest": digest, "size": len(data)}
    (own_store / "layers/key.json").write_text(json.dumps(entry))
    return path


def test_an_empty_store_has_nothing_to_tell(asked: Question) -> None:
    assert list(cache.cache(asked)) == []


def test_whole_files_are_fine(asked: Question, wheel: Path, layer: Path) -> None:
    (found,) = cache.cache(asked)
    assert found.severity is Severity.FINE
    assert "2 files" in found.seen
    assert "2 were hashed" in found.seen
    assert wheel.exists()
    assert layer.exists()


@pytest.mark.parametrize("data", [b"", b"a wheel's bytEs", b"a wheel's bytes and more"])
@pytest.mark.parametrize("times", ["kept", "moved"])
def test_other_bytes_are_found(asked: Question, wheel: Path, data: bytes, times: str) -> None:
    before = wheel.stat()
    wheel.write_bytes(data)
    if times == "kept":
        os.utime(wheel, ns=(before.st_atime_ns, before.st_mtime_ns))
    (found,) = cache.cache(asked)
    assert found.severity is Severity.WARNING
    assert str(wheel) in found.seen
    assert wheel.exists(), "the doctor changes nothing"


def test_a_cut_layer_is_found_without_hashing_it(
    asked: Question, layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "BUDGET", -1.0)
    layer.write_bytes(b"a lay")
    assert str(layer) in next(cache.cache(asked)).seen


def test_what_is_too_large_to_hash_and_was_touched_is_not_called_fine(
    asked: Question, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "BUDGET", -1.0)
    os.utime(wheel)
    found, _ = cache.cache(asked)
    assert found.severity is Severity.UNSEEN
    assert str(wheel) in found.seen


def test_half_written_files_and_rubbish_are_no_files_of_the_store(
    asked: Question, wheel: Path, layer: Path
) -> None:
    (wheel.parent / ".half.part").write_bytes(b"x")
    (layer.parent / "broken.json").write_text("{")
    (layer.parent / "other.json").write_text("[]")
    (wheel.parent.parent / "stray").write_text("x")
    (found,) = cache.cache(asked)
    assert found.severity is Severity.FINE
