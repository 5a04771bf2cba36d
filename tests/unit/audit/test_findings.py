"""Findings: one name each, one record of several, one upgrade for all."""

from __future__ import annotations

from gradlock.audit import findings
from gradlock.audit.findings import Vulnerability


def test_a_vulnerability_is_called_by_cves_name() -> None:
    assert Vulnerability(("CVE-2026-1", "BIT-1", "GHSA-1")).id == "CVE-2026-1"
    assert Vulnerability(("PYSEC-1", "GHSA-1")).id == "GHSA-1"


def test_records_that_share_a_name_with_a_third_are_one() -> None:
    chain = [Vulnerability(("a",)), Vulnerability(("b",), "said"), Vulnerability(("a", "b"), "")]
    assert findings.merged("pip", chain) == (Vulnerability(("a", "b"), "said"),)


def test_one_upgrade_mends_all_that_can_be() -> None:
    fixes = [Vulnerability((name,), fixed=name) for name in ("3.9", "3.10", "3.2")]
    assert findings.upgrade("pip", [*fixes, Vulnerability(("open",))]) == "3.10"
    assert findings.upgrade("pip", [Vulnerability(("open",))]) == ""


def test_of_two_fixes_of_one_the_later_mends_it() -> None:
    told = [Vulnerability(("a",), fixed="3.9"), Vulnerability(("a",), fixed="3.10")]
    (one,) = findings.merged("pip", told)
    assert one.fixed == "3.10"
