"""Debian's security tracker: what its own team says of each source package in a suite.

Its data is one file of JSON, of some 70 MB. It is asked where `GRADLOCK_DEBIAN_TRACKER` names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from gradlock.artifacts.network import Stop
from gradlock.audit import service, versions
from gradlock.audit.findings import Subject, Vulnerability

VARIABLE = "GRADLOCK_DEBIAN_TRACKER"


def named() -> str:
    """Return where this machine is told to find the tracker's file; empty where it is not."""
    return os.environ.get(VARIABLE, "")


def ask(
    client: httpx.Client, stop: Stop, subjects: Sequence[Subject], suite: str
) -> dict[Subject, tuple[Vulnerability, ...]]:
    """Return the known vulnerabilities of each source package, those of none, too.

    Raises:
        AuditError: the file cannot be had, or is not the tracker's.

    """
    url = named()
    told = service.ask(client, stop, url)
    try:
        if not any(suite in issue["releases"] for rows in told.values() for issue in rows.values()):
            raise ValueError(f"nothing in it is about Debian {suite}")
        return {one: tuple(_known(told.get(one.name, {}), one, suite)) for one in subjects}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise service.strange(url, error) from error


def _known(rows: Mapping[str, Any], subject: Subject, suite: str) -> Iterator[Vulnerability]:
    for name, issue in sorted(rows.items()):
        row = issue["releases"].get(suite)
        if row is None:
            continue
        fixed = row["fixed_version"] if row["status"] == "resolved" else ""
        # A fix in version 0 is the tracker's way to say that the suite never had it.
        if fixed == "0" or (fixed and not versions.older("apt", subject.version, fixed)):
            continue
        minor = not fixed and (row.get("urgency") == "unimportant" or "nodsa" in row)
        summary = issue.get("description", "").partition("\n")[0]
        yield Vulnerability((name,), summary, fixed, minor)
