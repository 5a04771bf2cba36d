"""OSV, the database of vulnerabilities of open source: it knows wheels, and Debian's sources.

First it is asked for the identifiers that each package has, many packages at a time, then
for what these mean, once each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
from packaging.utils import canonicalize_name

from gradlock.artifacts.network import Stop
from gradlock.audit import service, versions
from gradlock.audit.findings import Subject, Vulnerability, merged
from gradlock.errors import AuditError

#: The variable that names a mirror, and the service itself.
VARIABLE, URL = "GRADLOCK_OSV", "https://api.osv.dev"
#: Packages in a question, as its documentation bounds them, and questions at a time.
BATCH, AT_ONCE = 1000, 8
#: How the service counts Debian's releases.
RELEASES = {"bookworm": "12", "trixie": "13", "forky": "14"}

Asked = dict[str, Any]


def url() -> str:
    """Return where the service is, for this machine."""
    return (os.environ.get(VARIABLE) or URL).rstrip("/")


def ask(
    client: httpx.Client, stop: Stop, subjects: Sequence[Subject], suite: str
) -> dict[Subject, tuple[Vulnerability, ...]]:
    """Return the known vulnerabilities of each package, those of none, too.

    Raises:
        AuditError: the service cannot be asked, or its answer cannot be understood.

    """
    home = url()
    asking = partial(service.ask, client, stop)
    try:
        named = _identifiers(asking, f"{home}/v1/querybatch", subjects, suite)
        every = sorted({name for names in named.values() for name in names})
        with ThreadPoolExecutor(AT_ONCE) as threads:
            told = threads.map(lambda name: asking(f"{home}/v1/vulns/{name}"), every)
            records = dict(zip(every, told, strict=True))
        return {
            subject: merged(
                subject.kind,
                (
                    one
                    for name in names
                    if not records[name].get("withdrawn")
                    for one in _read(records[name], subject, suite)
                ),
            )
            for subject, names in named.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise service.strange(home, error) from error


def _identifiers(
    asking: Any, place: str, subjects: Sequence[Subject], suite: str
) -> dict[Subject, list[str]]:
    """Return the identifiers of each package; what does not fit into a page is asked for again."""
    found: dict[Subject, list[str]] = {subject: [] for subject in subjects}
    left = [(subject, _question(subject, suite)) for subject in subjects]
    while left:
        now, left = left[:BATCH], left[BATCH:]
        results = asking(place, {"queries": [question for _, question in now]})["results"]
        if len(results) != len(now):
            raise ValueError(f"{len(results)} answers to {len(now)} questions")
        for (subject, question), result in zip(now, results, strict=True):
            found[subject] += [str(row["id"]) for row in result.get("vulns", ())]
            if token := result.get("next_page_token"):
                if token == question.get("page_token"):
                    raise ValueError("a page that follows itself")
                left.append((subject, {**question, "page_token": token}))
    return found


def _question(subject: Subject, suite: str) -> Asked:
    package = {"name": subject.name, "ecosystem": _ecosystem(subject, suite)}
    return {"package": package, "version": subject.version}


def _ecosystem(subject: Subject, suite: str) -> str:
    if subject.kind == "pip":
        return "PyPI"
    if suite not in RELEASES:
        raise AuditError(
            f"gradlock does not know OSV's name of Debian {suite}",
            where="variants.toml",
            mend=f"it knows {', '.join(RELEASES)}",
        )
    return f"Debian:{RELEASES[suite]}"


def _read(record: Mapping[str, Any], subject: Subject, suite: str) -> Iterator[Vulnerability]:
    """Read a record, as far as it is about a package: an advisory may be about several."""
    ours = (canonicalize_name(subject.name), _ecosystem(subject, suite))
    rows = [
        row
        for row in record["affected"]
        if (canonicalize_name(row["package"]["name"]), row["package"]["ecosystem"]) == ours
    ]
    least = ""
    for fix in (fix for row in rows for fix in _fixes(row, subject)):
        least = fix if not least or versions.older(subject.kind, fix, least) else least
    urgencies = {row.get("ecosystem_specific", {}).get("urgency", "") for row in rows}
    summary = record.get("summary") or record.get("details", "").partition("\n")[0]
    told = partial(
        Vulnerability,
        summary=str(summary),
        fixed=least,
        minor=not least and urgencies == {"unimportant"},
    )
    others = [str(name) for name in (*record.get("aliases", ()), *record.get("upstream", ()))]
    ids = sorted({str(record["id"]), *others})
    several = [name for name in ids if name.startswith("CVE-")]
    if len(several) > 1:  # by the advisory's name, who accepts one would accept all
        yield from (told((name,)) for name in several)
    else:
        yield told(tuple(ids))


def _fixes(row: Mapping[str, Any], subject: Subject) -> Iterator[str]:
    """Yield the versions after ours that end a range."""
    for span in row.get("ranges", ()):
        if span["type"] == "GIT":  # its events are commits
            continue
        for event in span["events"]:
            fixed = event.get("fixed")
            if fixed and versions.older(subject.kind, subject.version, fixed):
                yield fixed
