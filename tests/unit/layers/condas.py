"""Made-up conda packages, in both of their forms, with the faults that a test asks for."""

from __future__ import annotations

import bz2
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard

from gradlock import store

#: When the files of made-up packages were made.
TIME = 1_700_000_000


def entry(path: str, *, kind: str = "hardlink", text: str | bytes = "") -> dict[str, Any]:
    """Return what a package's list of paths says of one."""
    data = _bytes(text)
    told = {"path_type": kind, "sha256": store.digest(data), "size_in_bytes": len(data)}
    return {"_path": path, **told}


def package(
    folder: Path,
    name: str,
    files: Mapping[str, str | bytes],
    *,
    links: Mapping[str, str] | None = None,
    paths: Sequence[Mapping[str, Any]] | None = None,
    index: Mapping[str, Any] | None = None,
    commands: Sequence[str] = (),
    ending: str = ".conda",
) -> Path:
    """Write a package; `paths` is its list of paths, where that is not what it holds."""
    links = links or {}
    if paths is None:
        paths = [entry(path, text=text) for path, text in files.items()]
        paths += [entry(path, kind="softlink") for path in links]
    told = {"name": name, "version": "1", "build": "0", "build_number": 0, "depends": []}
    told |= {"subdir": "linux-64", "timestamp": 10**12, **(index or {})}
    info: dict[str, str | bytes] = {
        "info/index.json": json.dumps(told),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
    }
    if commands:
        noarch = {"type": "python", "entry_points": list(commands)}
        info["info/link.json"] = json.dumps({"noarch": noarch, "package_metadata_version": 1})
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-1-0{ending}"
    if ending == ".tar.bz2":
        target.write_bytes(bz2.compress(_tar({**info, **files}, links)))
        return target
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        archive.writestr(f"pkg-{name}-1-0.tar.zst", zstandard.compress(_tar(files, links)))
        archive.writestr(f"info-{name}-1-0.tar.zst", zstandard.compress(_tar(info, {})))
    return target


def _tar(files: Mapping[str, str | bytes], links: Mapping[str, str]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for path, target in links.items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.mtime = len(_bytes(text)), 0o755, TIME
            archive.addfile(member, io.BytesIO(_bytes(text)))
    return whole.getvalue()


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
