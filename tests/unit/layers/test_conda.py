"""The conda layer's tree: exact files, the same bytes wherever they are installed."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from gradlock import store
from gradlock.inputs.platforms import DEFAULT, PLATFORMS
from gradlock.layers import conda, tar
from gradlock.locks.resolve import forge

pytestmark = pytest.mark.usefixtures("own_store")

USUAL = PLATFORMS[DEFAULT]
CHANNEL = "https://example.org/forge"
PLACEHOLDER = "/build/placeholder_placeholder_placeholder"


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


def package(folder: Path, name: str, *, script: bool = False) -> Path:
    """Write a package as conda-forge has them: a prefix to patch, perhaps a link script, a date."""
    files = {f"bin/{name}": f"#!{PLACEHOLDER}/bin/python\n", f"share/{name}/data": "data\n"}
    if script:
        files[f"bin/.{name}-post-link.sh"] = "#!/bin/sh\n"
    index = {"name": name, "version": "1", "build": "0", "build_number": 0, "depends": []}
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
    folder.mkdir(exist_ok=True)
    target = folder / f"{name}-1-0.tar.bz2"
    with tarfile.open(target, "w:bz2") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
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
            packages = [package(home / "channel", name) for name in ("tool", "other")]
            conda.stage_prefix(packages, home / "stage", CHANNEL, USUAL)
        finally:
            os.umask(before)
        trees.append(tree(home / "stage"))
        files = [path for path in (home / "stage").rglob("*") if not path.is_symlink()]
        assert not any(str(home) in path.read_text() for path in files if path.is_file())
    assert trees[0] == trees[1]


def test_a_prefix_is_patched_for_where_the_image_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conda.stage_prefix([package(tmp_path, "tool", script=True)], tmp_path / "stage", CHANNEL, USUAL)
    prefix = tmp_path / "stage/opt/conda"
    assert (prefix / "bin/tool").read_text() == "#!/opt/conda/bin/python\n"
    record = json.loads((prefix / "conda-meta/tool-1-0.json").read_text())
    assert record["url"] == f"{CHANNEL}/linux-64/tool-1-0.tar.bz2"
    assert "link scripts were not run: tool" in capsys.readouterr().err


def test_records_are_what_conda_reads(tmp_path: Path) -> None:
    packages = [package(tmp_path, name) for name in ("tool", "other")]
    conda.stage_prefix(packages, tmp_path / "stage", CHANNEL, USUAL)
    meta = tmp_path / "stage/opt/conda/conda-meta"
    assert (meta / "history").read_bytes() == b""
    assert len(list(meta.glob("*.json"))) == 2
    for path in meta.glob("*.json"):
        record = json.loads(path.read_text())
        assert path.stem == f"{record['name']}-{record['version']}-{record['build']}"
        assert record["fn"] == f"{path.stem}.tar.bz2"
        assert record["files"] == [entry["_path"] for entry in record["paths_data"]["paths"]]
        for file in record["files"]:
            assert (meta.parent / file).is_file()
        assert path.stat().st_mode & 0o777 == 0o644


def test_a_subset_laid_over_the_rest_is_the_whole(tmp_path: Path) -> None:
    packages = [package(tmp_path, name) for name in ("tool", "other", "third")]
    for name, chosen in (("whole", packages), ("rest", packages[:2]), ("own", packages[2:])):
        conda.stage_prefix(chosen, tmp_path / name, CHANNEL, USUAL)
    assert tree(tmp_path / "rest") | tree(tmp_path / "own") == tree(tmp_path / "whole")


def test_the_layer_is_what_was_staged(tmp_path: Path) -> None:
    packages = [package(tmp_path, "tool")]
    with tar.writing(tmp_path / "layer.tar") as (writer, _):
        conda.write(writer, packages, USUAL)
    conda.stage_prefix(packages, tmp_path / "stage", forge.CONDA_FORGE, USUAL)
    with tar.writing(tmp_path / "tree.tar") as (writer, _):
        tar.add_tree(writer, tmp_path / "stage")
    assert (tmp_path / "layer.tar").read_bytes() == (tmp_path / "tree.tar").read_bytes()
