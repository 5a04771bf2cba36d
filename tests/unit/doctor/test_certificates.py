"""Issuers: named from a certificate that nobody trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="it makes certificates, and is not locked for all hosts")

from gradlock.doctor import certificates
from tests.unit.doctor import secured


def test_the_issuer_is_named_from_the_bytes(tmp_path: Path) -> None:
    bundle, _ = secured.made(tmp_path)
    data = ssl.PEM_cert_to_DER_cert(bundle.read_text())
    assert certificates.named(data) == f"{secured.ORGANIZATION}, {secured.NAME}"


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_cut_certificate_is_none(tmp_path: Path, cut: int) -> None:
    bundle, _ = secured.made(tmp_path)
    data = ssl.PEM_cert_to_DER_cert(bundle.read_text())
    for wrong in (data[:-cut], data[:cut], b""):
        with pytest.raises((ValueError, IndexError)):
            certificates.named(wrong)


def test_a_server_shows_who_issued_its_certificate(tmp_path: Path) -> None:
    _, own = secured.made(tmp_path)
    with secured.serving(certificate=own) as url:
        assert secured.NAME in certificates.issuer(url, "", 5)


def test_a_server_without_tls_shows_nobody() -> None:
    with secured.serving() as url:
        assert certificates.issuer(url.replace("http", "https"), "", 5) == ""
    assert certificates.issuer(url, "", 5) == ""
