"""Keys that sign: ed25519, the private one in a file that only its owner reads."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, SSlibKey

from gradlock.errors import InputError

#: The permissions of a private key's file.
MODE = 0o600


def make(path: Path) -> CryptoSigner:
    """Write a new private key, and return it; a file that is there is never written over.

    Raises:
        FileExistsError: there is one.

    """
    signer = CryptoSigner.generate_ed25519()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with os.fdopen(descriptor, "wb") as sink:
        sink.write(signer.private_bytes)
    return signer


def load(path: Path) -> CryptoSigner:
    """Return the private key in a file.

    Raises:
        InputError: there is none in it, it is of another kind, or others may read it.

    """
    mend = f"./inv key {path} makes one where there is no file"
    try:
        data = path.read_bytes()
        shared = path.stat().st_mode & 0o077
    except OSError as error:
        raise InputError(
            f"the key cannot be read: {error.strerror}", where=str(path), mend=mend
        ) from error
    if shared:
        raise InputError(
            "other users may read the private key", where=str(path), mend=f"chmod 600 {path}"
        )
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise InputError(
            "it holds no private key without a password, as PEM", where=str(path), mend=mend
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("the key is not of the kind ed25519", where=str(path), mend=mend)
    return CryptoSigner(key)


def public(signer: CryptoSigner) -> str:
    """Return the public key of a private one, as policies have it: base64 of its 32 bytes."""
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    return base64.b64encode(raw).decode()


def read(text: str) -> SSlibKey:
    """Return the public key that a policy writes.

    Raises:
        ValueError: it is none.

    """
    raw = base64.b64decode(text, validate=True)
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(raw))
