"""Bytecode of conda packages: what Python would not believe in the image is mended or left out."""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.layers import conda, tar
from tests.unit.layers.condas import TIME, entry, package

pytestmark = pytest.mark.usefixtures("own_store")

CHANNEL = "https://example.org/forge"
SOURCE = "def answer():\n    return 42\n"
NAME = importlib.util.cache_from_source("lib/tool.py")


def code(*, time: int = TIME, size: int = len(SOURCE), flags: int = 0) -> bytes:
    """Compile the source as of a time and a size."""
    head = struct.pack("<3I", flags, time, size)
    compiled = marshal.dumps(compile(SOURCE, "lib/tool.py", "exec"))
    return importlib.util.MAGIC_NUMBER + head + compiled


def stage(folder: Path, data: bytes, **more: Any) -> tuple[Path, dict[str, Any]]:
    """Stage a package of a module and its bytecode; return the prefix and the record."""
    path = package(folder, "tool", {"lib/tool.py": SOURCE, NAME: data}, **more)
    conda.stage_prefix([path], folder / "stage", CHANNEL)
    prefix = folder / "stage/opt/conda"
    return prefix, json.loads((prefix / "conda-meta/tool-1-0.json").read_text())


@pytest.mark.parametrize("ending", [".conda", ".tar.bz2"])
def test_python_believes_bytecode_that_was_of_its_source(ending: str, tmp_path: Path) -> None:
    prefix, record = stage(tmp_path, code(), ending=ending)
    os.utime(prefix / "lib/tool.py", (tar.MTIME, tar.MTIME))  # as the layer has it
    ran = subprocess.run(
        [sys.executable, "-BSv", "-c", "import tool; print(tool.answer())"],
        env={"PYTHONPATH": str(prefix / "lib")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "42\n"
    assert f"# code object from '{prefix / NAME}'" in ran.stderr
    (told,) = (one for one in record["paths_data"]["paths"] if one["_path"] == NAME)
    assert told["sha256"] == store.digest(code())
    assert told["sha256_in_prefix"] == store.file_digest(prefix / NAME)


@pytest.mark.parametrize(
    "data", [code(time=TIME + 9), code(size=len(SOURCE) + 1)], ids=["time", "size"]
)
def test_stale_bytecode_is_left_out_and_its_package_named(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix, record = stage(tmp_path, data)
    assert not (prefix / NAME).exists()
    assert record["files"] == ["lib/tool.py"]
    assert [one["_path"] for one in record["paths_data"]["paths"]] == ["lib/tool.py"]
    assert "stale bytecode was left out: tool" in capsys.readouterr().err


def test_bytecode_of_a_source_that_the_prefix_is_written_in_is_left_out(tmp_path: Path) -> None:
    patched = {"prefix_placeholder": "answer", "file_mode": "text"}
    paths = [entry("lib/tool.py", text=SOURCE) | patched, entry(NAME, text=code())]
    prefix, _ = stage(tmp_path, code(), paths=paths)
    assert "/opt/conda" in (prefix / "lib/tool.py").read_text()
    assert not (prefix / NAME).exists()


def test_bytecode_that_goes_by_a_hash_stays_as_it_is(tmp_path: Path) -> None:
    data = code(flags=1)
    prefix, _ = stage(tmp_path, data)
    assert (prefix / NAME).read_bytes() == data


def test_bytecode_that_python_would_not_look_for_stays_as_it_is(tmp_path: Path) -> None:
    odd = "lib/__pycache__/odd.name.cpython-313.more.pyc"
    path = package(tmp_path, "tool", {odd: code()})
    conda.stage_prefix([path], tmp_path / "stage", CHANNEL)
    assert (tmp_path / "stage/opt/conda" / odd).read_bytes() == code()
