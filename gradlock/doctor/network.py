"""The network: proxies, whom to trust, Python's package index, Debian's mirrors."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gradlock.artifacts import indexes
from gradlock.doctor import hashes, reach, tools
from gradlock.doctor.findings import Finding, broken, fine, unseen, warning
from gradlock.doctor.question import Question
from gradlock.doctor.reach import Answer
from gradlock.errors import GradlockError
from gradlock.locks.resolve import mirrors

#: The variables that name proxies; the small letters win where both are there.
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
#: Linux's tables of routes, for both versions of IP: their rows begin with the interface, or the
#: target.
ROUTES = (Path("/proc/net/route"), Path("/proc/net/ipv6_route"))
#: What stands for the default index where the machine names none.
UNNAMED = "https://unnamed.invalid"
#: What keeps pip and uv from asking any index.
SWITCHES = ("PIP_NO_INDEX", "UV_NO_INDEX", "UV_OFFLINE")
#: How an archive's signed list begins.
SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----"
#: How many of the files that a mirror should have are asked for.
ASKED = 4
#: What is asked of an index: its page of what every checkout needs first.
FIRST = "uv"


def routes(question: Question) -> Iterator[Finding]:
    """Look whether any way leads out of this machine."""
    tables = [path for path in ROUTES if path.exists()]
    if not tables or any(question.environ.get(name) for name in PROXIES):
        return
    rows = [line.split() for path in tables for line in path.read_text().splitlines()]
    # The target of a default route is all zeros; the one of `lo` refuses everything.
    if not any(set(row[0 if len(row) == 10 else 1]) == {"0"} and "lo" not in row for row in rows):
        yield _bad(
            not tools.NOTE.exists() or hashes.missing(question) != hashes.NOTHING,
            "this machine has no network: no route leads out of it",
            "what the locks name is downloaded",
            "connect it: ip addr, ip route; or carry the artifacts: ./inv fetch --all --to DIR on "
            "another machine, ./inv fetch --all --from DIR here",
        )


def proxies(question: Question) -> Iterator[Finding]:
    """Look whether the proxies that the environment names can be reached."""
    seen: dict[str, str] = {}
    for name in PROXIES:
        small, large = question.environ.get(name), question.environ.get(name.upper())
        if small and large and small != large:
            yield warning(
                f"{name} and {name.upper()} name two proxies",
                "programs read the one or the other: some fail where others do not",
                f"export {name.upper()}=${name}",
            )
        if value := small or large:
            seen.setdefault(value, name)
    for value, name in seen.items():
        yield from _proxy(name, value)


def _proxy(name: str, value: str) -> Iterator[Finding]:
    """Look at one proxy: whether its address is one, and something listens there."""
    parts = urlsplit(value if "://" in value else f"http://{value}")
    try:
        place = (parts.hostname or "", parts.port or (1080 if "socks" in parts.scheme else 80))
        if not place[0]:
            raise ValueError("it names no host")
    except ValueError as error:
        yield broken(
            f"{name} is no address of a proxy: {error}",
            "every download goes there",
            f"export {name}=http://HOST:PORT, or unset {name}",
        )
        return
    try:
        socket.create_connection(place, timeout=reach.PATIENCE).close()
    except OSError as error:
        yield broken(
            f"the proxy {place[0]}:{place[1]}, which {name} names, cannot be reached "
            f"({error.strerror or error})",
            "every download goes there",
            f"unset {name}, or name the right one",
        )
    else:
        yield fine(f"the proxy {place[0]}:{place[1]} ({name})")


def trust(question: Question) -> Iterator[Finding]:
    """Look whether the files of CAs that variables name are there."""
    if reach.trusts_nobody(question.environ):
        yield broken(
            "this system has no certificates of CAs, and no variable names any",
            "no https:// server is trusted: every download fails with a TLS error",
            "as root: apt-get install ca-certificates; or export SSL_CERT_FILE=/path/to/bundle.pem",
        )
    for name, path in reach.missing_files(question.environ).items():
        yield broken(
            f"{name} names {path}, which is not there or cannot be read",
            "programs that read it trust nobody: every download fails with a TLS error",
            f"unset {name}, or name the bundle: /etc/ssl/certs/ca-certificates.crt on Debian",
        )


def index(question: Question) -> Iterator[Finding]:
    """Look whether Python's package index answers, with what `./inv setup` asks it for."""
    urls = _indexes()
    if not urls:
        yield unseen(
            "which package index would be asked: no variable names one, and this Python has no pip",
        )
        return
    lacking = hashes.missing(question)
    needed = bool(lacking.wheels) or not tools.NOTE.exists()
    for name in SWITCHES:
        if question.environ.get(name, "").lower() not in ("", "0", "false", "no"):
            yield _bad(needed, f"{name} is set", "no index is asked while it is", f"unset {name}")
    for url in urls:
        answer = reach.ask(f"{url}/{FIRST}/", question.environ)
        if answer.good and f"{FIRST}-".encode() not in answer.begins:
            answer = _foreign(url, "the page of a package index")
        if answer.good:
            yield fine(f"the package index {reach.host(url)} answers")
            continue
        yield _bad(
            needed,
            f"the package index: {answer.trouble}",
            "wheels come from it: .venv, and what the locks name",
            answer.mend + _elsewhere(answer.status, "PIP_INDEX_URL=https://INDEX/simple"),
        )


def _indexes() -> tuple[str, ...]:
    """Return the machine's indexes; none where it names none and nothing tells the default."""
    named = indexes.named(UNNAMED)
    if UNNAMED not in named:
        return named  # what knows the default takes a second to import
    try:
        return indexes.urls()
    except ImportError:
        return indexes.named(_default())


def _default() -> str:
    """Return pip's own index, from the pip of this Python; nothing where it has none."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        return ""
    return str(PyPI.simple_url)


def debian(question: Question) -> Iterator[Finding]:
    """Look whether the mirror of Debian's archive answers, with what the lock names of it."""
    return _archive(question, "debian")


def security(question: Question) -> Iterator[Finding]:
    """Look at the mirror of Debian's security updates in the same way."""
    return _archive(question, "debian-security")


def _archive(question: Question, archive: str) -> Iterator[Finding]:
    if question.table is None:
        return
    wanted = [path for name, path in hashes.missing(question).debs if name == archive]
    variable = mirrors.VARIABLES[archive]
    try:
        root = question.mirrors.get()[archive]
    except GradlockError as error:
        yield _bad(
            bool(wanted),
            f"{error.what} ({error.where})",
            f"{len(wanted)} locked .debs are to come from there",
            "apt-get update; or export GRADLOCK_DEBIAN_MIRROR and GRADLOCK_DEBIAN_SECURITY_MIRROR "
            "(docs/locks.md#mirrors)",
        )
        return
    suite = question.table.debian + archive.removeprefix("debian")
    answer = reach.ask(f"{root}/dists/{suite}/InRelease", question.environ)
    if answer.good and not answer.begins.startswith(SIGNED):
        answer = _foreign(root, "the signed list of an archive")
    if not answer.good:
        yield _bad(
            bool(wanted),
            f"the mirror of {archive}: {answer.trouble}",
            f"{len(wanted)} locked .debs are to come from there",
            answer.mend + _elsewhere(answer.status, f"{variable}=https://MIRROR/{archive}"),
        )
        return
    yield fine(f"the mirror of {archive}, {reach.host(root)}, answers")
    for path in wanted[:ASKED]:
        if reach.ask(f"{root}/{path}", question.environ, method="HEAD").status == 404:
            yield broken(
                f"the mirror of {archive}, {reach.host(root)}, has no "
                f"{path.rpartition('/')[2]} any more",
                "the lock names it; a superseded .deb leaves the mirrors: no build can fetch it",
                f"export {variable}=https://DATED-MIRROR/{archive}/YYYYMMDDThhmmssZ; or "
                "./inv fetch --from DIR; or ./inv lock --upgrade",
            )
            return


def _foreign(url: str, wanted: str) -> Answer:
    """Return that a server answers with something else than it should."""
    return Answer(
        trouble=f"{reach.host(url)} answers, but not with {wanted}",
        mend="a login page of the network: open it in a browser; or the URL is not the right one",
    )


def _bad(needed: bool, seen: str, why: str, mend: str) -> Finding:
    """Return a finding that is worse where something is still to be fetched."""
    if needed:
        return broken(seen, why, mend)
    return warning(seen, "nothing is to be fetched now; ./inv lock needs it, and what is new", mend)


def _elsewhere(status: int, variable: str) -> str:
    """Return how to name another server, where the server itself is at fault."""
    return "" if status == 407 else f"; or export {variable}"
