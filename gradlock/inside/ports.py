"""Ports of this machine on which a service can answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from gradlock.errors import InputError

#: The only address that services are reached at: this machine's own.
HOST = "127.0.0.1"
#: How many ports are tried from a first one on.
PORTS = 100


def chosen(port: int | None, first: int) -> Iterator[int]:
    """Yield the port that was named, if it is free, or the free ones from a first one on.

    Raises:
        InputError: it is no port, or something listens on it.

    """
    if port is None:
        yield from (candidate for candidate in range(first, first + PORTS) if free(candidate))
        return
    if not 0 < port < 1 << 16:
        raise InputError(f"{port} is no port: they go from 1 to 65535")
    if not free(port):
        raise taken(port)
    yield port


def free(port: int) -> bool:
    """Whether nothing on this machine listens on a port, as far as can be tried.

    One that only root may listen on is left to the engine, which may be root.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return True
        except OSError:
            return False
    return True


def taken(port: int) -> InputError:
    """Return the error for a port that something else has."""
    return InputError(
        f"port {port} is taken",
        mend="name another with --port, or leave it out; ./inv ps shows what gradlock serves",
    )
