"""Policies: what cannot be met, or can be met by one alone twice, is none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from gradlock.errors import InputError
from gradlock.proof import keys, policy
from tests.unit.proof.conftest import policy_of


def test_it_names_keys_and_how_many_it_takes(
    tmp_path: Path, alice: CryptoSigner, bob: CryptoSigner
) -> None:
    found = policy_of(tmp_path, 2, alice=alice, bob=bob)
    assert found.need == 2
    assert {name: key.keyid for name, key in found.keys().items()} == {
        "alice": alice.public_key.keyid,
        "bob": bob.public_key.keyid,
    }


def test_a_key_counts_until_its_last_day(tmp_path: Path, alice: CryptoSigner) -> None:
    found = policy_of(tmp_path, 1, until="until = 2026-06-30", alice=alice)
    assert not found.expired("alice", date(2026, 6, 30))
    assert found.expired("alice", date(2026, 7, 1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "need = 1",
        "need = 1\n[keys]",
        "need = 0\n[keys.a]\npublic = '{key}'",
        "need = true\n[keys.a]\npublic = '{key}'",
        "need = 2\n[keys.a]\npublic = '{key}'",
        "need = 2\n[keys.a]\npublic = '{key}'\n[keys.b]\npublic = '{key}'",
        "needs = 1\n[keys.a]\npublic = '{key}'",
        "[keys.a]\npublic = 'AAAA'",
        "[keys.a]\npublic = 1",
        "[keys.a]",
        "[keys.a]\npublic = '{key}'\nuntil = 2027",
        "[keys.a]\npublic = '{key}'\nuntil = 2027-01-01T00:00:00",
        "[keys.a]\npublic = '{key}'\ntill = 2027-01-01",
        "keys = 1",
        "[keys",
    ],
)
def test_what_is_no_policy_is_told(tmp_path: Path, alice: CryptoSigner, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text.replace("{key}", keys.public(alice)))
    with pytest.raises(InputError, match="no policy"):
        policy.read(path)


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        policy.read(tmp_path / "absent.toml")
