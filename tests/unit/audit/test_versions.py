"""Versions: Debian's order is dpkg's own."""

from __future__ import annotations

import itertools
import shutil
import subprocess

import pytest

from gradlock.audit import versions

#: In Debian's order, as deb-version(7) gives it.
ORDERED = [
    *("0~~", "0~~a", "0~", "0", "0a", "0a1", "0+b1", "0.1", "1.0~rc1-1", "1.0~rc1-1+b1", "1.0-1"),
    *(
        "1.0-1+b2",
        "1.0-1+deb13u1",
        "1.0-1+deb13u2",
        "1.0-1+deb13u10",
        "1.0-2",
        "1.0a-1",
        "1.0+dfsg-1",
    ),
    *("1.0.1-1", "1.0-1-1", "9-1", "10-1", "1:0.1-1", "1:1.0-1", "2:0-1"),
]
PAIRS = list(itertools.combinations(ORDERED, 2))


@pytest.mark.skipif(not shutil.which("dpkg"), reason="this machine has no dpkg to compare with")
def test_debian_orders_as_dpkg_does() -> None:
    for one, other in itertools.islice(PAIRS, 0, None, 5):
        said = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False)
        assert versions.older("apt", one, other) == (said.returncode == 0), (one, other)


@pytest.mark.parametrize("version", ORDERED)
def test_nothing_is_older_than_itself(version: str) -> None:
    assert not versions.older("apt", version, version)


def test_of_two_versions_one_is_older() -> None:
    for one, other in PAIRS:
        assert versions.older("apt", one, other) != versions.older("apt", other, one)


def test_a_revision_that_is_none_is_a_zero() -> None:
    assert not versions.older("apt", "1.0", "1.0-0")
    assert not versions.older("apt", "1.0-0", "1.0")


def test_python_has_rules_of_its_own() -> None:
    assert versions.older("pip", "2.0rc1", "2.0")
    assert versions.older("pip", "2.0", "2.0.post1")
    assert versions.newest("pip", ["3.9", "3.10", "3.2"]) == "3.10"


@pytest.mark.parametrize("kind", ["pip", "apt"])
def test_what_is_no_version_is_no_older_one(kind: str) -> None:
    with pytest.raises(ValueError, match="ersion"):
        versions.older(kind, "no version", "1.0")
