"""The benchmark's table: each row beside its peer, and held to its budget."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from benchmarks import images, plain, report
from benchmarks.registry import registry
from benchmarks.report import Row
from gradlock import store
from gradlock.errors import RegistryError
from gradlock.inputs import variants
from gradlock.locks import lockfile, paths
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.resolve import pip
from tests import registries

ROWS = [
    Row("image, artifacts cached", 60.0, 0.6, "docker build", 50.0, core_seconds=100.0),
    Row("image, nothing to do", 1.0, 2.0),
    Row("memory of a build", 1.6, 1.5, unit="GB"),
]


def test_a_row_over_its_budget_says_why() -> None:
    heads, rule, *rows = report.markdown(ROWS, 2).splitlines()
    assert heads.count("|") == rule.count("|")
    assert rows == [
        "| image, artifacts cached | 60.0 s | 100 | docker build | 50.0 s | 1.20 | 0.6 "
        "| 100 core-s take 50 s at least on 2 cores |",
        "| image, nothing to do | 1.0 s |  |  |  |  | 2 s |  |",
        "| memory of a build | 1.6 GB |  |  |  |  | 1.5 GB | over |",
    ]


def test_budgets_bound_a_ratio_where_there_is_a_peer() -> None:
    assert [row.kept for row in ROWS] == [False, True, False]
    assert report.grid(ROWS, caption="").row_count == len(ROWS)


def test_wheels_are_served_as_they_are(tmp_path: Path) -> None:
    wheel = tmp_path / "six-1.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    with plain.served({wheel.name: wheel}) as url, httpx.Client(trust_env=False) as client:
        assert wheel.name in client.get(url).text
        assert client.get(url + wheel.name).content == b"a wheel"
        assert client.get(url + "other.whl").status_code == httpx.codes.NOT_FOUND


def test_without_a_registry_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registries, "PROGRAM", None)
    with pytest.raises(RegistryError, match="no registry here"):
        next(registry(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_bump_moves_one_pin_of_a_checkouts_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = WheelPin(images.BUMP.name, images.BUMP.version, "0" * 64)
    monkeypatch.setattr(pip, "locate", lambda *_: (Wheel(moved, "x.whl"),))
    ours = paths.pip(variants.load().cpu)
    theirs = tmp_path / ours.relative_to(store.ROOT)
    theirs.parent.mkdir()
    shutil.copy(ours, theirs)
    images.bump(tmp_path)
    before, after = (set(lockfile.parse_wheels(lockfile.read(path))) for path in (ours, theirs))
    assert after - before == {moved}
    assert {pin.name for pin in before - after} == {moved.name}
