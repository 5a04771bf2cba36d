"""Where a Docker Engine may be: the one that is named, else the usual sockets.

The same places in the same order as `engine.engine.find` looks, whose libraries may be missing;
a test holds the two together.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Address:
    """A place: its URL, what names it if something does, and the folder of its certificates."""

    url: str
    named: str = ""
    certificates: Path | None = None

    @property
    def socket(self) -> Path | None:
        """The Unix socket that it is, if it is one."""
        scheme, _, path = self.url.partition("://")
        return Path(path) if scheme == "unix" else None


def known(environ: Mapping[str, str], private: Path) -> list[Address]:
    """Return where to look, in order; `private` is the socket of the store's own engine.

    Raises:
        LookupError: a Docker context is named that does not exist, or is broken.

    """
    host = environ.get("DOCKER_HOST")
    if host and host != f"unix://{private}":
        return [Address(host, "DOCKER_HOST", _of_variables(environ))]
    if host:
        return [Address(host)]
    context = environ.get("DOCKER_CONTEXT") or _current_context(environ)
    if context != "default":
        return [_of_context(context, environ)]
    return [Address(f"unix://{path}") for path in (*usual(environ), private)]


def usual(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return where engines listen: the system's, a rootless one's, Docker Desktop's."""
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    docker = home() / ".docker"
    return (
        Path("/var/run/docker.sock"),
        Path(runtime) / "docker.sock",
        docker / "run/docker.sock",
        docker / "desktop/docker.sock",
    )


def home() -> Path:
    """Return the user's home; one that does not exist where nothing tells it."""
    try:
        return Path.home()
    except RuntimeError:  # neither HOME nor an entry of the user's
        return Path("/nonexistent")


def private(store: Path) -> Path:
    """Return the socket of a store's own engine."""
    return Path("/run") / f"gradlock-{hashlib.sha256(bytes(store)).hexdigest()[:8]}" / "docker.sock"


def _of_variables(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of certificates that Docker's variables name."""
    if not environ.get("DOCKER_TLS_VERIFY") and not environ.get("DOCKER_CERT_PATH"):
        return None
    return Path(environ.get("DOCKER_CERT_PATH") or _settings(environ))


def _settings(environ: Mapping[str, str]) -> Path:
    """Return the folder of Docker's own settings."""
    return Path(environ.get("DOCKER_CONFIG") or home() / ".docker")


def _current_context(environ: Mapping[str, str]) -> str:
    try:
        settings = json.loads((_settings(environ) / "config.json").read_text(encoding="utf-8"))
        return str(settings.get("currentContext") or "default")
    except (OSError, ValueError, AttributeError):
        return "default"


def _of_context(name: str, environ: Mapping[str, str]) -> Address:
    """Return the address of a Docker context."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    contexts = _settings(environ) / "contexts"
    try:
        meta = json.loads((contexts / "meta" / digest / "meta.json").read_text(encoding="utf-8"))
        url = str(meta["Endpoints"]["docker"]["Host"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookupError(name) from error
    certificates = contexts / "tls" / digest / "docker"
    return Address(
        url, f"the Docker context {name}", certificates if certificates.is_dir() else None
    )
