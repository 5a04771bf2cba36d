"""Wheels that no index has: by a URL, or by a path below the project's folder."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename


def wheel_of(place: str) -> tuple[str, str] | None:
    """Return the name and version of the wheel at a URL or path; None where it is no wheel."""
    try:
        name, version, _, _ = parse_wheel_filename(filename_of(place))
    except InvalidWheelFilename:
        return None
    return str(name), str(version)


def filename_of(place: str) -> str:
    """Return the name of the file at a URL or path."""
    return unquote(urlsplit(place).path).rpartition("/")[2]
