"""Envelopes: a signature holds for what it signed, and for nothing else."""

from __future__ import annotations

import base64
import json

import pytest
from securesystemslib.signer import CryptoSigner

from gradlock.errors import ProofError
from gradlock.proof import envelope
from gradlock.proof.statement import Statement

SAID = Statement("gradlock/cpu", "sha256:" + "1" * 64, "urn:kind", {"a": 1})


def test_what_was_signed_is_known(alice: CryptoSigner, bob: CryptoSigner) -> None:
    known = {"alice": alice.public_key, "bob": bob.public_key}
    opened = envelope.open_(envelope.sign(SAID, alice), known, where="")
    assert opened == envelope.Opened(SAID, frozenset({"alice"}), ())


def test_the_same_key_signs_with_the_same_bytes(alice: CryptoSigner) -> None:
    assert envelope.sign(SAID, alice) == envelope.sign(SAID, alice)


def test_a_key_that_nobody_knows_does_not_count(alice: CryptoSigner, bob: CryptoSigner) -> None:
    data = envelope.sign(SAID, bob)
    opened = envelope.open_(data, {"alice": alice.public_key}, where="")
    assert not opened.signers
    assert "not in the policy" in opened.refused[0]


@pytest.mark.parametrize("part", ["payload", "payloadType", "sig"])
def test_what_was_changed_does_not_count(alice: CryptoSigner, part: str) -> None:
    told = json.loads(envelope.sign(SAID, alice))
    if part == "payload":
        other = Statement(SAID.name, SAID.subject, SAID.kind, {"a": 2})
        told["payload"] = base64.b64encode(other.data()).decode()
    elif part == "payloadType":
        told["payloadType"] = "text/plain"
    else:
        raw = bytearray(base64.b64decode(told["signatures"][0]["sig"]))
        raw[0] ^= 1
        told["signatures"][0]["sig"] = base64.b64encode(raw).decode()
    data = json.dumps(told).encode()
    if part == "payloadType":
        with pytest.raises(ProofError, match="holds no statement"):
            envelope.open_(data, {"alice": alice.public_key}, where="")
        return
    opened = envelope.open_(data, {"alice": alice.public_key}, where="")
    assert not opened.signers
    assert "broken" in opened.refused[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"payload": 1, "payloadType": "", "signatures": []}',
        b'{"payload": "", "payloadType": "", "signatures": [{}]}',
        b'{"payload": "", "payloadType": "", "signatures": [{"keyid": "1", "sig": "\xc3\xa4"}]}',
    ],
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        envelope.open_(data, {}, where="")
