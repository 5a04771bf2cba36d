"""The snapshot of conda-forge: what it ships is what its README and its date say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradlock.locks.resolve import snapshot


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All records by file name, from every platform."""
    folder = tmp_path_factory.mktemp("snapshot")
    snapshot.unpack(folder)
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*/repodata.json")):
        repodata = json.loads(path.read_text())
        for name, record in {**repodata["packages"], **repodata["packages.conda"]}.items():
            assert record["subdir"] == path.parent.name
            found[f"{path.parent.name}/{name}"] = record
    return found


def test_every_record_has_a_sha256(records: dict[str, dict[str, Any]]) -> None:
    assert len(records) == 10_782
    assert all(len(record["sha256"]) == 64 for record in records.values())


def test_the_date_is_that_of_the_newest_record(records: dict[str, dict[str, Any]]) -> None:
    stamps = [record["timestamp"] for record in records.values() if "timestamp" in record]
    newest = max(stamp / 1000 if stamp > 1e11 else stamp for stamp in stamps)
    assert datetime.fromtimestamp(newest, UTC).date().isoformat() == snapshot.DATE


def test_the_readme_tells_the_date_and_the_platforms() -> None:
    text = (Path(snapshot.__file__).parent / "snapshot" / "README.md").read_text()
    assert snapshot.DATE in text
    assert snapshot.subdirs() == ("linux-64", "linux-aarch64", "noarch")
    assert all(subdir in text for subdir in snapshot.subdirs())


def test_what_another_platform_lacks_is_what_it_has_no_record_of(
    records: dict[str, dict[str, Any]],
) -> None:
    held = {
        subdir: {r["name"] for r in records.values() if r["subdir"] == subdir}
        for subdir in snapshot.subdirs()
    }
    names = sorted(set().union(*held.values()) | {"no-such-package"})
    found = snapshot.lacking(names, "linux-aarch64")
    assert set(found) == held["linux-64"] - held["linux-aarch64"] - held["noarch"]
    assert "tini" in found
    assert {"git", "python", "no-such-package"}.isdisjoint(found)
    assert snapshot.lacking(names, "linux-64") == ()
