"""Conda packages: the same bytes everywhere, and readable by those who did not write them."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from gradlock import store
from gradlock.layers import packages as archive
from gradlock.layers.packages import Package

PACKAGE = Package(
    *("tool", "1.0", "debian_0"),
    summary="A tool",
    files={"share/tool/b": "2", "share/tool/a": "1"},
    links={"bin/tool": "/usr/bin/tool"},
    extra={"constrains": ["other >=2"]},
)


def part(path: Path, kind: str) -> dict[str, tarfile.TarInfo]:
    """Return the members of a package's inner tar."""
    with zipfile.ZipFile(path) as outer:
        (name,) = (name for name in outer.namelist() if name.startswith(f"{kind}-"))
        data = zstandard.ZstdDecompressor().decompress(outer.read(name))
    with tarfile.open(fileobj=io.BytesIO(data)) as inner:
        return {member.name: member for member in inner}


def test_the_order_of_files_changes_no_byte(tmp_path: Path) -> None:
    backwards = {name: PACKAGE.files[name] for name in reversed(list(PACKAGE.files))}
    other = dataclasses.replace(PACKAGE, files=backwards)
    first, second = (
        archive.write(package, tmp_path / str(n)) for n, package in enumerate((PACKAGE, other))
    )
    assert first.name == "tool-1.0-debian_0.conda"
    assert first.read_bytes() == second.read_bytes()


def test_members_tell_nothing_of_the_machine(tmp_path: Path) -> None:
    path = archive.write(PACKAGE, tmp_path)
    with zipfile.ZipFile(path) as outer:
        assert {info.date_time for info in outer.infolist()} == {archive.EPOCH}
    for kind in ("pkg", "info"):
        for member in part(path, kind).values():
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")


def test_files_and_links_are_in_it(tmp_path: Path) -> None:
    found = part(archive.write(PACKAGE, tmp_path), "pkg")
    assert list(found) == ["bin/tool", "share/tool/a", "share/tool/b"]
    assert found["bin/tool"].linkname == "/usr/bin/tool"
    assert found["share/tool/a"].size == 1


def test_a_channel_names_every_package_by_its_hash(tmp_path: Path) -> None:
    other = dataclasses.replace(PACKAGE, name="other", extra={})
    archive.write_channel([PACKAGE, other], tmp_path)
    folder = tmp_path / archive.SUBDIR
    records = json.loads((folder / "repodata.json").read_text())["packages.conda"]
    assert list(records) == ["other-1.0-debian_0.conda", "tool-1.0-debian_0.conda"]
    for name, record in records.items():
        assert record["sha256"] == store.file_digest(folder / name)
        assert record["size"] == (folder / name).stat().st_size
    assert records["tool-1.0-debian_0.conda"]["constrains"] == ["other >=2"]


@pytest.mark.parametrize("size", [0, 1, archive.BLOCK - 1, archive.BLOCK, archive.BLOCK * 2 + 1])
def test_a_frame_holds_its_data(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    frame = archive.stored_zstd(data[:size])
    assert zstandard.ZstdDecompressor().decompress(frame, max_output_size=size or 1) == data[:size]
