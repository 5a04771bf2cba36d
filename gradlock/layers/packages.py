"""Write a conda package: the same bytes on every machine, whatever its libraries' versions.

A `.conda` is a zip of two zstd-compressed tars. Ours hold kilobytes, so the zstd frames carry
their blocks as they are: how a library compresses changes with its version, this does not.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradlock import store

SUBDIR = "linux-64"
#: The earliest time that a zip can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)
#: The most bytes that a block of a zstd frame may have.
BLOCK = 128 * 1024


@dataclass(frozen=True)
class Package:
    """A conda package of small files; paths are below the prefix.

    `files` are texts, `links` symbolic links and their targets. `extra` goes into
    `info/index.json` beside what every package has.
    """

    name: str
    version: str
    build: str
    summary: str
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The file's name in a channel, without its ending."""
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def index(self) -> dict[str, Any]:
        """The package's record, as far as it does not depend on its bytes."""
        return {
            "arch": "x86_64",
            "build": self.build,
            "build_number": 0,
            "depends": [],
            "name": self.name,
            "platform": "linux",
            "subdir": SUBDIR,
            "version": self.version,
            **self.extra,
        }


def write(package: Package, channel: Path) -> Path:
    """Write a package into a channel's folder; return its file."""
    paths = [
        {
            "_path": path,
            "path_type": "softlink" if path in package.links else "hardlink",
            "sha256": store.digest(content.encode()),  # of a link: of its target's name
            "size_in_bytes": len(content.encode()),
        }
        for path, content in sorted({**package.files, **package.links}.items())
    ]
    info = {
        "info/about.json": _json({"summary": package.summary}),
        "info/files": "".join(f"{path['_path']}\n" for path in paths),
        "info/index.json": _json(package.index),
        "info/paths.json": _json({"paths": paths, "paths_version": 1}),
    }
    members = {
        "metadata.json": _json({"conda_pkg_format_version": 2}).encode(),
        f"pkg-{package.stem}.tar.zst": stored_zstd(_tar(package.files, package.links)),
        f"info-{package.stem}.tar.zst": stored_zstd(_tar(info, {})),
    }
    target = channel / SUBDIR / f"{package.stem}.conda"
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data)
    return target


def write_channel(packages: Iterable[Package], channel: Path) -> None:
    """Write packages as a channel: the files, and the `repodata.json` that a solver reads."""
    records = {}
    for package in sorted(packages, key=lambda package: package.stem):
        path = write(package, channel)
        size = path.stat().st_size
        records[path.name] = {**package.index, "sha256": store.file_digest(path), "size": size}
    repodata = {"info": {"subdir": SUBDIR}, "packages": {}, "packages.conda": records}
    (channel / SUBDIR / "repodata.json").write_text(_json(repodata), encoding="utf-8")


def stored_zstd(data: bytes) -> bytes:
    """Return a zstd frame that holds `data` in raw blocks (RFC 8878, section 3.1.1)."""
    # One segment, with its size in eight bytes; no checksum, no dictionary.
    parts = [struct.pack("<IBQ", 0xFD2FB528, 0b1110_0000, len(data))]
    starts = range(0, len(data), BLOCK) if data else range(1)
    for start in starts:
        block = data[start : start + BLOCK]
        last = start + BLOCK >= len(data)
        parts += [(len(block) << 3 | last).to_bytes(3, "little"), block]
    return b"".join(parts)


def _tar(files: Mapping[str, str], links: Mapping[str, str]) -> bytes:
    """Return a tar of texts and symbolic links, owned by root, at the epoch, sorted."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted({*files, *links}):
            member = tarfile.TarInfo(path)
            if path in links:
                member.type, member.linkname, member.mode = tarfile.SYMTYPE, links[path], 0o777
                tar.addfile(member)
            else:
                data = files[path].encode()
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
