"""Where conda-forge is: its own channel, or the mirror of it that the environment names.

A lock holds the channel's own URLs, so any mirror serves it: what comes is held to its hash.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import httpx

from gradlock.errors import ArtifactError, InputError

CONDA_FORGE = "https://conda.anaconda.org/conda-forge"
#: The variable that names a mirror of it: a URL, or a folder, with a channel's subfolders.
VARIABLE = "GRADLOCK_CONDA_MIRROR"
#: Seconds for an answer, how often it is asked for, and what for: either will do.
TIMEOUT, TRIES = 4.0, 2
RECORDS = ("repodata.json.zst", "repodata.json")


def root() -> str:
    """Return the URL of the channel, or of its mirror, with no slash at its end."""
    return os.environ.get(VARIABLE, "").rstrip("/") or CONDA_FORGE


def shown() -> str:
    """Return that URL without the login in it, for a message."""
    return re.sub(r"(?<=://)[^/@]*@", "", root())


def folder() -> Path | None:
    """Return the folder that is named as the mirror, if it is one.

    Raises:
        InputError: it is no channel.

    """
    named = root().removeprefix("file://")
    if "://" in named:
        return None
    path = Path(named).absolute()
    if not (path / "noarch/repodata.json").is_file():
        raise InputError(
            "the folder that is named as conda-forge's mirror is no channel: it has no "
            "noarch/repodata.json",
            where=f"{VARIABLE}={root()}",
            mend="name the folder that linux-64/ and noarch/ lie in, or a URL",
        )
    return path


def unanswered() -> str:
    """Return why the channel or its mirror cannot be asked; nothing where it can."""
    return "" if folder() else _unanswered(root())


@cache
def _unanswered(url: str) -> str:
    """Ask a channel for its records, once a run; return why it does not answer."""
    why = ""
    for _ in range(TRIES):
        for name in RECORDS:
            try:
                asked = f"{url}/noarch/{name}"
                httpx.head(asked, timeout=TIMEOUT, follow_redirects=True).raise_for_status()
            except httpx.HTTPStatusError as error:
                why = f"the server answers {error.response.status_code}"
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                why = f"{type(error).__name__}: {error}"
                break
            else:
                return ""
    return why


def answering() -> str:
    """Return the URL of the channel, or of its mirror, that does answer.

    Raises:
        ArtifactError: it does not.

    """
    if why := unanswered():
        raise ArtifactError(
            f"conda-forge cannot be reached: {why}",
            where=shown(),
            mend=f"name a mirror with {VARIABLE} (a URL or a folder), carry the packages with "
            "`./inv fetch --from DIR`, or take --channel debian",
        )
    return CONDA_FORGE if folder() else root()
