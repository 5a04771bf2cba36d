"""What a registry says no with, in words that tell what to do."""

from __future__ import annotations

import math
import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from gradlock.errors import RegistryError
from gradlock.registry.reference import Reference

#: What a registry may be asked again after: too many requests, or a fault of its own.
PASSING = (429, 500, 502, 503, 504)


class BusyError(Exception):
    """The registry could not answer now; another try may help, `after` some seconds."""

    def __init__(self, said: str, after: float = 0.0) -> None:
        super().__init__(said)
        self.after = after


def check(answer: httpx.Response, place: Reference) -> None:
    """See that a registry has done what it was asked for.

    Raises:
        RegistryError: it refuses, for good.
        BusyError: it may answer later.

    """
    status = answer.status_code
    if answer.is_success:
        return
    said = _said(answer)
    meant = _meant(status, said)
    if meant in PASSING:
        raise BusyError(f"the registry answers {status}{said}", _after(answer))
    what, mend = _explained(meant, answer.request.method, place)
    raise RegistryError(f"{what} ({status}{said})", where=_where(answer, place), mend=mend)


def unreachable(place: Reference, error: Exception) -> RegistryError:
    """Return the error for a registry that no try has brought an answer from."""
    if untrusted(error):
        return RegistryError(
            f"the certificate of {place.host} is not trusted: {_cause(error)}",
            where=str(place),
            mend="name the file of its CA in SSL_CERT_FILE, or put it where Docker looks for it: "
            f"/etc/docker/certs.d/{place.host}/ca.crt",
        )
    if isinstance(error, BusyError):
        when = f"in {math.ceil(error.after)} seconds, as it asks" if error.after else "later"
        return RegistryError(str(error), where=str(place), mend=f"run it again {when}")
    return RegistryError(
        f"the registry does not answer: {type(error).__name__}: {error}",
        where=str(place),
        mend="look at the host's name and port, at the network and its proxy; run it again: "
        "what has come, or was sent, as a whole stays",
    )


def untrusted(error: BaseException) -> bool:
    """Tell whether a certificate was refused."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error) or isinstance(
        error.__cause__, ssl.SSLCertVerificationError
    )


def other_bytes(place: Reference, what: str, found: str) -> RegistryError:
    """Return the error for content that is not what its digest says."""
    return RegistryError(
        f"refused {what}: what came is {found}",
        where=str(place),
        mend="the registry's disk, or something on the way, is at fault; push it again from a "
        "machine that has it (a registry may have to forget the broken one first)",
    )


def _meant(status: int, said: str) -> int:
    """Return the status that fits what a registry says: not all choose it well."""
    if "TAG_INVALID" in said:  # a tag that is immutable, which is a conflict
        return 409
    if "no space left on device" in said:  # a fault of distribution's own that does not pass
        return 507
    return status


def _explained(status: int, method: str, place: Reference) -> tuple[str, str]:
    """Return what a status means for who asked, and what to do."""
    reading = method in ("GET", "HEAD")
    match status:
        case 401:
            return "the registry wants a password", f"docker login {place.host}"
        case 403:
            verb = "read" if reading else "write"
            return (
                f"the registry does not let this account {verb} here",
                f"ask for the right to, or: docker login {place.host}",
            )
        case 404:
            return (
                "the registry has no such thing"
                if method == "GET"
                else "there is no such repository",
                "look at the name; some registries want a repository to be made first",
            )
        case 405 | 409 | 412:
            return (
                "the registry refuses to replace what is there, or does not take this at all",
                "where its tags cannot be moved, name another one: --to HOST/REPOSITORY:TAG",
            )
        case 413 | 507:
            return "the registry has no room for it", "have its operator make room"
    return "the registry refuses", "what it says beside the status is all that it tells"


def _after(answer: httpx.Response) -> float:
    """Return the seconds after which a registry wants to be asked again; 0 where it tells none."""
    told = answer.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", told):
        return float(told)
    try:
        moment = parsedate_to_datetime(told)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)  # -0000 is UTC, and says no zone
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except ValueError:
        return 0.0


def _where(answer: httpx.Response, place: Reference) -> str:
    """Return what was asked, without what a URL may hold beside its path."""
    return f"{place}, {answer.request.method} {answer.request.url.path}"


def _said(answer: httpx.Response) -> str:
    """Return the words of a refusal, if it has any."""
    try:
        answer.read()
        first = answer.json()["errors"][0]
        detail = first.get("detail")
        words = [first.get("code"), first.get("message"), detail if isinstance(detail, str) else ""]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, httpx.HTTPError):
        return ""
    told = ": ".join(str(word) for word in words if word)
    return f", {told}" if told else ""


def _cause(error: BaseException) -> str:
    return str(error).partition("] ")[2] or str(error)
