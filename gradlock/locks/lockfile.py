"""The locks as files: a header over a body, in which each package has its `pins` value.

Every lock starts with a header that says what it was resolved from and what it holds:

    # gradlock lock; made by `invoke lock`, not by hand
    # inputs: sha256:...      the inputs and the table's row, as they were
    # body: sha256:...        everything below this header

so a lock that was truncated or edited is told from one whose inputs moved on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gradlock import store
from gradlock.errors import EditedError, LockError, raise_all
from gradlock.inputs import lines
from gradlock.locks import merging, places
from gradlock.locks.pins import CondaPin, DebPin, WheelPin

TITLE = f"{lines.LOCK} made by `invoke lock`, not by hand"
RELOCK = "./inv lock"
#: The lines of a header.
HEADER = 3


def with_header(body: str, inputs: str) -> str:
    """Return a lock's whole text. `inputs` is the hex sha256 of what it was resolved from."""
    body_digest = store.digest(body.encode())
    return f"{TITLE}\n# inputs: sha256:{inputs}\n# body: sha256:{body_digest}\n{body}"


@dataclass(frozen=True)
class LockText:
    """A lock that is whole: its path, what it was resolved from, and its body."""

    path: Path
    inputs: str
    body: str

    @property
    def digest(self) -> str:
        """The sha256 of the body, in hex."""
        return store.digest(self.body.encode())


def read(path: Path) -> LockText:
    """Read a lock and check that it is what `invoke lock` wrote.

    Raises:
        LockError: it is missing, truncated, or was edited by hand.

    """
    if path.exists() and not path.is_file():  # to read from a pipe would wait for ever
        raise LockError("a lock is no file", where=shown(path), mend=f"move it away, and {RELOCK}")
    if path.is_relative_to(store.ROOT) and not path.resolve().is_relative_to(store.ROOT.resolve()):
        raise LockError(
            "a lock is a link that leads out of the project: others have another one",
            where=shown(path),
            mend=f"remove it, and git checkout it, or {RELOCK}",
        )
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError as error:
        raise LockError("a lock is missing", where=shown(path), mend=RELOCK) from error
    except (UnicodeDecodeError, OSError) as error:
        why = "it is no text" if isinstance(error, ValueError) else error.strerror
        raise LockError(
            f"a lock is not what `invoke lock` wrote: {why}",
            where=shown(path),
            mend=f"git checkout it, or {RELOCK}",
        ) from error
    return parse(path, text)


def parse(path: Path, text: str) -> LockText:
    """Return the lock of that text, as `read` does that of a file."""
    if line := merging.line_of(text):
        raise LockError(
            "a lock holds two sides of a merge: nothing was resolved from both",
            where=f"{shown(path)}:{line}",
            mend=f"{RELOCK}: it starts from the pins of either side",
        )
    if "\r" in text:
        raise LockError(
            "a lock has line ends of another system: it is not what `invoke lock` wrote",
            where=f"{shown(path)}:{text[: text.index(chr(13))].count(chr(10)) + 1}",
            mend="git config core.autocrlf input, and git checkout it",
        )
    match = re.match(
        re.escape(TITLE) + r"\n# inputs: sha256:([0-9a-f]{64})\n# body: sha256:([0-9a-f]{64})\n",
        text,
    )
    if not match:
        raise LockError(
            "a lock has no header: it is truncated or was not made by `invoke lock`",
            where=shown(path),
            mend=f"git checkout it, or {RELOCK}",
        )
    body = text[match.end() :]
    if store.digest(body.encode()) != match[2]:
        raise EditedError(
            "a lock is not what `invoke lock` wrote: it is truncated or was edited by hand",
            where=shown(path),
            mend=f"git checkout it; to change it, edit its inputs and run {RELOCK}",
        )
    return LockText(path, match[1], body)


def shown(path: Path) -> str:
    """Return a path as errors show it: relative to the project where it lies in it."""
    return str(path.relative_to(store.ROOT)) if path.is_relative_to(store.ROOT) else str(path)


#: How a package's first line begins, by what a lock's name ends in.
LINES = {".lock": "^{} ", ".txt": "^{}(==| @ )", ".yml": "^- name: {}$", ".toml": '^name = "{}"$'}


def place_of(lock: LockText, name: str) -> str:
    """Return the file and line of a package in a lock; the file alone where it has none."""
    line = LINES[lock.path.suffix].format(re.escape(name))
    found = re.search(line, lock.body, re.MULTILINE)
    number = f":{lock.body.count(chr(10), 0, found.start()) + HEADER + 1}" if found else ""
    return f"{shown(lock.path)}{number}"


#: The safe loader in C, 8 times as fast, where PyYAML was built with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEB_COLUMNS = ("name", "version", "arch", "size", "sha256", "archive", "path")
DEB_LINE = r"\S+ \S+ \S+ \d+ [0-9a-f]{64} \S+ \S+"


def format_debs(pins: Iterable[DebPin]) -> str:
    """Return the body of an apt lock: one line a package, sorted."""
    rows = sorted(" ".join(str(getattr(pin, column)) for column in DEB_COLUMNS) for pin in pins)
    return "# " + " ".join(DEB_COLUMNS) + "\n" + "".join(f"{row}\n" for row in rows)


def parse_debs(lock: LockText) -> tuple[DebPin, ...]:
    """Read the body of an apt lock."""
    pins, problems = [], []
    for number, line in enumerate(lock.body.splitlines(), HEADER + 1):
        if line.startswith("#"):
            continue
        if not re.fullmatch(DEB_LINE, line):
            problems.append(_malformed(lock, number, line))
            continue
        columns = dict(zip(DEB_COLUMNS, line.split(), strict=True))
        pins.append(DebPin(**{**columns, "size": int(columns["size"])}))  # type: ignore[arg-type]
    raise_all(LockError, problems)
    return tuple(pins)


def format_wheels(pins: Iterable[WheelPin]) -> str:
    """Return the body of a pip lock, in pip-tools' format: one file, one hash a package."""
    return "".join(
        f"{pin.requirement} \\\n    --hash=sha256:{pin.sha256}\n"
        for pin in sorted(pins, key=lambda pin: pin.name)
    )


#: A pinned requirement with one hash: of an index, by URL, or by path.
WHEEL = re.compile(
    r"(?:(?P<name>[a-z0-9-]+)(?:==(?P<version>[^\s;]+)| @ (?P<url>https?://\S+))|(?P<path>\./\S+))"
    r"\s+--hash=sha256:(?P<sha256>[0-9a-f]{64})\s*"
)


def parse_wheels(lock: LockText) -> tuple[WheelPin, ...]:
    """Read the body of a pip lock."""
    pins, problems = [], []
    for number, entry in _entries(lock.body):
        match = WHEEL.fullmatch(entry)
        pin = _wheel(match) if match else None
        if pin:
            pins.append(pin)
        else:
            problems.append(
                LockError(
                    f"not a pinned requirement with one sha256: {entry.strip()!r}",
                    where=f"{shown(lock.path)}:{number}",
                    mend=RELOCK,
                )
            )
    raise_all(LockError, problems)
    return tuple(pins)


def _entries(body: str) -> Iterator[tuple[int, str]]:
    """Yield the requirements of a pip lock's body, each with the number of its first line."""
    entry, first = "", 0
    for number, line in enumerate(body.split("\n"), HEADER + 1):
        if not entry:
            first = number
        if line.startswith("#"):
            continue
        entry += line.removesuffix("\\")
        if not line.endswith("\\"):
            if entry:
                yield first, entry
            entry = ""
    if entry:
        yield first, entry


def _wheel(match: re.Match[str]) -> WheelPin | None:
    """Return the pin of a matched requirement; None where a file's name is no wheel's."""
    if match["version"]:
        return WheelPin(match["name"], match["version"], match["sha256"])
    place = match["url"] or match["path"]
    found = places.wheel_of(place)
    if not found or (match["name"] and found[0] != match["name"]):
        return None
    return WheelPin(*found, match["sha256"], place)


def parse_conda(lock: LockText) -> tuple[CondaPin, ...]:
    """Read the body of a conda lock (conda-lock's own format, version 1)."""
    try:
        raw = yaml.load(lock.body, Loader=LOADER)  # noqa: S506 - a safe loader either way
        packages: list[Mapping[str, Any]] = raw["package"]
        return tuple(
            CondaPin(
                name=row["name"],
                version=row["version"],
                url=row["url"],
                sha256=row["hash"]["sha256"],
                needs_python="python" in row["dependencies"],
            )
            for row in packages
        )
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise LockError(
            f"not a conda lock with a sha256 for every package: {error!r}",
            where=shown(lock.path),
            mend=RELOCK,
        ) from error


def _malformed(lock: LockText, number: int, line: str) -> LockError:
    return LockError(f"malformed line: {line!r}", where=f"{shown(lock.path)}:{number}", mend=RELOCK)
