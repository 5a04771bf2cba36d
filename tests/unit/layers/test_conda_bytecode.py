"""Bytecode of conda packages: theirs goes, and which files get some of the image's own Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradlock.inputs.platforms import DEFAULT, PLATFORMS
from gradlock.layers import conda, conda_bytecode, tar
from tests.unit.layers.condas import package

pytestmark = pytest.mark.usefixtures("own_store")

USUAL = PLATFORMS[DEFAULT]
CHANNEL = "https://example.org/forge"


def stage(folder: Path, files: dict[str, str | bytes], ending: str = ".conda") -> Path:
    """Stage a package of some files; return the prefix."""
    path = package(folder, "tool", files, ending=ending)
    conda.stage_prefix([path], folder / "stage", CHANNEL, USUAL)
    return folder / "stage/opt/conda"


@pytest.mark.parametrize("ending", [".conda", ".tar.bz2"])
def test_bytecode_that_packages_bring_is_left_out(ending: str, tmp_path: Path) -> None:
    """With its folder, and what the package's record says of it."""
    files: dict[str, str | bytes] = {
        "lib/tool.py": "",
        "lib/__pycache__/tool.cpython-313.pyc": b"theirs",
        "lib/__pycache__/tool.cpython-313.opt-1.pyc": b"theirs",
    }
    prefix = stage(tmp_path, files, ending)
    assert sorted(path.name for path in (prefix / "lib").iterdir()) == ["tool.py"]
    record = json.loads((prefix / "conda-meta/tool-1-0.json").read_text())
    assert record["files"] == ["lib/tool.py"]
    assert [one["_path"] for one in record["paths_data"]["paths"]] == ["lib/tool.py"]


def test_what_is_no_bytecode_of_a_source_stays(tmp_path: Path) -> None:
    """A module that comes without its source, and other files among bytecode."""
    alone, other = "lib/alone.pyc", "lib/__pycache__/README"
    prefix = stage(tmp_path, {alone: b"code", other: "", "lib/__pycache__/x.pyc": b""})
    assert (prefix / alone).read_bytes() == b"code"
    assert [path.name for path in (prefix / "lib/__pycache__").iterdir()] == ["README"]


def test_modules_get_bytecode_and_programs_and_test_suites_none(tmp_path: Path) -> None:
    with tar.writing(tmp_path / "layer.tar") as (writer, _):
        for name in ("lib/a.py", "share/tool/b.py", "bin/c.py", "lib/tests/d.py", "lib/e.txt"):
            writer.file(f"opt/conda/{name}", name.encode())
        writer.symlink("opt/conda/lib/link.py", "a.py")
    found = conda_bytecode.sources(tmp_path / "layer.tar")
    assert found == {f"opt/conda/{name}": name.encode() for name in ("lib/a.py", "share/tool/b.py")}


def test_shares_are_written_in_one_order(tmp_path: Path) -> None:
    shares = [{"lib/b.pyc": b"2", "lib/c.pyc": b"3"}, {"lib/a.pyc": b"1"}, {}]
    for name, given in (("one", shares), ("other", shares[::-1])):
        with tar.writing(tmp_path / name) as (writer, _):
            conda_bytecode.write(writer, given)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert list(tar.listing(tmp_path / "one").files) == ["lib/a.pyc", "lib/b.pyc", "lib/c.pyc"]
