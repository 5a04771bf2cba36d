"""The audit: each package once, each .deb by its source, and nothing passed without an answer."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gradlock.audit import answers, examination
from gradlock.errors import ArtifactError
from gradlock.inputs import variants
from gradlock.locks import freshness
from gradlock.locks.freshness import Locks
from gradlock.locks.pins import DebPin
from tests.unit.audit.recorded import Service, record


def sources(pins: Iterable[DebPin]) -> dict[str, tuple[str, str]]:
    return {pin.sha256: (pin.path.split("/")[-2], pin.version.rpartition(":")[2]) for pin in pins}


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch, project: object) -> list[Locks]:
    """Return the locks of two variants, whose .debs need not be fetched."""
    monkeypatch.setattr(examination, "sources_of", sources)
    return [freshness.read(row) for row in list(variants.load())[:2]]


def test_a_package_is_asked_about_once(service: Service, held: list[Locks]) -> None:
    taken = examination.take(held, "trixie")
    names = [query["package"]["name"] for query in service.asked]
    assert names.count("keras") == names.count("util-linux") == 1
    (keras,) = (one for one in taken.asked if one.name == "keras")
    assert keras.variants == tuple(locks.variant.name for locks in held)
    assert not taken.findings
    assert not taken.untold
    assert {pin.name for pin in held[0].debs} <= {name for _, name, _ in answers.known()}


def test_a_vulnerability_is_found(service: Service, held: list[Locks]) -> None:
    service.records["CVE-2026-1"] = record("CVE-2026-1", "keras", {"fixed": "99"})
    service.known["keras"] = ["CVE-2026-1"]
    (found,) = examination.take(held, "trixie").findings
    assert (found.subject.name, found.vulnerability.fixed) == ("keras", "99")
    assert {"CVE-2026-1"} in answers.known().values()


def test_what_cannot_be_asked_is_not_passed(service: Service, held: list[Locks]) -> None:
    service.fault = 500
    taken = examination.take(held, "trixie")
    assert taken.asked == ()
    (said,) = taken.untold
    assert said.startswith("Wheels and Debian packages are not audited. ")
    assert answers.known() == {}


def test_a_deb_that_cannot_be_had_leaves_the_wheels(
    service: Service, held: list[Locks], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: object) -> None:
        raise ArtifactError("no mirror")

    monkeypatch.setattr(examination, "sources_of", none)
    taken = examination.take(held, "trixie")
    assert {one.kind for one in taken.asked} == {"pip"}
    (said,) = taken.untold
    assert "No mirror" in said


def test_debians_tracker_is_asked_where_it_is_named(
    service: Service, held: list[Locks], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADLOCK_DEBIAN_TRACKER", f"{service.url}/tracker")
    row = {"status": "open", "urgency": "high"}
    service.tracker = {"zlib": {"CVE-2026-9": {"releases": {"trixie": row}}}}
    (found,) = examination.take(held, "trixie").findings
    assert found.subject.name == "zlib"
    assert {query["package"]["ecosystem"] for query in service.asked} == {"PyPI"}


def test_what_is_left_out_is_not_asked_about(service: Service, held: list[Locks]) -> None:
    taken = examination.take(held, "trixie", wheels=False)
    assert {one.kind for one in taken.asked} == {"apt"}
    assert examination.take(held, "trixie", wheels=False, debs=False).asked == ()
