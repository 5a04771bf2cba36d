"""An engine's API, by Python's own library: what diagnoses the SDK's errors must not need it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from gradlock import command
from gradlock.doctor.addresses import Address

#: Seconds that an engine may take for one answer; less than a check has.
PATIENCE = 3.0
#: Bytes of an answer that are read at most.
MOST = 64 << 20


class AnswerError(Exception):
    """A request got no answer that can be used; `status` is the HTTP status, if there was one."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class Api:
    """What answers at an address."""

    address: Address

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON at a path of the API.

        Raises:
            OSError: it cannot be reached.
            AnswerError: it answered something else.

        """
        return self._parsed(self._ask("GET", path, query))

    def lines(self, path: str, **query: Any) -> list[str]:
        """Return what a container printed: a log, both its streams one after the other."""
        return _unframed(self._ask("GET", path, query)).decode(errors="replace").splitlines()

    def run(self, container: str, argv: list[str]) -> str:
        """Run a command in a running container that reads only; return what it printed."""
        given = {"Cmd": argv, "AttachStdout": True, "AttachStderr": True}
        made = self._parsed(self._ask("POST", f"/containers/{_part(container)}/exec", {}, given))
        done = self._ask("POST", f"/exec/{made['Id']}/start", {}, {"Detach": False, "Tty": False})
        return _unframed(done).decode(errors="replace")

    def container(self, name: str) -> Any:
        """Return what an engine knows of a container."""
        return self.get(f"/containers/{_part(name)}/json")

    def image(self, reference: str) -> Any:
        """Return what an engine knows of an image."""
        return self.get(f"/images/{_part(reference)}/json")

    @staticmethod
    def _parsed(body: bytes) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            raise AnswerError(f"no JSON: {body[:80].decode(errors='replace')!r}") from error

    def _ask(self, method: str, path: str, query: Mapping[str, Any], body: Any = None) -> bytes:
        connection = _connection(self.address)
        try:
            given = {key: json.dumps(v) if isinstance(v, dict) else v for key, v in query.items()}
            where = f"{path}?{urlencode(given)}" if given else path
            data = None if body is None else json.dumps(body)
            connection.request(
                method, where, data, {"Content-Type": "application/json", "Connection": "close"}
            )
            answer = connection.getresponse()
            content = answer.read(MOST)
        except http.client.HTTPException as error:
            raise AnswerError(
                f"what answers is no Docker Engine ({type(error).__name__})"
            ) from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise AnswerError(_message(content) or f"status {answer.status}", answer.status)
        return content


class _Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


class _Ssh(http.client.HTTPConnection):
    """HTTP to the engine of another machine, by the ssh of this one."""

    def __init__(self, url: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        parts = urlsplit(url)
        self.argv = ["ssh", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={int(PATIENCE)}"]
        self.argv += ["-l", parts.username] if parts.username else []
        self.argv += ["-p", str(parts.port)] if parts.port else []
        self.argv += ["--", parts.hostname or "", "docker system dial-stdio"]

    def connect(self) -> None:
        """Start ssh; it ends with the connection."""
        command.run(["ssh", "-V"], purpose="looking for ssh")
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(PATIENCE)
        threading.Thread(target=self._relay, args=(theirs,), daemon=True).start()

    def _relay(self, theirs: socket.socket) -> None:
        with theirs, command.talking(self.argv, theirs, purpose="asking over ssh") as process:
            process.wait()


def _connection(address: Address) -> http.client.HTTPConnection:
    """Return a connection to an address, not open yet."""
    if path := address.socket:
        return _Unix(path)
    parts = urlsplit(address.url)
    if parts.scheme == "ssh":
        return _Ssh(address.url)
    if parts.scheme not in ("tcp", "http", "https") or not parts.hostname:
        raise AnswerError(
            "no address of an engine: it begins with unix://, tcp:// or ssh://, and names a host"
        )
    if address.certificates or parts.scheme == "https":
        context = _trust(address.certificates)
        return http.client.HTTPSConnection(
            parts.hostname, parts.port or 2376, timeout=PATIENCE, context=context
        )
    return http.client.HTTPConnection(parts.hostname, parts.port or 2375, timeout=PATIENCE)


def _trust(folder: Path | None) -> ssl.SSLContext:
    """Return whom to trust, and who we are, by the certificates in Docker's folder."""
    authority = folder / "ca.pem" if folder else None
    context = ssl.create_default_context(
        cafile=str(authority) if authority and authority.exists() else None
    )
    if folder and (folder / "cert.pem").exists():
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _message(body: bytes) -> str:
    """Return what an engine says of an error."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace").strip()


def _unframed(data: bytes) -> bytes:
    """Return a container's output: without a terminal it comes in frames, with one as it is."""
    text, rest = b"", data
    while len(rest) >= 8 and rest[0] in (0, 1, 2) and rest[1:4] == b"\0\0\0":
        size = int.from_bytes(rest[4:8], "big")
        text, rest = text + rest[8 : 8 + size], rest[8 + size :]
    return text + rest


def _part(name: str) -> str:
    """Return a name as a part of a path."""
    return quote(name, safe=":")
