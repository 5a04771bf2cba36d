"""OSV: what is asked, and what its records say of our version."""

from __future__ import annotations

import pytest

from gradlock.artifacts import network
from gradlock.audit import osv
from gradlock.audit.findings import Subject, Vulnerability
from gradlock.errors import AuditError
from tests.unit.audit.recorded import CURL, KERAS, Service, record

Found = dict[Subject, tuple[Vulnerability, ...]]


def ask(*subjects: Subject, suite: str = "trixie") -> Found:
    with network.client() as client:
        return osv.ask(client, network.Stop(), subjects, suite)


def test_packages_are_asked_for_as_the_service_counts_them(service: Service) -> None:
    assert ask(KERAS, CURL) == {KERAS: (), CURL: ()}
    assert service.asked == [
        {"package": {"name": "keras", "ecosystem": "PyPI"}, "version": "3.14.0"},
        {"package": {"name": "curl", "ecosystem": "Debian:13"}, "version": "8.14.1-2"},
    ]


def test_the_least_version_after_ours_mends_it(service: Service) -> None:
    old = [{"introduced": "0"}, {"fixed": "2.1"}]
    ours = [{"introduced": "3.0"}, {"fixed": "3.14.2"}, {"introduced": "4.0"}, {"fixed": "4.0.1"}]
    service.records["GHSA-1"] = record("GHSA-1", "Keras", *old, *ours, aliases=["CVE-2026-1"])
    service.known["keras"] = ["GHSA-1"]
    (found,) = ask(KERAS)[KERAS]
    assert (found.id, found.fixed, found.ids) == ("CVE-2026-1", "3.14.2", ("CVE-2026-1", "GHSA-1"))


def test_what_two_databases_know_is_one(service: Service) -> None:
    service.records["GHSA-1"] = record("GHSA-1", "keras", aliases=["CVE-2026-1"])
    service.records["PYSEC-1"] = record(
        "PYSEC-1", "keras", {"introduced": "0"}, {"fixed": "3.15"}, aliases=["CVE-2026-1"]
    )
    service.known["keras"] = ["GHSA-1", "PYSEC-1"]
    (found,) = ask(KERAS)[KERAS]
    assert found.fixed == "3.15"
    assert found.ids == ("CVE-2026-1", "GHSA-1", "PYSEC-1")


def test_a_second_page_is_asked_for(service: Service) -> None:
    for name in ("CVE-2026-1", "CVE-2026-2"):
        service.records[name] = record(name, "keras", {"introduced": "0"})
    service.known["keras"], service.paged["keras"] = ["CVE-2026-1"], ["CVE-2026-2"]
    assert [one.id for one in ask(KERAS)[KERAS]] == ["CVE-2026-1", "CVE-2026-2"]


def test_what_was_withdrawn_is_none(service: Service) -> None:
    service.records["GHSA-1"] = record("GHSA-1", "keras", withdrawn="2026-01-01T00:00:00Z")
    service.known["keras"] = ["GHSA-1"]
    assert ask(KERAS) == {KERAS: ()}


def test_a_fix_of_another_suite_mends_nothing(service: Service) -> None:
    row = record("DEBIAN-CVE-2026-3", "curl", {"introduced": "0"}, ecosystem="Debian:13")
    other = record("x", "curl", {"introduced": "0"}, {"fixed": "9-1"}, ecosystem="Debian:14")
    row["affected"] += other["affected"]
    service.records["DEBIAN-CVE-2026-3"] = {**row, "upstream": ["CVE-2026-3"]}
    service.known["curl"] = ["DEBIAN-CVE-2026-3"]
    (found,) = ask(CURL)[CURL]
    assert (found.id, found.fixed, found.minor) == ("CVE-2026-3", "", False)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (500, "the server answers 500"),
        (404, "the server answers 404"),
        ("silent", "ReadTimeout"),
        ("truncated", "no JSON, or half of it"),
        ("strange", "not its own"),
        ("short", "0 answers to 1 questions"),
    ],
)
def test_an_answer_that_tells_nothing_is_an_error(
    service: Service, fault: int | str, said: str
) -> None:
    service.fault = fault
    with pytest.raises(AuditError, match=said) as caught:
        ask(KERAS)
    assert service.url in caught.value.where


def test_a_suite_that_the_service_counts_in_no_way_we_know_is_refused(service: Service) -> None:
    with pytest.raises(AuditError, match="OSV's name of Debian sid"):
        ask(CURL, suite="sid")
    assert not service.asked


def test_an_advisory_of_several_is_told_one_by_one(service: Service) -> None:
    names = ["CVE-2026-1", "CVE-2026-2"]
    row = {"ecosystem": "Debian:13", "upstream": names}
    fixed = [{"introduced": "0"}, {"fixed": "8.14.1-2+deb13u1"}]
    service.records["DSA-1-1"] = record("DSA-1-1", "curl", *fixed, **row)
    one = record("DEBIAN-CVE-2026-1", "curl", ecosystem="Debian:13", upstream=names[:1])
    service.records["DEBIAN-CVE-2026-1"] = one
    service.known["curl"] = ["DSA-1-1", "DEBIAN-CVE-2026-1"]
    found = ask(CURL)[CURL]
    assert [one.id for one in found] == names
    assert {one.fixed for one in found} == {"8.14.1-2+deb13u1"}


@pytest.mark.parametrize(("fixed", "minor"), [([], True), ([{"fixed": "9-1"}], False)])
def test_what_debian_rates_low_is_minor_until_it_is_fixed(
    service: Service, fixed: list[dict[str, str]], minor: bool
) -> None:
    affected = {"ecosystem_specific": {"urgency": "unimportant"}}
    told = record("CVE-2026-7", "curl", *fixed, ecosystem="Debian:13", affected=affected)
    service.records["CVE-2026-7"], service.known["curl"] = told, ["CVE-2026-7"]
    (found,) = ask(CURL)[CURL]
    assert found.minor == minor
