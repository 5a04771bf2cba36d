"""How artifacts are asked for: through the machine's proxies, with its CAs and its passwords.

Nothing of it enters an artifact: whatever comes is held to the lock's hash.
"""

from __future__ import annotations

import netrc
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx

from gradlock.errors import ArtifactError

#: Seconds to wait before each further try.
BACKOFF = (1.0, 3.0, 9.0)
#: Seconds without a byte after which a connection counts as dead.
TIMEOUT = 20.0
#: What names the CAs to trust for httpx itself, and for other programs: a file.
OWN_CAS = ("SSL_CERT_FILE", "SSL_CERT_DIR")
CA_FILES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: Answers that no further try changes.
FINAL = (401, 403, 404, 410)

#: What httpx raises where the network, or a URL, is at fault.
ERRORS = (httpx.HTTPError, httpx.InvalidURL)

Result = TypeVar("Result")


def client() -> httpx.Client:
    """Return a client for any number of threads, set up as the machine's tools are."""
    return httpx.Client(
        verify=trust(),
        auth=_Logins(),
        follow_redirects=True,
        # No thread waits for a connection: how many there are is for those who start them.
        timeout=httpx.Timeout(TIMEOUT, pool=None),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=32),
    )


def trust(more: Path | None = None) -> ssl.SSLContext:
    """Return whom to trust: what httpx does, the system's CAs, and those of the variables.

    `more` is a folder whose `.crt` files are trusted beside them.
    """
    context = httpx.create_ssl_context()
    own = [path for name in OWN_CAS if (path := os.environ.get(name))]
    if not own:
        context.load_default_certs()
    # The same file in all of them is usual, and each time takes 40 ms.
    named = {Path(path).resolve() for name in CA_FILES if (path := os.environ.get(name))}
    if more and more.is_dir():
        named |= set(more.glob("*.crt"))
    for file in sorted(named - {Path(path).resolve() for path in own}):
        if file.is_file():
            context.load_verify_locations(file)
    return context


class _Logins(httpx.Auth):
    """The logins of netrc, and those in URLs, which hold for all of their hosts."""

    def __init__(self) -> None:
        self._of_host: dict[str, tuple[str, str]] = {}
        named = os.environ.get("NETRC")
        path = Path(named) if named else Path("~/.netrc").expanduser()
        try:
            logins = netrc.netrc(path).hosts
        except (OSError, netrc.NetrcParseError):
            return
        self._of_host = {host: (login, password) for host, (login, _, password) in logins.items()}

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Send a request with its host's login."""
        host = request.url.host
        if request.url.username:
            self._of_host[host] = (request.url.username, request.url.password)
        if login := self._of_host.get(host):
            yield from httpx.BasicAuth(*login).auth_flow(request)
        else:
            yield request


def patiently(work: Callable[[], Result], stop: threading.Event, where: str) -> Result:
    """Do what the network may fail, with a few tries, each after a longer pause.

    Raises:
        ArtifactError: `stop` was set meanwhile.
        httpx.HTTPError: the last try failed, or one was answered for good.

    """
    for pause in BACKOFF:
        check(stop, where)
        try:
            return work()
        except httpx.HTTPStatusError as error:
            if error.response.status_code in FINAL:
                raise
        except httpx.HTTPError:
            pass
        stop.wait(pause)
    check(stop, where)
    return work()


class Stop(threading.Event):
    """Set, it ends what is under way: who looks sees it, and who waits for a byte is hung up on.

    Else a server that has gone silent would keep a thread for `TIMEOUT`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()

    def set(self) -> None:
        """Set it, and hang up."""
        super().set()
        with self._lock:
            for line in self._lines:
                _hang_up(line)

    @contextmanager
    def ends(self, answer: httpx.Response) -> Iterator[None]:
        """Have it end an answer that the block reads: with one of `ERRORS`."""
        line: socket.socket = answer.extensions["network_stream"].get_extra_info("socket")
        with self._lock:
            self._lines.add(line)
            if self.is_set():
                _hang_up(line)
        try:
            yield
        finally:
            with self._lock:
                self._lines.discard(line)


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the other end was sooner
        # Not its own method: that of TLS also drops what the reading thread holds.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def check(stop: threading.Event, where: str) -> None:
    """Raise an ArtifactError where the run has been interrupted."""
    if stop.is_set():
        raise ArtifactError("interrupted", where=where)


def reason(error: Exception) -> str:
    """Return why the network failed, for a message."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answers {error.response.status_code}"
    return f"{type(error).__name__}: {error}"


def plain(url: str) -> str:
    """Return a URL without the login in it, for a message."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)
