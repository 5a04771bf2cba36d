"""Keys: written once, for their owner alone, and read as what they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gradlock.errors import InputError
from gradlock.proof import keys


def test_a_key_is_read_as_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "me.pem"
    made = keys.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.public(keys.load(path)) == keys.public(made)
    assert keys.read(keys.public(made)).keyid == made.public_key.keyid


def test_a_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    keys.make(tmp_path / "me.pem")
    before = (tmp_path / "me.pem").read_bytes()
    with pytest.raises(FileExistsError):
        keys.make(tmp_path / "me.pem")
    assert (tmp_path / "me.pem").read_bytes() == before


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    path = tmp_path / "me.pem"
    with pytest.raises(InputError, match="cannot be read"):
        keys.load(path)
    path.touch(0o600)
    with pytest.raises(InputError, match="holds no private key"):
        keys.load(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(InputError, match="kind ed25519"):
        keys.load(path)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    keys.make(tmp_path / "me.pem")
    (tmp_path / "me.pem").chmod(0o644)
    with pytest.raises(InputError, match="other users may read"):
        keys.load(tmp_path / "me.pem")


@pytest.mark.parametrize("text", ["", "AAAA", "no key!", "ä"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the libraries say
        keys.read(text)
