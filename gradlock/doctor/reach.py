"""What a URL answers, and why it does not: names, proxies, TLS, a server's refusal."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gradlock.doctor import certificates

#: Seconds that a name server may be silent, and that an answer may take as a whole; less than a
#: check has.
RESOLVES, PATIENCE = 2.0, 4.5
#: The bytes of an answer that are read: enough to tell what it is.
BEGINNING = 1 << 16
#: Where the system's name servers are named.
RESOLVER = Path("/etc/resolv.conf")
#: The variables that name a file, or a folder, of CAs to trust.
TRUST = (*("SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),)
#: What names a file of CAs that gradlock trusts beside the system's.
FILES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True)
class Answer:
    """What came of asking: a status and how the answer begins, or what kept it away.

    `mend` goes with `trouble`.
    """

    status: int = 0
    trouble: str = ""
    mend: str = ""
    begins: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the server gave what was asked for."""
        return 200 <= self.status < 400


def ask(url: str, environ: Mapping[str, str], *, method: str = "GET") -> Answer:
    """Ask for a URL through the machine's proxies, trusting whom its variables name."""
    began = time.monotonic()
    try:
        for place in (url, proxy(url)):
            host(place)  # which raises where it is no URL
        if not _resolved(urlsplit(proxy(url) or url).hostname or ""):
            return _unresolved(url)
        request = urllib.request.Request(url, method=method)  # noqa: S310 - http(s), by its callers
        request.add_header("User-Agent", "gradlock")
        secure = url.startswith("https:") or proxy(url).startswith("https:")
        opener = urllib.request.build_opener(
            # Reading whom to trust takes a while, and not all need it.
            *([urllib.request.HTTPSHandler(context=trust(environ))] if secure else [])
        )
    except ValueError as error:
        return Answer(trouble=f"no URL is named ({error})", mend="write it as https://HOST/PATH")
    try:
        left = max(PATIENCE - (time.monotonic() - began), 0.1)
        with opener.open(request, timeout=left) as answer:
            return Answer(answer.status, begins=answer.read(BEGINNING))
    except urllib.error.HTTPError as error:
        error.close()
        return _refused(url, error.code)
    except urllib.error.URLError as error:
        reason = error.reason if isinstance(error.reason, Exception) else error
        return _unreached(url, reason, environ)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _unreached(url, error, environ)


def _resolved(name: str) -> bool:
    """Whether name servers say something of a name in time; that there is none is an answer."""

    def resolve() -> None:
        with suppress(OSError, UnicodeError):
            socket.getaddrinfo(name, None)

    asking = threading.Thread(target=resolve, daemon=True)
    asking.start()
    asking.join(RESOLVES)
    return not asking.is_alive()


def _unresolved(url: str) -> Answer:
    """Return that the name servers are silent."""
    try:
        servers = re.findall(r"(?m)^nameserver\s+(\S+)", RESOLVER.read_text())
    except OSError:
        servers = []
    named = f"the name servers {', '.join(servers)}" if servers else "this system's name servers"
    return Answer(
        trouble=f"{named} do not answer: {host(proxy(url) or url)} is not found within "
        f"{RESOLVES:g} s",
        mend=f"see {RESOLVER}, and whether there is a network: ip route; in a company's network, "
        "its own name servers; where a proxy is needed: export https_proxy=http://PROXY:PORT",
    )


def trust(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return whom to trust: the system's CAs, or those of SSL_CERT_*, and the tools' files."""
    context = ssl.create_default_context()
    # The same file in all of them is usual, and each time takes 40 ms.
    named = {Path(path).resolve() for name in FILES if (path := environ.get(name))}
    for file in named - {Path(environ.get("SSL_CERT_FILE", "")).resolve()}:
        if file.is_file():
            context.load_verify_locations(file)
    return context


def host(url: str) -> str:
    """Return the host of a URL, with its port where one is named, and no login.

    Raises:
        ValueError: it is no URL.

    """
    parts = urlsplit(url)
    return (parts.hostname or url) + (f":{parts.port}" if parts.port else "")


def proxy(url: str) -> str:
    """Return the proxy that a URL is asked through, if any."""
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    return urllib.request.getproxies().get(parts.scheme, "")


def _refused(url: str, status: int) -> Answer:
    """Return what a status means that is no success."""
    through = f"the proxy {host(proxy(url))}" if proxy(url) else ""
    if status == 407:
        return Answer(
            status,
            f"{through or 'a proxy'} asks for a login (status 407)",
            "export https_proxy=http://USER:PASSWORD@PROXY:PORT, and http_proxy like it",
        )
    if status in (401, 403):
        return Answer(
            status,
            f"{through or host(url)} answers {status}: no permission",
            "put the login into ~/.netrc: machine HOST login USER password PASSWORD",
        )
    if status == 404:
        return Answer(
            status, f"{host(url)} answers 404: what is asked for is not there", "name another one"
        )
    return Answer(status, f"{through or host(url)} answers {status}", "try again later")


def _unreached(url: str, error: Exception, environ: Mapping[str, str]) -> Answer:
    """Return why there was no answer."""
    via = proxy(url)
    to = f"the proxy {host(via)}" if via else host(url)
    if isinstance(error, ssl.SSLError):
        return _untrusted(url, error, environ)
    if isinstance(error, socket.gaierror):
        return Answer(
            trouble=f"the name of {to} is not known here ({error.strerror})",
            mend="there is no network, or no DNS: see `ip route` and /etc/resolv.conf; "
            "where a proxy is needed: export https_proxy=http://PROXY:PORT",
        )
    if isinstance(error, TimeoutError):
        return Answer(
            trouble=f"{to} does not answer within {PATIENCE:g} s",
            mend="a firewall may drop it; where a proxy is needed: "
            "export https_proxy=http://PROXY:PORT",
        )
    if isinstance(error, ConnectionRefusedError):
        unset = "unset it (unset http_proxy https_proxy), or start it" if via else ""
        return Answer(
            trouble=f"{to} refuses the connection: nothing listens there",
            mend=unset or "name another one; or start what should listen there",
        )
    if "Tunnel connection failed" in str(error):
        return Answer(
            trouble=f"{to} refuses to lead to {host(url)}: {error}",
            mend="have it permit that host, or name an index and mirrors that it permits",
        )
    return Answer(
        trouble=f"{to}: {(error.strerror if isinstance(error, OSError) else '') or error!r}",
        mend="see whether this machine has a network: ip route",
    )


def _untrusted(url: str, error: ssl.SSLError, environ: Mapping[str, str]) -> Answer:
    """Return why TLS failed, with who issued the certificate that was shown."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return Answer(
            trouble=f"{host(url)} speaks no TLS that Python understands ({error.reason})",
            mend="an http:// server named as https://, or a proxy named as one: see the variables",
        )
    if "expired" in error.verify_message or "not yet valid" in error.verify_message:
        return Answer(
            trouble=f"the certificate of {host(url)}: {error.verify_message}",
            mend="see whether the clock is right: date; else the server's owner has to renew it",
        )
    if "mismatch" in error.verify_message.lower():
        return Answer(
            trouble=f"another server answers for {host(url)}: {error.verify_message}",
            mend="a login page of the network, or a wrong name of a mirror: open it in a browser",
        )
    issuer = certificates.issuer(url, proxy(url), PATIENCE)
    by = f", issued by {issuer}," if issuer else ""
    own = [name for name in TRUST if environ.get(name)]
    trusted = f"{', '.join(own)} name others" if own else "no variable names one"
    return Answer(
        trouble=f"the certificate of {host(url)}{by} is of a CA that is not trusted here "
        f"({error.verify_message}; {trusted}): a proxy stands between, or the server has its "
        "own CA",
        mend="get that CA's certificate from whoever runs the network, then "
        "export SSL_CERT_FILE=/path/to/bundle.pem PIP_CERT=/path/to/bundle.pem "
        "(the system's CAs and that one in one file)",
    )


def trusts_nobody(environ: Mapping[str, str]) -> bool:
    """Whether there are no CAs: none of the system's, none that a variable names."""
    if any(environ.get(name) for name in TRUST):
        return False
    usual = ssl.get_default_verify_paths()
    folder = Path(usual.capath) if usual.capath else None
    return not usual.cafile and not (folder and folder.is_dir() and any(folder.iterdir()))


def missing_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name CAs which are not there, or cannot be read."""
    return {
        name: path for name in TRUST if (path := environ.get(name)) and not os.access(path, os.R_OK)
    }
