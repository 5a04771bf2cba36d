"""Fixtures that several unit tests share: an own store, an own project, made-up wheels."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from gradlock import store
from gradlock.inputs import variants, wanted
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import CondaPin

Texts = Mapping[str, str | bytes]
Parse = Callable[[LockText], tuple[CondaPin, ...]]


@pytest.fixture(scope="session", autouse=True)
def unflushed() -> Iterator[None]:
    """Have no file wait for the disk: a test's files need not outlive a crash of the machine.

    There are thousands, each of milliseconds. Tests of what is flushed, and when, put an `fsync`
    of their own in its place.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture
def own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the user's store out of a test; return the one that it gets."""
    home = tmp_path / "store"
    monkeypatch.setenv("GRADLOCK_STORE", str(home))
    return home


PARSED: dict[str, tuple[CondaPin, ...]] = {}


def parse_conda(lock: LockText, *, parse: Parse = lockfile.parse_conda) -> tuple[CondaPin, ...]:
    """Parse a conda lock, each text once: it takes longer than all that a test does with it."""
    if lock.body not in PARSED:
        PARSED[lock.body] = parse(lock)
    return PARSED[lock.body]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_store: Path) -> Path:
    """Copy the project's inputs and locks to a folder, and have gradlock work there."""
    root = tmp_path / "project"
    shutil.copytree(store.ROOT / "requirements", root / "requirements")
    for path in (store.ROOT / "variants.toml", wanted.ENVIRONMENT, store.ROOT / "conda-lock.yml"):
        shutil.copy(path, root)
    requirements = root / "requirements"
    monkeypatch.setattr(store, "ROOT", root)
    monkeypatch.setattr(variants, "TABLE", root / "variants.toml")
    monkeypatch.setattr(wanted, "ENVIRONMENT", root / "environment.yml")
    monkeypatch.setattr(wanted, "REQUIREMENTS", requirements)
    monkeypatch.setattr(wanted, "APT", requirements / "apt.in")
    monkeypatch.setattr(wanted, "TOOLS", requirements / "dev.in")
    monkeypatch.setattr(wanted, "DESK", requirements / "desk.in")
    monkeypatch.setattr(paths, "APT", requirements / "apt.lock")
    monkeypatch.setattr(paths, "TOOLS", requirements / "dev.txt")
    monkeypatch.setattr(paths, "DESK", requirements / "desk.txt")
    monkeypatch.setattr(lockfile, "parse_conda", parse_conda)
    return root


@pytest.fixture
def make_wheel(tmp_path: Path) -> Callable[..., Path]:
    """Return a maker of wheels: `make_wheel(name, {path: content})`."""

    def make(
        name: str, files: Texts, *, version: str = "1.0", scripts: str = "", needs: str = ""
    ) -> Path:
        info = f"{name}-{version}.dist-info"
        contents: dict[str, bytes] = {
            path: data.encode() if isinstance(data, str) else data for path, data in files.items()
        }
        asked = f"Requires-Dist: {needs}\n" if needs else ""
        contents[f"{info}/METADATA"] = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{asked}".encode()
        )
        contents[f"{info}/WHEEL"] = (
            b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        if scripts:
            contents[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n".encode()
        record = "".join(
            f"{path},sha256={_urlsafe(data)},{len(data)}\n" for path, data in contents.items()
        )
        contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
        path = tmp_path / "wheels" / f"{name}-{version}-py3-none-any.whl"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in contents.items():
                archive.writestr(zipfile.ZipInfo(member), data)
        return path

    return make


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
