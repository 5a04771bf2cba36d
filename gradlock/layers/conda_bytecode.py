"""Bytecode that conda packages bring: dated as the layer dates its source.

Python believes bytecode that tells its source's time and size. A layer gives all files one time,
so as it came, it would be compiled again at every start, by a user who cannot keep the result.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from gradlock import store
from gradlock.layers.tar import MTIME

#: How bytecode begins: a magic number, flags, and without flags its source's time and size.
HEAD = struct.Struct("<4s3I")
#: Bytecode as Python looks for it, and `source_from_cache` knows its source.
BYTECODE = re.compile(r"(^|/)__pycache__/[^/.]+\.[^/.]+(\.opt-[^/.]+)?\.pyc$")

#: Its source's time and size, and all of the file.
Timed = tuple[int, int, bytes]


def redate(prefix: Path) -> tuple[str, ...]:
    """Give the bytecode in a prefix the time that a layer gives its source; drop what is stale.

    To be called while rattler's records still tell where the packages were unpacked: the time
    of a source there is what it was compiled at. Stale is what is not of the source beside it,
    or of one in which the prefix was written. Returns the names of packages that lost some.
    """
    return tuple(
        record["name"]
        for path in sorted((prefix / "conda-meta").glob("*.json"))
        if _redated(prefix, record := json.loads(path.read_text(encoding="utf-8")), path)
    )


def _redated(prefix: Path, record: dict[str, Any], told: Path) -> int:
    """Do so for one package; return how many files it has lost."""
    entries = {entry["_path"]: entry for entry in record["paths_data"]["paths"]}
    unpacked = Path(record["extracted_package_dir"])
    dropped = set()
    timed = dict(_timed(prefix, entries))
    for name, (time, size, code) in timed.items():
        source = source_from_cache(name)
        file = prefix / name
        mode = file.stat().st_mode & 0o777
        file.unlink()  # it may be a link to the unpacked one
        if not _compiled_from(entries, name, source, unpacked, (time, size)):
            dropped.add(name)
            continue
        data = HEAD.pack(code[:4], 0, MTIME, size) + code[HEAD.size :]
        file.write_bytes(data)
        file.chmod(mode)
        entries[name]["sha256_in_prefix"] = store.digest(data)
    if timed:
        record["files"] = [name for name in record["files"] if name not in dropped]
        record["paths_data"]["paths"] = [
            entry for name, entry in entries.items() if name not in dropped
        ]
        told.write_text(json.dumps(record), encoding="utf-8")
    return len(dropped)


def _timed(prefix: Path, entries: Mapping[str, Any]) -> Iterator[tuple[str, Timed]]:
    """Yield a package's bytecode that goes by time: its name, and what it tells."""
    for name, entry in entries.items():
        if not BYTECODE.search(name) or entry["path_type"] != "hardlink":
            continue
        code = (prefix / name).read_bytes()
        if len(code) >= HEAD.size:
            _, flags, time, size = HEAD.unpack_from(code)
            if not flags:
                yield name, (time, size, code)


def _compiled_from(
    entries: Mapping[str, Any], name: str, source: str, unpacked: Path, told: tuple[int, int]
) -> bool:
    """Tell whether bytecode is of the source that the package has beside it."""
    if any(entries.get(one, {}).get("prefix_placeholder") for one in (name, source)):
        return False
    if source not in entries or entries[source]["path_type"] != "hardlink":
        return False
    state = (unpacked / source).lstat()
    return told == (int(state.st_mtime) & 0xFFFFFFFF, state.st_size & 0xFFFFFFFF)
