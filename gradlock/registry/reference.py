"""References: a registry's host, a repository in it, and perhaps a tag."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from gradlock.errors import InputError

#: The grammar of the distribution specification.
COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{COMPONENT}(?:/{COMPONENT})*")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")
#: Docker Hub's name in references, and where its registry answers.
HUB, HUB_HOST = "docker.io", "registry-1.docker.io"


@dataclass(frozen=True)
class Reference:
    """`HOST/REPOSITORY[:TAG]`; the tag is empty where none was named."""

    host: str
    repository: str
    tag: str = ""

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}" + (f":{self.tag}" if self.tag else "")

    @property
    def address(self) -> str:
        """The host that answers, with its port."""
        return HUB_HOST if self.host == HUB else self.host

    @property
    def loopback(self) -> bool:
        """Whether the registry is on this machine: engines ask such a one without TLS, too."""
        name = self.host.rsplit(":", 1)[0].strip("[]")
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return name == "localhost"


def parse(text: str) -> Reference:
    """Return the reference that a person wrote.

    Raises:
        InputError: it is not `HOST/REPOSITORY[:TAG]`; the host is never guessed.

    """
    host, slash, rest = text.partition("/")
    repository, colon, tag = rest.partition(":")
    known = host == "localhost" or "." in host or ":" in host
    if not (slash and known and HOST.fullmatch(host)):
        raise _wrong(text, "it names no registry")
    if not REPOSITORY.fullmatch(repository):
        raise _wrong(text, f"{repository!r} is no name of a repository (small letters only)")
    if colon and not TAG.fullmatch(tag):
        raise _wrong(text, f"{tag!r} is no tag")
    return Reference(host, repository, tag)


def parse_image(text: str) -> tuple[Reference, str]:
    """Return the repository of an image that a person named, and its digest or tag there.

    Raises:
        InputError: it is neither `HOST/REPOSITORY:TAG` nor `HOST/REPOSITORY@sha256:DIGEST`.

    """
    named, at, digest = text.partition("@")
    place = parse(named)
    if at and not DIGEST.fullmatch(digest):
        raise _wrong(text, f"{digest!r} is no digest")
    if not (at or place.tag):
        raise InputError(
            f"{text!r} names a repository, and no image in it",
            mend=f"add a tag, or a digest: {text}@sha256:...",
        )
    return Reference(place.host, place.repository), digest if at else place.tag


def is_image(text: str) -> bool:
    """Whether a word can only mean an image in a registry: a host before it, a tag or digest after.

    A revision of git has no colon before its first slash, and rarely a dot.
    """
    host, slash, rest = text.partition("/")
    known = host == "localhost" or "." in host or ":" in host
    return bool(slash) and known and (":" in rest or "@" in rest)


def _wrong(text: str, why: str) -> InputError:
    return InputError(
        f"{text!r} cannot be a place in a registry: {why}",
        mend="write HOST/REPOSITORY[:TAG], as in ghcr.io/team/gradlock",
    )
