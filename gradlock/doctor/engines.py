"""The engine in question: sought where gradlock seeks it, never started."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlock.doctor import addresses
from gradlock.doctor.addresses import Address
from gradlock.doctor.api import AnswerError, Api
from gradlock.errors import CommandError


@dataclass(frozen=True)
class Attempt:
    """An address that gave no engine: how it failed, in a word, and what was said.

    `how` is absent, denied, refused, silent, foreign (something else answers), tls, or failed.
    """

    address: Address
    how: str
    said: str


@dataclass(frozen=True)
class Sought:
    """What was found: the API of the engine that answers, or why there is none.

    `info` and `version` are what it tells of itself; `lost` names a Docker context that does not
    exist.
    """

    api: Api | None
    info: Mapping[str, Any]
    version: Mapping[str, Any]
    attempts: tuple[Attempt, ...]
    private: Path
    lost: str = ""

    @property
    def local(self) -> bool:
        """Whether it listens on a socket of this machine (a virtual machine may be behind it)."""
        return self.api is not None and self.api.address.socket is not None

    @property
    def here(self) -> bool:
        """Whether it runs on this machine itself: it has the same kernel."""
        return self.local and self.info.get("KernelVersion") == kernel()


def kernel() -> str:
    """Return the release of the kernel."""
    try:
        return Path("/proc/sys/kernel/osrelease").read_text().strip()
    except OSError:
        return ""


def seek(environ: Mapping[str, str], store: Path) -> Sought:
    """Ask the addresses in their order; the first that answers is the engine."""
    private = addresses.private(store)
    try:
        places = addresses.known(environ, private)
    except LookupError as error:
        return Sought(None, {}, {}, (), private, lost=str(error).strip("'"))
    attempts: list[Attempt] = []
    for place in places:
        api = Api(place)
        try:
            version = api.get("/version")
            info = api.get("/info")
            if not isinstance(version, dict) or not isinstance(info, dict):
                raise AnswerError("what answers is no Docker Engine")
        except (OSError, AnswerError, CommandError) as error:
            attempts.append(Attempt(place, _how(error), _said(error)))
        else:
            return Sought(api, info, version, tuple(attempts), private)
    return Sought(None, {}, {}, tuple(attempts), private)


def _how(error: Exception) -> str:
    """Return in a word why an address gave no engine."""
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (FileNotFoundError, "absent"),
        (PermissionError, "denied"),
        (ConnectionRefusedError, "refused"),
        (TimeoutError, "silent"),
        (ssl.SSLError, "tls"),
        (AnswerError, "foreign"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), "failed")


def _said(error: Exception) -> str:
    if isinstance(error, CommandError):
        return error.what
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
