"""Findings: what is known to be bad is worse than what is not known."""

from __future__ import annotations

from gradlock.doctor.findings import Severity, broken, fine, unseen, warning


def test_the_worst_is_the_greatest() -> None:
    made = [fine("a"), unseen("b"), warning("c", "why", "mend"), broken("d", "why", "mend")]
    assert [row.severity for row in sorted(made, key=lambda row: row.severity)] == list(Severity)
    assert [str(kind) for kind in Severity] == ["fine", "not seen", "warning", "broken"]
