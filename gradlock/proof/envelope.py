"""Signed statements: envelopes by DSSE's form, which sign the kind of the payload, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, SSlibKey

from gradlock.errors import ProofError
from gradlock.images.config import to_json
from gradlock.proof import statement
from gradlock.proof.statement import Statement

KIND = "application/vnd.dsse.envelope.v1+json"


@dataclass(frozen=True)
class Opened:
    """What an envelope holds, the names of those who signed it, and why others do not count."""

    statement: Statement
    signers: frozenset[str]
    refused: tuple[str, ...]


def sign(said: Statement, signer: CryptoSigner) -> bytes:
    """Return a statement, signed; the same key signs the same statement with the same bytes."""
    envelope = Envelope(said.data(), statement.KIND, {})
    envelope.sign(signer)
    return to_json(envelope.to_dict())


def open_(data: bytes, keys: Mapping[str, SSlibKey], *, where: str) -> Opened:
    """Return what an envelope holds, and which of some keys, by their names, have signed it.

    Raises:
        ProofError: it is no envelope, or holds no statement.

    """
    try:
        envelope = Envelope.from_dict(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, FormatError) as error:
        raise ProofError(
            f"what should be a signed statement is none: {type(error).__name__}: {error}",
            where=where,
            mend="have it signed and pushed again",
        ) from error
    if envelope.payload_type != statement.KIND:
        raise ProofError(f"it holds no statement, but {envelope.payload_type}", where=where)
    names = {key.keyid: name for name, key in keys.items()}
    signers, refused = set(), []
    for keyid, signature in envelope.signatures.items():
        name = names.get(keyid)
        if name is None:
            refused.append(f"the key {keyid[:12]} is not in the policy")
            continue
        try:
            keys[name].verify_signature(signature, envelope.pae())
            signers.add(name)
        except UnverifiedSignatureError:
            refused.append(f"the signature of {name} is broken: what it signed was changed")
    said = statement.read(envelope.payload, where=where)
    return Opened(said, frozenset(signers), tuple(refused))
