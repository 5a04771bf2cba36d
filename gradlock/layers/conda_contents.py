"""What conda packages hold, and the checks of it before anything is installed.

py-rattler follows a path out of the prefix, and of two packages with one file it keeps
whichever it came to first. So whatever leads out, or is there twice, is refused.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlock import command, store
from gradlock.errors import ArtifactError, LockError, raise_all
from gradlock.layers import conda_rattler

#: What a package's name, version and build are made of: conda-meta's files are named by them.
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!~-]*")
#: How an archive's entries have to be for a path to be installed as that type: a link's own
#: file would be read wherever it leads.
KINDS = {"softlink": ("symlink",), "hardlink": ("file", "hardlink")}
#: Where a Python package for any Python has what a prefix keeps elsewhere.
NOARCH = {"python-scripts": "bin"}
#: A package's script that conda would run before it is linked.
PRE_LINK = re.compile(r"bin/\.(.+)-pre-link\.sh")


@dataclass(frozen=True)
class Contents:
    """What one package file holds (see `conda_rattler.listed`)."""

    file: Path
    entries: Sequence[tuple[str, str, str | None]]
    paths: Sequence[tuple[str, str]]
    index: Mapping[str, Any]
    commands: Sequence[str]

    def installed(self, site: str) -> Iterator[tuple[str, str]]:
        """Yield the paths in the prefix, and their types; `site` is its site-packages."""
        noarch = self.index.get("noarch") == "python"
        folders = {**NOARCH, "site-packages": site} if noarch else {}
        for path, kind in self.paths:
            first, slash, rest = path.partition("/")
            yield folders.get(first, first) + slash + rest, kind
        for name in self.commands:
            yield f"bin/{name}", "hardlink"


def checked(packages: Sequence[Path]) -> None:
    """Check package files that are to be installed into one prefix.

    Raises:
        ArtifactError: one cannot be read, or holds a path that leads out of the prefix.
        LockError: two hold the same file, or one has a script to be run before it is linked.

    """
    texts = command.run(
        [sys.executable, "-m", conda_rattler.__name__, "list", *packages],
        purpose="reading the conda packages",
        env=command.plain(PYTHONPATH=str(store.CODE)),
    )
    rows = list(zip(packages, json.loads(texts), strict=True))
    raise_all(ArtifactError, [_unread(path, row) for path, row in rows if "problem" in row])
    contents = [Contents(path, **row) for path, row in rows]
    raise_all(
        ArtifactError,
        [
            ArtifactError(
                f"a conda package is refused, nothing of it was installed: {why}",
                where=one.file.name,
                mend="no package of conda-forge is like that: find out where it comes from",
            )
            for one in contents
            for why in sorted(set(_faults(one)))
        ],
    )
    raise_all(LockError, [*_scripts(contents), *_clashes(contents)])


def _unread(path: Path, row: Mapping[str, str]) -> ArtifactError:
    return ArtifactError(
        f"not a conda package that can be read: {row['problem']}",
        where=path.name,
        mend=f"remove {path}; ./inv fetch brings it again",
    )


def _faults(one: Contents) -> Iterator[str]:
    """Yield what in one package could reach, or read, a file outside the prefix."""
    for field in ("name", "version", "build"):
        if not WORD.fullmatch(str(one.index.get(field))):
            yield f"its {field} is no plain word: {one.index.get(field)!r}"
    for name, times in Counter(name for name, *_ in one.entries).items():
        if times > 1:
            yield f"its archive holds a file twice: {name}"
    site = one.index.get("python_site_packages_path") or "site-packages"
    if _leads_out(site):
        yield f"its site-packages lead out of the prefix: {site}"
    kinds = {name: kind for name, kind, _ in one.entries}
    links = {name for name, kind in kinds.items() if kind == "symlink"}
    sources = [(name, kind) for name, kind, _ in one.entries if kind != "other"]
    sources += [(target or "", kind) for _, kind, target in one.entries if kind == "hardlink"]
    for path, kind in [*sources, *one.paths, *one.installed("site-packages")]:
        if _leads_out(path):
            yield f"a path leads out of the prefix: {path}"
        elif kind == "hardlink" and path in links:
            yield f"a path leads through a link: {path}"
        elif through := next((part for part in _parents(path) if part in links), None):
            yield f"a path leads through a link: {path}, through {through}"
    for path, kind in one.paths:
        if kind in KINDS and path not in kinds:
            yield f"its list of paths names what its archive lacks: {path}"
        elif kind in KINDS and kinds[path] not in KINDS[kind]:
            yield f"its list of paths calls a {kinds[path]} a {kind}: {path}"
        if path == "conda-meta" or re.fullmatch(r"conda-meta/([^/]*\.json|history)", path):
            yield f"it holds what conda itself writes: {path}"


def _leads_out(path: str) -> bool:
    """Tell whether a path is none below the prefix, or is written in a way to hide it."""
    return "\0" in path or not all(part not in ("", ".", "..") for part in path.split("/"))


def _parents(path: str) -> list[str]:
    """Return the folders that a path lies in, the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _scripts(contents: Sequence[Contents]) -> Iterator[LockError]:
    """Yield an error for each script that its package counts on, and that is not run."""
    for one in contents:
        for path, _ in one.paths:
            if match := PRE_LINK.fullmatch(path):
                yield LockError(
                    f"{match[1]} has a script to be run before it is installed; none is run",
                    where=one.file.name,
                    mend="pin a release without: conda-forge allows none any more",
                )


def _clashes(contents: Sequence[Contents]) -> Iterator[LockError]:
    """Yield an error for each two packages of which one hides what the other holds."""
    site = _site(contents)
    owners: dict[str, list[str]] = {}
    folders: dict[str, str] = {}
    links: set[str] = set()
    for one in sorted(contents, key=lambda one: one.file.name):
        for path, kind in sorted(set(one.installed(site))):
            for folder in _parents(path) + [path] * (kind == "directory"):
                folders.setdefault(folder, one.file.name)
            if kind != "directory":
                owners.setdefault(path, []).append(one.file.name)
                links |= {path} if kind == "softlink" else set()
    for path, names in sorted(owners.items()):
        if len(names) > 1:
            yield _clash("hold the same file", path, names)
        if path in folders:
            what = "a link" if path in links else "a file"
            yield _clash(f"hold {what} and a folder", path, [names[0], folders[path]])


def _clash(what: str, path: str, names: Sequence[str]) -> LockError:
    return LockError(
        f"the conda packages {' and '.join(names)} {what}: which one counts, nobody said",
        where=path,
        mend="drop one of the packages that bring it, or pin a release that does not",
    )


def _site(contents: Sequence[Contents]) -> str:
    """Return where the prefix's Python, if it is among the packages, looks for modules."""
    for one in contents:
        if one.index["name"] == "python":
            version = ".".join(str(one.index["version"]).split(".")[:2])
            default = f"lib/python{version}/site-packages"
            return one.index.get("python_site_packages_path") or default
    return "site-packages"
