"""Receipts: what has passed here counts; what passed elsewhere, if somebody trusted signed it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from securesystemslib.signer import CryptoSigner

from gradlock.engine.engine import Engine
from gradlock.images.image import Image
from gradlock.inside import suites
from gradlock.inside.settings import Settings
from gradlock.proof import rebuilding, receipts
from gradlock.proof.receipts import Run
from gradlock.proof.statement import Statement
from gradlock.proof.verification import Target
from gradlock.registry import team
from tests.unit.proof.conftest import policy_of
from tests.unit.registry.loopback import Registry

SMOKE = Run("smoke", gpu=False)


def engine(**info: Any) -> Engine:
    client = mock.Mock()
    told = {"ID": "one", "Architecture": "x86_64", "ServerVersion": "1", "Runtimes": {}}
    client.info.return_value = {**told, **info}
    return Engine(client, "tcp://there", private=False)


@pytest.fixture
def claim(built: Image) -> Statement:
    return receipts.claim(engine(), built.id, SMOKE)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(receipts.VARIABLE, raising=False)
    monkeypatch.delenv(team.VARIABLE, raising=False)
    monkeypatch.setattr(team, "WAITS", ())


def test_what_a_receipt_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image, the suite and how it is run, its tests, the machine, and the engine."""
    first = receipts.claim(engine(), "sha256:1", SMOKE)
    assert receipts.claim(engine(), "sha256:1", SMOKE) == first
    made = [
        first,
        receipts.claim(engine(), "sha256:2", SMOKE),
        receipts.claim(engine(), "sha256:1", Run("gradients", gpu=False)),
        receipts.claim(engine(), "sha256:1", Run("gradients", gpu=False, tier="all")),
        receipts.claim(engine(), "sha256:1", dataclasses.replace(SMOKE, gpu_required=True)),
        receipts.claim(
            engine(), "sha256:1", dataclasses.replace(SMOKE, settings=Settings(threads=1))
        ),
        receipts.claim(engine(ServerVersion="2"), "sha256:1", SMOKE),
        receipts.claim(engine(ID="two"), "sha256:1", SMOKE),
        receipts.claim(engine(Runtimes={"nvidia": {}}), "sha256:1", Run("smoke", gpu=True)),
    ]
    monkeypatch.setattr(suites, "code", lambda _: "other tests")
    made.append(receipts.claim(engine(), "sha256:1", SMOKE))
    assert len({one.data() for one in made}) == len(made)


def test_what_has_passed_here_is_proven(claim: Statement, built: Image) -> None:
    assert receipts.proven(claim, built) == ""
    receipts.note(claim)
    assert receipts.proven(claim, built) == "here"
    assert receipts.of_image(built.id) == [claim]
    assert receipts.of_image("sha256:1") == []


def test_one_that_was_cut_short_counts_for_nothing(
    claim: Statement, built: Image, own_store: Path
) -> None:
    receipts.note(claim)
    (path,) = (own_store / "receipts").iterdir()
    path.write_bytes(claim.data()[:40])
    assert receipts.proven(claim, built) == ""
    assert receipts.of_image(built.id) == []


def test_one_under_the_name_of_another_counts_for_nothing(
    claim: Statement, built: Image, own_store: Path
) -> None:
    receipts.note(receipts.claim(engine(), built.id, Run("gradients", gpu=False)))
    (path,) = (own_store / "receipts").iterdir()
    receipts.note(claim)
    (own,) = set((own_store / "receipts").iterdir()) - {path}
    own.write_bytes(path.read_bytes())
    assert receipts.proven(claim, built) == ""
    assert len(receipts.of_image(built.id)) == 1


@pytest.fixture
def elsewhere(
    target: Target,
    claim: Statement,
    registry: Registry,
    alice: CryptoSigner,
    monkeypatch: pytest.MonkeyPatch,
) -> Registry:
    """Have the team's cache hold a receipt that another machine has signed."""
    rebuilding.attach(target, [claim], alice)
    monkeypatch.setenv(team.VARIABLE, str(registry.place))
    return registry


def trust(
    monkeypatch: pytest.MonkeyPatch, folder: Path, need: int = 1, /, **signers: CryptoSigner
) -> None:
    monkeypatch.setenv(receipts.VARIABLE, str(policy_of(folder, need, **signers).path))


def test_what_somebody_trusted_has_signed_is_proven_and_then_known_here(
    elsewhere: Registry,
    claim: Statement,
    built: Image,
    alice: CryptoSigner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(monkeypatch, tmp_path, alice=alice)
    assert receipts.proven(claim, built) == "signed by alice"
    elsewhere.asked.clear()
    assert receipts.proven(claim, built) == "here"
    assert not elsewhere.asked


def test_it_proves_nothing_else(
    elsewhere: Registry,
    built: Image,
    alice: CryptoSigner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(monkeypatch, tmp_path, alice=alice)
    other = receipts.claim(engine(ServerVersion="2"), built.id, SMOKE)
    assert receipts.proven(other, built) == ""


@pytest.mark.usefixtures("elsewhere")
def test_without_enough_who_are_trusted_it_proves_nothing(
    claim: Statement,
    built: Image,
    alice: CryptoSigner,
    bob: CryptoSigner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert receipts.proven(claim, built) == ""  # nobody is trusted
    trust(monkeypatch, tmp_path, bob=bob)
    assert receipts.proven(claim, built) == ""
    trust(monkeypatch, tmp_path, 2, alice=alice, bob=bob)
    assert receipts.proven(claim, built) == ""


def test_a_cache_that_is_gone_costs_a_line(
    claim: Statement,
    built: Image,
    pin: object,
    alice: CryptoSigner,
    tmp_path: Path,
    docker_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trust(monkeypatch, tmp_path, alice=alice)
    monkeypatch.setenv(team.VARIABLE, "127.0.0.1:9/team/gradlock")
    assert receipts.proven(claim, built) == ""
    assert "testing here" in capsys.readouterr().err
