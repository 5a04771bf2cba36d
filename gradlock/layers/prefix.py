"""The conda layer of the channel `debian`: files and records, written straight into a tar.

A record in conda-meta is what conda and its relatives know a package by. There are no archives
of these packages, so the records have no hash of one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gradlock import store
from gradlock.inputs.platforms import Platform
from gradlock.layers import PREFIX, bindings, cache, tar
from gradlock.layers.bindings import Package
from gradlock.layers.conda import COPY
from gradlock.locks.freshness import Locks

RECIPE = cache.recipe("layers/prefix.py", "layers/bindings.py")
#: The channel as conda-meta names it: the same on every machine, and nothing is fetched from it.
CHANNEL = "file:///debian"


def packages(locks: Locks, without: Locks | None = None) -> tuple[Package, ...]:
    """Return the packages of a variant's environment, but for those of other locks.

    Raises:
        InputError: environment.yml asks for what no binding provides, or for another version.
        LockError: a bound Debian package is not in the apt lock.

    """
    other = bindings.packages(without.variant, without.debs) if without else ()
    own = bindings.packages(locks.variant, locks.debs)
    return tuple(package for package in own if package not in other)


def inputs(packages: Sequence[Package], machine: Platform) -> list[object]:
    """Return what the layer is made of, for its key."""
    return [machine.conda, *(asdict(package) for package in packages)]


def write(writer: tar.LayerWriter, packages: Sequence[Package], machine: Platform) -> None:
    """Write the layer: what the packages hold, and their records."""
    # conda takes a folder for a prefix by its history, which an image has none of.
    files = {"conda-meta/history": ""}
    links: dict[str, str] = {}
    for package in packages:
        found = record(package, machine)
        text = json.dumps(found, indent=2, sort_keys=True) + "\n"
        files[f"conda-meta/{_stem(package)}.json"] = text
        files.update(package.files)
        links.update(package.links)
    for name in sorted([*files, *links], key=lambda name: name.split("/")):
        if name in links:
            writer.symlink(f"{PREFIX}/{name}", links[name])
        else:
            writer.file(f"{PREFIX}/{name}", files[name].encode())


def record(package: Package, machine: Platform) -> dict[str, Any]:
    """Return what conda-meta says of a package that is installed on a platform."""
    filename = f"{_stem(package)}.conda"
    paths = [
        {
            "_path": path,
            "path_type": "softlink" if path in package.links else "hardlink",
            "sha256": store.digest(content.encode()),  # of a link: of its target's name
            "size_in_bytes": len(content.encode()),
        }
        for path, content in sorted({**package.files, **package.links}.items())
    ]
    return {
        "arch": machine.machine,
        "build": package.build,
        "build_number": 0,
        "channel": CHANNEL,
        "depends": [],
        "files": [path["_path"] for path in paths],
        "fn": filename,
        "link": {"source": "", "type": COPY},
        "name": package.name,
        "paths_data": {"paths": paths, "paths_version": 1},
        "platform": "linux",
        "subdir": machine.conda,
        "url": f"{CHANNEL}/{machine.conda}/{filename}",
        "version": package.version,
        **package.extra,
    }


def _stem(package: Package) -> str:
    """Return a package's file name without its ending, as channels have it."""
    return f"{package.name}-{package.version}-{package.build}"
