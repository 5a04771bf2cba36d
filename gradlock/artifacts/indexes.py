"""Which indexes of wheels this machine is set up with: by uv's and pip's variables and files.

They only say where to look: a file is the lock's by its hash, whichever of them serves it.
"""

from __future__ import annotations

import configparser
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The variables that name the index, and those that name others beside it; uv's first.
DEFAULTS = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
OTHERS = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")
#: The files of all users of the machine.
UV_SYSTEM, PIP_SYSTEM = Path("/etc/uv/uv.toml"), Path("/etc/pip.conf")


def urls() -> tuple[str, ...]:
    """Return the URLs of the machine's indexes, in the order to ask them.

    What is no http(s) URL is left out: `./inv fetch --from` takes what lies in folders.
    """
    # Here, since it takes longer to import than all that this run may have to do.
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return named(PYPI_SIMPLE_ENDPOINT)


def named(default: str) -> tuple[str, ...]:
    """Return what `urls` does, with `default` where the machine names no index."""
    uv, pip = _uv_settings(), _pip_settings()
    mains = [
        *(os.environ.get(name, "") for name in DEFAULTS),
        *(each["url"] for each in uv.get("index", ()) if each.get("default")),
        *(uv.get("index-url", ""), pip.get("index-url", "")),
    ]
    main = next((url for url in mains if url.strip()), default)
    others = [
        *(os.environ.get(name, "") for name in OTHERS),
        *(each["url"] for each in uv.get("index", ()) if not each.get("default")),
        *uv.get("extra-index-url", ()),
        pip.get("extra-index-url", ""),
    ]
    # Each may be a list of several; uv lets a name stand before one: `internal=https://...`.
    listed = [word for value in (main, *others) for word in value.split()]
    found = (_without_name(word).rstrip("/") for word in listed)
    return tuple(dict.fromkeys(url for url in found if url.startswith(("http://", "https://"))))


def _without_name(word: str) -> str:
    name, _, url = word.partition("=")
    return url if url and ":" not in name else word


def _uv_settings() -> dict[str, Any]:
    """Return uv's settings: those of the file that is named, else the user's over the system's."""
    named = os.environ.get("UV_CONFIG_FILE")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    files = [Path(named)] if named else [UV_SYSTEM, config / "uv/uv.toml"]
    merged: dict[str, Any] = {}
    for path in files:
        try:
            merged |= tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # what is wrong with it, uv says better
            continue
    return merged


def _pip_settings() -> dict[str, str]:
    """Return the section `global` of pip's files, the later ones over the earlier ones."""
    merged: dict[str, str] = {}
    for path in _pip_files():
        # pip's own dialect: no interpolation, and a value may go on in indented lines.
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        if parser.has_section("global"):
            merged |= dict(parser["global"])
    return merged


def _pip_files() -> Iterator[Path]:
    """Yield where pip looks for its files, in its order."""
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = Path("~").expanduser()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    if sys.platform == "darwin":
        support = Path("Library/Application Support/pip/pip.conf")
        yield "/" / support
        config = home / support.parent.parent if (home / support.parent).is_dir() else config
    else:
        for folder in (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
            yield Path(folder) / "pip/pip.conf"
        yield PIP_SYSTEM
    yield home / ".pip/pip.conf"
    yield config / "pip/pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)
