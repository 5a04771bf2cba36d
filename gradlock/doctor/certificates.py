"""Who issued a server's certificate, trusted or not: the name tells who stands between."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

#: What DER calls the parts of a name: commonName and organizationName, as encoded identifiers.
COMMON_NAME, ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"
#: DER's tags: a number, a structure, a set, an identifier, an explicit version.
INTEGER, SEQUENCE, SET, IDENTIFIER, VERSION = 0x02, 0x30, 0x31, 0x06, 0xA0


def issuer(url: str, proxy: str, patience: float) -> str:
    """Return who issued the certificate of a URL's server; nothing where that is not known.

    Nothing is sent to the server, so nobody need be trusted. Through a proxy, it asks for a
    tunnel as any client does.
    """
    parts = urlsplit(url)
    server = (parts.hostname or "", parts.port or 443)
    through = urlsplit(proxy)
    place = (through.hostname, through.port or 80) if through.hostname else server
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(place, timeout=patience) as connection:
            if through.hostname:
                target = f"{server[0]}:{server[1]}"
                connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
                connection.recv(4096)
            with context.wrap_socket(connection, server_hostname=server[0]) as secured:
                return named(secured.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError, IndexError):
        return ""


def named(certificate: bytes) -> str:
    """Return the issuer of a certificate in DER: its organisation and name, what there is.

    Raises:
        ValueError: it is none.
        IndexError: it is cut.

    """
    ((_, whole),) = _parts(certificate)
    (_, inner), *_ = _parts(whole)
    fields = [part for part in _parts(inner) if part[0] != VERSION]
    # The serial number, the signature's algorithm, the issuer.
    if [tag for tag, _ in fields[:3]] != [INTEGER, SEQUENCE, SEQUENCE]:
        raise ValueError("no certificate")
    found: dict[bytes, str] = {}
    for _, attributes in _parts(fields[2][1]):
        for _, attribute in _parts(attributes):
            (_, kind), (_, value) = _parts(attribute)
            found.setdefault(kind, value.decode("utf-8", errors="replace"))
    return ", ".join(found[kind] for kind in (ORGANIZATION, COMMON_NAME) if kind in found)


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tags and contents that follow one another in DER."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + length > len(data):
            raise ValueError("cut")
        yield tag, data[at : at + length]
        at += length
