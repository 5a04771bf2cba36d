"""Compile trees of Python files to bytecode; run by the image's interpreter, not imported.

    python compile_trees.py WORKERS TREE [TREE ...]

A tree is compiled by a child forked from this process before anything was compiled. What
marshal writes depends on the strings that the process has seen before, so each tree's bytes
are the same whatever else is compiled, in whatever order and however many at once.
"""

import compileall
import importlib.util
import os
import py_compile
import sys
from pathlib import Path


def compile_tree(tree: str) -> None:
    """Compile one tree as if it lay at the root; files with syntax errors get no bytecode."""
    compileall.compile_dir(
        tree,
        maxlevels=100,
        quiet=2,
        stripdir=tree,
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def lacking(tree: str) -> list[Path]:
    """Return the files that could be compiled and were not, as on a full disk; name them."""
    found = []
    for path in Path(tree).rglob("*.py"):
        cached = Path(importlib.util.cache_from_source(str(path)))
        if path.is_file() and "__pycache__" not in path.parts and not cached.exists():
            try:
                compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue
            print(f"no bytecode was written for {path}", file=sys.stderr, flush=True)
            found.append(path)
    return found


def main(workers: int, trees: list[str]) -> int:
    """Compile each tree in a child of its own; return the number of children that died."""
    running, failed = 0, 0
    for tree in trees:
        if running == workers:
            failed += os.wait()[1] != 0
            running -= 1
        if os.fork() == 0:
            compile_tree(tree)
            os._exit(len(lacking(tree)) > 0)
        running += 1
    for _ in range(running):
        failed += os.wait()[1] != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
