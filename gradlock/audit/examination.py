"""An audit: the packages of some variants, what services know of them, and what could not be told.

Nothing is passed that was not answered for: a package without an answer is no package without
vulnerabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from packaging.utils import canonicalize_name

from gradlock.artifacts import fetcher, network
from gradlock.audit import answers, osv, tracker
from gradlock.audit.answers import Key
from gradlock.audit.findings import Finding, Subject, Vulnerability
from gradlock.errors import ArtifactError, AuditError, GradlockError
from gradlock.layers import deb
from gradlock.locks.freshness import Locks
from gradlock.locks.pins import DebPin

Pins = dict[Subject, list[Key]]
Service = Callable[
    [httpx.Client, network.Stop, Sequence[Subject], str], dict[Subject, tuple[Vulnerability, ...]]
]


@dataclass(frozen=True)
class Audit:
    """What was found, minor or not, and why the rest is not told.

    `asked` are the packages that were answered for.
    """

    asked: tuple[Subject, ...]
    findings: tuple[Finding, ...]
    untold: tuple[str, ...]


def take(held: Sequence[Locks], suite: str, wheels: bool = True, debs: bool = True) -> Audit:
    """Ask about the packages of some variants' locks; what is answered is kept for `diff`."""
    untold: list[str] = []
    pins: Pins = {}
    told: dict[Subject, tuple[Vulnerability, ...]] = {}
    asked = {"Wheels": _wheels(held) if wheels else {}}
    try:
        asked["Debian packages"] = _debs(held) if debs else {}
    except ArtifactError as error:
        untold.append(_untold(["Debian packages"], error))
    # What is for one service goes in one question: one that is silent costs its patience once.
    shares: dict[Service, list[str]] = {}
    for name in asked:
        by_tracker = name != "Wheels" and tracker.named()
        shares.setdefault(tracker.ask if by_tracker else osv.ask, []).append(name)
    with network.client() as client:
        for service, names in shares.items():
            share = {one: keys for name in names for one, keys in asked[name].items()}
            if not share:
                continue
            try:
                told.update(service(client, network.Stop(), tuple(share), suite))
                pins.update(share)
            except AuditError as error:
                untold.append(_untold([name for name in names if asked[name]], error))
    if told:
        answers.note(told, pins)
    findings = [Finding(one, each) for one, found in told.items() for each in found]
    findings.sort(key=lambda one: (one.subject.kind, one.subject.name, one.vulnerability.id))
    return Audit(tuple(told), tuple(findings), tuple(untold))


def _untold(names: Sequence[str], error: GradlockError) -> str:
    said = str(error)
    return f"{' and '.join(names)} are not audited. {said[0].upper()}{said[1:]}"


def _wheels(held: Sequence[Locks]) -> Pins:
    """Return the wheels of some locks."""
    rows = [
        ("pip", canonicalize_name(pin.name), pin.version, ("pip", pin.name, pin.version), locks)
        for locks in held
        for pin in locks.wheels
    ]
    return _subjects(rows)


def _debs(held: Sequence[Locks]) -> Pins:
    """Return the sources of the .debs of some locks, which the .debs themselves name."""
    pins = {pin.sha256: pin for locks in held for pin in locks.debs}
    sources = sources_of(pins.values())
    rows = [
        ("apt", *sources[pin.sha256], ("apt", pin.name, pin.version), locks)
        for locks in held
        for pin in locks.debs
    ]
    return _subjects(rows)


def sources_of(pins: Iterable[DebPin]) -> Mapping[str, tuple[str, str]]:
    """Return the name and version of the source of each .deb, by its sha256.

    Raises:
        ArtifactError: one cannot be had, or read.

    """
    files: Mapping[str, Path] = fetcher.fetch(pins)
    return {sha256: deb.source(path) for sha256, path in files.items()}


def _subjects(rows: Iterable[tuple[str, str, str, Key, Locks]]) -> Pins:
    """Return one subject for each package at a version, with the pins that it stands for."""
    found: dict[tuple[str, str, str], tuple[dict[Key, None], dict[str, None]]] = {}
    for kind, name, version, pin, locks in rows:
        pins, variants = found.setdefault((kind, name, version), ({}, {}))
        pins[pin] = variants[locks.variant.name] = None
    return {
        Subject(*key, tuple(sorted({pin[1] for pin in pins})), tuple(variants)): list(pins)
        for key, (pins, variants) in found.items()
    }
