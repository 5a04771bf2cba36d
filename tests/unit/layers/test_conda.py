"""The conda layer's tree: exact files, the same bytes wherever they are installed."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from gradlock import store
from gradlock.inputs.variants import Variant
from gradlock.layers import bindings as debian
from gradlock.layers import conda
from gradlock.layers import packages as archive

CPU = Variant("cpu", "3.13", "2.21.0")
GPU = dataclasses.replace(CPU, name="cu125", cuda="12.5.1", cudnn="9.3.0.75", driver="525.60.13")
PLACEHOLDER = "/build/placeholder_placeholder_placeholder"


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's store out of the tests."""
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))


def shared(folder: Path) -> list[Path]:
    """Write the packages python and tini."""
    return [
        archive.write(debian.interpreter(CPU, "3.13.5"), folder),
        archive.write(debian.BINDINGS["tini"].make(CPU, "0.19.0"), folder),
    ]


def tree(root: Path) -> dict[str, tuple[str, int]]:
    """Return the contents (or link target) and mode of everything below a folder."""
    return {
        str(path.relative_to(root)): (
            f"-> {path.readlink()}"
            if path.is_symlink()
            else "folder"
            if path.is_dir()
            else store.file_digest(path),
            path.lstat().st_mode,
        )
        for path in sorted(root.rglob("*"))
    }


def from_conda_forge(folder: Path) -> Path:
    """Write a package as conda-forge has them: a prefix to patch, a link script, a date."""
    files = {
        "bin/tool": f"#!{PLACEHOLDER}/bin/python\n",
        "bin/.tool-post-link.sh": "#!/bin/sh\n",
    }
    index = {"name": "tool", "version": "1", "build": "0", "build_number": 0, "depends": []}
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": store.digest(text.encode()),
            "size_in_bytes": len(text),
            "prefix_placeholder": PLACEHOLDER,
            "file_mode": "text",
        }
        for path, text in files.items()
    ]
    files["info/index.json"] = json.dumps({**index, "subdir": "linux-64", "timestamp": 10**12})
    files["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1})
    target = folder / "tool-1-0.tar.bz2"
    with tarfile.open(target, "w:bz2") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return target


def test_two_machines_stage_the_same_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trees = []
    for machine in ("one", "two-of-another-length"):
        home = tmp_path / machine
        home.mkdir()
        for variable in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
            monkeypatch.setenv(variable, str(home))
        monkeypatch.setenv("GRADLOCK_STORE", str(home / "store"))
        monkeypatch.chdir(home)
        before = os.umask(0o077 if machine == "one" else 0o002)
        try:
            packages = [*shared(home / "channel"), from_conda_forge(home)]
            conda.stage_prefix(packages, home / "stage", channel=debian.CHANNEL)
        finally:
            os.umask(before)
        trees.append(tree(home / "stage"))
        files = [path for path in (home / "stage").rglob("*") if not path.is_symlink()]
        assert not any(str(home) in path.read_text() for path in files if path.is_file())
    assert trees[0] == trees[1]


def test_a_prefix_is_patched_for_where_the_image_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conda.stage_prefix(
        [from_conda_forge(tmp_path)], tmp_path / "stage", channel="https://example.org/forge"
    )
    prefix = tmp_path / "stage/opt/conda"
    assert (prefix / "bin/tool").read_text() == "#!/opt/conda/bin/python\n"
    record = json.loads((prefix / "conda-meta/tool-1-0.json").read_text())
    assert record["url"] == "https://example.org/forge/linux-64/tool-1-0.tar.bz2"
    assert "link scripts were not run: tool" in capsys.readouterr().err


def test_records_are_what_conda_reads(tmp_path: Path) -> None:
    conda.stage_prefix(shared(tmp_path), tmp_path / "stage", channel=debian.CHANNEL)
    meta = tmp_path / "stage/opt/conda/conda-meta"
    assert (meta / "history").read_bytes() == b""
    for path in meta.glob("*.json"):
        record = json.loads(path.read_text())
        assert path.stem == f"{record['name']}-{record['version']}-{record['build']}"
        assert record["fn"] == f"{path.stem}.conda"
        assert record["files"] == [entry["_path"] for entry in record["paths_data"]["paths"]]
        for file in record["files"]:
            assert (meta.parent / file).is_symlink() or (meta.parent / file).is_file()
        assert path.stat().st_mode & 0o777 == 0o644


def test_a_subset_laid_over_the_rest_is_the_whole(tmp_path: Path) -> None:
    cuda = archive.write(debian.cuda_version(GPU, "12.5"), tmp_path)
    packages = shared(tmp_path)
    for name, chosen in (("whole", [*packages, cuda]), ("rest", packages), ("own", [cuda])):
        conda.stage_prefix(chosen, tmp_path / name, channel=debian.CHANNEL)
    assert tree(tmp_path / "rest") | tree(tmp_path / "own") == tree(tmp_path / "whole")
