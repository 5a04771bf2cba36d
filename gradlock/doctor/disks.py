"""The disks: whether the folders that gradlock writes to can take what it writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradlock import store
from gradlock.doctor import needs, question
from gradlock.doctor.findings import Finding, broken, fine, warning
from gradlock.doctor.question import Question


@dataclass(frozen=True)
class Place:
    """A folder, what it is for, and how many bytes it needs free.

    `elsewhere` is how to have another folder in its place, `room` how to make room in it.
    """

    path: Path
    purpose: str
    need: int
    elsewhere: str
    room: str = ""

    @property
    def roomier(self) -> str:
        """How to have more room: in the folder, or in another one."""
        return f"{self.room}; or {self.elsewhere}" if self.room else self.elsewhere


def disks(asked: Question) -> Iterator[Finding]:
    """Look at the store, the folder of temporary files, and the checkout."""
    home = question.stored()
    need = max((needs.of(row).store for row in asked.rows), default=needs.CPU.store)
    held = sum(_held(home / name) for name in ("artifacts", "layers"))
    export = "export GRADLOCK_STORE=/a/folder/on/a/larger/disk"
    places = (
        Place(home, "the store", max(need - held, 0), export, "./inv clean"),
        Place(temporary(), "temporary files", needs.LEAST, "export TMPDIR=/another/folder"),
        Place(store.ROOT, "the checkout, with .venv", needs.LEAST, "clone it to another disk"),
    )
    for place in places:
        yield from look(place)


def temporary() -> Path:
    """Return the folder of temporary files that is named, or /tmp.

    Python would try to write there first, and take another one where it cannot.
    """
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return Path(next(filter(None, named), "/tmp"))


def look(place: Place) -> Iterator[Finding]:
    """Look at one place: its disk's room, and whether this user may write there."""
    path = existing(place.path)
    named = f"{place.purpose} ({place.path})"
    if not path.is_dir():
        yield broken(f"{named}: {path} is no folder", "nothing can be kept there", place.elsewhere)
        return
    state = os.statvfs(path)
    free = state.f_bavail * state.f_frsize
    if state.f_flag & os.ST_RDONLY:
        yield broken(f"{named} is on a read-only disk", "nothing can be kept", place.elsewhere)
    elif not os.access(path, os.W_OK | os.X_OK):
        yield broken(
            f"{named}: user {os.getuid()} may not write to {path}, which is user "
            f"{path.stat().st_uid}'s",
            "nothing can be kept",
            f"{place.elsewhere}; or have its owner change it: sudo chown -R $USER {path}",
        )
    elif state.f_files and not state.f_favail:
        yield broken(
            f"the disk of {named} has room, but can hold no further file",
            "writing ends with 'No space left on device'",
            f"remove many small files there; {place.roomier}",
        )
    elif free < needs.LEAST:
        yield broken(
            f"the disk of {named} is full: {needs.shown(free)} free",
            "writing ends with 'No space left on device'",
            place.roomier,
        )
    elif free < place.need:
        yield warning(
            f"the disk of {named} has {needs.shown(free)} free; what is to be built takes "
            f"{needs.shown(place.need)} more",
            "the build may end with 'No space left on device'",
            place.roomier,
        )
    else:
        yield fine(f"{named}: {needs.shown(free)} free")


def existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that exists."""
    path = path.absolute()
    return next((each for each in (path, *path.parents) if each.exists()), path)


def home(asked: Question) -> Iterator[Finding]:
    """Look whether there is a home, where pip, uv and Docker keep settings and caches."""
    try:
        path = Path.home()
    except RuntimeError:
        yield broken(
            f"user {os.getuid()} has no home: HOME is not set, and no account has that number",
            "tools look for their settings and caches there: they fail",
            "export HOME=/a/folder/of/your/own",
        )
        return
    named = [asked.environ.get(name) for name in ("XDG_CACHE_HOME", "UV_CACHE_DIR")]
    if not path.is_dir() or not (os.access(path, os.W_OK | os.X_OK) or all(named)):
        state = "is not there" if not path.is_dir() else "may not be written to"
        yield broken(
            f"the home {path} {state}",
            "pip and uv keep their caches there: setting up fails",
            "export HOME=/a/folder/of/your/own",
        )


def owner(_asked: Question) -> Iterator[Finding]:
    """Look whose the store is: it is refused where another user could change what is in it."""
    home = question.stored()
    if home.is_dir() and home.stat().st_uid != os.geteuid():
        yield broken(
            f"the store {home} belongs to user {home.stat().st_uid}",
            "a store of another user is not used: who owns it could change what is in it",
            "export GRADLOCK_STORE=/a/folder/of/your/own; after a run with sudo: "
            f"sudo chown -R $USER {home}",
        )


def _held(folder: Path) -> int:
    """Return the bytes in a folder of the store: files, or folders of files."""
    total = 0
    for path in _entries(folder):
        files = _entries(Path(path)) if path.is_dir() else [path]
        total += sum(file.stat().st_size for file in files if file.is_file())
    return total


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
