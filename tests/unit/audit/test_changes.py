"""Exposures: told of what was audited on both sides, and of nothing else."""

from __future__ import annotations

from gradlock.audit import changes
from gradlock.audit.answers import Key
from gradlock.locks.diff import Change, Package

OLD, NEW = Package("pip", "keras", "3.14", "a"), Package("pip", "keras", "3.15", "b")
MOVED = Change("pip", "keras", OLD, NEW, ("cpu",))
KNOWN: dict[Key, frozenset[str]] = {
    ("pip", "keras", "3.14"): frozenset({"CVE-2026-1", "CVE-2026-2"}),
    ("pip", "keras", "3.15"): frozenset({"CVE-2026-2", "CVE-2026-3"}),
}


def told(change: Change, known: dict[Key, frozenset[str]]) -> list[tuple[str, str]]:
    return [(one.what, one.id) for one in changes.between([change], known).changes]


def test_an_upgrade_closes_and_opens() -> None:
    assert told(MOVED, KNOWN) == [("closed", "CVE-2026-1"), ("opened", "CVE-2026-3")]


def test_what_is_removed_has_none_and_what_is_added_had_none() -> None:
    removed = Change("pip", "keras", OLD, None, ("cpu",))
    added = Change("pip", "keras", None, NEW, ("cpu",))
    assert {what for what, _ in told(removed, KNOWN)} == {"closed"}
    assert {what for what, _ in told(added, KNOWN)} == {"opened"}


def test_of_what_one_side_was_not_audited_nothing_is_told() -> None:
    for missing in KNOWN:
        found = changes.between([MOVED], {key: KNOWN[key] for key in KNOWN if key != missing})
        assert (found.changes, found.untold) == ((), 1)


def test_nobody_audits_the_tools() -> None:
    tool = Change("tool", "uv", Package("tool", "uv", "1", ""), None, ("tools",))
    assert changes.between([tool], {}) == changes.Exposures()
