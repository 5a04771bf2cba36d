"""What a lock holds, as values: a package of each manager, and the hash of its one file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DebPin:
    """A locked Debian package.

    `archive` is `debian` or `debian-security`, `path` the file's path below that archive's
    root on any mirror, `size` in bytes.
    """

    name: str
    version: str
    arch: str
    size: int
    sha256: str
    archive: str
    path: str

    @property
    def filename(self) -> str:
        """The file's name in an archive."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class CondaPin:
    """A locked conda package; `needs_python` tells a Python package from a native one."""

    name: str
    version: str
    url: str
    sha256: str
    needs_python: bool = False

    @property
    def filename(self) -> str:
        """The file's name in its channel, ending in `.conda` or `.tar.bz2`."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class WheelPin:
    """A locked wheel: one file for the variant's interpreter and platform.

    `place` is empty where an index has it; else the URL that a person named, or `./` and a path
    below the project's folder.
    """

    name: str
    version: str
    sha256: str
    place: str = ""

    @property
    def requirement(self) -> str:
        """The line of a requirements file that asks for it, without its hash."""
        if not self.place:
            return f"{self.name}=={self.version}"
        return self.place if self.place.startswith("./") else f"{self.name} @ {self.place}"
