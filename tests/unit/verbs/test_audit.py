"""The verb `audit`: its table, its statuses, and what mends what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.audit import examination
from gradlock.audit.examination import Audit
from gradlock.audit.findings import Finding, Subject, Vulnerability
from gradlock.inputs import variants
from gradlock.locks import freshness
from gradlock.verbs.audit import UNTOLD, audit
from tests.unit.audit.recorded import CURL, KERAS

TENSORFLOW = Subject("pip", "tensorflow-cpu", "2.21.0", ("tensorflow-cpu",), ("cpu",))
FOUND = (
    Finding(CURL, Vulnerability(("CVE-2026-2",), fixed="8.14.1-2+deb13u1")),
    Finding(CURL, Vulnerability(("CVE-2026-3",), minor=True)),
    Finding(KERAS, Vulnerability(("CVE-2026-1",), fixed="3.14.1")),
    Finding(KERAS, Vulnerability(("CVE-2026-5",), fixed="3.15.0")),
    Finding(TENSORFLOW, Vulnerability(("CVE-2026-6",), fixed="2.21.1")),
)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch, project: Path) -> dict[str, Audit]:
    """Have the services answer what the test says under `is`."""
    answer = {"is": Audit((KERAS, CURL), (), ())}
    monkeypatch.setattr(examination, "take", lambda *_: answer["is"])
    return answer


def test_nothing_found_is_well(taken: dict[str, Audit], capsys: pytest.CaptureFixture[str]) -> None:
    audit.body(Context(), channel="debian")
    assert "audited 1 wheels and 1 sources" in capsys.readouterr().out


def test_what_is_found_is_shown_with_what_mends_it(
    taken: dict[str, Audit], capsys: pytest.CaptureFixture[str]
) -> None:
    taken["is"] = Audit((KERAS, CURL, TENSORFLOW), FOUND, ())
    with pytest.raises(Exit, match="4 known vulnerabilities are not accepted") as caught:
        audit.body(Context(), channel="debian")
    assert caught.value.code == 1
    shown = capsys.readouterr().out
    assert "./inv lock --update keras==3.15.0\n" in shown
    assert "./inv lock --update libcurl4t64\n" in shown
    assert 'tensorflow = "2.21.1" in variants.toml' in shown
    assert "CVE-2026-3" not in shown
    assert "1 that Debian rates as minor" in shown


def test_what_is_accepted_is_lived_with(taken: dict[str, Audit], project: Path) -> None:
    taken["is"] = Audit((KERAS, CURL), FOUND[2:3], ())
    (project / "audit.toml").write_text(
        '[[accept]]\nid = "CVE-2026-1"\npackage = "keras"\nreason = "x"\nexpires = 9999-01-01\n'
    )
    audit.body(Context(), channel="debian")
    taken["is"] = Audit((KERAS, CURL), (), ())
    with pytest.raises(Exit, match="the package does not have it"):
        audit.body(Context(), channel="debian")


def test_what_cannot_be_told_has_a_status_of_its_own(taken: dict[str, Audit]) -> None:
    taken["is"] = Audit((KERAS,), (), ("Debian packages are not audited.",))
    with pytest.raises(Exit, match="are not audited") as caught:
        audit.body(Context(), channel="debian")
    assert caught.value.code == UNTOLD
    taken["is"] = Audit((KERAS,), FOUND[2:3], ("Debian packages are not audited.",))
    with pytest.raises(Exit, match="are not audited") as caught:
        audit.body(Context(), channel="debian")
    assert caught.value.code == 1


def test_conda_packages_are_not_passed(
    taken: dict[str, Audit], capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them are named to a program, once for all variants, and some to a person."""
    locked = {
        (pin.name, pin.version, row.name)
        for row in variants.load().plain
        for pin in freshness.read(row).condas
    }
    with pytest.raises(Exit, match=r"conda packages are not audited.*_openmp_mutex") as caught:
        audit.body(Context(), all=True, channel="conda-forge", json_=True)
    assert caught.value.code == UNTOLD
    told = json.loads(capsys.readouterr().out)["unaudited"]
    assert {(row["name"], row["version"], of) for row in told for of in row["variants"]} == locked
    assert len({(row["name"], row["version"]) for row in told}) == len(told)
    assert f"{len(told)} conda packages" in str(caught.value.message)


def test_an_image_without_conda_packages_leaves_none_out(
    taken: dict[str, Audit], capsys: pytest.CaptureFixture[str]
) -> None:
    audit.body(Context(), channel="debian", json_=True)
    assert json.loads(capsys.readouterr().out)["unaudited"] == []


def test_a_program_reads_all_of_it(
    taken: dict[str, Audit], capsys: pytest.CaptureFixture[str]
) -> None:
    taken["is"] = Audit((KERAS, CURL), FOUND, ("Something is not audited.",))
    with pytest.raises(Exit):
        audit.body(Context(), channel="debian", json_=True)
    told = json.loads(capsys.readouterr().out)
    assert [one["ids"] for one in told["minor"]] == [["CVE-2026-3"]]
    assert len(told["found"]) == 4
    assert told["untold"] == ["Something is not audited."]


def test_an_audit_of_nothing_is_none(taken: dict[str, Audit]) -> None:
    with pytest.raises(Exit, match="nothing is left to audit"):
        audit.body(Context(), wheels=False, debs=False)
