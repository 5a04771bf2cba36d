"""Bytecode of a conda prefix: compiled by the image's own Python, as that of wheels is.

What packages bring of it is left out. Python believes it by the time of its source, and a layer
gives all files one time: it would be compiled again at every start, by a user who cannot keep the
result. Packages for every Python bring none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from gradlock.layers import PREFIX, cache, tar, wheels

RECIPE = cache.recipe(
    *("layers/conda_bytecode.py", "layers/bytecode.py", "layers/compile_server.py"),
    "layers/wheels.py",
)
BYTECODE = re.compile(r"(.*/)?__pycache__/[^/]+\.pyc")
#: A Python file of a prefix that is no program: those are compiled whenever they are started.
MODULE = re.compile(re.escape(PREFIX) + r"/(?!bin/).+\.py")


def drop(prefix: Path) -> None:
    """Remove the bytecode that packages brought to a prefix, and what their records say of it."""
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        gone = {name for name in record["files"] if BYTECODE.fullmatch(name)}
        for name in gone:
            (prefix / name).unlink()
            with suppress(OSError):  # something else is in there
                (prefix / name).parent.rmdir()
        if gone:
            paths = record["paths_data"]
            paths["paths"] = [one for one in paths["paths"] if one["_path"] not in gone]
            record["files"] = [name for name in record["files"] if name not in gone]
            path.write_text(json.dumps(record), encoding="utf-8")


def sources(layer: Path) -> dict[str, bytes]:
    """Return the Python files of a prefix's layer that get bytecode, by their names in it.

    Those are its modules, but for test suites.
    """
    found = {}
    with tar.reading(layer) as source:
        for member in source:
            if not member.isreg() or not MODULE.fullmatch(member.name):
                continue
            stream = source.extractfile(member)
            if stream and wheels.SUITE not in member.name.split("/"):
                found[member.name] = stream.read()
    return found


def write(writer: tar.LayerWriter, shares: Iterable[Mapping[str, bytes]]) -> None:
    """Write bytecode, by its names in the layer."""
    found = {name: data for share in shares for name, data in share.items()}
    for name, data in sorted(found.items()):
        writer.file(name, data)
