"""Servers that speak TLS under a CA of their own, as a proxy that looks inside does."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: Who issues, as companies name such a CA.
ORGANIZATION, NAME = "Example Corporation", "Example Web Gateway CA"
PEM = serialization.Encoding.PEM


def made(folder: Path, *, host: str = "127.0.0.1", days: int = 2) -> tuple[Path, Path]:
    """Write a CA, and a server's certificate by it with its key; return both files' paths.

    With `days` below 0 the certificate has expired.
    """
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=9)
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    names = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
        x509.NameAttribute(NameOID.COMMON_NAME, NAME),
    ]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> Any:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name(names))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )

    # What RFC 5280 asks of both: Python 3.13 takes no less.
    signs = x509.KeyUsage(
        key_cert_sign=True,
        **dict.fromkeys(
            (
                *("digital_signature", "content_commitment", "key_encipherment"),
                *("data_encipherment", "key_agreement", "crl_sign"),
                *("encipher_only", "decipher_only"),
            ),
            False,
        ),
    )
    authority = (
        certificate(x509.Name(names), keys[0])
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(signs, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[0].public_key()), False)
    )
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    issued = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key())
    server = (
        certificate(x509.Name([]), keys[1])
        .add_extension(alternative, critical=True)
        .add_extension(issued, critical=False)
    )
    private = keys[1].private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    bundle, own = folder / "ca.pem", folder / "server.pem"
    bundle.write_bytes(authority.sign(keys[0], hashes.SHA256()).public_bytes(PEM))
    own.write_bytes(server.sign(keys[0], hashes.SHA256()).public_bytes(PEM) + private)
    return bundle, own


class Handler(BaseHTTPRequestHandler):
    """Answers everything, with the status that the server has."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(getattr(self.server, "status", 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        """Answer without a body, which there is none of anyway."""
        self.do_GET()

    def do_CONNECT(self) -> None:
        """Refuse a tunnel, as a proxy does with that status."""
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server that says nothing of who trusts it not."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(*, status: int = 200, certificate: Path | None = None) -> Iterator[str]:
    """Serve on loopback, with TLS where there is a certificate; yield the URL."""
    server = Server(("127.0.0.1", 0), Handler)
    server.status = status  # type: ignore[attr-defined]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
