"""What people write, as text: in UTF-8, with plain line ends, of one side of a merge."""

from __future__ import annotations

import re
from pathlib import Path

from gradlock.errors import InputError

#: What git writes where it could not merge: ours, the ancestor (in some styles), theirs.
MARKER = re.compile(r"(?m)^(<{7}|\|{7}|={7}|>{7})( .*)?$")
#: The bytes of an input: to tell which lines of a larger one are new would take minutes.
LIMIT = 1 << 20


def read(path: Path, shown: str) -> str:
    """Return a file's text; `shown` is its name in errors.

    Raises:
        FileNotFoundError: it is missing.
        InputError: it cannot be read, or is not such a text.

    """
    _hold(path, shown)
    try:
        found = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            "an input is no text in UTF-8", where=f"{shown}:{line}", mend="write it in UTF-8"
        ) from error
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(
            f"an input cannot be read: {error.strerror}", where=shown, mend="git checkout it"
        ) from error
    if found.startswith("\ufeff"):
        raise InputError(
            "an input begins with a byte order mark, as another system's do",
            where=f"{shown}:1",
            mend="write it in UTF-8 without one",
        )
    if (end := found.find("\r")) >= 0:
        raise InputError(
            "an input's lines end in carriage returns, as another system's do",
            where=f"{shown}:{_line(found, end)}",
            mend="git config core.autocrlf input, and write it with plain line ends",
        )
    if marker := MARKER.search(found):
        raise InputError(
            "an input holds two sides of a merge",
            where=f"{shown}:{_line(found, marker.start())}",
            mend="keep what is to be of either side, and no line of git's",
        )
    return found


def _hold(path: Path, shown: str) -> None:
    """Refuse what is there and cannot be a text that a person wrote."""
    if not path.exists():
        return
    if not path.is_file():  # to read from a pipe would wait for ever
        raise InputError(
            "an input is no file", where=shown, mend="move it away, and git checkout it"
        )
    if (size := path.stat().st_size) > LIMIT:
        raise InputError(
            f"an input of {size} bytes is none that a person wrote: {LIMIT} are the most",
            where=shown,
            mend="git checkout it",
        )


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
