"""Bytecode: compiled by another Python, each tree as if alone and at the root."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradlock.layers import compile_trees


def compiled(workers: int, *trees: Path) -> int:
    """Run the script as a build does; return its status."""
    argv = [sys.executable, compile_trees.__file__, str(workers), *map(str, trees)]
    return subprocess.run(argv, check=False, capture_output=True).returncode


def tree(root: Path, **modules: str) -> Path:
    root.mkdir(parents=True)
    for name, text in modules.items():
        (root / f"{name}.py").write_text(text)
    return root


def bytecode(root: Path) -> dict[str, bytes]:
    return {path.name.split(".")[0]: path.read_bytes() for path in root.rglob("*.pyc")}


SHARED = "NAME = 'shared'\nNAMES = frozenset({'shared', 'other'})\n"


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_a_tree_comes_out_the_same_whatever_else_is_compiled(tmp_path: Path, workers: int) -> None:
    alone = tree(tmp_path / "alone", module=SHARED)
    many = [tree(tmp_path / f"many{n}", module=SHARED, more=SHARED * n) for n in range(5)]
    assert compiled(1, alone) == 0
    assert compiled(workers, *many) == 0
    assert {bytecode(each)["module"] for each in many} == {bytecode(alone)["module"]}


def test_a_file_with_a_syntax_error_gets_no_bytecode_and_stops_nothing(tmp_path: Path) -> None:
    root = tree(tmp_path / "root", bad="print 'old'\n", good="x = 1\n")
    assert compiled(2, root) == 0
    assert bytecode(root).keys() == {"good"}


def test_deep_folders_are_reached(tmp_path: Path) -> None:
    tree(tmp_path.joinpath("root", *"abcdefghijklmnop"), module=SHARED)
    assert compiled(1, tmp_path / "root") == 0
    assert bytecode(tmp_path / "root").keys() == {"module"}


def test_a_child_that_dies_is_reported(tmp_path: Path) -> None:
    root = tree(tmp_path / "root", module=SHARED)
    (root / "__pycache__").write_text("in the way of the folder")
    assert compiled(1, root) != 0
