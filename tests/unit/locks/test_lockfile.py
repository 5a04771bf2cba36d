"""Locks as values: round trips, and every way in which one may be broken told apart."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import LockError
from gradlock.inputs import variants
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText

TABLE = variants.load()
PIP_LOCKS = [paths.pip(row) for row in TABLE]
CONDA_LOCKS = [paths.conda(row) for row in TABLE]
SHA256 = "0" * 64


def lock_of(body: str) -> LockText:
    return LockText(store.ROOT / "requirements/some.lock", SHA256, body)


def test_an_apt_lock_makes_a_round_trip() -> None:
    lock = lockfile.read(paths.APT)
    pins = lockfile.parse_debs(lock)
    assert len(pins) > 100
    assert lockfile.format_debs(reversed(pins)) == lock.body


@pytest.mark.parametrize("path", PIP_LOCKS, ids=lambda path: path.name)
def test_a_pip_lock_makes_a_round_trip(path: Path) -> None:
    lock = lockfile.read(path)
    pins = lockfile.parse_wheels(lock)
    assert len(pins) > 100
    assert lockfile.format_wheels(reversed(pins)) == lock.body


@pytest.mark.parametrize("path", CONDA_LOCKS, ids=lambda path: path.name)
def test_a_conda_lock_names_every_file(path: Path) -> None:
    lock = lockfile.read(path)
    pins = lockfile.parse_conda(lock)
    assert len(pins) == lock.body.count("\n- name: ") > 50
    for pin in pins:
        assert pin.filename.startswith(f"{pin.name}-{pin.version}-")
        assert pin.filename.endswith((".conda", ".tar.bz2"))


@pytest.mark.parametrize("path", paths.every(TABLE), ids=lambda path: path.name)
def test_a_whole_lock_makes_a_round_trip(path: Path, tmp_path: Path) -> None:
    lock = lockfile.read(path)
    assert lockfile.with_header(lock.body, lock.inputs) == path.read_text()
    (tmp_path / "copy").write_bytes(path.read_bytes())
    assert lockfile.read(tmp_path / "copy") == LockText(tmp_path / "copy", lock.inputs, lock.body)


def swap(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new, 1)


FAULTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda text: b"", "has no header"),
    "cut-in-header": (lambda text: text[:100], "has no header"),
    "made-by-another-tool": (lambda text: text.split(b"\n", 3)[3], "has no header"),
    "cut-in-body": (lambda text: text[: len(text) // 2], "truncated or was edited by hand"),
    "cut-at-the-last-line": (lambda text: text[:-1], "truncated or was edited by hand"),
    "cut-after-header": (
        lambda text: b"\n".join(text.split(b"\n", 3)[:3]) + b"\n",
        "truncated or was edited by hand",
    ),
    "version-edited": (lambda text: swap(text, b"==2.", b"==3."), "edited by hand"),
    "line-added": (lambda text: text + b"requests\n", "edited by hand"),
    "hash-edited": (lambda text: text[:-9] + b"00000000\n", "edited by hand"),
    "flipped-byte": (lambda text: text[:-99] + b"\xff" + text[-98:], "is no text"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_lock_is_named_with_a_way_to_mend_it(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "cpu.txt"
    change, said = FAULTS[fault]
    path.write_bytes(change(PIP_LOCKS[0].read_bytes()))
    with pytest.raises(LockError, match=said) as caught:
        lockfile.read(path)
    assert caught.value.where == str(path)
    assert lockfile.RELOCK in caught.value.mend
    assert "git checkout" in caught.value.mend


@pytest.mark.parametrize("part", range(1, 20))
def test_wherever_a_lock_ends_too_early_it_is_refused(tmp_path: Path, part: int) -> None:
    text = CONDA_LOCKS[0].read_bytes()
    (tmp_path / "lock").write_bytes(text[: len(text) * part // 20])
    with pytest.raises(LockError, match="truncated"):
        lockfile.read(tmp_path / "lock")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "cpu.txt")
    with pytest.raises(LockError, match="a lock is no file") as caught:
        lockfile.read(tmp_path / "cpu.txt")
    assert caught.value.where == str(tmp_path / "cpu.txt")


def test_a_link_that_leads_out_of_the_project_is_no_lock(project: Path) -> None:
    path = project / "requirements/cpu.txt"
    path.rename(project.parent / "cpu.txt")
    path.symlink_to(project.parent / "cpu.txt")
    with pytest.raises(LockError, match="leads out of the project") as caught:
        lockfile.read(path)
    assert caught.value.where == "requirements/cpu.txt"


def test_a_missing_lock_is_named_as_the_project_sees_it() -> None:
    with pytest.raises(LockError, match="a lock is missing") as caught:
        lockfile.read(store.ROOT / "requirements/cu999.txt")
    assert caught.value.where == "requirements/cu999.txt"
    assert caught.value.mend == lockfile.RELOCK


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=2.0",
        "numpy==2.0",
        f"numpy==2.0 --hash=sha256:{SHA256} --hash=sha256:{SHA256}",
        f"numpy==2.0 --hash=sha256:{SHA256[:-1]}",
        f"numpy==2.0 --hash=md5:{SHA256}",
        "git+https://example.org/numpy",
        "-r other.txt",
    ],
)
def test_a_wheel_that_is_not_pinned_by_one_hash_is_refused(line: str) -> None:
    good = f"pandas==2.0 --hash=sha256:{SHA256}\n"
    with pytest.raises(LockError, match="not a pinned requirement") as caught:
        lockfile.parse_wheels(lock_of(f"{good}{line}\n{good}"))
    assert line in caught.value.what
    assert caught.value.where == "requirements/some.lock:5"


def test_all_that_are_not_pinned_are_named() -> None:
    with pytest.raises(LockError) as caught:
        lockfile.parse_wheels(lock_of("numpy\npandas==2.0\n"))
    assert "'numpy'" in str(caught.value)
    assert "'pandas==2.0'" in str(caught.value)


GIT = f"git 1:2.47 amd64 100 {SHA256} debian pool/git.deb"


@pytest.mark.parametrize(
    "line",
    [
        GIT.replace(" debian", ""),
        f"{GIT} more",
        GIT.replace("100", "100k"),
        GIT.replace(SHA256, SHA256[:-1]),
        "",
    ],
    ids=["column-missing", "column-added", "size-malformed", "hash-cut", "empty-line"],
)
def test_a_malformed_deb_is_named_with_its_line(line: str) -> None:
    with pytest.raises(LockError, match="malformed line") as caught:
        lockfile.parse_debs(lock_of(f"# columns\n{GIT}\n{line}\n{GIT}\n"))
    assert caught.value.where == "requirements/some.lock:6"


@pytest.mark.parametrize(
    "body",
    [
        "package: [",
        "other: 1",
        "- a list",
        "package:\n- {name: git, version: '2', url: u, dependencies: {}, hash: {md5: 0}}",
        "package:\n- {name: git, version: '2', hash: {sha256: 0}, dependencies: {}}",
    ],
    ids=["not-yaml", "no-packages", "a-list", "only-md5", "no-url"],
)
def test_what_is_no_conda_lock_is_refused(body: str) -> None:
    with pytest.raises(LockError, match="sha256 for every package") as caught:
        lockfile.parse_conda(lock_of(body))
    assert caught.value.where == "requirements/some.lock"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("requirements/apt.lock", "tini"),
        ("requirements/cpu.txt", "numpy"),
        ("conda-lock.yml", "zstd"),
        ("requirements/pylock.cpu.toml", "numpy"),
    ],
)
def test_a_package_has_its_line_in_a_lock(path: str, name: str) -> None:
    lock = lockfile.read(store.ROOT / path)
    file, _, line = lockfile.place_of(lock, name).partition(":")
    assert file == path
    found = lock.path.read_text().splitlines()[int(line) - 1]
    assert re.search(rf"\b{name}\b", found)
    assert lockfile.place_of(lock, "no-such") == path
